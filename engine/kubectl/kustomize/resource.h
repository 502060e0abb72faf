#pragma once
// The objects of a kustomization on their way through it. Source: kustomize api/resource,
// kyaml/resid.

#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace kubectl::kustomize {

struct ResourceId {
    std::string group, version, kind, name, ns;

    bool clusterScoped() const;         // certainly: a built-in kind without namespaces
    std::string effectiveNs() const;    // "default" when there is none
    std::string text() const;           // "Deployment.v1.apps/web.[noNs]"
    std::string gvkText() const;        // "Deployment.v1.apps"
    bool equals(const ResourceId& other) const;
    bool sameNs(const ResourceId& other) const { return effectiveNs() == other.effectiveNs(); }
    // Empty parts of the selector fit everything.
    bool selectedByGvk(std::string_view wantedGroup, std::string_view wantedVersion,
                       std::string_view wantedKind) const;
};

enum class Behavior { Unspecified, Create, Replace, Merge };
Behavior behaviorOf(std::string_view text);

struct Resource {
    document::Value object;             // null: removed by a patch
    std::vector<ResourceId> previous;   // oldest first
    std::vector<std::string> prefixes, suffixes;
    bool needsHash = false;
    bool mayChangeName = false, mayChangeKind = false; // of patches
    Behavior behavior = Behavior::Unspecified;

    bool gone() const { return !object.isObject() || object.size() == 0; }
    std::string name() const { return object.at("metadata", "name").text(); }
    std::string kind() const { return object["kind"].text(); }
    ResourceId id() const;
    ResourceId originalId() const { return previous.empty() ? id() : previous.front(); }
    void rename(const std::string& name);
    void rememberId(); // before a change of name, namespace or kind
};

} // namespace kubectl::kustomize
