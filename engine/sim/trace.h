#pragma once
// The causal trace. A record is something worth naming (a typed command, an API write, a container
// start, a rule change); its parent is the record in whose effect it happened. Every scheduled event
// carries the current cause, so the chain survives timers, channels and work queues.

#include "sim/time.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

using CauseId = std::uint64_t; // 0: nothing known

struct TraceRecord {
    CauseId id = 0;
    CauseId parent = 0;
    Time at = 0;
    std::string kind; // "command", "api", "container", "rule", "node", "fault", ...
    std::string text;
    std::string subject; // "pods/default/web-1" and the like; may be empty
};

class Trace {
public:
    // Appends a record under the current cause and returns its id; the caller decides whether it
    // becomes current (see CauseScope).
    CauseId record(Time at, std::string kind, std::string text, std::string subject = {});
    CauseId current() const { return current_; }
    void setCurrent(CauseId cause) { current_ = cause; }

    const TraceRecord* find(CauseId id) const; // null when it has been dropped
    // From the record up to its first known ancestor.
    std::vector<TraceRecord> chain(CauseId id) const;
    // Records with id > `after`, oldest first.
    std::vector<TraceRecord> since(CauseId after, std::size_t limit = 1000) const;
    CauseId lastId() const { return next_ - 1; }

    static constexpr std::size_t kKeep = 200'000;

private:
    CauseId next_ = 1;
    CauseId current_ = 0;
    std::deque<TraceRecord> records_; // consecutive ids
};

// Makes a cause current for a block.
class CauseScope {
public:
    CauseScope(Trace& trace, CauseId cause) : trace_(trace), previous_(trace.current()) {
        trace_.setCurrent(cause);
    }
    ~CauseScope() { trace_.setCurrent(previous_); }
    CauseScope(const CauseScope&) = delete;
    CauseScope& operator=(const CauseScope&) = delete;

private:
    Trace& trace_;
    CauseId previous_;
};

} // namespace sim
