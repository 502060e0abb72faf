#pragma once
// OpenAPI documents. Only apiserver/openapi includes this.

#include "apiserver/core.h"

namespace apiserver {

// The OpenAPI 3.0 document of one group version.
document::Value openApiDocument(Core& core, const std::string& group, const std::string& version);
// The OpenAPI 2.0 document of everything: JSON, or protobuf for clients before 1.27 and for kinds that
// version 3 does not know (yet).
ports::Response serveOpenApiV2(Core& core, const Context& context);

} // namespace apiserver
