// nginx 1.22.1 as Debian packages it: static files, return, redirects, error pages, plain proxying.
#include "network/servers/nginx.h"

#include "base/strings.h"
#include "network/dns/resolver.h"
#include "network/servers/nginx_config.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace network::servers {
namespace {

constexpr const char* kServer = "nginx/1.22.1";

struct Location {
    std::string match, modifier; // "=", "^~", "" ; regular expressions are refused at start
    const NginxDirective* node = nullptr;
};

struct ServerConfig {
    std::vector<base::Endpoint> listen;
    std::vector<std::string> names;
    std::vector<Location> locations;
    const NginxDirective* node = nullptr;
    bool isDefault = false;
};

const char* statusText(int status) {
    switch (status) {
    case 301: return "301 Moved Permanently";
    case 302: return "302 Found";
    case 400: return "400 Bad Request";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Not Allowed";
    case 500: return "500 Internal Server Error";
    case 502: return "502 Bad Gateway";
    case 503: return "503 Service Temporarily Unavailable";
    case 504: return "504 Gateway Time-out";
    default: return "";
    }
}

std::string errorBody(int status) {
    const std::string title = statusText(status);
    return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
           "</h1></center>\r\n<hr><center>" + kServer + "</center>\r\n</body>\r\n</html>\r\n";
}

std::string clf(std::int64_t unixNow) {
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNow);
    char text[48];
    std::snprintf(text, sizeof text, "%02d/%s/%04d:%02d:%02d:%02d +0000", t.day, kMonths[t.month - 1], t.year, t.hour, t.minute, t.second);
    return text;
}

std::string mimeType(const std::string& path) {
    constexpr std::pair<const char*, const char*> kTypes[] = {
        {".html", "text/html"}, {".htm", "text/html"}, {".css", "text/css"}, {".js", "application/javascript"},
        {".json", "application/json"}, {".txt", "text/plain"}, {".xml", "text/xml"}, {".png", "image/png"},
        {".jpg", "image/jpeg"}, {".svg", "image/svg+xml"}, {".gif", "image/gif"}, {".ico", "image/x-icon"}};
    for (const auto& [end, type] : kTypes)
        if (path.size() > std::string(end).size() && path.substr(path.size() - std::string(end).size()) == end) return type;
    return "application/octet-stream";
}

class Site final : public ports::HttpHandler {
public:
    Site(ports::Process& process, std::vector<const ServerConfig*> servers, const NginxDirective* http, int port)
        : process_(process), servers_(std::move(servers)), http_(http), port_(port) {}

    sim::Task<ports::Response> handle(ports::Request request) override {
        std::string host(request.headers.get("Host"));
        host = base::toLower(host.substr(0, host.find(':')));
        const ServerConfig* server = servers_.front();
        for (const ServerConfig* candidate : servers_)
            if (candidate->isDefault) server = candidate;
        for (const ServerConfig* candidate : servers_)
            if (std::find(candidate->names.begin(), candidate->names.end(), host) != candidate->names.end())
                server = candidate;
        ports::Response response = co_await answer(*server, request, 0);
        finish(response, request);
        log(request, response);
        co_return response;
    }

private:
    const NginxDirective* setting(std::string_view name, const NginxDirective* location, const ServerConfig& server) const {
        if (location)
            if (const auto* found = location->find(name)) return found;
        if (const auto* found = server.node->find(name)) return found;
        return http_->find(name);
    }

    const Location* locate(const ServerConfig& server, const std::string& path) const {
        const Location* best = nullptr;
        for (const Location& location : server.locations) {
            if (location.modifier == "=") {
                if (location.match == path) return &location;
            } else if (path.rfind(location.match, 0) == 0 && (!best || location.match.size() > best->match.size())) {
                best = &location;
            }
        }
        return best;
    }

    std::string expand(std::string text, const ports::Request& request) const {
        const std::pair<const char*, std::string> variables[] = {
            {"$request_uri", request.path}, {"$uri", request.path}, {"$host", std::string(request.headers.get("Host"))},
            {"$remote_addr", request.peer.ip.text()}, {"$hostname", process_.hostname()}, {"$server_port", std::to_string(port_)},
            {"$request_method", request.method}, {"$scheme", "http"}, {"$http_user_agent", std::string(request.headers.get("User-Agent"))}};
        for (const auto& [name, value] : variables) text = base::replaceAll(text, name, value);
        return text;
    }

    sim::Task<ports::Response> answer(const ServerConfig& server, ports::Request request, int depth) {
        const Location* location = locate(server, request.path);
        const NginxDirective* node = location ? location->node : nullptr;
        const NginxDirective* back = node && node->find("return") ? node->find("return") : server.node->find("return");
        if (back != nullptr && (!node || node->find("return") || !location)) co_return returned(*back, request);
        if (node != nullptr && node->find("proxy_pass")) {
            ports::Response response = co_await proxy(*node, *location, std::move(request));
            co_return response;
        }
        if (node != nullptr && node->find("stub_status")) co_return plain(200, "Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n");
        if (request.method != "GET" && request.method != "HEAD") co_return error(405);
        ports::Response response = serveFile(server, location, request, depth);
        co_return response;
    }

    static ports::Response plain(int status, std::string body) {
        ports::Response response;
        response.status = status;
        response.headers.set("Content-Type", "text/plain");
        response.body = std::move(body);
        return response;
    }

    static ports::Response error(int status) {
        ports::Response response;
        response.status = status;
        response.headers.set("Content-Type", "text/html");
        response.body = errorBody(status);
        return response;
    }

    ports::Response returned(const NginxDirective& directive, const ports::Request& request) const {
        const auto& words = directive.arguments;
        const int status = words.empty() ? 200 : static_cast<int>(base::parseInt(words[0]).value_or(302));
        const std::string text = words.size() > 1 ? expand(words[1], request) : words.empty() || base::parseInt(words[0]) ? "" : words[0];
        if (status == 301 || status == 302 || status == 307 || status == 308) {
            ports::Response response = error(status);
            response.headers.set("Location", text);
            return response;
        }
        if (text.empty() && status >= 300) return error(status);
        ports::Response response = plain(status, text);
        response.headers.set("Content-Type", "application/octet-stream");
        if (const auto* type = http_->find("default_type"); type && !type->arguments.empty())
            response.headers.set("Content-Type", type->arguments[0]);
        return response;
    }

    std::string root(const ServerConfig& server, const Location* location) const {
        const NginxDirective* found = setting("root", location ? location->node : nullptr, server);
        if (found == nullptr || found->arguments.empty()) return "/usr/share/nginx/html";
        const std::string& path = found->arguments[0];
        return path[0] == '/' ? path : "/usr/share/nginx/" + path;
    }

    ports::Response serveFile(const ServerConfig& server, const Location* location, const ports::Request& request, int depth) {
        const std::string base = root(server, location);
        const NginxDirective* alias = location ? location->node->find("alias") : nullptr;
        const auto fileOf = [&](const std::string& uri) {
            if (alias && !alias->arguments.empty()) return alias->arguments[0] + uri.substr(std::min(location->match.size(), uri.size()));
            return base + uri;
        };
        std::vector<std::string> candidates = {request.path};
        const NginxDirective* tries = location ? location->node->find("try_files") : server.node->find("try_files");
        if (tries) {
            candidates.clear();
            for (const std::string& word : tries->arguments) candidates.push_back(expand(word, request));
        }
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const std::string& uri = candidates[i];
            if (tries && i + 1 == candidates.size()) {
                if (!uri.empty() && uri[0] == '=') return error(static_cast<int>(base::parseInt(uri.substr(1)).value_or(404)));
                if (depth < 5 && uri != request.path) {
                    ports::Request again = request;
                    again.path = uri;
                    return serveFile(server, nullptr, again, depth + 1);
                }
            }
            ports::FileSystem& files = process_.files();
            const std::string path = fileOf(uri);
            if (files.isDirectory(path)) {
                if (tries && (uri.empty() || uri.back() != '/')) continue;
                if (!path.empty() && path.back() != '/') {
                    ports::Response response = error(301);
                    response.headers.set("Location", "http://" + std::string(request.headers.get("Host")) + uri + "/");
                    return response;
                }
                const NginxDirective* index = setting("index", location ? location->node : nullptr, server);
                std::vector<std::string> names = index ? index->arguments : std::vector<std::string>{"index.html"};
                for (const std::string& name : names)
                    if (files.exists(path + name)) return file(path + name);
                errorLog("directory index of \"" + path + "\" is forbidden", request);
                return error(403);
            }
            if (files.exists(path)) return file(path);
            if (!tries) errorLog("open() \"" + path + "\" failed (2: No such file or directory)", request);
        }
        return error(404);
    }

    ports::Response file(const std::string& path) {
        ports::FileSystem& files = process_.files();
        const auto content = files.read(path);
        if (!content.ok()) return error(content.error().code == ENOENT ? 404 : 403);
        ports::Response response;
        response.headers.set("Content-Type", mimeType(path));
        const auto stat = files.stat(path);
        const std::int64_t modified = stat.ok() ? stat->modified / sim::kSecond : 0;
        char tag[48];
        std::snprintf(tag, sizeof tag, "\"%llx-%zx\"", static_cast<unsigned long long>(modified), content->size());
        response.headers.set("Last-Modified", httpDate(modified * sim::kSecond));
        response.headers.set("ETag", tag);
        response.headers.set("Accept-Ranges", "bytes");
        response.body = *content;
        return response;
    }

    sim::Task<ports::Response> proxy(const NginxDirective& node, const Location& location, ports::Request request) {
        std::string target = node.find("proxy_pass")->arguments.empty() ? "" : node.find("proxy_pass")->arguments[0];
        if (target.rfind("http://", 0) == 0) target = target.substr(7);
        std::string path;
        if (const auto slash = target.find('/'); slash != std::string::npos) {
            path = target.substr(slash);
            target = target.substr(0, slash);
        }
        for (const NginxDirective& other : http_->block)
            if (other.name == "upstream" && !other.arguments.empty() && other.arguments[0] == target) {
                std::vector<std::string> servers;
                for (const NginxDirective& entry : other.block)
                    if (entry.name == "server" && !entry.arguments.empty()) servers.push_back(entry.arguments[0]);
                if (!servers.empty()) target = servers[turn_++ % servers.size()];
            }
        std::string host = target;
        std::uint16_t port = 80;
        if (const auto colon = target.rfind(':'); colon != std::string::npos) {
            host = target.substr(0, colon);
            port = static_cast<std::uint16_t>(base::parseInt(target.substr(colon + 1)).value_or(80));
        }
        auto addresses = co_await dns::resolve(process_.kernel(), process_.files(), process_.network(), host);
        if (!addresses.ok()) co_return error(502);
        ports::ConnectOptions options;
        options.timeout = 60 * sim::kSecond;
        const base::Endpoint to{addresses->front(), port};
        auto connection = co_await process_.network().connect(to, options);
        if (!connection.ok()) {
            const bool late = connection.error().code == ETIMEDOUT;
            errorLog(late ? "upstream timed out (110: Connection timed out) while connecting to upstream"
                          : "connect() failed (111: Connection refused) while connecting to upstream", request);
            co_return error(late ? 504 : 502);
        }
        ports::Request forwarded = request;
        if (!path.empty() && request.path.rfind(location.match, 0) == 0)
            forwarded.path = path + request.path.substr(location.match.size());
        forwarded.headers.set("Host", target);
        forwarded.headers.set("Connection", "close");
        for (const NginxDirective& directive : node.block)
            if (directive.name == "proxy_set_header" && directive.arguments.size() == 2)
                forwarded.headers.set(directive.arguments[0], expand(directive.arguments[1], request));
        auto answer = co_await (*connection)->roundTrip(std::move(forwarded));
        (*connection)->close();
        if (!answer.ok()) co_return error(502);
        ports::Response response;
        response.status = answer->status;
        for (const auto& [name, value] : answer->headers.list())
            if (base::toLower(name) != "server" && base::toLower(name) != "date" && base::toLower(name) != "connection" &&
                base::toLower(name) != "content-length")
                response.headers.add(name, value);
        response.body = std::move(answer->body);
        co_return response;
    }

    void finish(ports::Response& response, const ports::Request& request) const {
        ports::Headers headers;
        headers.add("Server", kServer);
        headers.add("Date", httpDate(process_.kernel().unixNow()));
        if (response.headers.has("Content-Type")) headers.add("Content-Type", std::string(response.headers.get("Content-Type")));
        headers.add("Content-Length", std::to_string(response.body.size()));
        for (const auto& [name, value] : response.headers.list()) {
            const std::string lower = base::toLower(name);
            if (lower == "last-modified" || lower == "location") headers.add(name, value);
        }
        headers.add("Connection", base::toLower(request.headers.get("Connection")) == "close" ? "close" : "keep-alive");
        for (const auto& [name, value] : response.headers.list()) {
            const std::string lower = base::toLower(name);
            if (lower != "content-type" && lower != "last-modified" && lower != "location" && lower != "content-length")
                headers.add(name, value);
        }
        response.headers = std::move(headers);
        if (request.method == "HEAD") response.body.clear();
    }

    void write(const NginxDirective* where, const char* fallback, const std::string& line) {
        std::string path = where && !where->arguments.empty() ? where->arguments[0] : fallback;
        if (path == "off" || path.empty()) return;
        if (path == "/dev/stdout" || path == "/dev/stderr" || path == "stderr") {
            const auto pipe = path == "/dev/stdout" ? process_.output() : process_.error();
            if (pipe) (void)pipe->tryWrite(line);
            return;
        }
        const auto link = process_.files().lstat(path);
        if (link.ok() && link->type == ports::FileType::Symlink && link->target.rfind("/dev/std", 0) == 0) {
            const auto pipe = link->target == "/dev/stdout" ? process_.output() : process_.error();
            if (pipe) (void)pipe->tryWrite(line);
            return;
        }
        (void)process_.files().append(path, line, 0640);
    }

    void log(const ports::Request& request, const ports::Response& response) {
        const std::string agent(request.headers.get("User-Agent")), referer(request.headers.get("Referer"));
        const std::string query = request.query.text();
        write(http_->find("access_log"), "/var/log/nginx/access.log",
              request.peer.ip.text() + " - - [" + clf(process_.kernel().unixNow()) + "] \"" + request.method + " " +
                  request.path + (query.empty() ? "" : "?" + query) + " HTTP/1.1\" " + std::to_string(response.status) +
                  " " + std::to_string(response.body.size()) + " \"" + (referer.empty() ? "-" : referer) + "\" \"" +
                  (agent.empty() ? "-" : agent) + "\"\n");
    }

    void errorLog(const std::string& what, const ports::Request& request) {
        const sim::CivilTime t = sim::civilTime(process_.kernel().unixNow());
        char when[32];
        std::snprintf(when, sizeof when, "%04d/%02d/%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour, t.minute, t.second);
        write(http_->find("error_log"), "/var/log/nginx/error.log",
              std::string(when) + " [error] " + std::to_string(process_.pid()) + "#" + std::to_string(process_.pid()) +
                  ": *1 " + what + ", client: " + request.peer.ip.text() + ", server: _, request: \"" + request.method +
                  " " + request.path + " HTTP/1.1\", host: \"" + std::string(request.headers.get("Host")) + "\"\n");
    }

    ports::Process& process_;
    std::vector<const ServerConfig*> servers_;
    const NginxDirective* http_;
    int port_;
    std::size_t turn_ = 0;
};

base::Result<ServerConfig> readServer(const NginxDirective& node) {
    ServerConfig server;
    server.node = &node;
    for (const NginxDirective& directive : node.block) {
        const auto& words = directive.arguments;
        if (directive.name == "listen" && !words.empty()) {
            std::string text = words[0];
            if (text[0] == '[') continue; // IPv6 is not modelled
            base::Endpoint at{base::IpAddress::v4(0), 80};
            if (const auto colon = text.rfind(':'); colon != std::string::npos) {
                if (const auto ip = base::IpAddress::parse(text.substr(0, colon))) at.ip = *ip;
                text = text.substr(colon + 1);
            }
            if (const auto ip = base::IpAddress::parse(text)) at.ip = *ip;
            else if (const auto port = base::parseInt(text); port && *port > 0 && *port < 65536) at.port = static_cast<std::uint16_t>(*port);
            else
                return base::makeError("invalid port in \"" + words[0] + "\" of the \"listen\" directive in " +
                                       directive.file + ":" + std::to_string(directive.line));
            server.listen.push_back(at);
            server.isDefault |= std::find(words.begin(), words.end(), "default_server") != words.end();
        } else if (directive.name == "server_name") {
            for (const std::string& name : words) server.names.push_back(base::toLower(name));
        } else if (directive.name == "location" && !words.empty()) {
            Location location;
            location.node = &directive;
            location.match = words.back();
            if (words.size() > 1) location.modifier = words[0];
            if (location.modifier == "~" || location.modifier == "~*")
                return base::makeError("regular expressions in \"location\" are not modelled in this lab in " +
                                       directive.file + ":" + std::to_string(directive.line));
            server.locations.push_back(location);
        }
    }
    if (server.listen.empty()) server.listen.push_back({base::IpAddress::v4(0), 80});
    return server;
}

class Nginx final : public ports::Program {
public:
    sim::Task<int> run(ports::Process& process) override {
        std::string config = "/etc/nginx/nginx.conf";
        bool test = false, version = false;
        const auto& argv = process.argv();
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (argv[i] == "-t") test = true;
            else if (argv[i] == "-v" || argv[i] == "-V") version = true;
            else if (argv[i] == "-c" && i + 1 < argv.size()) config = process.resolve(argv[++i]);
            else if ((argv[i] == "-g" || argv[i] == "-p" || argv[i] == "-s") && i + 1 < argv.size()) ++i;
            else if (argv[i][0] == '-') {
                {
            std::string outgoing = "nginx: invalid option: \"" + argv[i].substr(1) + "\"\n";
            co_await process.writeError(std::move(outgoing));
        }
                co_return 1;
            }
        }
        if (version) {
            co_await process.writeError("nginx version: nginx/1.22.1\n");
            co_return 0;
        }
        auto tree = readNginxConfig(process.files(), config);
        base::Status valid = tree.ok() ? checkNginxConfig(*tree) : base::Status(tree.error());
        const NginxDirective* http = nullptr;
        std::vector<ServerConfig> servers;
        NginxDirective none;
        if (valid.ok()) {
            for (const NginxDirective& directive : *tree)
                if (directive.name == "http") http = &directive;
            if (http == nullptr) http = &none;
            for (const NginxDirective& directive : http->block) {
                if (directive.name != "server" || !valid.ok()) continue;
                auto server = readServer(directive);
                if (server.ok()) servers.push_back(*server);
                else valid = server.error();
            }
        }
        if (!valid.ok()) {
            std::string text = "nginx: [emerg] " + valid.error().message + "\n";
            if (test) text += "nginx: configuration file " + config + " test failed\n";
            co_await process.writeError(std::move(text));
            co_return 1;
        }
        if (test) {
            {
            std::string outgoing = "nginx: the configuration file " + config + " syntax is ok\nnginx: configuration file " + config + " test is successful\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 0;
        }
        std::vector<base::Endpoint> ports;
        for (const ServerConfig& server : servers)
            for (const base::Endpoint& at : server.listen)
                if (std::find(ports.begin(), ports.end(), at) == ports.end()) ports.push_back(at);
        struct Listeners {
            std::vector<ports::ListenerPtr> list;
            ~Listeners() {
                for (const auto& listener : list) listener->closeConnections();
            }
        } listeners;
        for (int attempt = 0; attempt < 5 && listeners.list.size() < ports.size(); ++attempt) {
            if (attempt > 0) co_await sim::sleepFor(process.kernel(), 500 * sim::kMillisecond);
            for (std::size_t i = listeners.list.size(); i < ports.size(); ++i) {
                std::vector<const ServerConfig*> here;
                for (const ServerConfig& server : servers)
                    if (std::find(server.listen.begin(), server.listen.end(), ports[i]) != server.listen.end()) here.push_back(&server);
                ports::ListenOptions options;
                options.http = std::make_shared<Site>(process, here, http, ports[i].port);
                options.process = "nginx";
                options.pid = process.pid();
                auto made = process.network().listen(ports[i], std::move(options));
                if (!made.ok()) {
                    const int code = made.error().code;
                    std::string text = "nginx: [emerg] bind() to " + ports[i].text() + " failed (" + std::to_string(code) + ": " +
                                       (code == EADDRINUSE ? "Address already in use" : "Cannot assign requested address") + ")\n";
                    co_await process.writeError(std::move(text));
                    break;
                }
                listeners.list.push_back(*made);
            }
        }
        if (listeners.list.size() < ports.size()) {
            co_await process.writeError("nginx: [emerg] still could not bind()\n");
            co_return 1;
        }
        for (int number : {ports::kSigTerm, ports::kSigQuit, ports::kSigInt}) process.handleSignal(number);
        (void)co_await process.signals().pop();
        co_return 0;
    }
};

// Static files of a folder: busybox httpd -f -p PORT -h FOLDER.
class FolderSite final : public ports::HttpHandler {
public:
    FolderSite(ports::Process& process, std::string folder) : process_(process), folder_(std::move(folder)) {}
    sim::Task<ports::Response> handle(ports::Request request) override {
        ports::Response response;
        std::string path = folder_ + request.path;
        if (process_.files().isDirectory(path)) path += (path.back() == '/' ? "" : "/") + std::string("index.html");
        const auto content = process_.files().read(path);
        response.headers.set("Date", httpDate(process_.kernel().unixNow()));
        response.headers.set("Connection", "close");
        if (!content.ok() || request.path.find("..") != std::string::npos) {
            response.status = 404;
            response.headers.set("Content-type", "text/html");
            response.body = "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\n"
                            "The requested URL was not found\n</BODY></HTML>\n";
            co_return response;
        }
        const auto stat = process_.files().stat(path);
        const std::int64_t modified = stat.ok() ? stat->modified / sim::kSecond : 0;
        char tag[48];
        std::snprintf(tag, sizeof tag, "\"%llx-%zx\"", static_cast<unsigned long long>(modified), content->size());
        response.headers.set("Content-type", mimeType(path));
        response.headers.set("Accept-Ranges", "bytes");
        response.headers.set("Last-Modified", httpDate(modified * sim::kSecond));
        response.headers.set("ETag", tag);
        response.body = request.method == "HEAD" ? "" : *content;
        response.headers.set("Content-Length", std::to_string(content->size()));
        co_return response;
    }

private:
    ports::Process& process_;
    std::string folder_;
};

class BusyboxHttpd final : public ports::Program {
public:
    sim::Task<int> run(ports::Process& process) override {
        base::Endpoint at{base::IpAddress::v4(0), 80};
        std::string folder = process.cwd();
        const auto& argv = process.argv();
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (argv[i] == "-p" && i + 1 < argv.size()) {
                std::string text = argv[++i];
                if (const auto colon = text.rfind(':'); colon != std::string::npos) {
                    at.ip = base::IpAddress::parse(text.substr(0, colon)).value_or(at.ip);
                    text = text.substr(colon + 1);
                }
                at.port = static_cast<std::uint16_t>(base::parseInt(text).value_or(80));
            } else if (argv[i] == "-h" && i + 1 < argv.size()) {
                folder = process.resolve(argv[++i]);
            }
        }
        while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
        if (!process.files().isDirectory(folder)) {
            {
            std::string outgoing = "httpd: can't change directory to '" + folder + "': No such file or directory\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        ports::ListenOptions options;
        options.http = std::make_shared<FolderSite>(process, folder == "/" ? "" : folder);
        options.process = "httpd";
        options.pid = process.pid();
        auto made = process.network().listen(at, std::move(options));
        if (!made.ok()) {
            co_await process.writeError("httpd: bind: Address already in use\n");
            co_return 1;
        }
        struct Close {
            ports::ListenerPtr listener;
            ~Close() { listener->closeConnections(); }
        } close{*made};
        for (;;) co_await sim::sleepFor(process.kernel(), 24 * sim::kHour);
    }
};

} // namespace

std::string httpDate(std::int64_t unixNow) {
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNow);
    char text[48];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[t.weekday], t.day, kMonths[t.month - 1], t.year, t.hour, t.minute, t.second);
    return text;
}

std::shared_ptr<ports::Program> nginxProgram() { return std::make_shared<Nginx>(); }
std::shared_ptr<ports::Program> busyboxHttpdProgram() { return std::make_shared<BusyboxHttpd>(); }

} // namespace network::servers
