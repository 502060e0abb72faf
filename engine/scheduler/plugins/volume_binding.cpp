#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "api/status.h"
#include "base/strings.h"
#include "client/resources.h"
#include "scheduler/plugins/plugins.h"

#include <algorithm>

namespace scheduler {
namespace {

using document::Value;

constexpr sim::Duration kBindTimeout = 600 * sim::kSecond;
constexpr sim::Duration kPoll = sim::kSecond;
constexpr const char* kNotFound =
    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

struct Choice {
    std::vector<std::pair<Value, Value>> bind; // claim, volume
    std::vector<Value> provision;              // claims
};
struct BindingState : StateData {
    std::vector<Value> bound, delayed;
    mutable std::map<std::string, Choice> perNode;
};

// Claims of WaitForFirstConsumer classes are bound when their first pod is placed.
class VolumeBinding : public Plugin {
public:
    explicit VolumeBinding(const Env& env) : env_(env) {}
    const char* name() const override { return "VolumeBinding"; }
    bool filters() const override { return true; }

    Status preFilter(CycleState& state, const PodInfo& pod, const Snapshot&, NodeNames&) override {
        const std::vector<api::PodClaim> claims = api::claimsOf(pod.pod);
        if (claims.empty()) return {Code::Skip, {}, {}};
        auto data = std::make_shared<BindingState>();
        bool immediate = false;
        for (const api::PodClaim& item : claims) {
            const Value& claim = env_.lister.get(Kind::PersistentVolumeClaim,
                                                 api::namespaceOf(pod.pod) + "/" + item.name);
            if (claim.isNull())
                return Status::unresolvable(item.ephemeral
                                                ? "waiting for ephemeral volume controller to "
                                                  "create the persistentvolumeclaim " +
                                                      base::quoteGo(item.name)
                                                : "persistentvolumeclaim " +
                                                      base::quoteGo(item.name) + " not found");
            if (claim.at("status", "phase").asString() == "Lost")
                return Status::unresolvable(
                    "persistentvolumeclaim " + base::quoteGo(item.name) +
                    " bound to non-existent persistentvolume " +
                    base::quoteGo(claim.at("spec", "volumeName").asString()));
            if (api::isDeleting(claim))
                return Status::unresolvable("persistentvolumeclaim " + base::quoteGo(item.name) +
                                            " is being deleted");
            if (api::claimFullyBound(claim))
                data->bound.push_back(claim);
            else if (delayed(claim) && claim.at("spec", "volumeName").asString().empty())
                data->delayed.push_back(claim);
            else
                immediate = true;
        }
        if (immediate)
            return Status::unresolvable("pod has unbound immediate PersistentVolumeClaims");
        state.put(name(), std::move(data));
        return {};
    }

    Status filter(const CycleState& state, const PodInfo&, const NodeInfo& node) override {
        const BindingState* data = state.get<BindingState>(name());
        for (const Value& claim : data->bound) {
            const Value& volume =
                env_.lister.get(Kind::PersistentVolume, claim.at("spec", "volumeName").asString());
            if (volume.isNull()) return Status::unresolvable(kNotFound);
            if (!api::volumeFitsNode(volume, node.node))
                return Status::unresolvable(
                    "node(s) didn't match PersistentVolume's node affinity");
        }
        if (data->delayed.empty()) return {};
        Choice choice;
        std::vector<std::string> taken = reserved();
        const std::vector<const Value*> volumes = env_.lister.list(Kind::PersistentVolume);
        for (const Value& claim : data->delayed) {
            const std::string selected(
                api::annotationOf(claim, "volume.kubernetes.io/selected-node"));
            if (!selected.empty()) {
                if (selected != node.name)
                    return Status::unresolvable(
                        "node(s) didn't match PersistentVolume's node affinity");
                choice.provision.push_back(claim);
                continue;
            }
            const Value& volume = api::findMatchingVolume(claim, volumes, node.node, taken, true);
            if (!volume.isNull()) {
                taken.push_back(api::nameOf(volume));
                choice.bind.emplace_back(claim, volume);
            } else if (provisionable(claim, node.node)) {
                choice.provision.push_back(claim);
            } else {
                return Status::unresolvable(
                    "node(s) didn't find available persistent volumes to bind");
            }
        }
        data->perNode[node.name] = std::move(choice);
        return {};
    }

    Status reserve(CycleState& state, const PodInfo&, const NodeInfo& node) override {
        for (const std::string& volume : volumesFor(state, node.name)) ++reserved_[volume];
        return {};
    }
    void unreserve(CycleState& state, const PodInfo&, const NodeInfo& node) override {
        for (const std::string& volume : volumesFor(state, node.name)) reserved_.erase(volume);
    }

    sim::Task<Status> preBind(std::shared_ptr<CycleState> state, PodPtr,
                              std::string node) override {
        const BindingState* data = state->get<BindingState>(name());
        if (data == nullptr || data->delayed.empty() || env_.client == nullptr) co_return Status();
        const auto place = data->perNode.find(node);
        if (place == data->perNode.end()) co_return Status();
        const Choice choice = place->second;
        for (const auto& [claim, volume] : choice.bind) {
            Value reference =
                Value::object({{"kind", "PersistentVolumeClaim"},
                               {"namespace", claim.at("metadata", "namespace")},
                               {"name", claim.at("metadata", "name")},
                               {"uid", claim.at("metadata", "uid")},
                               {"apiVersion", "v1"},
                               {"resourceVersion", claim.at("metadata", "resourceVersion")}});
            Value bound = volume.withPath({"spec", "claimRef"}, std::move(reference));
            bound = bound.withPath(
                {"metadata", "annotations", "pv.kubernetes.io/bound-by-controller"}, "yes");
            auto written =
                co_await env_.client->update(client::persistentVolumesResource(), "", bound);
            if (!written.ok())
                co_return Status::error("binding volumes: " + written.error().message);
        }
        for (const Value& claim : choice.provision) {
            Value chosen = claim.withPath(
                {"metadata", "annotations", "volume.kubernetes.io/selected-node"}, node);
            if (chosen == claim) continue;
            auto written = co_await env_.client->update(client::persistentVolumeClaimsResource(),
                                                        api::namespaceOf(claim), chosen);
            if (!written.ok())
                co_return Status::error("binding volumes: " + written.error().message);
        }
        const sim::Time deadline = env_.kernel.now() + kBindTimeout;
        std::vector<std::string> keys;
        for (const Value& claim : data->delayed) keys.push_back(api::keyOf(claim));
        while (env_.kernel.now() < deadline) {
            bool all = true;
            for (const std::string& key : keys)
                all =
                    all && api::claimFullyBound(env_.lister.get(Kind::PersistentVolumeClaim, key));
            if (all) co_return Status();
            co_await sim::sleepFor(env_.kernel, kPoll);
        }
        co_return Status::error("binding volumes: context deadline exceeded");
    }

    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        switch (event.event) {
        case Event::Claim: {
            for (const api::PodClaim& claim : api::claimsOf(pod.pod))
                if (api::namespaceOf(pod.pod) + "/" + claim.name == api::keyOf(event.current))
                    return true;
            return false;
        }
        case Event::Volume:
        case Event::StorageClass:
        case Event::CsiNode:
        case Event::NodeAdd:
        case Event::NodeLabels: return true;
        default: return false;
        }
    }

private:
    bool delayed(const Value& claim) const {
        const std::string wanted = api::claimClass(claim);
        if (wanted.empty()) return false;
        return env_.lister.get(Kind::StorageClass, wanted)["volumeBindingMode"].asString() ==
               "WaitForFirstConsumer";
    }

    bool provisionable(const Value& claim, const Value& node) const {
        const Value& storageClass = env_.lister.get(Kind::StorageClass, api::claimClass(claim));
        const std::string_view provisioner = storageClass["provisioner"].asString();
        if (provisioner.empty() || provisioner == "kubernetes.io/no-provisioner") return false;
        const Value& allowed = storageClass["allowedTopologies"];
        if (allowed.size() == 0) return true;
        for (const Value& term : allowed.items()) {
            bool all = true;
            for (const Value& expression : term["matchLabelExpressions"].items()) {
                bool found = false;
                for (const Value& value : expression["values"].items())
                    found = found ||
                            api::labelOf(node, expression["key"].asString()) == value.asString();
                all = all && found;
            }
            if (all) return true;
        }
        return false;
    }

    std::vector<std::string> volumesFor(const CycleState& state, const std::string& node) const {
        std::vector<std::string> out;
        const BindingState* data = state.get<BindingState>(name());
        if (data == nullptr) return out;
        const auto place = data->perNode.find(node);
        if (place == data->perNode.end()) return out;
        for (const auto& [claim, volume] : place->second.bind) out.push_back(api::nameOf(volume));
        return out;
    }
    // Volumes promised to pods that are being bound.
    std::vector<std::string> reserved() const {
        std::vector<std::string> out;
        for (const auto& [volume, count] : reserved_) {
            const Value& object = env_.lister.get(Kind::PersistentVolume, volume);
            if (object.at("spec", "claimRef").isNull()) out.push_back(volume);
        }
        return out;
    }

    Env env_;
    std::map<std::string, int> reserved_;
};

} // namespace

PluginPtr makeVolumeBinding(const Env& env) { return std::make_unique<VolumeBinding>(env); }

} // namespace scheduler
