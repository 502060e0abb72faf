#include <catch2/catch.hpp>

#include "pki/certificate.h"
#include "sim/kernel.h"

#include <thread>

namespace {
constexpr std::int64_t kNow = sim::Kernel::kDefaultEpoch;
constexpr std::int64_t kYear = 365LL * 24 * sim::kHour;

struct World {
    sim::Random random{7};
    pki::KeyPtr authorityKey = pki::makeKey(random);
    pki::CertificatePtr authority = issue({{"kubernetes", {}}, {"kubernetes"}, {}}, authorityKey,
                                          {kNow - sim::kHour, kNow + 10 * kYear, true, false, false},
                                          nullptr);
    pki::CertificatePtr issue(const pki::CertificateRequest& request, const pki::KeyPtr& key,
                              pki::SigningProfile profile, const pki::Certificate* issuer) {
        return pki::signCertificate(request, *key, profile, issuer, *authorityKey, random);
    }
};
pki::SigningProfile server() { return {kNow - sim::kHour, kNow + kYear, false, true, false}; }
} // namespace

TEST_CASE("a certificate survives PEM and verifies with Go's texts") {
    World world;
    REQUIRE(world.authority);
    const auto key = pki::makeKey(world.random);
    const auto leaf = world.issue({{"kube-apiserver", {"system:masters"}},
                                   {"kubernetes", "kubernetes.default"},
                                   {*base::IpAddress::parse("10.96.0.1")}},
                                  key, server(), world.authority.get());
    const auto again = pki::readCertificatesPem(pki::writeCertificatePem(*leaf));
    REQUIRE(again.ok());
    const auto info = pki::inspect(*again->front());
    CHECK(info.subject.organizations == std::vector<std::string>{"system:masters"});
    CHECK(info.issuer.commonName == "kubernetes");
    CHECK(info.notAfter == kNow + kYear);
    CHECK(info.keyUsages == std::vector<std::string>{"Digital Signature", "Key Encipherment"});
    CHECK(pki::matches(*leaf, *key));
    const std::vector<pki::CertificatePtr> roots{world.authority};
    CHECK(pki::verify(*again, roots, kNow, pki::Usage::Server, "10.96.0.1").ok());
    CHECK(pki::verify(*again, roots, kNow, pki::Usage::Server, "kubernetes").ok());
    CHECK(pki::verify(*again, roots, kNow, pki::Usage::Server, "web").error().message ==
          "x509: certificate is valid for kubernetes, kubernetes.default, not web");
    CHECK(pki::verify(*again, roots, kNow, pki::Usage::Client).error().message ==
          "x509: certificate specifies an incompatible key usage");
    CHECK(pki::verify(*again, roots, kNow + 2 * kYear, pki::Usage::Server).error().message ==
          "x509: certificate has expired or is not yet valid: current time 2028-03-01T09:00:00Z is "
          "after 2027-03-02T09:00:00Z");
    World other;
    other.random = sim::Random(8);
    other.authorityKey = pki::makeKey(other.random);
    other.authority = other.issue({{"kubernetes", {}}, {}, {}}, other.authorityKey,
                                  {kNow, kNow + kYear, true, false, false}, nullptr);
    CHECK(pki::verify(*again, {other.authority}, kNow, pki::Usage::Server).error().message ==
          "x509: certificate signed by unknown authority (possibly because of \"crypto/rsa: "
          "verification error\" while trying to verify candidate authority certificate "
          "\"kubernetes\")");
}

TEST_CASE("the same seed gives the same keys, certificates and tokens") {
    World a, b;
    CHECK(pki::writeCertificatePem(*a.authority) == pki::writeCertificatePem(*b.authority));
    CHECK(pki::writeKeyPem(*a.authorityKey) == pki::writeKeyPem(*b.authorityKey));
    const std::string token = pki::signJwt(R"({"sub":"x"})", "id", *a.authorityKey);
    CHECK(token == pki::signJwt(R"({"sub":"x"})", "id", *b.authorityKey));
    const auto publicKey = pki::readKeyPem(pki::publicKeyPem(*a.authorityKey));
    REQUIRE(publicKey.ok());
    CHECK(pki::verifyJwt(token, {*publicKey}).value() == R"({"sub":"x"})");
    CHECK_FALSE(pki::verifyJwt(token, {pki::makeKey(a.random)}).ok());
}

TEST_CASE("a signing request is read, signed and refused when altered") {
    World world;
    const auto key = pki::readKeyPem(pki::writeKeyPem(*pki::makeKey(world.random)));
    REQUIRE(key.ok());
    const std::string pem = pki::writeRequestPem({{"john", {"dev", "ops"}}, {"a.b"}, {}}, **key);
    const auto parsed = pki::readRequestPem(pem);
    REQUIRE(parsed.ok());
    CHECK(parsed->request.subject.organizations == std::vector<std::string>{"dev", "ops"});
    CHECK(parsed->request.dnsNames == std::vector<std::string>{"a.b"});
    const auto made = pki::signRequestPem(pem, server(), *world.authority, *world.authorityKey,
                                          world.random);
    REQUIRE(made.ok());
    CHECK(pki::matches(**made, **key));
    CHECK_FALSE(pki::readRequestPem("garbage").ok());
}

TEST_CASE("a signed certificate says of itself what its bytes say") {
    World world;
    const auto key = pki::makeKey(world.random);
    const auto leaf = world.issue({{"system:node:n1", {"system:nodes", "b"}}, {"n1", "n1.local"},
                                   {*base::IpAddress::parse("10.0.0.1"), *base::IpAddress::parse("fd00::1")}},
                                  key, {kNow - sim::kHour + 5, kNow + kYear + 7, false, true, true}, world.authority.get());
    const std::string token = pki::signJwt(R"({"iss":"x"})", "k", *key);
    for (const auto& made : {world.authority, leaf}) {
        pki::CertificateInfo read;
        bool verified = false, tokenHolds = false;
        // Another thread knows none of them and decodes and verifies for itself.
        std::thread([&] {
            const auto again = pki::readCertificatesPem(pki::writeCertificatePem(*made));
            const auto roots = pki::readCertificatesPem(pki::writeCertificatePem(*world.authority));
            const auto publicKey = pki::readKeyPem(pki::publicKeyPem(*key));
            if (!again.ok() || !roots.ok() || !publicKey.ok()) return;
            read = pki::inspect(*again->front());
            verified = pki::verify(*again, *roots, kNow, pki::Usage::Server).ok();
            tokenHolds = pki::verifyJwt(token, {*publicKey}).ok();
        }).join();
        const pki::CertificateInfo said = pki::inspect(*made);
        CHECK(verified);
        CHECK(tokenHolds);
        CHECK(said.subject.commonName == read.subject.commonName);
        CHECK(said.subject.organizations == read.subject.organizations);
        CHECK(said.issuer.commonName == read.issuer.commonName);
        CHECK(said.serial == read.serial);
        CHECK(said.notBefore == read.notBefore);
        CHECK(said.notAfter == read.notAfter);
        CHECK(said.dnsNames == read.dnsNames);
        CHECK(said.addresses == read.addresses);
        CHECK(said.keyUsages == read.keyUsages);
        CHECK(said.extendedKeyUsages == read.extendedKeyUsages);
        CHECK(said.authority == read.authority);
    }
}
