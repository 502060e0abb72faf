#include "kubectl/kustomize/kustomize.h"

#include "kubectl/core/session.h"

namespace kubectl {

base::Result<std::string> kustomizeBuild(Session&, const std::string& folder) {
    return base::makeError("must build at directory: '" + folder + "': file is not directory");
}

} // namespace kubectl
