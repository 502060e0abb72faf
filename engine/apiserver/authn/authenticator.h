#pragma once
// Remembers what was verified: signatures are costly and never change their meaning, only times and
// the objects behind a token do.

#include "apiserver/config.h"
#include "base/result.h"
#include "document/value.h"
#include "pki/certificate.h"

#include <map>
#include <string>

namespace apiserver {

struct Authenticator {
    struct KnownCertificate {
        pki::CertificatePtr leaf;
        UserInfo user;
        std::int64_t notBefore = 0, notAfter = 0;
    };
    std::map<std::string, KnownCertificate, std::less<>> certificates; // by fingerprint
    std::map<const pki::Certificate*, std::string> fingerprints; // of leaves kept above
    std::map<std::string, document::Value, std::less<>> tokens;  // verified JWT -> claims
};

} // namespace apiserver
