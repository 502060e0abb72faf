#include "scheduler/preemption.h"

#include "api/objects/pod.h"

#include <algorithm>

namespace scheduler {

using document::Value;

namespace {

struct Candidate {
    std::string node;
    std::vector<PodPtr> victims;
    std::int64_t violations = 0;
};

std::int64_t startOf(const PodPtr& pod) {
    const std::int64_t at = api::timeOf(pod->pod.at("status", "startTime"));
    return at == 0 ? INT64_MAX : at;
}

bool moreImportant(const PodPtr& a, const PodPtr& b) {
    if (a->priority != b->priority) return a->priority > b->priority;
    return startOf(a) < startOf(b);
}

Snapshot withNode(const Snapshot& all, const NodeInfo& changed) {
    Snapshot out = all;
    for (auto& node : out)
        if (node->name == changed.name) node = std::make_shared<NodeInfo>(changed);
    return out;
}

Status fits(const Framework& framework, const PodInfo& pod, const Snapshot& all,
            const NodeInfo& node) {
    CycleState state;
    NodeNames names;
    const Status prefiltered = framework.runPreFilters(state, pod, withNode(all, node), names);
    if (!prefiltered.ok()) return prefiltered;
    return framework.runFilters(state, pod, node);
}

// Splits victims into those whose eviction a budget forbids and the others. Each budget's allowance
// is used up in order.
void splitByBudget(const Lister& lister, const std::vector<PodPtr>& pods,
                   std::vector<PodPtr>& violating, std::vector<PodPtr>& others) {
    std::map<std::string, std::int64_t> allowed;
    const std::vector<const Value*> budgets = lister.list(Kind::PodDisruptionBudget);
    for (const Value* budget : budgets)
        allowed[api::keyOf(*budget)] = budget->at("status", "disruptionsAllowed").asInt();
    for (const PodPtr& pod : pods) {
        bool violates = false;
        for (const Value* budget : budgets) {
            if (api::namespaceOf(*budget) != api::namespaceOf(pod->pod) ||
                api::labelsOf(pod->pod).size() == 0)
                continue;
            auto selector = api::LabelSelector::fromObject(budget->at("spec", "selector"));
            if (!selector.ok() || selector->everything() ||
                !selector->matches(api::labelsOf(pod->pod)))
                continue;
            if (budget->at("status", "disruptedPods").has(api::nameOf(pod->pod))) continue;
            if (--allowed[api::keyOf(*budget)] < 0) violates = true;
        }
        (violates ? violating : others).push_back(pod);
    }
}

Status selectVictims(const Framework& framework, const PodInfo& pod, const Snapshot& all,
                     const NodeInfo& node, Candidate& out) {
    NodeInfo trial = node;
    std::vector<PodPtr> potential;
    for (const PodPtr& other : node.pods)
        if (other->priority < pod.priority) potential.push_back(other);
    if (potential.empty())
        return Status::unresolvable("No preemption victims found for incoming pod");
    for (const PodPtr& other : potential) trial.removePod(other->uid);
    Status without = fits(framework, pod, all, trial);
    if (!without.ok()) return without;
    std::stable_sort(potential.begin(), potential.end(), moreImportant);
    std::vector<PodPtr> violating, others;
    splitByBudget(framework.env().lister, potential, violating, others);
    const auto reprieve = [&](const PodPtr& other) {
        NodeInfo fuller = trial;
        fuller.addPod(other);
        if (!fits(framework, pod, all, fuller).ok()) return false;
        trial = std::move(fuller);
        return true;
    };
    for (const PodPtr& other : violating)
        if (!reprieve(other)) {
            out.victims.push_back(other);
            ++out.violations;
        }
    for (const PodPtr& other : others)
        if (!reprieve(other)) out.victims.push_back(other);
    std::stable_sort(out.victims.begin(), out.victims.end(), moreImportant);
    out.node = node.name;
    return {};
}

// Fewest budget violations, then least important victims, then fewest, then the youngest.
bool better(const Candidate& a, const Candidate& b) {
    if (a.violations != b.violations) return a.violations < b.violations;
    const auto highest = [](const Candidate& c) {
        return c.victims.empty() ? INT64_MIN : c.victims[0]->priority;
    };
    if (highest(a) != highest(b)) return highest(a) < highest(b);
    const auto sum = [](const Candidate& c) {
        std::int64_t total = 0;
        for (const PodPtr& pod : c.victims) total += pod->priority + (std::int64_t{1} << 31);
        return total;
    };
    if (sum(a) != sum(b)) return sum(a) < sum(b);
    if (a.victims.size() != b.victims.size()) return a.victims.size() < b.victims.size();
    const auto earliest = [&](const Candidate& c) {
        std::int64_t first = INT64_MAX;
        for (const PodPtr& pod : c.victims)
            if (pod->priority == highest(c)) first = std::min(first, startOf(pod));
        return first;
    };
    return earliest(a) > earliest(b);
}

// A pod that already made others leave waits until they are gone.
bool stillWaiting(const PodInfo& pod, const Snapshot& all, const Diagnosis& diagnosis) {
    const std::string_view nominated = pod.pod.at("status", "nominatedNodeName").asString();
    if (nominated.empty()) return false;
    const auto status = diagnosis.nodes.find(std::string(nominated));
    if (status != diagnosis.nodes.end() && status->second.code == Code::Unresolvable) return false;
    for (const auto& node : all)
        if (node->name == nominated)
            for (const PodPtr& other : node->pods)
                if (other->priority < pod.priority && api::isDeleting(other->pod) &&
                    api::conditionOf(other->pod, "DisruptionTarget")["reason"].asString() ==
                        "PreemptionByScheduler")
                    return true;
    return false;
}

} // namespace

PreemptionResult findPreemption(const Framework& framework, const PodInfo& pod, const Snapshot& all,
                                const Diagnosis& diagnosis) {
    PreemptionResult out;
    if (pod.pod.at("spec", "preemptionPolicy").asString() == "Never") {
        out.message = "not eligible due to preemptionPolicy=Never.";
        return out;
    }
    if (stillWaiting(pod, all, diagnosis)) {
        out.message = "not eligible due to a terminating pod on the nominated node.";
        return out;
    }
    Diagnosis trial;
    std::optional<Candidate> best;
    for (const auto& node : all) {
        const auto place = diagnosis.nodes.find(node->name);
        const Status& status = place == diagnosis.nodes.end() ? diagnosis.absent : place->second;
        if (status.code != Code::Unschedulable) {
            trial.nodes[node->name] =
                Status::unresolvable("Preemption is not helpful for scheduling");
            continue;
        }
        Candidate candidate;
        Status result = selectVictims(framework, pod, all, *node, candidate);
        if (!result.ok())
            trial.nodes[node->name] = std::move(result);
        else if (!best || better(candidate, *best))
            best = std::move(candidate);
    }
    if (!best) {
        out.message = fitError(trial, all.size());
        return out;
    }
    out.node = best->node;
    out.victims = std::move(best->victims);
    return out;
}

} // namespace scheduler
