// nginx 1.22: static files, return, try_files, proxy_pass over HTTP. Source: nginx.org/en/docs.

#include "base/strings.h"
#include "machine/process/process.h"
#include "runtime/programs.h"
#include "runtime/web/nginx_config.h"
#include "runtime/web/programs.h"
#include "runtime/web/static_files.h"

#include <cerrno>
#include <set>

namespace runtime::web {
namespace {

constexpr const char* kServer = "nginx/1.22.1";

std::string errorPage(int status) {
    const std::string title = std::to_string(status) + " " + reasonOf(status);
    return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
           "</h1></center>\r\n<hr><center>" + kServer + "</center>\r\n</body>\r\n</html>\r\n";
}

std::string logTime(std::int64_t unixNow) {
    const sim::CivilTime t = sim::civilTime(unixNow);
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(t.year) + "/" + two(t.month) + "/" + two(t.day) + " " + two(t.hour) + ":" + two(t.minute) + ":" +
           two(t.second);
}

std::string accessTime(std::int64_t unixNow) {
    static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNow);
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return two(t.day) + "/" + kMonths[t.month - 1] + "/" + std::to_string(t.year) + ":" + two(t.hour) + ":" + two(t.minute) +
           ":" + two(t.second) + " +0000";
}

// Outlives its process only inside a request that is under way; then it answers nothing.
class Site final : public ports::HttpHandler {
public:
    Site(ports::Process& process, Directive config) : process_(&process), config_(std::move(config)) {}
    void close() { process_ = nullptr; }
    void reload(Directive config) { config_ = std::move(config); }

    sim::Task<ports::Response> handle(ports::Request request) override {
        if (process_ == nullptr) co_return ports::Response{503, {}, "", {}, nullptr, nullptr, false};
        machine::consume(*process_, 150 * sim::kMicrosecond);
        const Directive* http = config_.find("http");
        const Directive* server = http == nullptr ? nullptr : chooseServer(*http, request);
        ports::Response response;
        if (server == nullptr) {
            response = page(404);
        } else {
            response = co_await serve(*http, *server, request);
        }
        if (process_ == nullptr) co_return response;
        const std::int64_t now = process_->kernel().unixNow();
        response.headers.set("Server", kServer);
        response.headers.set("Date", httpDate(now));
        if (!response.stream && response.object.isNull())
            response.headers.set("Content-Length", std::to_string(response.body.size()));
        response.headers.set("Connection", "keep-alive");
        log(request, response, now);
        if (request.method == "HEAD") response.body.clear();
        co_return response;
    }

private:
    static ports::Response page(int status) {
        ports::Response response;
        response.status = status;
        response.headers.set("Content-Type", "text/html");
        response.body = errorPage(status);
        return response;
    }

    const Directive* chooseServer(const Directive& http, const ports::Request& request) const {
        const std::string host = base::splitLimited(request.headers.get("Host"), ':', 2)[0];
        const Directive* first = nullptr;
        for (const Directive& server : http.block) {
            if (server.name() != "server") continue;
            if (first == nullptr) first = &server;
            const Directive* names = server.find("server_name");
            if (names == nullptr) continue;
            for (std::size_t i = 1; i < names->words.size(); ++i)
                if (names->words[i] == host) return &server;
        }
        return first;
    }

    static const Directive* chooseLocation(const Directive& server, const std::string& path) {
        const Directive* best = nullptr;
        std::size_t length = 0;
        for (const Directive& item : server.block) {
            if (item.name() != "location") continue;
            if (item.argument() == "=") {
                if (item.argument(2) == path) return &item;
                continue;
            }
            const std::string prefix = item.argument() == "^~" ? item.argument(2) : item.argument();
            if (path.rfind(prefix, 0) == 0 && prefix.size() >= length && prefix[0] == '/') {
                best = &item;
                length = prefix.size();
            }
        }
        return best;
    }

    // Inherited: location, server, http.
    static std::string setting(const Directive& http, const Directive& server, const Directive* location, const char* name,
                               const char* fallback) {
        if (location != nullptr)
            if (const Directive* found = location->find(name)) return found->argument();
        if (const Directive* found = server.find(name)) return found->argument();
        if (const Directive* found = http.find(name)) return found->argument();
        return fallback;
    }

    std::string expand(std::string text, const ports::Request& request) const {
        text = base::replaceAll(text, "$request_uri", request.path + (request.query.text().empty() ? "" : "?" + request.query.text()));
        text = base::replaceAll(text, "$uri", request.path);
        text = base::replaceAll(text, "$hostname", process_->hostname());
        text = base::replaceAll(text, "$host", base::splitLimited(request.headers.get("Host"), ':', 2)[0]);
        text = base::replaceAll(text, "$remote_addr", request.peer.ip.text());
        text = base::replaceAll(text, "$server_port", "80");
        return text;
    }

    sim::Task<ports::Response> serve(const Directive& http, const Directive& server, const ports::Request& request) {
        const Directive* location = chooseLocation(server, request.path);
        for (const Directive* scope : {location, &server}) {
            const Directive* answer = scope == nullptr ? nullptr : scope->find("return");
            if (answer == nullptr) continue;
            co_return returned(http, server, location, *answer, request);
        }
        const Directive* proxy = location == nullptr ? nullptr : location->find("proxy_pass");
        if (proxy != nullptr) {
            ports::Response response = co_await forward(proxy->argument(), request);
            co_return response;
        }
        if (request.method != "GET" && request.method != "HEAD") co_return page(405);
        const std::string root = setting(http, server, location, "root", "/usr/share/nginx/html");
        co_return file(http, server, location, root, request);
    }

    ports::Response returned(const Directive& http, const Directive& server, const Directive* location,
                             const Directive& answer, const ports::Request& request) const {
        const auto status = base::parseInt(answer.argument());
        ports::Response response;
        response.status = static_cast<int>(status.value_or(302));
        const std::string text = expand(answer.argument(status ? 2 : 1), request);
        if (response.status >= 300 && response.status < 400) {
            response = page(response.status);
            response.headers.set("Location", text);
            return response;
        }
        if (answer.words.size() < 3 && response.status >= 400) return page(response.status);
        response.headers.set("Content-Type", setting(http, server, location, "default_type", "text/plain"));
        response.body = base::replaceAll(text, "\\n", "\n");
        return response;
    }

    ports::Response file(const Directive& http, const Directive& server, const Directive* location, const std::string& root,
                         const ports::Request& request) const {
        std::string path = request.path;
        const ports::FileSystem& files = process_->files();
        std::string whole = root + path;
        if (location != nullptr) {
            if (const Directive* alias = location->find("alias"))
                whole = alias->argument() + path.substr(std::min(path.size(), location->argument().size()));
            const Directive* tries = location->find("try_files");
            if (tries != nullptr && !files.exists(whole)) {
                const std::string last = tries->words.back();
                if (last[0] == '=') return page(static_cast<int>(base::parseInt(last.substr(1)).value_or(404)));
                path = expand(last, request);
                whole = root + path;
            }
        }
        auto stat = files.stat(whole);
        if (stat.ok() && stat->type == ports::FileType::Directory) {
            if (path.empty() || path.back() != '/') {
                ports::Response response = page(301);
                response.headers.set("Location", "http://" + std::string(request.headers.get("Host")) + path + "/");
                return response;
            }
            const Directive* index = server.find("index");
            bool found = false;
            std::vector<std::string> names{"index", "index.html"};
            if (index != nullptr) names = index->words;
            for (std::size_t i = 1; i < names.size() && !found; ++i)
                if (files.exists(whole + names[i])) {
                    whole += names[i];
                    found = true;
                }
            if (!found) return page(403);
            stat = files.stat(whole);
        }
        if (!stat.ok()) return page(stat.error().code == EACCES ? 403 : 404);
        auto content = files.read(whole);
        if (!content.ok()) return page(403);
        ports::Response response;
        response.body = std::move(*content);
        response.headers.set("Content-Type", contentType(whole, setting(http, server, location, "default_type", "text/plain")));
        response.headers.set("Last-Modified", httpDate(stat->modified));
        response.headers.set("ETag", entityTag(*stat));
        response.headers.set("Accept-Ranges", "bytes");
        return response;
    }

    sim::Task<ports::Response> forward(std::string url, const ports::Request& request) {
        if (url.rfind("http://", 0) != 0) co_return page(502);
        url.erase(0, 7);
        const std::size_t slash = url.find('/');
        const std::vector<std::string> host = base::splitLimited(url.substr(0, slash), ':', 2);
        const auto address = base::IpAddress::parse(host[0]);
        if (!address) co_return page(502);
        const base::Endpoint to{*address, static_cast<std::uint16_t>(host.size() > 1 ? base::parseInt(host[1]).value_or(80) : 80)};
        ports::ConnectOptions options;
        options.timeout = 60 * sim::kSecond;
        auto connection = co_await process_->network().connect(to, options);
        if (!connection.ok()) co_return page(connection.error().code == ETIMEDOUT ? 504 : 502);
        ports::Request inner = request;
        inner.headers.set("Host", url.substr(0, slash));
        auto response = co_await (*connection)->roundTrip(inner);
        (*connection)->close();
        if (!response.ok()) co_return page(502);
        co_return std::move(*response);
    }

    void log(const ports::Request& request, const ports::Response& response, std::int64_t now) const {
        std::string target = request.path;
        if (const std::string query = request.query.text(); !query.empty()) target += "?" + query;
        const std::string agent(request.headers.get("User-Agent"));
        (void)process_->files().append("/var/log/nginx/access.log",
                                       request.peer.ip.text() + " - - [" + accessTime(now) + "] \"" + request.method + " " +
                                           target + " HTTP/1.1\" " + std::to_string(response.status) + " " +
                                           std::to_string(response.body.size()) + " \"-\" \"" + (agent.empty() ? "-" : agent) + "\"\n",
                                       0640);
    }

    ports::Process* process_;
    Directive config_;
};

base::Result<std::vector<Bind>> listenAddresses(const Directive& config) {
    std::vector<Bind> out;
    std::set<std::string> seen;
    const Directive* http = config.find("http");
    if (http == nullptr) return out;
    for (const Directive& server : http->block) {
        if (server.name() != "server") continue;
        bool any = false;
        for (const Directive& item : server.block) {
            if (item.name() != "listen") continue;
            any = true;
            std::string text = item.argument();
            if (text.rfind("[::]", 0) == 0) continue; // the IPv4 socket answers for both here
            const std::size_t colon = text.rfind(':');
            const std::string host = colon == std::string::npos ? "0.0.0.0" : text.substr(0, colon);
            const auto port = base::parseInt(colon == std::string::npos ? text : text.substr(colon + 1));
            const auto ip = base::IpAddress::parse(host == "*" ? "0.0.0.0" : host);
            if (!port || !ip || *port < 1 || *port > 65535)
                return base::makeError("host not found in \"" + text + "\" of the \"listen\" directive in " + item.file + ":" +
                                       std::to_string(item.line));
            const std::string name = ip->text() + ":" + std::to_string(*port);
            if (seen.insert(name).second) out.push_back({{*ip, static_cast<std::uint16_t>(*port)}, name});
        }
        if (!any && seen.insert("0.0.0.0:80").second) out.push_back({{*base::IpAddress::parse("0.0.0.0"), 80}, "0.0.0.0:80"});
    }
    return out;
}

class NginxProgram final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {0, 5LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        const std::vector<std::string>& argv = process.argv();
        bool test = false, daemon = true;
        std::string config = "/etc/nginx/nginx.conf", send;
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (argv[i] == "-v" || argv[i] == "-V") {
                co_await process.writeError(std::string("nginx version: ") + kServer + "\n");
                co_return 0;
            }
            if (argv[i] == "-t") test = true;
            else if (argv[i] == "-c" && i + 1 < argv.size()) config = argv[++i];
            else if (argv[i] == "-s" && i + 1 < argv.size()) send = argv[++i];
            else if (argv[i] == "-g" && i + 1 < argv.size()) daemon = argv[++i].find("daemon off") == std::string::npos;
            else if (argv[i] == "-q" || argv[i] == "-T") continue;
            else {
                co_await process.writeError("nginx: invalid option: \"" + argv[i] + "\"\n");
                co_return 1;
            }
        }
        auto parsed = readNginxConfig(process.files(), config);
        base::Result<std::vector<Bind>> binds = std::vector<Bind>{};
        if (parsed.ok()) binds = listenAddresses(*parsed);
        const std::string problem = !parsed.ok() ? parsed.error().message : !binds.ok() ? binds.error().message : "";
        if (!problem.empty()) {
            co_await process.writeError(stamp(process, "emerg") + problem + "\nnginx: [emerg] " + problem + "\n");
            if (test) co_await process.writeError("nginx: configuration file " + config + " test failed\n");
            co_return 1;
        }
        if (test) {
            co_await process.writeError("nginx: the configuration file " + config + " syntax is ok\nnginx: configuration file " +
                                        config + " test is successful\n");
            co_return 0;
        }
        if (!send.empty()) {
            const int code = co_await signal(process, send);
            co_return code;
        }
        (void)daemon;
        const int code = co_await serve(process, config, std::move(*parsed), std::move(*binds));
        co_return code;
    }

private:
    static std::string stamp(ports::Process& process, const char* level) {
        const std::string pid = std::to_string(process.pid());
        return logTime(process.kernel().unixNow()) + " [" + level + "] " + pid + "#" + pid + ": ";
    }

    static sim::Task<int> signal(ports::Process& process, std::string name) {
        const auto pid = base::parseInt(base::trim(process.files().read("/run/nginx.pid").valueOr("")));
        const int number = name == "reload" ? ports::kSigHup : name == "stop" ? ports::kSigTerm
                           : name == "quit" ? ports::kSigQuit : name == "reopen" ? ports::kSigUsr1 : 0;
        if (number == 0) {
            co_await process.writeError("nginx: invalid option: \"-s " + name + "\"\n");
            co_return 1;
        }
        if (!pid) {
            co_await process.writeError(stamp(process, "error") + "invalid PID number \"\" in \"/run/nginx.pid\"\n");
            co_return 1;
        }
        co_return process.kill(static_cast<int>(*pid), number).ok() ? 0 : 1;
    }

    static sim::Task<int> serve(ports::Process& process, std::string path, Directive config, std::vector<Bind> binds) {
        auto site = std::make_shared<Site>(process, std::move(config));
        struct Closer {
            Site& site;
            std::vector<ports::ListenerPtr> listeners;
            ~Closer() {
                site.close();
                for (const ports::ListenerPtr& listener : listeners) listener->closeConnections();
            }
        } closer{*site, {}};
        const base::Status log = process.files().append("/var/log/nginx/error.log", "");
        if (!log.ok()) {
            const std::string text = "open() \"/var/log/nginx/error.log\" failed (" + std::to_string(log.error().code) + ": " +
                                     log.error().message + ")";
            co_await process.writeError("nginx: [alert] could not open error log file: " + text + "\n" +
                                        stamp(process, "emerg") + text + "\n");
            co_return 1;
        }
        for (int attempt = 0; attempt < 5; ++attempt) {
            closer.listeners.clear();
            bool failed = false;
            for (const Bind& bind : binds) {
                ports::ListenOptions options;
                options.http = site;
                options.process = "nginx";
                options.pid = process.pid();
                auto listener = process.network().listen(bind.at, std::move(options));
                if (listener.ok()) {
                    closer.listeners.push_back(*listener);
                    continue;
                }
                failed = true;
                co_await process.writeError("nginx: [emerg] bind() to " + bind.text + " failed (" +
                                            std::to_string(listener.error().code) + ": " + capital(listener.error().message) + ")\n");
            }
            if (!failed) break;
            if (attempt == 4) {
                co_await process.writeError("nginx: [emerg] still could not bind()\n");
                co_return 1;
            }
            co_await sim::sleepFor(process.kernel(), 500 * sim::kMillisecond);
        }
        (void)process.files().write("/run/nginx.pid", std::to_string(process.pid()) + "\n", 0644);
        for (const int number : {ports::kSigTerm, ports::kSigQuit, ports::kSigInt, ports::kSigHup, ports::kSigUsr1})
            process.handleSignal(number);
        while (true) {
            const std::optional<int> number = co_await process.signals().pop();
            if (!number) break;
            if (*number == ports::kSigHup) {
                auto again = readNginxConfig(process.files(), path);
                if (again.ok()) site->reload(std::move(*again));
            } else if (*number != ports::kSigUsr1) {
                break;
            }
        }
        (void)process.files().removeFile("/run/nginx.pid");
        co_return 0;
    }

    static std::string capital(std::string text) {
        if (!text.empty()) text[0] = base::toUpper(text.substr(0, 1))[0];
        return text;
    }
};

} // namespace

std::shared_ptr<ports::Program> nginxProgram() { return std::make_shared<NginxProgram>(); }

} // namespace runtime::web
