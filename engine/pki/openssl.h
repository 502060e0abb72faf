#pragma once
// What the files of this module share about OpenSSL. Not for other modules.
#define OPENSSL_SUPPRESS_DEPRECATED 1 // the low-level EC calls take a given nonce; EVP does not

#include "pki/certificate.h"

#include <openssl/bio.h>
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
#include <mutex>
#include <unordered_map>

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
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
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
    CertificateInfo info;
    bool basicConstraints = false;
    // First bytes of the hash of the public key that was found to have signed this certificate:
    // verifying it again costs nothing.
    mutable std::atomic<std::uint64_t> signedBy{0};

    // OpenSSL's view, made when it is asked for: those that we sign ourselves are seldom looked at.
    X509* x509() const;
    void adopt(X509Ptr parsed) const;

private:
    mutable std::once_flag parsed_;
    mutable X509Ptr x509_;
};

// DER signature (r, s) over a SHA-256 digest, or raw r || s for JWT.
std::string signDigest(const Key& key, std::string_view digest, bool raw);
bool verifyDigestRaw(const Key& key, std::string_view digest, std::string_view rawSignature);
base::Result<KeyPtr> readPublicInfo(std::string_view der);
// Payload of the first (`at` advances) PEM block; type in `label`. Nothing when there is none left.
bool nextPem(std::string_view& text, std::string& label, std::string& bytes);
std::string writePem(std::string_view label, std::string_view bytes);
// Certificates never change and their bytes say everything: equal bytes give the same object, so what
// one component wrote and another reads is not decoded again.
CertificatePtr parseCertificate(std::string der);
// What `Certificate::signedBy` holds for the issuer with this public key.
std::uint64_t signerMark(const std::string& publicInfo);

// Decoding and curve arithmetic are pure functions of their input; the last results are kept, per thread.
template <typename Result>
class Memo {
public:
    const Result* find(const std::string& input) const {
        const auto found = known_.find(input);
        return found == known_.end() ? nullptr : &found->second;
    }
    void keep(const std::string& input, Result result) {
        constexpr std::size_t kMost = 1024;
        if (known_.size() >= kMost) known_.clear();
        known_.emplace(input, std::move(result));
    }

private:
    std::unordered_map<std::string, Result> known_;
};

} // namespace pki
