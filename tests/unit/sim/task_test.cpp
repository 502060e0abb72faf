#include <catch2/catch.hpp>

#include "sim/channel.h"
#include "sim/pipe.h"

using namespace sim;
using namespace sim::literals;

namespace {
Task<int> addLater(Kernel& kernel, int a, int b) {
    co_await sleepFor(kernel, 5_s);
    co_return a + b;
}
Task<void> store(Kernel& kernel, int& out) { out = co_await addLater(kernel, 2, 3); }

struct Guard {
    bool& gone;
    ~Guard() { gone = true; }
};
Task<void> sleepForever(Kernel& kernel, bool& gone) {
    Guard guard{gone};
    while (true) co_await sleepFor(kernel, 1_s);
}
Task<void> cancelOwn(Kernel& kernel, std::unique_ptr<Scope>& scope, bool& gone) {
    Guard guard{gone};
    scope->cancel();
    co_await sleepFor(kernel, 1_s);
    FAIL("a cancelled task went on");
}
Task<void> consume(Channel<int>& channel, std::vector<int>& seen) {
    while (auto item = co_await channel.pop()) seen.push_back(*item);
}
Task<void> waitShort(Kernel& kernel, Channel<int>& channel, bool& nothing, Time& at) {
    nothing = !(co_await channel.popUntil(kernel.now() + 3_s)).has_value();
    at = kernel.now();
}
Task<void> cutOff(Kernel& kernel, bool& cut) {
    auto result = co_await withDeadline(kernel, addLater(kernel, 1, 1), kernel.now() + 2_s);
    cut = !result.has_value();
    auto second = co_await withDeadline(kernel, addLater(kernel, 1, 1), kernel.now() + 20_s);
    REQUIRE(second.has_value());
    REQUIRE(*second == 2);
}
} // namespace

TEST_CASE("a spawned task runs at virtual time and returns through its awaiter") {
    Kernel kernel(1);
    Scope scope(kernel);
    int out = 0;
    scope.spawn(store(kernel, out));
    kernel.runUntilIdle();
    REQUIRE(out == 5);
    REQUIRE(kernel.now() == 5_s);
    REQUIRE(scope.empty());
}

TEST_CASE("ending a scope destroys the frames of its tasks and their timers") {
    Kernel kernel(1);
    bool gone = false;
    {
        Scope scope(kernel);
        scope.spawn(sleepForever(kernel, gone));
        kernel.runUntil(3_s);
        REQUIRE_FALSE(gone);
    }
    REQUIRE(gone);
    REQUIRE(kernel.pendingCount() == 0);
}

TEST_CASE("a task may cancel the scope that owns it") {
    Kernel kernel(1);
    auto scope = std::make_unique<Scope>(kernel);
    bool gone = false;
    scope->spawn(cancelOwn(kernel, scope, gone));
    kernel.runUntilIdle();
    REQUIRE(gone);
    REQUIRE(scope->empty());
}

TEST_CASE("a channel delivers in order and ends when closed") {
    Kernel kernel(1);
    Scope scope(kernel);
    Channel<int> channel;
    std::vector<int> seen;
    scope.spawn(consume(channel, seen));
    kernel.schedule(1_s, [&] { channel.push(1); channel.push(2); });
    kernel.schedule(2_s, [&] { channel.push(3); channel.close(); });
    kernel.runUntilIdle();
    REQUIRE(seen == std::vector<int>{1, 2, 3});
    REQUIRE(scope.empty());
}

TEST_CASE("a wait with a deadline ends at the deadline") {
    Kernel kernel(1);
    Scope scope(kernel);
    Channel<int> channel;
    bool nothing = false, cut = false;
    Time at = 0;
    scope.spawn(waitShort(kernel, channel, nothing, at));
    scope.spawn(cutOff(kernel, cut));
    kernel.runUntilIdle();
    REQUIRE(nothing);
    REQUIRE(at == 3_s);
    REQUIRE(cut);
}

TEST_CASE("equal times run in the order scheduled and cancelled events do not run") {
    Kernel kernel(1);
    std::vector<int> order;
    for (int i = 0; i < 100; ++i) kernel.schedule(i % 3 * 1_s, [&order, i] { order.push_back(i); });
    EventId id = kernel.schedule(1_s, [&order] { order.push_back(-1); });
    kernel.cancel(id);
    kernel.runUntilIdle();
    REQUIRE(order.size() == 100);
    for (std::size_t i = 1; i < order.size(); ++i)
        REQUIRE((order[i - 1] % 3 < order[i] % 3 ||
                 (order[i - 1] % 3 == order[i] % 3 && order[i - 1] < order[i])));
}

TEST_CASE("the same seed gives the same streams and the same fingerprint") {
    const auto run = [](std::uint64_t seed) {
        Kernel kernel(seed);
        for (int i = 0; i < 50; ++i)
            kernel.schedule(static_cast<Time>(kernel.random("delay").below(1000)), [] {});
        kernel.runUntilIdle();
        return kernel.fingerprint();
    };
    REQUIRE(run(7) == run(7));
    REQUIRE(run(7) != run(8));
}

TEST_CASE("an event carries the cause that was current when it was scheduled") {
    Kernel kernel(1);
    const CauseId cause = kernel.trace().record(0, "command", "kubectl delete pod x");
    CauseId seen = 0;
    {
        CauseScope block(kernel.trace(), cause);
        kernel.schedule(1_s, [&] { kernel.schedule(2_s, [&] { seen = kernel.trace().current(); }); });
    }
    kernel.runUntilIdle();
    REQUIRE(seen == cause);
}

TEST_CASE("Go durations and RFC 3339 times round-trip") {
    for (const char* text : {"0s", "1m30s", "1.5s", "300ms", "2h0m0s", "1h1m1.001s", "15\u00b5s", "7ns"})
        REQUIRE(formatGoDuration(*parseGoDuration(text)) == text);
    REQUIRE_FALSE(parseGoDuration("5x").has_value());
    const auto time = parseRfc3339("2026-03-02T09:00:00Z");
    REQUIRE(time == Kernel::kDefaultEpoch);
    REQUIRE(formatRfc3339(*time) == "2026-03-02T09:00:00Z");
    REQUIRE(parseRfc3339("2026-03-02T11:00:00.5+02:00") == Kernel::kDefaultEpoch + 500_ms);
    REQUIRE_FALSE(parseRfc3339("2026-13-02T09:00:00Z").has_value());
}
