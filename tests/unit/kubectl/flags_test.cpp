#include "kubectl/cli/flags.h"

#include "world.h"

#include <catch2/catch.hpp>

namespace {
std::string errorOf(std::vector<std::string> args) {
    auto parsed = kubectl::parseCommandLine(args);
    return parsed.ok() ? std::string() : parsed.error().message;
}
} // namespace

TEST_CASE("flags are read as pflag reads them") {
    auto line = kubectl::parseCommandLine({"get", "po", "-Aowide", "--show-labels=false", "-l", "a=b", "x"});
    REQUIRE(line.ok());
    CHECK(line->flags.on("all-namespaces"));
    CHECK(line->flags.text("output") == "wide");
    CHECK(line->flags.text("selector") == "a=b");
    CHECK_FALSE(line->flags.on("show-labels"));
    CHECK(line->args == std::vector<std::string>{"po", "x"});
    auto dashed = kubectl::parseCommandLine({"exec", "p", "-c", "a", "--", "ls", "-l"});
    REQUIRE(dashed.ok());
    CHECK(dashed->argsBeforeDash() == std::vector<std::string>{"p"});
    CHECK(dashed->argsAfterDash() == std::vector<std::string>{"ls", "-l"});
}

TEST_CASE("what is wrong with a flag is told in pflag's words") {
    CHECK(errorOf({"get", "--nope"}) == "unknown flag: --nope\nSee 'kubectl get --help' for usage.");
    CHECK(errorOf({"options", "--nope"}) == "unknown flag: --nope\nRun 'kubectl options' without flags.");
    CHECK(errorOf({"get", "-Z"}) == "unknown shorthand flag: 'Z' in -Z\nSee 'kubectl get --help' for usage.");
    CHECK(errorOf({"get", "-o"}) == "flag needs an argument: 'o' in -o\nSee 'kubectl get --help' for usage.");
    CHECK(errorOf({"scale", "--replicas=x"}).find("invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": "
                                                  "invalid syntax") == 0);
    CHECK(errorOf({"gte"}).find("unknown command \"gte\" for \"kubectl\"\n\nDid you mean this?\n") == 0);
    CHECK(errorOf({"gte"}).find("\tget\n") != std::string::npos);
}

TEST_CASE("every command of the table has a handler or holds others") {
    kubectltest::World world;
    std::vector<const kubectl::CommandSpec*> open{&kubectl::rootCommand()};
    while (!open.empty()) {
        const kubectl::CommandSpec* command = open.back();
        open.pop_back();
        for (const auto& child : command->children) open.push_back(child.get());
        if (!command->children.empty() || command->parent == nullptr) continue;
        const auto answer = world.run({"bash", "-c", "kubectl " + command->path + " </dev/null"}, "/work", "", sim::kSecond);
        CHECK(answer.error.find("does not model") == std::string::npos);
    }
}

TEST_CASE("comma-separated values keep quoted commas") {
    CHECK(kubectl::splitCsv("a,\"b,c\",d") == std::vector<std::string>{"a", "b,c", "d"});
    CHECK(kubectl::splitCsv("").empty());
}
