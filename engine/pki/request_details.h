#pragma once
// What a signing request says about its subject, for people to read.

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace pki {

struct RequestDetails {
    std::string commonName, serialNumber;
    std::vector<std::string> organizations, units, countries, localities, provinces, streets, postalCodes;
    std::vector<std::string> dnsNames, emails, uris, addresses;
};
base::Result<RequestDetails> readRequestDetails(std::string_view pem);

} // namespace pki
