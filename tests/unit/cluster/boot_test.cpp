#include <catch2/catch.hpp>

#include "base/strings.h"
#include "cluster/facade.h"

using cluster::Cluster;

namespace {

std::unique_ptr<Cluster> make(std::uint64_t seed) {
    const auto blueprint = cluster::builtinBlueprint("bench");
    REQUIRE(blueprint.ok());
    auto made = Cluster::create(*blueprint, seed);
    REQUIRE(made.ok());
    return std::move(*made);
}

std::unique_ptr<Cluster> booted(std::uint64_t seed) {
    auto world = make(seed);
    const auto status = world->boot();
    INFO((status.ok() ? "" : status.error().message));
    REQUIRE(status.ok());
    return world;
}

void pass(Cluster& world, sim::Duration time) { world.kernel().runUntil(world.kernel().now() + time); }

std::string ready(Cluster& world, std::string_view name) {
    const auto node = world.object("", "nodes", "", name);
    for (const auto& condition : node.at("status", "conditions").items())
        if (condition["type"].asString() == "Ready") return condition["status"].text();
    return {};
}

cluster::CommandResult sh(Cluster& world, std::string_view host, const std::string& command) {
    return world.run("test", host, command);
}

} // namespace

TEST_CASE("the bench blueprint boots to nodes that are Ready and to DNS that answers") {
    const auto world = booted(1);
    CHECK(world->objects("", "nodes").size() == 3);
    for (const char* name : {"controlplane", "node01", "node02"}) CHECK(ready(*world, name) == "True");
    CHECK(world->object("", "nodes", "", "node01").at("spec", "podCIDR").asString() == "10.244.1.0/24");
    const auto nodes = sh(*world, "controlplane", "kubectl get nodes --no-headers");
    CHECK(nodes.exitCode == 0);
    CHECK(base::splitLines(nodes.output).size() == 3);
    CHECK(world->probe("node/node01", "10.96.0.1", 443, "", sim::kSecond)["result"].asString() == "connected");
    CHECK(world->walk("node/node01", {*base::IpAddress::parse("10.96.0.1"), 443}, "tcp")["result"].isString());
}

TEST_CASE("a name server that never answers is not taken for a loop") {
    const auto world = booted(5);
    pass(*world, 2 * sim::kMinute);
    const std::string pods = "kubectl get pods -n kube-system -l k8s-app=kube-dns -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}'";
    CHECK(sh(*world, "controlplane", pods).output == "0 0");
    CHECK(sh(*world, "controlplane", "kubectl logs -n kube-system -l k8s-app=kube-dns --tail=-1 | grep -c 'HINFO.*i/o timeout'").output != "0\n");
}

TEST_CASE("a deployment runs and its pods answer from another node") {
    const auto world = booted(2);
    REQUIRE(sh(*world, "controlplane", "kubectl create deployment web --image=nginx:1.27 --replicas=2").exitCode == 0);
    pass(*world, 10 * sim::kSecond);
    const auto deployment = world->object("apps", "deployments", "default", "web");
    CHECK(deployment.at("status", "readyReplicas").asInt() == 2);
    for (const auto& pod : world->objects("", "pods", "default")) {
        const auto answer = world->probe("node/controlplane", pod.at("status", "podIP").text(), 80, "/", 2 * sim::kSecond);
        CHECK(answer["status"].asInt() == 200);
    }
}

TEST_CASE("a stopped kubelet makes its node NotReady, a started one Ready again") {
    const auto world = booted(3);
    REQUIRE(sh(*world, "node01", "systemctl stop kubelet").exitCode == 0);
    pass(*world, 30 * sim::kSecond);
    CHECK(ready(*world, "node01") == "True");
    pass(*world, 40 * sim::kSecond);
    CHECK(ready(*world, "node01") == "Unknown");
    REQUIRE(sh(*world, "node01", "systemctl start kubelet").exitCode == 0);
    pass(*world, 30 * sim::kSecond);
    CHECK(ready(*world, "node01") == "True");
}

TEST_CASE("a flag that the API server does not know makes its port refuse until the manifest is repaired") {
    const auto world = booted(4);
    const std::string path = "/etc/kubernetes/manifests/kube-apiserver.yaml";
    const std::string before = world->readFile("controlplane", path).value();
    REQUIRE(world->writeFile("controlplane", path,
                             base::replaceAll(before, "    - --allow-privileged=true",
                                              "    - --allow-privileged=true\n    - --nope=true")).ok());
    pass(*world, 90 * sim::kSecond);
    const auto refused = sh(*world, "controlplane", "kubectl get nodes");
    CHECK(refused.exitCode == 1);
    // A client without cached discovery logs its five tries first.
    CHECK(refused.error.ends_with("The connection to the server 172.30.0.10:6443 was refused - did you specify the "
                                  "right host or port?\n"));
    CHECK(world->probe("node/node01", "172.30.0.10", 6443, "", sim::kSecond)["result"].asString() == "refused");
    REQUIRE(world->writeFile("controlplane", path, before).ok());
    pass(*world, 180 * sim::kSecond);
    CHECK(sh(*world, "controlplane", "kubectl get nodes").exitCode == 0);
}

TEST_CASE("the API server keeps a lease under its host's identity") {
    const auto world = booted(4);
    const auto leases = [&] { return sh(*world, "controlplane", "kubectl get leases -n kube-system -l "
                                        "apiserver.kubernetes.io/identity=kube-apiserver -o jsonpath='{.items[*].spec.renewTime}'"); };
    const std::string before = leases().output;
    CHECK_FALSE(before.empty());
    CHECK(before.find(' ') == std::string::npos); // one server, one lease
    pass(*world, 25 * sim::kSecond);
    CHECK(leases().output > before);
}

TEST_CASE("without the scheduler's manifest pods stay Pending and nobody says why") {
    const auto world = booted(5);
    REQUIRE(sh(*world, "controlplane", "mv /etc/kubernetes/manifests/kube-scheduler.yaml /root/").exitCode == 0);
    pass(*world, 60 * sim::kSecond);
    REQUIRE(sh(*world, "controlplane", "kubectl run lonely --image=nginx:1.27").exitCode == 0);
    pass(*world, 30 * sim::kSecond);
    const auto pod = world->object("", "pods", "default", "lonely");
    CHECK(pod.at("status", "phase").asString() == "Pending");
    CHECK(pod.at("spec", "nodeName").isNull());
    for (const auto& event : world->objects("", "events", "default"))
        CHECK(event.at("involvedObject", "name").asString() != "lonely");
    REQUIRE(sh(*world, "controlplane", "mv /root/kube-scheduler.yaml /etc/kubernetes/manifests/").exitCode == 0);
    pass(*world, 90 * sim::kSecond);
    CHECK(world->object("", "pods", "default", "lonely").at("status", "phase").asString() == "Running");
}

TEST_CASE("the same seed gives the same history, another seed another one") {
    std::uint64_t first = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto a = booted(seed);
        const auto b = booted(seed);
        for (Cluster* world : {a.get(), b.get()}) {
            (void)sh(*world, "controlplane", "kubectl create deployment web --image=nginx:1.27 --replicas=3");
            pass(*world, 10 * sim::kSecond);
        }
        CHECK(a->kernel().fingerprint() == b->kernel().fingerprint());
        CHECK(a->revision() == b->revision());
        if (seed == 1) first = a->kernel().fingerprint();
        else CHECK(a->kernel().fingerprint() != first);
    }
}
