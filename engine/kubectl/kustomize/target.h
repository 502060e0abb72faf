#pragma once
// One kustomization with everything below it. Source: kustomize api/internal/target, api/resmap.

#include "kubectl/kustomize/fields.h"
#include "kubectl/kustomize/loader.h"

#include <string>
#include <vector>

namespace kubectl::kustomize {

// Objects in load order.
class Resources {
public:
    std::vector<Resource> list;

    base::Status add(Resource resource); // refuses a second object of the same id
    base::Status addAll(std::vector<Resource> resources);
    base::Status absorb(Resource generated); // by its behavior: create, replace or merge
    std::vector<Resource*> withAnyId(const ResourceId& id); // current or earlier
    base::Result<Resource*> forPatch(const ResourceId& id);
    base::Result<std::vector<Resource*>> select(const document::Value& selector);
    void dropEmpty();
};

// The objects of a manifest text.
base::Result<std::vector<Resource>> readResources(std::string_view text);

// Generators and transformers of one kustomization.
base::Status runGenerators(Resources& into, const document::Value& kustomization, const Loader& loader);
base::Status runTransformers(Resources& resources, const document::Value& kustomization, const Loader& loader);
base::Status applyPatches(Resources& resources, const document::Value& kustomization, const Loader& loader);
base::Status applyReplacements(Resources& resources, const document::Value& kustomization, const Loader& loader);
// After everything else: content hashes, then the names in other objects.
void addHashes(Resources& resources);
base::Status updateReferences(Resources& resources);
void sortLegacy(Resources& resources, const document::Value& options);

} // namespace kubectl::kustomize
