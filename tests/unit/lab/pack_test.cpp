#include <catch2/catch.hpp>

#include "lab/pack.h"

namespace {
std::string minimal(const std::string& task) {
    return "format: 1\nid: p\nkind: drill\ntitle: {en: T, es: T}\nsummary: {en: S, es: S}\ntasks:\n" + task;
}
const std::string kTask = "- id: a\n  title: {en: T, es: T}\n  body: {en: B, es: B}\n  domain: storage\n"
                          "  checks:\n  - id: c\n    title: {en: T, es: T}\n    nodeReady: {node: node01}\n"
                          "  solutions:\n  - name: s\n    steps: [{run: 'true'}]\n";

std::vector<lab::Problem> problemsOf(const std::string& yaml) {
    return lab::readPack({{"pack.yaml", yaml}}, "test").problems;
}
} // namespace

TEST_CASE("a complete pack is read without problems") {
    const auto read = lab::readPack({{"pack.yaml", minimal(kTask)}}, "test");
    REQUIRE(read.problems.empty());
    REQUIRE(read.pack.tasks.size() == 1);
    REQUIRE(read.pack.tasks[0].checks[0].kind == "nodeReady");
    REQUIRE(read.pack.tasks[0].host == "controlplane");
}

TEST_CASE("every mistake in a pack is named with its line and column") {
    struct Case {
        std::string yaml, place, part;
    };
    const std::vector<Case> cases{
        {minimal("- id: A B\n"), "pack.yaml:7:", "an id is"},
        {minimal(kTask + "  colour: red\n"), "pack.yaml:18:", "unknown field \"colour\""},
        {"format: 2\nid: p\n", "pack.yaml:1:", "format: 1"},
        {minimal("- id: a\n  title: {en: only}\n"), "pack.yaml:8:", "Spanish"},
    };
    for (const Case& each : cases) {
        const auto problems = problemsOf(each.yaml);
        bool found = false;
        for (const auto& problem : problems)
            found = found || (problem.place.rfind(each.place, 0) == 0 && problem.message.find(each.part) != std::string::npos);
        INFO(each.yaml);
        for (const auto& problem : problems) INFO(problem.place + " " + problem.message);
        REQUIRE(found);
    }
}

TEST_CASE("a check with a missing or unknown field is refused") {
    REQUIRE_FALSE(problemsOf(minimal("- id: a\n  checks:\n  - id: c\n    object: {resource: pods}\n")).empty());
    bool found = false;
    for (const auto& problem : problemsOf(minimal("- id: a\n  checks:\n  - id: c\n    file: {host: h, path: /x, colour: 1}\n")))
        found = found || problem.message == "unknown field \"colour\"";
    REQUIRE(found);
}

TEST_CASE("hostile YAML is refused with a message") {
    REQUIRE_FALSE(problemsOf("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                              "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n").empty());
    REQUIRE_FALSE(problemsOf("a: [").empty());
    REQUIRE_FALSE(problemsOf("").empty());
    REQUIRE_FALSE(lab::readPack({}, "nothing").problems.empty());
}
