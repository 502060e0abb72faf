#include "apiserver/registry/validate.h"

namespace apiserver {

std::vector<api::StatusCause> checkMetadata(const document::Value& object) {
    if (!object.at("metadata", "name").isEmpty()) return {};
    return {{"FieldValueRequired", "Required value: name or generateName is required", "metadata.name"}};
}

} // namespace apiserver
