#include "runtime/web/static_files.h"

#include <map>

namespace runtime::web {

std::string httpDate(std::int64_t unixNow) {
    static const char* const kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNow);
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(kDays[t.weekday]) + ", " + two(t.day) + " " + kMonths[t.month - 1] + " " +
           std::to_string(t.year) + " " + two(t.hour) + ":" + two(t.minute) + ":" + two(t.second) + " GMT";
}

std::string contentType(std::string_view path, std::string_view fallback) {
    static const std::map<std::string_view, const char*> kTypes{
        {"html", "text/html"}, {"htm", "text/html"}, {"css", "text/css"}, {"js", "application/javascript"},
        {"json", "application/json"}, {"txt", "text/plain"}, {"xml", "text/xml"}, {"png", "image/png"},
        {"gif", "image/gif"}, {"jpg", "image/jpeg"}, {"jpeg", "image/jpeg"}, {"svg", "image/svg+xml"}};
    const std::size_t dot = path.rfind('.');
    const std::size_t slash = path.rfind('/');
    if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return std::string(fallback);
    const auto found = kTypes.find(path.substr(dot + 1));
    return found == kTypes.end() ? std::string(fallback) : found->second;
}

std::string entityTag(const ports::FileStat& stat) {
    const auto hex = [](std::uint64_t number) {
        std::string out;
        do {
            out.insert(out.begin(), "0123456789abcdef"[number % 16]);
            number /= 16;
        } while (number != 0);
        return out;
    };
    return "\"" + hex(static_cast<std::uint64_t>(stat.modified / sim::kSecond)) + "-" + hex(stat.size) + "\"";
}

std::string reasonOf(int status) {
    switch (status) {
    case 200: return "OK";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Not Allowed";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Temporarily Unavailable";
    case 504: return "Gateway Time-out";
    default: return "";
    }
}

} // namespace runtime::web
