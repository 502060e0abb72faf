#include "unit/controllers/world.h"

using namespace testing;

namespace {
const std::string kPods = "/api/v1/namespaces/default/pods";

std::string pod(const std::string& name, const std::string& cpu, const std::string& more = "") {
    return R"({"metadata":{"name":")" + name +
           R"("},"spec":{"containers":[{"name":"c","image":"x:1","resources":{"requests":{"cpu":")" +
           cpu + R"("}}}])" + more + "}}";
}
} // namespace

TEST_CASE("a pod that fits nowhere says so and is placed when a node comes") {
    World world;
    world.create(kPods, pod("p", "1"));
    world.run(2 * sim::kSecond);
    CHECK(api::conditionOf(world.get(kPods + "/p"), "PodScheduled")["message"].asString() ==
          "no nodes available to schedule pods");
    world.addNode("n1", "500m");
    world.run(2 * sim::kSecond);
    CHECK(
        api::conditionOf(world.get(kPods + "/p"), "PodScheduled")["message"].asString().starts_with(
            "0/1 nodes are available: 1 Insufficient cpu."));
    world.addNode("n2", "2");
    world.run(3 * sim::kSecond);
    const Value placed = world.get(kPods + "/p");
    CHECK(api::podNode(placed) == "n2");
    CHECK(api::podReady(placed));
    CHECK(world.events("default", "p").back() ==
          "Scheduled: Successfully assigned default/p to n2");
}

TEST_CASE("a gated pod waits without a word until its gates are gone") {
    World world;
    world.addNode("n1");
    world.create(kPods, pod("g", "1", R"(,"schedulingGates":[{"name":"example.com/wait"}])"));
    world.run(5 * sim::kSecond);
    CHECK(api::podNode(world.get(kPods + "/g")).empty());
    CHECK(world.events("default", "g").empty());
    world.merge(kPods + "/g", R"({"spec":{"schedulingGates":null}})");
    world.run(3 * sim::kSecond);
    CHECK(api::podNode(world.get(kPods + "/g")) == "n1");
}

TEST_CASE("an important pod takes the place of a lesser one") {
    World world;
    world.addNode("n1", "2");
    world.create("/apis/scheduling.k8s.io/v1/priorityclasses",
                 R"({"metadata":{"name":"high"},"value":1000})");
    world.create(kPods, pod("low", "1500m"));
    world.run(3 * sim::kSecond);
    REQUIRE(api::podNode(world.get(kPods + "/low")) == "n1");
    world.create(kPods, pod("vip", "1", R"(,"priorityClassName":"high")"));
    world.run(5 * sim::kSecond);
    CHECK(world.call("GET", kPods + "/low").status == 404);
    CHECK(api::podNode(world.get(kPods + "/vip")) == "n1");
    bool told = false;
    for (const std::string& line : world.events("default", "low"))
        told = told || line.starts_with("Preempted: Preempted by pod ");
    CHECK(told);
}

TEST_CASE("a cordoned node gets its taint and nothing new until it is uncordoned") {
    World world;
    world.addNode("n1");
    world.merge("/api/v1/nodes/n1", R"({"spec":{"unschedulable":true}})");
    world.run(1 * sim::kSecond);
    CHECK(world.get("/api/v1/nodes/n1").at("spec", "taints")[0]["key"].asString() ==
          "node.kubernetes.io/unschedulable");
    world.create(kPods, pod("p", "1"));
    world.run(2 * sim::kSecond);
    CHECK(api::conditionOf(world.get(kPods + "/p"), "PodScheduled")["message"].asString() ==
          "0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, "
          "preemption: 0/1 nodes are "
          "available: 1 Preemption is not helpful for scheduling.");
    world.merge("/api/v1/nodes/n1", R"({"spec":{"unschedulable":null}})");
    world.run(3 * sim::kSecond);
    CHECK(api::podNode(world.get(kPods + "/p")) == "n1");
}

TEST_CASE("two runs with the same seed are the same") {
    const auto fingerprint = [](std::uint64_t seed) {
        World world(seed);
        world.addNode("n1");
        world.addNode("n2");
        world.create(kPods, pod("a", "1"));
        world.create(kPods, pod("b", "1"));
        world.run(30 * sim::kSecond);
        return world.kernel.fingerprint();
    };
    CHECK(fingerprint(3) == fingerprint(3));
}
