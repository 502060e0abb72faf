#pragma once
// What every object must keep beside the rules of its kind.

#include "api/status.h"
#include "document/value.h"

#include <vector>

namespace apiserver {

std::vector<api::StatusCause> checkMetadata(const document::Value& object);

} // namespace apiserver
