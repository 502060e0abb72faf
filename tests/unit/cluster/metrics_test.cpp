// metrics-server as a workload: what it measures, and what its absence looks like.

#include <catch2/catch.hpp>

#include "base/strings.h"
#include "cluster/facade.h"

using cluster::Cluster;
using document::Value;

namespace {

std::unique_ptr<Cluster> booted(const char* blueprint) {
    auto world = Cluster::create(*cluster::builtinBlueprint(blueprint), 11);
    REQUIRE(world.ok());
    REQUIRE((*world)->boot().ok());
    return std::move(*world);
}

void pass(Cluster& world, sim::Duration time) { world.kernel().runUntil(world.kernel().now() + time); }

cluster::CommandResult sh(Cluster& world, const std::string& command) { return world.run("test", "controlplane", command); }

// The second word of the line that begins with a name: "12m".
std::int64_t milli(const std::string& table, const std::string& name) {
    for (const std::string& line : base::splitLines(table)) {
        const auto words = base::splitFields(line);
        if (words.size() > 1 && words[0] == name && words[1].ends_with('m'))
            return base::parseInt(words[1].substr(0, words[1].size() - 1)).value_or(-1);
    }
    return -1;
}

} // namespace

TEST_CASE("kubectl top shows what containers do, and load moves the figures") {
    const auto world = booted("metrics");
    REQUIRE(sh(*world, "kubectl run busy --image=busybox:1.36 -- sh -c 'while true; do :; done'").exitCode == 0);
    REQUIRE(sh(*world, "kubectl run idle --image=busybox:1.36 -- sleep 1d").exitCode == 0);
    pass(*world, 50 * sim::kSecond);
    const auto nodes = sh(*world, "kubectl top nodes");
    INFO(nodes.output + nodes.error);
    CHECK(nodes.exitCode == 0);
    CHECK(base::splitLines(nodes.output).size() == 4);
    CHECK(nodes.output.starts_with("NAME           CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)"));
    const auto pods = sh(*world, "kubectl top pods");
    INFO(pods.output + pods.error);
    CHECK(milli(pods.output, "busy") > 900);
    CHECK(milli(pods.output, "busy") <= 1001);
    CHECK(milli(pods.output, "idle") == 0);
    CHECK(sh(*world, "kubectl top pods --sort-by=cpu --no-headers").output.starts_with("busy"));
    CHECK(sh(*world, "kubectl top pod nope").error ==
          "Error from server (NotFound): pods \"nope\" not found\n");
    const auto raw = sh(*world, "kubectl get --raw /apis/metrics.k8s.io/v1beta1/namespaces/default/pods/idle");
    INFO(raw.output);
    CHECK(raw.output.starts_with("{\"kind\":\"PodMetrics\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":{\"name\":\"idle\""));
    CHECK(raw.output.find("\"window\":\"15s\"") != std::string::npos);
    const auto service = world->object("apiregistration.k8s.io", "apiservices", "", "v1beta1.metrics.k8s.io");
    CHECK(service.at("status", "conditions")[0]["reason"].asString() == "Passed");
    // A limit holds the loop.
    REQUIRE(sh(*world, "kubectl run held --image=busybox:1.36 --overrides='{\"spec\":{\"containers\":[{\"name\":\"held\",\"image\":"
                       "\"busybox:1.36\",\"command\":[\"sh\",\"-c\",\"while true; do :; done\"],\"resources\":{\"limits\":{\"cpu\":"
                       "\"200m\"}}}]}}' && kubectl delete pod busy --now").exitCode == 0);
    pass(*world, 40 * sim::kSecond);
    CHECK(milli(sh(*world, "kubectl top pods").output, "held") == 200);
}

TEST_CASE("load on a web server makes its autoscaler add pods") {
    const auto world = booted("metrics");
    REQUIRE(sh(*world, "kubectl create deployment php-apache --image=registry.k8s.io/hpa-example && kubectl set resources deploy/php-apache "
                       "--requests=cpu=200m --limits=cpu=500m && kubectl expose deployment php-apache --port=80 && kubectl autoscale "
                       "deployment php-apache --cpu=50% --min=1 --max=10").exitCode == 0);
    pass(*world, 90 * sim::kSecond);
    const auto idle = world->object("autoscaling", "horizontalpodautoscalers", "default", "php-apache");
    CHECK(idle.at("status", "currentReplicas").asInt() == 1);
    CHECK(idle.at("status", "currentMetrics")[0].at("resource", "current", "averageUtilization").asInt(99) < 5);
    REQUIRE(sh(*world, "kubectl run load --image=busybox:1.28 -- /bin/sh -c 'while sleep 0.01; do wget -q -O- http://php-apache; done'").exitCode == 0);
    pass(*world, 3 * sim::kMinute);
    const auto busy = world->object("autoscaling", "horizontalpodautoscalers", "default", "php-apache");
    CHECK(busy.at("status", "currentReplicas").asInt() > 1);
}

TEST_CASE("without its deployment the metrics API is unavailable and says why") {
    const auto world = booted("metrics");
    pass(*world, sim::kMinute);
    REQUIRE(sh(*world, "kubectl -n kube-system scale deployment metrics-server --replicas=0").exitCode == 0);
    pass(*world, sim::kMinute);
    const auto service = world->object("apiregistration.k8s.io", "apiservices", "", "v1beta1.metrics.k8s.io");
    const Value& condition = service.at("status", "conditions")[0];
    CHECK(condition["status"].asString() == "False");
    CHECK(condition["reason"].asString() == "MissingEndpoints");
    CHECK(condition["message"].asString() ==
          "endpointslices for service/metrics-server in \"kube-system\" have no addresses with port name \"https\"");
    const auto top = sh(*world, "kubectl top nodes");
    CHECK(top.exitCode == 1);
    CHECK(top.error == "Error from server (ServiceUnavailable): the server is currently unable to handle the request (get "
                       "nodes.metrics.k8s.io)\n");
    REQUIRE(sh(*world, "kubectl -n kube-system delete service metrics-server").exitCode == 0);
    pass(*world, 2 * sim::kSecond);
    const auto gone = world->object("apiregistration.k8s.io", "apiservices", "", "v1beta1.metrics.k8s.io");
    CHECK(gone.at("status", "conditions")[0]["reason"].asString() == "ServiceNotFound");
    CHECK(gone.at("status", "conditions")[0]["message"].asString() ==
          "service/metrics-server in \"kube-system\" is not present");
    REQUIRE(sh(*world, "kubectl delete apiservice v1beta1.metrics.k8s.io").exitCode == 0);
    CHECK(sh(*world, "kubectl top nodes").error == "error: Metrics API not available\n");
}

TEST_CASE("kubelets that sign their own certificates keep metrics-server from ready until it is told to take them") {
    const auto world = booted("metrics");
    REQUIRE(sh(*world, "kubectl apply -f /usr/share/doc/metrics-server/examples/components.yaml").exitCode == 0);
    pass(*world, 2 * sim::kMinute);
    const auto logs = sh(*world, "kubectl -n kube-system logs -l k8s-app=metrics-server --tail=-1");
    INFO(logs.output + logs.error);
    CHECK(logs.output.find("\"Failed to scrape node\" err=\"Get \\\"https://172.30.0.11:10250/metrics/resource\\\": tls: failed to "
                           "verify certificate: x509: cannot validate certificate for 172.30.0.11 because it doesn't contain any IP "
                           "SANs\" node=\"node01\"") != std::string::npos);
}
