// Memory and time of what happens to every pod: stamping from a template and status patches.

#include "document/json.h"
#include "document/yaml.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <malloc.h>

namespace {
using document::Value;

constexpr const char* kTemplate = R"(
metadata: {labels: {app: web, tier: front}, annotations: {team: shop}}
spec:
  containers:
  - name: web
    image: nginx:1.27
    ports: [{containerPort: 80, protocol: TCP}]
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 128Mi}}
    env: [{name: MODE, value: production}]
    volumeMounts: [{name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}]
    readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 10}
  volumes: [{name: token, projected: {sources: [{serviceAccountToken: {expirationSeconds: 3607, path: token}}]}}]
  restartPolicy: Always
  serviceAccountName: default
  tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]
)";

Value status(int i) {
    const auto condition = [](const char* type) {
        return Value::object({{"type", type}, {"status", "True"}, {"lastTransitionTime", "2026-03-02T09:00:00Z"}, {"observedGeneration", 1}});
    };
    const Value container = Value::object({{"name", "web"}, {"ready", true}, {"restartCount", 0}, {"started", true}, {"image", "docker.io/library/nginx:1.27"},
                                           {"imageID", "docker.io/library/nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
                                           {"containerID", "containerd://" + std::to_string(i)},
                                           {"state", Value::object({{"running", Value::object({{"startedAt", "2026-03-02T09:00:00Z"}})}})}});
    return Value::object({{"phase", "Running"}, {"podIP", "10.244.1." + std::to_string(i % 250)}, {"hostIP", "172.30.0.11"},
                          {"conditions", Value::array({condition("Initialized"), condition("Ready"), condition("ContainersReady"), condition("PodScheduled")})},
                          {"containerStatuses", Value::array({container})}});
}

Value stamp(const Value& tmpl, int i) {
    return tmpl.withPath({"metadata", "name"}, "web-" + std::to_string(i)).withPath({"metadata", "uid"}, "uid-" + std::to_string(i)).with("status", status(i));
}

void bytesPerPod(benchmark::State& state) {
    const Value tmpl = *document::readYaml(kTemplate);
    constexpr int kPods = 10'000;
    for (auto _ : state) {
        std::vector<Value> pods;
        pods.reserve(kPods);
        const auto before = mallinfo2().uordblks;
        for (int i = 0; i < kPods; ++i) pods.push_back(stamp(tmpl, i));
        state.counters["bytes_per_pod"] = static_cast<double>(mallinfo2().uordblks - before) / kPods;
    }
}
BENCHMARK(bytesPerPod)->Iterations(1);

void statusPatch(benchmark::State& state) {
    const Value pod = stamp(*document::readYaml(kTemplate), 1);
    bool on = false;
    for (auto _ : state) benchmark::DoNotOptimize(pod.withPath({"status", "phase"}, (on = !on) ? "Running" : "Pending"));
}
BENCHMARK(statusPatch);

void statusPatchByText(benchmark::State& state) { // the baseline: through JSON text
    const std::string text = document::writeJson(stamp(*document::readYaml(kTemplate), 1));
    for (auto _ : state) benchmark::DoNotOptimize(document::writeJson(document::readJson(text)->withPath({"status", "phase"}, "Pending")));
}
BENCHMARK(statusPatchByText);

} // namespace
