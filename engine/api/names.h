#pragma once
// Name rules with upstream's texts: each function gives the problems of a text, none when it is fine.
// Source: apimachinery pkg/util/validation and pkg/api/validate/content.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace api {

using Problems = std::vector<std::string>;

Problems checkLabelKey(std::string_view text); // "qualified name"
Problems checkLabelValue(std::string_view text);
Problems checkDns1123Label(std::string_view text);
Problems checkDns1123Subdomain(std::string_view text);
Problems checkDns1123SubdomainUnderscore(std::string_view text);
Problems checkDns1123SubdomainCaseless(std::string_view text);
Problems checkDns1035Label(std::string_view text);
Problems checkWildcardDns1123Subdomain(std::string_view text);
Problems checkCIdentifier(std::string_view text);
Problems checkPortNumber(std::int64_t port);
Problems checkPortName(std::string_view text); // IANA service name
Problems checkPercent(std::string_view text);
Problems checkHttpHeaderName(std::string_view text);
Problems checkEnvVarName(std::string_view text);
Problems checkRelaxedEnvVarName(std::string_view text);
Problems checkConfigMapKey(std::string_view text);
Problems checkRange(std::int64_t value, std::int64_t low, std::int64_t high);
// Names as path segments in URLs.
Problems checkPathSegment(std::string_view text);
std::string rangeText(std::int64_t low, std::int64_t high);
std::string maxLengthText(std::size_t length);
std::string regexText(std::string_view message, std::string_view pattern,
                      std::initializer_list<std::string_view> examples);

} // namespace api
