#pragma once
// Defaults that depend on other fields, one function per type. Internal to api/.

#include "document/value.h"

#include <span>
#include <string_view>

namespace api {

struct TypeHook {
    std::string_view type; // "core.v1.Pod"
    document::Value (*apply)(const document::Value& object);
};

const TypeHook* findTypeHook(std::string_view type);
std::span<const TypeHook> coreHooks();
std::span<const TypeHook> groupHooks();

// The tag of an image reference as defaulting sees it: "latest" when there is neither tag nor digest,
// empty when the reference is malformed.
std::string imageTag(std::string_view image);

} // namespace api
