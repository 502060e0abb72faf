#pragma once
// Matching of PersistentVolumes and claims, as the binder and the scheduler both do it.
// Source: component-helpers storage/volume pv_helpers.go.

#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace api {

// spec.storageClassName, or the old annotation; empty: no class.
std::string claimClass(const document::Value& claim);
std::string volumeClass(const document::Value& volume);
bool claimFullyBound(const document::Value& claim);
// The volume's required node affinity against a node; a volume without one fits everywhere.
bool volumeFitsNode(const document::Value& volume, const document::Value& node);
bool accessModesSatisfied(const document::Value& claim, const document::Value& volume);
bool volumeBoundTo(const document::Value& volume, const document::Value& claim);
// The smallest volume that satisfies the claim; null when none does. With `node` (may be null) only
// volumes usable there; `excluded` names are taken. `delayed`: for WaitForFirstConsumer.
const document::Value& findMatchingVolume(const document::Value& claim,
                                          const std::vector<const document::Value*>& volumes,
                                          const document::Value& node,
                                          const std::vector<std::string>& excluded, bool delayed);
// Whether a NodeSelector (nodeSelectorTerms) selects the node.
bool nodeSelectorMatches(const document::Value& selector, const document::Value& node);
bool nodeTermMatches(const document::Value& term, const document::Value& node);
// Claims that a pod's volumes name, generic ephemeral ones included (pod-volume).
struct PodClaim {
    std::string name;
    bool ephemeral = false;
    std::string volume;
};
std::vector<PodClaim> claimsOf(const document::Value& pod);

} // namespace api
