#include "network/programs.h"

#include "network/dns/coredns.h"
#include "network/proxy/kube_proxy.h"
#include "network/servers/nginx.h"

namespace network {

std::vector<NamedProgram> programs() {
    return {{"kube-proxy", proxy::kubeProxyProgram()}, {"coredns", dns::coreDnsProgram()},
            {"nginx", servers::nginxProgram()}, {"busybox-httpd", servers::busyboxHttpdProgram()}};
}

} // namespace network
