#pragma once
// The agent's identity: kubelet.conf, or a bootstrap kubeconfig and a certificate request. Source:
// pkg/kubelet/certificate/bootstrap.

#include "client/client.h"
#include "kubelet/core.h"

namespace kubelet {

// The error is the text behind "failed to run Kubelet: ".
sim::Task<base::Result<client::Config>> loadIdentity(Core& core);

} // namespace kubelet
