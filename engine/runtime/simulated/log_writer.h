#pragma once
// Turns what a container writes into its log file. Source: the CRI log format
// (kubelet pkg/kubelet/kuberuntime/logs): "<RFC 3339 time> <stream> <P|F> <text>".

#include "ports/file_system.h"
#include "sim/channel.h"
#include "sim/pipe.h"

#include <memory>
#include <string>
#include <vector>

namespace runtime {

// Where attached clients get a copy of the output.
struct AttachedOutput {
    std::shared_ptr<sim::Pipe> output, error; // null: not wanted
};

class LogWriter {
public:
    LogWriter(sim::Kernel& kernel, ports::FileSystem& files, std::string path);

    // Copies one stream until its end.
    static sim::Task<void> copy(std::shared_ptr<LogWriter> self, std::shared_ptr<sim::Pipe> from,
                                bool isError);
    void attach(AttachedOutput client) { clients_.push_back(std::move(client)); }
    void detachAll();
    // Makes the file again after a rotation or removal.
    void reopen();
    const std::string& path() const { return path_; }
    // True once every copied stream has ended.
    bool drained() const { return open_ == 0; }
    sim::Signal& changed() { return changed_; }

private:
    void write(std::string_view bytes, bool isError, std::string& partial);
    void line(std::string_view text, bool isError, bool full);

    sim::Kernel& kernel_;
    ports::FileSystem& files_;
    std::string path_;
    std::vector<AttachedOutput> clients_;
    int open_ = 0;
    sim::Signal changed_;
};

} // namespace runtime
