#pragma once
// The systemd journal of a machine.

#include "sim/channel.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace machine {

struct JournalLine {
    std::uint64_t sequence = 0;
    std::int64_t realtime = 0; // Unix ns
    sim::Time monotonic = 0;   // since boot
    int boot = 0;              // index into boots()
    int priority = 6;          // syslog levels
    int pid = 0;
    std::uint32_t uid = 0;
    std::string unit;       // _SYSTEMD_UNIT, or UNIT for messages of systemd itself
    std::string identifier; // "kubelet", "systemd", "kernel"
    std::string message;
};

class Journal {
public:
    explicit Journal(sim::Kernel& kernel) : kernel_(kernel) {}
    void beginBoot(std::string id);
    void append(JournalLine line);
    const std::deque<JournalLine>& lines() const { return lines_; }
    struct Boot {
        std::string id;
        std::int64_t first = 0, last = 0;
        sim::Time started = 0;
    };
    const std::vector<Boot>& boots() const { return boots_; }
    sim::Signal& changed() { return changed_; }
    static constexpr std::size_t kKeep = 50'000;

private:
    sim::Kernel& kernel_;
    std::deque<JournalLine> lines_;
    std::vector<Boot> boots_;
    std::uint64_t next_ = 1;
    sim::Signal changed_;
};

} // namespace machine
