#include "store/store.h"

#include <catch2/catch.hpp>

using document::Value;
using store::Store;

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
