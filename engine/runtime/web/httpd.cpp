// BusyBox httpd: static files of one folder. Source: busybox networking/httpd.c.

#include "base/strings.h"
#include "machine/process/process.h"
#include "runtime/web/programs.h"
#include "runtime/web/static_files.h"

#include <cerrno>

namespace runtime::web {
namespace {

ports::Response errorAnswer(int status, const char* title, const char* text) {
    ports::Response response;
    response.status = status;
    response.headers.set("Content-Type", "text/html");
    const std::string head = std::to_string(status) + " " + title;
    response.body = "<HTML><HEAD><TITLE>" + head + "</TITLE></HEAD>\n<BODY><H1>" + head + "</H1>\n" + text + "\n</BODY></HTML>\n";
    return response;
}

class Folder final : public ports::HttpHandler {
public:
    Folder(ports::Process& process, std::string home) : process_(&process), home_(std::move(home)) {}
    void close() { process_ = nullptr; }

    sim::Task<ports::Response> handle(ports::Request request) override {
        if (process_ == nullptr) co_return ports::Response{};
        machine::consume(*process_, 900 * sim::kMicrosecond); // it forks for each
        ports::Response response = answer(request);
        response.headers.set("Date", httpDate(process_->kernel().unixNow()));
        response.headers.set("Connection", "close");
        if (response.status == 200) response.headers.set("Content-Length", std::to_string(response.body.size()));
        if (request.method == "HEAD") response.body.clear();
        co_return response;
    }

private:
    ports::Response answer(const ports::Request& request) const {
        if (request.method != "GET" && request.method != "HEAD")
            return errorAnswer(501, "Not Implemented", "The requested method is not recognized");
        const ports::FileSystem& files = process_->files();
        std::string path = home_ + request.path;
        auto stat = files.stat(path);
        if (stat.ok() && stat->type == ports::FileType::Directory) {
            if (path.back() != '/') {
                ports::Response response = errorAnswer(302, "Found", "");
                response.headers.set("Location", request.path + "/");
                return response;
            }
            path += "index.html";
            stat = files.stat(path);
        }
        auto content = files.read(path);
        if (!stat.ok() || !content.ok()) return errorAnswer(404, "Not Found", "The requested URL was not found");
        ports::Response response;
        response.body = std::move(*content);
        response.headers.set("Content-type", contentType(path, "application/octet-stream"));
        response.headers.set("Accept-Ranges", "bytes");
        response.headers.set("Last-Modified", httpDate(stat->modified));
        response.headers.set("ETag", entityTag(*stat));
        return response;
    }

    ports::Process* process_;
    std::string home_;
};

class HttpdProgram final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {0, 1LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        std::string home = ".", port = "80";
        bool foreground = false;
        const std::vector<std::string>& argv = process.argv();
        for (std::size_t i = 1; i < argv.size(); ++i) {
            const std::string& word = argv[i];
            if (word.size() < 2 || word[0] != '-') continue;
            for (std::size_t j = 1; j < word.size(); ++j) {
                if (word[j] == 'f') foreground = true;
                if (word[j] == 'v' || word[j] == 'i' || word[j] == 'f') continue;
                std::string value = word.substr(j + 1);
                if (value.empty() && i + 1 < argv.size()) value = argv[++i];
                if (word[j] == 'h') home = value;
                if (word[j] == 'p') port = value;
                break;
            }
        }
        (void)foreground; // without -f it would go into the background; its process stays all the same
        const std::size_t colon = port.rfind(':');
        const auto number = base::parseInt(colon == std::string::npos ? port : port.substr(colon + 1));
        const auto ip = base::IpAddress::parse(colon == std::string::npos ? "0.0.0.0" : port.substr(0, colon));
        if (!number || !ip) {
            co_await process.writeError("httpd: invalid number '" + port + "'\n");
            co_return 1;
        }
        auto folder = std::make_shared<Folder>(process, process.resolve(home));
        struct Closer {
            Folder& folder;
            ports::ListenerPtr listener;
            ~Closer() {
                folder.close();
                if (listener) listener->closeConnections();
            }
        } closer{*folder, nullptr};
        ports::ListenOptions options;
        options.http = folder;
        options.process = "httpd";
        options.pid = process.pid();
        const base::Endpoint at{*ip, static_cast<std::uint16_t>(*number)};
        auto listener = process.network().listen(at, std::move(options));
        if (!listener.ok()) {
            std::string reason = listener.error().message;
            if (!reason.empty()) reason[0] = base::toUpper(reason.substr(0, 1))[0];
            co_await process.writeError("httpd: bind: " + reason + "\n");
            co_return 1;
        }
        closer.listener = *listener;
        // Signals act as by default; nothing ever arrives here.
        co_await process.signals().pop();
        co_return 0;
    }
};

} // namespace

std::shared_ptr<ports::Program> httpdProgram() { return std::make_shared<HttpdProgram>(); }

} // namespace runtime::web
