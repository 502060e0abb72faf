#pragma once
// What kube-apiserver's flags say, as values. Whoever runs the program parses the flags and reads the
// files; see kube-apiserver(8) for the names in the comments.

#include "base/function.h"
#include "base/ip.h"
#include "document/value.h"
#include "pki/certificate.h"
#include "ports/network.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace apiserver {

struct UserInfo {
    std::string name, uid;
    std::vector<std::string> groups;
    std::map<std::string, std::vector<std::string>> extra;
    bool inGroup(std::string_view group) const;
};

struct StaticToken {
    std::string token;
    UserInfo user;
};

// A provider of an EncryptionConfiguration: "aescbc", "aesgcm", "secretbox", "identity".
struct EncryptionKey {
    std::string name, secret; // the secret as bytes
};
struct EncryptionProvider {
    std::string kind;
    std::vector<EncryptionKey> keys;
};
struct EncryptionRule {
    std::vector<std::string> resources; // "secrets", "deployments.apps", "*.apps", "*.*"
    std::vector<EncryptionProvider> providers; // the first one writes, all of them read
};

// One finished request, for audit logs and the window's "requests made".
struct AuditRecord {
    sim::Time at = 0;
    std::string id, verb, uri;
    UserInfo user;
    base::Endpoint source;
    std::string userAgent;
    std::string group, version, resource, subresource, ns, name;
    int code = 0;
    document::Value requestObject, responseObject;
    bool allowed = true;
};

// Finds the address of a service or host name for webhooks and aggregated APIs.
struct Config {
    std::string gitVersion = "v1.35.4";
    // Authentication.
    std::vector<pki::CertificatePtr> clientAuthorities;         // --client-ca-file
    std::vector<pki::CertificatePtr> requestHeaderAuthorities;  // --requestheader-client-ca-file
    std::vector<std::string> requestHeaderNames;                // --requestheader-allowed-names
    std::vector<StaticToken> tokens;                            // --token-auth-file
    std::vector<pki::KeyPtr> serviceAccountKeys;                // --service-account-key-file
    pki::KeyPtr serviceAccountSigner;                           // --service-account-signing-key-file
    std::string serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local";
    std::vector<std::string> apiAudiences;                      // default: the issuer
    bool bootstrapTokens = true;                                // --enable-bootstrap-token-auth
    bool anonymous = true;                                      // --anonymous-auth
    // Authorization: "Node", "RBAC", "AlwaysAllow", "AlwaysDeny", "Webhook" in order.
    std::vector<std::string> authorizationModes = {"Node", "RBAC"};
    // Admission, on top of the default set.
    std::set<std::string, std::less<>> enabledAdmission, disabledAdmission;
    // Services.
    base::IpPrefix serviceCidr = *base::IpPrefix::parse("10.96.0.0/12");
    int nodePortLow = 30000, nodePortHigh = 32767;
    base::IpAddress advertiseAddress = *base::IpAddress::parse("127.0.0.1");
    std::uint16_t securePort = 6443;
    // The network of the host that the server runs on, to kubelets, pods, webhooks and aggregated
    // APIs; null: they cannot be reached.
    ports::NetStack* network = nullptr;
    ports::TlsClient kubeletClient;  // --kubelet-client-certificate, --kubelet-client-key
    ports::TlsClient proxyClient;    // --proxy-client-cert-file
    std::vector<EncryptionRule> encryption;                     // --encryption-provider-config
    sim::Duration compactionInterval = 0; // --etcd-compaction-interval; 0: never
    std::string hostname;                // of the machine; empty: no identity lease is kept
    base::Function<void(sim::Duration)> busy; // told what requests cost the processor
    // What one request takes inside the server.
    sim::Duration latency = 0;
    base::Function<void(const AuditRecord&)> audit;
    document::Value auditPolicy;                                // --audit-policy-file; null: no log
    base::Function<void(const std::string& line)> auditLog;     // --audit-log-path
    bool makeBootstrapObjects = true;
};

} // namespace apiserver
