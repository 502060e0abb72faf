#pragma once
// Nodes with the pods on them, including pods whose binding is still under way ("assumed").
// Source: kubernetes pkg/scheduler/backend/cache.

#include "scheduler/types.h"

namespace scheduler {

class Cache {
public:
    void setNode(const document::Value& node);
    void removeNode(std::string_view name);
    // A pod seen on its node; confirms an assumed one.
    void setPod(const document::Value& pod);
    void removePod(std::string_view uid);
    void assume(PodPtr pod, std::string_view node);
    void forget(std::string_view uid);
    bool assumed(std::string_view uid) const { return assumed_.contains(uid); }

    // Nodes that exist, by name. Values are shared until they change.
    Snapshot snapshot() const;
    const NodeInfo* node(std::string_view name) const;
    std::size_t nodeCount() const;

private:
    NodeInfo& edit(std::string_view node);
    void detach(std::string_view uid);

    std::map<std::string, std::shared_ptr<NodeInfo>, std::less<>> nodes_;
    std::map<std::string, std::string, std::less<>> placed_; // uid -> node
    std::set<std::string, std::less<>> assumed_;
};

} // namespace scheduler
