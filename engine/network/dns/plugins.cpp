#include "network/dns/plugins.h"

#include "base/strings.h"
#include "client/kubeconfig.h"
#include "network/fabric/namespace.h"

#include <algorithm>
#include <set>

namespace network::dns {
namespace {

constexpr const char* kModelled[] = {"bind", "bufsize", "cache", "cancel", "debug", "errors", "forward", "health",
                                     "hosts", "kubernetes", "loadbalance", "log", "loop", "metadata", "minimal",
                                     "pprof", "prometheus", "ready", "reload", "rewrite", "template", "timeouts",
                                     "whoami"};

std::vector<std::string> zonesFrom(const std::vector<std::string>& words, std::size_t first,
                                   const std::vector<ZoneAddress>& fallback) {
    std::vector<std::string> out;
    for (std::size_t i = first; i < words.size(); ++i)
        if (const auto zone = parseKey(words[i], 53); zone.ok()) out.push_back(zone->zone);
    if (out.empty())
        for (const ZoneAddress& zone : fallback) out.push_back(zone.zone);
    return out;
}

class Builder {
public:
    Builder(std::string_view file, ports::Process& process) : file_(file), process_(process) {}

    base::Result<Block> build(const ServerBlock& source, int defaultPort) {
        for (const std::string& key : source.keys) {
            BASE_TRY(const ZoneAddress zone, parseKey(key, defaultPort));
            block_.zones.push_back(zone);
        }
        std::set<std::string> seen;
        for (const Directive& directive : source.directives) {
            const std::string& name = directive.head.words[0];
            const bool repeatable = name == "rewrite" || name == "template" || name == "forward" || name == "hosts" || name == "log" || name == "kubernetes";
            if (!seen.insert(name).second && !repeatable)
                return fail(name, "this plugin can only be used once per Server Block");
            if (std::find_if(std::begin(kModelled), std::end(kModelled), [&](const char* known) { return name == known; }) == std::end(kModelled))
                return fail(name, "this plugin is not modelled in this lab");
            BASE_CHECK(plugin(name, directive));
        }
        // The chain's order is fixed; the last one in it complains when nothing follows.
        for (const char* name : {"rewrite", "template", "hosts", "kubernetes", "forward"})
            if (seen.count(name)) block_.lastPlugin = name;
        return std::move(block_);
    }

private:
    base::Error fail(const std::string& plugin, const std::string& why) const {
        return base::makeError("plugin/" + plugin + ": " + why);
    }
    base::Error at(const std::string& plugin, int line, const std::string& why) const {
        return fail(plugin, std::string(file_) + ":" + std::to_string(line) + " - Error during parsing: " + why);
    }
    base::Error wrongCount(const std::string& plugin, const CorefileLine& line) const {
        return at(plugin, line.line, "Wrong argument count or unexpected line ending after '" + line.words.back() + "'");
    }

    base::Status plugin(const std::string& name, const Directive& d) {
        const auto& words = d.head.words;
        if (name == "errors") block_.errors = true;
        else if (name == "log") block_.log = true;
        else if (name == "loop") block_.loop = true;
        else if (name == "whoami") block_.whoami = true;
        else if (name == "loadbalance") {
            block_.loadbalance = words.size() < 2 || words[1] == "round_robin";
            if (!block_.loadbalance) return fail(name, "unknown policy: " + words[1]);
        } else if (name == "reload") {
            block_.reload = true;
            if (words.size() > 1) {
                const auto every = sim::parseGoDuration(words[1]);
                if (!every) return fail(name, "time: invalid duration " + base::quoteGo(words[1]));
                if (*every < 2 * sim::kSecond) return fail(name, "interval value must be greater or equal to 2s");
                block_.reloadEvery = *every;
            }
        } else if (name == "health") {
            BASE_TRY(block_.health, address(name, words, ":8080"));
            for (const CorefileLine& line : d.body)
                if (line.words[0] == "lameduck" && line.words.size() == 2)
                    block_.lameduck = sim::parseGoDuration(line.words[1]).value_or(0);
                else return wrongCount(name, line);
        } else if (name == "ready") {
            BASE_TRY(block_.ready, address(name, words, ":8181"));
        } else if (name == "prometheus") {
            BASE_TRY(block_.metrics, address(name, words, "localhost:9153"));
        } else if (name == "bind") {
            for (std::size_t i = 1; i < words.size(); ++i) {
                const auto ip = base::IpAddress::parse(words[i]);
                if (!ip) return fail(name, "not a valid IP address or interface name: " + base::quoteGo(words[i]));
                block_.bind.push_back(*ip);
            }
        } else if (name == "forward") return forward(d);
        else if (name == "cache") return cache(d);
        else if (name == "hosts") return hosts(d);
        else if (name == "rewrite") return rewrite(d);
        else if (name == "template") return templates(d);
        else if (name == "kubernetes") return kubernetes(d);
        return base::okStatus();
    }

    base::Result<std::optional<base::Endpoint>> address(const std::string& name, const std::vector<std::string>& words,
                                                        const std::string& fallback) const {
        const std::string text = words.size() > 1 ? words[1] : fallback;
        if (std::count(text.begin(), text.end(), ':') > 1)
            return fail(name, "address " + text + ": too many colons in address");
        const auto colon = text.rfind(':');
        if (colon == std::string::npos) return fail(name, "address " + text + ": missing port in address");
        std::string host = text.substr(0, colon);
        if (host == "localhost") host = "127.0.0.1";
        const auto ip = host.empty() ? base::IpAddress::v4(0) : base::IpAddress::parse(host).value_or(base::IpAddress::v4(0));
        return std::optional<base::Endpoint>(
            base::Endpoint{ip, static_cast<std::uint16_t>(base::parseInt(text.substr(colon + 1)).value_or(0))});
    }

    base::Status forward(const Directive& d) {
        const auto& words = d.head.words;
        if (words.size() < 3) return wrongCount("forward", d.head);
        ForwardSettings settings;
        settings.zone = parseKey(words[1], 53).valueOr({".", 53}).zone;
        settings.line = d.head.line;
        for (std::size_t i = 2; i < words.size(); ++i) {
            const std::string& text = words[i];
            std::string host = text;
            for (const char* scheme : {"dns://", "tls://"})
                if (host.rfind(scheme, 0) == 0) host = host.substr(std::string(scheme).size());
            int port = 53;
            if (std::count(host.begin(), host.end(), ':') == 1) {
                port = static_cast<int>(base::parseInt(host.substr(host.find(':') + 1)).value_or(53));
                host = host.substr(0, host.find(':'));
            }
            if (const auto ip = base::IpAddress::parse(host)) {
                settings.upstreams.push_back({*ip, static_cast<std::uint16_t>(port)});
                continue;
            }
            const auto file = process_.files().read(process_.resolve(text));
            if (!file.ok()) return fail("forward", "not an IP address or file: " + base::quoteGo(text));
            for (const base::IpAddress& server : readResolverConfig(*file).servers)
                settings.upstreams.push_back({server, 53});
        }
        for (const CorefileLine& line : d.body) {
            if (line.words[0] == "except")
                for (std::size_t i = 1; i < line.words.size(); ++i)
                    settings.except.push_back(base::toLower(fullyQualified(line.words[i])));
            else if (line.words[0] == "policy" && line.words.size() == 2)
                settings.sequential = line.words[1] == "sequential";
            else if (line.words[0] != "max_concurrent" && line.words[0] != "health_check" &&
                     line.words[0] != "expire" && line.words[0] != "max_fails" && line.words[0] != "prefer_udp" &&
                     line.words[0] != "force_tcp" && line.words[0] != "tls_servername" && line.words[0] != "tls")
                return at("forward", line.line, "unknown property '" + line.words[0] + "'");
        }
        block_.forwards.push_back(std::move(settings));
        return base::okStatus();
    }

    base::Status cache(const Directive& d) {
        const auto& words = d.head.words;
        block_.cache.on = true;
        if (words.size() > 1)
            if (const auto ttl = base::parseInt(words[1]); ttl && *ttl > 0)
                block_.cache.maxTtl = block_.cache.maxDenialTtl = static_cast<std::uint32_t>(*ttl);
        for (const CorefileLine& line : d.body) {
            const std::string& word = line.words[0];
            if (word == "disable" && line.words.size() >= 2) {
                auto& list = line.words[1] == "success" ? block_.cache.noSuccess : block_.cache.noDenial;
                for (const std::string& zone : zonesFrom(line.words, 2, block_.zones)) list.push_back(zone);
            } else if (word != "success" && word != "denial" && word != "prefetch" && word != "serve_stale" &&
                       word != "servfail" && word != "keepttl") {
                return at("cache", line.line, "Wrong argument count or unexpected line ending after '" + word + "'");
            }
        }
        return base::okStatus();
    }

    base::Status hosts(const Directive& d) {
        HostsSettings settings;
        const auto& words = d.head.words;
        settings.file = "/etc/hosts";
        std::size_t zones = 1;
        if (words.size() > 1) {
            settings.file = process_.resolve(words[1]);
            zones = 2;
        }
        if (words.size() == 1 && !d.body.empty()) settings.file.clear();
        settings.zones = zonesFrom(words, zones, block_.zones);
        if (words.size() > 1 && !process_.files().exists(settings.file))
            block_.warnings.push_back("[WARNING] plugin/hosts: File does not exist: " + words[1]);
        std::string inlined;
        for (const CorefileLine& line : d.body) {
            if (line.words[0] == "fallthrough") settings.falls = true;
            else if (line.words[0] == "ttl" && line.words.size() == 2)
                settings.ttl = static_cast<std::uint32_t>(base::parseInt(line.words[1]).value_or(3600));
            else if (line.words[0] == "no_reverse" || line.words[0] == "reload") continue;
            else inlined += base::join(line.words, " ") + "\n";
        }
        settings.inlined = readHosts(inlined);
        block_.hosts = std::move(settings);
        return base::okStatus();
    }

    base::Status rewrite(const Directive& d) {
        std::vector<std::string> words(d.head.words.begin() + 1, d.head.words.end());
        if (!d.body.empty()) return fail("rewrite", "rules in braces are not modelled in this lab");
        RewriteRule rule;
        if (!words.empty() && (words[0] == "stop" || words[0] == "continue")) {
            rule.stop = words[0] == "stop";
            words.erase(words.begin());
        }
        if (words.empty()) return fail("rewrite", "no rule type specified for rewrite");
        if (words[0] == "name") {
            if (words.size() < 3) return fail("rewrite", "too few arguments for a name rule");
            rule.kind = "exact";
            std::size_t from = 1;
            if (words[1] == "exact" || words[1] == "suffix" || words[1] == "prefix" || words[1] == "substring") {
                rule.kind = words[1];
                from = 2;
            } else if (words[1] == "regex") {
                return fail("rewrite", "regular expressions are not modelled in this lab");
            }
            if (words.size() < from + 2) return fail("rewrite", "too few arguments for a name rule");
            rule.from = base::toLower(words[from]);
            rule.to = base::toLower(words[from + 1]);
            if (rule.kind == "exact" || rule.kind == "suffix") {
                rule.from = fullyQualified(rule.from);
                rule.to = fullyQualified(rule.to);
            }
            rule.answerAuto = true;
        } else if (words[0] == "ttl" && words.size() >= 3) {
            rule.kind = "ttl";
            const std::size_t from = words.size() > 3 ? 2 : 1;
            rule.from = base::toLower(fullyQualified(words[from]));
            rule.ttl = static_cast<std::uint32_t>(base::parseInt(words[from + 1]).value_or(0));
        } else if (words[0] == "type" && words.size() == 3) {
            rule.kind = "type";
            rule.from = words[1];
            rule.to = words[2];
        } else {
            return fail("rewrite", "invalid rule type " + base::quoteGo(words[0]));
        }
        block_.rewrites.push_back(std::move(rule));
        return base::okStatus();
    }

    base::Status templates(const Directive& d) {
        const auto& words = d.head.words;
        if (words.size() < 3) return wrongCount("template", d.head);
        TemplateSettings settings;
        if (base::toUpper(words[1]) != "IN" && base::toUpper(words[1]) != "ANY")
            return at("template", d.head.line, "invalid RR class " + words[1]);
        RecordType type = RecordType::ANY;
        if (!parseType(words[2], type)) return at("template", d.head.line, "invalid RR class " + words[2]);
        if (type != RecordType::ANY) settings.type = type;
        settings.zones = zonesFrom(words, 3, block_.zones);
        for (const CorefileLine& line : d.body) {
            if (line.words[0] == "answer" && line.words.size() == 2) settings.answers.push_back(line.words[1]);
            else if (line.words[0] == "rcode" && line.words.size() == 2) {
                for (int code = 0; code <= 5; ++code)
                    if (codeName(static_cast<ResponseCode>(code)) == line.words[1]) settings.code = static_cast<ResponseCode>(code);
            } else if (line.words[0] == "fallthrough") settings.falls = true;
            else return at("template", line.line, "property '" + line.words[0] + "' is not modelled in this lab");
        }
        block_.templates.push_back(std::move(settings));
        return base::okStatus();
    }

    base::Status kubernetes(const Directive& d) {
        KubernetesSettings settings;
        settings.zones = zonesFrom(d.head.words, 1, block_.zones);
        std::string kubeconfig, context, endpoint;
        for (const CorefileLine& line : d.body) {
            const std::string& word = line.words[0];
            if (word == "pods" && line.words.size() == 2) {
                if (line.words[1] == "disabled") settings.pods = PodMode::Disabled;
                else if (line.words[1] == "insecure") settings.pods = PodMode::Insecure;
                else if (line.words[1] == "verified") settings.pods = PodMode::Verified;
                else
                    return fail("kubernetes", "wrong value for pods: " + line.words[1] +
                                                  ",  must be one of: disabled, verified, insecure");
            } else if (word == "ttl" && line.words.size() == 2) {
                settings.ttl = static_cast<std::uint32_t>(base::parseInt(line.words[1]).value_or(5));
            } else if (word == "fallthrough") {
                settings.falls = true;
                for (std::size_t i = 1; i < line.words.size(); ++i)
                    settings.fallZones.push_back(base::toLower(fullyQualified(line.words[i])));
            } else if (word == "namespaces") {
                settings.namespaces.insert(line.words.begin() + 1, line.words.end());
            } else if (word == "endpoint_pod_names") settings.endpointPodNames = true;
            else if (word == "kubeconfig" && line.words.size() >= 2) {
                kubeconfig = line.words[1];
                if (line.words.size() > 2) context = line.words[2];
            } else if (word == "endpoint" && line.words.size() == 2) endpoint = line.words[1];
            else if (word != "labels" && word != "noendpoints" && word != "tls" && word != "ignore" &&
                     word != "namespace_labels" && word != "startup_timeout" && word != "apiserver_qps")
                return at("kubernetes", line.line, "unknown property '" + word + "'");
        }
        if (!endpoint.empty()) {
            client::Config config;
            BASE_CHECK(client::setServer(config, endpoint));
            block_.kubernetesClient = config;
        } else if (!kubeconfig.empty()) {
            auto config = client::loadKubeconfig(process_.files(), process_.resolve(kubeconfig), context);
            if (!config.ok()) return fail("kubernetes", config.error().message);
            block_.kubernetesClient = *config;
        } else {
            auto config = client::inClusterConfig(process_.files(), process_.env());
            if (!config.ok()) return fail("kubernetes", config.error().message);
            block_.kubernetesClient = *config;
        }
        block_.kubernetes = std::move(settings);
        return base::okStatus();
    }

    std::string_view file_;
    ports::Process& process_;
    Block block_;
};

} // namespace

base::Result<std::vector<Block>> setUp(const std::vector<ServerBlock>& blocks, std::string_view fileName,
                                       int defaultPort, ports::Process& process) {
    std::vector<Block> out;
    std::set<std::pair<std::string, int>> taken;
    for (const ServerBlock& source : blocks) {
        Builder builder(fileName, process);
        BASE_TRY(Block block, builder.build(source, defaultPort));
        for (const ZoneAddress& zone : block.zones)
            if (!taken.insert({zone.zone, zone.port}).second)
                return base::makeError("cannot serve dns://" + zone.zone + ":" + std::to_string(zone.port) +
                                       " - it is already defined");
        out.push_back(std::move(block));
    }
    return out;
}

} // namespace network::dns
