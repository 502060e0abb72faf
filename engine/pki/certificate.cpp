// Writing, reading and signing of X.509 certificates and requests.
#include "pki/certificate.h"

#include "base/strings.h"
#include "pki/der.h"
#include "pki/openssl.h"
#include "sim/time.h"

#include <ctime>

namespace pki {
namespace {

constexpr const char* kEcdsaSha256 = "1.2.840.10045.4.3.2";

Memo<CertificatePtr>& certificateMemo() {
    thread_local Memo<CertificatePtr> memo;
    return memo;
}

std::string attribute(const char* id, std::string_view value) {
    return der::sequence({der::objectId(id), der::text(value)});
}

// Go's order: all organizations in one set, then the common name. Source: crypto/x509/pkix Name.
std::string encodeName(const Name& name) {
    std::string content;
    if (!name.organizations.empty()) {
        std::string set;
        for (const auto& organization : name.organizations) set += attribute("2.5.4.10", organization);
        content += der::set(set);
    }
    if (!name.commonName.empty()) content += der::set(attribute("2.5.4.3", name.commonName));
    return der::element(0x30, content);
}

std::string alternativeNames(const CertificateRequest& request) {
    std::string content;
    for (const auto& name : request.dnsNames) content += der::element(0x82, name);
    for (const auto& address : request.addresses) {
        const auto& bytes = address.bytes();
        std::string raw(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        content += der::element(0x87, address.isV4() ? raw.substr(12) : raw);
    }
    return der::element(0x30, content);
}

std::string extension(const char* id, bool critical, std::string_view value) {
    return critical ? der::sequence({der::objectId(id), der::boolean(true), der::octets(value)})
                    : der::sequence({der::objectId(id), der::octets(value)});
}

std::string sha1(std::string_view bytes) {
    unsigned char out[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out);
    return std::string(reinterpret_cast<char*>(out), sizeof out);
}

// What kubeadm's certificates carry, in its order. Source: kubeadm app/util/pkiutil.
std::string extensions(const CertificateRequest& request, std::string_view publicInfo,
                       const SigningProfile& profile, std::string_view authorityKeyId) {
    // digitalSignature, keyEncipherment, and keyCertSign for authorities.
    std::string content;
    const int usage = (profile.digitalSignature ? 0x80 : 0) | (profile.keyEncipherment ? 0x20 : 0);
    const std::string bits(1, static_cast<char>(usage));
    if (profile.authority) content += extension("2.5.29.15", true, der::bits("\xa4", 2));
    else if (usage != 0) content += extension("2.5.29.15", true, der::bits(bits, profile.keyEncipherment ? 5 : 7));
    std::string usages;
    if (profile.serverAuth) usages += der::objectId("1.3.6.1.5.5.7.3.1");
    if (profile.clientAuth) usages += der::objectId("1.3.6.1.5.5.7.3.2");
    if (!usages.empty()) content += extension("2.5.29.37", false, der::element(0x30, usages));
    content += extension("2.5.29.19", true,
                         profile.authority ? der::sequence({der::boolean(true)}) : der::sequence({}));
    if (profile.authority)
        content += extension("2.5.29.14", false, der::octets(sha1(publicInfo)));
    if (!authorityKeyId.empty())
        content += extension("2.5.29.35", false, der::sequence({der::element(0x80, authorityKeyId)}));
    if (!request.dnsNames.empty() || !request.addresses.empty())
        content += extension("2.5.29.17", false, alternativeNames(request));
    return der::explicitTag(3, der::element(0x30, content));
}

// The one object for these bytes.
CertificatePtr shared(std::shared_ptr<const Certificate> made) {
    if (const CertificatePtr* known = certificateMemo().find(made->der)) return *known;
    certificateMemo().keep(made->der, made);
    return made;
}

CertificatePtr sign(const CertificateRequest& request, const std::string& publicInfo,
                    const SigningProfile& profile, const Certificate* issuer, const Key& issuerKey,
                    sim::Random& random) {
    std::string serial = random.bytes(8);
    serial[0] = static_cast<char>(serial[0] & 0x7f);
    if (serial[0] == 0) serial[0] = 1;
    const std::string subject = encodeName(request.subject);
    const std::string algorithm = der::sequence({der::objectId(kEcdsaSha256)});
    const std::string body = der::sequence(
        {der::explicitTag(0, der::smallInteger(2)), der::integer(serial), algorithm,
         issuer != nullptr ? issuer->subject : subject,
         der::sequence({der::time(profile.notBefore), der::time(profile.notAfter)}), subject,
         publicInfo,
         extensions(request, publicInfo, profile,
                    issuer != nullptr ? issuer->subjectKeyId : std::string{})});
    const std::string signature = signDigest(issuerKey, sha256(body), false);
    // What `decodeCertificate` would read from these bytes.
    auto made = std::make_shared<Certificate>();
    made->der = der::sequence({body, algorithm, der::bits(signature)});
    made->subject = subject;
    made->issuer = issuer != nullptr ? issuer->subject : subject;
    made->publicInfo = publicInfo;
    if (profile.authority) made->subjectKeyId = sha1(publicInfo);
    made->basicConstraints = true;
    made->signedBy.store(signerMark(issuerKey.publicInfo), std::memory_order_relaxed);
    CertificateInfo& info = made->info;
    info.subject = request.subject;
    info.issuer = issuer != nullptr ? issuer->info.subject : request.subject;
    std::uint64_t number = 0;
    for (const char byte : serial) number = number << 8 | static_cast<unsigned char>(byte);
    info.serial = std::to_string(number);
    info.notBefore = profile.notBefore / sim::kSecond * sim::kSecond;
    info.notAfter = profile.notAfter / sim::kSecond * sim::kSecond;
    info.dnsNames = request.dnsNames;
    info.addresses = request.addresses;
    info.keyUsages = {"Digital Signature", "Key Encipherment"};
    if (profile.authority) info.keyUsages.emplace_back("Certificate Sign");
    if (profile.serverAuth) info.extendedKeyUsages.emplace_back("serverAuth");
    if (profile.clientAuth) info.extendedKeyUsages.emplace_back("clientAuth");
    info.authority = profile.authority;
    return shared(made);
}

template <typename T>
std::string encoded(const T* object, int (*encode)(const T*, unsigned char**)) {
    const int size = encode(object, nullptr);
    if (size <= 0) return {};
    std::string out(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    encode(object, &at);
    return out;
}

std::string asn1Text(const ASN1_STRING* text) {
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
}

Name readName(const X509_NAME* name) {
    Name out;
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        const std::string value = asn1Text(X509_NAME_ENTRY_get_data(entry));
        if (kind == NID_commonName) out.commonName = value;
        if (kind == NID_organizationName) out.organizations.push_back(value);
    }
    return out;
}

std::int64_t readTime(const ASN1_TIME* time) {
    std::tm broken{};
    if (ASN1_TIME_to_tm(time, &broken) != 1) return 0;
    return sim::unixTime(broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour,
                         broken.tm_min, broken.tm_sec);
}

void readNames(const GENERAL_NAMES* names, std::vector<std::string>& dns,
               std::vector<base::IpAddress>& addresses) {
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) dns.push_back(asn1Text(name->d.dNSName));
        if (name->type != GEN_IPADD) continue;
        const std::string raw = asn1Text(name->d.iPAddress);
        if (raw.size() == 4) {
            std::uint32_t bits = 0;
            for (const char byte : raw) bits = bits << 8 | static_cast<unsigned char>(byte);
            addresses.push_back(base::IpAddress::v4(bits));
        } else if (raw.size() == 16) {
            std::string hex = base::encodeHex(raw);
            for (std::size_t at = 28; at > 0; at -= 4) hex.insert(at, ":");
            if (const auto parsed = base::IpAddress::parse(hex)) addresses.push_back(*parsed);
        }
    }
}

std::string readSerial(const ASN1_INTEGER* serial) {
    const BnPtr number(ASN1_INTEGER_to_BN(serial, nullptr));
    char* text = BN_bn2dec(number.get());
    std::string out = text;
    OPENSSL_free(text);
    return out;
}

void readUsages(X509* x509, CertificateInfo& info) {
    struct Named {
        std::uint32_t bit;
        const char* name;
    };
    const std::uint32_t usage = X509_get_key_usage(x509);
    if (usage != UINT32_MAX)
        for (const Named& named : {Named{KU_DIGITAL_SIGNATURE, "Digital Signature"},
                                   Named{KU_NON_REPUDIATION, "Non Repudiation"},
                                   Named{KU_KEY_ENCIPHERMENT, "Key Encipherment"},
                                   Named{KU_KEY_CERT_SIGN, "Certificate Sign"},
                                   Named{KU_CRL_SIGN, "CRL Sign"}})
            if ((usage & named.bit) != 0) info.keyUsages.emplace_back(named.name);
    const std::uint32_t extended = X509_get_extended_key_usage(x509);
    if (extended == UINT32_MAX) return;
    if ((extended & XKU_SSL_SERVER) != 0) info.extendedKeyUsages.emplace_back("serverAuth");
    if ((extended & XKU_SSL_CLIENT) != 0) info.extendedKeyUsages.emplace_back("clientAuth");
}

CertificatePtr decodeCertificate(std::string bytes) {
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(bytes.size())));
    if (!x509) return nullptr;
    auto made = std::make_shared<Certificate>();
    CertificateInfo& info = made->info;
    info.subject = readName(X509_get_subject_name(x509.get()));
    info.issuer = readName(X509_get_issuer_name(x509.get()));
    info.serial = readSerial(X509_get0_serialNumber(x509.get()));
    info.notBefore = readTime(X509_get0_notBefore(x509.get()));
    info.notAfter = readTime(X509_get0_notAfter(x509.get()));
    readUsages(x509.get(), info);
    if (auto* names = static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(x509.get(), NID_subject_alt_name, nullptr, nullptr))) {
        readNames(names, info.dnsNames, info.addresses);
        GENERAL_NAMES_free(names);
    }
    const std::uint32_t flags = X509_get_extension_flags(x509.get());
    made->basicConstraints = (flags & EXFLAG_BCONS) != 0;
    info.authority = (flags & EXFLAG_CA) != 0;
    made->subject = encoded<X509_NAME>(X509_get_subject_name(x509.get()), i2d_X509_NAME);
    made->issuer = encoded<X509_NAME>(X509_get_issuer_name(x509.get()), i2d_X509_NAME);
    made->publicInfo = encoded<X509_PUBKEY>(X509_get_X509_PUBKEY(x509.get()), i2d_X509_PUBKEY);
    if (const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(x509.get()))
        made->subjectKeyId = asn1Text(id);
    made->der = std::move(bytes);
    made->adopt(std::move(x509));
    return made;
}

} // namespace

CertificatePtr parseCertificate(std::string bytes) {
    if (const CertificatePtr* known = certificateMemo().find(bytes)) return *known;
    CertificatePtr made = decodeCertificate(std::move(bytes));
    return made ? shared(std::move(made)) : nullptr;
}

X509* Certificate::x509() const {
    std::call_once(parsed_, [this] {
        const auto* at = reinterpret_cast<const unsigned char*>(der.data());
        x509_.reset(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    });
    return x509_.get();
}

void Certificate::adopt(X509Ptr parsed) const {
    std::call_once(parsed_, [&] { x509_ = std::move(parsed); });
}

CertificatePtr signCertificate(const CertificateRequest& request, const Key& subjectKey,
                               const SigningProfile& profile, const Certificate* issuer,
                               const Key& issuerKey, sim::Random& random) {
    return sign(request, subjectKey.publicInfo, profile, issuer, issuerKey, random);
}

std::string writeCertificatePem(const Certificate& certificate) {
    return writePem("CERTIFICATE", certificate.der);
}

base::Result<std::vector<CertificatePtr>> readCertificatesPem(std::string_view pem) {
    std::vector<CertificatePtr> found;
    std::string label, bytes;
    while (nextPem(pem, label, bytes)) {
        if (label != "CERTIFICATE") continue;
        auto certificate = parseCertificate(bytes);
        if (!certificate) return base::makeError("x509: malformed certificate");
        found.push_back(std::move(certificate));
    }
    if (found.empty())
        return base::makeError("data does not contain any valid RSA or ECDSA certificates");
    return found;
}

CertificateInfo inspect(const Certificate& certificate) { return certificate.info; }

std::string fingerprintSha256(const Certificate& certificate) {
    return base::encodeHex(sha256(certificate.der));
}

std::string publicKeyHash(const Certificate& certificate) {
    return base::encodeHex(sha256(certificate.publicInfo));
}

bool matches(const Certificate& certificate, const Key& key) {
    return certificate.publicInfo == key.publicInfo;
}

namespace {
std::string contentOf(BIO* out) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}
} // namespace

std::string certificateText(const Certificate& certificate) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    X509_print_ex(out.get(), certificate.x509(), XN_FLAG_ONELINE, X509_FLAG_COMPAT);
    return contentOf(out.get());
}

std::string extensionsText(const Certificate& certificate, const std::vector<std::string>& names) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    STACK_OF(X509_EXTENSION)* chosen = sk_X509_EXTENSION_new_null();
    for (int i = 0; i < X509_get_ext_count(certificate.x509()); ++i) {
        X509_EXTENSION* item = X509_get_ext(certificate.x509(), i);
        const char* name = OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(item)));
        for (const std::string& wanted : names)
            if (name != nullptr && wanted == name) sk_X509_EXTENSION_push(chosen, item);
    }
    X509V3_extensions_print(out.get(), nullptr, chosen, 0, 0);
    sk_X509_EXTENSION_free(chosen);
    return contentOf(out.get());
}

std::string writeRequestPem(const CertificateRequest& request, const Key& key) {
    std::string attributes;
    if (!request.dnsNames.empty() || !request.addresses.empty()) {
        const std::string list =
            der::sequence({extension("2.5.29.17", false, alternativeNames(request))});
        attributes = der::sequence({der::objectId("1.2.840.113549.1.9.14"), der::set(list)});
    }
    const std::string body = der::sequence({der::smallInteger(0), encodeName(request.subject),
                                            key.publicInfo, der::element(0xa0, attributes)});
    return writePem("CERTIFICATE REQUEST",
                    der::sequence({body, der::sequence({der::objectId(kEcdsaSha256)}),
                                   der::bits(signDigest(key, sha256(body), false))}));
}

base::Result<ParsedRequest> readRequestPem(std::string_view pem) {
    std::string label, bytes;
    while (nextPem(pem, label, bytes))
        if (label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST") break;
    if (label != "CERTIFICATE REQUEST" && label != "NEW CERTIFICATE REQUEST")
        return base::makeError("PEM block type must be CERTIFICATE REQUEST");
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(bytes.size())));
    if (!request) return base::makeError("asn1: structure error: malformed certificate request");
    const PkeyPtr key(X509_REQ_get_pubkey(request.get()));
    if (!key || X509_REQ_verify(request.get(), key.get()) != 1)
        return base::makeError("x509: certificate request signature does not verify");
    ParsedRequest out;
    out.request.subject = readName(X509_REQ_get_subject_name(request.get()));
    if (STACK_OF(X509_EXTENSION)* list = X509_REQ_get_extensions(request.get())) {
        if (auto* names = static_cast<GENERAL_NAMES*>(
                X509V3_get_d2i(list, NID_subject_alt_name, nullptr, nullptr))) {
            readNames(names, out.request.dnsNames, out.request.addresses);
            GENERAL_NAMES_free(names);
        }
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }
    out.publicKeyPem = writePem(
        "PUBLIC KEY", encoded<X509_PUBKEY>(X509_REQ_get_X509_PUBKEY(request.get()), i2d_X509_PUBKEY));
    return out;
}

base::Result<CertificatePtr> signRequestPem(std::string_view requestPem, const SigningProfile& profile,
                                            const Certificate& issuer, const Key& issuerKey,
                                            sim::Random& random) {
    BASE_TRY(const ParsedRequest parsed, readRequestPem(requestPem));
    std::string_view pem = parsed.publicKeyPem;
    std::string label, publicInfo;
    nextPem(pem, label, publicInfo);
    auto made = sign(parsed.request, publicInfo, profile, &issuer, issuerKey, random);
    if (!made) return base::makeError("unable to sign certificate");
    return made;
}

} // namespace pki
