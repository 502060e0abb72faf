#include "network/dns/corefile.h"

#include "base/strings.h"
#include "network/dns/message.h"

#include <algorithm>

namespace network::dns {
namespace {

struct Token {
    std::string text;
    int line = 0;
    bool lineStart = false;
};

std::vector<Token> tokenize(std::string_view text) {
    std::vector<Token> out;
    int line = 1, lastLine = 0;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (c == '\n') {
            ++line;
            ++i;
            continue;
        }
        if (c == ' ' || c == '\t' || c == '\r') {
            ++i;
            continue;
        }
        if (c == '#') {
            while (i < text.size() && text[i] != '\n') ++i;
            continue;
        }
        Token token;
        token.line = line;
        token.lineStart = line != lastLine;
        lastLine = line;
        if (c == '"') {
            ++i;
            while (i < text.size() && text[i] != '"') {
                if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '"') ++i;
                if (text[i] == '\n') ++line;
                token.text += text[i++];
            }
            ++i;
        } else {
            while (i < text.size() && text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
                token.text += text[i++];
        }
        out.push_back(std::move(token));
    }
    return out;
}

class Parser {
public:
    Parser(std::vector<Token> tokens, std::string_view name) : tokens_(std::move(tokens)), name_(name) {}

    base::Result<std::vector<ServerBlock>> run() {
        std::vector<ServerBlock> blocks;
        while (at_ < tokens_.size()) {
            ServerBlock block;
            block.line = tokens_[at_].line;
            bool open = false;
            while (at_ < tokens_.size()) {
                const Token& token = tokens_[at_];
                if (token.text == "{") {
                    open = true;
                    ++at_;
                    break;
                }
                if (!block.keys.empty() && token.lineStart && !continued_) break;
                std::string key = token.text;
                continued_ = !key.empty() && key.back() == ',';
                if (continued_) key.pop_back();
                if (!key.empty()) block.keys.push_back(key);
                ++at_;
            }
            if (open) {
                BASE_CHECK(body(block));
            } else {
                // Without braces the rest of the file belongs to one block.
                while (at_ < tokens_.size()) BASE_CHECK(directive(block));
            }
            blocks.push_back(std::move(block));
        }
        return blocks;
    }

private:
    base::Status body(ServerBlock& block) {
        for (;;) {
            if (at_ >= tokens_.size()) {
                const Token& last = tokens_.back();
                return base::makeError(std::string(name_) + ":" + std::to_string(last.line) +
                                       " - Syntax error: Unexpected token '" + last.text + "', expecting '}'");
            }
            if (tokens_[at_].text == "}") {
                ++at_;
                return base::okStatus();
            }
            BASE_CHECK(directive(block));
        }
    }

    base::Status directive(ServerBlock& block) {
        Directive directive;
        const Token& first = tokens_[at_];
        const auto& known = pluginNames();
        if (std::find(known.begin(), known.end(), first.text) == known.end())
            return base::makeError(std::string(name_) + ":" + std::to_string(first.line) +
                                   " - Error during parsing: Unknown directive '" + first.text + "'");
        directive.head.line = first.line;
        directive.head.words.push_back(first.text);
        ++at_;
        while (at_ < tokens_.size() && !tokens_[at_].lineStart) {
            if (tokens_[at_].text == "{") {
                ++at_;
                BASE_CHECK(inner(directive));
                break;
            }
            if (tokens_[at_].text == "}") break;
            directive.head.words.push_back(tokens_[at_++].text);
        }
        block.directives.push_back(std::move(directive));
        return base::okStatus();
    }

    base::Status inner(Directive& directive) {
        int depth = 1;
        while (at_ < tokens_.size()) {
            const Token& token = tokens_[at_++];
            if (token.text == "}" && --depth == 0) return base::okStatus();
            if (token.text == "{") ++depth;
            if (token.lineStart || directive.body.empty()) directive.body.push_back({{}, token.line});
            directive.body.back().words.push_back(token.text);
        }
        const Token& last = tokens_.back();
        return base::makeError(std::string(name_) + ":" + std::to_string(last.line) +
                               " - Syntax error: Unexpected token '" + last.text + "', expecting '}'");
    }

    std::vector<Token> tokens_;
    std::string_view name_;
    std::size_t at_ = 0;
    bool continued_ = false;
};

} // namespace

const std::vector<std::string>& pluginNames() {
    static const std::vector<std::string> kNames = {
        "acl", "any", "auto", "autopath", "azure", "bind", "bufsize", "cache", "cancel", "chaos", "clouddns", "debug",
        "dns64", "dnssec", "dnstap", "erratic", "errors", "etcd", "file", "forward", "geoip", "grpc", "header",
        "health", "hosts", "k8s_external", "kubernetes", "loadbalance", "local", "log", "loop", "metadata", "minimal",
        "multisocket", "nomad", "nsid", "pprof", "prometheus", "quic", "ready", "reload", "rewrite", "root", "route53",
        "secondary", "sign", "template", "timeouts", "tls", "trace", "transfer", "tsig", "view", "whoami", "on"};
    return kNames;
}

base::Result<std::vector<ServerBlock>> parseCorefile(std::string_view text, std::string_view name) {
    std::vector<Token> tokens = tokenize(text);
    if (tokens.empty()) {
        ServerBlock block; // an empty file serves the root and knows nothing
        block.keys.push_back(".");
        return std::vector<ServerBlock>{block};
    }
    return Parser(std::move(tokens), name).run();
}

base::Result<ZoneAddress> parseKey(const std::string& key, int defaultPort) {
    std::string zone = key;
    for (const char* scheme : {"dns://", "tls://", "https://", "grpc://", "quic://"})
        if (zone.rfind(scheme, 0) == 0) zone = zone.substr(std::string(scheme).size());
    ZoneAddress out;
    out.port = defaultPort;
    const auto colon = zone.rfind(':');
    if (colon != std::string::npos) {
        const auto port = base::parseInt(zone.substr(colon + 1));
        if (!port) return base::makeError("error inspecting server blocks: zone is not a valid domain name: " + key);
        if (*port < 1 || *port > 65535) return base::makeError("address " + std::to_string(*port) + ": invalid port");
        out.port = static_cast<int>(*port);
        zone = zone.substr(0, colon);
    }
    if (const auto prefix = base::IpPrefix::parse(zone); prefix && prefix->address.isV4() && prefix->length % 8 == 0) {
        std::string reverse = reverseName(prefix->address);
        for (int i = prefix->length / 8; i < 4; ++i) reverse = reverse.substr(reverse.find('.') + 1);
        zone = reverse;
    }
    out.zone = base::toLower(fullyQualified(zone.empty() ? "." : zone));
    if (zone == ".") out.zone = ".";
    return out;
}

} // namespace network::dns
