#include "gateway/identity.h"

#include "pki/certificate.h"
#include "sim/time.h"

namespace gateway {

// Wide dates: real clients check against the real clock, while the cluster's certificates follow the
// virtual one.
Identity makeIdentity(sim::Random& random) {
    pki::SigningProfile profile;
    profile.notBefore = sim::unixTime(2020, 1, 1, 0, 0, 0);
    profile.notAfter = sim::unixTime(2050, 1, 1, 0, 0, 0);
    profile.authority = true;
    const auto authorityKey = pki::makeKey(random);
    const auto authority = pki::signCertificate({{"timonel-endpoint", {}}, {}, {}}, *authorityKey, profile, nullptr, *authorityKey, random);
    profile.authority = false;
    profile.serverAuth = true;
    pki::CertificateRequest request;
    request.subject.commonName = "localhost";
    request.dnsNames = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
    request.addresses = {*base::IpAddress::parse("127.0.0.1"), *base::IpAddress::parse("::1")};
    const auto key = pki::makeKey(random);
    const auto certificate = pki::signCertificate(request, *key, profile, authority.get(), *authorityKey, random);
    return {pki::writeCertificatePem(*authority), pki::writeCertificatePem(*certificate), pki::writeKeyPem(*key)};
}

} // namespace gateway
