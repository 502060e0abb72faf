#pragma once
// Where transformers change objects: paths into objects, per kind. Source: kustomize
// api/filters/fieldspec and api/internal/konfig/builtinpluginconsts.

#include "base/function.h"
#include "base/result.h"
#include "kubectl/kustomize/resource.h"

#include <optional>
#include <vector>

namespace kubectl::kustomize {

struct FieldSpec {
    std::string path; // "spec/template/metadata/labels"; "[]" after a name demands a list
    std::string group, version, kind;
    bool create = false;

    bool fits(const ResourceId& id) const { return id.selectedByGvk(group, version, kind); }
};
using FieldSpecs = std::vector<FieldSpec>;

// A changed value, or an error; called for every place that the path leads to.
using FieldChange = base::Function<base::Result<document::Value>(const document::Value& old)>;

// Walks into lists by itself. Missing fields are made when the spec says so; `leaf` is what a
// missing last field starts as (null: it is not made).
base::Result<document::Value> changeField(const document::Value& object, const FieldSpec& spec,
                                          const document::Value& leaf, FieldChange& change);

const FieldSpecs& labelSpecs();      // metadata, templates and selectors
const FieldSpecs& templateSpecs();   // metadata and templates
const FieldSpecs& annotationSpecs();
const FieldSpecs& namespaceSpecs();
const FieldSpecs& replicaSpecs();
const FieldSpecs& imageSpecs();

// Fields that name other objects.
struct Reference {
    std::string group, version, kind; // of what is named
    FieldSpecs places;
};
const std::vector<Reference>& references();

} // namespace kubectl::kustomize
