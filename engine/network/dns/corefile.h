#pragma once
// Corefiles: server blocks of directives. Source: coredns/caddy caddyfile lexer and parser.

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace network::dns {

struct CorefileLine {
    std::vector<std::string> words; // first: the directive or property
    int line = 0;
};

struct Directive {
    CorefileLine head;
    std::vector<CorefileLine> body; // of its own braces
};

struct ServerBlock {
    std::vector<std::string> keys; // ".:53", "example.com"
    std::vector<Directive> directives;
    int line = 0;
};

// `name` goes into errors: "Corefile:2 - Error during parsing: Unknown directive 'x'".
base::Result<std::vector<ServerBlock>> parseCorefile(std::string_view text, std::string_view name);
// Every plugin that the program is built with, in `-plugins` order.
const std::vector<std::string>& pluginNames();

struct ZoneAddress {
    std::string zone; // "cluster.local."
    int port = 53;
};
base::Result<ZoneAddress> parseKey(const std::string& key, int defaultPort);

} // namespace network::dns
