#include "tools/net/http_client.h"

#include "base/strings.h"
#include "document/json.h"

namespace tools::net {

std::string Url::authority() const {
    const bool standard = !portGiven || (scheme == "http" && port == 80) || (scheme == "https" && port == 443);
    return host + (standard ? "" : ":" + std::to_string(port));
}

std::string Url::text() const { return scheme + "://" + authority() + target(); }

std::optional<Url> parseUrl(std::string_view text) {
    Url url;
    const auto scheme = text.find("://");
    if (scheme != std::string_view::npos) {
        url.scheme = base::toLower(text.substr(0, scheme));
        text.remove_prefix(scheme + 3);
    }
    url.port = url.scheme == "https" ? 443 : 80;
    const auto end = text.find_first_of("/?#");
    std::string_view authority = text.substr(0, end);
    std::string_view rest = end == std::string_view::npos ? std::string_view() : text.substr(end);
    if (const auto hash = rest.find('#'); hash != std::string_view::npos) rest = rest.substr(0, hash);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        url.user = std::string(authority.substr(0, at));
        authority.remove_prefix(at + 1);
    }
    if (!authority.empty() && authority[0] == '[') {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        url.host = std::string(authority.substr(1, close - 1));
        authority.remove_prefix(close + 1);
    } else {
        const auto colon = authority.find(':');
        url.host = std::string(authority.substr(0, colon));
        authority = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
    }
    if (!authority.empty()) {
        const auto port = base::parseInt(authority.substr(1));
        if (authority.size() > 1 && (!port || *port < 0 || *port > 65535)) return std::nullopt;
        if (port) {
            url.port = static_cast<std::uint16_t>(*port);
            url.portGiven = true;
        }
    }
    if (url.host.empty() || url.host.find(' ') != std::string::npos) return std::nullopt;
    const auto question = rest.find('?');
    url.path = std::string(rest.substr(0, question));
    if (url.path.empty()) url.path = "/";
    if (question != std::string_view::npos) {
        url.query = std::string(rest.substr(question + 1));
        url.hasQuery = true;
    }
    return url;
}

std::optional<Url> resolveUrl(const Url& base, std::string_view location) {
    if (location.find("://") != std::string_view::npos) return parseUrl(location);
    if (location.rfind("//", 0) == 0) return parseUrl(base.scheme + ":" + std::string(location));
    Url url = base;
    url.hasQuery = false;
    url.query.clear();
    std::string path(location);
    if (const auto question = path.find('?'); question != std::string::npos) {
        url.query = path.substr(question + 1);
        url.hasQuery = true;
        path = path.substr(0, question);
    }
    url.path = !path.empty() && path[0] == '/' ? path : base.path.substr(0, base.path.rfind('/') + 1) + path;
    return url;
}

std::string bodyText(const ports::Response& response) {
    if (!response.body.empty() || response.object.isNull()) return response.body;
    return document::writeJsonIndented(response.object, "  ") + "\n";
}

base::Result<std::vector<pki::CertificatePtr>> trustedRoots(ports::Process& process, const std::string& path) {
    const std::string file = path.empty() ? "/etc/ssl/certs/ca-certificates.crt" : process.resolve(path);
    const auto pem = process.files().read(file);
    if (!pem.ok()) {
        if (path.empty()) return std::vector<pki::CertificatePtr>{};
        return base::makeError("error setting certificate verify locations:  CAfile: " + path + " CApath: none");
    }
    return pki::readCertificatesPem(*pem);
}

std::string openSslReason(const std::string& goText, const std::string& host) {
    const auto says = [&](const char* part) { return goText.find(part) != std::string::npos; };
    if (says("expired")) return says("is before") ? "SSL certificate problem: certificate is not yet valid"
                                                  : "SSL certificate problem: certificate has expired";
    if (says("is valid for") || says("doesn't contain any IP SANs") || says("not valid for any names") || says("cannot validate"))
        return "SSL: no alternative certificate subject name matches target host name '" + host + "'";
    return "SSL certificate problem: unable to get local issuer certificate";
}

} // namespace tools::net
