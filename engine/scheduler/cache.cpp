#include "scheduler/cache.h"

#include "api/objects/pod.h"

namespace scheduler {

using document::Value;

// A private copy while a snapshot still holds the old one.
NodeInfo& Cache::edit(std::string_view node) {
    auto place = nodes_.find(node);
    if (place == nodes_.end()) {
        place = nodes_.emplace(std::string(node), std::make_shared<NodeInfo>()).first;
        place->second->name = std::string(node);
    } else if (place->second.use_count() > 1) {
        place->second = std::make_shared<NodeInfo>(*place->second);
    }
    return *place->second;
}

void Cache::setNode(const Value& node) { edit(api::nameOf(node)).setNode(node); }

void Cache::removeNode(std::string_view name) {
    const auto place = nodes_.find(name);
    if (place == nodes_.end()) return;
    // Its pods are still known until they are gone.
    if (place->second->pods.empty())
        nodes_.erase(place);
    else
        edit(name).node = Value();
}

void Cache::detach(std::string_view uid) {
    const auto place = placed_.find(uid);
    if (place == placed_.end()) return;
    const std::string node = place->second;
    placed_.erase(place);
    NodeInfo& info = edit(node);
    info.removePod(uid);
    if (info.pods.empty() && info.node.isNull()) nodes_.erase(node);
}

void Cache::setPod(const Value& pod) {
    const std::string uid = api::uidOf(pod), node(api::podNode(pod));
    detach(uid);
    assumed_.erase(uid);
    edit(node).addPod(std::make_shared<PodInfo>(pod));
    placed_[uid] = node;
}

void Cache::removePod(std::string_view uid) {
    detach(uid);
    if (const auto place = assumed_.find(uid); place != assumed_.end()) assumed_.erase(place);
}

void Cache::assume(PodPtr pod, std::string_view node) {
    detach(pod->uid);
    placed_[pod->uid] = std::string(node);
    assumed_.insert(pod->uid);
    edit(node).addPod(std::move(pod));
}

void Cache::forget(std::string_view uid) {
    if (assumed_.contains(uid)) removePod(uid);
}

Snapshot Cache::snapshot() const {
    Snapshot out;
    for (const auto& [name, info] : nodes_)
        if (!info->node.isNull()) out.push_back(info);
    return out;
}

const NodeInfo* Cache::node(std::string_view name) const {
    const auto place = nodes_.find(name);
    return place == nodes_.end() || place->second->node.isNull() ? nullptr : place->second.get();
}

std::size_t Cache::nodeCount() const {
    std::size_t count = 0;
    for (const auto& [name, info] : nodes_) count += info->node.isNull() ? 0 : 1;
    return count;
}

} // namespace scheduler
