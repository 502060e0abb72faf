#pragma once
// Inodes and file trees. A tree may start from a frozen base that many machines or containers share:
// frozen inodes are never changed, a writer copies the path to what it changes.

#include "ports/file_system.h"
#include "sim/kernel.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

struct Inode;
using InodePtr = std::shared_ptr<Inode>;

// Content that is made when it is read: /proc, /sys.
class LiveNode {
public:
    virtual ~LiveNode() = default;
    virtual std::string read() const { return {}; }
    virtual base::Status write(std::string_view bytes);
    // Directories. `viewer`: pid of the reading process, for /proc/self.
    virtual InodePtr child(std::string_view name, int viewer) const;
    virtual std::vector<ports::DirectoryEntry> entries() const { return {}; }
};

struct Inode {
    ~Inode();
    std::uint64_t number = 0;
    ports::FileType type = ports::FileType::Regular;
    std::uint32_t mode = 0644, uid = 0, gid = 0;
    std::int64_t modified = 0, changed = 0, accessed = 0; // Unix ns
    std::uint64_t links = 1;
    std::shared_ptr<std::string> content; // regular files; shared with frozen copies until written
    std::string target;                   // symlinks
    std::map<std::string, InodePtr, std::less<>> children;
    Inode* parent = nullptr; // for change counts; null at a root, in frozen trees and after unlink
    std::uint64_t changes = 1;
    int mountpoints = 0; // mounts that cover this directory in some table
    bool frozen = false;
    std::shared_ptr<LiveNode> live;

    bool directory() const { return type == ports::FileType::Directory; }
    std::uint64_t size() const;
    // Counts a change here and in all folders above.
    void touch();
};

// One file system: what `df` shows as a line.
class FileTree {
public:
    // `base` may be null (empty tree) or a frozen root.
    FileTree(sim::Kernel& kernel, std::string type, std::string source, InodePtr base = nullptr);

    const InodePtr& root() const { return root_; }
    const std::string& type() const { return type_; }
    const std::string& source() const { return source_; }
    InodePtr make(ports::FileType type, std::uint32_t mode, std::uint32_t uid, std::uint32_t gid);
    std::int64_t now() const { return kernel_.unixNow(); }
    // Bytes written since the start; false when the tree is full.
    bool charge(std::int64_t bytes);
    std::int64_t used() const { return used_; }
    void setBase(InodePtr base); // replaces everything

    static constexpr std::int64_t kLimit = 512LL << 20;
    static constexpr std::uint64_t kFileLimit = 128ULL << 20;

private:
    sim::Kernel& kernel_;
    std::string type_, source_;
    InodePtr root_;
    std::uint64_t next_ = 100'000;
    std::int64_t used_ = 0;
};
using FileTreePtr = std::shared_ptr<FileTree>;

// One file of a base tree.
struct BaseFile {
    std::string path; // absolute
    ports::FileType type = ports::FileType::Regular;
    std::uint32_t mode = 0644, uid = 0, gid = 0;
    std::string content; // or the target of a symlink
};
// Builds a frozen tree; missing folders are made with mode 0755.
InodePtr makeBase(const std::vector<BaseFile>& files, std::int64_t time);

// A changeable copy of an inode; children stay shared.
InodePtr copyInode(const Inode& original);

InodePtr liveFile(std::shared_ptr<LiveNode> node, std::uint32_t mode = 0444);
InodePtr liveDirectory(std::shared_ptr<LiveNode> node);
InodePtr liveLink(std::string target);

} // namespace machine
