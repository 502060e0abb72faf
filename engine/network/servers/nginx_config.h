#pragma once
// nginx configuration files as a tree of directives, with includes resolved. Source: nginx.org docs,
// ngx_conf_file.c for error texts.

#include "base/result.h"
#include "ports/file_system.h"

#include <string>
#include <vector>

namespace network::servers {

struct NginxDirective {
    std::string name;
    std::vector<std::string> arguments;
    std::vector<NginxDirective> block;
    bool hasBlock = false;
    std::string file;
    int line = 0;
    const NginxDirective* find(std::string_view wanted) const; // in the block
};

// Errors: `unexpected end of file, expecting "}" in /etc/nginx/nginx.conf:7`.
base::Result<std::vector<NginxDirective>> readNginxConfig(const ports::FileSystem& files, const std::string& path);
// `unknown directive "x" in FILE:LINE`.
base::Status checkNginxConfig(const std::vector<NginxDirective>& tree);

} // namespace network::servers
