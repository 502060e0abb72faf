#include "kubectl/core/verbosity.h"

#include "base/strings.h"
#include "document/json.h"

#include <algorithm>

namespace kubectl {

namespace {

// "headers=<" and one tab-indented line each; klog's way with texts of several lines.
std::string headersText(const ports::Headers& headers) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : headers.list())
        lines.push_back("\t" + name + ": " + (base::toLower(name) == "authorization" ? "<masked>" : value) + "\n");
    std::sort(lines.begin(), lines.end());
    return "<\n" + base::join(lines, "") + " >";
}

std::string curlText(const LoggedRequest& request) {
    std::vector<std::string> headers;
    for (const auto& [name, value] : request.headers.list())
        headers.push_back(" -H " + base::quoteGo(name + ": " + (base::toLower(name) == "authorization" ? "<masked>" : value)));
    std::sort(headers.begin(), headers.end());
    return "<\n\tcurl -v -X" + request.method + " " + base::join(headers, "") + " '" + request.url + "'\n >";
}

std::string reasonPhrase(int status) {
    switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
    }
}

// Bodies are cut at levels below 10. Source: rest.truncateBody.
std::string bodyText(const std::string& body, int level) {
    const std::size_t most = level >= 10 ? body.size() : level >= 9 ? 10240 : 1024;
    if (body.size() <= most) return "<\n\t" + base::replaceAll(body, "\n", "\n\t") + "\n >";
    return "<\n\t" + base::replaceAll(body.substr(0, most), "\n", "\n\t") + " [truncated " + std::to_string(body.size() - most) +
           " chars]\n >";
}

} // namespace

int verbosity(const Session& session) { return static_cast<int>(session.flags.number("v")); }

void logConfigLoaded(Session& session, const std::string& path) {
    if (verbosity(session) >= 6) session.err(klogLine(session, 'I', "loader.go:402", "Config loaded from file:  " + path));
}

void logRequest(Session& session, const LoggedRequest& request) {
    const int level = verbosity(session);
    if (level >= 8 && !request.body.empty())
        session.err(klogLine(session, 'I', "request.go:1370", "\"Request Body\" body=" + bodyText(request.body, level)));
    std::string text;
    if (level >= 9) text = " curlCommand=" + curlText(request);
    else if (level >= 7)
        text = " verb=" + base::quoteGo(request.method) + " url=" + base::quoteGo(request.url) + " headers=" + headersText(request.headers);
    if (!text.empty()) session.err(klogLine(session, 'I', "round_trippers.go:527", "\"Request\"" + text));
}

void logResponse(Session& session, const LoggedRequest& request, const ports::Response* answer) {
    const int level = verbosity(session);
    if (level < 6) return;
    std::string text = "\"Response\"";
    if (level == 6 || level >= 9) text += " verb=" + base::quoteGo(request.method) + " url=" + base::quoteGo(request.url);
    const int status = answer == nullptr ? 0 : answer->status;
    text += " status=" + base::quoteGo(status == 0 ? "" : std::to_string(status) + " " + reasonPhrase(status));
    if (level >= 8 && answer != nullptr) text += " headers=" + headersText(answer->headers);
    text += " milliseconds=" + std::to_string((session.kernel().now() - request.begun) / sim::kMillisecond);
    session.err(klogLine(session, 'I', "round_trippers.go:632", text));
    if (level < 8 || answer == nullptr || answer->watch || answer->stream || answer->upgraded) return;
    const std::string body = answer->object.isNull() ? answer->body : document::writeJson(answer->object, true);
    session.err(klogLine(session, 'I', "request.go:1370", "\"Response Body\" body=" + bodyText(body, level)));
}

} // namespace kubectl
