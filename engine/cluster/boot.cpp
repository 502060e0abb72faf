// Bringing a cluster up: power, kubeadm's remaining steps, waiting until it is usable.
#include "base/strings.h"
#include "client/kubeconfig.h"
#include "cluster/node_files.h"
#include "cluster/state.h"
#include "network/dns/resolver.h"

namespace cluster {
namespace {

using document::Value;

constexpr sim::Duration kBootLimit = 15 * sim::kMinute;

bool conditionTrue(const Value& object, std::string_view type) {
    for (const auto& condition : object.at("status", "conditions").items())
        if (condition["type"].asString() == type) return condition["status"].asString() == "True";
    return false;
}

} // namespace

struct Boot {
    Cluster* cluster;
    Blueprint blueprint;
    Node* first;
    std::vector<Node*> others;
    std::string authority;
    bool done = false;

    static sim::Task<void> kubeadmSteps(std::shared_ptr<Boot> self);
    static sim::Task<void> watch(std::shared_ptr<Boot> self);
    bool settled() const;
};

sim::Task<void> Boot::kubeadmSteps(std::shared_ptr<Boot> self) {
    machine::Machine& machine = self->first->machine();
    sim::Kernel& kernel = machine.kernel();
    auto admin = client::loadKubeconfig(*machine.files(), "/etc/kubernetes/super-admin.conf");
    if (!admin.ok()) co_return;
    const std::string own = self->first->blueprint().name;
    co_await kubeadm::makeObjects(kernel, machine.network(), *admin, self->blueprint, self->authority);
    co_await kubeadm::waitForNode(kernel, machine.network(), *admin, own);
    for (Node* other : self->others) {
        other->machine().powerOn();
        const std::string name = other->blueprint().name;
        co_await kubeadm::waitForNode(kernel, machine.network(), *admin, name);
    }
}

bool Boot::settled() const {
    const auto nodes = cluster->objects("", "nodes");
    if (nodes.size() != blueprint.nodes.size()) return false;
    for (const auto& node : nodes) {
        if (!conditionTrue(node, "Ready")) return false;
        for (const auto& taint : node.at("spec", "taints").items())
            if (taint["key"].asString() == "node.kubernetes.io/not-ready") return false;
    }
    const auto pods = cluster->objects("", "pods", "kube-system");
    // Four of the control plane, one kube-proxy per node, two of CoreDNS.
    std::size_t expected = 2 + nodes.size();
    for (const auto& node : blueprint.nodes) expected += node.controlPlane ? 4 : 0;
    if (pods.size() < expected) return false;
    for (const auto& pod : pods)
        if (!conditionTrue(pod, "Ready")) return false;
    return true;
}

sim::Task<void> Boot::watch(std::shared_ptr<Boot> self) {
    network::Namespace& space = self->first->space();
    sim::Kernel& kernel = self->first->machine().kernel();
    const base::Endpoint server{*base::IpAddress::parse(serviceAddress(self->blueprint, 10)), 53};
    const std::string name = "kubernetes.default.svc." + self->blueprint.dnsDomain + ".";
    while (true) {
        co_await sim::sleepFor(kernel, 500 * sim::kMillisecond);
        if (!self->settled()) continue;
        const auto answer = co_await network::dns::ask(kernel, space, server, name, network::dns::RecordType::A,
                                                       2 * sim::kSecond);
        if (answer.ok() && !answer->answers.empty()) break;
    }
    self->done = true;
}

base::Status Cluster::boot() {
    State& state = *state_;
    auto boot = std::make_shared<Boot>();
    boot->cluster = this;
    boot->blueprint = state.blueprint;
    boot->authority = pki::writeCertificatePem(*state.secrets.kubernetes.certificate);
    boot->first = &state.firstControlPlane();
    for (const auto& node : state.nodes)
        if (node.get() != boot->first) boot->others.push_back(node.get());
    boot->first->machine().powerOn();
    state.scope.spawn(Boot::kubeadmSteps(boot), "kubeadm");
    state.scope.spawn(Boot::watch(boot), "boot");
    const sim::Duration limit = state.blueprint.extra["bootLimitSeconds"].isInt()
                                    ? state.blueprint.extra["bootLimitSeconds"].asInt() * sim::kSecond
                                    : kBootLimit;
    state.kernel.runWhile([boot] { return !boot->done; }, state.kernel.now() + limit);
    if (!boot->done) return base::makeError("the cluster did not come up in " + sim::formatGoDuration(limit));
    return base::okStatus();
}

} // namespace cluster
