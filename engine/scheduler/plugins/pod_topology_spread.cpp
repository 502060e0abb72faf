#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "scheduler/plugins/plugins.h"

#include <algorithm>
#include <cmath>

namespace scheduler {
namespace {

using document::Value;

constexpr const char* kHostname = "kubernetes.io/hostname";
constexpr const char* kZone = "topology.kubernetes.io/zone";

struct Constraint {
    std::int64_t maxSkew = 1, minDomains = 1;
    std::string key;
    api::LabelSelector selector;
    bool honorAffinity = true, honorTaints = false;
};

struct Counted {
    Constraint constraint;
    std::map<std::string, std::int64_t> pods; // domain -> matching pods
    double weight = 1;
};
struct FilterState : StateData {
    std::vector<Counted> constraints;
};
struct ScoreState : StateData {
    std::vector<Counted> constraints;
    std::set<std::string> ignored; // nodes that lack a key
};

bool passesAffinity(const PodInfo& pod, const Value& node) {
    for (const document::Member& member : pod.pod.at("spec", "nodeSelector").members())
        if (!(api::labelsOf(node)[member.key] == member.value)) return false;
    const Value& required = pod.pod.at("spec", "affinity", "nodeAffinity",
                                       "requiredDuringSchedulingIgnoredDuringExecution");
    return required.isNull() || api::nodeSelectorMatches(required, node);
}

bool passesTaints(const PodInfo& pod, const Value& node) {
    for (const Value& taint : node.at("spec", "taints").items())
        if (taint["effect"].asString() != "PreferNoSchedule" &&
            !api::tolerates(pod.pod.at("spec", "tolerations"), taint))
            return false;
    return true;
}

bool counted(const Constraint& constraint, const PodInfo& pod, const NodeInfo& node) {
    return (!constraint.honorAffinity || passesAffinity(pod, node.node)) &&
           (!constraint.honorTaints || passesTaints(pod, node.node));
}

std::int64_t matchingPods(const NodeInfo& node, const Constraint& constraint,
                          const std::string& ns) {
    std::int64_t count = 0;
    for (const PodPtr& other : node.pods)
        if (api::namespaceOf(other->pod) == ns && !api::isDeleting(other->pod) &&
            constraint.selector.matches(api::labelsOf(other->pod)))
            ++count;
    return count;
}

std::vector<Constraint> constraintsOf(const PodInfo& pod, std::string_view action) {
    std::vector<Constraint> out;
    for (const Value& item : pod.pod.at("spec", "topologySpreadConstraints").items()) {
        if (item["whenUnsatisfiable"].asString() != action) continue;
        Constraint constraint;
        constraint.maxSkew = item["maxSkew"].asInt(1);
        constraint.minDomains = item["minDomains"].asInt(1);
        constraint.key = item["topologyKey"].text();
        auto selector = api::LabelSelector::fromObject(item["labelSelector"]);
        constraint.selector = selector.ok() ? std::move(*selector) : api::LabelSelector::nothing();
        for (const Value& key : item["matchLabelKeys"].items())
            if (api::labelsOf(pod.pod).has(key.asString()))
                constraint.selector.add({key.text(),
                                         api::Requirement::Op::In,
                                         {std::string(api::labelOf(pod.pod, key.asString()))}});
        constraint.honorAffinity = item["nodeAffinityPolicy"].asString("Honor") == "Honor";
        constraint.honorTaints = item["nodeTaintsPolicy"].asString("Ignore") == "Honor";
        out.push_back(std::move(constraint));
    }
    return out;
}

class PodTopologySpread : public Plugin {
public:
    explicit PodTopologySpread(const Env& env) : lister_(env.lister) {}
    const char* name() const override { return "PodTopologySpread"; }
    std::int64_t weight() const override { return 2; }
    bool filters() const override { return true; }

    Status preFilter(CycleState& state, const PodInfo& pod, const Snapshot& all,
                     NodeNames&) override {
        auto data = std::make_shared<FilterState>();
        const std::string ns = api::namespaceOf(pod.pod);
        const std::vector<Constraint> constraints = constraintsOf(pod, "DoNotSchedule");
        if (constraints.empty()) return {Code::Skip, {}, {}};
        for (const Constraint& constraint : constraints)
            data->constraints.push_back({constraint, {}, 1});
        for (const auto& node : all) {
            const bool hasAll =
                std::all_of(constraints.begin(), constraints.end(),
                            [&](const Constraint& c) { return node->hasLabel(c.key); });
            if (!hasAll) continue;
            for (Counted& item : data->constraints)
                if (counted(item.constraint, pod, *node))
                    item.pods[node->label(item.constraint.key)] +=
                        matchingPods(*node, item.constraint, ns);
        }
        state.put(name(), std::move(data));
        return {};
    }

    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) override {
        for (const Counted& item : state.get<FilterState>(name())->constraints) {
            const Constraint& constraint = item.constraint;
            if (!node.hasLabel(constraint.key))
                return Status::unresolvable("node(s) didn't match pod topology spread constraints "
                                            "(missing required label)");
            std::int64_t least = INT64_MAX;
            for (const auto& [domain, count] : item.pods) least = std::min(least, count);
            if (static_cast<std::int64_t>(item.pods.size()) < constraint.minDomains ||
                least == INT64_MAX)
                least = 0;
            const auto place = item.pods.find(node.label(constraint.key));
            const std::int64_t here = place == item.pods.end() ? 0 : place->second;
            const std::int64_t self = constraint.selector.matches(api::labelsOf(pod.pod)) ? 1 : 0;
            if (here + self - least > constraint.maxSkew)
                return Status::unschedulable(
                    "node(s) didn't match pod topology spread constraints");
        }
        return {};
    }

    Status preScore(CycleState& state, const PodInfo& pod, const Snapshot& feasible,
                    const Snapshot& all) override {
        auto data = std::make_shared<ScoreState>();
        std::vector<Constraint> constraints = constraintsOf(pod, "ScheduleAnyway");
        const bool explicitly = pod.pod.at("spec", "topologySpreadConstraints").size() > 0;
        if (!explicitly) constraints = systemDefaults(pod);
        if (constraints.empty()) return {Code::Skip, {}, {}};
        for (Constraint& constraint : constraints)
            data->constraints.push_back({std::move(constraint), {}, 1});
        const std::string ns = api::namespaceOf(pod.pod);
        std::size_t usable = 0;
        for (const auto& node : feasible) {
            const bool hasAll =
                std::all_of(data->constraints.begin(), data->constraints.end(),
                            [&](const Counted& c) { return node->hasLabel(c.constraint.key); });
            // The defaults tolerate missing keys; the user's own constraints do not.
            if (explicitly && !hasAll) {
                data->ignored.insert(node->name);
                continue;
            }
            ++usable;
            for (Counted& item : data->constraints)
                if (node->hasLabel(item.constraint.key))
                    item.pods.try_emplace(node->label(item.constraint.key), 0);
        }
        for (Counted& item : data->constraints)
            item.weight = std::log(static_cast<double>(
                (item.constraint.key == kHostname ? usable : item.pods.size()) + 2));
        for (const auto& node : all)
            for (Counted& item : data->constraints) {
                if (!node->hasLabel(item.constraint.key) || !counted(item.constraint, pod, *node))
                    continue;
                const auto place = item.pods.find(node->label(item.constraint.key));
                if (place != item.pods.end())
                    place->second += matchingPods(*node, item.constraint, ns);
            }
        state.put("PodTopologySpread/score", std::move(data));
        return {};
    }

    std::int64_t score(const CycleState& state, const PodInfo&, const NodeInfo& node) override {
        const ScoreState* data = state.get<ScoreState>("PodTopologySpread/score");
        if (data->ignored.contains(node.name)) return 0;
        double sum = 0;
        for (const Counted& item : data->constraints) {
            const auto place = item.pods.find(node.label(item.constraint.key));
            if (place == item.pods.end()) continue;
            sum += static_cast<double>(place->second) * item.weight +
                   static_cast<double>(item.constraint.maxSkew - 1);
        }
        return std::llround(sum);
    }

    // Fewer pods are better: the largest raw score becomes the smallest.
    void normalize(const CycleState& state, const PodInfo&, const Snapshot& nodes,
                   std::vector<std::int64_t>& scores) override {
        const ScoreState* data = state.get<ScoreState>("PodTopologySpread/score");
        std::int64_t least = INT64_MAX, most = 0;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (data->ignored.contains(nodes[i]->name)) continue;
            least = std::min(least, scores[i]);
            most = std::max(most, scores[i]);
        }
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (data->ignored.contains(nodes[i]->name))
                scores[i] = 0;
            else
                scores[i] =
                    most == 0 ? kMaxNodeScore : kMaxNodeScore * (most + least - scores[i]) / most;
        }
    }

    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        const auto same = [&](const Value& other) {
            return api::namespaceOf(other) == api::namespaceOf(pod.pod);
        };
        switch (event.event) {
        case Event::NodeAdd:
        case Event::NodeLabels:
        case Event::NodeDelete:
        case Event::NodeTaints:
        case Event::PodUpdate: return true;
        case Event::AssignedPodAdd:
        case Event::AssignedPodUpdate: return same(event.current);
        case Event::AssignedPodDelete: return same(event.previous);
        default: return false;
        }
    }

private:
    // Pods of a Service or controller are spread over hosts and zones even when they do not ask for
    // it.
    std::vector<Constraint> systemDefaults(const PodInfo& pod) const {
        const api::LabelSelector selector = ownSelector(pod.pod);
        if (selector.requirements().empty()) return {};
        std::vector<Constraint> out(2);
        out[0].key = kHostname;
        out[0].maxSkew = 3;
        out[1].key = kZone;
        out[1].maxSkew = 5;
        for (Constraint& constraint : out) constraint.selector = selector;
        return out;
    }

    api::LabelSelector ownSelector(const Value& pod) const {
        api::LabelSelector out;
        const std::string ns = api::namespaceOf(pod);
        const auto addAll = [&out](const api::LabelSelector& other) {
            for (const api::Requirement& requirement : other.requirements()) out.add(requirement);
        };
        for (const Value* service : lister_.list(Kind::Service, ns)) {
            const Value& selector = service->at("spec", "selector");
            if (selector.isEmpty()) continue;
            const api::LabelSelector parsed = api::LabelSelector::fromMap(selector);
            if (parsed.matches(api::labelsOf(pod))) addAll(parsed);
        }
        const Value& owner = api::controllerOf(pod);
        const std::string_view kind = owner["kind"].asString();
        const std::string key = ns + "/" + owner["name"].text();
        if (kind == "ReplicationController") {
            const Value& set = lister_.get(Kind::ReplicationController, key);
            if (!set.isNull()) addAll(api::LabelSelector::fromMap(set.at("spec", "selector")));
        } else if (kind == "ReplicaSet" || kind == "StatefulSet") {
            const Value& set =
                lister_.get(kind == "ReplicaSet" ? Kind::ReplicaSet : Kind::StatefulSet, key);
            auto parsed = api::LabelSelector::fromObject(set.at("spec", "selector"));
            if (parsed.ok()) addAll(*parsed);
        }
        return out;
    }

    const Lister& lister_;
};

} // namespace

PluginPtr makePodTopologySpread(const Env& env) { return std::make_unique<PodTopologySpread>(env); }

} // namespace scheduler
