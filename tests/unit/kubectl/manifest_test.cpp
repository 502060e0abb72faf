// What -f makes of a file's bytes, before anybody looks at the objects.

#include "world.h"

#include <catch2/catch.hpp>

namespace {
std::string names(kubectltest::World& world, const std::string& text) {
    world.file("m.yaml", text);
    const auto answer = world.bash("kubectl label -f m.yaml x=y --local -o name");
    return answer.output + answer.error;
}
std::string map(const std::string& name) { return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"; }
const std::string kMap = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})";
} // namespace

TEST_CASE("a file is cut into documents at its separators") {
    kubectltest::World world;
    CHECK(names(world, map("a") + "---\n" + map("b")) == "configmap/a\nconfigmap/b\n");
    CHECK(names(world, "---\n# c\n---  # two\n" + map("a") + "---\n\n---\n") == "configmap/a\n");
    CHECK(names(world, "--- a\n" + map("a")) == "error: error parsing m.yaml: invalid Yaml document separator: a\n");
    CHECK(names(world, map("a") + "-----\n" + map("b")) == "error: error parsing m.yaml: invalid Yaml document separator: --\n");
    // The separator in front counts as a line.
    CHECK(names(world, "---\na: b: c\n") == "error: error parsing m.yaml: error converting YAML to JSON: yaml: line 2: mapping values "
                                            "are not allowed in this context\n");
}

TEST_CASE("what begins with a brace is JSON, and YAML where it is not") {
    kubectltest::World world;
    CHECK(names(world, kMap + kMap + "\n" + kMap) == "configmap/a\nconfigmap/a\nconfigmap/a\n");
    CHECK(names(world, "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n") == "configmap/b\n");
    CHECK(names(world, kMap + "\n---\n" + map("b")) == "configmap/a\nconfigmap/b\n");
    CHECK(names(world, "{\"a\": [1,}\n") ==
          "error: error parsing m.yaml: json: offset 10: invalid character '}' looking for beginning of value\n");
    CHECK(names(world, "{\"a\": [1, 2\n") == "error: error parsing m.yaml: unexpected EOF\n");
}

TEST_CASE("byte order marks and UTF-16 are understood, other bytes replaced") {
    kubectltest::World world;
    const std::string plain = map("a");
    std::string little = "\xff\xfe", big = "\xfe\xff";
    for (const char c : plain) {
        little += std::string{c, '\0'};
        big += std::string{'\0', c};
    }
    CHECK(names(world, "\xef\xbb\xbf" + plain) == "configmap/a\n");
    CHECK(names(world, little) == "configmap/a\n");
    CHECK(names(world, big) == "configmap/a\n");
    CHECK(names(world, "\xef\xbb\xbf" + kMap) == "configmap/a\n");
    CHECK(names(world, map("ni\xf1o")) == "configmap/ni\xef\xbf\xbdo\n");
}
