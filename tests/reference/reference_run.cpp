// The reference run: what a cluster does from seeds 1 to N, as numbers. Every compiler and every build
// type must print the same lines; `./lab determinism` compares them.
#include "cluster/facade.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

constexpr const char* kCommands[] = {
    "kubectl create deployment web --image=nginx:1.27 --replicas=3",
    "kubectl expose deployment web --port=80",
    "kubectl run once --image=busybox:1.36 --restart=Never -- sh -c 'for i in 1 2 3; do echo $RANDOM; done'",
    "kubectl create cronjob tick --image=busybox:1.36 --schedule='*/1 * * * *' -- date",
    "kubectl create token default | cut -d. -f2 | head -c 40",
    "sleep 20; curl -s $(kubectl get service web -o jsonpath='{.spec.clusterIP}') | head -3",
    "kubectl set image deployment/web nginx=nginx:1.99; sleep 30; kubectl rollout undo deployment/web",
    "ssh node01 systemctl stop kubelet; sleep 90; kubectl get nodes; ssh node01 systemctl start kubelet",
    "kubectl get all -A -o wide; kubectl get events -A --sort-by=.metadata.name; iptables-save",
};

// FNV-1a, to say whether two texts are the same.
std::uint64_t hashOf(std::string_view text, std::uint64_t hash) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

int run(std::uint64_t seed) {
    auto made = cluster::Cluster::create(*cluster::builtinBlueprint("bench"), seed);
    if (!made.ok() || !(*made)->boot().ok()) return std::puts("the cluster does not boot"), 1;
    cluster::Cluster& world = **made;
    std::printf("%" PRIu64 " boot %016" PRIx64 "\n", seed, world.kernel().fingerprint());
    std::uint64_t output = 0xcbf29ce484222325U;
    for (const char* command : kCommands) {
        const auto answer = world.run("reference", "controlplane", command);
        output = hashOf(answer.error, hashOf(answer.output, output));
    }
    std::printf("%" PRIu64 " end %016" PRIx64 " events %" PRIu64 " revision %" PRIu64 " output %016" PRIx64 "\n", seed,
                world.kernel().fingerprint(), world.kernel().eventCount(), world.revision(), output);
    return 0;
}

} // namespace

int main(int count, char** words) {
    const std::uint64_t last = count > 1 ? std::strtoull(words[1], nullptr, 10) : 3;
    for (std::uint64_t seed = 1; seed <= last; ++seed)
        if (run(seed) != 0) return 1;
    return 0;
}
