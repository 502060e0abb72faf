// Events per second of the kernel against std::priority_queue of std::function, in the same run.

#include "sim/kernel.h"

#include <benchmark/benchmark.h>

#include <functional>
#include <queue>

namespace {

void kernelHold(benchmark::State& state) { // hold model: each event schedules the next
    sim::Kernel kernel(1);
    sim::Random random(7);
    struct Hold {
        sim::Kernel& kernel;
        sim::Random& random;
        void operator()() const {
            kernel.scheduleAfter(static_cast<sim::Duration>(random.next() & 0xfffff), Hold{kernel, random}, "hold");
        }
    };
    for (std::int64_t i = 0; i < state.range(0); ++i) Hold{kernel, random}();
    for (auto _ : state) kernel.step();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(kernelHold)->Arg(1'000)->Arg(100'000);

void baselineHold(benchmark::State& state) {
    struct Event {
        std::int64_t at;
        std::uint64_t sequence;
        std::function<void()> run;
        bool operator<(const Event& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
    };
    std::priority_queue<Event> queue;
    sim::Random random(7);
    std::int64_t now = 0;
    std::uint64_t sequence = 0;
    std::function<void()> hold = [&] {
        queue.push({now + static_cast<std::int64_t>(random.next() & 0xfffff), sequence++, hold});
    };
    for (std::int64_t i = 0; i < state.range(0); ++i) hold();
    for (auto _ : state) {
        Event next = queue.top();
        queue.pop();
        now = next.at;
        next.run();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(baselineHold)->Arg(1'000)->Arg(100'000);

} // namespace
