#pragma once
// The rules that objects must keep, with upstream's texts, field paths and order of causes. Source:
// pkg/apis/*/validation of Kubernetes 1.35.
//
// Objects are decoded (api/kinds.h decodeObject) and defaulted before. An empty list means valid;
// otherwise `invalid(...)` of api/status.h makes the error.

#include "api/kinds.h"
#include "api/status.h"
#include "document/value.h"

#include <string_view>
#include <vector>

namespace api {

std::vector<StatusCause> validateCreate(const ResourceInfo& resource, const document::Value& object);
std::vector<StatusCause> validateUpdate(const ResourceInfo& resource, const document::Value& object,
                                        const document::Value& old);
// `subresource`: "status", "scale", "ephemeralcontainers", "resize", "approval", "finalize" ...
std::vector<StatusCause> validateSubresource(const ResourceInfo& resource,
                                             std::string_view subresource,
                                             const document::Value& object,
                                             const document::Value& old);

// Warnings that the server sends with a valid object ("spec.template...: deprecated ..."). `old` is null on create.
std::vector<std::string> warningsFor(const ResourceInfo& resource, const document::Value& object,
                                     const document::Value& old);

} // namespace api
