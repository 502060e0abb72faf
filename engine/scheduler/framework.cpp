#include "scheduler/framework.h"

#include "base/strings.h"

#include <algorithm>

namespace scheduler {

Status Plugin::preScore(CycleState&, const PodInfo&, const Snapshot&, const Snapshot&) {
    return {};
}

sim::Task<Status> Plugin::preBind(std::shared_ptr<CycleState>, PodPtr, std::string) {
    co_return Status();
}

void defaultNormalize(std::vector<std::int64_t>& scores, bool reverse) {
    std::int64_t most = 0;
    for (const std::int64_t score : scores) most = std::max(most, score);
    for (std::int64_t& score : scores) {
        if (most == 0) {
            if (reverse) score = kMaxNodeScore;
            continue;
        }
        score = score * kMaxNodeScore / most;
        if (reverse) score = kMaxNodeScore - score;
    }
}

std::string fitError(const Diagnosis& diagnosis, std::size_t nodes) {
    std::string out = "0/" + std::to_string(nodes) + " nodes are available:";
    if (!diagnosis.preFilter.empty()) {
        out += " " + diagnosis.preFilter + ".";
    } else {
        std::map<std::string, std::size_t> counts;
        for (const auto& [name, status] : diagnosis.nodes)
            for (const std::string& reason : status.reasons) ++counts[reason];
        if (diagnosis.nodes.size() < nodes)
            for (const std::string& reason : diagnosis.absent.reasons)
                counts[reason] += nodes - diagnosis.nodes.size();
        std::vector<std::string> parts;
        for (const auto& [reason, count] : counts)
            parts.push_back(std::to_string(count) + " " + reason);
        std::sort(parts.begin(), parts.end());
        if (!parts.empty()) out += " " + base::join(parts, ", ") + ".";
    }
    if (!diagnosis.postFilter.empty()) out += " " + diagnosis.postFilter;
    return out;
}

Framework::Framework(Env env, std::vector<std::unique_ptr<Plugin>> plugins)
    : env_(env), plugins_(std::move(plugins)) {}

Status Framework::preEnqueue(const document::Value& pod) const {
    for (const auto& plugin : plugins_) {
        Status status = plugin->preEnqueue(pod);
        status.plugin = plugin->name();
        if (!status.ok()) return status;
    }
    return {};
}

Status Framework::runPreFilters(CycleState& state, const PodInfo& pod, const Snapshot& all,
                                NodeNames& names) const {
    std::set<std::string> restricting;
    for (const auto& plugin : plugins_) {
        NodeNames own;
        Status status = plugin->preFilter(state, pod, all, own);
        status.plugin = plugin->name();
        if (status.code == Code::Skip) state.skipFilter.insert(plugin->name());
        if (!status.ok()) return status;
        if (!own) continue;
        restricting.insert(plugin->name());
        if (names)
            std::erase_if(*names, [&](const std::string& name) { return !own->contains(name); });
        else
            names = std::move(own);
        if (!names->empty()) continue;
        const std::string list = base::join({restricting.begin(), restricting.end()}, " ");
        Status none =
            Status::unresolvable(restricting.size() == 1 ? "node(s) didn't satisfy plugin " + list
                                                         : "node(s) didn't satisfy plugin(s) [" +
                                                               list + "] simultaneously");
        none.plugin = plugin->name();
        return none;
    }
    return {};
}

Status Framework::runFilters(const CycleState& state, const PodInfo& pod,
                             const NodeInfo& node) const {
    for (const auto& plugin : plugins_) {
        if (!plugin->filters() || state.skipFilter.contains(plugin->name())) continue;
        Status status = plugin->filter(state, pod, node);
        status.plugin = plugin->name();
        if (!status.ok()) return status;
    }
    return {};
}

Snapshot Framework::findFeasible(CycleState& state, const PodInfo& pod, const Snapshot& all,
                                 const std::map<std::string, std::vector<PodPtr>>& nominated,
                                 Diagnosis& diagnosis) const {
    NodeNames names;
    const Status prefiltered = runPreFilters(state, pod, all, names);
    if (!prefiltered.ok()) {
        diagnosis.absent = prefiltered;
        diagnosis.preFilter = base::join(prefiltered.reasons, ", ");
        diagnosis.plugins.insert(prefiltered.plugin);
        return {};
    }
    Snapshot out;
    for (const auto& node : all) {
        if (names && !names->contains(node->name)) continue;
        Status status;
        const auto coming = nominated.find(node->name);
        if (coming != nominated.end()) {
            // With the pods that are about to come, then without: both must pass.
            NodeInfo crowded = *node;
            for (const PodPtr& other : coming->second)
                if (other->uid != pod.uid && other->priority >= pod.priority) crowded.addPod(other);
            if (crowded.pods.size() > node->pods.size()) status = runFilters(state, pod, crowded);
        }
        if (status.ok()) status = runFilters(state, pod, *node);
        if (status.ok()) {
            out.push_back(node);
            continue;
        }
        diagnosis.plugins.insert(status.plugin);
        diagnosis.nodes[node->name] = std::move(status);
    }
    if (names) {
        diagnosis.absent = Status::unresolvable("node(s) didn't satisfy plugin(s) [NodeAffinity]");
        if (out.empty()) diagnosis.plugins.insert("NodeAffinity");
    }
    return out;
}

std::vector<Framework::NodeScore> Framework::scores(CycleState& state, const PodInfo& pod,
                                                    const Snapshot& feasible,
                                                    const Snapshot& all) const {
    std::vector<NodeScore> out;
    for (const auto& node : feasible) out.push_back({node->name, 0, {}});
    for (const auto& plugin : plugins_) {
        if (plugin->weight() == 0) continue;
        if (plugin->preScore(state, pod, feasible, all).code == Code::Skip) continue;
        std::vector<std::int64_t> points;
        for (const auto& node : feasible) points.push_back(plugin->score(state, pod, *node));
        plugin->normalize(state, pod, feasible, points);
        for (std::size_t i = 0; i < points.size(); ++i) {
            out[i].byPlugin[plugin->name()] = points[i] * plugin->weight();
            out[i].total += points[i] * plugin->weight();
        }
    }
    return out;
}

std::string Framework::selectHost(CycleState& state, const PodInfo& pod, const Snapshot& feasible,
                                  const Snapshot& all) const {
    if (feasible.size() == 1) return feasible[0]->name;
    const std::vector<NodeScore> list = scores(state, pod, feasible, all);
    std::vector<std::string> best;
    std::int64_t most = INT64_MIN;
    for (const NodeScore& item : list) {
        if (item.total > most) {
            most = item.total;
            best.clear();
        }
        if (item.total == most) best.push_back(item.node);
    }
    return best[best.size() == 1 ? 0
                                 : env_.kernel.random("scheduler/tie-break").below(best.size())];
}

Status Framework::reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    for (const auto& plugin : plugins_) {
        Status status = plugin->reserve(state, pod, node);
        status.plugin = plugin->name();
        if (!status.ok()) return status;
    }
    return {};
}

void Framework::unreserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    for (auto plugin = plugins_.rbegin(); plugin != plugins_.rend(); ++plugin)
        (*plugin)->unreserve(state, pod, node);
}

sim::Task<Status> Framework::preBind(std::shared_ptr<CycleState> state, PodPtr pod,
                                     std::string node) const {
    for (const auto& plugin : plugins_) {
        Status status = co_await plugin->preBind(state, pod, node);
        status.plugin = plugin->name();
        if (!status.ok()) co_return status;
    }
    co_return Status();
}

bool Framework::wakes(const std::set<std::string>& plugins, const PodInfo& pod,
                      const EventInfo& event) const {
    if (event.event == Event::Unknown) return true;
    for (const auto& plugin : plugins_)
        if (plugins.contains(plugin->name()) && plugin->wakes(pod, event)) return true;
    return false;
}

} // namespace scheduler
