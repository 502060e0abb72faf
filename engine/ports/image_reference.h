#pragma once
// Image names as Docker and containerd read them. Source: distribution/reference.

#include "base/result.h"

#include <string>
#include <string_view>

namespace ports {

struct ImageReference {
    std::string domain;     // "docker.io"
    std::string repository; // "library/nginx"
    std::string tag;        // "1.27"; empty with a digest only
    std::string digest;     // "sha256:..." or empty
    // "docker.io/library/nginx:1.27".
    std::string text() const;
};

// Adds docker.io, library/ and :latest where the name leaves them out. Errors: "invalid reference
// format", "invalid reference format: repository name (library/UPPER) must be lowercase".
base::Result<ImageReference> parseImageReference(std::string_view name);

} // namespace ports
