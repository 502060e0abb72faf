#include "models/cluster_model.h"

#include <QStringList>

namespace app {

namespace {
// A picture of very many pods is laid out anew twenty times a second; its motion stays smooth.
constexpr int kManyPods = 300, kSettle = 50;
}

ClusterModel::ClusterModel(EngineThread& engine, QObject* parent) : QObject(parent) {
    settle_.setSingleShot(true);
    settle_.setInterval(kSettle);
    connect(&settle_, &QTimer::timeout, this, &ClusterModel::announce);
    connect(&engine, &EngineThread::batch, this, &ClusterModel::apply);
}

std::string kindKey(const cluster::ObjectChange& change) {
    return change.group + "/" + change.plural;
}

void ClusterModel::fold(KindMap& into, const cluster::ObjectChange& change) {
    const auto& meta = change.object["metadata"];
    const auto ns = meta["namespace"].asString();
    std::string key = ns.empty() ? meta["name"].text() : std::string(ns) + "/" + meta["name"].text();
    ObjectMap& kind = into[kindKey(change)];
    if (change.type == "DELETED") kind.erase(key);
    else kind[std::move(key)] = change.object;
}

void ClusterModel::apply(const BatchPtr& batch) {
    if (batch->world < world_) return;
    if (batch->world > world_) {
        world_ = batch->world;
        current_.clear();
        past_.clear();
        changes_.clear();
        pinned_ = 0;
        Q_EMIT restarted();
        Q_EMIT viewChanged();
    }
    now_ = batch->now;
    revision_ = batch->revision;
    for (const auto& change : batch->changes) {
        fold(current_, change);
        changes_.push_back(change);
    }
    if (!batch->changes.empty() && live()) {
        if (objects("/pods").size() < kManyPods) announce();
        else if (!settle_.isActive()) settle_.start();
    }
    Q_EMIT advanced();
}

void ClusterModel::viewTime(sim::Time at) {
    const bool wasLive = live();
    past_.clear();
    pinned_ = 0;
    for (const auto& change : changes_) {
        if (change.at > at) break;
        fold(past_, change);
        pinned_ = change.revision;
    }
    if (pinned_ == 0 && !changes_.empty()) pinned_ = changes_.front().revision;
    if (wasLive) Q_EMIT viewChanged();
    announce();
}

void ClusterModel::returnToNow() {
    if (live()) return;
    pinned_ = 0;
    past_.clear();
    Q_EMIT viewChanged();
    announce();
}

const ObjectMap& ClusterModel::objects(std::string_view kind) const {
    static const ObjectMap kNone;
    const KindMap& view = live() ? current_ : past_;
    const auto found = view.find(kind);
    return found == view.end() ? kNone : found->second;
}

std::vector<std::string> ClusterModel::kinds() const {
    std::vector<std::string> names;
    for (const auto& [name, objects] : live() ? current_ : past_)
        if (!objects.empty()) names.push_back(name);
    return names;
}

document::Value ClusterModel::object(std::string_view kind, std::string_view key) const {
    const ObjectMap& map = objects(kind);
    const auto found = map.find(key);
    return found == map.end() ? document::Value() : found->second;
}

void ClusterModel::announce() {
    counts_ = {};
    const ObjectMap& pods = objects("/pods");
    if (seen_.size() > 2 * pods.size()) seen_.clear(); // of pods that have gone
    for (const auto& [key, pod] : pods) {
        Seen& seen = seen_[key];
        if (!seen.pod.sameAs(pod)) {
            const QString state = podState(pod).state;
            seen = {pod, state == QLatin1String("ready") || state == QLatin1String("done"), state == QLatin1String("failed")};
        }
        ++counts_.pods;
        counts_.readyPods += seen.ready;
        counts_.failedPods += seen.failed;
    }
    for (const auto& [key, node] : objects("/nodes")) {
        ++counts_.nodes;
        counts_.readyNodes += nodeReady(node);
    }
    Q_EMIT updated();
}

QStringList ClusterModel::namespaces() const {
    QStringList names;
    for (const auto& [key, object] : objects("/namespaces")) names << QString::fromStdString(key);
    return names;
}

bool nodeReady(const document::Value& node) {
    for (const auto& condition : node.at("status", "conditions").items())
        if (condition["type"].asString() == "Ready") return condition["status"].asString() == "True";
    return false;
}

// Source: the pod printer of kubectl (printers/internalversion, printPod), reduced to state and word.
PodState podState(const document::Value& pod) {
    PodState result;
    const auto& status = pod["status"];
    const std::string_view phase = status["phase"].asString("Pending");
    result.total = static_cast<int>(pod.at("spec", "containers").size());
    std::string_view reason = status["reason"].asString(phase);
    bool failing = false, allReady = result.total > 0;
    const auto look = [&](const document::Value& container) {
        const auto& state = container["state"];
        result.restarts += static_cast<int>(container["restartCount"].asInt());
        if (const auto why = state.at("waiting", "reason").asString(); !why.empty()) {
            reason = why;
            failing = failing || (why != "ContainerCreating" && why != "PodInitializing");
        } else if (const auto& ended = state["terminated"]; ended.isObject()) {
            reason = ended["reason"].asString("Completed");
            failing = failing || ended["exitCode"].asInt() != 0;
        }
    };
    for (const auto& container : status["initContainerStatuses"].items())
        if (!container.at("state", "terminated").isObject()) look(container);
    for (const auto& container : status["containerStatuses"].items()) {
        look(container);
        result.ready += container["ready"].asBool();
    }
    allReady = allReady && result.ready == result.total;
    result.word = qstring(reason);
    if (pod.at("metadata", "deletionTimestamp").isString()) {
        result.state = QStringLiteral("ending");
        result.word = QStringLiteral("Terminating");
    } else if (phase == "Succeeded") {
        result.state = QStringLiteral("done");
    } else if (phase == "Failed" || failing) {
        result.state = QStringLiteral("failed");
    } else if (phase == "Running" && allReady) {
        result.state = QStringLiteral("ready");
    } else if (phase == "Unknown") {
        result.state = QStringLiteral("unknown");
    } else {
        result.state = QStringLiteral("waiting");
    }
    return result;
}

} // namespace app
