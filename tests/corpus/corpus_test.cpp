// Invalid manifests through `kubectl apply -f` on a booted cluster: each is refused with an error that
// says where, and changes nothing.
#include "corpus/manifests.h"

#include "cluster/facade.h"

#include <catch2/catch.hpp>

#include <re2/re2.h>

using cluster::Cluster;

namespace {

struct World {
    std::unique_ptr<Cluster> cluster;
    std::uint64_t before = 0;

    World() {
        auto made = Cluster::create(*cluster::builtinBlueprint("bench"), 5);
        REQUIRE(made.ok());
        cluster = std::move(*made);
        REQUIRE(cluster->boot().ok());
        (void)cluster->run("corpus", "controlplane", "mkdir -p /tmp/corpus && cd /tmp/corpus");
        cluster->kernel().runUntil(cluster->kernel().now() + 30 * sim::kSecond);
        before = cluster->revision();
    }
    cluster::CommandResult apply(const corpus::Manifest& manifest, const std::string& options = "") {
        REQUIRE(cluster->writeFile("controlplane", "/tmp/corpus/m.yaml", manifest.text).ok());
        return cluster->run("corpus", "controlplane", "kubectl apply " + options + "-f m.yaml");
    }
    // What has been written by somebody else than the heartbeats of nodes and leaders.
    std::string changes() {
        std::string out;
        for (const auto& change : cluster->changes(before))
            if (change.plural != "leases" && change.plural != "nodes")
                out += change.type + " " + change.plural + "/" + change.object.at("metadata", "name").text() + "\n";
        before = cluster->revision();
        return out;
    }
};

// A line, a field, or the object and file that an error is about.
bool hasPlace(const std::string& error) {
    static const re2::RE2 kPlace(
        R"re(line \d+|[a-z]\w*(\.\w+|\[\d+\])|"m\.yaml"|m\.yaml: |offset \d+|The \S+ ".*" is invalid|error converting YAML to JSON)re");
    return re2::RE2::PartialMatch(error, kPlace);
}

} // namespace

TEST_CASE("the manifests that the corpus is made of are valid") {
    World world;
    for (const auto& manifest : corpus::validManifests()) {
        INFO(manifest.name);
        const auto answer = world.apply(manifest, "--dry-run=server ");
        CHECK(answer.error == "");
        CHECK(answer.exitCode == 0);
    }
    CHECK(world.changes() == "");
}

TEST_CASE("each of 3,000 invalid manifests is refused with a place and changes nothing") {
    World world;
    const auto manifests = corpus::invalidManifests(1, 3000);
    CHECK(manifests.size() == 3000);
    for (const auto& manifest : manifests) {
        const auto answer = world.apply(manifest);
        if (answer.exitCode == 1 && answer.output.empty() && hasPlace(answer.error)) continue;
        FAIL_CHECK(manifest.name << " (" << manifest.mistake << "): exit code " << answer.exitCode << "\n"
                                 << answer.output << answer.error);
    }
    CHECK(world.changes() == "");
}

TEST_CASE("the mistakes that people make by hand are refused with a place and change nothing") {
    World world;
    const auto manifests = corpus::manifestsByHand();
    CHECK(manifests.size() > 150);
    for (const auto& manifest : manifests) {
        const auto answer = world.apply(manifest);
        const bool empty = answer.error == "error: no objects passed to apply\n";
        if (answer.exitCode == 1 && answer.output.empty() && (empty || hasPlace(answer.error))) continue;
        FAIL_CHECK(manifest.name << ": exit code " << answer.exitCode << "\n" << answer.output << answer.error);
    }
    CHECK(world.changes() == "");
}
