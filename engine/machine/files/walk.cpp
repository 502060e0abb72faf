// Path resolution, permissions and copy-on-write of `View`.
#include "machine/files/view.h"

#include "base/strings.h"

#include <algorithm>
#include <cerrno>

namespace machine {
namespace {
constexpr int kMostLinks = 40;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestPath = 4096;

std::vector<std::string> partsReversed(std::string_view path) {
    std::vector<std::string> parts;
    parts.reserve(static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1);
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        const std::string_view part = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
        if (!part.empty() && part != ".") parts.emplace_back(part);
        path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
    return parts;
}
} // namespace

MountTable::MountTable(FileTreePtr root, bool readOnly) {
    auto mount = std::make_shared<Mount>();
    mount->point = "/";
    mount->root = root->root();
    mount->source = root->source();
    mount->type = root->type();
    mount->options = readOnly ? "ro,relatime" : "rw,relatime";
    mount->readOnly = readOnly;
    mount->tree = std::move(root);
    mounts_.push_back(std::move(mount));
}

MountTable::~MountTable() {
    for (const auto& mount : mounts_)
        if (mount->covered) --mount->covered->mountpoints;
}

std::shared_ptr<Mount> MountTable::over(const Inode& inode) const {
    if (inode.mountpoints == 0) return nullptr;
    for (std::size_t i = mounts_.size(); i-- > 1;)
        if (mounts_[i]->covered.get() == &inode) return mounts_[i];
    return nullptr;
}

void MountTable::add(std::shared_ptr<Mount> mount) {
    if (mount->covered) ++mount->covered->mountpoints;
    mounts_.push_back(std::move(mount));
}

bool MountTable::remove(std::string_view point) {
    for (std::size_t i = mounts_.size(); i-- > 1;) {
        if (mounts_[i]->point != point) continue;
        --mounts_[i]->covered->mountpoints;
        mounts_.erase(mounts_.begin() + static_cast<std::ptrdiff_t>(i));
        return true;
    }
    return false;
}

std::string MountTable::text() const {
    std::string out;
    for (const auto& mount : mounts_)
        out += mount->source + " " + mount->point + " " + mount->type + " " + mount->options + " 0 0\n";
    return out;
}

bool Credentials::inGroup(std::uint32_t group) const {
    return gid == group || std::find(groups.begin(), groups.end(), group) != groups.end();
}

View::View(MountTablePtr mounts, Credentials credentials, int viewer)
    : mounts_(std::move(mounts)), credentials_(std::move(credentials)), viewer_(viewer) {}

bool View::may(const Inode& inode, int bits) const {
    const auto wanted = static_cast<std::uint32_t>(bits);
    if (credentials_.uid == 0)
        return (wanted & 1) == 0 || inode.directory() || (inode.mode & 0111) != 0;
    std::uint32_t granted = inode.mode;
    if (inode.uid == credentials_.uid) granted = inode.mode >> 6;
    else if (credentials_.inGroup(inode.gid)) granted = inode.mode >> 3;
    return (granted & wanted) == wanted;
}

void View::enter(Walk& walk, std::string_view name, std::vector<std::string>& rest, bool last,
                 bool followLast, int& links) const {
    const Step& here = walk.end();
    InodePtr child;
    if (here.inode->live) {
        child = here.inode->live->child(name, viewer_);
    } else if (const auto found = here.inode->children.find(name); found != here.inode->children.end()) {
        child = found->second;
    }
    if (!child) {
        walk.error = name.size() > kLongestName ? ENAMETOOLONG : ENOENT;
        if (last) walk.missing = std::string(name);
        return;
    }
    if (child->type == ports::FileType::Symlink && (!last || followLast)) {
        if (++links > kMostLinks) {
            walk.error = ELOOP;
            return;
        }
        if (child->target.starts_with('/')) walk.steps.resize(1);
        for (auto& part : partsReversed(child->target)) {
            rest.push_back(std::string());
            rest.back().swap(part);
        }
        return;
    }
    Step step{child, std::string(name), here.mount, nullptr};
    while (auto mount = mounts_->over(*step.inode)) {
        if (!step.covered) step.covered = step.inode;
        step.inode = mount->root;
        step.mount = std::move(mount);
    }
    walk.steps.push_back(std::move(step));
}

View::Walk View::walk(std::string_view path, bool followLast) const {
    Walk walk;
    walk.steps.reserve(std::min<std::size_t>(8, 2 + static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'))));
    walk.steps.push_back({mounts_->rootMount()->root, "", mounts_->rootMount(), nullptr});
    if (path.empty() || path.size() > kLongestPath) {
        walk.error = path.empty() ? ENOENT : ENAMETOOLONG;
        return walk;
    }
    std::vector<std::string> rest = partsReversed(path);
    int links = 0;
    while (!rest.empty() && walk.error == 0) {
        const std::string name = std::move(rest.back());
        rest.pop_back();
        if (!walk.end().inode->directory()) {
            walk.error = ENOTDIR;
        } else if (!may(*walk.end().inode, 1)) {
            walk.error = EACCES;
        } else if (name == "..") {
            if (walk.steps.size() > 1) walk.steps.pop_back();
        } else {
            enter(walk, name, rest, rest.empty(), followLast, links);
        }
    }
    if (walk.ok() && path.size() > 1 && path.back() == '/' && !walk.end().inode->directory())
        walk.error = ENOTDIR;
    return walk;
}

View::Walk View::walkToParent(std::string_view path) const {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == "..") {
        Walk failed = walk("/", true);
        failed.error = name == "." ? EINVAL : EBUSY;
        return failed;
    }
    Walk folder = walk(slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash), true);
    if (!folder.ok()) {
        folder.missing.clear();
        return folder;
    }
    if (!folder.end().inode->directory()) folder.error = ENOTDIR;
    else if (!may(*folder.end().inode, 1)) folder.error = EACCES;
    else if (name.size() > kLongestName) folder.error = ENAMETOOLONG;
    folder.missing = std::string(name);
    return folder;
}

int View::own(Walk& walk) const {
    if (walk.end().mount->readOnly) return EROFS;
    for (std::size_t i = 1; i < walk.steps.size(); ++i) {
        Step& step = walk.steps[i];
        if (!step.inode->frozen) continue;
        const InodePtr copy = copyInode(*step.inode);
        Inode& folder = *walk.steps[i - 1].inode;
        copy->parent = &folder;
        folder.children.find(step.name)->second = copy;
        step.inode = copy;
    }
    return 0;
}

int View::writable(const Step& folder) const {
    if (folder.mount->readOnly) return EROFS;
    if (folder.inode->live) return EPERM;
    if (!may(*folder.inode, 3)) return EACCES;
    return 0;
}

int View::mayRemove(const Walk& folder, const Inode& victim) const {
    if (const int error = writable(folder.end()); error != 0) return error;
    const Inode& inode = *folder.end().inode;
    const bool sticky = (inode.mode & 01000) != 0;
    if (sticky && credentials_.uid != 0 && credentials_.uid != inode.uid && credentials_.uid != victim.uid)
        return EPERM;
    return victim.mountpoints > 0 && mounts_->over(victim) ? EBUSY : 0;
}

std::string View::pathOf(const Walk& walk) {
    std::string path;
    for (std::size_t i = 1; i < walk.steps.size(); ++i) path += "/" + walk.steps[i].name;
    return path.empty() ? "/" : path;
}

} // namespace machine
