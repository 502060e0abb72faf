#include "kubelet/atomic_writer.h"

#include "base/strings.h"

#include <set>

namespace kubelet {
namespace {

std::string stamp(sim::Kernel& kernel) {
    const sim::CivilTime time = sim::civilTime(kernel.unixNow());
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return ".." + std::to_string(time.year) + "_" + two(time.month) + "_" + two(time.day) + "_" +
           two(time.hour) + "_" + two(time.minute) + "_" + two(time.second) + "." +
           std::to_string(kernel.random("kubelet/volume").below(4'000'000'000ULL));
}

std::string parentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool sameContent(ports::FileSystem& files, const std::string& current, const Projection& wanted) {
    for (const auto& [path, file] : wanted) {
        const auto content = files.read(current + "/" + path);
        if (!content.ok() || *content != file.data) return false;
    }
    // A file that went away is a change too.
    std::size_t count = 0;
    std::vector<std::string> pending{current};
    while (!pending.empty()) {
        const std::string folder = pending.back();
        pending.pop_back();
        const auto listed = files.list(folder);
        if (!listed.ok()) return false;
        for (const ports::DirectoryEntry& entry : *listed) {
            if (entry.type == ports::FileType::Directory) pending.push_back(folder + "/" + entry.name);
            else ++count;
        }
    }
    return count == wanted.size();
}

void own(ports::FileSystem& files, const std::string& path, std::optional<std::uint32_t> owner,
         std::optional<std::uint32_t> group, bool directory) {
    if (group || owner) (void)files.chown(path, owner.value_or(0), group.value_or(0));
    if (group && directory) {
        const auto stat = files.stat(path);
        if (stat.ok()) (void)files.chmod(path, stat->mode | 02000);
    }
}

} // namespace

base::Result<bool> writeAtomically(sim::Kernel& kernel, ports::FileSystem& files, const std::string& folder,
                                   const Projection& wanted, std::optional<std::uint32_t> group) {
    if (!files.exists(folder)) {
        BASE_CHECK(files.makeDirectories(folder, 0755));
        (void)files.chmod(folder, 01777);
        own(files, folder, std::nullopt, group, true);
    }
    const std::string link = folder + "/..data";
    const auto target = files.lstat(link);
    const std::string old = target.ok() ? folder + "/" + target->target : std::string();
    if (!old.empty() && files.exists(old) && sameContent(files, old, wanted)) return false;
    const std::string name = stamp(kernel);
    const std::string made = folder + "/" + name;
    BASE_CHECK(files.makeDirectories(made, 0755));
    own(files, made, std::nullopt, group, true);
    std::set<std::string> tops;
    for (const auto& [path, file] : wanted) {
        const std::string whole = made + "/" + path;
        const std::string parent = parentOf(whole);
        if (!files.exists(parent)) {
            BASE_CHECK(files.makeDirectories(parent, 0755));
            own(files, parent, std::nullopt, group, true);
        }
        BASE_CHECK(files.write(whole, file.data, 0600));
        // With a group, the group may read what the owner may.
        const std::uint32_t mode = group ? file.mode | ((file.mode & 0400) >> 3) : file.mode;
        (void)files.chmod(whole, mode);
        own(files, whole, file.owner, group, false);
        tops.insert(base::splitLimited(path, '/', 2)[0]);
    }
    (void)files.removeFile(link);
    BASE_CHECK(files.symlink(name, link));
    own(files, link, std::nullopt, std::nullopt, false);
    for (const std::string& top : tops)
        if (!files.lstat(folder + "/" + top).ok()) (void)files.symlink("..data/" + top, folder + "/" + top);
    const auto listed = files.list(folder);
    if (listed.ok())
        for (const ports::DirectoryEntry& entry : *listed)
            if (entry.type == ports::FileType::Symlink && entry.name != "..data" && tops.count(entry.name) == 0)
                (void)files.removeFile(folder + "/" + entry.name);
    if (!old.empty()) (void)files.removeAll(old);
    return true;
}

} // namespace kubelet
