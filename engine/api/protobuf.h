#pragma once
// Objects in the protobuf encoding of the API ("application/vnd.kubernetes.protobuf"), by the tables of
// kinds. Source: apimachinery pkg/runtime/serializer/protobuf, the generated.proto files of k8s.io/api.

#include "api/kinds.h"
#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>

namespace api {

// The envelope "k8s\0" with a runtime.Unknown, as request bodies and stored objects carry it.
base::Result<document::Value> decodeProtobuf(std::string_view bytes);
// Fails for kinds without a schema: custom resources have no protobuf form.
base::Result<std::string> encodeProtobuf(const document::Value& object);
// One event of a watch, with its length in front.
base::Result<std::string> encodeWatchFrame(std::string_view type, const document::Value& object);

} // namespace api
