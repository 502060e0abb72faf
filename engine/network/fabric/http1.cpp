// HTTP/1.1 in bytes (RFC 9112), for the ends of a connection that speak bytes.
#include "network/fabric/flow.h"

#include "base/strings.h"
#include "document/json.h"

#include <cerrno>

namespace network {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kMaxBody = 16 * 1024 * 1024;

// A buffered reader over a pipe.
struct Reader {
    std::shared_ptr<sim::Pipe> pipe;
    std::string buffer;
    bool ended = false;
};

sim::Task<bool> fill(Reader& reader) {
    if (reader.ended) co_return false;
    std::string more = co_await reader.pipe->read();
    if (more.empty()) reader.ended = true;
    reader.buffer += more;
    co_return !reader.ended;
}

struct Head {
    std::string first;
    ports::Headers headers;
    bool complete = false;
};

sim::Task<Head> readHead(Reader& reader) {
    Head head;
    std::size_t end = std::string::npos;
    std::size_t skip = 4;
    for (;;) {
        end = reader.buffer.find("\r\n\r\n");
        if (end == std::string::npos) {
            end = reader.buffer.find("\n\n");
            skip = 2;
        } else skip = 4;
        if (end != std::string::npos || reader.buffer.size() > kMaxHead) break;
        const bool more = co_await fill(reader);
        if (!more) break;
    }
    if (end == std::string::npos) co_return head;
    const std::vector<std::string> lines = base::splitLines(reader.buffer.substr(0, end));
    reader.buffer.erase(0, end + skip);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string line(base::trimRight(lines[i]));
        if (i == 0) {
            head.first = line;
            continue;
        }
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        head.headers.add(line.substr(0, colon), std::string(base::trim(line.substr(colon + 1))));
    }
    head.complete = true;
    co_return head;
}

sim::Task<std::string> readCount(Reader& reader, std::size_t count) {
    while (reader.buffer.size() < count) {
        const bool more = co_await fill(reader);
        if (!more) break;
    }
    std::string out = reader.buffer.substr(0, count);
    reader.buffer.erase(0, out.size());
    co_return out;
}

sim::Task<std::string> readChunks(Reader& reader) {
    std::string body;
    for (;;) {
        std::size_t end;
        while ((end = reader.buffer.find('\n')) == std::string::npos) {
            const bool more = co_await fill(reader);
            if (!more) co_return body;
        }
        const std::string line(base::trim(reader.buffer.substr(0, end)));
        reader.buffer.erase(0, end + 1);
        std::size_t size = 0;
        for (char c : line) {
            const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
            if (digit < 0) break;
            size = size * 16 + static_cast<std::size_t>(digit);
        }
        std::string chunk = co_await readCount(reader, size + 2);
        if (size == 0 || body.size() + size > kMaxBody) co_return body;
        body += chunk.substr(0, size);
    }
}

sim::Task<std::string> readBody(Reader& reader, const ports::Headers& headers, bool untilEnd) {
    if (base::toLower(headers.get("Transfer-Encoding")) == "chunked") co_return co_await readChunks(reader);
    if (const auto length = base::parseInt(headers.get("Content-Length")); length && *length >= 0)
        co_return co_await readCount(reader, std::min(static_cast<std::size_t>(*length), kMaxBody));
    if (!untilEnd) co_return std::string();
    for (;;) {
        const bool more = co_await fill(reader);
        if (!more || reader.buffer.size() > kMaxBody) break;
    }
    co_return std::move(reader.buffer);
}

} // namespace

std::string reasonPhrase(int status) {
    switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
    }
}

std::string responseHead(const ports::Response& response, std::string_view version,
                         std::optional<std::size_t> length) {
    std::string out = std::string(version) + " " + std::to_string(response.status) + " " +
                      reasonPhrase(response.status) + "\r\n";
    for (const auto& [name, value] : response.headers.list()) out += name + ": " + value + "\r\n";
    if (length && !response.headers.has("Content-Length"))
        out += "Content-Length: " + std::to_string(*length) + "\r\n";
    return out + "\r\n";
}

sim::Task<void> serveHttpBytes(std::shared_ptr<Flow> flow) {
    Reader reader{flow->toServer, {}, false};
    const std::shared_ptr<ListenerState> listener = flow->listener;
    for (;;) {
        Head head = co_await readHead(reader);
        if (!head.complete) break;
        const std::vector<std::string> words = base::splitFields(head.first);
        ports::Response response;
        bool keep = true;
        const bool wellFormed = words.size() >= 2 && words[1].size() > 0 && words[1][0] == '/';
        if (listener->options.tls && !flow->tls) {
            response.status = 400;
            response.body = "Client sent an HTTP request to an HTTPS server.\n";
            keep = false;
        } else if (!wellFormed) {
            response.status = 400;
            response.headers.set("Content-Type", "text/plain; charset=utf-8");
            response.headers.set("Connection", "close");
            response.body = "400 Bad Request";
            keep = false;
        } else {
            ports::Request request;
            request.method = words[0];
            const auto question = words[1].find('?');
            request.path = ports::percentDecode(words[1].substr(0, question));
            if (question != std::string::npos) request.query = ports::Query::parse(words[1].substr(question + 1));
            request.headers = head.headers;
            request.body = co_await readBody(reader, head.headers, false);
            const Tuple seen = flow->tuples[Flow::kServer];
            request.peer = {ipAddress(seen.source), seen.sourcePort};
            request.clientChain = flow->clientChain;
            request.tls = flow->tls;
            const std::string connection = base::toLower(head.headers.get("Connection"));
            keep = connection == "keep-alive" ||
                   (connection != "close" && words.size() > 2 && words[2] != "HTTP/1.0");
            std::shared_ptr<ports::HttpHandler> handler = listener->options.http;
            response = co_await handler->handle(std::move(request));
        }
        std::string body = std::move(response.body);
        if (body.empty() && !response.object.isNull()) body = document::writeJson(response.object) + "\n";
        if (response.stream) {
            std::string text = responseHead(response, "HTTP/1.1", std::nullopt);
            co_await flow->toClient->write(std::move(text));
            for (;;) {
                std::string part = co_await response.stream->read();
                if (part.empty()) break;
                co_await flow->toClient->write(std::move(part));
            }
            break;
        }
        std::string text = responseHead(response, "HTTP/1.1", body.size());
        if (words.empty() || words[0] != "HEAD") text += body;
        co_await flow->toClient->write(std::move(text));
        if (!keep) break;
    }
    flow->close(Flow::kServer);
}

sim::Task<base::Result<ports::Response>> requestOverBytes(ports::Duplex bytes, ports::Request request) {
    std::string target = ports::percentEncode(request.path);
    target = base::replaceAll(target, "%2F", "/");
    const std::string query = request.query.text();
    std::string text = request.method + " " + target + (query.empty() ? "" : "?" + query) + " HTTP/1.1\r\n";
    for (const auto& [name, value] : request.headers.list()) text += name + ": " + value + "\r\n";
    std::string body = std::move(request.body);
    if (body.empty() && !request.object.isNull()) body = document::writeJson(request.object);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n" + body;
    const bool sent = co_await bytes.output->write(std::move(text));
    if (!sent) co_return base::makeError("connection reset by peer", ECONNRESET);
    Reader reader{bytes.input, {}, false};
    Head head = co_await readHead(reader);
    const std::vector<std::string> words = base::splitFields(head.first);
    if (!head.complete || words.size() < 2 || words[0].substr(0, 5) != "HTTP/") {
        if (reader.buffer.empty() && !head.complete)
            co_return base::makeError("EOF", ECONNRESET, "eof");
        co_return base::makeError("malformed HTTP response", EPROTO, "malformed");
    }
    ports::Response response;
    response.status = static_cast<int>(base::parseInt(words[1]).value_or(0));
    response.headers = head.headers;
    const bool hasBody = request.method != "HEAD" && response.status != 204 && response.status != 304;
    if (hasBody) response.body = co_await readBody(reader, head.headers, true);
    co_return response;
}

} // namespace network
