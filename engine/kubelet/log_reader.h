#pragma once
// Container logs as `kubectl logs` wants them. Source: pkg/kubelet/kuberuntime/logs.

#include "ports/file_system.h"
#include "sim/kernel.h"
#include "sim/pipe.h"
#include "sim/task.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kubelet {

struct LogOptions {
    bool follow = false, timestamps = false;
    std::int64_t tailLines = -1;
    std::int64_t limitBytes = -1;
    std::int64_t since = 0; // Unix ns; 0: everything
    std::string stream;     // "Stdout", "Stderr"; anything else: both
};

// The lines that a file holds now, from `offset` on; `offset` moves behind the last whole line.
std::string readLog(const ports::FileSystem& files, const std::string& path, const LogOptions& options,
                    std::uint64_t& offset);
// Where to begin so that about `lines` lines remain.
std::uint64_t tailOffset(std::string_view content, std::int64_t lines);
// The last lines, without their heads, for termination messages.
std::string tailOfLog(const ports::FileSystem& files, const std::string& path, std::size_t lines, std::size_t bytes);

} // namespace kubelet
