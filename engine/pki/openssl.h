#pragma once
// What the files of this module share about OpenSSL. Not for other modules.
#define OPENSSL_SUPPRESS_DEPRECATED 1 // the low-level EC calls take a given nonce; EVP does not

#include "pki/certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>

namespace pki {

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* object) const { Free(object); }
};
using BnPtr = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using BnContext = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using PointPtr = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;
using EcKeyPtr = std::unique_ptr<EC_KEY, Deleter<EC_KEY_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

class Key {
public:
    EcKeyPtr ec;
    std::string secret;     // 32 bytes; empty for a public key
    std::string publicInfo; // SubjectPublicKeyInfo, DER
};

class Certificate {
public:
    std::string der;
    std::string subject, issuer; // names, DER
    std::string publicInfo;      // SubjectPublicKeyInfo, DER
    std::string subjectKeyId;
    X509Ptr x509;
    CertificateInfo info;
    bool basicConstraints = false;
    // First bytes of the hash of the public key that was found to have signed this certificate:
    // verifying it again costs nothing.
    mutable std::atomic<std::uint64_t> signedBy{0};
};

// DER signature (r, s) over a SHA-256 digest, or raw r || s for JWT.
std::string signDigest(const Key& key, std::string_view digest, bool raw);
bool verifyDigestRaw(const Key& key, std::string_view digest, std::string_view rawSignature);
base::Result<KeyPtr> readPublicInfo(std::string_view der);
// Payload of the first (`at` advances) PEM block; type in `label`. Nothing when there is none left.
bool nextPem(std::string_view& text, std::string& label, std::string& bytes);
std::string writePem(std::string_view label, std::string_view bytes);
CertificatePtr parseCertificate(std::string der);

} // namespace pki
