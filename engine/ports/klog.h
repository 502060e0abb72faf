#pragma once
// Log lines as Kubernetes components write them. Source: k8s.io/klog v2 (textlogger format).

#include "ports/program.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ports {

// "E1123 17:10:06.722977   16661 file.go:61] " for a severity I, W, E or F.
std::string klogHead(char severity, std::int64_t unixNow, int pid, std::string_view place);

using KlogPairs = std::vector<std::pair<std::string_view, std::string>>;

// `"message" key="value" ...`: a structured line's text. Values are quoted as klog does; a key that
// begins with "#" prints its value bare (numbers, object references, lists).
std::string klogText(std::string_view message, const KlogPairs& pairs);

// Writes to a process' standard error without waiting.
class Klog {
public:
    explicit Klog(Process& process) : process_(process) {}
    void info(std::string_view place, std::string_view message, KlogPairs pairs = {}) const;
    void warning(std::string_view place, std::string_view message, KlogPairs pairs = {}) const;
    void error(std::string_view place, std::string_view message, KlogPairs pairs = {}) const;
    // Unstructured: the text as it is.
    void plain(char severity, std::string_view place, std::string_view text) const;

private:
    Process& process_;
};

} // namespace ports
