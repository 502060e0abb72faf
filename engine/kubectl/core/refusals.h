#pragma once
// What is refused before the server is asked.

#include "kubectl/core/builder.h"

namespace kubectl {

// A name that can stand in a path. Source: client-go rest/request.go.
base::Status checkName(const Info& info);
// The path of --raw.
base::Status checkRawPath(const std::string& path);
// Resources named beside --local.
base::Error localOnly();

} // namespace kubectl
