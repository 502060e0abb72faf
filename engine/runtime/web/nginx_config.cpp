#include "runtime/web/nginx_config.h"

#include "base/strings.h"

#include <set>

namespace runtime::web {
namespace {

// What this server knows, whether it acts on it or not.
const std::set<std::string, std::less<>>& knownDirectives() {
    static const std::set<std::string, std::less<>> names{
        "user", "worker_processes", "pid", "error_log", "include", "events", "http", "worker_connections",
        "multi_accept", "sendfile", "tcp_nopush", "tcp_nodelay", "types_hash_max_size", "server_tokens",
        "default_type", "access_log", "gzip", "gzip_vary", "gzip_types", "gzip_proxied", "gzip_comp_level",
        "ssl_protocols", "ssl_prefer_server_ciphers", "ssl_ciphers", "ssl_certificate", "ssl_certificate_key",
        "server", "listen", "server_name", "root", "index", "location", "try_files", "return", "types",
        "log_format", "keepalive_timeout", "client_max_body_size", "proxy_pass", "proxy_set_header",
        "proxy_http_version", "proxy_read_timeout", "proxy_connect_timeout", "upstream", "alias", "autoindex",
        "error_page", "add_header", "expires", "charset", "rewrite", "daemon", "load_module", "deny", "allow",
        "auth_basic", "auth_basic_user_file", "stub_status", "resolver", "set", "internal", "absolute_redirect",
        "port_in_redirect", "server_name_in_redirect", "etag", "if_modified_since", "worker_rlimit_nofile", "use"};
    return names;
}

struct Reader {
    const ports::FileSystem& files;
    int depth = 0;

    base::Status readFile(const std::string& path, std::vector<Directive>& into, const std::string& where) {
        if (++depth > 10) return base::makeError("too many nested includes in " + where);
        auto text = files.read(path);
        if (!text.ok())
            return base::makeError("open() \"" + path + "\" failed (" + std::to_string(text.error().code) + ": " +
                                   text.error().message + ")" + (where.empty() ? "" : " in " + where));
        std::size_t at = 0;
        int line = 1;
        BASE_CHECK(block(*text, path, at, line, into, false));
        --depth;
        return base::okStatus();
    }

    // One word, quoted or plain; empty at ";", "{", "}" or the end.
    static std::string word(const std::string& text, std::size_t& at, int& line) {
        std::string out;
        while (at < text.size()) {
            const char c = text[at];
            if (c == '\n') ++line;
            if (c == '#' && out.empty()) {
                while (at < text.size() && text[at] != '\n') ++at;
                continue;
            }
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                ++at;
                if (!out.empty()) break;
                continue;
            }
            if (c == ';' || c == '{' || c == '}') break;
            if ((c == '"' || c == '\'') && out.empty()) {
                const std::size_t end = text.find(c, at + 1);
                out = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
                at = end == std::string::npos ? text.size() : end + 1;
                if (out.empty()) out = " ";
                break;
            }
            if (c == '$' && at + 1 < text.size() && text[at + 1] == '{') {
                const std::size_t end = text.find('}', at);
                out += text.substr(at, end == std::string::npos ? end : end - at + 1);
                at = end == std::string::npos ? text.size() : end + 1;
                continue;
            }
            out += c;
            ++at;
        }
        return out;
    }

    base::Status block(const std::string& text, const std::string& path, std::size_t& at, int& line,
                       std::vector<Directive>& into, bool nested, bool free = false) {
        while (true) {
            Directive directive;
            directive.file = path;
            for (std::string next = word(text, at, line); !next.empty(); next = word(text, at, line)) {
                if (directive.words.empty()) directive.line = line;
                directive.words.push_back(next);
            }
            const std::string place = path + ":" + std::to_string(line);
            if (at >= text.size()) {
                if (!directive.words.empty() || nested)
                    return base::makeError("unexpected end of file, expecting " +
                                           std::string(directive.words.empty() ? "\"}\"" : "\";\" or \"}\"") + " in " + place);
                return base::okStatus();
            }
            const char end = text[at++];
            if (end == '}') {
                if (!directive.words.empty()) return base::makeError("unexpected \"}\" in " + place);
                if (!nested) return base::makeError("unexpected \"}\" in " + place);
                return base::okStatus();
            }
            if (directive.words.empty()) return base::makeError(std::string("unexpected \"") + end + "\" in " + place);
            const std::string name = directive.name();
            if (!free && knownDirectives().count(name) == 0)
                return base::makeError("unknown directive \"" + name + "\" in " + path + ":" + std::to_string(directive.line));
            if (end == '{') {
                BASE_CHECK(block(text, path, at, line, directive.block, true, name == "types" || name == "upstream"));
            } else if (name == "include") {
                BASE_CHECK(include(directive.argument(), into, place));
                continue;
            }
            into.push_back(std::move(directive));
        }
    }

    // A pattern may match nothing, a plain name must exist.
    base::Status include(std::string pattern, std::vector<Directive>& into, const std::string& where) {
        if (!pattern.empty() && pattern[0] != '/') pattern = "/etc/nginx/" + pattern;
        const std::size_t star = pattern.find('*');
        if (star == std::string::npos) return readFile(pattern, into, where);
        const std::size_t slash = pattern.rfind('/', star);
        const std::string folder = pattern.substr(0, slash), head = pattern.substr(slash + 1, star - slash - 1),
                          tail = pattern.substr(star + 1);
        const auto listed = files.list(folder);
        if (!listed.ok()) return base::okStatus();
        for (const ports::DirectoryEntry& entry : *listed) {
            if (entry.name[0] == '.' || entry.name.size() < head.size() + tail.size()) continue;
            if (entry.name.compare(0, head.size(), head) != 0) continue;
            if (entry.name.compare(entry.name.size() - tail.size(), tail.size(), tail) != 0) continue;
            BASE_CHECK(readFile(folder + "/" + entry.name, into, where));
        }
        return base::okStatus();
    }
};

} // namespace

const Directive* Directive::find(std::string_view wanted) const {
    for (const Directive& item : block)
        if (item.name() == wanted) return &item;
    return nullptr;
}

base::Result<Directive> readNginxConfig(const ports::FileSystem& files, const std::string& path) {
    Directive root;
    root.words = {"main"};
    Reader reader{files};
    BASE_CHECK(reader.readFile(path, root.block, ""));
    return root;
}

} // namespace runtime::web
