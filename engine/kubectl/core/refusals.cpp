#include "kubectl/core/refusals.h"

#include "api/names.h"
#include "base/strings.h"

namespace kubectl {

// Source: client-go rest/request.go Name, IsValidPathSegmentName.
base::Status checkName(const Info& info) {
    if (info.name.empty()) return base::makeError("resource name may not be empty");
    const api::Problems problems = api::checkPathSegment(info.name);
    if (problems.empty()) return base::okStatus();
    return base::makeError("invalid resource name " + base::quoteGo(info.name) + ": [" +
                           base::join(problems, " ") + "]");
}

base::Error localOnly() {
    return base::makeError("error: you must specify resources by --filename when --local is set.\n"
                           "Example resource specifications include:\n"
                           "   '-f rsrc.yaml'\n"
                           "   '--filename=rsrc.json'");
}
base::Status checkRawPath(const std::string& path) {
    if (path.starts_with("/") || path.starts_with("http://") || path.starts_with("https://")) return base::okStatus();
    return base::makeError("--raw must be a valid URL path: parse " + base::quoteGo(path) + ": invalid URI for request");
}

} // namespace kubectl
