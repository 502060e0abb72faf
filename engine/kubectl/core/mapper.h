#pragma once
// What the server serves: resources by name, short name, kind or group-qualified forms.
// Source: apimachinery pkg/api/meta (priority and default REST mappers), client-go restmapper.

#include "api/kinds.h"
#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

struct Mapping {
    std::string group, version, plural, singular, kind;
    bool namespaced = true;
    bool preferred = true; // of the group's preferred version
    std::vector<std::string> shortNames, categories, verbs, subresources;

    std::string apiVersion() const { return group.empty() ? version : group + "/" + version; }
    std::string groupResource() const { return group.empty() ? plural : plural + "." + group; }
    std::string gvkText() const { return apiVersion() + ", Kind=" + kind; }
    bool hasVerb(std::string_view verb) const;
    bool hasSubresource(std::string_view name) const;
    std::string path(std::string_view ns, std::string_view name = {},
                     std::string_view subresource = {}) const;
    bool operator==(const Mapping& other) const {
        return group == other.group && version == other.version && plural == other.plural;
    }
    const api::ResourceInfo* builtin() const; // null for kinds that are not built in
};

// "pod/web", "deployment.apps/web": how objects are named in messages.
std::string shortForm(const Mapping& mapping, std::string_view name);

class Mapper {
public:
    // Adds one APIGroupDiscoveryList (v2).
    void add(const document::Value& discovery);
    // As kept in the discovery cache; false (and empty) when the text is not such.
    std::string text() const;
    bool readText(std::string_view text);
    const std::vector<Mapping>& all() const { return resources_; } // discovery order
    const std::vector<std::string>& groupVersions() const { return groupVersions_; }
    const std::vector<std::string>& staleGroupVersions() const { return stale_; }

    // "po", "deployments.apps", "Deployment", "deploy.v1.apps". Null when nothing fits.
    const Mapping* find(std::string_view argument) const;
    const Mapping* findKind(std::string_view group, std::string_view version,
                            std::string_view kind) const; // version empty: preferred
    // Resources of a category ("all"), in discovery order; empty when it is none.
    std::vector<const Mapping*> category(std::string_view name) const;

private:
    const Mapping* match(std::string_view resource, std::string_view version, std::string_view group,
                         bool hasGroup) const;
    std::vector<Mapping> resources_;
    std::vector<std::string> groupVersions_, stale_;
};

Mapping mappingOf(const api::ResourceInfo& info);

} // namespace kubectl
