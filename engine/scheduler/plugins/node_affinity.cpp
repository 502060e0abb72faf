#include "api/objects/meta.h"
#include "api/objects/volume.h"
#include "scheduler/plugins/plugins.h"

namespace scheduler {
namespace {

using document::Value;

const Value& affinityOf(const PodInfo& pod) {
    return pod.pod.at("spec", "affinity", "nodeAffinity");
}
const Value& requiredOf(const PodInfo& pod) {
    return affinityOf(pod)["requiredDuringSchedulingIgnoredDuringExecution"];
}

bool matches(const PodInfo& pod, const Value& node) {
    for (const document::Member& member : pod.pod.at("spec", "nodeSelector").members())
        if (!(api::labelsOf(node)[member.key] == member.value)) return false;
    const Value& required = requiredOf(pod);
    return required.isNull() || api::nodeSelectorMatches(required, node);
}

class NodeAffinity : public Plugin {
public:
    const char* name() const override { return "NodeAffinity"; }
    std::int64_t weight() const override { return 2; }
    bool filters() const override { return true; }

    Status preFilter(CycleState&, const PodInfo& pod, const Snapshot&, NodeNames& names) override {
        const Value& required = requiredOf(pod);
        if (required.isNull())
            return pod.pod.at("spec", "nodeSelector").size() == 0 ? Status{Code::Skip, {}, {}}
                                                                  : Status{};
        // Every term names nodes by metadata.name: only those need to be looked at.
        std::set<std::string> all;
        for (const Value& term : required["nodeSelectorTerms"].items()) {
            std::optional<std::set<std::string>> own;
            for (const Value& field : term["matchFields"].items()) {
                if (field["key"].asString() != "metadata.name" ||
                    field["operator"].asString() != "In")
                    continue;
                std::set<std::string> values;
                for (const Value& value : field["values"].items()) values.insert(value.text());
                if (own)
                    std::erase_if(*own,
                                  [&](const std::string& name) { return !values.contains(name); });
                else
                    own = std::move(values);
            }
            if (!own) return {};
            all.insert(own->begin(), own->end());
        }
        if (all.empty()) return Status::unresolvable("pod affinity terms conflict");
        names = std::move(all);
        return {};
    }

    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        if (matches(pod, node.node)) return {};
        return Status::unresolvable("node(s) didn't match Pod's node affinity/selector");
    }

    Status preScore(CycleState&, const PodInfo& pod, const Snapshot&, const Snapshot&) override {
        return affinityOf(pod)["preferredDuringSchedulingIgnoredDuringExecution"].size() == 0
                   ? Status{Code::Skip, {}, {}}
                   : Status{};
    }
    std::int64_t score(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        std::int64_t sum = 0;
        for (const Value& term :
             affinityOf(pod)["preferredDuringSchedulingIgnoredDuringExecution"].items())
            if (api::nodeTermMatches(term["preference"], node.node)) sum += term["weight"].asInt();
        return sum;
    }
    void normalize(const CycleState&, const PodInfo&, const Snapshot&,
                   std::vector<std::int64_t>& scores) override {
        defaultNormalize(scores, false);
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        if (event.event != Event::NodeAdd && event.event != Event::NodeLabels) return false;
        const bool before = !event.previous.isNull() && matches(pod, event.previous);
        return !before && matches(pod, event.current);
    }
};

} // namespace

PluginPtr makeNodeAffinity() { return std::make_unique<NodeAffinity>(); }

} // namespace scheduler
