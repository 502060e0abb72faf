#include "network/programs.h"

#include "network/proxy/kube_proxy.h"

namespace network {

std::vector<NamedProgram> programs() {
    return {{"kube-proxy", proxy::kubeProxyProgram()}};
}

} // namespace network
