#include <catch2/catch.hpp>

#include "document/yaml.h"
#include "kubelet/backoff.h"
#include "kubelet/config.h"
#include "kubelet/environment.h"
#include "kubelet/pod_view.h"
#include "kubelet/prober.h"
#include "kubelet/status_builder.h"

using namespace sim::literals;
using document::Value;

namespace {
Value yaml(const char* text) { return *document::readYaml(text); }
} // namespace

TEST_CASE("the restart delay doubles up to five minutes and is forgotten after twice that time") {
    kubelet::Backoff backoff(10_s, 300_s);
    sim::Time now = 0;
    REQUIRE_FALSE(backoff.waitingSince("c", now, now));
    std::vector<sim::Duration> delays;
    for (int i = 0; i < 7; ++i) {
        backoff.next("c", now, now);
        delays.push_back(backoff.get("c"));
        REQUIRE(backoff.waitingSince("c", now, now + delays.back() - 1));
        REQUIRE_FALSE(backoff.waitingSince("c", now, now + delays.back()));
        now += delays.back();
    }
    REQUIRE(delays == std::vector<sim::Duration>{10_s, 20_s, 40_s, 80_s, 160_s, 300_s, 300_s});
    now += 601_s;
    backoff.next("c", now, now);
    REQUIRE(backoff.get("c") == 10_s);
}

TEST_CASE("the phase follows from container states, restart policy and init containers") {
    const Value pod = yaml("spec: {restartPolicy: Never, initContainers: [{name: i}], containers: [{name: a}, {name: b}]}");
    const auto phase = [&](const char* status) { return kubelet::podPhase(pod, yaml(status), false, false); };
    REQUIRE(phase("initContainerStatuses: [{name: i, state: {running: {}}}]") == "Pending");
    REQUIRE(phase("initContainerStatuses: [{name: i, state: {terminated: {exitCode: 1}}}]\n"
                  "containerStatuses: [{name: a, state: {waiting: {}}}, {name: b, state: {waiting: {}}}]") == "Failed");
    const char* done = "initContainerStatuses: [{name: i, state: {terminated: {exitCode: 0}}}]\n";
    const auto with = [&](const char* rest) { return kubelet::podPhase(pod, yaml((std::string(done) + rest).c_str()), false, false); };
    REQUIRE(with("containerStatuses: [{name: a, state: {running: {}}}, {name: b, state: {terminated: {exitCode: 0}}}]") == "Running");
    REQUIRE(with("containerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: b, state: {terminated: {exitCode: 0}}}]") == "Succeeded");
    REQUIRE(with("containerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: b, state: {terminated: {exitCode: 3}}}]") == "Failed");
}

TEST_CASE("quality of service is read from requests and limits") {
    REQUIRE(kubelet::qosClass(yaml("spec: {containers: [{name: a}]}")) == "BestEffort");
    REQUIRE(kubelet::qosClass(yaml("spec: {containers: [{name: a, resources: {requests: {cpu: 1}}}]}")) == "BestEffort");
    REQUIRE(kubelet::qosClass(yaml("spec: {containers: [{name: a, resources: {requests: {cpu: 100m}}}]}")) == "Burstable");
    REQUIRE(kubelet::qosClass(yaml("spec: {containers: [{name: a, resources: {limits: {cpu: '1', memory: 1Gi}, requests: "
                                   "{cpu: 1000m, memory: 1024Mi}}}]}")) == "Guaranteed");
}

TEST_CASE("a pod waits for its readiness gates") {
    const Value pod = yaml("metadata: {generation: 2}\nspec: {containers: [{name: a}], readinessGates: [{conditionType: x/y}]}");
    Value status = yaml("containerStatuses: [{name: a, ready: true, state: {running: {}}}]");
    const Value waiting = kubelet::readyCondition(pod, status);
    REQUIRE(waiting["status"].asString() == "False");
    REQUIRE(waiting["reason"].asString() == "ReadinessGatesNotReady");
    REQUIRE(waiting["observedGeneration"].asInt() == 2);
    status = status.with("conditions", yaml("[{type: x/y, status: 'True'}]"));
    REQUIRE(kubelet::readyCondition(pod, status)["status"].asString() == "True");
    const Value unready = kubelet::containersReadyCondition(pod, yaml("containerStatuses: [{name: a, ready: false}]"));
    REQUIRE(unready["message"].asString() == "containers with unready status: [a]");
}

TEST_CASE("a sandbox that is gone or not ready asks for the next attempt") {
    const Value pod = yaml("spec: {containers: [{name: a}]}");
    kubelet::RuntimePod runtime;
    std::uint32_t attempt = 9;
    std::string previous;
    REQUIRE(kubelet::sandboxChanged(pod, runtime, &attempt, &previous));
    REQUIRE(attempt == 0);
    ports::CriSandbox sandbox;
    sandbox.id = "s";
    sandbox.state = ports::CriSandboxState::Ready;
    sandbox.ips = {"10.244.1.2"};
    runtime.sandboxes = {sandbox};
    REQUIRE_FALSE(kubelet::sandboxChanged(pod, runtime, &attempt, &previous));
    runtime.sandboxes[0].state = ports::CriSandboxState::NotReady;
    REQUIRE(kubelet::sandboxChanged(pod, runtime, &attempt, &previous));
    REQUIRE(attempt == 1);
    REQUIRE(previous == "s");
}

TEST_CASE("variables are expanded as in container commands") {
    const kubelet::EnvList env{{"A", "1"}, {"B", "two"}};
    REQUIRE(kubelet::expandVariables("$(A)-$(B)-$(C)-$$(A)-$x", env) == "1-two-$(C)-$(A)-$x");
}

TEST_CASE("a named port that does not exist is Go's conversion error") {
    const Value container = yaml("ports: [{name: web, containerPort: 80}]");
    REQUIRE(*kubelet::resolvePort(Value("web"), container) == 80);
    REQUIRE(*kubelet::resolvePort(Value(8080), container) == 8080);
    REQUIRE(kubelet::resolvePort(Value("nope"), container).error().message == "strconv.Atoi: parsing \"nope\": invalid syntax");
}

TEST_CASE("the command line refuses unknown flags and takes values both ways") {
    REQUIRE(kubelet::parseCommandLine({"--nope=1"}).error().message == "failed to parse kubelet flag: unknown flag: --nope");
    const auto config = kubelet::parseCommandLine({"--config", "/a.yaml", "--kubeconfig=/k", "--node-labels=a=b,c=d", "--fail-swap-on=false"});
    REQUIRE(config.ok());
    REQUIRE(config->configFile == "/a.yaml");
    REQUIRE(config->nodeLabels.size() == 2);
    REQUIRE_FALSE(config->failSwapOn);
    REQUIRE(config->deprecationWarnings.size() == 1);
    kubelet::Config bad;
    bad.maxPods = -5;
    REQUIRE(kubelet::validate(bad).error().message ==
            "failed to validate kubelet configuration, error: invalid configuration: maxPods (--max-pods) -5 must not be a "
            "negative number, path: &TypeMeta{Kind:,APIVersion:,}");
}
