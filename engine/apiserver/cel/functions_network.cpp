// URLs, addresses and ranges. Source: apiserver pkg/cel/library urls.go, ip.go, cidr.go; Go net/url
// and net/netip for what is accepted.
#include "apiserver/cel/functions.h"
#include "base/ip.h"
#include "base/strings.h"
#include "ports/http.h"

#include <cctype>

namespace apiserver::cel {

using document::Value;
using Kind = Datum::Kind;

namespace {

struct Url {
    std::string scheme, host, path, query;
};

// An absolute URI or a path with a slash at its start. The error is Go's.
base::Result<Url> readUrl(const std::string& text) {
    const auto bad = [&](const std::string& why) { return base::makeError("parse " + base::quoteGo(text) + ": " + why); };
    if (text.empty()) return bad("empty url");
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad("net/url: invalid control character in URL");
    Url url;
    std::string rest = text.substr(0, text.find('#'));
    std::size_t colon = 0;
    while (colon < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[colon])) != 0 || rest[colon] == '+' ||
                                   rest[colon] == '-' || rest[colon] == '.'))
        ++colon;
    if (colon < rest.size() && rest[colon] == ':') {
        if (colon == 0) return bad("missing protocol scheme");
        if (std::isalpha(static_cast<unsigned char>(rest[0])) == 0) return bad("invalid URI for request");
        url.scheme = base::toLower(rest.substr(0, colon));
        rest.erase(0, colon + 1);
    }
    if (const auto mark = rest.find('?'); mark != std::string::npos) {
        url.query = rest.substr(mark + 1);
        rest.erase(mark);
    }
    if (!rest.starts_with('/')) {
        if (!url.scheme.empty()) return url; // opaque
        return bad("invalid URI for request");
    }
    if (!url.scheme.empty() && rest.starts_with("//")) {
        const std::size_t end = rest.find('/', 2);
        url.host = rest.substr(2, end == std::string::npos ? end : end - 2);
        url.path = end == std::string::npos ? "" : rest.substr(end);
        if (const auto at = url.host.rfind('@'); at != std::string::npos) url.host.erase(0, at + 1);
        if (url.host.find(' ') != std::string::npos) return bad("invalid character \" \" in host name");
        const std::size_t close = url.host.rfind(']');
        const std::size_t port = url.host.find(':', close == std::string::npos ? 0 : close);
        if (port != std::string::npos && url.host.find_first_not_of("0123456789", port + 1) != std::string::npos)
            return bad("invalid port " + base::quoteGo(url.host.substr(port)) + " after host");
    } else {
        url.path = rest;
    }
    for (std::size_t i = 0; i < url.path.size(); ++i)
        if (url.path[i] == '%' && (i + 2 >= url.path.size() || std::isxdigit(static_cast<unsigned char>(url.path[i + 1])) == 0 ||
                                   std::isxdigit(static_cast<unsigned char>(url.path[i + 2])) == 0))
            return bad("invalid URL escape " + base::quoteGo(url.path.substr(i, 3)));
    return url;
}

std::size_t portMark(const std::string& host) {
    const std::size_t close = host.rfind(']');
    return host.find(':', close == std::string::npos ? 0 : close);
}

Answer urlFunction(const std::string& name, const Data& a, bool method) {
    if (!method && a.size() == 1 && a[0].value.isString() && (name == "url" || name == "isURL")) {
        auto url = readUrl(a[0].value.text());
        if (name == "isURL") return Datum(Value(url.ok()));
        if (!url.ok())
            return base::Result<Datum>(base::makeError("URL parse error during conversion from string: " + url.error().message));
        return Datum(Kind::Url, a[0].value);
    }
    if (!method || a.size() != 1 || a[0].kind != Kind::Url) return std::nullopt;
    const Url url = *readUrl(a[0].value.text());
    const std::size_t port = portMark(url.host);
    if (name == "getScheme") return Datum(Value(url.scheme));
    if (name == "getHost") return Datum(Value(url.host));
    if (name == "getHostname") {
        std::string host = url.host.substr(0, port);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        return Datum(Value(host));
    }
    if (name == "getPort") return Datum(Value(port == std::string::npos ? "" : url.host.substr(port + 1)));
    if (name == "getEscapedPath") return Datum(Value(base::replaceAll(url.path, " ", "%20")));
    if (name == "getQuery") {
        document::ObjectBuilder out;
        const ports::Query query = ports::Query::parse(url.query);
        for (const auto& [key, value] : query.list()) out.set(key, Value::strings(query.all(key)));
        return Datum(std::move(out).build());
    }
    return std::nullopt;
}

std::optional<base::IpAddress> readAddress(std::string_view text, std::string& problem) {
    const auto bad = [&](const std::string& why) {
        problem = why;
        return std::nullopt;
    };
    const std::string start = "IP Address " + base::quoteGo(text) + " parse error during conversion from string: ParseAddr(" + base::quoteGo(text) + "): ";
    if (text.find('%') != std::string_view::npos) return bad("IP address " + base::quoteGo(text) + " with zone value is not allowed");
    const bool six = text.find(':') != std::string_view::npos;
    if (!six) {
        const auto parts = base::split(text, '.');
        for (const std::string& part : parts) {
            if (part.empty() || part.find_first_not_of("0123456789") != std::string::npos) return bad(start + "unable to parse IP");
            if (part.size() > 1 && part[0] == '0') return bad(start + "IPv4 field has octet with leading zero");
            if (part.size() > 3 || *base::parseInt(part) > 255) return bad(start + "IPv4 field has value >255");
        }
        if (parts.size() != 4) return bad(start + (parts.size() < 4 ? (parts.size() == 1 ? "unable to parse IP" : "IPv4 address too short") : "IPv4 address too long"));
    }
    const auto address = base::IpAddress::parse(text);
    if (!address) return bad(start + "unable to parse IP");
    if (six && address->isV4()) return bad("IPv4-mapped IPv6 address " + base::quoteGo(text) + " is not allowed");
    return address;
}

bool multicast(const base::IpAddress& ip) { return ip.isV4() ? ip.v4Bits() >> 28 == 0xe : ip.bytes()[0] == 0xff; }
bool linkLocal(const base::IpAddress& ip) {
    return ip.isV4() ? ip.v4Bits() >> 16 == 0xa9fe : ip.bytes()[0] == 0xfe && (ip.bytes()[1] & 0xc0) == 0x80;
}
bool linkLocalMulticast(const base::IpAddress& ip) {
    return ip.isV4() ? ip.v4Bits() >> 8 == 0xe00000 : ip.bytes()[0] == 0xff && (ip.bytes()[1] & 0x0f) == 2;
}

Answer addressFunction(const std::string& name, const Data& a, bool method) {
    if (!method && a.size() == 1 && a[0].value.isString() && a[0].kind == Kind::Plain) {
        std::string problem;
        if (name != "ip" && name != "isIP" && name != "ip.isCanonical") return std::nullopt;
        const auto address = readAddress(a[0].value.asString(), problem);
        if (name == "isIP") return Datum(Value(address.has_value()));
        if (!address) return base::Result<Datum>(base::makeError(problem));
        if (name == "ip.isCanonical") return Datum(Value(address->text() == a[0].value.asString()));
        return Datum(Kind::Ip, Value(address->text()));
    }
    if (!method || a.size() != 1 || a[0].kind != Kind::Ip) return std::nullopt;
    const base::IpAddress ip = *base::IpAddress::parse(a[0].value.asString());
    if (name == "family") return Datum(Value(std::int64_t{ip.isV4() ? 4 : 6}));
    if (name == "isUnspecified") return Datum(Value(ip.isUnspecified()));
    if (name == "isLoopback") return Datum(Value(ip.isLoopback()));
    if (name == "isLinkLocalUnicast") return Datum(Value(linkLocal(ip)));
    if (name == "isLinkLocalMulticast") return Datum(Value(linkLocalMulticast(ip)));
    if (name == "isGlobalUnicast")
        return Datum(Value(!ip.isUnspecified() && !ip.isLoopback() && !multicast(ip) && !linkLocal(ip) && ip.v4Bits() != 0xffffffff));
    return std::nullopt;
}

std::optional<base::IpPrefix> readRange(std::string_view text, std::string& problem) {
    const auto slash = text.rfind('/');
    std::string inner;
    if (slash == std::string_view::npos) inner = "no '/'";
    const auto address = slash == std::string_view::npos ? std::nullopt : readAddress(text.substr(0, slash), inner);
    const auto prefix = address ? base::IpPrefix::parse(text) : std::nullopt;
    if (address && !prefix) inner = "prefix length out of range";
    if (!prefix)
        problem = "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(" + base::quoteGo(text) + "): " +
                  inner.substr(inner.find("ParseAddr") == std::string::npos ? 0 : inner.find("ParseAddr"));
    return prefix;
}

Answer rangeFunction(const std::string& name, const Data& a, bool method) {
    std::string problem;
    if (!method && a.size() == 1 && a[0].value.isString() && (name == "cidr" || name == "isCIDR")) {
        const auto prefix = readRange(a[0].value.asString(), problem);
        if (name == "isCIDR") return Datum(Value(prefix.has_value()));
        if (!prefix) return base::Result<Datum>(base::makeError(problem));
        return Datum(Kind::Cidr, Value(prefix->text()));
    }
    if (!method || a.empty() || a[0].kind != Kind::Cidr) return std::nullopt;
    const base::IpPrefix self = *base::IpPrefix::parse(a[0].value.asString());
    if (name == "ip") return Datum(Kind::Ip, Value(self.address.text()));
    if (name == "prefixLength") return Datum(Value(std::int64_t{self.length}));
    if (name == "masked") return Datum(Kind::Cidr, Value(base::IpPrefix{self.network(), self.length}.text()));
    if (a.size() != 2) return std::nullopt;
    if (name == "containsIP") {
        const auto other = readAddress(a[1].value.asString(), problem);
        if (!other) return base::Result<Datum>(noOverload());
        return Datum(Value(other->isV4() == self.address.isV4() && self.contains(*other)));
    }
    if (name == "containsCIDR") {
        const auto other = readRange(a[1].value.asString(), problem);
        if (!other) return base::Result<Datum>(base::makeError(problem));
        return Datum(Value(other->address.isV4() == self.address.isV4() && other->length >= self.length && self.contains(other->address)));
    }
    return std::nullopt;
}

} // namespace

Answer networkFunction(const std::string& name, const Data& a, bool method) {
    if (Answer made = urlFunction(name, a, method)) return made;
    if (Answer made = addressFunction(name, a, method)) return made;
    return rangeFunction(name, a, method);
}

} // namespace apiserver::cel
