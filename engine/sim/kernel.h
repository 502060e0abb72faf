#pragma once
// The event kernel: virtual time and a totally ordered queue. One kernel is one cluster's world;
// everything that happens in it is an event at a time, and equal times run in the order scheduled.

#include "base/function.h"
#include "sim/random.h"
#include "sim/time.h"
#include "sim/trace.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

using Callback = base::Function<void()>;

// Names a scheduled event; stays harmless after the event has run.
struct EventId {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0; // 0: none
    explicit operator bool() const { return generation != 0; }
};

class Kernel {
public:
    // `epochUnix`: what a wall clock inside the world shows at time 0, in Unix nanoseconds.
    explicit Kernel(std::uint64_t seed, std::int64_t epochUnix = kDefaultEpoch);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    Time now() const { return now_; }
    std::int64_t unixNow() const { return epochUnix_ + now_; }
    std::uint64_t seed() const { return seed_; }

    // `label` must be a literal: it goes into the fingerprint.
    EventId schedule(Time at, Callback callback, const char* label = "event");
    EventId scheduleAfter(Duration delay, Callback callback, const char* label = "event") {
        return schedule(now_ + delay, std::move(callback), label);
    }
    void cancel(EventId& id); // no effect if it has run

    // The named stream, made on first use from the seed and the name.
    Random& random(std::string_view name);

    // True when a seeded fault fires at this site; sites are off unless a rate was set.
    bool fault(std::string_view site);
    void setFaultRate(std::string site, double probability);

    Trace& trace() { return trace_; }
    const Trace& trace() const { return trace_; }

    // Drivers. Each returns the number of events run.
    bool step();                          // one event; false when none is left
    std::size_t runUntil(Time deadline);  // all events up to and including the deadline
    std::size_t runUntilIdle(std::size_t maxEvents = SIZE_MAX);
    // Until the predicate holds (checked after each event) or the deadline has passed.
    bool runWhile(const base::Function<bool()>& unfinished, Time deadline);
    Time nextEventTime(); // kForever when none

    std::size_t pendingCount() const { return live_; }
    std::uint64_t eventCount() const { return executed_; }
    // Hash over (time, order, label) of every event run so far.
    std::uint64_t fingerprint() const { return fingerprint_; }
    void mixFingerprint(std::uint64_t value);

    static constexpr std::int64_t kDefaultEpoch = 1'772'442'000'000'000'000; // 2026-03-02T09:00:00Z

private:
    // 16 bytes, so that the four children of a heap node share a cache line. The order of scheduling
    // is in the upper bits and decides between equal times; the slot fills the lower ones.
    struct HeapNode {
        Time at;
        std::uint64_t sequenceAndSlot;
        std::uint32_t slot() const { return static_cast<std::uint32_t>(sequenceAndSlot & kSlotMask); }
        bool before(const HeapNode& other) const {
            return at != other.at ? at < other.at : sequenceAndSlot < other.sequenceAndSlot;
        }
    };
    static constexpr int kSlotBits = 24; // 16 million pending events, 10^12 events in a run
    static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
    struct Slot {
        Callback callback; // empty: cancelled, waits for its heap node to surface
        const char* label = nullptr;
        CauseId cause = 0;
        std::uint32_t generation = 1;
    };

    void push(HeapNode node);
    HeapNode pop();
    bool dropStale();

    std::uint64_t seed_;
    std::int64_t epochUnix_;
    Time now_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t executed_ = 0;
    std::uint64_t fingerprint_ = 0;
    std::size_t live_ = 0;
    std::vector<HeapNode> heap_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> freeSlots_;
    std::map<std::string, std::unique_ptr<Random>, std::less<>> streams_;
    std::map<std::string, double, std::less<>> faultRates_;
    Trace trace_;
};

} // namespace sim
