#pragma once
// URLs and single HTTP exchanges for curl and wget.

#include "tools/net/support.h"

#include <optional>
#include <string>

namespace tools::net {

struct Url {
    std::string scheme = "http", host, path = "/", query, user;
    std::uint16_t port = 80;
    bool portGiven = false, hasQuery = false;
    std::string text() const;      // with scheme
    std::string authority() const; // "host" or "host:8080"
    std::string target() const { return path + (hasQuery ? "?" + query : ""); }
};
// Nothing for malformed ones.
std::optional<Url> parseUrl(std::string_view text);
// "../x", "/x", "http://..." relative to a URL.
std::optional<Url> resolveUrl(const Url& base, std::string_view location);

// The body of a response as text; JSON values are written as a server would send them.
std::string bodyText(const ports::Response& response);
// Certificates of a PEM file; the system's when the path is empty.
base::Result<std::vector<pki::CertificatePtr>> trustedRoots(ports::Process& process, const std::string& path);
// OpenSSL's words for what Go's verification said.
std::string openSslReason(const std::string& goText, const std::string& host);

} // namespace tools::net
