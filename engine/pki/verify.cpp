// Verification of certificate chains with the texts and the order of checks of Go's crypto/x509.
#include "base/strings.h"
#include "pki/openssl.h"
#include "sim/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pki {

std::uint64_t signerMark(const std::string& publicInfo) {
    const std::string hash = sha256(publicInfo);
    std::uint64_t value = 0;
    std::memcpy(&value, hash.data(), sizeof value);
    return value | 1;
}

namespace {

constexpr std::size_t kLongestChain = 8;

bool signatureHolds(const Certificate& certificate, const Certificate& issuer) {
    const std::uint64_t wanted = signerMark(issuer.publicInfo);
    if (certificate.signedBy.load(std::memory_order_relaxed) == wanted) return true;
    EVP_PKEY* key = X509_get0_pubkey(issuer.x509());
    if (key == nullptr || X509_verify(certificate.x509(), key) != 1) return false;
    certificate.signedBy.store(wanted, std::memory_order_relaxed);
    return true;
}

base::Status checkTime(const Certificate& certificate, std::int64_t now) {
    const CertificateInfo& info = certificate.info;
    const char* relation = nullptr;
    std::int64_t limit = 0;
    if (now < info.notBefore) {
        relation = "before";
        limit = info.notBefore;
    } else if (now > info.notAfter) {
        relation = "after";
        limit = info.notAfter;
    }
    if (relation == nullptr) return base::okStatus();
    return base::makeError(fmt::format(
        "x509: certificate has expired or is not yet valid: current time {} is {} {}",
        sim::formatRfc3339(now / sim::kSecond * sim::kSecond), relation, sim::formatRfc3339(limit)));
}

bool nameMatches(std::string_view pattern, std::string_view host) {
    const std::string lower = base::toLower(pattern);
    if (lower == host) return true;
    if (!lower.starts_with("*.")) return false;
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && host.substr(dot) == lower.substr(1);
}

base::Status checkHost(const Certificate& certificate, std::string_view host) {
    const CertificateInfo& info = certificate.info;
    std::string wanted(host);
    if (wanted.size() > 2 && wanted.front() == '[' && wanted.back() == ']')
        wanted = wanted.substr(1, wanted.size() - 2);
    std::vector<std::string> valid;
    if (const auto address = base::IpAddress::parse(wanted)) {
        for (const auto& known : info.addresses) {
            if (known == *address) return base::okStatus();
            valid.push_back(known.text());
        }
        if (valid.empty())
            return base::makeError("x509: cannot validate certificate for " + wanted +
                                   " because it doesn't contain any IP SANs");
    } else {
        const std::string lower = base::toLower(wanted);
        for (const auto& name : info.dnsNames)
            if (nameMatches(name, lower)) return base::okStatus();
        valid = info.dnsNames;
        if (valid.empty() && info.addresses.empty() && !info.subject.commonName.empty())
            return base::makeError(
                "x509: certificate relies on legacy Common Name field, use SANs instead");
        if (valid.empty())
            return base::makeError(
                "x509: certificate is not valid for any names, but wanted to match " + wanted);
    }
    return base::makeError("x509: certificate is valid for " + base::join(valid, ", ") + ", not " +
                           wanted);
}

struct Search {
    const std::vector<CertificatePtr>* intermediates;
    const std::vector<CertificatePtr>* roots;
    std::int64_t now;
    std::string hint, hintName; // of the first candidate that failed
    std::string failure;        // of a candidate that signed but is not valid itself
};

bool reaches(Search& search, const Certificate& leaf, std::size_t depth) {
    if (depth > kLongestChain) return false;
    const auto tryParent = [&](const Certificate& parent, bool root) {
        if (parent.subject != leaf.issuer) return false;
        if (!parent.basicConstraints || !parent.info.authority || !signatureHolds(leaf, parent)) {
            if (search.hint.empty()) {
                search.hint = !parent.info.authority ? "x509: invalid signature: parent certificate "
                                                       "cannot sign this kind of certificate"
                                                     : "crypto/rsa: verification error";
                search.hintName = parent.info.subject.commonName;
            }
            return false;
        }
        if (auto valid = checkTime(parent, search.now); !valid) {
            search.failure = valid.error().message;
            return false;
        }
        return root || reaches(search, parent, depth + 1);
    };
    for (const auto& root : *search.roots)
        if (tryParent(*root, true)) return true;
    for (const auto& other : *search.intermediates)
        if (other.get() != &leaf && tryParent(*other, false)) return true;
    return false;
}

} // namespace

base::Status verify(const std::vector<CertificatePtr>& chain, const std::vector<CertificatePtr>& roots,
                    std::int64_t unixNow, Usage usage, std::string_view host) {
    if (chain.empty()) return base::makeError("x509: no certificates");
    const Certificate& leaf = *chain.front();
    BASE_CHECK(checkTime(leaf, unixNow));
    if (!host.empty()) BASE_CHECK(checkHost(leaf, host));
    const bool trustedItself = std::any_of(
        roots.begin(), roots.end(), [&](const CertificatePtr& root) { return root->der == leaf.der; });
    if (!trustedItself) {
        Search search{&chain, &roots, unixNow, {}, {}, {}};
        if (!reaches(search, leaf, 0)) {
            if (!search.failure.empty()) return base::makeError(search.failure);
            std::string text = "x509: certificate signed by unknown authority";
            if (!search.hint.empty())
                text += fmt::format(" (possibly because of {} while trying to verify candidate "
                                    "authority certificate {})",
                                    base::quoteGo(search.hint), base::quoteGo(search.hintName));
            return base::makeError(text);
        }
    }
    const auto& usages = leaf.info.extendedKeyUsages;
    const char* wanted = usage == Usage::Server ? "serverAuth" : "clientAuth";
    if (!usages.empty() && std::find(usages.begin(), usages.end(), wanted) == usages.end())
        return base::makeError("x509: certificate specifies an incompatible key usage");
    return base::okStatus();
}

} // namespace pki
