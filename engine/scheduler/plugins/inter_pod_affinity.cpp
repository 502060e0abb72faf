#include "api/objects/pod.h"
#include "scheduler/plugins/plugins.h"

#include <algorithm>

namespace scheduler {
namespace {

using document::Value;
using TopologyCounts = std::map<std::pair<std::string, std::string>, std::int64_t>;

struct FilterState : StateData {
    TopologyCounts existingAnti; // domains that running pods forbid to the pod
    TopologyCounts affinity, anti;
};
struct ScoreState : StateData {
    TopologyCounts score;
};

class InterPodAffinity : public Plugin {
public:
    explicit InterPodAffinity(const Env& env) : lister_(env.lister) {}
    const char* name() const override { return "InterPodAffinity"; }
    std::int64_t weight() const override { return 2; }
    bool filters() const override { return true; }

    Status preFilter(CycleState& state, const PodInfo& pod, const Snapshot& all,
                     NodeNames&) override {
        auto data = std::make_shared<FilterState>();
        const Value& labels = namespaceLabels(pod.pod);
        for (const auto& node : all)
            for (const PodPtr& other : node->pods) {
                for (const AffinityTerm& term : other->requiredAntiAffinity)
                    if (node->hasLabel(term.topologyKey) && term.matches(pod.pod, labels))
                        ++data->existingAnti[{term.topologyKey, node->label(term.topologyKey)}];
                if (pod.requiredAffinity.empty() && pod.requiredAntiAffinity.empty()) continue;
                const Value& otherLabels = namespaceLabels(other->pod);
                // All affinity terms must be met by the same pod.
                const bool all_ =
                    std::all_of(pod.requiredAffinity.begin(), pod.requiredAffinity.end(),
                                [&](const AffinityTerm& term) {
                                    return term.matches(other->pod, otherLabels);
                                });
                if (all_)
                    for (const AffinityTerm& term : pod.requiredAffinity)
                        if (node->hasLabel(term.topologyKey))
                            ++data->affinity[{term.topologyKey, node->label(term.topologyKey)}];
                for (const AffinityTerm& term : pod.requiredAntiAffinity)
                    if (node->hasLabel(term.topologyKey) && term.matches(other->pod, otherLabels))
                        ++data->anti[{term.topologyKey, node->label(term.topologyKey)}];
            }
        const bool nothing = data->existingAnti.empty() && pod.requiredAffinity.empty() &&
                             pod.requiredAntiAffinity.empty();
        state.put(name(), std::move(data));
        return nothing ? Status{Code::Skip, {}, {}} : Status{};
    }

    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) override {
        const FilterState* data = state.get<FilterState>(name());
        if (!affinityMet(*data, pod, node))
            return Status::unresolvable("node(s) didn't match pod affinity rules");
        for (const AffinityTerm& term : pod.requiredAntiAffinity)
            if (node.hasLabel(term.topologyKey) &&
                data->anti.contains({term.topologyKey, node.label(term.topologyKey)}))
                return Status::unschedulable("node(s) didn't match pod anti-affinity rules");
        for (const auto& [domain, count] : data->existingAnti)
            if (node.hasLabel(domain.first) && node.label(domain.first) == domain.second)
                return Status::unschedulable(
                    "node(s) didn't satisfy existing pods anti-affinity rules");
        return {};
    }

    Status preScore(CycleState& state, const PodInfo& pod, const Snapshot&,
                    const Snapshot& all) override {
        auto data = std::make_shared<ScoreState>();
        const Value& labels = namespaceLabels(pod.pod);
        for (const auto& node : all)
            for (const PodPtr& other : node->pods)
                addScores(data->score, pod, labels, *node, *other);
        const bool nothing = data->score.empty();
        state.put("InterPodAffinity/score", std::move(data));
        return nothing ? Status{Code::Skip, {}, {}} : Status{};
    }
    std::int64_t score(const CycleState& state, const PodInfo&, const NodeInfo& node) override {
        std::int64_t sum = 0;
        for (const auto& [domain, value] : state.get<ScoreState>("InterPodAffinity/score")->score)
            if (node.hasLabel(domain.first) && node.label(domain.first) == domain.second)
                sum += value;
        return sum;
    }
    void normalize(const CycleState&, const PodInfo&, const Snapshot&,
                   std::vector<std::int64_t>& scores) override {
        const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
        const std::int64_t least = *low, most = *high;
        for (std::int64_t& score : scores)
            score = most == least ? 0 : kMaxNodeScore * (score - least) / (most - least);
    }

    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        switch (event.event) {
        case Event::NodeAdd:
        case Event::NodeLabels:
        case Event::PodUpdate: return true;
        case Event::AssignedPodAdd:
        case Event::AssignedPodUpdate: return concerns(pod, event.current);
        case Event::AssignedPodDelete:
            return concerns(pod, event.previous) || forbids(event.previous, pod);
        default: return false;
        }
    }

private:
    const Value& namespaceLabels(const Value& pod) const {
        return api::labelsOf(lister_.get(Kind::Namespace, api::namespaceOf(pod)));
    }

    bool affinityMet(const FilterState& data, const PodInfo& pod, const NodeInfo& node) const {
        bool met = true;
        for (const AffinityTerm& term : pod.requiredAffinity) {
            if (!node.hasLabel(term.topologyKey)) return false;
            if (!data.affinity.contains({term.topologyKey, node.label(term.topologyKey)}))
                met = false;
        }
        if (met) return true;
        // The first pod of a group may go anywhere if it satisfies its own terms.
        if (!data.affinity.empty()) return false;
        const Value& labels = namespaceLabels(pod.pod);
        return std::all_of(pod.requiredAffinity.begin(), pod.requiredAffinity.end(),
                           [&](const AffinityTerm& term) { return term.matches(pod.pod, labels); });
    }

    void addScores(TopologyCounts& out, const PodInfo& pod, const Value& labels,
                   const NodeInfo& node, const PodInfo& other) const {
        const auto add = [&](const AffinityTerm& term, std::int64_t points) {
            if (node.hasLabel(term.topologyKey))
                out[{term.topologyKey, node.label(term.topologyKey)}] += points;
        };
        const Value& otherLabels = namespaceLabels(other.pod);
        for (const AffinityTerm& term : pod.preferredAffinity)
            if (term.matches(other.pod, otherLabels)) add(term, term.weight);
        for (const AffinityTerm& term : pod.preferredAntiAffinity)
            if (term.matches(other.pod, otherLabels)) add(term, -term.weight);
        for (const AffinityTerm& term : other.requiredAffinity)
            if (term.matches(pod.pod, labels)) add(term, 1); // hard affinity weight
        for (const AffinityTerm& term : other.preferredAffinity)
            if (term.matches(pod.pod, labels)) add(term, term.weight);
        for (const AffinityTerm& term : other.preferredAntiAffinity)
            if (term.matches(pod.pod, labels)) add(term, -term.weight);
    }

    bool concerns(const PodInfo& pod, const Value& other) const {
        const Value& labels = namespaceLabels(other);
        for (const auto* terms : {&pod.requiredAffinity, &pod.requiredAntiAffinity})
            for (const AffinityTerm& term : *terms)
                if (term.matches(other, labels)) return true;
        return false;
    }
    bool forbids(const Value& other, const PodInfo& pod) const {
        const PodInfo gone(other);
        for (const AffinityTerm& term : gone.requiredAntiAffinity)
            if (term.matches(pod.pod, namespaceLabels(pod.pod))) return true;
        return false;
    }

    const Lister& lister_;
};

} // namespace

PluginPtr makeInterPodAffinity(const Env& env) { return std::make_unique<InterPodAffinity>(env); }

} // namespace scheduler
