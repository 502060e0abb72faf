#pragma once
// The pods that this node should run, as last seen from their sources. Mirror pods are kept apart and
// found by full name. Source: pkg/kubelet/pod, pod_manager.go.

#include "kubelet/pod_view.h"

#include <map>
#include <string>
#include <vector>

namespace kubelet {

class PodManager {
public:
    void put(const Value& pod) {
        if (isMirrorPod(pod)) {
            mirrors_[podFullName(pod)] = pod;
            return;
        }
        pods_[api::uidOf(pod)] = pod;
    }
    void remove(const Value& pod) {
        if (isMirrorPod(pod)) mirrors_.erase(podFullName(pod));
        else pods_.erase(api::uidOf(pod));
    }
    const Value& byUid(std::string_view uid) const { return find(pods_, uid); }
    const Value& byFullName(std::string_view fullName) const {
        for (const auto& [uid, pod] : pods_)
            if (podFullName(pod) == fullName) return pod;
        return nothing();
    }
    const Value& mirrorOf(const Value& pod) const { return find(mirrors_, podFullName(pod)); }
    const std::map<std::string, Value, std::less<>>& all() const { return pods_; }
    const std::map<std::string, Value, std::less<>>& mirrors() const { return mirrors_; }
    bool knows(std::string_view uid) const { return pods_.find(uid) != pods_.end(); }

private:
    static const Value& nothing() {
        static const Value value;
        return value;
    }
    static const Value& find(const std::map<std::string, Value, std::less<>>& map, std::string_view key) {
        const auto found = map.find(key);
        return found == map.end() ? nothing() : found->second;
    }

    std::map<std::string, Value, std::less<>> pods_;    // by uid
    std::map<std::string, Value, std::less<>> mirrors_; // by full name
};

} // namespace kubelet
