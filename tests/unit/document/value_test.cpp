#include <catch2/catch.hpp>

#include "document/value.h"

using namespace document;

TEST_CASE("a change shares what it does not touch and leaves the original alone") {
    const Value pod = Value::object({{"spec", Value::object({{"nodeName", "a"}})},
                                     {"status", Value::object({{"phase", "Pending"}})}});
    const Value changed = pod.withPath({"status", "phase"}, "Running");
    REQUIRE(pod.at("status", "phase").asString() == "Pending");
    REQUIRE(changed.at("status", "phase").asString() == "Running");
    REQUIRE(changed["spec"].sameAs(pod["spec"]));
}

TEST_CASE("members are sorted, the last of equal keys wins, reading a missing path gives null") {
    const Value object = Value::object({{"b", 1}, {"a", 2}, {"b", 3}});
    REQUIRE(object.size() == 2);
    REQUIRE(object.members()[0].key.view() == "a");
    REQUIRE(object["b"].asInt() == 3);
    REQUIRE(object.at("x", "y", "z").isNull());
    REQUIRE(object.without("a").size() == 1);
    REQUIRE(Value().withPath({"x", "y"}, 1).withoutPath({"x", "y"})["x"].size() == 0);
}

TEST_CASE("equality and hash are deep and see 1 and 1.0 as equal") {
    const Value a = Value::object({{"list", Value::array({1, "two", nullptr, true})}});
    const Value b = Value::object({{"list", Value::array({1.0, "two", nullptr, true})}});
    REQUIRE(a == b);
    REQUIRE(a.hash() == b.hash());
    REQUIRE_FALSE(a == Value::object({{"list", Value::array({1})}}));
}
