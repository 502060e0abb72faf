// Rules of the kubelet that show in the life of pods.

#include "pod_world.h"

using document::Value;
using World = test::PodWorld;

namespace {

std::string message(World& world, const char* name, const char* reason) {
    std::string out;
    for (const char* ns : {"default", ""})
        for (const Value& event : world.cluster->objects("", "events", ns))
            if (event.at("involvedObject", "name").asString() == name && event["reason"].asString() == reason)
                out = event["message"].text();
    return out;
}

// When the named pod shows so many restarts, to the hundredth of a second.
sim::Time restartSeen(World& world, const char* pod, std::int64_t count) {
    for (int i = 0; i < 6000 && world.container(pod)["restartCount"].asInt() < count; ++i)
        world.wait(10 * sim::kMillisecond);
    return world.cluster->kernel().now();
}

} // namespace

TEST_CASE("what containers do is noticed when the runtime is looked at, once a second") {
    World world;
    const char* pod = "{apiVersion: v1, kind: Pod, metadata: {name: NAME}, spec: {nodeName: node01, containers: [{name: c, "
                      "image: 'busybox:1.36', command: COMMAND}]}}";
    const auto make = [&](const char* name, const char* command) {
        world.create(base::replaceAll(base::replaceAll(pod, "NAME", name), "COMMAND", command).c_str());
    };
    make("fails", "[sh, -c, 'exit 3']");
    make("absent", "[nope]");
    const sim::Time first = restartSeen(world, "fails", 1);
    const sim::Time second = restartSeen(world, "absent", 1);
    const sim::Time third = restartSeen(world, "fails", 2);
    for (const sim::Time other : {second, third}) {
        const sim::Duration apart = (std::max(other, first) - std::min(other, first)) % sim::kSecond;
        CHECK((apart < 50 * sim::kMillisecond || apart > 950 * sim::kMillisecond));
    }
}

TEST_CASE("a start that failed stays the reason until the container has been tried again") {
    World world;
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: absent}, spec: {containers: [{name: c, image: 'busybox:1.36', "
                 "command: [nope]}]}}");
    restartSeen(world, "absent", 2);
    CHECK(world.waiting("absent") == "RunContainerError");
    world.wait(15 * sim::kSecond);
    CHECK(world.container("absent")["restartCount"].asInt() == 2);
    CHECK(world.waiting("absent") == "RunContainerError");
}

TEST_CASE("output of a probe's command is told as it came") {
    World world;
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: dead}, spec: {containers: [{name: c, image: 'busybox:1.36', "
                 "command: [sleep, '3600'], livenessProbe: {periodSeconds: 2, exec: {command: [cat, /tmp/ok]}}}]}}");
    world.wait(6 * sim::kSecond);
    CHECK(message(world, "dead", "Unhealthy") ==
          "Liveness probe failed: cat: can't open '/tmp/ok': No such file or directory\n");
}

TEST_CASE("commands of readiness probes are called off when their pod is to end") {
    World world;
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: stubborn}, spec: {terminationGracePeriodSeconds: 8, containers: "
                 "[{name: c, image: 'busybox:1.36', command: [sh, -c, 'trap : TERM; while true; do sleep 1; done'], "
                 "readinessProbe: {periodSeconds: 1, exec: {command: ['true']}}}]}}");
    world.wait(5 * sim::kSecond);
    CHECK(world.container("stubborn")["ready"].asBool());
    CHECK(world.request("DELETE", "/api/v1/namespaces/default/pods/stubborn").status == 200);
    world.wait(4 * sim::kSecond);
    CHECK(message(world, "stubborn", "Unhealthy") ==
          "Readiness probe errored and resulted in unknown state: rpc error: code = Canceled desc = context canceled");
    CHECK(world.container("stubborn")["ready"].asBool());
}

TEST_CASE("without a name server that answers a pull fails after the resolver's ten seconds") {
    World world;
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: typo}, spec: {containers: [{name: c, image: 'nginx:1.99'}]}}");
    world.wait(9 * sim::kSecond);
    CHECK(world.waiting("typo") == "ContainerCreating");
    world.wait(4 * sim::kSecond);
    CHECK(world.waiting("typo") == "ErrImagePull");
    const std::string text = world.container("typo").at("state", "waiting", "message").text();
    CHECK(text.find("lookup registry-1.docker.io on 10.255.255.53:53: read udp ") != std::string::npos);
    CHECK(text.ends_with("->10.255.255.53:53: i/o timeout"));
}

TEST_CASE("a node tells of its start") {
    World world;
    CHECK(message(world, "node01", "InvalidDiskCapacity") == "invalid capacity 0 on image filesystem");
    bool proxy = false;
    for (const Value& event : world.cluster->objects("", "events", "default"))
        proxy = proxy || (event.at("involvedObject", "name").asString() == "node02" &&
                          event["reportingComponent"].asString() == "kube-proxy" && event["reason"].asString() == "Starting");
    CHECK(proxy);
}

TEST_CASE("a kubelet shows the configuration that it works with, defaults included, in upstream's order") {
    World world;
    const auto answer = world.request("GET", "/api/v1/nodes/node01/proxy/configz");
    REQUIRE(answer.status == 200);
    CHECK(answer.body.starts_with("{\"kubeletconfig\":{\"enableServer\":true,\"staticPodPath\":\"/etc/kubernetes/manifests\","
                                  "\"podLogsDir\":\"/var/log/pods\",\"syncFrequency\":\"1m0s\","));
    const Value config = (*document::readYaml(answer.body))["kubeletconfig"];
    CHECK(config.at("authentication", "webhook", "cacheTTL").asString() == "2m0s");
    CHECK(config.at("authentication", "x509", "clientCAFile").asString() == "/etc/kubernetes/pki/ca.crt");
    CHECK(config.at("logging", "options", "json", "infoBufferSize").asString() == "0");
    CHECK(config.at("evictionHard", "memory.available").asString() == "100Mi");
    CHECK(config["clusterDNS"][0].asString() == "10.96.0.10");
    CHECK(config["failSwapOn"].isBool());
    CHECK_FALSE(config["failSwapOn"].asBool());
    CHECK(config["tlsCertFile"].asString() == "/var/lib/kubelet/pki/kubelet.crt");
    CHECK(config["memoryThrottlingFactor"].isNumber());
    CHECK(answer.body.ends_with("\"failCgroupV1\":false}}"));
}

TEST_CASE("a kubelet tells of running pods and of its probes") {
    World world;
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {nodeName: node01, containers: [{name: c, image: "
                 "'nginx:1.27', readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}, livenessProbe: {httpGet: "
                 "{path: /none, port: 80}, periodSeconds: 2, failureThreshold: 9}}]}}");
    world.wait(8 * sim::kSecond);
    const std::string uid = world.cluster->object("", "pods", "default", "web").at("metadata", "uid").text();
    const auto running = world.request("GET", "/api/v1/nodes/node01/proxy/runningpods/");
    CHECK(running.body.find("{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":\"" + uid +
                            "\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"sha256:") != std::string::npos);
    const auto probes = world.request("GET", "/api/v1/nodes/node01/proxy/metrics/probes");
    const std::string labels = "prober_probe_total{container=\"c\",namespace=\"default\",pod=\"web\",pod_uid=\"" + uid + "\",";
    CHECK(probes.body.find(labels + "probe_type=\"Readiness\",result=\"successful\"} ") != std::string::npos);
    CHECK(probes.body.find(labels + "probe_type=\"Liveness\",result=\"failed\"} ") != std::string::npos);
    const auto resources = world.request("GET", "/api/v1/nodes/node01/proxy/metrics/resource");
    CHECK(resources.body.find("\ncontainer_memory_working_set_bytes{container=\"c\"") != std::string::npos);
    CHECK(resources.body.find("# HELP container_swap_usage_bytes [ALPHA] ") != std::string::npos);
}
