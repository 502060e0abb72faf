#pragma once

#include "apiserver/core.h"

namespace apiserver {

// What a current object tells about the parts of it that a change leaves alone (see api/changed.h): the
// stored form has been decoded, defaulted and filled. Null where conversion made the object.
document::Value settled(Core& core, const api::ResourceInfo& resource, const document::Value& current);

} // namespace apiserver
