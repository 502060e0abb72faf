#pragma once
// Strategic merge as kustomize does it without a server: the built-in types say which lists merge.
// Source: kyaml yaml/merge2, yaml/walk. Unlike the API server's merge it puts a patch's items first.

#include "base/result.h"
#include "document/value.h"

namespace kubectl::kustomize {

// Null when the patch deletes the object.
base::Result<document::Value> mergePatch(const document::Value& object, const document::Value& patch);

} // namespace kubectl::kustomize
