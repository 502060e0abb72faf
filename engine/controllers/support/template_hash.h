#pragma once
// The hashes that name ReplicaSets and revisions.

#include "document/value.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace controllers {

// The letters of the real ones: a pod template as Go's spew prints the typed object, FNV-1a of that
// text and of the collision count, spelled without vowels.
// Source: controller_utils.go ComputeHash, pkg/util/hash DeepHashObject, apimachinery dump.ForHash.
std::string templateHash(const document::Value& podTemplate, const document::Value& collisionCount);
// Exposed for tests: what is hashed.
std::string spewTemplate(const document::Value& podTemplate);
// Of a StatefulSet's revision: its data and the number of collisions.
// Source: pkg/controller/history HashControllerRevision.
std::string revisionHash(const document::Value& data, std::int64_t collisions);

} // namespace controllers
