#pragma once
// The set-up of one server block and what its plugins do to a question. Source: coredns plugin/*.

#include "client/client.h"
#include "network/dns/corefile.h"
#include "network/dns/kubernetes_zone.h"
#include "network/dns/resolver.h"
#include "ports/program.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace network::dns {

struct ForwardSettings {
    std::string zone;
    std::vector<std::string> except;
    std::vector<base::Endpoint> upstreams;
    bool sequential = false;
    int line = 0;
};

struct RewriteRule {
    std::string kind, from, to; // kind: exact, suffix, prefix, substring, ttl, type
    bool stop = true, answerAuto = false;
    std::uint32_t ttl = 0;
};

struct HostsSettings {
    std::string file;                   // absolute; empty: inline entries only
    std::vector<HostsEntry> inlined;
    std::vector<std::string> zones;
    std::uint32_t ttl = 3600;
    bool falls = false;
};

struct TemplateSettings {
    std::optional<RecordType> type; // nothing: ANY
    std::vector<std::string> zones;
    std::vector<std::string> answers;
    std::optional<ResponseCode> code;
    bool falls = false;
};

struct CacheSettings {
    bool on = false;
    std::uint32_t maxTtl = 3600, maxDenialTtl = 1800;
    std::vector<std::string> noSuccess, noDenial; // zones
};

// One server block ready to serve.
struct Block {
    std::vector<ZoneAddress> zones;
    bool errors = false, log = false, loop = false, reload = false, loadbalance = false, whoami = false;
    std::optional<base::Endpoint> health, ready;
    sim::Duration lameduck = 0, reloadEvery = 30 * sim::kSecond;
    std::optional<base::Endpoint> metrics;
    std::vector<base::IpAddress> bind;
    std::vector<ForwardSettings> forwards;
    std::vector<RewriteRule> rewrites;
    std::optional<HostsSettings> hosts;
    std::vector<TemplateSettings> templates;
    std::optional<KubernetesSettings> kubernetes;
    std::optional<client::Config> kubernetesClient;
    CacheSettings cache;
    std::string lastPlugin; // that has no next one, for "no next plugin found"
    std::vector<std::string> warnings; // printed at start
};

// Errors are what CoreDNS prints before it gives up.
base::Result<std::vector<Block>> setUp(const std::vector<ServerBlock>& blocks, std::string_view fileName,
                                       int defaultPort, ports::Process& process);

} // namespace network::dns
