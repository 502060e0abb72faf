#include "gateway/guard.h"

#include "api/status.h"
#include "base/strings.h"

namespace gateway {

ports::Response refusal(int code, std::string_view reason, std::string_view message) {
    ports::Response response;
    response.status = code;
    response.headers.set("Content-Type", "application/json");
    response.object = api::statusOf(api::statusError(code, std::string(reason), std::string(message)));
    return response;
}

const char* reasonPhrase(int code) {
    switch (code) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Request Entity Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Entity";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
    }
}

ports::Response malformed(int code, std::string_view why) {
    std::string text = std::to_string(code) + " " + reasonPhrase(code);
    if (!why.empty()) text += ": " + std::string(why);
    return ports::textResponse(code, std::move(text));
}

std::string httpDate(std::int64_t unixNanoseconds) {
    static const char* const kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNanoseconds);
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(kDays[t.weekday]) + ", " + two(t.day) + " " + kMonths[t.month - 1] + " " + std::to_string(t.year) + " " + two(t.hour) + ":" +
           two(t.minute) + ":" + two(t.second) + " GMT";
}

bool readTarget(std::string_view target, ports::Request& request) {
    if (target.empty() || target[0] != '/') return false;
    const auto mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (static_cast<unsigned char>(path[i]) <= 0x20 || path[i] == 0x7f) return false;
        if (path[i] == '%' && (i + 2 >= path.size() || !hex(path[i + 1]) || !hex(path[i + 2]))) return false;
    }
    request.path = ports::percentDecode(path);
    if (mark != std::string_view::npos) request.query = ports::Query::parse(target.substr(mark + 1));
    return true;
}

namespace {
bool isOurs(std::string_view host, std::uint16_t port) {
    const auto colon = host.rfind(':');
    const bool hasPort = colon != std::string_view::npos && host.back() != ']';
    const std::string name = base::toLower(host.substr(0, hasPort ? colon : host.size()));
    if (name != "127.0.0.1" && name != "localhost" && name != "[::1]") return false;
    return base::parseInt(hasPort ? host.substr(colon + 1) : std::string_view("443")).value_or(-1) == port;
}

// Some WebSocket libraries name the endpoint itself as Origin. We serve no pages, and browsers add
// Sec-Fetch headers, so this is not a page's doing.
bool isOwnOrigin(const ports::Request& request, std::string_view host) {
    return base::toLower(request.headers.get("Upgrade")) == "websocket" && request.headers.get("Origin") == "https://" + std::string(host) &&
           !request.headers.has("Cookie");
}
} // namespace

std::optional<ports::Response> guard(const ports::Request& request, std::string_view host, std::uint16_t port) {
    if (!isOurs(host, port))
        return refusal(421, "Forbidden", "this endpoint serves 127.0.0.1, localhost and ::1 on its own port only");
    const std::string_view site = request.headers.get("Sec-Fetch-Site");
    const bool page = !site.empty() && site != "none";
    if (page || (request.headers.has("Origin") && (!site.empty() || !isOwnOrigin(request, host))))
        return refusal(403, "Forbidden", "requests of web pages are not served");
    return std::nullopt;
}

bool isLongRunning(const ports::Request& request) {
    const std::string_view watch = request.query.get("watch");
    if (watch == "true" || watch == "1") return true;
    if (request.path.find("/watch/") != std::string::npos || request.path.find("/proxy") != std::string::npos) return true;
    const std::string_view last = std::string_view(request.path).substr(request.path.rfind('/') == std::string::npos ? 0 : request.path.rfind('/') + 1);
    return last == "log" || last == "exec" || last == "attach" || last == "portforward";
}

} // namespace gateway
