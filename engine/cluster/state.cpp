#include "cluster/state.h"

#include "cluster/node_files.h"
#include "cluster/programs/control_plane.h"
#include "api/quantity.h"
#include "kubectl/cli/complete.h"
#include "kubectl/programs.h"
#include "kubelet/programs.h"
#include "network/programs.h"
#include "runtime/programs.h"
#include "shell/programs.h"
#include "tools/crictl/programs.h"
#include "tools/net/programs.h"
#include "tools/system/programs.h"

#include <algorithm>

namespace cluster {
namespace {

std::int64_t bytesOf(const std::string& quantity, std::int64_t fallback) {
    const auto parsed = api::Quantity::parse(quantity);
    return parsed ? parsed->value() : fallback;
}

// Besides the blueprint's, what kubeadm pulls for its version; only a control-plane node pulls the
// images of the control plane.
std::vector<std::string> imagesOf(const Blueprint& blueprint, bool controlPlane) {
    std::vector<std::string> images = blueprint.images;
    const std::string registry = "registry.k8s.io/", version = ":" + blueprint.kubernetesVersion;
    if (controlPlane) {
        for (const char* name : {"kube-apiserver", "kube-controller-manager", "kube-scheduler"})
            images.push_back(registry + name + version);
        images.push_back(registry + "etcd:3.6.6-0");
    }
    images.push_back(registry + "kube-proxy" + version);
    for (const char* name : {"coredns/coredns:v1.13.1", "pause:3.10.1"}) images.push_back(registry + name);
    if (hasAddon(blueprint, "metrics-server")) images.emplace_back(kMetricsServerImage);
    return images;
}

bool knowsImage(const std::vector<std::string>& images, std::string_view name) {
    return std::find(images.begin(), images.end(), name) != images.end();
}

// Every host knows the way to the pods of the others, as the bridge CNI needs it.
void addPodRoutes(const Blueprint& blueprint, const NodeBlueprint& own, network::Namespace& space) {
    for (const auto& other : blueprint.nodes) {
        const auto prefix = base::IpPrefix::parse(other.podCIDR);
        if (other.name == own.name || !prefix) continue;
        network::Route route;
        route.destination = *prefix;
        route.via = *base::IpAddress::parse(other.address);
        route.device = "eth0";
        (void)space.addRoute(std::move(route));
    }
}

} // namespace

Cluster::State::State(Blueprint given, std::uint64_t seed)
    : blueprint(std::move(given)), kernel(seed, blueprint.startsAt != 0 ? blueprint.startsAt : sim::Kernel::kDefaultEpoch), etcds(kernel), images(kernel), fabric(kernel), scope(kernel) {
    registry.add("etcd", etcdProgram(etcds), "");
    registry.add("kube-apiserver", apiServerProgram(etcds), "");
    registry.add("kube-controller-manager", controllerManagerProgram(), "");
    registry.add("kube-scheduler", schedulerProgram(), "");
    registry.add("metrics-server", metricsServerProgram(), "");
    registry.add("etcdutl", etcdutlProgram(etcds));
    registry.addAll(network::programs(), "");
    for (auto& item : runtime::programs(runtimes))
        registry.add(item.name, item.program, item.name == "containerd" ? "/usr/bin" : "");
    registry.addAll(kubelet::programs(runtimes));
    registry.addAll(shell::shellPrograms(kubectl::completionProviders()));
    registry.addAll(kubectl::programs());
    registry.addAll(tools::net::programs());
    registry.addAll(tools::crictl::programs(runtimes));
    registry.addAll(tools::system::programs());
    secrets = kubeadm::makeSecrets(kernel);
    const machine::InodePtr base = makeNodeBase(registry, kernel.unixNow());
    for (const auto& item : blueprint.nodes) {
        machine::MachineSpec spec;
        spec.name = item.name;
        spec.cpus = item.cpus;
        spec.memoryBytes = bytesOf(item.memory, 4LL << 30);
        spec.base = base;
        if (const auto& version = blueprint.extra["kernelVersion"]; version.isString()) spec.kernelVersion = version.text();
        nodes.push_back(std::make_unique<Node>(kernel, fabric, registry, runtimes, images, item, std::move(spec), 24,
                                               imagesOf(blueprint, item.controlPlane), blueprint.extra["online"].asBool()));
        Node& node = *nodes.back();
        writeNodeFiles(*node.machine().files(), blueprint, item);
        if (item.controlPlane && knowsImage(imagesOf(blueprint, true), kMetricsServerImage))
            writeAddonExamples(*node.machine().files());
        if (item.controlPlane) kubeadm::writeControlPlaneFiles(kernel, secrets, blueprint, node);
        kubeadm::writeKubeletFiles(kernel, secrets, blueprint, node);
        addPodRoutes(blueprint, item, node.space());
        for (const char* name : {"net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"})
            node.space().setSysctl(name, "1");
    }
}

Cluster::State::~State() {
    scope.cancel();
    logins.clear();
    for (const auto& node : nodes) node->machine().powerOff();
}

Node* Cluster::State::find(std::string_view name) {
    for (const auto& node : nodes)
        if (node->blueprint().name == name || node->blueprint().address == name) return node.get();
    return nullptr;
}

Node& Cluster::State::firstControlPlane() {
    return *find(cluster::firstControlPlane(blueprint).name);
}

void Cluster::State::record(std::string kind, std::string target, std::string data) {
    const Moment now{kernel.now(), kernel.eventCount(), kernel.fingerprint()};
    journal.push_back({now, std::move(kind), std::move(target), std::move(data)});
}

} // namespace cluster
