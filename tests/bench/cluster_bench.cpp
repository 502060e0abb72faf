// What a learner waits for: the boot of the default lab and kubectl over a thousand pods.

#include "cluster/facade.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

std::unique_ptr<cluster::Cluster> booted(std::uint64_t seed) {
    const auto blueprint = cluster::builtinBlueprint("bench");
    auto world = cluster::Cluster::create(*blueprint, seed);
    if (!world.ok() || !(*world)->boot().ok()) std::abort();
    return std::move(*world);
}

void bootDefaultLab(benchmark::State& state) {
    std::uint64_t seed = 1;
    for (auto _ : state) benchmark::DoNotOptimize(booted(seed++));
}
BENCHMARK(bootDefaultLab)->Unit(benchmark::kMillisecond);

#ifdef TIMONEL_PROGRAM
// A fresh process from its start to its first answer.
void freshBatch(benchmark::State& state) {
    for (auto _ : state) {
        FILE* program = popen("echo '{\"run\": \"true\"}' | " TIMONEL_PROGRAM " batch --blueprint bench", "r");
        char answer[256];
        if (program == nullptr || std::fgets(answer, sizeof answer, program) == nullptr) std::abort();
        state.PauseTiming(); // its end is not waited for
        pclose(program);
        state.ResumeTiming();
    }
}
BENCHMARK(freshBatch)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
#endif

// `kubectl get pods` of 1,000 pods in one namespace, from the command line to its output.
void getThousandPods(benchmark::State& state) {
    const auto world = booted(1);
    world->run("bench", "controlplane",
               "for i in $(seq 1000); do printf -- '---\\napiVersion: v1\\nkind: Pod\\nmetadata: {name: p%d}\\n"
               "spec: {nodeName: nowhere, containers: [{name: c, image: nginx}]}\\n' $i; done | kubectl create -f - >/dev/null");
    std::vector<double> times;
    for (auto _ : state) {
        const auto start = std::chrono::steady_clock::now();
        const auto out = world->run("bench", "controlplane", "kubectl get pods");
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(took.count());
        times.push_back(took.count());
        state.counters["bytes"] = static_cast<double>(out.output.size());
    }
    std::sort(times.begin(), times.end());
    state.counters["p99_ms"] = times[times.size() * 99 / 100] * 1000;
}
BENCHMARK(getThousandPods)->UseManualTime()->Unit(benchmark::kMillisecond);

} // namespace
