#include "network/proxy/config.h"

#include "base/ip.h"
#include "base/strings.h"
#include "document/yaml.h"

#include <cstdio>
#include <optional>

namespace network::proxy {
namespace {

using document::Value;

base::Error failed(std::string message) { return base::makeError(std::move(message), 1, "failed"); }
base::Error wrongFlag(std::string message) { return base::makeError(std::move(message), 1, "usage"); }

bool readDuration(const Value& value, sim::Duration& out) {
    const auto parsed = sim::parseGoDuration(value.asString());
    if (parsed) out = *parsed;
    return parsed.has_value();
}

constexpr const char* kKnownFields[] = {
    "apiVersion", "kind", "featureGates", "clientConnection", "logging", "hostnameOverride", "bindAddress",
    "healthzBindAddress", "metricsBindAddress", "bindAddressHardFail", "enableProfiling",
    "showHiddenMetricsForVersion", "mode", "iptables", "ipvs", "nftables", "winkernel", "detectLocalMode",
    "detectLocal", "clusterCIDR", "nodePortAddresses", "oomScoreAdj", "conntrack", "configSyncPeriod", "portRange",
    "windowsRunAsService"};

struct Flag {
    const char* name;
    char kind; // s string, b bool, i int, d duration, l list, x accepted and ignored (takes a value)
};
constexpr Flag kFlags[] = {
    {"bind-address", 'p'}, {"bind-address-hard-fail", 'b'}, {"boot-id-file", 'x'}, {"cleanup", 'b'},
    {"cluster-cidr", 's'}, {"config", 's'}, {"config-sync-period", 'd'}, {"conntrack-max-per-core", 'i'},
    {"conntrack-min", 'i'}, {"conntrack-tcp-be-liberal", 'b'}, {"conntrack-tcp-timeout-close-wait", 'd'},
    {"conntrack-tcp-timeout-established", 'd'}, {"conntrack-udp-timeout", 'd'},
    {"conntrack-udp-timeout-stream", 'd'}, {"detect-local-mode", 's'}, {"feature-gates", 'x'},
    {"healthz-bind-address", 's'}, {"healthz-port", 'i'}, {"help", 'b'}, {"hostname-override", 's'},
    {"init-only", 'b'}, {"iptables-localhost-nodeports", 'b'}, {"iptables-masquerade-bit", 'i'},
    {"iptables-min-sync-period", 'd'}, {"iptables-sync-period", 'd'}, {"ipvs-exclude-cidrs", 'x'},
    {"ipvs-min-sync-period", 'd'}, {"ipvs-scheduler", 'x'}, {"ipvs-strict-arp", 'b'}, {"ipvs-sync-period", 'd'},
    {"ipvs-tcp-timeout", 'd'}, {"ipvs-tcpfin-timeout", 'd'}, {"ipvs-udp-timeout", 'd'}, {"kube-api-burst", 'i'},
    {"kube-api-content-type", 'x'}, {"kube-api-qps", 'x'}, {"kubeconfig", 's'}, {"log-flush-frequency", 'd'},
    {"logging-format", 'x'}, {"machine-id-file", 'x'}, {"masquerade-all", 'b'}, {"master", 's'},
    {"metrics-bind-address", 's'}, {"metrics-port", 'i'}, {"nodeport-addresses", 'l'}, {"oom-score-adj", 'i'},
    {"pod-bridge-interface", 's'}, {"pod-interface-name-prefix", 's'}, {"profiling", 'b'}, {"proxy-mode", 's'},
    {"show-hidden-metrics-for-version", 'x'}, {"v", 'i'}, {"version", 'b'}, {"vmodule", 'x'},
    {"write-config-to", 'x'}};

base::Error badArgument(const std::string& name, const std::string& value, const std::string& why) {
    const std::string shown = name == "v" ? "-v, --v" : "--" + name;
    return wrongFlag("invalid argument " + base::quoteGo(value) + " for \"" + shown + "\" flag: " + why);
}

base::Status setFlag(Options& options, const Flag& flag, const std::string& value) {
    Config& config = options.config;
    const std::string name = flag.name;
    bool on = false;
    std::int64_t number = 0;
    sim::Duration duration = 0;
    if (flag.kind == 'b') {
        on = value == "true" || value == "1" || value == "t" || value == "T" || value == "TRUE" || value == "True";
        const bool off = value == "false" || value == "0" || value == "f" || value == "F" || value == "FALSE" || value == "False";
        if (!on && !off) return badArgument(name, value, "strconv.ParseBool: parsing " + base::quoteGo(value) + ": invalid syntax");
    } else if (flag.kind == 'i') {
        const auto parsed = base::parseInt(value);
        if (!parsed)
            return badArgument(name, value, std::string(name == "v" ? "strconv.ParseUint" : "strconv.ParseInt") +
                                                ": parsing " + base::quoteGo(value) + ": invalid syntax");
        number = *parsed;
    } else if (flag.kind == 'd') {
        const auto parsed = sim::parseGoDuration(value);
        if (!parsed) return badArgument(name, value, "time: invalid duration " + base::quoteGo(value));
        duration = *parsed;
    } else if (flag.kind == 'p' && !base::IpAddress::parse(value)) {
        return badArgument(name, value, base::quoteGo(value) + " is not a valid IP address");
    }
    if (name == "config") options.configFile = value;
    else if (name == "version") options.version = on;
    else if (name == "help") options.help = on;
    else if (name == "cleanup") options.cleanup = on;
    else if (name == "cluster-cidr") config.clusterCIDR = value;
    else if (name == "kubeconfig") config.kubeconfig = value;
    else if (name == "master") config.master = value;
    else if (name == "hostname-override") config.hostnameOverride = value;
    else if (name == "masquerade-all") config.masqueradeAll = on;
    else if (name == "iptables-localhost-nodeports") config.localhostNodePorts = on;
    else if (name == "conntrack-tcp-be-liberal") config.tcpLiberal = on;
    else if (name == "iptables-masquerade-bit") config.masqueradeBit = static_cast<int>(number);
    else if (name == "iptables-sync-period") config.syncPeriod = duration;
    else if (name == "iptables-min-sync-period") config.minSyncPeriod = duration;
    else if (name == "detect-local-mode") config.detectLocalMode = value;
    else if (name == "pod-bridge-interface") config.bridgeInterface = value;
    else if (name == "pod-interface-name-prefix") config.interfaceNamePrefix = value;
    else if (name == "healthz-bind-address") config.healthzAddress = value;
    else if (name == "metrics-bind-address") config.metricsAddress = value;
    else if (name == "nodeport-addresses") config.nodePortAddresses = base::split(value, ',');
    else if (name == "v") config.verbosity = static_cast<int>(number);
    else if (name == "proxy-mode") {
        config.mode = value;
        config.modeGiven = true;
    }
    return base::okStatus();
}

base::Status readFile(Options& options, const ports::FileSystem& files, const std::string& cwd) {
    const std::string path = options.configFile[0] == '/' ? options.configFile : cwd + "/" + options.configFile;
    const auto text = files.read(path);
    if (!text.ok()) return failed("failed complete: open " + options.configFile + ": " + base::toLower(text.error().message.substr(0, 1)) + text.error().message.substr(1));
    const auto document = document::readYaml(*text);
    if (!document.ok()) return failed("failed complete: failed to decode: yaml: " + document.error().message);
    const std::string version = (*document)["apiVersion"].text(), kind = (*document)["kind"].text();
    if (version.empty())
        return failed("failed complete: failed to decode: Object 'apiVersion' is missing in '" + *text + "'");
    if (kind.empty()) return failed("failed complete: failed to decode: Object 'Kind' is missing in '" + *text + "'");
    if (version != "kubeproxy.config.k8s.io/v1alpha1" || kind != "KubeProxyConfiguration")
        return failed("failed complete: failed to decode: no kind " + base::quoteGo(kind) + " is registered for version " +
                      base::quoteGo(version) + " in scheme \"pkg/runtime/scheme.go:111\"");
    const std::string hostname = options.config.hostnameOverride;
    const int verbosity = options.config.verbosity;
    options.config = Config{};
    options.config.verbosity = verbosity;
    std::vector<std::string> unknown;
    BASE_CHECK(applyDocument(options.config, *document, unknown));
    if (!hostname.empty()) options.config.hostnameOverride = hostname; // the flag wins
    for (const std::string& field : unknown)
        options.notes.push_back("strict decoding error: unknown field " + base::quoteGo(field));
    return base::okStatus();
}

} // namespace

std::string Config::mark() const {
    char text[16];
    std::snprintf(text, sizeof text, "0x%08x", 1U << masqueradeBit);
    return text;
}

bool Config::localhostPorts() const {
    if (!localhostNodePorts) return false;
    if (nodePortAddresses.empty()) return true;
    for (const std::string& cidr : nodePortAddresses) {
        const auto prefix = base::IpPrefix::parse(cidr);
        if (!prefix || !prefix->address.isV4()) continue;
        if (prefix->contains(base::IpAddress::v4(0x7f000001)) || prefix->address.isLoopback()) return true;
    }
    return false;
}

base::Status applyDocument(Config& config, const Value& document, std::vector<std::string>& unknown) {
    for (const auto& member : document.members()) {
        bool known = false;
        for (const char* field : kKnownFields) known |= member.key.view() == field;
        if (!known) unknown.push_back(member.key.text());
    }
    if (!document["mode"].text().empty()) {
        config.mode = document["mode"].text();
        config.modeGiven = true;
    }
    config.clusterCIDR = document["clusterCIDR"].text();
    config.hostnameOverride = document["hostnameOverride"].text();
    config.kubeconfig = document.at("clientConnection", "kubeconfig").text();
    if (!document["detectLocalMode"].text().empty()) config.detectLocalMode = document["detectLocalMode"].text();
    config.bridgeInterface = document.at("detectLocal", "bridgeInterface").text();
    config.interfaceNamePrefix = document.at("detectLocal", "interfaceNamePrefix").text();
    if (!document["healthzBindAddress"].text().empty()) config.healthzAddress = document["healthzBindAddress"].text();
    if (!document["metricsBindAddress"].text().empty()) config.metricsAddress = document["metricsBindAddress"].text();
    for (const Value& cidr : document["nodePortAddresses"].items()) config.nodePortAddresses.push_back(cidr.text());
    const Value& iptables = document["iptables"];
    config.masqueradeAll = iptables["masqueradeAll"].asBool();
    config.localhostNodePorts = iptables["localhostNodePorts"].asBool(true);
    if (iptables["masqueradeBit"].isNumber()) config.masqueradeBit = static_cast<int>(iptables["masqueradeBit"].asInt());
    sim::Duration period = 0;
    if (readDuration(iptables["syncPeriod"], period) && period != 0) config.syncPeriod = period;
    if (readDuration(iptables["minSyncPeriod"], period) && period != 0) config.minSyncPeriod = period;
    config.tcpLiberal = document.at("conntrack", "tcpBeLiberal").asBool();
    if (document.at("logging", "verbosity").isNumber())
        config.verbosity = static_cast<int>(document.at("logging", "verbosity").asInt());
    return base::okStatus();
}

// Source: pkg/proxy/apis/config/validation.
base::Status validate(const Config& config) {
    std::vector<std::string> problems;
    const std::string root = "KubeProxyConfiguration.";
    if (config.masqueradeBit < 0 || config.masqueradeBit > 31)
        problems.push_back(root + "KubeProxyIPTablesConfiguration.MasqueradeBit: Invalid value: " +
                           std::to_string(config.masqueradeBit) + ": must be within the range [0, 31]");
    if (config.mode != "iptables" && config.mode != "ipvs" && config.mode != "nftables")
        problems.push_back(root + "Mode.ProxyMode: Invalid value: " + base::quoteGo(config.mode) +
                           ": must be iptables, ipvs, nftables or blank (blank means the best-available proxy "
                           "[currently iptables])");
    if (config.syncPeriod <= 0)
        problems.push_back(root + "SyncPeriod: Invalid value: \"" + sim::formatGoDuration(config.syncPeriod) +
                           "\": must be greater than 0");
    if (config.minSyncPeriod > config.syncPeriod)
        problems.push_back(root + "SyncPeriod: Invalid value: \"" + sim::formatGoDuration(config.minSyncPeriod) +
                           "\": must be greater than or equal to KubeProxyConfiguration.MinSyncPeriod");
    const bool modeKnown = config.detectLocalMode == "ClusterCIDR" || config.detectLocalMode == "NodeCIDR" ||
                           config.detectLocalMode == "BridgeInterface" ||
                           config.detectLocalMode == "InterfaceNamePrefix" || config.detectLocalMode.empty();
    if (!modeKnown)
        problems.push_back(root + "DetectLocalMode: Unsupported value: " + base::quoteGo(config.detectLocalMode) +
                           ": supported values: \"ClusterCIDR\", \"NodeCIDR\", \"BridgeInterface\", "
                           "\"InterfaceNamePrefix\", \"\"");
    if (config.detectLocalMode == "BridgeInterface" && config.bridgeInterface.empty())
        problems.push_back(root + "DetectLocalConfiguration.InterfaceName: Invalid value: \"\": must not be empty");
    if (config.detectLocalMode == "InterfaceNamePrefix" && config.interfaceNamePrefix.empty())
        problems.push_back(root + "DetectLocalConfiguration.InterfacePrefix: Invalid value: \"\": must not be empty");
    if (!config.clusterCIDR.empty()) {
        const auto cidrs = base::split(config.clusterCIDR, ',');
        for (std::size_t i = 0; i < cidrs.size(); ++i)
            if (!base::IpPrefix::parse(cidrs[i]))
                problems.push_back(root + "DetectLocalConfiguration.ClusterCIDRs[" + std::to_string(i) +
                                   "]: Invalid value: " + base::quoteGo(cidrs[i]) +
                                   ": must be a valid CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)");
    }
    for (std::size_t i = 0; i < config.nodePortAddresses.size(); ++i)
        if (config.nodePortAddresses[i] != "primary" && !base::IpPrefix::parse(config.nodePortAddresses[i]))
            problems.push_back(root + "NodePortAddresses[" + std::to_string(i) + "]: Invalid value: " +
                               base::quoteGo(config.nodePortAddresses[i]) + ": must be a valid CIDR");
    if (problems.empty()) return base::okStatus();
    const std::string text = base::join(problems, ", ");
    return failed("failed validate: " + (problems.size() == 1 ? text : "[" + text + "]"));
}

base::Result<Options> readOptions(const std::vector<std::string>& argv, const ports::FileSystem& files,
                                  const std::string& cwd) {
    Options options;
    std::vector<std::string> extra;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        std::string word = argv[i];
        if (word.size() < 2 || word[0] != '-') {
            extra.push_back(word);
            continue;
        }
        const bool isLong = word[1] == '-';
        std::string name = word.substr(isLong ? 2 : 1);
        std::optional<std::string> value;
        if (const auto equals = name.find('='); equals != std::string::npos) {
            value = name.substr(equals + 1);
            name = name.substr(0, equals);
        }
        if (!isLong && name.size() > 1 && name[0] == 'v' && !value) {
            value = name.substr(1);
            name = "v";
        }
        if (!isLong && name == "h") name = "help";
        const Flag* flag = nullptr;
        for (const Flag& known : kFlags)
            if (name == known.name) flag = &known;
        if (flag == nullptr) {
            if (!isLong)
                return wrongFlag("unknown shorthand flag: '" + name.substr(0, 1) + "' in " + word);
            return wrongFlag("unknown flag: --" + name);
        }
        if (!value) {
            if (flag->kind == 'b') value = "true";
            else if (i + 1 < argv.size()) value = argv[++i];
            else return wrongFlag("flag needs an argument: --" + name);
        }
        BASE_CHECK(setFlag(options, *flag, *value));
    }
    if (!extra.empty())
        return base::makeError("\"kube-proxy\" does not take any arguments, got [" + base::quoteGo(extra[0]) + "]", 1, "bare");
    if (options.version || options.help) return options;
    if (!options.configFile.empty()) BASE_CHECK(readFile(options, files, cwd));
    return options;
}

} // namespace network::proxy
