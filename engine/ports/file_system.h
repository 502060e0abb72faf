#pragma once
// A file tree as one process sees it: its root, its mounts and its credentials. Paths are absolute
// and "." and ".." are resolved; errors carry errno in `code` and the C library's text.
// machine/ implements it over inodes; containers get a view with their own root and volume mounts.

#include "base/result.h"
#include "sim/time.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ports {

enum class FileType : std::uint8_t { Regular, Directory, Symlink, Fifo, Socket, CharDevice, BlockDevice };

struct FileStat {
    FileType type = FileType::Regular;
    std::uint32_t mode = 0; // permission bits with setuid, setgid, sticky
    std::uint32_t uid = 0, gid = 0;
    std::uint64_t size = 0, inode = 0, links = 1;
    std::int64_t modified = 0, changed = 0, accessed = 0; // Unix ns
    std::string target; // of a symlink
};

struct DirectoryEntry {
    std::string name;
    FileType type;
};

class FileSystem {
public:
    virtual ~FileSystem() = default;
    virtual base::Result<FileStat> stat(std::string_view path) const = 0;  // follows links
    virtual base::Result<FileStat> lstat(std::string_view path) const = 0;
    virtual base::Result<std::string> read(std::string_view path) const = 0;
    // From `offset`; fewer bytes at the end of the file.
    virtual base::Result<std::string> readAt(std::string_view path, std::uint64_t offset,
                                             std::uint64_t count) const = 0;
    // Creates or truncates. The mode (before umask) applies to new files.
    virtual base::Status write(std::string_view path, std::string bytes,
                               std::uint32_t mode = 0666) = 0;
    virtual base::Status append(std::string_view path, std::string_view bytes,
                                std::uint32_t mode = 0666) = 0;
    virtual base::Result<std::vector<DirectoryEntry>> list(std::string_view path) const = 0; // sorted
    virtual base::Status makeDirectory(std::string_view path, std::uint32_t mode = 0777) = 0;
    virtual base::Status makeDirectories(std::string_view path, std::uint32_t mode = 0777) = 0;
    virtual base::Status removeFile(std::string_view path) = 0;      // unlink
    virtual base::Status removeDirectory(std::string_view path) = 0; // must be empty
    virtual base::Status removeAll(std::string_view path) = 0;
    virtual base::Status rename(std::string_view from, std::string_view to) = 0;
    virtual base::Status symlink(std::string_view target, std::string_view path) = 0;
    virtual base::Status link(std::string_view existing, std::string_view path) = 0;
    virtual base::Status makeFifo(std::string_view path, std::uint32_t mode) = 0;
    virtual base::Status chmod(std::string_view path, std::uint32_t mode) = 0;
    virtual base::Status chown(std::string_view path, std::uint32_t uid, std::uint32_t gid) = 0;
    virtual base::Status setTimes(std::string_view path, std::int64_t accessed,
                                  std::int64_t modified) = 0;
    virtual base::Result<std::string> realPath(std::string_view path) const = 0;
    // Access check as access(2): mode bits 4 read, 2 write, 1 execute.
    virtual bool access(std::string_view path, int mode) const = 0;
    // Grows by one with every change anywhere below `path` (0 when it does not exist): cheap polling
    // for `tail -f` and manifest watches.
    virtual std::uint64_t changeCount(std::string_view path) const = 0;

    bool exists(std::string_view path) const { return stat(path).ok(); }
    bool isDirectory(std::string_view path) const {
        const auto found = stat(path);
        return found.ok() && found->type == FileType::Directory;
    }
};

// errno -> Error with the C library's English text.
base::Error fileError(int number);

} // namespace ports
