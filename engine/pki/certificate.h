#pragma once
// Keys, X.509 certificates and signing requests over OpenSSL. Everything is made from the kernel's
// seeded streams, so the same seed gives the same bytes. Sources: RFC 5280; kubeadm app/util/pkiutil.

#include "base/ip.h"
#include "base/result.h"
#include "sim/random.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pki {

class Key;         // private key; opaque
class Certificate; // parsed certificate; opaque
using KeyPtr = std::shared_ptr<const Key>;
using CertificatePtr = std::shared_ptr<const Certificate>;

struct Name {
    std::string commonName;
    std::vector<std::string> organizations;
};

struct CertificateInfo {
    Name subject, issuer;
    std::string serial;                  // decimal
    std::int64_t notBefore = 0, notAfter = 0; // Unix ns
    std::vector<std::string> dnsNames;
    std::vector<base::IpAddress> addresses;
    std::vector<std::string> keyUsages;  // "Digital Signature", "Key Encipherment", "Certificate Sign"
    std::vector<std::string> extendedKeyUsages; // "serverAuth", "clientAuth"
    bool authority = false;
};

struct CertificateRequest {
    Name subject;
    std::vector<std::string> dnsNames;
    std::vector<base::IpAddress> addresses;
};

// ECDSA P-256: made from 32 seeded bytes, therefore deterministic and fast. Printed as a kubeadm key
// would be where the algorithm does not matter; listed in docs/fidelity.md.
KeyPtr makeKey(sim::Random& random);
std::string writeKeyPem(const Key& key);
base::Result<KeyPtr> readKeyPem(std::string_view pem);
std::string publicKeyPem(const Key& key);

struct SigningProfile {
    std::int64_t notBefore = 0, notAfter = 0; // Unix ns
    bool authority = false;
    bool serverAuth = false, clientAuth = false;
    bool digitalSignature = true, keyEncipherment = true;
};
// Issuer null: self-signed. Signatures are deterministic (RFC 6979).
CertificatePtr signCertificate(const CertificateRequest& request, const Key& subjectKey,
                               const SigningProfile& profile, const Certificate* issuer,
                               const Key& issuerKey, sim::Random& random);
std::string writeCertificatePem(const Certificate& certificate);
base::Result<std::vector<CertificatePtr>> readCertificatesPem(std::string_view pem);
CertificateInfo inspect(const Certificate& certificate);
std::string fingerprintSha256(const Certificate& certificate); // hex
// sha256 of the SubjectPublicKeyInfo, as kubeadm's --discovery-token-ca-cert-hash.
std::string publicKeyHash(const Certificate& certificate);
bool matches(const Certificate& certificate, const Key& key);
// As `openssl x509 -text` prints it, and as -ext prints the named extensions.
std::string certificateText(const Certificate& certificate);
std::string extensionsText(const Certificate& certificate, const std::vector<std::string>& names);

std::string writeRequestPem(const CertificateRequest& request, const Key& key);
struct ParsedRequest {
    CertificateRequest request;
    std::string publicKeyPem;
};
base::Result<ParsedRequest> readRequestPem(std::string_view pem);
// Signs a request whose private key stays with the requester.
base::Result<CertificatePtr> signRequestPem(std::string_view requestPem, const SigningProfile& profile,
                                            const Certificate& issuer, const Key& issuerKey,
                                            sim::Random& random);

enum class Usage { Server, Client };
// Verifies leaf-first `chain` against `roots` at a Unix time; the error is Go's x509 text
// ("x509: certificate signed by unknown authority", "x509: certificate has expired or is not yet
// valid: current time ... is after ...", "x509: certificate is valid for a, b, not c").
base::Status verify(const std::vector<CertificatePtr>& chain, const std::vector<CertificatePtr>& roots,
                    std::int64_t unixNow, Usage usage, std::string_view host = {});

// JSON Web Tokens signed with a key (ES256), for service accounts. `claims` is JSON text.
std::string signJwt(std::string_view claims, std::string_view keyId, const Key& key);
// The claims' JSON text when one of the keys verifies the signature.
base::Result<std::string> verifyJwt(std::string_view token, const std::vector<KeyPtr>& keys);

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string hmacSha256(std::string_view key, std::string_view bytes);

} // namespace pki
