#include "sim/kernel.h"

#include "base/assert.h"
#include "base/hash.h"

namespace sim {
namespace {
constexpr std::size_t kArity = 4; // a flat heap: fewer levels, one cache line per level
}

Kernel::Kernel(std::uint64_t seed, std::int64_t epochUnix)
    : seed_(seed), epochUnix_(epochUnix), fingerprint_(base::mixHash(seed)) {}

Kernel::~Kernel() = default;

void Kernel::push(HeapNode node) {
    heap_.push_back(node);
    std::size_t at = heap_.size() - 1;
    while (at > 0) {
        const std::size_t parent = (at - 1) / kArity;
        if (!node.before(heap_[parent])) break;
        heap_[at] = heap_[parent];
        at = parent;
    }
    heap_[at] = node;
}

Kernel::HeapNode Kernel::pop() {
    const HeapNode top = heap_.front();
    const HeapNode last = heap_.back();
    heap_.pop_back();
    const std::size_t count = heap_.size();
    if (count == 0) return top;
    std::size_t at = 0;
    while (true) {
        const std::size_t first = at * kArity + 1;
        if (first >= count) break;
        // A large heap and its slots do not fit the processor's nearest caches: whichever child is the
        // earliest, its own children are on their way while that is found out.
        const std::size_t below = first * kArity + 1;
        if (below + kArity * kArity <= count)
            for (std::size_t i = 0; i < kArity; ++i) __builtin_prefetch(&heap_[below + i * kArity]);
        std::size_t best = first;
        const std::size_t end = first + kArity < count ? first + kArity : count;
        for (std::size_t child = first + 1; child < end; ++child)
            if (heap_[child].before(heap_[best])) best = child;
        if (!heap_[best].before(last)) break;
        heap_[at] = heap_[best];
        at = best;
    }
    heap_[at] = last;
    return top;
}

EventId Kernel::schedule(Time at, Callback callback, const char* label) {
    std::uint32_t index;
    if (freeSlots_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = freeSlots_.back();
        freeSlots_.pop_back();
    }
    Slot& slot = slots_[index];
    slot.callback = std::move(callback);
    slot.label = label;
    slot.cause = trace_.current();
    BASE_ASSERT(index <= kSlotMask);
    push({at < now_ ? now_ : at, sequence_++ << kSlotBits | index});
    ++live_;
    return {index, slot.generation};
}

void Kernel::cancel(EventId& id) {
    const EventId target = id;
    id = {};
    if (!target || slots_[target.slot].generation != target.generation) return;
    Slot& slot = slots_[target.slot];
    ++slot.generation; // the heap node is dropped when it surfaces
    --live_;
    const Callback dropped = std::move(slot.callback); // may free objects that cancel in turn
}

bool Kernel::dropStale() {
    while (!heap_.empty() && !slots_[heap_.front().slot()].callback)
        freeSlots_.push_back(pop().slot());
    return !heap_.empty();
}

bool Kernel::step() {
    if (!dropStale()) return false;
    const HeapNode node = pop();
    Slot& slot = slots_[node.slot()];
    const Callback callback = std::move(slot.callback);
    const char* label = slot.label;
    trace_.setCurrent(slot.cause);
    ++slot.generation;
    freeSlots_.push_back(node.slot());
    --live_;
    now_ = node.at;
    ++executed_;
    // Labels are hashed by content, so that the fingerprint does not depend on addresses.
    fingerprint_ = base::combineHash(fingerprint_, static_cast<std::uint64_t>(node.at)) +
                   static_cast<unsigned char>(label[0]) * 31U +
                   static_cast<unsigned char>(label[0] != 0 ? label[1] : 0);
    if (!heap_.empty()) __builtin_prefetch(&slots_[heap_.front().slot()]); // the next event's
    callback();
    trace_.setCurrent(0);
    return true;
}

std::size_t Kernel::runUntil(Time deadline) {
    const std::uint64_t before = executed_;
    while (dropStale() && heap_.front().at <= deadline) step();
    if (deadline > now_ && deadline != kForever) now_ = deadline;
    return executed_ - before;
}

std::size_t Kernel::runUntilIdle(std::size_t maxEvents) {
    const std::uint64_t before = executed_;
    while (executed_ - before < maxEvents && step()) {}
    return executed_ - before;
}

bool Kernel::runWhile(const base::Function<bool()>& unfinished, Time deadline) {
    while (unfinished()) {
        if (!dropStale() || heap_.front().at > deadline) {
            if (deadline > now_ && deadline != kForever) now_ = deadline;
            return false;
        }
        step();
    }
    return true;
}

Time Kernel::nextEventTime() { return dropStale() ? heap_.front().at : kForever; }

Random& Kernel::random(std::string_view name) {
    auto found = streams_.find(name);
    if (found == streams_.end())
        found = streams_
                    .emplace(std::string(name), std::make_unique<Random>(base::combineHash(
                                                    seed_, base::hashBytes(name))))
                    .first;
    return *found->second;
}

bool Kernel::fault(std::string_view site) {
    const auto found = faultRates_.find(site);
    return found != faultRates_.end() && random("fault/" + std::string(site)).chance(found->second);
}

void Kernel::setFaultRate(std::string site, double probability) {
    faultRates_[std::move(site)] = probability;
}

void Kernel::mixFingerprint(std::uint64_t value) {
    fingerprint_ = base::combineHash(fingerprint_, value);
}

} // namespace sim
