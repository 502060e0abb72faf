#include "store/store.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

using document::Value;
using store::Store;

TEST_CASE("random histories agree with a simple model and watches are ordered, unique and complete") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        sim::Kernel kernel(seed);
        Store store(kernel);
        sim::Random random(seed);
        std::map<std::string, Value> model;
        std::map<std::int64_t, std::map<std::string, Value>> past;
        std::vector<std::int64_t> seen, replayed;
        (void)store.watch("/a/", 0, [&](const store::ChangePtr& change) { seen.push_back(change->revision); });
        for (int step = 0; step < 60; ++step) {
            const std::string key = (random.chance(0.7) ? "/a/" : "/b/") + std::to_string(random.below(6));
            const auto current = store.get(key);
            switch (random.below(4)) {
            case 0:
                (void)store.put(key, Value(step));
                model[key] = Value(step);
                break;
            case 1: {
                const std::int64_t expected = random.chance(0.5) && current ? current->revision : 0;
                auto written = store.putIf(key, expected, Value(step));
                REQUIRE(written.ok());
                CHECK((written.value() != nullptr) == (expected == (current ? current->revision : 0)));
                if (written.value()) model[key] = Value(step);
                break;
            }
            case 2:
                (void)store.remove(key);
                model.erase(key);
                break;
            default: {
                auto all = store.range("/", store::Store::prefixEnd("/"));
                REQUIRE(all.size() == model.size());
                for (const auto& change : all) CHECK(model.at(*change->key) == change->value);
            }
            }
            past[store.revision()] = model;
        }
        for (const auto& [revision, state] : past) {
            auto then = store.rangeAt(revision, "/", store::Store::prefixEnd("/"));
            REQUIRE(then.ok());
            CHECK(then.value().size() == state.size());
        }
        (void)store.watch("/a/", 2, [&](const store::ChangePtr& change) { replayed.push_back(change->revision); });
        CHECK(seen == replayed);
        CHECK(std::is_sorted(seen.begin(), seen.end()));
        CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
    }
}

TEST_CASE("a snapshot restores to the same bytes and a damaged one is refused") {
    sim::Kernel kernel(1);
    Store store(kernel);
    (void)store.put("/a", Value::object({{"x", 1}}));
    (void)store.put("/a", Value::object({{"x", 2}}));
    (void)store.put("/b", Value("text"));
    (void)store.remove("/b");
    const std::string bytes = store.snapshot();
    Store other(kernel);
    REQUIRE(other.restore(bytes).ok());
    CHECK(other.snapshot() == bytes);
    CHECK(other.revision() == store.revision());
    std::string damaged = bytes;
    damaged[damaged.size() / 2] ^= 1;
    CHECK_FALSE(other.restore(damaged).ok());
}

TEST_CASE("leases take their keys with them and quotas stop writes") {
    sim::Kernel kernel(1);
    Store store(kernel);
    const std::int64_t lease = store.grantLease(5).value();
    (void)store.put("/k", Value(1), lease);
    kernel.runUntil(4 * sim::kSecond);
    CHECK(store.get("/k"));
    REQUIRE(store.keepLeaseAlive(lease).ok());
    kernel.runUntil(8 * sim::kSecond);
    CHECK(store.get("/k"));
    kernel.runUntil(10 * sim::kSecond);
    CHECK_FALSE(store.get("/k"));

    store.setQuota(1000);
    base::Result<store::ChangePtr> last = store.put("/big", Value(std::string(2000, 'x')));
    last = store.put("/more", Value(1));
    REQUIRE_FALSE(last.ok());
    CHECK(last.error().message == "etcdserver: mvcc: database space exceeded");
    CHECK(store.remove("/big").ok());
}

TEST_CASE("compaction hides the past from readers and watches") {
    sim::Kernel kernel(1);
    Store store(kernel);
    for (int i = 0; i < 10; ++i) (void)store.put("/k", Value(i));
    REQUIRE(store.compact(8).ok());
    CHECK_FALSE(store.rangeAt(5, "/k", "").ok());
    CHECK(store.rangeAt(9, "/k", "").ok());
    CHECK_FALSE(store.watch("/k", 3, [](const store::ChangePtr&) {}).ok());
    CHECK(store.compact(8).error().message == "etcdserver: mvcc: required revision has been compacted");
}
