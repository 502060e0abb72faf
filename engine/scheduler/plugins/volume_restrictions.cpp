#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "api/quantity.h"
#include "base/strings.h"
#include "scheduler/plugins/plugins.h"

#include <algorithm>

namespace scheduler {
namespace {

using document::Value;

constexpr const char* kZoneLabels[] = {
    "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"};

std::set<std::string> claimKeys(const Value& pod) {
    std::set<std::string> out;
    for (const api::PodClaim& claim : api::claimsOf(pod))
        out.insert(api::namespaceOf(pod) + "/" + claim.name);
    return out;
}

// A ReadWriteOncePod claim that another pod uses.
class VolumeRestrictions : public Plugin {
public:
    explicit VolumeRestrictions(const Env& env) : lister_(env.lister) {}
    const char* name() const override { return "VolumeRestrictions"; }
    bool filters() const override { return true; }

    struct Exclusive : StateData {
        bool taken = false;
    };
    Status preFilter(CycleState& state, const PodInfo& pod, const Snapshot& all,
                     NodeNames&) override {
        std::set<std::string> exclusive;
        for (const std::string& key : claimKeys(pod.pod)) {
            const Value& claim = lister_.get(Kind::PersistentVolumeClaim, key);
            if (claim.isNull()) {
                const std::string claimName = api::splitKey(key).name;
                return Status::unresolvable("persistentvolumeclaim " + base::quoteGo(claimName) +
                                            " not found");
            }
            for (const Value& mode : claim.at("spec", "accessModes").items())
                if (mode.asString() == "ReadWriteOncePod") exclusive.insert(key);
        }
        if (exclusive.empty()) return {Code::Skip, {}, {}};
        auto data = std::make_shared<Exclusive>();
        for (const auto& node : all)
            for (const PodPtr& other : node->pods)
                for (const std::string& key : claimKeys(other->pod))
                    data->taken = data->taken || exclusive.contains(key);
        state.put(name(), std::move(data));
        return {};
    }
    Status filter(const CycleState& state, const PodInfo&, const NodeInfo&) override {
        if (!state.get<Exclusive>(name())->taken) return {};
        return Status::unschedulable(
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode "
            "already in-use by another pod");
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        if (event.event == Event::Claim)
            return claimKeys(pod.pod).contains(api::keyOf(event.current));
        if (event.event == Event::NodeAdd) return true;
        if (event.event != Event::AssignedPodDelete) return false;
        const std::set<std::string> own = claimKeys(pod.pod), gone = claimKeys(event.previous);
        return std::any_of(gone.begin(), gone.end(),
                           [&](const std::string& key) { return own.contains(key); });
    }

private:
    const Lister& lister_;
};

// The number of CSI volumes that a node's driver allows.
class NodeVolumeLimits : public Plugin {
public:
    explicit NodeVolumeLimits(const Env& env) : lister_(env.lister) {}
    const char* name() const override { return "NodeVolumeLimits"; }
    bool filters() const override { return true; }
    Status preFilter(CycleState&, const PodInfo& pod, const Snapshot&, NodeNames&) override {
        return api::claimsOf(pod.pod).empty() ? Status{Code::Skip, {}, {}} : Status{};
    }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        const Value& csiNode = lister_.get(Kind::CsiNode, node.name);
        if (csiNode.isNull()) return {};
        std::map<std::string, std::set<std::string>> wanted, used;
        collect(pod.pod, wanted);
        if (wanted.empty()) return {};
        for (const PodPtr& other : node.pods) collect(other->pod, used);
        for (const Value& driver : csiNode.at("spec", "drivers").items()) {
            const Value& count = driver.at("allocatable", "count");
            const auto place = wanted.find(driver["name"].text());
            if (!count.isInt() || place == wanted.end()) continue;
            std::set<std::string> all = used[place->first];
            const std::size_t before = all.size();
            all.insert(place->second.begin(), place->second.end());
            if (all.size() > before && static_cast<std::int64_t>(all.size()) > count.asInt())
                return Status::unschedulable("node(s) exceed max volume count");
        }
        return {};
    }
    bool wakes(const PodInfo&, const EventInfo& event) override {
        return event.event == Event::NodeAdd || event.event == Event::CsiNode ||
               event.event == Event::AssignedPodDelete || event.event == Event::Claim;
    }

private:
    void collect(const Value& pod, std::map<std::string, std::set<std::string>>& out) const {
        for (const std::string& key : claimKeys(pod)) {
            const Value& claim = lister_.get(Kind::PersistentVolumeClaim, key);
            const Value& volume =
                lister_.get(Kind::PersistentVolume, claim.at("spec", "volumeName").asString());
            const std::string driver = volume.at("spec", "csi", "driver").text();
            if (!driver.empty())
                out[driver].insert(volume.at("spec", "csi", "volumeHandle").text());
        }
    }
    const Lister& lister_;
};

// Volumes that carry zone labels fit only nodes of these zones.
class VolumeZone : public Plugin {
public:
    explicit VolumeZone(const Env& env) : lister_(env.lister) {}
    const char* name() const override { return "VolumeZone"; }
    bool filters() const override { return true; }
    Status preFilter(CycleState&, const PodInfo& pod, const Snapshot&, NodeNames&) override {
        return zones(pod.pod).empty() ? Status{Code::Skip, {}, {}} : Status{};
    }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        for (const auto& [label, values] : zones(pod.pod))
            if (!values.contains(node.label(label)))
                return Status::unresolvable("node(s) had no available volume zone");
        return {};
    }
    bool wakes(const PodInfo&, const EventInfo& event) override {
        return event.event == Event::NodeAdd || event.event == Event::NodeLabels ||
               event.event == Event::Claim || event.event == Event::Volume ||
               event.event == Event::StorageClass;
    }

private:
    std::map<std::string, std::set<std::string>> zones(const Value& pod) const {
        std::map<std::string, std::set<std::string>> out;
        for (const std::string& key : claimKeys(pod)) {
            const Value& claim = lister_.get(Kind::PersistentVolumeClaim, key);
            const Value& volume =
                lister_.get(Kind::PersistentVolume, claim.at("spec", "volumeName").asString());
            for (const char* label : kZoneLabels) {
                const std::string text(api::labelOf(volume, label));
                if (text.empty()) continue;
                for (std::string& zone : base::split(base::replaceAll(text, "__", ","), ','))
                    out[label].insert(std::move(zone));
            }
        }
        return out;
    }
    const Lister& lister_;
};

} // namespace

PluginPtr makeVolumeRestrictions(const Env& env) {
    return std::make_unique<VolumeRestrictions>(env);
}
PluginPtr makeNodeVolumeLimits(const Env& env) { return std::make_unique<NodeVolumeLimits>(env); }
PluginPtr makeVolumeZone(const Env& env) { return std::make_unique<VolumeZone>(env); }

} // namespace scheduler
