#include "network/programs.h"

#include "network/dns/coredns.h"
#include "network/proxy/kube_proxy.h"

namespace network {

std::vector<NamedProgram> programs() {
    return {{"kube-proxy", proxy::kubeProxyProgram()}, {"coredns", dns::coreDnsProgram()}};
}

} // namespace network
