#include "network/servers/nginx_config.h"

#include "base/strings.h"

#include <algorithm>

namespace network::servers {
namespace {

constexpr const char* kKnown[] = {
    "user", "worker_processes", "pid", "error_log", "include", "events", "worker_connections", "http", "server",
    "listen", "server_name", "root", "index", "location", "try_files", "return", "default_type", "types",
    "access_log", "log_format", "sendfile", "tcp_nopush", "tcp_nodelay", "keepalive_timeout", "gzip",
    "types_hash_max_size", "server_tokens", "ssl_protocols", "ssl_prefer_server_ciphers", "proxy_pass",
    "proxy_set_header", "proxy_http_version", "upstream", "error_page", "alias", "autoindex", "load_module",
    "add_header", "multi_accept", "use", "daemon", "master_process", "worker_rlimit_nofile", "client_max_body_size",
    "server_names_hash_bucket_size", "ssl_certificate", "ssl_certificate_key", "deny", "allow", "stub_status",
    "expires", "set", "rewrite", "if", "internal", "resolver", "charset", "stream", "proxy_connect_timeout",
    "proxy_read_timeout", "proxy_send_timeout", "client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path",
    "uwsgi_temp_path", "scgi_temp_path", "absolute_redirect", "port_in_redirect", "auth_basic", "auth_basic_user_file",
    "gzip_types", "gzip_vary", "gzip_proxied", "gzip_comp_level", "limit_req_zone", "limit_req", "echo", "map",
    "reset_timedout_connection", "send_timeout", "client_header_timeout", "client_body_timeout", "open_file_cache"};

class Parser {
public:
    Parser(const ports::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

    base::Result<std::vector<NginxDirective>> run(int depth) {
        if (depth > 8) return base::makeError("too many nested includes in " + path_);
        const auto text = files_.read(path_);
        if (!text.ok()) return base::makeError("open() \"" + path_ + "\" failed (2: No such file or directory)");
        text_ = *text;
        depth_ = depth;
        std::vector<NginxDirective> out;
        bool closed = false;
        BASE_CHECK(block(out, false, closed));
        return out;
    }

private:
    base::Error fail(const std::string& what) const {
        return base::makeError(what + " in " + path_ + ":" + std::to_string(line_));
    }

    // One word; empty at the end of the file. `special` for ; { }.
    std::string word(bool& special) {
        special = false;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n') ++line_;
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') ++at_;
            else if (c == '#') while (at_ < text_.size() && text_[at_] != '\n') ++at_;
            else break;
        }
        if (at_ >= text_.size()) return {};
        char c = text_[at_];
        if (c == ';' || c == '{' || c == '}') {
            special = true;
            ++at_;
            return std::string(1, c);
        }
        std::string out;
        if (c == '"' || c == '\'') {
            const char quote = c;
            ++at_;
            while (at_ < text_.size() && text_[at_] != quote) {
                if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                    ++at_;
                    out += text_[at_] == 'n' ? '\n' : text_[at_] == 't' ? '\t' : text_[at_];
                } else out += text_[at_];
                if (text_[at_] == '\n') ++line_;
                ++at_;
            }
            ++at_;
            return out;
        }
        while (at_ < text_.size()) {
            c = text_[at_];
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';') break;
            if (c == '{' && !(at_ > 0 && text_[at_ - 1] == '$')) break;
            if (c == '{') while (at_ < text_.size() && text_[at_] != '}') out += text_[at_++];
            out += text_[at_++];
        }
        return out;
    }

    base::Status block(std::vector<NginxDirective>& out, bool inner, bool& closed) {
        for (;;) {
            bool special = false;
            const std::size_t before = at_;
            std::string name = word(special);
            if (name.empty() && at_ >= text_.size() && before <= at_) {
                if (inner) return fail("unexpected end of file, expecting \"}\"");
                return base::okStatus();
            }
            if (special) {
                if (name == "}" && inner) {
                    closed = true;
                    return base::okStatus();
                }
                return fail("unexpected \"" + name + "\"");
            }
            NginxDirective directive;
            directive.name = std::move(name);
            directive.file = path_;
            directive.line = line_;
            for (;;) {
                std::string next = word(special);
                if (special && next == ";") break;
                if (special && next == "{") {
                    directive.hasBlock = true;
                    bool ended = false;
                    BASE_CHECK(block(directive.block, true, ended));
                    break;
                }
                if (special) return fail("unexpected \"" + next + "\"");
                if (next.empty() && at_ >= text_.size())
                    return fail("unexpected end of file, expecting \";\" or \"}\"");
                directive.arguments.push_back(std::move(next));
            }
            if (directive.name == "include" && directive.arguments.size() == 1) {
                BASE_CHECK(include(directive.arguments[0], out));
                continue;
            }
            out.push_back(std::move(directive));
        }
    }

    base::Status include(std::string pattern, std::vector<NginxDirective>& out) {
        if (pattern[0] != '/') pattern = "/etc/nginx/" + pattern;
        std::vector<std::string> paths;
        const auto star = pattern.find('*');
        if (star == std::string::npos) {
            paths.push_back(pattern);
        } else {
            const auto slash = pattern.rfind('/', star);
            const std::string folder = pattern.substr(0, slash), head = pattern.substr(slash + 1, star - slash - 1),
                              tail = pattern.substr(star + 1);
            const auto entries = files_.list(folder);
            if (entries.ok())
                for (const auto& entry : *entries)
                    if (entry.name[0] != '.' && entry.name.size() >= head.size() + tail.size() &&
                        entry.name.rfind(head, 0) == 0 &&
                        entry.name.substr(entry.name.size() - tail.size()) == tail &&
                        files_.exists(folder + "/" + entry.name) && !files_.isDirectory(folder + "/" + entry.name))
                        paths.push_back(folder + "/" + entry.name);
        }
        for (const std::string& path : paths) {
            if (!files_.exists(path))
                return fail("open() \"" + path + "\" failed (2: No such file or directory)");
            BASE_TRY(auto more, Parser(files_, path).run(depth_ + 1));
            for (NginxDirective& directive : more) out.push_back(std::move(directive));
        }
        return base::okStatus();
    }

    const ports::FileSystem& files_;
    std::string path_, text_;
    std::size_t at_ = 0;
    int line_ = 1, depth_ = 0;
};

} // namespace

const NginxDirective* NginxDirective::find(std::string_view wanted) const {
    for (const NginxDirective& directive : block)
        if (directive.name == wanted) return &directive;
    return nullptr;
}

base::Result<std::vector<NginxDirective>> readNginxConfig(const ports::FileSystem& files, const std::string& path) {
    return Parser(files, path).run(0);
}

base::Status checkNginxConfig(const std::vector<NginxDirective>& tree) {
    for (const NginxDirective& directive : tree) {
        const bool known = std::any_of(std::begin(kKnown), std::end(kKnown),
                                       [&](const char* name) { return directive.name == name; });
        if (!known)
            return base::makeError("unknown directive \"" + directive.name + "\" in " + directive.file + ":" +
                                   std::to_string(directive.line));
        if (directive.name != "types" && directive.name != "map" && directive.name != "upstream")
            BASE_CHECK(checkNginxConfig(directive.block));
    }
    return base::okStatus();
}

} // namespace network::servers
