// What `kubectl describe` says of every kind, as the real client said it of the same objects.

#include <catch2/catch.hpp>

#include "base/strings.h"
#include "cluster/facade.h"

#include <fstream>
#include <regex>
#include <sstream>

namespace {

const std::string kFolder = std::string(TIMONEL_SOURCE_DIR) + "/tests/unit/cluster/describe/";

std::string textOf(const std::string& name) {
    std::ifstream file(kFolder + name);
    std::stringstream text;
    text << file.rdbuf();
    REQUIRE(!text.str().empty());
    return text.str();
}

struct Step {
    std::string command, answer;
};

std::vector<Step> stepsOf(const std::string& transcript) {
    std::vector<Step> steps;
    for (const std::string& line : base::split(transcript, '\n')) {
        if (line.starts_with("$ ")) steps.push_back({line.substr(2), {}});
        else if (!steps.empty()) steps.back().answer += line + "\n";
    }
    return steps;
}

// What no two clusters share: times, ages, identities, template hashes, the order of objects' writes.
std::string normal(std::string text) {
    static const std::vector<std::pair<std::regex, std::string>> kRules = {
        {std::regex("\\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b"), "<uid>"},
        {std::regex("\\b[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d \\+0000"), "<time>"},
        {std::regex("\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(Z| \\+0000 UTC)"), "<time>"},
        {std::regex("\\b(d1|roll)-[0-9a-z]{8,10}\\b"), "$1-<hash>"},
        {std::regex("(Generation|Resource Version): +[N\\d]+"), "$1: N"},
        {std::regex("\\b(\\d+[dhms])+\\b"), "<age>"},
        {std::regex("\n+$"), "\n"},
    };
    for (const auto& [pattern, replacement] : kRules) text = std::regex_replace(text, pattern, replacement);
    return text;
}

} // namespace

TEST_CASE("describe says of every kind what the real client says") {
    const auto blueprint = cluster::builtinBlueprint("bench");
    REQUIRE(blueprint.ok());
    auto made = cluster::Cluster::create(*blueprint, 1);
    REQUIRE(made.ok());
    auto& world = **made;
    REQUIRE(world.boot().ok());
    for (const char* name : {"objects.yaml", "requests.yaml", "things.yaml", "events.yaml"})
        REQUIRE(world.writeFile("controlplane", std::string("/root/") + name, textOf(name)).ok());
    const auto sh = [&](const std::string& command) { return world.run("test", "controlplane", command); };
    const auto applied = sh("cd /root; kubectl apply -f objects.yaml -f requests.yaml && sleep 3 && kubectl apply -f things.yaml");
    INFO(applied.output << applied.error);
    REQUIRE(applied.exitCode == 0);
    for (const Step& step : stepsOf(textOf("transcript.txt"))) {
        INFO("$ " << step.command);
        const auto answer = sh(step.command + " 2>&1");
        CHECK(normal(answer.output + "\n") == normal(step.answer + "\n"));
    }
}
