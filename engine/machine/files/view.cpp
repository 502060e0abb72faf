// The operations of `View`. Source: path_resolution(7) and the system calls of the same names.
#include "machine/files/view.h"

#include "base/strings.h"

#include <cerrno>

namespace machine {

using ports::fileError;
using ports::FileType;

ports::FileStat View::describe(const Inode& inode) {
    ports::FileStat stat;
    stat.type = inode.type;
    stat.mode = inode.mode;
    stat.uid = inode.uid;
    stat.gid = inode.gid;
    stat.size = inode.size();
    stat.inode = inode.number;
    stat.links = inode.links;
    if (inode.directory()) {
        stat.links = 2;
        for (const auto& [name, child] : inode.children)
            if (child->directory()) ++stat.links;
    }
    stat.modified = inode.modified;
    stat.changed = inode.changed;
    stat.accessed = inode.accessed;
    stat.target = inode.target;
    return stat;
}

ports::FileStat View::statOf(const InodePtr& inode) const {
    ports::FileStat stat = describe(*inode);
    // overlayfs does not count the links of a directory that both of its layers have.
    const auto& root = mounts_->rootMount();
    if (root->type == "overlay" && inode == root->root) stat.links = 1;
    return stat;
}

base::Result<ports::FileStat> View::stat(std::string_view path) const {
    const Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    return statOf(found.end().inode);
}

base::Result<ports::FileStat> View::lstat(std::string_view path) const {
    const Walk found = walk(path, false);
    if (!found.ok()) return fileError(found.error);
    return statOf(found.end().inode);
}

base::Result<std::string> View::read(std::string_view path) const {
    const Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    const Inode& inode = *found.end().inode;
    if (inode.directory()) return fileError(EISDIR);
    if (!may(inode, 4)) return fileError(EACCES);
    if (inode.live) return inode.live->read();
    return inode.content ? *inode.content : std::string();
}

base::Result<std::string> View::readAt(std::string_view path, std::uint64_t offset,
                                       std::uint64_t count) const {
    const Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    const Inode& inode = *found.end().inode;
    if (inode.directory()) return fileError(EISDIR);
    if (!may(inode, 4)) return fileError(EACCES);
    const std::string made = inode.live ? inode.live->read() : std::string();
    static const std::string kEmpty;
    const std::string& content = inode.live ? made : inode.content ? *inode.content : kEmpty;
    if (offset >= content.size()) return std::string();
    return content.substr(offset, count);
}

std::shared_ptr<const std::string> View::content(std::string_view path) const {
    const Walk found = walk(path, true);
    if (!found.ok() || found.end().inode->type != FileType::Regular) return nullptr;
    return found.end().inode->content;
}

base::Status View::create(Walk& folder, const InodePtr& inode) {
    if (const int error = writable(folder.end()); error != 0) return fileError(error);
    if (const int error = own(folder); error != 0) return fileError(error);
    Inode& parent = *folder.end().inode;
    inode->parent = &parent;
    if ((parent.mode & 02000) != 0) inode->gid = parent.gid;
    parent.children.insert_or_assign(folder.missing, inode);
    parent.modified = parent.changed = folder.end().mount->tree->now();
    inode->touch();
    return base::okStatus();
}

base::Status View::store(std::string_view path, std::string_view bytes, std::uint32_t mode, bool append) {
    Walk found = walk(path, true);
    if (!found.ok() && found.missing.empty()) return fileError(found.error);
    if (found.ok() && found.end().inode->directory()) return fileError(EISDIR);
    FileTree& tree = *found.end().mount->tree;
    if (!found.ok()) {
        if (!found.end().inode->directory()) return fileError(ENOTDIR);
        if (!path.empty() && path.back() == '/') return fileError(EISDIR);
        if (!tree.charge(static_cast<std::int64_t>(bytes.size()))) return fileError(ENOSPC);
        auto inode = tree.make(FileType::Regular, mode & ~umask_, credentials_.uid, credentials_.gid);
        inode->content = std::make_shared<std::string>(bytes);
        return create(found, inode);
    }
    if (!may(*found.end().inode, 2)) return fileError(EACCES);
    if (found.end().inode->live) return found.end().inode->live->write(bytes);
    if (found.end().inode->type == FileType::CharDevice) return base::okStatus(); // /dev/null
    if (const int error = own(found); error != 0) return fileError(error);
    Inode& inode = *found.end().inode;
    const std::uint64_t old = inode.size();
    const std::uint64_t size = append ? old + bytes.size() : bytes.size();
    if (size > FileTree::kFileLimit) return fileError(EFBIG);
    if (!tree.charge(static_cast<std::int64_t>(size) - static_cast<std::int64_t>(old)))
        return fileError(ENOSPC);
    if (append && inode.content && inode.content.use_count() == 1) {
        inode.content->append(bytes);
    } else {
        auto content = std::make_shared<std::string>(append && inode.content ? *inode.content : "");
        content->append(bytes);
        inode.content = std::move(content);
    }
    inode.modified = inode.changed = tree.now();
    inode.touch();
    return base::okStatus();
}

base::Status View::write(std::string_view path, std::string bytes, std::uint32_t mode) {
    return store(path, bytes, mode, false);
}
base::Status View::append(std::string_view path, std::string_view bytes, std::uint32_t mode) {
    return store(path, bytes, mode, true);
}

base::Result<std::vector<ports::DirectoryEntry>> View::list(std::string_view path) const {
    const Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    const Inode& inode = *found.end().inode;
    if (!inode.directory()) return fileError(ENOTDIR);
    if (!may(inode, 4)) return fileError(EACCES);
    if (inode.live) return inode.live->entries();
    std::vector<ports::DirectoryEntry> entries;
    entries.reserve(inode.children.size());
    for (const auto& [name, child] : inode.children) entries.push_back({name, child->type});
    return entries;
}

base::Status View::makeDirectory(std::string_view path, std::uint32_t mode) {
    Walk folder = walkToParent(path);
    if (folder.error == EBUSY) return fileError(EEXIST);
    if (!folder.ok()) return fileError(folder.error);
    if (walk(path, false).ok()) return fileError(EEXIST);
    return create(folder, folder.end().mount->tree->make(FileType::Directory, mode & ~umask_,
                                                         credentials_.uid, credentials_.gid));
}

base::Status View::makeDirectories(std::string_view path, std::uint32_t mode) {
    std::string at;
    for (const auto& part : base::split(path, '/')) {
        if (part.empty()) continue;
        at += "/" + part;
        const Walk found = walk(at, true);
        if (found.ok()) {
            if (!found.end().inode->directory()) return fileError(ENOTDIR);
            continue;
        }
        BASE_CHECK(makeDirectory(at, mode));
    }
    return base::okStatus();
}

base::Status View::removeFile(std::string_view path) {
    Walk folder = walkToParent(path);
    if (!folder.ok()) return fileError(folder.error);
    const auto& children = folder.end().inode->children;
    const auto victim = children.find(folder.missing);
    if (victim == children.end())
        return fileError(folder.end().inode->live && walk(path, false).ok() ? EPERM : ENOENT);
    if (victim->second->directory()) return fileError(EISDIR);
    if (const int error = mayRemove(folder, *victim->second); error != 0) return fileError(error);
    if (const int error = own(folder); error != 0) return fileError(error);
    Inode& parent = *folder.end().inode;
    const auto place = parent.children.find(folder.missing);
    FileTree& tree = *folder.end().mount->tree;
    if (!place->second->frozen) {
        if (place->second->links <= 1) tree.charge(-static_cast<std::int64_t>(place->second->size()));
        else --place->second->links;
        if (place->second->parent == &parent) place->second->parent = nullptr;
    }
    parent.children.erase(place);
    parent.modified = parent.changed = tree.now();
    parent.touch();
    return base::okStatus();
}

base::Status View::removeDirectory(std::string_view path) {
    Walk folder = walkToParent(path);
    if (!folder.ok()) return fileError(folder.error);
    const auto victim = folder.end().inode->children.find(folder.missing);
    if (victim == folder.end().inode->children.end()) return fileError(ENOENT);
    if (!victim->second->directory()) return fileError(ENOTDIR);
    if (const int error = mayRemove(folder, *victim->second); error != 0) return fileError(error);
    if (!victim->second->children.empty() || victim->second->live) return fileError(ENOTEMPTY);
    if (const int error = own(folder); error != 0) return fileError(error);
    Inode& parent = *folder.end().inode;
    parent.children.erase(folder.missing);
    parent.modified = parent.changed = folder.end().mount->tree->now();
    parent.touch();
    return base::okStatus();
}

base::Status View::removeAll(std::string_view path) {
    const auto found = lstat(path);
    if (!found.ok()) return found.error().code == ENOENT ? base::okStatus() : base::Status(found.error());
    if (found->type != FileType::Directory) return removeFile(path);
    BASE_TRY(const auto entries, list(path));
    for (const auto& entry : entries) BASE_CHECK(removeAll(std::string(path) + "/" + entry.name));
    return removeDirectory(path);
}

base::Status View::rename(std::string_view from, std::string_view to) {
    Walk source = walkToParent(from);
    if (!source.ok()) return fileError(source.error);
    Walk goal = walkToParent(to);
    if (!goal.ok()) return fileError(goal.error);
    if (source.end().mount != goal.end().mount) return fileError(EXDEV);
    const auto found = source.end().inode->children.find(source.missing);
    if (found == source.end().inode->children.end()) return fileError(ENOENT);
    if (const int error = mayRemove(source, *found->second); error != 0) return fileError(error);
    if (const int error = writable(goal.end()); error != 0) return fileError(error);
    for (const Step& step : goal.steps)
        if (step.inode == found->second) return fileError(EINVAL);
    const auto old = goal.end().inode->children.find(goal.missing);
    if (old != goal.end().inode->children.end()) {
        if (old->second == found->second) return base::okStatus();
        if (old->second->directory() && !found->second->directory()) return fileError(EISDIR);
        if (!old->second->directory() && found->second->directory()) return fileError(ENOTDIR);
        if (!old->second->children.empty()) return fileError(ENOTEMPTY);
    }
    if (const int error = own(source); error != 0) return fileError(error);
    goal = walkToParent(to); // the parents may have been copied just now
    if (const int error = own(goal); error != 0) return fileError(error);
    Inode& parent = *source.end().inode;
    const auto place = parent.children.find(source.missing);
    InodePtr moved = place->second->frozen ? copyInode(*place->second) : place->second;
    parent.children.erase(place);
    Inode& target = *goal.end().inode;
    moved->parent = &target;
    target.children.insert_or_assign(goal.missing, moved);
    parent.modified = parent.changed = target.modified = target.changed = goal.end().mount->tree->now();
    parent.touch();
    moved->touch();
    return base::okStatus();
}

base::Status View::symlink(std::string_view target, std::string_view path) {
    Walk folder = walkToParent(path);
    if (!folder.ok()) return fileError(folder.error);
    if (walk(path, false).ok()) return fileError(EEXIST);
    auto inode = folder.end().mount->tree->make(FileType::Symlink, 0777, credentials_.uid, credentials_.gid);
    inode->target = std::string(target);
    return create(folder, inode);
}

base::Status View::link(std::string_view existing, std::string_view path) {
    Walk source = walk(existing, false);
    if (!source.ok()) return fileError(source.error);
    if (source.end().inode->directory()) return fileError(EPERM);
    Walk folder = walkToParent(path);
    if (!folder.ok()) return fileError(folder.error);
    if (walk(path, false).ok()) return fileError(EEXIST);
    if (folder.end().mount != source.end().mount) return fileError(EXDEV);
    if (const int error = own(source); error != 0) return fileError(error);
    folder = walkToParent(path);
    ++source.end().inode->links;
    return create(folder, source.end().inode);
}

base::Status View::makeFifo(std::string_view path, std::uint32_t mode) {
    Walk folder = walkToParent(path);
    if (!folder.ok()) return fileError(folder.error);
    if (walk(path, false).ok()) return fileError(EEXIST);
    return create(folder, folder.end().mount->tree->make(FileType::Fifo, mode & ~umask_,
                                                         credentials_.uid, credentials_.gid));
}

base::Status View::place(std::string_view path, InodePtr inode) {
    Walk folder = walkToParent(path);
    if (!folder.ok()) return fileError(folder.error);
    return create(folder, inode);
}

base::Status View::chmod(std::string_view path, std::uint32_t mode) {
    Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    if (credentials_.uid != 0 && found.end().inode->uid != credentials_.uid) return fileError(EPERM);
    if (found.end().inode->live) return fileError(EPERM);
    if (const int error = own(found); error != 0) return fileError(error);
    found.end().inode->mode = mode & 07777;
    found.end().inode->changed = found.end().mount->tree->now();
    found.end().inode->touch();
    return base::okStatus();
}

base::Status View::chown(std::string_view path, std::uint32_t uid, std::uint32_t gid) {
    Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    Inode& now = *found.end().inode;
    const bool mine = now.uid == credentials_.uid && (uid == UINT32_MAX || uid == now.uid) &&
                      (gid == UINT32_MAX || credentials_.inGroup(gid));
    if ((credentials_.uid != 0 && !mine) || now.live) return fileError(EPERM);
    if (const int error = own(found); error != 0) return fileError(error);
    Inode& inode = *found.end().inode;
    if (uid != UINT32_MAX) inode.uid = uid;
    if (gid != UINT32_MAX) inode.gid = gid;
    inode.changed = found.end().mount->tree->now();
    inode.touch();
    return base::okStatus();
}

base::Status View::setTimes(std::string_view path, std::int64_t accessed, std::int64_t modified) {
    Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    if (credentials_.uid != 0 && found.end().inode->uid != credentials_.uid) return fileError(EPERM);
    if (const int error = own(found); error != 0) return fileError(error);
    found.end().inode->accessed = accessed;
    found.end().inode->modified = modified;
    found.end().inode->changed = found.end().mount->tree->now();
    found.end().inode->touch();
    return base::okStatus();
}

base::Result<std::string> View::realPath(std::string_view path) const {
    const Walk found = walk(path, true);
    if (!found.ok()) return fileError(found.error);
    return pathOf(found);
}

bool View::access(std::string_view path, int mode) const {
    const Walk found = walk(path, true);
    if (!found.ok()) return false;
    if ((mode & 2) != 0 && found.end().mount->readOnly) return false;
    return may(*found.end().inode, mode & 7);
}

std::uint64_t View::changeCount(std::string_view path) const {
    const Walk found = walk(path, true);
    return found.ok() ? found.end().inode->changes : 0;
}

base::Status View::mount(std::string_view point, FileTreePtr tree, std::string options, bool readOnly) {
    Walk found = walk(point, true);
    if (!found.ok()) return fileError(found.error);
    if (!found.end().inode->directory()) return fileError(ENOTDIR);
    if (!found.end().inode->live)
        if (const int error = own(found); error != 0 && error != EROFS) return fileError(error);
    auto mount = std::make_shared<Mount>();
    mount->point = pathOf(found);
    mount->covered = found.end().inode;
    mount->root = tree->root();
    mount->source = tree->source();
    mount->type = tree->type();
    mount->options = std::move(options);
    mount->readOnly = readOnly;
    mount->tree = std::move(tree);
    mounts_->add(std::move(mount));
    return base::okStatus();
}

base::Status View::bind(View& from, std::string_view source, std::string_view point, bool readOnly) {
    Walk origin = from.walk(source, true);
    if (!origin.ok()) return fileError(origin.error);
    if (origin.end().inode->frozen)
        if (const int error = from.own(origin); error != 0) return fileError(error);
    Walk found = walk(point, true);
    if (!found.ok()) return fileError(found.error);
    if (found.end().inode->directory() != origin.end().inode->directory())
        return fileError(ENOTDIR);
    if (found.end().inode->frozen) {
        const bool was = found.end().mount->readOnly;
        found.end().mount->readOnly = false;
        const int error = own(found);
        found.end().mount->readOnly = was;
        if (error != 0) return fileError(error);
    }
    auto mount = std::make_shared<Mount>();
    mount->point = pathOf(found);
    mount->covered = found.end().inode;
    mount->root = origin.end().inode;
    mount->tree = origin.end().mount->tree;
    mount->source = mount->tree->source();
    mount->type = mount->tree->type();
    mount->readOnly = readOnly || origin.end().mount->readOnly;
    mount->options = mount->readOnly ? "ro,relatime" : "rw,relatime";
    mounts_->add(std::move(mount));
    return base::okStatus();
}

base::Status View::unmount(std::string_view point) {
    const auto real = realPath(point);
    if (!mounts_->remove(real.ok() ? std::string_view(*real) : point)) return fileError(EINVAL);
    return base::okStatus();
}

} // namespace machine
