// curl 7.88.1. Texts as recorded from Debian's build.
#include "tools/net/curl_options.h"
#include "tools/net/http_client.h"

#include "base/strings.h"
#include "document/json.h"
#include "network/fabric/flow.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace tools::net {
namespace {

// One URL from start to end.
struct Transfer {
    ports::Process& process;
    const CurlOptions& options;
    Url url;
    sim::Time begun = 0, connectedAt = 0, deadline = sim::kForever;
    int status = 0, redirects = 0;
    std::string remoteIp, contentType, body, printed, httpVersion = "1.1";
    std::uint16_t localPort = 0;
    std::string localIp;
    bool meterShown = false;
    bool toStdout = true;
};

std::int64_t milliseconds(const Transfer& t) { return (t.process.kernel().now() - t.begun) / sim::kMillisecond; }

sim::Task<void> note(Transfer& t, std::string line) {
    if (t.options.verbose) co_await t.process.writeError(std::move(line));
}

constexpr const char* kMeterHead =
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n";
constexpr const char* kMeterEmpty = "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";

sim::Task<std::optional<base::IpAddress>> addressOf(Transfer& t) {
    for (const std::string& entry : t.options.resolve) {
        const auto parts = base::splitLimited(entry, ':', 3);
        if (parts.size() == 3 && parts[0] == t.url.host && parts[1] == std::to_string(t.url.port))
            co_return base::IpAddress::parse(parts[2]);
    }
    auto found = co_await lookup(t.process, t.url.host);
    if (!found.ok() || found->addresses.empty()) co_return std::nullopt;
    co_return found->addresses.front();
}

sim::Task<CurlFailure> open(Transfer& t, ports::ConnectionPtr& connection) {
    const std::optional<base::IpAddress> address = co_await addressOf(t);
    if (!address) {
        {
            std::string outgoing = "* Could not resolve host: " + t.url.host + "\n";
            co_await note(t, std::move(outgoing));
        }
        co_return CurlFailure{6, "Could not resolve host: " + t.url.host};
    }
    sim::Kernel& kernel = t.process.kernel();
    t.remoteIp = address->text();
    {
            std::string outgoing = "*   Trying " + t.remoteIp + ":" + std::to_string(t.url.port) + "...\n";
            co_await note(t, std::move(outgoing));
        }
    ports::ConnectOptions connect;
    const sim::Duration limit = t.options.connectTimeout > 0 ? sim::fromSeconds(t.options.connectTimeout) : 300 * sim::kSecond;
    connect.timeout = std::min<sim::Duration>(limit, t.deadline - kernel.now());
    if (const auto source = base::IpAddress::parse(t.options.interface)) connect.source = source;
    const base::Endpoint to{*address, t.url.port};
    const std::string where = t.url.host + " port " + std::to_string(t.url.port);
    base::Result<ports::ConnectionPtr> made = co_await t.process.network().connect(to, connect);
    if (!made.ok()) {
        const int code = made.error().code;
        std::int64_t took = milliseconds(t);
        if (code == ETIMEDOUT && kernel.now() >= t.deadline)
            co_return CurlFailure{28, "Connection timed out after " + std::to_string(took + 1) + " milliseconds"};
        if (code == ETIMEDOUT && t.options.connectTimeout > 0) {
            {
            std::string outgoing = "* ipv4 connect timeout after " + std::to_string(took - 1) + "ms, move on!\n";
            co_await note(t, std::move(outgoing));
        }
            CurlFailure failure{28, "Failed to connect to " + where + " after " + std::to_string(took + 1) + " ms: Timeout was reached"};
            {
            std::string outgoing = "* " + failure.text + "\n";
            co_await note(t, std::move(outgoing));
        }
            co_return failure;
        }
        if (code == ENETUNREACH)
            {
            std::string outgoing = "* Immediate connect fail for " + t.remoteIp + ": Network is unreachable\n";
            co_await note(t, std::move(outgoing));
        }
        else
            {
            std::string outgoing = "* connect to " + t.remoteIp + " port " + std::to_string(t.url.port) + " failed: " + errnoText(code) + "\n";
            co_await note(t, std::move(outgoing));
        }
        CurlFailure failure{code == ETIMEDOUT ? 28 : 7, "Failed to connect to " + where + " after " + std::to_string(took) + " ms: Couldn't connect to server"};
        {
            std::string outgoing = "* " + failure.text + "\n";
            co_await note(t, std::move(outgoing));
        }
        co_return failure;
    }
    connection = *made;
    t.connectedAt = kernel.now();
    t.localIp = connection->local().ip.text();
    t.localPort = connection->local().port;
    {
            std::string outgoing = "* Connected to " + t.url.host + " (" + t.remoteIp + ") port " + std::to_string(t.url.port) + " (#0)\n";
            co_await note(t, std::move(outgoing));
        }
    if (t.url.scheme != "https") co_return CurlFailure{};
    ports::TlsClient tls;
    tls.insecureSkipVerify = t.options.insecure;
    tls.serverName = t.url.host;
    auto roots = trustedRoots(t.process, t.options.cacert);
    if (!roots.ok()) co_return CurlFailure{77, roots.error().message};
    tls.roots = *roots;
    if (!t.options.cert.empty()) {
        const auto pem = t.process.files().read(t.process.resolve(t.options.cert));
        const auto keyPem = t.process.files().read(t.process.resolve(t.options.key.empty() ? t.options.cert : t.options.key));
        if (!pem.ok()) co_return CurlFailure{58, "could not load PEM client certificate, OpenSSL error error:80000002:system library::No such file or directory, (no key found, wrong pass phrase, or wrong file format?)"};
        if (!keyPem.ok()) co_return CurlFailure{58, "unable to set private key file: '" + t.options.key + "' type PEM"};
        auto chain = pki::readCertificatesPem(*pem);
        auto key = pki::readKeyPem(*keyPem);
        if (!chain.ok() || !key.ok()) co_return CurlFailure{58, "unable to set private key file: '" + t.options.key + "' type PEM"};
        tls.chain = *chain;
        tls.key = *key;
    }
    base::Status shaken = co_await connection->startTls(std::move(tls), t.url.host);
    if (shaken.ok()) {
        t.httpVersion = "2";
        co_return CurlFailure{};
    }
    const base::Error& error = shaken.error();
    if (error.reason == "tls-plain") co_return CurlFailure{35, "OpenSSL/3.0.20: error:0A00010B:SSL routines::wrong version number"};
    if (error.reason == "tls-alert") {
        const bool required = error.message.find("certificate required") != std::string::npos;
        co_return CurlFailure{56, required ? "OpenSSL SSL_read: OpenSSL/3.0.20: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"
                                       : "OpenSSL SSL_read: OpenSSL/3.0.20: error:0A000412:SSL routines::sslv3 alert bad certificate, errno 0"};
    }
    if (error.reason != "tls-verify") co_return CurlFailure{35, "OpenSSL SSL_connect: Connection reset by peer in connection to " + t.url.authority()};
    co_return CurlFailure{60, openSslReason(error.message, t.url.host)};
}

ports::Request requestFor(const Transfer& t) {
    const CurlOptions& o = t.options;
    ports::Request request;
    const bool post = o.hasData && !o.get;
    request.method = !o.method.empty() ? o.method : o.head ? "HEAD" : !o.upload.empty() ? "PUT" : post ? "POST" : "GET";
    request.path = ports::percentDecode(t.url.path);
    std::string query = t.url.query;
    if (o.get && o.hasData) query += (query.empty() ? "" : "&") + o.data;
    request.query = ports::Query::parse(query);
    request.headers.set("Host", t.url.authority());
    const std::string user = o.user.empty() ? t.url.user : o.user;
    if (!user.empty()) request.headers.set("Authorization", "Basic " + base::encodeBase64(user));
    request.headers.set("User-Agent", o.userAgent);
    request.headers.set("Accept", "*/*");
    if (post) {
        request.body = o.data;
        request.headers.set("Content-Length", std::to_string(o.data.size()));
        request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    }
    for (const std::string& header : o.headers) {
        const auto colon = header.find(':');
        if (colon == std::string::npos) continue;
        request.headers.set(header.substr(0, colon), std::string(base::trim(header.substr(colon + 1))));
    }
    return request;
}

std::string headText(const Transfer& t, const ports::Response& response, std::size_t size) {
    std::string out = "HTTP/" + t.httpVersion + " " + std::to_string(response.status) + " " +
                      (t.httpVersion == "2" ? "" : network::reasonPhrase(response.status)) + "\r\n";
    const bool lower = t.httpVersion == "2";
    for (const auto& [name, value] : response.headers.list()) out += (lower ? base::toLower(name) : name) + ": " + value + "\r\n";
    if (!response.headers.has("Content-Length") && !response.watch && !response.stream && response.status != 204)
        out += std::string(lower ? "content-length" : "Content-Length") + ": " + std::to_string(size) + "\r\n";
    return out + "\r\n";
}

// Bodies that go on: watches and logs.
sim::Task<CurlFailure> follow(Transfer& t, ports::Response& response) {
    sim::Kernel& kernel = t.process.kernel();
    std::size_t received = 0;
    const auto late = [&] {
        return CurlFailure{28, "Operation timed out after " + std::to_string(milliseconds(t)) + " milliseconds with " + std::to_string(received) + " bytes received"};
    };
    if (response.stream) {
        for (;;) {
            if (response.stream->buffered() == 0 && !response.stream->atEnd()) {
                const bool woken = co_await response.stream->readable().waitUntil(t.deadline);
                if (!woken && kernel.now() >= t.deadline) co_return late();
            }
            std::string part = co_await response.stream->read();
            if (part.empty()) co_return CurlFailure{};
            received += part.size();
            co_await t.process.writeOut(std::move(part));
        }
    }
    for (;;) {
        std::optional<ports::WatchEvent> event = co_await response.watch->popUntil(t.deadline);
        if (!event) {
            if (response.watch->closed()) co_return CurlFailure{};
            co_return late();
        }
        const document::Value line = document::Value::object({{"type", event->type}, {"object", event->object}});
        std::string text = document::writeJson(line) + "\n";
        received += text.size();
        co_await t.process.writeOut(std::move(text));
    }
}

sim::Task<CurlFailure> exchange(Transfer& t, ports::ConnectionPtr connection, ports::Response& response) {
    ports::Request request = requestFor(t);
    if (!t.options.upload.empty()) {
        const auto content = t.process.files().read(t.process.resolve(t.options.upload));
        if (!content.ok()) co_return CurlFailure{26, "Can't open '" + t.options.upload + "'!"};
        request.body = *content;
    }
    if (t.options.verbose) {
        std::string text = "> " + request.method + " " + t.url.target() + " HTTP/" + t.httpVersion + "\n";
        for (const auto& [name, value] : request.headers.list()) text += "> " + name + ": " + value + "\n";
        {
            std::string outgoing = text + "> \n";
            co_await t.process.writeError(std::move(outgoing));
        }
    }
    sim::Kernel& kernel = t.process.kernel();
    sim::Task<base::Result<ports::Response>> round = connection->roundTrip(std::move(request));
    std::optional<base::Result<ports::Response>> answer = co_await sim::withDeadline(kernel, std::move(round), t.deadline);
    if (!answer)
        co_return CurlFailure{28, "Operation timed out after " + std::to_string(milliseconds(t) + 1) + " milliseconds with 0 bytes received"};
    if (!answer->ok()) {
        const base::Error& error = answer->error();
        if (error.reason == "eof") co_return CurlFailure{52, "Empty reply from server"};
        if (error.reason == "malformed") co_return CurlFailure{1, "Received HTTP/0.9 when not allowed"};
        co_return CurlFailure{56, "Recv failure: Connection reset by peer"};
    }
    response = std::move(**answer);
    co_return CurlFailure{};
}

sim::Task<CurlFailure> perform(Transfer& t) {
    for (;;) {
        ports::ConnectionPtr connection;
        CurlFailure failure = co_await open(t, connection);
        if (failure.code != 0) {
            if (t.meterShown) {
            std::string outgoing = std::string(kMeterEmpty) + "\n";
            co_await t.process.writeError(std::move(outgoing));
        }
            co_await note(t, "* Closing connection 0\n");
            co_return failure;
        }
        ports::Response response;
        failure = co_await exchange(t, connection, response);
        if (failure.code != 0) {
            co_await note(t, "* Closing connection 0\n");
            co_return failure;
        }
        t.status = response.status;
        t.contentType = std::string(response.headers.get("Content-Type"));
        std::string body = t.options.head ? std::string() : bodyText(response);
        std::string head = headText(t, response, t.options.head ? 0 : body.size());
        if (t.options.head && response.headers.has("Content-Length") == false) head = headText(t, response, bodyText(response).size());
        if (t.options.verbose) {
            std::string text;
            for (const std::string& line : base::splitLines(head)) text += "< " + std::string(base::trimRight(line)) + "\n";
            if (!body.empty()) text += "{ [" + std::to_string(body.size()) + " bytes data]\n";
            co_await t.process.writeError(std::move(text));
        }
        if (t.options.dumpHeader.size()) (void)t.process.files().write(t.process.resolve(t.options.dumpHeader), head);
        const bool redirect = response.status >= 301 && response.status <= 308 && response.status != 304 && response.headers.has("Location");
        if (t.options.include || t.options.head) t.printed += head;
        if (t.options.follow && redirect) {
            if (++t.redirects > 50) co_return CurlFailure{47, "Maximum (50) redirects followed"};
            const auto next = resolveUrl(t.url, response.headers.get("Location"));
            if (!next) co_return CurlFailure{3, "URL using bad/illegal format or missing URL"};
            t.url = *next;
            connection->close();
            continue;
        }
        if (t.options.fail && response.status >= 400) {
            const CurlFailure refused{22, "The requested URL returned error: " + std::to_string(response.status)};
            if (t.options.failWithBody) t.body = std::move(body);
            co_return refused;
        }
        if (response.watch || response.stream) {
            co_await t.process.writeOut(t.printed);
            t.printed.clear();
            CurlFailure ended = co_await follow(t, response);
            connection->close();
            co_return ended;
        }
        t.body = std::move(body);
        const bool closing = base::toLower(response.headers.get("Connection")) == "close";
        if (closing) co_await note(t, "* Closing connection 0\n");
        else {
            std::string outgoing = "* Connection #0 to host " + t.url.host + " left intact\n";
            co_await note(t, std::move(outgoing));
        }
        connection->close();
        co_return CurlFailure{};
    }
}

std::string formatted(const Transfer& t, const CurlFailure& failure) {
    std::string out;
    const std::string& f = t.options.format;
    char code[8];
    std::snprintf(code, sizeof code, "%03d", t.status);
    const double total = sim::toSeconds(t.process.kernel().now() - t.begun);
    const double connected = t.connectedAt ? sim::toSeconds(t.connectedAt - t.begun) : 0;
    const std::pair<const char*, std::string> values[] = {
        {"http_code", code}, {"response_code", code}, {"exitcode", std::to_string(failure.code)}, {"errormsg", failure.text},
        {"remote_ip", t.remoteIp}, {"remote_port", std::to_string(t.remoteIp.empty() ? 0 : t.url.port)}, {"local_ip", t.localIp},
        {"local_port", std::to_string(t.localPort)}, {"time_total", decimal(total, 6)}, {"time_connect", decimal(connected, 6)},
        {"time_starttransfer", decimal(total, 6)}, {"time_namelookup", "0.000000"}, {"size_download", std::to_string(t.body.size())},
        {"url_effective", t.url.text()}, {"url", t.url.text()}, {"num_redirects", std::to_string(t.redirects)},
        {"content_type", t.contentType}, {"http_version", t.status ? t.httpVersion : "0"}, {"scheme", base::toUpper(t.url.scheme)},
        {"ssl_verify_result", "0"}, {"num_connects", t.connectedAt ? "1" : "0"}, {"speed_download", "0"}, {"method", "GET"}};
    for (std::size_t i = 0; i < f.size(); ++i) {
        if (f[i] == '\\' && i + 1 < f.size()) {
            ++i;
            out += f[i] == 'n' ? '\n' : f[i] == 't' ? '\t' : f[i] == 'r' ? '\r' : f[i];
        } else if (f[i] == '%' && i + 1 < f.size() && f[i + 1] == '{') {
            const auto end = f.find('}', i);
            const std::string name = f.substr(i + 2, end == std::string::npos ? end : end - i - 2);
            for (const auto& [key, value] : values)
                if (name == key) out += value;
            if (end == std::string::npos) break;
            i = end;
        } else if (f[i] == '%' && i + 1 < f.size() && f[i + 1] == '%') {
            out += '%';
            ++i;
        } else out += f[i];
    }
    return out;
}

sim::Task<int> transferOne(ports::Process& process, const CurlOptions& options, std::string text) {
    const auto complain = [&](const CurlFailure& failure) -> std::string {
        if (failure.code == 0 || (options.silent && !options.showError)) return {};
        std::string out = "curl: (" + std::to_string(failure.code) + ") " + failure.text + "\n";
        if (failure.code == 60)
            out += "More details here: https://curl.se/docs/sslcerts.html\n\n"
                   "curl failed to verify the legitimacy of the server and therefore could not\n"
                   "establish a secure connection to it. To learn more about this situation and\n"
                   "how to fix it, please visit the web page mentioned above.\n";
        return out;
    };
    const std::optional<Url> url = parseUrl(text);
    CurlFailure failure;
    if (!url) failure = {3, "URL using bad/illegal format or missing URL"};
    else if (url->scheme != "http" && url->scheme != "https") failure = {1, "Protocol \"" + url->scheme + "\" not supported or disabled in libcurl"};
    if (failure.code != 0) {
        {
            std::string outgoing = complain(failure);
            co_await process.writeError(std::move(outgoing));
        }
        co_return failure.code;
    }
    std::string target = options.output;
    if (options.remoteName) target = baseName(url->path);
    for (int attempt = 0;; ++attempt) {
        Transfer t{process, options, *url, 0, 0, sim::kForever, 0, 0, "", "", "", "", "1.1", 0, "", false, true};
        t.begun = process.kernel().now();
        if (options.maxTime > 0) t.deadline = t.begun + sim::fromSeconds(options.maxTime);
        const bool tty = process.terminal() != nullptr;
        t.meterShown = !options.silent && (!tty || !target.empty());
        if (t.meterShown) {
            std::string outgoing = std::string(kMeterHead) + kMeterEmpty;
            co_await process.writeError(std::move(outgoing));
        }
        failure = co_await perform(t);
        if (t.meterShown && failure.code == 0) {
            const std::string size = std::to_string(t.body.size());
            const double seconds = std::max(0.001, sim::toSeconds(process.kernel().now() - t.begun));
            const std::string speed = std::to_string(static_cast<long>(static_cast<double>(t.body.size()) / seconds));
            {
            std::string outgoing = "\r100 " + padLeft(size, 5) + "  100 " + padLeft(size, 5) + "    0     0 " + padLeft(speed, 6) +
                                        "      0 --:--:-- --:--:-- --:--:-- " + padLeft(speed, 5) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        } else if (t.meterShown && failure.code != 0 && t.connectedAt != 0) {
            co_await process.writeError("\n");
        }
        const bool transient = failure.code == 28 || (failure.code == 0 && (t.status == 408 || t.status == 429 || t.status == 500 || t.status == 502 || t.status == 503 || t.status == 504));
        if (transient && attempt < options.retry) {
            const int delay = options.retryDelay > 0 ? options.retryDelay : 1 << std::min(attempt, 9);
            {
            std::string outgoing = "Warning: Problem: " + std::string(failure.code == 28 ? "timeout" : "HTTP error") + ". Will retry in " + std::to_string(delay) + " seconds. " + std::to_string(options.retry - attempt) + " retries left.\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_await sim::sleepFor(process.kernel(), delay * sim::kSecond);
            continue;
        }
        std::string out = std::move(t.printed);
        const std::string formattedText = formatted(t, failure);
        if (target.empty() || target == "-") {
            out += t.body;
        } else if (failure.code == 0 || !t.body.empty()) {
            if (target != "/dev/null") {
                base::Status written = process.files().write(process.resolve(target), out + t.body);
                if (!written.ok() && failure.code == 0) failure = {23, "CurlFailure writing output to destination"};
            }
            out.clear();
        }
        out += formattedText;
        co_await process.writeOut(std::move(out));
        {
            std::string outgoing = complain(failure);
            co_await process.writeError(std::move(outgoing));
        }
        co_return failure.code;
    }
}

} // namespace

sim::Task<int> curlMain(ports::Process& process) {
    CurlOptions options;
    const std::optional<CurlFailure> wrong = readCurlOptions(process, options);
    if (wrong) {
        {
            std::string outgoing = "curl: " + wrong->text + "\ncurl: try 'curl --help' or 'curl --manual' for more information\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return wrong->code;
    }
    if (options.version) {
        co_await process.writeOut("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.20 zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 librtmp/2.3 OpenLDAP/2.5.13\n");
        co_return 0;
    }
    if (options.help) {
        co_await process.writeOut("Usage: curl [options...] <url>\n -d, --data <data>          HTTP POST data\n -f, --fail                 Fail fast with no output on HTTP errors\n"
                                  " -h, --help <category>      Get help for commands\n -i, --include              Include protocol response headers in the output\n"
                                  " -o, --output <file>        Write to file instead of stdout\n -O, --remote-name          Write output to a file named as the remote file\n"
                                  " -s, --silent               Silent mode\n -T, --upload-file <file>   Transfer local FILE to destination\n"
                                  " -u, --user <user:password> Server user and password\n -A, --user-agent <name>    Send User-Agent <name> to server\n"
                                  " -v, --verbose              Make the operation more talkative\n -V, --version              Show version number and quit\n");
        co_return 0;
    }
    if (options.urls.empty()) {
        co_await process.writeError("curl: try 'curl --help' or 'curl --manual' for more information\n");
        co_return 2;
    }
    int code = 0;
    for (const std::string& url : options.urls) code = co_await transferOne(process, options, url);
    co_return code;
}

} // namespace tools::net
