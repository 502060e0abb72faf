#pragma once
// What `kubeadm init` and `kubeadm join` leave behind: files on the machines and objects in the API.
// Source: kubeadm cmd/phases (certs, kubeconfig, control-plane, etcd, kubelet, addons).

#include "client/client.h"
#include "cluster/blueprint.h"
#include "cluster/node.h"
#include "pki/certificate.h"

#include <string>
#include <vector>

namespace cluster::kubeadm {

struct Authority {
    pki::CertificatePtr certificate;
    pki::KeyPtr key;
};

// The secrets that all machines of a cluster share.
struct Secrets {
    Authority kubernetes, etcd, frontProxy;
    pki::KeyPtr serviceAccount;
};

Secrets makeSecrets(sim::Kernel& kernel);
// Signs a certificate of a year under an authority.
pki::CertificatePtr issue(sim::Kernel& kernel, const Authority& authority,
                          const pki::CertificateRequest& request, const pki::Key& key, bool server,
                          bool client);
std::string kubeconfig(const std::string& server, const pki::Certificate& authority,
                       const std::string& user, const std::string& userFields);

void writeControlPlaneFiles(sim::Kernel& kernel, const Secrets& secrets, const Blueprint& blueprint, Node& node);
// kubelet.conf with its client certificate, the kubelet's configuration, the CA.
void writeKubeletFiles(sim::Kernel& kernel, const Secrets& secrets, const Blueprint& blueprint, Node& node);

// The rest of `kubeadm init` once the API server answers: objects, marks of the control plane,
// add-ons. Returns when everything has been accepted.
sim::Task<void> makeObjects(sim::Kernel& kernel, ports::NetStack& network, client::Config admin,
                            Blueprint blueprint, std::string authorityPem);
// Waits until the API server knows a node.
sim::Task<void> waitForNode(sim::Kernel& kernel, ports::NetStack& network, client::Config admin,
                            std::string name);

} // namespace cluster::kubeadm
