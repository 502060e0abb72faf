#pragma once
// A file tree as one process sees it: a mount table, credentials and a umask.

#include "machine/files/inode.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

struct Mount {
    std::string point;  // absolute path, for listings
    InodePtr covered;   // the directory or file that it hides; null for the root
    InodePtr root;      // what is seen instead; never frozen
    FileTreePtr tree;
    bool readOnly = false;
    std::string source, type, options; // as /proc/mounts shows them
};

// A mount namespace: the host has one, every container has one.
class MountTable {
public:
    explicit MountTable(FileTreePtr root, bool readOnly = false);
    ~MountTable();
    MountTable(const MountTable&) = delete;
    MountTable& operator=(const MountTable&) = delete;

    const std::vector<std::shared_ptr<Mount>>& mounts() const { return mounts_; } // [0] is the root
    const std::shared_ptr<Mount>& rootMount() const { return mounts_.front(); }
    // The mount that covers an inode; null when none does.
    std::shared_ptr<Mount> over(const Inode& inode) const;
    void add(std::shared_ptr<Mount> mount);
    bool remove(std::string_view point); // the topmost one there
    std::string text() const;            // /proc/mounts

private:
    std::vector<std::shared_ptr<Mount>> mounts_;
};
using MountTablePtr = std::shared_ptr<MountTable>;

struct Credentials {
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups;
    // What a root process may do and others could gain, one bit each; all of them on the host.
    std::uint64_t capabilities = 0x1ffffffffffULL;
    bool noNewPrivileges = false;
    bool inGroup(std::uint32_t group) const;
};

class View final : public ports::FileSystem {
public:
    explicit View(MountTablePtr mounts, Credentials credentials = {}, int viewer = 1);

    const MountTablePtr& mounts() const { return mounts_; }
    const Credentials& credentials() const { return credentials_; }
    std::uint32_t umask() const { return umask_; }
    void setUmask(std::uint32_t mask) { umask_ = mask & 0777; }
    void setViewer(int pid) { viewer_ = pid; }

    base::Result<ports::FileStat> stat(std::string_view path) const override;
    base::Result<ports::FileStat> lstat(std::string_view path) const override;
    base::Result<std::string> read(std::string_view path) const override;
    base::Result<std::string> readAt(std::string_view path, std::uint64_t offset,
                                     std::uint64_t count) const override;
    base::Status write(std::string_view path, std::string bytes, std::uint32_t mode = 0666) override;
    base::Status append(std::string_view path, std::string_view bytes,
                        std::uint32_t mode = 0666) override;
    base::Result<std::vector<ports::DirectoryEntry>> list(std::string_view path) const override;
    base::Status makeDirectory(std::string_view path, std::uint32_t mode = 0777) override;
    base::Status makeDirectories(std::string_view path, std::uint32_t mode = 0777) override;
    base::Status removeFile(std::string_view path) override;
    base::Status removeDirectory(std::string_view path) override;
    base::Status removeAll(std::string_view path) override;
    base::Status rename(std::string_view from, std::string_view to) override;
    base::Status symlink(std::string_view target, std::string_view path) override;
    base::Status link(std::string_view existing, std::string_view path) override;
    base::Status makeFifo(std::string_view path, std::uint32_t mode) override;
    base::Status chmod(std::string_view path, std::uint32_t mode) override;
    base::Status chown(std::string_view path, std::uint32_t uid, std::uint32_t gid) override;
    base::Status setTimes(std::string_view path, std::int64_t accessed,
                          std::int64_t modified) override;
    base::Result<std::string> realPath(std::string_view path) const override;
    bool access(std::string_view path, int mode) const override;
    std::uint64_t changeCount(std::string_view path) const override;

    // Content without copying it, for executables; null for live files.
    std::shared_ptr<const std::string> content(std::string_view path) const;
    // Bind mounts and new file systems in this view's table.
    base::Status mount(std::string_view point, FileTreePtr tree, std::string options = "rw,relatime",
                       bool readOnly = false);
    // `source` is resolved in `from`, which may be another namespace.
    base::Status bind(View& from, std::string_view source, std::string_view point, bool readOnly);
    base::Status unmount(std::string_view point);
    // Device files and live nodes at a path; parents must exist.
    base::Status place(std::string_view path, InodePtr inode);

private:
    struct Step {
        InodePtr inode;
        std::string name;
        std::shared_ptr<Mount> mount;
        InodePtr covered; // when `inode` is the root of a mount: what it hides
    };
    struct Walk {
        std::vector<Step> steps; // root first
        std::string missing;     // last component, when only that one does not exist
        int error = 0;
        const Step& end() const { return steps.back(); }
        Step& end() { return steps.back(); }
        bool ok() const { return error == 0; }
    };
    Walk walk(std::string_view path, bool followLast) const;
    void enter(Walk& walk, std::string_view name, std::vector<std::string>& rest, bool last,
               bool followLast, int& links) const;
    Walk walkToParent(std::string_view path) const; // `missing` holds the last component
    bool may(const Inode& inode, int bits) const;
    int own(Walk& walk) const; // makes everything on the path changeable; errno
    int writable(const Step& folder) const;
    int mayRemove(const Walk& folder, const Inode& victim) const;
    base::Status store(std::string_view path, std::string_view bytes, std::uint32_t mode, bool append);
    base::Status create(Walk& folder, const InodePtr& inode);
    static ports::FileStat describe(const Inode& inode);
    ports::FileStat statOf(const InodePtr& inode) const;
    static std::string pathOf(const Walk& walk);

    MountTablePtr mounts_;
    Credentials credentials_;
    std::uint32_t umask_ = 022;
    int viewer_ = 1;
};
using ViewPtr = std::shared_ptr<View>;

} // namespace machine
