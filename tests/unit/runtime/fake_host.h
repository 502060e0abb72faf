#pragma once
// A machine for the runtime's tests: files in a map, programs as small functions of time.

#include "runtime/container_host.h"
#include "runtime/simulated/containerd.h"

#include <cerrno>
#include <cstdlib>
#include <map>
#include <string>

namespace testing_support {

class MapFiles final : public ports::FileSystem {
public:
    std::map<std::string, std::string, std::less<>> files;
    std::map<std::string, bool, std::less<>> folders;

    base::Result<ports::FileStat> stat(std::string_view path) const override {
        ports::FileStat out;
        if (const auto found = files.find(path); found != files.end()) {
            out.size = found->second.size();
            return out;
        }
        out.type = ports::FileType::Directory;
        if (folders.count(path) != 0 || path == "/") return out;
        return ports::fileError(ENOENT);
    }
    base::Result<ports::FileStat> lstat(std::string_view path) const override { return stat(path); }
    base::Result<std::string> read(std::string_view path) const override {
        const auto found = files.find(path);
        if (found == files.end()) return ports::fileError(ENOENT);
        return found->second;
    }
    base::Result<std::string> readAt(std::string_view path, std::uint64_t offset, std::uint64_t count) const override {
        BASE_TRY(const std::string all, read(path));
        return offset >= all.size() ? std::string() : all.substr(offset, count);
    }
    base::Status write(std::string_view path, std::string bytes, std::uint32_t) override {
        files[std::string(path)] = std::move(bytes);
        return base::okStatus();
    }
    base::Status append(std::string_view path, std::string_view bytes, std::uint32_t) override {
        files[std::string(path)] += bytes;
        return base::okStatus();
    }
    base::Result<std::vector<ports::DirectoryEntry>> list(std::string_view path) const override {
        std::vector<ports::DirectoryEntry> out;
        const std::string prefix = std::string(path) + "/";
        for (const auto& [name, content] : files)
            if (name.rfind(prefix, 0) == 0 && name.find('/', prefix.size()) == std::string::npos)
                out.push_back({name.substr(prefix.size()), ports::FileType::Regular});
        return out;
    }
    base::Status makeDirectory(std::string_view path, std::uint32_t) override {
        folders[std::string(path)] = true;
        return base::okStatus();
    }
    base::Status makeDirectories(std::string_view path, std::uint32_t) override {
        folders[std::string(path)] = true;
        return base::okStatus();
    }
    base::Status removeFile(std::string_view path) override {
        files.erase(std::string(path));
        return base::okStatus();
    }
    base::Status removeDirectory(std::string_view path) override { return removeAll(path); }
    base::Status removeAll(std::string_view path) override {
        const std::string prefix(path);
        std::erase_if(files, [&](const auto& item) { return item.first.rfind(prefix, 0) == 0; });
        std::erase_if(folders, [&](const auto& item) { return item.first.rfind(prefix, 0) == 0; });
        return base::okStatus();
    }
    base::Status rename(std::string_view, std::string_view) override { return base::okStatus(); }
    base::Status symlink(std::string_view target, std::string_view path) override {
        files[std::string(path)] = std::string(target);
        return base::okStatus();
    }
    base::Status link(std::string_view, std::string_view) override { return base::okStatus(); }
    base::Status makeFifo(std::string_view, std::uint32_t) override { return base::okStatus(); }
    base::Status chmod(std::string_view, std::uint32_t) override { return base::okStatus(); }
    base::Status chown(std::string_view, std::uint32_t, std::uint32_t) override { return base::okStatus(); }
    base::Status setTimes(std::string_view, std::int64_t, std::int64_t) override { return base::okStatus(); }
    base::Result<std::string> realPath(std::string_view path) const override { return std::string(path); }
    bool access(std::string_view path, int) const override { return exists(path); }
    std::uint64_t changeCount(std::string_view) const override { return 1; }
};

// A process prints its arguments, then waits for what argv[0] says: "exit:N" ends at once with N,
// "sleep" runs until killed and ignores SIGTERM when it is pid 1, "polite" ends at SIGTERM.
class FakeHost final : public runtime::ContainerHost {
public:
    explicit FakeHost(sim::Kernel& kernel) : kernel_(kernel) {}

    sim::Kernel& kernel() override { return kernel_; }
    ports::Host& host() override { return host_; }
    ports::FileSystem& files() override { return files_; }
    ports::NetStack& network() override { std::abort(); } // no test gets here
    std::string hostname() override { return "node01"; }
    base::Status makeRoot(runtime::RootSpec spec) override {
        roots_[spec.id];
        return base::okStatus();
    }
    ports::FileSystem& rootFiles(const std::string& id) override { return roots_[id]; }
    void removeRoot(const std::string& id) override { roots_.erase(id); }
    base::Result<int> start(runtime::ContainerProcessSpec spec, base::Function<void(runtime::ProcessEnd)> ended) override {
        if (spec.argv.front() == "nope") return ports::fileError(ENOENT);
        const int pid = ++lastPid_;
        Process& process = processes_[pid];
        process.containerId = spec.containerId;
        process.name = spec.argv.front();
        process.init = spec.init;
        process.ended = std::move(ended);
        process.output = spec.output;
        process.error = spec.error;
        if (spec.output && spec.argv.size() > 1) (void)spec.output->tryWrite(spec.argv[1] + "\n");
        if (process.name.rfind("exit:", 0) == 0) finish(pid, {std::stoi(process.name.substr(5)), false});
        return pid;
    }
    bool signal(int pid, int number) override {
        const auto found = processes_.find(pid);
        if (found == processes_.end()) return false;
        if (number == ports::kSigKill) finish(pid, {137, false});
        else if (found->second.name == "polite") finish(pid, {0, false});
        else if (!found->second.init) finish(pid, {128 + number, false});
        return true;
    }
    void killAll(const std::string& containerId) override {
        for (auto& [pid, process] : processes_)
            if (process.containerId == containerId) finish(pid, {137, false});
    }
    std::uint64_t memoryOf(const std::string&) override { return 1 << 20; }
    std::uint64_t cpuTimeOf(const std::string&) override { return 1000; }
    void setMemoryLimit(const std::string&, std::int64_t) override {}

    MapFiles files_;

private:
    struct Process {
        std::string containerId, name;
        bool init = false, ending = false;
        base::Function<void(runtime::ProcessEnd)> ended;
        std::shared_ptr<sim::Pipe> output, error;
    };
    void finish(int pid, runtime::ProcessEnd end) {
        Process& process = processes_[pid];
        if (process.ending) return;
        process.ending = true;
        kernel_.schedule(kernel_.now(), [this, pid, end] {
            auto node = processes_.extract(pid);
            if (node.mapped().output) node.mapped().output->closeWrite();
            if (node.mapped().error) node.mapped().error->closeWrite();
            if (node.mapped().ended) node.mapped().ended(end);
        });
    }

    sim::Kernel& kernel_;
    ports::Host host_;
    std::map<std::string, MapFiles> roots_;
    std::map<int, Process> processes_;
    int lastPid_ = 100;
};

class FakeNetwork final : public runtime::SandboxNetwork {
public:
    class Space final : public runtime::NetworkNamespace {
    public:
        ports::NetStack& stack() override { std::abort(); } // no test gets here
    };
    base::Status ready() override {
        return failure.empty() ? base::okStatus() : base::Status(base::makeError(failure));
    }
    std::shared_ptr<runtime::NetworkNamespace> create(const std::string&) override { return std::make_shared<Space>(); }
    sim::Task<base::Result<runtime::NetworkResult>> attach(std::string, ports::CriSandboxConfig) override {
        if (!failure.empty()) co_return base::makeError(failure);
        runtime::NetworkResult out;
        out.ips.push_back("10.244.1." + std::to_string(++last));
        co_return out;
    }
    sim::Task<base::Status> detach(std::string, ports::CriSandboxConfig) override { co_return base::okStatus(); }
    void remove(const std::string&) override {}
    std::string failure;
    int last = 1;
};

} // namespace testing_support
