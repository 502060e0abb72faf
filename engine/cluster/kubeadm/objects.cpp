// The objects that kubeadm creates through the API server.
#include "api/kinds.h"
#include "api/status.h"
#include "base/assets.h"
#include "base/strings.h"
#include "client/resources.h"
#include "cluster/kubeadm/kubeadm.h"
#include "cluster/node_files.h"
#include "document/yaml.h"

#include <algorithm>

namespace cluster::kubeadm {
namespace {

using document::Value;

constexpr sim::Duration kPoll = 500 * sim::kMillisecond;

// "apps/v1", "DaemonSet" -> the resource that takes it.
client::Resource resourceOf(const Value& object, bool& namespaced) {
    const std::string version = object["apiVersion"].text();
    const std::size_t slash = version.find('/');
    const std::string group = slash == std::string::npos ? "" : version.substr(0, slash);
    const std::string rest = slash == std::string::npos ? version : version.substr(slash + 1);
    const auto* info = api::builtinKinds().findByKind(group, rest, object["kind"].asString());
    BASE_ASSERT(info != nullptr);
    namespaced = info->namespaced;
    return {group, rest, info->plural};
}

sim::Task<void> createUntilAccepted(client::Client& client, Value object) {
    bool namespaced = true;
    const client::Resource resource = resourceOf(object, namespaced);
    const std::string ns = namespaced ? object.at("metadata", "namespace").text() : std::string();
    while (true) {
        const auto created = co_await client.create(resource, ns, object);
        if (created.ok() || api::isAlreadyExists(created.error())) co_return;
        if (api::isNotFound(created.error()) || created.error().code == 0 || created.error().code == 403 ||
            created.error().code >= 500) {
            co_await sim::sleepFor(client.kernel(), kPoll);
            continue;
        }
        client.kernel().trace().record(client.kernel().now(), "fault",
                                       "kubeadm: " + created.error().message, resource.plural);
        co_return;
    }
}

// kubeadm's kubelets sign their own certificates, which metrics-server must be told to take.
Value withoutKubeletChecks(const Value& object) {
    if (object["kind"].asString() != "Deployment") return object;
    const Value& spec = object.at("spec", "template", "spec");
    const Value& container = spec["containers"][0];
    const Value changed = container.with("args", container["args"].appended("--kubelet-insecure-tls"));
    return object.withPath({"spec", "template", "spec", "containers"}, spec["containers"].withItem(0, changed));
}

std::vector<Value> assetObjects(const Blueprint& blueprint) {
    std::vector<Value> objects;
    for (const auto& path : base::assetPaths("cluster/objects/")) {
        const auto stream = document::readYamlStream(fillTemplate(base::asset(path), blueprint, nullptr), path);
        BASE_ASSERT(stream.ok());
        for (const auto& item : *stream) objects.push_back(item.value);
    }
    if (hasAddon(blueprint, "metrics-server")) {
        const std::string path = "cluster/addons/metrics-server.yaml";
        const auto stream = document::readYamlStream(base::asset(path), path);
        BASE_ASSERT(stream.ok());
        for (const auto& item : *stream) objects.push_back(withoutKubeletChecks(item.value));
    }
    return objects;
}

// What a joining node may read without credentials. Source: kubeadm app/phases/bootstraptoken.
Value clusterInfo(const Blueprint& blueprint, const std::string& authorityPem) {
    const std::string text = "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: " +
                             base::encodeBase64(authorityPem) + "\n    server: https://" +
                             firstControlPlane(blueprint).address +
                             ":6443\n  name: \"\"\ncontexts: null\ncurrent-context: \"\"\nkind: Config\nusers: null\n";
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "ConfigMap"},
                          {"metadata", Value::object({{"name", "cluster-info"}, {"namespace", "kube-public"}})},
                          {"data", Value::object({{"kubeconfig", text}})}});
}

Value bootstrapToken(sim::Kernel& kernel) {
    static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    sim::Random& random = kernel.random("kubeadm/token");
    const auto draw = [&](int length) {
        std::string out;
        for (int i = 0; i < length; ++i) out += kAlphabet[random.below(kAlphabet.size())];
        return out;
    };
    const std::string id = draw(6);
    const std::string secret = draw(16);
    const auto data = [](std::string_view text) { return Value(base::encodeBase64(text)); };
    return Value::object(
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"type", "bootstrap.kubernetes.io/token"},
         {"metadata", Value::object({{"name", "bootstrap-token-" + id}, {"namespace", "kube-system"}})},
         {"data", Value::object({{"token-id", data(id)},
                                 {"token-secret", data(secret)},
                                 {"description", data("The default bootstrap token generated by 'kubeadm init'.")},
                                 {"expiration", data(sim::formatRfc3339(kernel.unixNow() + 24 * sim::kHour))},
                                 {"auth-extra-groups", data("system:bootstrappers:kubeadm:default-node-token")},
                                 {"usage-bootstrap-authentication", data("true")},
                                 {"usage-bootstrap-signing", data("true")}})}});
}

sim::Task<void> markControlPlane(client::Client& client, std::string name) {
    const Value labels = Value::object({{"node-role.kubernetes.io/control-plane", ""},
                                        {"node.kubernetes.io/exclude-from-external-load-balancers", ""}});
    const Value taint = Value::object({{"key", "node-role.kubernetes.io/control-plane"}, {"effect", "NoSchedule"}});
    const client::Resource nodes = client::nodesResource();
    const std::string none, mergePatch = "application/merge-patch+json";
    while (true) {
        const auto node = co_await client.get(nodes, none, name);
        if (node.ok()) {
            Value taints = node->at("spec", "taints");
            const auto& items = taints.items();
            const bool there = std::any_of(items.begin(), items.end(), [&](const Value& item) {
                return item["key"].asString() == taint["key"].asString();
            });
            if (!there) taints = taints.appended(taint);
            const Value patch = Value::object({{"metadata", Value::object({{"labels", labels}})},
                                               {"spec", Value::object({{"taints", taints}})}});
            const auto patched =
                co_await client.patch(nodes, none, name, mergePatch, patch);
            if (patched.ok()) co_return;
        }
        co_await sim::sleepFor(client.kernel(), kPoll);
    }
}

} // namespace

sim::Task<void> waitForNode(sim::Kernel& kernel, ports::NetStack& network, client::Config admin, std::string name) {
    admin.userAgent = "kubeadm/v1.35.4";
    client::Client client(kernel, network, std::move(admin));
    const client::Resource nodes = client::nodesResource();
    const std::string none;
    while (true) {
        const auto node = co_await client.get(nodes, none, name);
        if (node.ok()) co_return;
        co_await sim::sleepFor(kernel, kPoll);
    }
}

sim::Task<void> makeObjects(sim::Kernel& kernel, ports::NetStack& network, client::Config admin,
                            Blueprint blueprint, std::string authorityPem) {
    admin.userAgent = "kubeadm/v1.35.4";
    client::Client client(kernel, network, std::move(admin));
    std::vector<Value> objects = assetObjects(blueprint);
    objects.push_back(clusterInfo(blueprint, authorityPem));
    objects.push_back(bootstrapToken(kernel));
    for (const auto& object : objects) {
        const Value item = object;
        co_await createUntilAccepted(client, item);
    }
    for (const auto& node : blueprint.nodes) {
        if (!node.controlPlane) continue;
        const std::string name = node.name;
        co_await markControlPlane(client, name);
    }
}

} // namespace cluster::kubeadm
