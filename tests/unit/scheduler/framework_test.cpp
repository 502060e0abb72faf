#include "document/json.h"
#include "scheduler/cache.h"
#include "scheduler/framework.h"
#include "scheduler/preemption.h"

#include <catch2/catch.hpp>

using namespace scheduler;
using document::Value;

namespace {

Value json(std::string text) { return document::readJson(text).value(); }

class MapLister : public Lister {
public:
    std::map<Kind, std::map<std::string, Value, std::less<>>> objects;
    const Value& get(Kind kind, std::string_view key) const override {
        static const Value none;
        const auto place = objects.find(kind);
        if (place == objects.end()) return none;
        const auto item = place->second.find(key);
        return item == place->second.end() ? none : item->second;
    }
    std::vector<const Value*> list(Kind kind, std::string_view) const override {
        std::vector<const Value*> out;
        const auto place = objects.find(kind);
        if (place != objects.end())
            for (const auto& [key, object] : place->second) out.push_back(&object);
        return out;
    }
};

struct World {
    sim::Kernel kernel{1};
    MapLister lister;
    Cache cache;
    Env env{kernel, lister, nullptr};
    Framework framework{env, defaultPlugins(env)};
    int uid = 0;

    void node(const std::string& name, const std::string& cpu = "2", const std::string& spec = "{}",
              const std::string& labels = "") {
        cache.setNode(json(R"({"metadata":{"name":")" + name +
                           R"(","labels":{"kubernetes.io/hostname":")" + name + "\"" + labels +
                           R"(}},"spec":)" + spec + R"(,"status":{"allocatable":{"cpu":")" + cpu +
                           R"(","memory":"4Gi","pods":"110"}}})"));
    }
    Value pod(const std::string& name, const std::string& spec, const std::string& labels = "{}") {
        return json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
                    R"(","namespace":"default","uid":"u)" + std::to_string(++uid) +
                    R"(","labels":)" + labels + R"(},"spec":)" + spec + "}");
    }
    void place(const Value& pod, const std::string& node) {
        cache.setPod(pod.withPath({"spec", "nodeName"}, node));
    }
    // The chosen nodes, or the whole message.
    std::string attempt(const Value& value) {
        const PodInfo info(value);
        CycleState state;
        Diagnosis diagnosis;
        const Snapshot all = cache.snapshot();
        const Snapshot feasible = framework.findFeasible(state, info, all, {}, diagnosis);
        if (!feasible.empty()) return framework.selectHost(state, info, feasible, all);
        if (!diagnosis.preFilter.empty())
            diagnosis.postFilter = "not found";
        else {
            const PreemptionResult result = findPreemption(framework, info, all, diagnosis);
            if (result.node.empty())
                diagnosis.postFilter = "no new claims to deallocate, preemption: " + result.message;
        }
        return fitError(diagnosis, all.size());
    }
};

std::string cpu(const std::string& amount, const std::string& more = "") {
    return R"({"containers":[{"name":"c","image":"x:1","resources":{"requests":{"cpu":")" + amount +
           R"("}}}])" + more + "}";
}

} // namespace

TEST_CASE("a pod that fits nowhere is told why per node, in upstream's words") {
    World world;
    world.node(
        "cp", "2",
        R"({"taints":[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}]})");
    world.node("n1");
    world.node("n2", "4", R"({"unschedulable":true})");
    CHECK(world.attempt(world.pod("big", cpu("3"))) ==
          "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 "
          "node(s) were unschedulable. "
          "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not "
          "helpful for scheduling.");
    world.place(world.pod("full", cpu("1500m")), "n1");
    CHECK(world.attempt(world.pod("late", cpu("1"))) ==
          "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 "
          "node(s) were unschedulable. "
          "no new claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption "
          "victims found for incoming pod, "
          "2 Preemption is not helpful for scheduling.");
    CHECK(world.attempt(world.pod("sel", cpu("1m", R"(,"nodeSelector":{"disk":"ssd"})"))) ==
          "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) "
          "had untolerated taint(s), "
          "1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/3 nodes are "
          "available: 3 Preemption is "
          "not helpful for scheduling.");
    CHECK(world.attempt(world.pod("ok", cpu("100m"))) == "n1");
}

TEST_CASE("a missing or unbound claim stops the pod before any node is looked at") {
    World world;
    world.node("n1");
    const std::string spec =
        R"({"containers":[],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]})";
    CHECK(world.attempt(world.pod("a", spec)) ==
          "0/1 nodes are available: persistentvolumeclaim \"data\" not found. not found");
    world.lister.objects[Kind::PersistentVolumeClaim]["default/data"] = json(
        R"({"metadata":{"name":"data","namespace":"default"},"spec":{},"status":{"phase":"Pending"}})");
    CHECK(world.attempt(world.pod("b", spec)) ==
          "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found");
}

TEST_CASE(
    "preemption picks the node whose victims matter least and spares those that need not go") {
    World world;
    world.node("n1");
    world.node("n2");
    world.place(world.pod("low1", cpu("1500m", R"(,"priority":10)")), "n1");
    world.place(world.pod("tiny", cpu("100m", R"(,"priority":1)")), "n2");
    world.place(world.pod("mid", cpu("1500m", R"(,"priority":5)")), "n2");
    const PodInfo vip(world.pod("vip", cpu("1", R"(,"priority":1000)")));
    CycleState state;
    Diagnosis diagnosis;
    const Snapshot all = world.cache.snapshot();
    REQUIRE(world.framework.findFeasible(state, vip, all, {}, diagnosis).empty());
    const PreemptionResult result = findPreemption(world.framework, vip, all, diagnosis);
    CHECK(result.node == "n2");
    REQUIRE(result.victims.size() == 1);
    CHECK(result.victims[0]->key == "default/mid");
    const PodInfo polite(
        world.pod("polite", cpu("1", R"(,"priority":1000,"preemptionPolicy":"Never")")));
    CHECK(findPreemption(world.framework, polite, all, diagnosis).message ==
          "not eligible due to preemptionPolicy=Never.");
}

TEST_CASE("spread constraints and anti-affinity keep pods apart") {
    World world;
    world.node("n1");
    world.node("n2");
    const std::string labels = R"({"app":"web"})";
    world.place(world.pod("w1", cpu("100m"), labels), "n1");
    const std::string spread =
        R"(,"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname",)"
        R"("whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"web"}}}])";
    CHECK(world.attempt(world.pod("w2", cpu("100m", spread), labels)) == "n2");
    const std::string anti =
        R"(,"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[)"
        R"({"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"web"}}}]}})";
    CHECK(world.attempt(world.pod("w3", cpu("100m", anti), labels)) == "n2");
    world.place(world.pod("w4", cpu("100m", anti), labels), "n2");
    CHECK(world.attempt(world.pod("w5", cpu("100m", anti), labels)) ==
          "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. no new claims "
          "to deallocate, preemption: "
          "0/2 nodes are available: 2 No preemption victims found for incoming pod.");
    CHECK(world.attempt(world.pod("w6", cpu("100m"), labels)) == "n1");
}
