// Go's sort, and what the printers do with it.
#include "base/go_sort.h"
#include "kubectl/printers/sorter.h"

#include <catch2/catch.hpp>

#include <cstdint>

using document::Value;

namespace {

// A checksum of the order in which Go's sort.Sort leaves `count` items with few different keys.
// With `odd`, an item of key 0 comes before every other, also before those alike.
std::uint32_t orderSum(int modulus, int count, bool odd) {
    std::vector<std::pair<int, int>> items;
    for (int i = 0; i < count; ++i) items.emplace_back((i * 7919 + i * i * 31) % modulus, i);
    base::goSort(items, [&](const auto& a, const auto& b) {
        if (odd && (a.first == 0 || b.first == 0)) return a.first == 0;
        return a.first < b.first;
    });
    std::uint32_t sum = 2166136261U;
    for (const auto& item : items) sum = (sum ^ static_cast<std::uint32_t>(item.second)) * 16777619U;
    return sum;
}

std::string namesOf(const std::vector<Value>& objects) {
    std::string out;
    for (const Value& object : objects) out += object["name"].text();
    return out;
}

} // namespace

TEST_CASE("items that are alike end up where Go's sort leaves them") {
    // From a program in Go with the same items.
    CHECK(orderSum(1, 13, false) == 1373724879U);
    CHECK(orderSum(3, 1000, false) == 1404234035U);
    CHECK(orderSum(10, 60, false) == 3479088325U);
    CHECK(orderSum(10, 333, false) == 1228406157U);
    CHECK(orderSum(1, 13, true) == 1179256507U);
    CHECK(orderSum(3, 1000, true) == 854301711U);
    CHECK(orderSum(10, 60, true) == 400754771U);
    CHECK(orderSum(10, 333, true) == 1222720359U);
}

TEST_CASE("objects without the field come first, in turned order") {
    const auto object = [](const char* name, Value key) {
        return key.isNull() ? Value::object({{"name", name}}) : Value::object({{"name", name}, {"key", std::move(key)}});
    };
    auto sorted = kubectl::sortObjects({object("a", Value()), object("b", Value(2)), object("c", Value(1)), object("d", Value())}, ".key");
    REQUIRE(sorted.ok());
    CHECK(namesOf(sorted.value()) == "dacb");
}
