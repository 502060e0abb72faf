// Laws of patches over random documents.
#include "document/patch.h"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using document::Value;

namespace {

Value randomScalar() {
    switch (*rc::gen::inRange(0, 4)) {
    case 0: return Value(*rc::gen::inRange<std::int64_t>(0, 3));
    case 1: return Value(*rc::gen::element<std::string>("", "a", "b"));
    case 2: return Value(*rc::gen::arbitrary<bool>());
    default: return Value(*rc::gen::inRange<std::int64_t>(3, 6));
    }
}

// Few keys, so that two documents often meet; no nulls, which a merge patch cannot set.
Value randomObject(int depth) {
    document::ObjectBuilder out;
    for (const char* key : {"a", "b", "c", "d"}) {
        const int what = *rc::gen::inRange(0, depth > 0 ? 5 : 3);
        if (what == 0) continue;
        if (what <= 2) {
            out.set(key, randomScalar());
        } else if (what == 3) {
            out.set(key, randomObject(depth - 1));
        } else {
            document::ArrayBuilder list;
            for (int i = *rc::gen::inRange(0, 3); i > 0; --i) list.push(randomScalar());
            out.set(key, std::move(list).build());
        }
    }
    return std::move(out).build();
}

// "items" is a list of objects with merge key "name", "set" a merged list of scalars.
class Schema : public document::MergeSchema {
public:
    document::MergeRule ruleOf(const std::vector<std::string>& path) const override {
        document::MergeRule rule;
        rule.merge = !path.empty() && (path.back() == "items" || path.back() == "set");
        if (rule.merge && path.back() == "items") rule.mergeKey = "name";
        return rule;
    }
};

Value randomKeyed() {
    document::ArrayBuilder items, set;
    for (const char* name : {"x", "y", "z"}) {
        if (*rc::gen::arbitrary<bool>()) items.push(randomObject(1).with("name", name));
        if (*rc::gen::arbitrary<bool>()) set.push(Value(name));
    }
    return randomObject(1).with("items", std::move(items).build()).with("set", std::move(set).build());
}

template <typename Property>
void holds(Property property) {
    CHECK(rc::check(property));
}

} // namespace

TEST_CASE("a merge patch made from two documents turns the one into the other") {
    holds([] {
        const Value from = randomObject(3), to = randomObject(3);
        RC_ASSERT(document::applyMergePatch(from, document::makeMergePatch(from, to)) == to);
        RC_ASSERT(document::makeMergePatch(to, to).size() == 0u);
    });
}

TEST_CASE("applying a merge patch twice changes nothing more") {
    holds([] {
        const Value once = document::applyMergePatch(randomObject(3), randomObject(2));
        const Value patch = randomObject(2);
        const Value merged = document::applyMergePatch(once, patch);
        RC_ASSERT(document::applyMergePatch(merged, patch) == merged);
    });
}

TEST_CASE("a strategic patch made from two documents turns the one into the other") {
    holds([] {
        const Schema schema;
        const Value from = randomKeyed(), to = randomKeyed();
        auto patch = document::makeTwoWayStrategicPatch(from, to, schema);
        RC_ASSERT(patch.ok());
        auto result = document::applyStrategicPatch(from, *patch, schema);
        RC_ASSERT(result.ok());
        RC_ASSERT(*result == to);
    });
}

TEST_CASE("applying what was applied before leaves what others set") {
    holds([] {
        const Value manifest = randomObject(2);
        const Value live = document::applyMergePatch(randomObject(2), manifest);
        RC_ASSERT(document::applyMergePatch(
                      live, document::makeThreeWayMergePatch(manifest, manifest, live)) == live);
    });
}
