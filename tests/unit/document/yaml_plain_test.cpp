// The reader of plain YAML against the full one: the same value and the same places, or no answer.
#include "document/yaml.h"
#include "document/yaml_plain.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

using document::Value;

namespace {

// The full reader's answer: a tab in a comment means nothing and is not plain.
document::YamlDocument full(const std::string& text) {
    auto read = document::readYamlStream(text + "\n#\t\n");
    if (!read.ok() || read->empty()) return {};
    return read->front();
}

bool agrees(const std::string& text, bool mustBePlain) {
    INFO(text);
    const auto plain = document::readPlainYaml(text, {}, true);
    if (mustBePlain) REQUIRE(plain.has_value());
    if (!plain) return false;
    const document::YamlDocument wanted = full(text);
    CHECK(plain->value == wanted.value);
    REQUIRE(plain->positions.size() == wanted.positions.size());
    for (std::size_t i = 0; i < wanted.positions.size(); ++i) {
        CHECK(plain->positions[i].first == wanted.positions[i].first);
        CHECK(plain->positions[i].second.line == wanted.positions[i].second.line);
        CHECK(plain->positions[i].second.column == wanted.positions[i].second.column);
    }
    return true;
}

struct Random {
    std::uint64_t state;
    std::uint64_t below(std::uint64_t bound) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return (state >> 33) % bound;
    }
};

Value someValue(Random& random, int depth) {
    static const char* kTexts[] = {"nginx:1.27", "web", "yes", "1", "0x10", "a b", "", "- x", "it's", "1e3", "null",
                                   "a: b", "a #b", "#c", "2026-03-02", "100m", "~", "key:", "*", "{}", "/var/lib", "8080"};
    const std::uint64_t kind = random.below(depth > 3 ? 4 : 7);
    if (kind == 0) return Value(static_cast<std::int64_t>(random.below(100'000)));
    if (kind == 1) return Value(random.below(2) == 1);
    if (kind < 4) return Value(kTexts[random.below(std::size(kTexts))]);
    if (kind == 4) {
        document::ArrayBuilder items;
        for (std::uint64_t i = random.below(4); i > 0; --i) items.push(someValue(random, depth + 1));
        return std::move(items).build();
    }
    static const char* kKeys[] = {"name", "spec", "app.kubernetes.io/name", "x-y", "on", "12", "image", "ports", "a_b"};
    document::ObjectBuilder members;
    for (std::uint64_t i = random.below(5); i > 0; --i) members.set(kKeys[random.below(std::size(kKeys))], someValue(random, depth + 1));
    return std::move(members).build();
}

} // namespace

TEST_CASE("plain manifests are read as the full reader reads them") {
    for (const char* text : {"a: 1", "a:\n  b: c\n  d:\n  - x\n  - y: 1\n    z: [] # no\n", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {}\n",
                             "- a\n- b", "a:\n- b: 1\n  c:\n  - 2\nd: \"x y\"\ne: 'z'\n", "# c\na: -1\n\nb:    two words\n", "  a: 1\n  b: 2\n",
                             "a: [b, \"c, d\", 'e]', 1, true, nginx:1.27, -x, 80/tcp]\n", "- [a]\n- b: [ c,  d]\n",
                             "a: [b c, d]\nb: [\"\"]", "a: [#b]\n",
                             "a: 1\nb:\n   - c:\n       d: e\n   -   f: g\n"})
        agrees(text, false);
    CHECK(agrees("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: c\n    image: nginx:1.27\n    args: []\n", true));
}

TEST_CASE("what is not plain is left to the full reader") {
    for (const char* text : {"a: b\n c", "a: |\n  x\n", "a: &x 1\n", "{a: 1}", "a: [1, [2]]\n", "a: [b,]\n", "a: [b: c]\n", "a: [x:]\n", "a: [b\n  c]\n", "a:\n", "a: 1\na: 2\n", "a: 1\n  b: 2\n", "- a\n b", "---\na: 1",
                             "a: 1.5\n", "a: \"x\\n\"\n", "? a\n", "a: b: c\n", "\ta: 1", "on: 1", "a:\n  - b\n c: 1\n", "- a\nb: 1\n", ""}) {
        INFO(text);
        CHECK_FALSE(document::readPlainYaml(text, {}, true).has_value());
    }
}

TEST_CASE("written values are read alike by both readers") {
    Random random{1};
    int plain = 0;
    for (int round = 0; round < 3000; ++round) plain += agrees(document::writeYaml(someValue(random, 0)), false) ? 1 : 0;
    CHECK(plain > 300);
}
