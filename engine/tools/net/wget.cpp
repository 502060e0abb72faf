// wget: GNU 1.21.3 and busybox 1.35.
#include "tools/net/http_client.h"

#include "base/strings.h"
#include "network/fabric/flow.h"

#include <cerrno>
#include <cstdio>

namespace tools::net {
namespace {

struct Options {
    std::vector<std::string> urls, headers;
    std::string output, postData, userAgent = "Wget";
    bool quiet = false, spider = false, noCheck = false, serverResponse = false, post = false;
    double timeout = 900;
    int tries = 20;
    std::string problem;
};

Options read(const std::vector<std::string>& argv) {
    Options o;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        std::string word = argv[i], value;
        bool has = false;
        if (word.rfind("--", 0) == 0) {
            if (const auto equals = word.find('='); equals != std::string::npos) {
                value = word.substr(equals + 1);
                word = word.substr(0, equals);
                has = true;
            }
        } else if (word.size() > 2 && word[0] == '-') {
            const std::string valued = "OTtUP";
            if (valued.find(word[1]) != std::string::npos) {
                value = word.substr(2);
                word = word.substr(0, 2);
                has = true;
            } else {
                // -qO-: letters, the last of which may take the rest.
                std::size_t at = 1;
                while (at < word.size() && valued.find(word[at]) == std::string::npos) {
                    if (word[at] == 'q') o.quiet = true;
                    else if (word[at] == 'S') o.serverResponse = true;
                    ++at;
                }
                if (at >= word.size()) continue;
                value = word.substr(at + 1);
                has = !value.empty();
                word = std::string("-") + word[at];
            }
        }
        const auto take = [&] {
            if (!has && i + 1 < argv.size()) value = argv[++i];
            return value;
        };
        if (word.empty() || word[0] != '-') o.urls.push_back(word);
        else if (word == "-q" || word == "--quiet") o.quiet = true;
        else if (word == "-S" || word == "--server-response") o.serverResponse = true;
        else if (word == "--spider") o.spider = true;
        else if (word == "--no-check-certificate") o.noCheck = true;
        else if (word == "-O" || word == "--output-document") o.output = take();
        else if (word == "-T" || word == "--timeout") o.timeout = std::atof(take().c_str());
        else if (word == "-t" || word == "--tries") o.tries = std::max(1, std::atoi(take().c_str()));
        else if (word == "-U" || word == "--user-agent") o.userAgent = take();
        else if (word == "--header") o.headers.push_back(take());
        else if (word == "--post-data") {
            o.postData = take();
            o.post = true;
        } else if (word == "-c" || word == "-nv" || word == "--no-verbose" || word == "-4" || word == "--inet4-only" || word == "--no-proxy") continue;
        else o.problem = word;
    }
    return o;
}

struct Reply {
    int error = 0;           // errno of the connection
    std::string tlsProblem;
    bool unresolved = false, lost = false, timedOut = false;
    ports::Response response;
    std::string address;
    Url url;
};

// The host with the port that the user wrote, be it the usual one.
std::string asGiven(const Url& url) { return url.host + (url.portGiven ? ":" + std::to_string(url.port) : ""); }

ports::Request requestFor(const Options& o, const Url& url) {
    ports::Request request;
    request.method = o.post ? "POST" : o.spider ? "HEAD" : "GET";
    request.path = ports::percentDecode(url.path);
    request.query = ports::Query::parse(url.query);
    request.headers.set("Host", url.authority());
    request.headers.set("User-Agent", o.userAgent);
    request.headers.set("Connection", "close");
    if (o.post) {
        request.body = o.postData;
        request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    }
    for (const std::string& header : o.headers)
        if (const auto colon = header.find(':'); colon != std::string::npos)
            request.headers.set(header.substr(0, colon), std::string(base::trim(header.substr(colon + 1))));
    return request;
}

sim::Task<Reply> fetch(ports::Process& process, Options o, Url url, bool busybox) {
    Reply reply;
    reply.url = url;
    auto addresses = co_await lookup(process, url.host);
    if (!addresses.ok()) {
        reply.unresolved = true;
        co_return reply;
    }
    const base::Endpoint to{addresses->addresses.front(), url.port};
    reply.address = to.ip.text();
    if (!o.quiet && busybox) {
        {
            std::string outgoing = "Connecting to " + asGiven(url) + " (" + to.text() + ")\n";
            co_await process.writeError(std::move(outgoing));
        }
    } else if (!o.quiet) {
        {
            std::string outgoing = "Connecting to " + url.host + " (" + url.host + ")|" + to.ip.text() + "|:" + std::to_string(url.port) + "... ";
            co_await process.writeError(std::move(outgoing));
        }
    }
    ports::ConnectOptions connect;
    connect.timeout = sim::fromSeconds(o.timeout);
    base::Result<ports::ConnectionPtr> made = co_await process.network().connect(to, connect);
    if (!made.ok()) {
        reply.error = made.error().code;
        co_return reply;
    }
    const ports::ConnectionPtr connection = *made;
    if (!o.quiet && !busybox) co_await process.writeError("connected.\n");
    if (url.scheme == "https") {
        ports::TlsClient tls;
        tls.serverName = url.host;
        tls.insecureSkipVerify = o.noCheck || busybox; // busybox does not validate certificates
        auto roots = trustedRoots(process, "");
        if (roots.ok()) tls.roots = *roots;
        base::Status shaken = co_await connection->startTls(std::move(tls), url.host);
        if (!shaken.ok()) {
            reply.tlsProblem = shaken.error().message;
            co_return reply;
        }
    }
    ports::Request request = requestFor(o, url);
    sim::Task<base::Result<ports::Response>> round = connection->roundTrip(std::move(request));
    const sim::Time deadline = process.kernel().now() + sim::fromSeconds(o.timeout);
    std::optional<base::Result<ports::Response>> answer = co_await sim::withDeadline(process.kernel(), std::move(round), deadline);
    if (!answer) reply.timedOut = true;
    else if (!answer->ok()) reply.lost = true;
    else {
        reply.response = std::move(**answer);
        if (reply.response.stream) {
            for (;;) {
                std::string part = co_await reply.response.stream->read();
                if (part.empty()) break;
                reply.response.body += part;
            }
        }
    }
    connection->close();
    co_return reply;
}

bool redirects(const ports::Response& response) {
    return (response.status == 301 || response.status == 302 || response.status == 303 || response.status == 307 || response.status == 308) &&
           response.headers.has("Location");
}

std::string statusLine(const ports::Response& response) {
    return "HTTP/1.1 " + std::to_string(response.status) + " " + network::reasonPhrase(response.status);
}

constexpr const char* kBusyboxUsage =
    "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n\n"
    "Usage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n"
    "\t[--post-data STR | --post-file FILE] [-Y on/off]\n"
    "\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n\n"
    "Retrieve files via HTTP or FTP\n\n"
    "\t--spider\tOnly check URL existence: $? is 0 if exists\n"
    "\t--header STR\tAdd STR (of form 'header: value') to headers\n"
    "\t--post-data STR\tSend STR using POST method\n"
    "\t--post-file FILE\tSend FILE using POST method\n"
    "\t--no-check-certificate\tDon't validate the server's certificate\n"
    "\t-c\t\tContinue retrieval of aborted transfer\n"
    "\t-q\t\tQuiet\n"
    "\t-P DIR\t\tSave to DIR (default .)\n"
    "\t-S    \t\tShow server response\n"
    "\t-T SEC\t\tNetwork read timeout is SEC seconds\n"
    "\t-O FILE\t\tSave to FILE ('-' for stdout)\n"
    "\t-o LOGFILE\tLog messages to FILE\n"
    "\t-U STR\t\tUse STR for User-Agent header\n"
    "\t-Y on/off\tUse proxy\n";

} // namespace

sim::Task<int> busyboxWgetMain(ports::Process& process) {
    const Options o = read(process.argv());
    if (!o.problem.empty() || o.urls.empty()) {
        std::string text = o.problem.empty() ? "" : o.problem.rfind("--", 0) == 0 ? "wget: unrecognized option '" + o.problem + "'\n" : "wget: invalid option -- '" + o.problem.substr(1, 1) + "'\n";
        {
            std::string outgoing = text + kBusyboxUsage;
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    std::optional<Url> url = parseUrl(o.urls[0]);
    if (!url || (url->scheme != "http" && url->scheme != "https")) {
        {
            std::string outgoing = "wget: not an http or ftp url: " + o.urls[0] + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    std::string problem;
    for (int hop = 0; hop < 6; ++hop) {
        Reply reply = co_await fetch(process, o, *url, true);
        if (reply.unresolved) problem = "bad address '" + asGiven(*url) + "'";
        else if (reply.error == ETIMEDOUT && o.timeout < 900) problem = "download timed out";
        else if (reply.error) problem = "can't connect to remote host (" + reply.address + "): " + errnoText(reply.error);
        else if (!reply.tlsProblem.empty()) problem = "error getting response: Connection reset by peer";
        else if (reply.timedOut) problem = "download timed out";
        else if (reply.lost) problem = "error getting response";
        if (!problem.empty()) break;
        if (o.serverResponse) {
            std::string text = "  " + statusLine(reply.response) + "\n";
            for (const auto& [name, value] : reply.response.headers.list()) text += "  " + name + ": " + value + "\n";
            {
            std::string outgoing = std::move(text) + "  \n";
            co_await process.writeError(std::move(outgoing));
        }
        }
        if (redirects(reply.response)) {
            url = resolveUrl(*url, reply.response.headers.get("Location"));
            if (url) continue;
            problem = "not an http or ftp url";
            break;
        }
        if (reply.response.status < 200 || reply.response.status > 299) {
            problem = "server returned error: " + statusLine(reply.response);
            break;
        }
        if (o.spider) {
            if (!o.quiet) co_await process.writeError("remote file exists\n");
            co_return 0;
        }
        std::string body = bodyText(reply.response);
        std::string name = o.output.empty() ? baseName(url->path) : o.output;
        if (name.empty() || name == "/") name = "index.html";
        const bool toStdout = name == "-";
        const std::string bar = padRight(name, 20) + " 100% |" + std::string(toStdout ? 112 : 32, '*') + "| " + padLeft(std::to_string(body.size()), 5) + "  0:00:00 ETA\n";
        if (!o.quiet) {
            std::string outgoing = (toStdout ? "writing to stdout\n" : "saving to '" + name + "'\n") + bar + (toStdout ? "written to stdout\n" : "'" + name + "' saved\n");
            co_await process.writeError(std::move(outgoing));
        }
        if (toStdout) {
            co_await process.writeOut(std::move(body));
            co_return 0;
        }
        base::Status written = process.files().write(process.resolve(name), std::move(body));
        if (written.ok()) co_return 0;
        problem = "can't open '" + name + "': " + errnoText(written.error().code);
        break;
    }
    if (problem.empty()) problem = "too many redirections";
    {
            std::string outgoing = "wget: " + problem + "\n";
            co_await process.writeError(std::move(outgoing));
        }
    co_return 1;
}

sim::Task<int> wgetMain(ports::Process& process) {
    Options o = read(process.argv());
    o.userAgent = o.userAgent == "Wget" ? "Wget/1.21.3" : o.userAgent;
    if (!o.problem.empty() || o.urls.empty()) {
        {
            std::string outgoing = o.problem.empty() ? "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
                                                      : "wget: unrecognized option '" + o.problem + "'\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return o.problem.empty() ? 1 : 2;
    }
    std::optional<Url> url = parseUrl(o.urls[0]);
    if (!url || (url->scheme != "http" && url->scheme != "https")) {
        {
            std::string outgoing = o.urls[0] + ": Unsupported scheme ‘" + (url ? url->scheme : "") + "’.\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    for (int hop = 0; hop < 20; ++hop) {
        const sim::CivilTime t = sim::civilTime(process.kernel().unixNow());
        char when[40];
        std::snprintf(when, sizeof when, "--%04d-%02d-%02d %02d:%02d:%02d--  ", t.year, t.month, t.day, t.hour, t.minute, t.second);
        if (!o.quiet) {
            std::string outgoing = when + url->text() + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        if (!o.quiet && !base::IpAddress::parse(url->host)) {
            std::string outgoing = "Resolving " + url->host + " (" + url->host + ")... ";
            co_await process.writeError(std::move(outgoing));
        }
        Reply reply = co_await fetch(process, o, *url, false);
        std::string problem;
        int code = 4;
        if (reply.unresolved) problem = "failed: Name or service not known.\nwget: unable to resolve host address ‘" + url->host + "’\n";
        else if (reply.error) problem = "failed: " + errnoText(reply.error) + ".\n";
        else if (!reply.tlsProblem.empty()) {
            problem = "ERROR: cannot verify " + url->host + "'s certificate:\n  Unable to locally verify the issuer's authority.\nTo connect to " + url->host + " insecurely, use `--no-check-certificate'.\n";
            code = 5;
        } else if (reply.timedOut) problem = "Read error (Connection timed out) in headers.\nGiving up.\n\n";
        else if (reply.lost) problem = "No data received.\nGiving up.\n\n";
        if (!problem.empty()) {
            if (!o.quiet) co_await process.writeError(std::move(problem));
            co_return code;
        }
        const std::string status = std::to_string(reply.response.status) + " " + network::reasonPhrase(reply.response.status);
        if (!o.quiet) {
            std::string outgoing = "HTTP request sent, awaiting response... " + status + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        if (redirects(reply.response)) {
            url = resolveUrl(*url, reply.response.headers.get("Location"));
            if (!url) co_return 1;
            if (!o.quiet) {
            std::string outgoing = "Location: " + url->text() + " [following]\n";
            co_await process.writeError(std::move(outgoing));
        }
            continue;
        }
        if (reply.response.status >= 400) {
            if (!o.quiet) {
            std::string outgoing = std::string(when).substr(2, 19) + " ERROR " + std::to_string(reply.response.status) + ": " + network::reasonPhrase(reply.response.status) + ".\n\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 8;
        }
        std::string body = bodyText(reply.response);
        std::string name = o.output.empty() ? baseName(url->path) : o.output;
        if (name.empty() || name == "/") name = "index.html";
        if (o.spider) {
            if (!o.quiet) co_await process.writeError("Remote file exists.\n\n");
            co_return 0;
        }
        const std::string size = std::to_string(body.size());
        if (!o.quiet)
            {
            std::string outgoing = "Length: " + size + " [" + std::string(reply.response.headers.get("Content-Type")) + "]\nSaving to: ‘" +
                                        (name == "-" ? "STDOUT" : name) + "’\n\n     0K                                                       100%  0.00 =0s\n\n" +
                                        std::string(when).substr(2, 19) + (name == "-" ? " (0.00 B/s) - written to stdout [" : " (0.00 B/s) - ‘" + name + "’ saved [") + size + "/" + size + "]\n\n";
            co_await process.writeError(std::move(outgoing));
        }
        if (name == "-") co_await process.writeOut(std::move(body));
        else if (base::Status written = process.files().write(process.resolve(name), std::move(body)); !written.ok()) {
            {
            std::string outgoing = name + ": " + errnoText(written.error().code) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 3;
        }
        co_return 0;
    }
    co_await process.writeError("20 redirections exceeded.\n");
    co_return 8;
}

} // namespace tools::net
