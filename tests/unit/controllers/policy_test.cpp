#include "unit/controllers/world.h"

using namespace testing;

namespace {
const std::string kCore = "/api/v1/namespaces/default";

std::string volume(const std::string& name, const std::string& size,
                   const std::string& storageClass) {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{"capacity":{"storage":")" + size +
           R"("},"accessModes":["ReadWriteOnce"],"persistentVolumeReclaimPolicy":"Retain","storageClassName":")" +
           storageClass + R"(","hostPath":{"path":"/data"}}})";
}
std::string claim(const std::string& name, const std::string& size,
                  const std::string& storageClass) {
    return R"({"metadata":{"name":")" + name +
           R"("},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":")" + storageClass +
           R"(","resources":{"requests":{"storage":")" + size + R"("}}}})";
}
} // namespace

TEST_CASE("a claim binds to the smallest volume that fits and frees it when it goes") {
    World world;
    world.create("/api/v1/persistentvolumes", volume("large", "5Gi", ""));
    world.create("/api/v1/persistentvolumes", volume("small", "2Gi", ""));
    world.run(2 * sim::kSecond);
    CHECK(world.get("/api/v1/persistentvolumes/small").at("status", "phase").asString() ==
          "Available");
    world.create(kCore + "/persistentvolumeclaims", claim("data", "1Gi", ""));
    world.create(kCore + "/persistentvolumeclaims", claim("lost", "1Gi", "none"));
    world.run(3 * sim::kSecond);
    const Value bound = world.get(kCore + "/persistentvolumeclaims/data");
    INFO(document::writeJson(bound));
    CHECK(bound.at("spec", "volumeName").asString() == "small");
    CHECK(bound.at("status", "phase").asString() == "Bound");
    CHECK(bound.at("status", "capacity", "storage").asString() == "2Gi");
    CHECK(world.events("default", "lost") ==
          std::vector<std::string>{
              "ProvisioningFailed: storageclass.storage.k8s.io \"none\" not found"});
    world.call("DELETE", kCore + "/persistentvolumeclaims/data");
    world.run(3 * sim::kSecond);
    CHECK(world.call("GET", kCore + "/persistentvolumeclaims/data").status == 404);
    CHECK(world.get("/api/v1/persistentvolumes/small").at("status", "phase").asString() ==
          "Released");
}

TEST_CASE("a pod decides where a late binding claim goes") {
    World world;
    world.addNode("n1");
    world.addNode("n2");
    world.create(
        "/apis/storage.k8s.io/v1/storageclasses",
        R"({"metadata":{"name":"local"},"provisioner":"kubernetes.io/no-provisioner","volumeBindingMode":"WaitForFirstConsumer"})");
    std::string local = volume("loc", "2Gi", "local");
    local.replace(
        local.find("\"hostPath\""), std::string("\"hostPath\":{\"path\":\"/data\"}").size(),
        R"("local":{"path":"/mnt"},"nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["n2"]}]}]}})");
    world.create("/api/v1/persistentvolumes", local);
    world.create(kCore + "/persistentvolumeclaims", claim("lazy", "1Gi", "local"));
    world.run(3 * sim::kSecond);
    CHECK(world.get(kCore + "/persistentvolumeclaims/lazy").at("status", "phase").asString() ==
          "Pending");
    CHECK(world.events("default", "lazy").front() ==
          "WaitForFirstConsumer: waiting for first consumer to be created before binding");
    world.create(
        kCore + "/pods",
        R"({"metadata":{"name":"user"},"spec":{"containers":[{"name":"c","image":"x:1"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"lazy"}}]}})");
    world.run(10 * sim::kSecond);
    CHECK(world.get(kCore + "/persistentvolumeclaims/lazy").at("status", "phase").asString() ==
          "Bound");
    CHECK(api::podNode(world.get(kCore + "/pods/user")) == "n2");
}

TEST_CASE("a disruption budget and a quota say what is left") {
    World world;
    world.addNode("n1");
    world.create(
        "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
        R"({"metadata":{"name":"keep"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}})");
    world.create(kCore + "/resourcequotas",
                 R"({"metadata":{"name":"q"},"spec":{"hard":{"pods":"5","requests.cpu":"1"}}})");
    world.run(1 * sim::kSecond);
    world.create(
        "/apis/apps/v1/namespaces/default/deployments",
        R"({"metadata":{"name":"web"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"x:1","resources":{"requests":{"cpu":"100m"}}}]}}}})");
    world.run(15 * sim::kSecond);
    const Value budget = world.get("/apis/policy/v1/namespaces/default/poddisruptionbudgets/keep");
    INFO(document::writeJson(budget["status"]));
    CHECK(budget.at("status", "currentHealthy").asInt() == 3);
    CHECK(budget.at("status", "desiredHealthy").asInt() == 2);
    CHECK(budget.at("status", "disruptionsAllowed").asInt() == 1);
    const Value quota = world.get(kCore + "/resourcequotas/q");
    UNSCOPED_INFO(document::writeJson(quota["status"]));
    CHECK(quota.at("status", "used", "pods").asString() == "3");
    CHECK(quota.at("status", "used", "requests.cpu").asString() == "300m");
    world.merge("/apis/apps/v1/namespaces/default/deployments/web", R"({"spec":{"replicas":1}})");
    world.run(5 * sim::kSecond);
    CHECK(world.get(kCore + "/resourcequotas/q").at("status", "used", "pods").asString() == "1");
}

TEST_CASE("a disruption budget that nobody could count yet says so of no generation") {
    World world;
    world.addNode("n1");
    // Jobs cannot be asked for their scale.
    world.create(
        "/apis/batch/v1/namespaces/default/jobs",
        R"({"metadata":{"name":"web"},"spec":{"template":{"metadata":{"labels":{"app":"web"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x:1"}]}}}})");
    world.run(3 * sim::kSecond);
    world.create(
        "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
        R"({"metadata":{"name":"keep"},"spec":{"maxUnavailable":"30%","selector":{"matchLabels":{"app":"web"}}}})");
    world.run(5 * sim::kSecond);
    const Value budget = world.get("/apis/policy/v1/namespaces/default/poddisruptionbudgets/keep");
    const Value& condition = api::conditionOf(budget, "DisruptionAllowed");
    INFO(document::writeJson(budget));
    CHECK(condition["reason"].asString() == "SyncFailed");
    CHECK_FALSE(condition.has("observedGeneration"));
}

TEST_CASE("an autoscaler without metrics keeps the bounds and says what is missing") {
    World world;
    world.addNode("n1");
    world.create(
        "/apis/apps/v1/namespaces/default/deployments",
        R"({"metadata":{"name":"web"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"x:1"}]}}}})");
    world.create(
        "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
        R"({"metadata":{"name":"web"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"minReplicas":2,"maxReplicas":5,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]}})");
    world.run(40 * sim::kSecond);
    CHECK(world.get("/apis/apps/v1/namespaces/default/deployments/web")
              .at("spec", "replicas")
              .asInt() == 2);
    const Value hpa =
        world.get("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web");
    INFO(document::writeJson(hpa["status"]));
    CHECK(api::conditionOf(hpa, "ScalingActive")["message"].asString() ==
          "the HPA was unable to compute the replica count: failed to get cpu utilization: unable "
          "to get metrics for resource cpu: "
          "unable to fetch metrics from resource metrics API: the server could not find the "
          "requested resource (get pods.metrics.k8s.io)");
    std::set<std::string> events;
    for (const std::string& line : world.events("default", "web")) events.insert(line);
    CHECK(events.contains("SuccessfulRescale: New size: 2; reason: Current number of replicas "
                          "below Spec.MinReplicas"));
}
