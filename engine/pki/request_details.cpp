#include "pki/request_details.h"

#include "pki/certificate.h"
#include "pki/openssl.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace pki {
namespace {

std::string asn1Text(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

void readSubject(const X509_NAME* name, RequestDetails& out) {
    const auto listFor = [&](int kind) -> std::vector<std::string>* {
        switch (kind) {
        case NID_organizationalUnitName: return &out.units;
        case NID_countryName: return &out.countries;
        case NID_localityName: return &out.localities;
        case NID_stateOrProvinceName: return &out.provinces;
        case NID_streetAddress: return &out.streets;
        case NID_postalCode: return &out.postalCodes;
        default: return nullptr;
        }
    };
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        const std::string value = asn1Text(X509_NAME_ENTRY_get_data(entry));
        if (kind == NID_serialNumber) out.serialNumber = value;
        if (auto* list = listFor(kind)) list->push_back(value);
    }
}

void readAlternatives(X509_REQ* request, RequestDetails& out) {
    STACK_OF(X509_EXTENSION)* list = X509_REQ_get_extensions(request);
    if (list == nullptr) return;
    auto* names = static_cast<GENERAL_NAMES*>(X509V3_get_d2i(list, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_EMAIL) out.emails.push_back(asn1Text(name->d.rfc822Name));
        if (name->type == GEN_URI) out.uris.push_back(asn1Text(name->d.uniformResourceIdentifier));
    }
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

} // namespace

base::Result<RequestDetails> readRequestDetails(std::string_view pem) {
    BASE_TRY(const ParsedRequest parsed, readRequestPem(pem));
    RequestDetails out;
    out.commonName = parsed.request.subject.commonName;
    out.organizations = parsed.request.subject.organizations;
    out.dnsNames = parsed.request.dnsNames;
    for (const base::IpAddress& address : parsed.request.addresses) out.addresses.push_back(address.text());
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    const RequestPtr request(PEM_read_bio_X509_REQ(bio, nullptr, nullptr, nullptr));
    BIO_free(bio);
    if (!request) return out;
    readSubject(X509_REQ_get_subject_name(request.get()), out);
    readAlternatives(request.get(), out);
    return out;
}

} // namespace pki
