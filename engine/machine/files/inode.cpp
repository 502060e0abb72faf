#include "machine/files/inode.h"

#include "base/strings.h"

#include <cerrno>

namespace machine {

base::Status LiveNode::write(std::string_view) { return ports::fileError(EACCES); }
InodePtr LiveNode::child(std::string_view, int) const { return nullptr; }

Inode::~Inode() {
    for (auto& [name, child] : children)
        if (child->parent == this) child->parent = nullptr;
}

std::uint64_t Inode::size() const {
    switch (type) {
    case ports::FileType::Regular: return content ? content->size() : 0;
    case ports::FileType::Symlink: return target.size();
    case ports::FileType::Directory: return 4096;
    default: return 0;
    }
}

void Inode::touch() {
    for (Inode* at = this; at != nullptr; at = at->parent) ++at->changes;
}

FileTree::FileTree(sim::Kernel& kernel, std::string type, std::string source, InodePtr base)
    : kernel_(kernel), type_(std::move(type)), source_(std::move(source)) {
    setBase(std::move(base));
}

void FileTree::setBase(InodePtr base) {
    if (base) {
        root_ = copyInode(*base);
    } else {
        root_ = make(ports::FileType::Directory, 0755, 0, 0);
    }
}

InodePtr FileTree::make(ports::FileType type, std::uint32_t mode, std::uint32_t uid,
                        std::uint32_t gid) {
    auto inode = std::make_shared<Inode>();
    inode->number = ++next_;
    inode->type = type;
    inode->mode = mode & 07777;
    inode->uid = uid;
    inode->gid = gid;
    inode->modified = inode->changed = inode->accessed = now();
    return inode;
}

bool FileTree::charge(std::int64_t bytes) {
    if (bytes > 0 && used_ + bytes > kLimit) return false;
    used_ += bytes;
    return true;
}

InodePtr copyInode(const Inode& original) {
    auto copy = std::make_shared<Inode>();
    copy->number = original.number;
    copy->type = original.type;
    copy->mode = original.mode;
    copy->uid = original.uid;
    copy->gid = original.gid;
    copy->modified = original.modified;
    copy->changed = original.changed;
    copy->accessed = original.accessed;
    copy->links = original.links;
    copy->content = original.content;
    copy->target = original.target;
    copy->children = original.children;
    copy->changes = original.changes;
    copy->live = original.live;
    return copy;
}

InodePtr makeBase(const std::vector<BaseFile>& files, std::int64_t time) {
    std::uint64_t number = 2;
    const auto create = [&](ports::FileType type, std::uint32_t mode) {
        auto inode = std::make_shared<Inode>();
        inode->number = number++;
        inode->type = type;
        inode->mode = mode;
        inode->modified = inode->changed = inode->accessed = time;
        inode->frozen = true;
        return inode;
    };
    const InodePtr root = create(ports::FileType::Directory, 0755);
    for (const BaseFile& file : files) {
        Inode* folder = root.get();
        std::string name;
        for (const auto& part : base::split(file.path, '/')) {
            if (part.empty()) continue;
            if (!name.empty()) {
                auto& child = folder->children[name];
                if (!child) child = create(ports::FileType::Directory, 0755);
                folder = child.get();
            }
            name = part;
        }
        if (name.empty()) continue;
        auto& slot = folder->children[name];
        if (!slot || slot->type != file.type) slot = create(file.type, file.mode);
        slot->mode = file.mode;
        slot->uid = file.uid;
        slot->gid = file.gid;
        if (file.type == ports::FileType::Symlink) slot->target = file.content;
        else if (file.type == ports::FileType::Regular)
            slot->content = std::make_shared<std::string>(file.content);
    }
    return root;
}

namespace {
InodePtr liveInode(ports::FileType type, std::uint32_t mode) {
    auto inode = std::make_shared<Inode>();
    inode->number = 1;
    inode->type = type;
    inode->mode = mode;
    return inode;
}
} // namespace

InodePtr liveFile(std::shared_ptr<LiveNode> node, std::uint32_t mode) {
    auto inode = liveInode(ports::FileType::Regular, mode);
    inode->live = std::move(node);
    return inode;
}
InodePtr liveDirectory(std::shared_ptr<LiveNode> node) {
    auto inode = liveInode(ports::FileType::Directory, 0555);
    inode->live = std::move(node);
    return inode;
}
InodePtr liveLink(std::string target) {
    auto inode = liveInode(ports::FileType::Symlink, 0777);
    inode->target = std::move(target);
    return inode;
}

} // namespace machine
