#include "kubelet/config.h"

#include "base/strings.h"
#include "document/yaml.h"

#include <algorithm>
#include <set>

namespace kubelet {
namespace {

using document::Value;

// Flags that this agent knows but that change nothing in the simulated node.
const std::set<std::string, std::less<>>& acceptedFlags() {
    static const std::set<std::string, std::less<>> flags{
        "cgroup-root", "runtime-cgroups", "kubelet-cgroups", "pod-infra-container-image", "v", "vmodule",
        "logging-format", "experimental-allocatable-ignore-eviction", "exit-on-lock-contention",
        "lock-file", "seccomp-default", "image-credential-provider-config",
        "image-credential-provider-bin-dir", "cloud-provider", "cloud-config", "config-dir",
        "feature-gates", "log-flush-frequency", "max-open-files", "node-status-max-images",
        "volume-plugin-dir", "local-storage-capacity-isolation", "contention-profiling",
        "enable-controller-attach-detach", "cpu-manager-policy", "topology-manager-policy"};
    return flags;
}

// Flags that the configuration file replaces; using one is worth a line on standard error.
bool isDeprecated(std::string_view name) {
    static const std::set<std::string, std::less<>> flags{
        "cgroup-root", "address", "port", "read-only-port", "anonymous-auth", "client-ca-file",
        "authorization-mode", "tls-cert-file", "tls-private-key-file", "cluster-dns", "cluster-domain",
        "resolv-conf", "cgroup-driver", "max-pods", "fail-swap-on", "rotate-certificates",
        "register-node", "serialize-image-pulls", "pod-manifest-path", "eviction-hard",
        "kube-reserved", "system-reserved", "healthz-port", "healthz-bind-address",
        "container-runtime-endpoint", "feature-gates", "runtime-cgroups", "kubelet-cgroups",
        "cpu-manager-policy", "topology-manager-policy", "max-open-files", "file-check-frequency",
        "sync-frequency", "node-status-update-frequency", "register-with-taints"};
    return flags.count(name) != 0;
}

const std::set<std::string, std::less<>>& booleanFlags() {
    static const std::set<std::string, std::less<>> flags{
        "anonymous-auth", "fail-swap-on", "rotate-certificates", "register-node",
        "serialize-image-pulls", "version", "help", "seccomp-default", "exit-on-lock-contention",
        "contention-profiling", "enable-controller-attach-detach", "local-storage-capacity-isolation"};
    return flags;
}

std::map<std::string, std::string> mapFlag(std::string_view text, char separator) {
    std::map<std::string, std::string> out;
    for (const std::string& pair : base::split(text, ',')) {
        const std::vector<std::string> parts = base::splitLimited(pair, separator, 2);
        if (parts.size() == 2) out[parts[0]] = parts[1];
    }
    return out;
}

base::Error badValue(std::string_view flag, std::string_view value, std::string_view reason) {
    return base::makeError("failed to parse kubelet flag: invalid argument " + base::quoteGo(value) +
                           " for \"--" + std::string(flag) + "\" flag: " + std::string(reason));
}

base::Result<bool> boolValue(std::string_view flag, std::string_view value) {
    if (value == "true" || value == "1" || value == "t" || value == "T" || value == "TRUE") return true;
    if (value == "false" || value == "0" || value == "f" || value == "F" || value == "FALSE") return false;
    return badValue(flag, value, "strconv.ParseBool: parsing " + base::quoteGo(value) + ": invalid syntax");
}

base::Status setIntFlag(std::string_view flag, std::string_view value, std::int64_t& out) {
    const auto number = base::parseInt(value);
    if (!number)
        return badValue(flag, value, "strconv.ParseInt: parsing " + base::quoteGo(value) + ": invalid syntax");
    out = *number;
    return base::okStatus();
}

base::Status setBoolFlag(std::string_view flag, std::string_view value, bool& out) {
    BASE_TRY(out, boolValue(flag, value));
    return base::okStatus();
}

// A flag's value goes into the configuration; unknown names are refused.
base::Status applyFlag(Config& config, const std::string& name, const std::string& value) {
    if (name == "config") config.configFile = value;
    else if (name == "kubeconfig") config.kubeconfig = value;
    else if (name == "bootstrap-kubeconfig") config.bootstrapKubeconfig = value;
    else if (name == "hostname-override") config.hostnameOverride = value;
    else if (name == "node-ip") config.nodeIP = value;
    else if (name == "root-dir") config.rootDir = value;
    else if (name == "cert-dir") config.certDir = value;
    else if (name == "container-runtime-endpoint") config.containerRuntimeEndpoint = value;
    else if (name == "pod-manifest-path") config.staticPodPath = value;
    else if (name == "address") config.address = value;
    else if (name == "client-ca-file") config.clientCAFile = value;
    else if (name == "authorization-mode") config.authorizationMode = value;
    else if (name == "tls-cert-file") config.tlsCertFile = value;
    else if (name == "tls-private-key-file") config.tlsPrivateKeyFile = value;
    else if (name == "cluster-dns") config.clusterDNS = base::split(value, ',');
    else if (name == "cluster-domain") config.clusterDomain = value;
    else if (name == "resolv-conf") config.resolvConf = value;
    else if (name == "cgroup-driver") config.cgroupDriver = value;
    else if (name == "healthz-bind-address") config.healthzBindAddress = value;
    else if (name == "eviction-hard") config.evictionHard = mapFlag(value, '<');
    else if (name == "kube-reserved") config.kubeReserved = mapFlag(value, '=');
    else if (name == "system-reserved") config.systemReserved = mapFlag(value, '=');
    else if (name == "max-pods") return setIntFlag(name, value, config.maxPods);
    else if (name == "port") return setIntFlag(name, value, config.port);
    else if (name == "read-only-port") return setIntFlag(name, value, config.readOnlyPort);
    else if (name == "healthz-port") return setIntFlag(name, value, config.healthzPort);
    else if (name == "anonymous-auth") return setBoolFlag(name, value, config.anonymousAuth);
    else if (name == "fail-swap-on") return setBoolFlag(name, value, config.failSwapOn);
    else if (name == "rotate-certificates") return setBoolFlag(name, value, config.rotateCertificates);
    else if (name == "register-node") return setBoolFlag(name, value, config.registerNode);
    else if (name == "serialize-image-pulls") return setBoolFlag(name, value, config.serializeImagePulls);
    else if (name == "version") config.versionOnly = true;
    else if (name == "help") config.helpOnly = true;
    else if (name == "node-labels") {
        for (const std::string& pair : base::split(value, ',')) {
            const std::vector<std::string> parts = base::splitLimited(pair, '=', 2);
            config.nodeLabels.emplace_back(parts[0], parts.size() > 1 ? parts[1] : "");
        }
    } else if (name == "register-with-taints") {
        for (const std::string& item : base::split(value, ',')) {
            const std::vector<std::string> parts = base::splitLimited(item, ':', 2);
            const std::vector<std::string> pair = base::splitLimited(parts[0], '=', 2);
            config.registerWithTaints.push_back(
                Value::object({{"key", pair[0]},
                               {"value", pair.size() > 1 ? Value(pair[1]) : Value("")},
                               {"effect", parts.size() > 1 ? Value(parts[1]) : Value("")}}));
        }
    } else if (acceptedFlags().count(name) == 0) {
        return base::makeError("failed to parse kubelet flag: unknown flag: --" + name);
    }
    return base::okStatus();
}

sim::Duration durationField(const Value& value, sim::Duration fallback) {
    if (!value.isString()) return fallback;
    const sim::Duration parsed = sim::parseGoDuration(value.asString()).value_or(0);
    return parsed == 0 ? fallback : parsed;
}

std::map<std::string, std::string> mapField(const Value& value) {
    std::map<std::string, std::string> out;
    for (const document::Member& member : value.members()) out[member.key.text()] = member.value.text();
    return out;
}

// The fields of v1beta1 with the JSON kind that decoding insists on.
struct FieldShape {
    const char* name;
    char kind; // s string, i int, b bool, l list of strings, o object, d duration, a anything
};
constexpr FieldShape kFields[] = {
    {"apiVersion", 's'}, {"kind", 's'}, {"enableServer", 'b'}, {"staticPodPath", 's'}, {"podLogsDir", 's'},
    {"syncFrequency", 'd'}, {"fileCheckFrequency", 'd'}, {"httpCheckFrequency", 'd'},
    {"staticPodURL", 's'}, {"staticPodURLHeader", 'o'}, {"address", 's'}, {"port", 'i'},
    {"readOnlyPort", 'i'}, {"tlsCertFile", 's'}, {"tlsPrivateKeyFile", 's'}, {"tlsCipherSuites", 'l'},
    {"tlsCurvePreferences", 'l'}, {"tlsMinVersion", 's'}, {"rotateCertificates", 'b'}, {"serverTLSBootstrap", 'b'},
    {"authentication", 'o'}, {"authorization", 'o'}, {"registryPullQPS", 'i'}, {"registryBurst", 'i'},
    {"imagePullCredentialsVerificationPolicy", 's'}, {"preloadedImagesVerificationAllowlist", 'l'},
    {"eventRecordQPS", 'i'}, {"eventBurst", 'i'}, {"enableDebuggingHandlers", 'b'},
    {"enableContentionProfiling", 'b'}, {"healthzPort", 'i'}, {"healthzBindAddress", 's'},
    {"oomScoreAdj", 'i'}, {"clusterDomain", 's'}, {"clusterDNS", 'l'},
    {"streamingConnectionIdleTimeout", 'd'}, {"nodeStatusUpdateFrequency", 'd'},
    {"nodeStatusReportFrequency", 'd'}, {"nodeLeaseDurationSeconds", 'i'}, {"imageMinimumGCAge", 'd'},
    {"imageMaximumGCAge", 'd'}, {"imageGCHighThresholdPercent", 'i'},
    {"imageGCLowThresholdPercent", 'i'}, {"volumeStatsAggPeriod", 'd'}, {"kubeletCgroups", 's'},
    {"systemCgroups", 's'}, {"cgroupRoot", 's'}, {"cgroupsPerQOS", 'b'}, {"cgroupDriver", 's'},
    {"cpuManagerPolicy", 's'}, {"singleProcessOOMKill", 'b'}, {"cpuManagerPolicyOptions", 'o'},
    {"cpuManagerReconcilePeriod", 'd'}, {"memoryManagerPolicy", 's'}, {"topologyManagerPolicy", 's'},
    {"topologyManagerScope", 's'}, {"topologyManagerPolicyOptions", 'o'}, {"qosReserved", 'o'},
    {"runtimeRequestTimeout", 'd'}, {"hairpinMode", 's'}, {"maxPods", 'i'}, {"podCIDR", 's'},
    {"podPidsLimit", 'i'}, {"resolvConf", 's'}, {"runOnce", 'b'}, {"cpuCFSQuota", 'b'},
    {"cpuCFSQuotaPeriod", 'd'}, {"nodeStatusMaxImages", 'i'}, {"maxOpenFiles", 'i'},
    {"contentType", 's'}, {"kubeAPIQPS", 'i'}, {"kubeAPIBurst", 'i'}, {"serializeImagePulls", 'b'},
    {"maxParallelImagePulls", 'i'}, {"evictionHard", 'o'}, {"evictionSoft", 'o'},
    {"evictionSoftGracePeriod", 'o'}, {"evictionPressureTransitionPeriod", 'd'},
    {"evictionMaxPodGracePeriod", 'i'}, {"evictionMinimumReclaim", 'o'},
    {"mergeDefaultEvictionSettings", 'b'}, {"podsPerCore", 'i'}, {"enableControllerAttachDetach", 'b'},
    {"protectKernelDefaults", 'b'}, {"makeIPTablesUtilChains", 'b'}, {"iptablesMasqueradeBit", 'i'},
    {"iptablesDropBit", 'i'}, {"featureGates", 'o'}, {"failSwapOn", 'b'}, {"memorySwap", 'o'},
    {"containerLogMaxSize", 's'}, {"containerLogMaxFiles", 'i'}, {"containerLogMaxWorkers", 'i'},
    {"containerLogMonitorInterval", 'd'}, {"configMapAndSecretChangeDetectionStrategy", 's'},
    {"systemReserved", 'o'}, {"kubeReserved", 'o'}, {"reservedSystemCPUs", 's'},
    {"showHiddenMetricsForVersion", 's'}, {"systemReservedCgroup", 's'}, {"kubeReservedCgroup", 's'},
    {"enforceNodeAllocatable", 'l'}, {"allowedUnsafeSysctls", 'l'}, {"volumePluginDir", 's'},
    {"providerID", 's'}, {"kernelMemcgNotification", 'b'}, {"logging", 'o'},
    {"enableSystemLogHandler", 'b'}, {"enableSystemLogQuery", 'b'}, {"shutdownGracePeriod", 'd'},
    {"shutdownGracePeriodCriticalPods", 'd'}, {"shutdownGracePeriodByPodPriority", 'a'},
    {"crashLoopBackOff", 'o'}, {"reservedMemory", 'a'}, {"enableProfilingHandler", 'b'},
    {"enableDebugFlagsHandler", 'b'}, {"seccompDefault", 'b'}, {"memoryThrottlingFactor", 'a'},
    {"registerWithTaints", 'a'}, {"registerNode", 'b'}, {"tracing", 'o'},
    {"localStorageCapacityIsolation", 'b'}, {"containerRuntimeEndpoint", 's'},
    {"imageServiceEndpoint", 's'}, {"failCgroupV1", 'b'}, {"userNamespaces", 'o'}};

const char* goKind(const Value& value) {
    if (value.isString()) return "string";
    if (value.isBool()) return "bool";
    if (value.isNumber()) return "number";
    if (value.isArray()) return "array";
    return "object";
}

base::Status checkShape(const FieldShape& field, const Value& value) {
    const char* wanted = nullptr;
    switch (field.kind) {
    case 's': wanted = value.isString() ? nullptr : "string"; break;
    case 'd': wanted = value.isString() ? nullptr : "string"; break;
    case 'i': wanted = value.isInt() ? nullptr : "int32"; break;
    case 'b': wanted = value.isBool() ? nullptr : "bool"; break;
    case 'l': wanted = value.isArray() ? nullptr : "[]string"; break;
    case 'o': wanted = value.isObject() ? nullptr : "map[string]string"; break;
    default: break;
    }
    if (wanted == nullptr || value.isNull()) return base::okStatus();
    return base::makeError(std::string("failed to decode: json: cannot unmarshal ") + goKind(value) +
                           " into Go struct field KubeletConfiguration." + field.name + " of type " + wanted);
}

base::Status decode(Config& config, const Value& root) {
    const std::string apiVersion = root["apiVersion"].text(), kind = root["kind"].text();
    if (kind.empty()) return base::makeError("failed to decode: Object 'Kind' is missing");
    if (kind != "KubeletConfiguration" || apiVersion != "kubelet.config.k8s.io/v1beta1")
        return base::makeError("failed to decode: no kind " + base::quoteGo(kind) +
                               " is registered for version " + base::quoteGo(apiVersion) +
                               " in scheme \"pkg/runtime/scheme.go:111\"");
    for (const document::Member& member : root.members()) {
        const auto found = std::find_if(std::begin(kFields), std::end(kFields),
                                        [&](const FieldShape& f) { return member.key.view() == f.name; });
        if (found == std::end(kFields)) {
            if (!config.strictProblem.empty()) config.strictProblem += ", ";
            config.strictProblem += "unknown field " + base::quoteGo(member.key.view());
            continue;
        }
        BASE_CHECK(checkShape(*found, member.value));
    }
    return base::okStatus();
}

void takeFields(Config& config, const Value& root) {
    const auto text = [&](const char* key, std::string& out) {
        if (!root[key].asString().empty()) out = root[key].text();
    };
    const auto number = [&](const char* key, std::int64_t& out) {
        if (root[key].isInt()) out = root[key].asInt();
    };
    const auto flag = [&](const char* key, bool& out) {
        if (root[key].isBool()) out = root[key].asBool();
    };
    text("staticPodPath", config.staticPodPath);
    text("address", config.address);
    text("healthzBindAddress", config.healthzBindAddress);
    text("tlsCertFile", config.tlsCertFile);
    text("tlsPrivateKeyFile", config.tlsPrivateKeyFile);
    text("containerRuntimeEndpoint", config.containerRuntimeEndpoint);
    text("clusterDomain", config.clusterDomain);
    text("resolvConf", config.resolvConf);
    text("cgroupDriver", config.cgroupDriver);
    number("port", config.port);
    number("readOnlyPort", config.readOnlyPort);
    number("healthzPort", config.healthzPort);
    number("maxPods", config.maxPods);
    number("podsPerCore", config.podsPerCore);
    number("imageGCHighThresholdPercent", config.imageGCHighThresholdPercent);
    number("imageGCLowThresholdPercent", config.imageGCLowThresholdPercent);
    number("nodeLeaseDurationSeconds", config.nodeLeaseDurationSeconds);
    flag("failSwapOn", config.failSwapOn);
    flag("rotateCertificates", config.rotateCertificates);
    flag("serverTLSBootstrap", config.serverTLSBootstrap);
    flag("registerNode", config.registerNode);
    flag("serializeImagePulls", config.serializeImagePulls);
    config.fileCheckFrequency = durationField(root["fileCheckFrequency"], config.fileCheckFrequency);
    config.syncFrequency = durationField(root["syncFrequency"], config.syncFrequency);
    config.nodeStatusUpdateFrequency =
        durationField(root["nodeStatusUpdateFrequency"], config.nodeStatusUpdateFrequency);
    // The report frequency follows the update frequency when only that one is set.
    config.nodeStatusReportFrequency =
        durationField(root["nodeStatusReportFrequency"],
                      durationField(root["nodeStatusUpdateFrequency"], config.nodeStatusReportFrequency));
    config.evictionPressureTransitionPeriod =
        durationField(root["evictionPressureTransitionPeriod"], config.evictionPressureTransitionPeriod);
    config.maxContainerRestartPeriod = durationField(root["crashLoopBackOff"]["maxContainerRestartPeriod"],
                                                     config.maxContainerRestartPeriod);
    config.shutdownGracePeriod = durationField(root["shutdownGracePeriod"], 0);
    config.shutdownGracePeriodCriticalPods = durationField(root["shutdownGracePeriodCriticalPods"], 0);
    const Value& authentication = root["authentication"];
    if (authentication["anonymous"]["enabled"].isBool())
        config.anonymousAuth = authentication["anonymous"]["enabled"].asBool();
    if (authentication["webhook"]["enabled"].isBool())
        config.webhookAuth = authentication["webhook"]["enabled"].asBool();
    if (!authentication["x509"]["clientCAFile"].asString().empty())
        config.clientCAFile = authentication["x509"]["clientCAFile"].text();
    if (!root["authorization"]["mode"].asString().empty())
        config.authorizationMode = root["authorization"]["mode"].text();
    if (root["clusterDNS"].isArray()) {
        config.clusterDNS.clear();
        for (const Value& server : root["clusterDNS"].items()) config.clusterDNS.push_back(server.text());
    }
    if (root["evictionHard"].isObject()) config.evictionHard = mapField(root["evictionHard"]);
    if (root["kubeReserved"].isObject()) config.kubeReserved = mapField(root["kubeReserved"]);
    if (root["systemReserved"].isObject()) config.systemReserved = mapField(root["systemReserved"]);
    for (const Value& taint : root["registerWithTaints"].items()) config.registerWithTaints.push_back(taint);
}

// yaml-cpp's places in the words of Go's YAML reader.
std::string yamlError(const base::Error& error) {
    const std::string& text = error.message;
    const std::size_t line = text.find("line ");
    if (line == std::string::npos) return "failed to decode: yaml: " + text;
    const std::string number = text.substr(line + 5, text.find_first_not_of("0123456789", line + 5) - line - 5);
    return "failed to decode: yaml: line " + number + ": mapping values are not allowed in this context";
}

} // namespace

base::Result<Config> parseCommandLine(const std::vector<std::string>& arguments) {
    Config config;
    config.evictionHard = {{"memory.available", "100Mi"}, {"nodefs.available", "10%"},
                           {"nodefs.inodesFree", "5%"}, {"imagefs.available", "15%"},
                           {"imagefs.inodesFree", "5%"}};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word.empty()) continue;
        if (word == "-h") {
            config.helpOnly = true;
            continue;
        }
        if (word.rfind("-v=", 0) == 0) continue;
        if (word == "-v") {
            ++i;
            continue;
        }
        if (word.rfind("--", 0) != 0) {
            if (word[0] == '-')
                return base::makeError("failed to parse kubelet flag: unknown shorthand flag: '" +
                                       word.substr(1, 1) + "' in " + word);
            return base::makeError("unknown command " + word);
        }
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
        std::string value;
        if (equals != std::string::npos) {
            value = word.substr(equals + 1);
        } else if (booleanFlags().count(name) != 0) {
            value = "true";
        } else {
            Config scratch;
            if (!applyFlag(scratch, name, "0").ok() && acceptedFlags().count(name) == 0)
                return base::makeError("failed to parse kubelet flag: unknown flag: --" + name);
            if (i + 1 >= arguments.size())
                return base::makeError("failed to parse kubelet flag: flag needs an argument: --" + name);
            value = arguments[++i];
        }
        BASE_CHECK(applyFlag(config, name, value));
        if (isDeprecated(name))
            config.deprecationWarnings.push_back(
                "Flag --" + name +
                " has been deprecated, This parameter should be set via the config file specified by the "
                "Kubelet's --config flag. See "
                "https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/ for more "
                "information.");
    }
    return config;
}

base::Status loadConfigFile(Config& config, const ports::FileSystem& files) {
    if (config.configFile.empty()) return base::okStatus();
    const std::string prefix = "failed to load kubelet config file, path: " + config.configFile +
                               ", error: failed to load Kubelet config file " + config.configFile + ", error ";
    auto text = files.read(config.configFile);
    if (!text.ok()) {
        std::string reason = text.error().message;
        if (!reason.empty()) reason[0] = base::toLower(reason.substr(0, 1))[0];
        return base::makeError(prefix + "failed to read kubelet config file " +
                               base::quoteGo(config.configFile) + ", error: open " + config.configFile +
                               ": " + reason);
    }
    if (text->empty())
        return base::makeError(prefix + "kubelet config file " + base::quoteGo(config.configFile) + " was empty");
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    auto root = document::readYaml(*text, {}, limits);
    if (!root.ok()) return base::makeError(prefix + yamlError(root.error()));
    auto strict = document::readYaml(*text);
    if (!strict.ok()) config.strictProblem = strict.error().message;
    const base::Status decoded = decode(config, *root);
    if (!decoded.ok()) return base::makeError(prefix + decoded.error().message);
    takeFields(config, *root);
    config.given = *root;
    config.loadedFrom = config.configFile;
    return base::okStatus();
}

base::Status validate(const Config& config) {
    std::vector<std::string> problems;
    if (config.imageGCHighThresholdPercent < 0 || config.imageGCHighThresholdPercent > 100)
        problems.push_back("invalid configuration: imageGCHighThresholdPercent (--image-gc-high-threshold) " +
                           std::to_string(config.imageGCHighThresholdPercent) +
                           " must be between 0 and 100, inclusive");
    if (config.imageGCLowThresholdPercent < 0 || config.imageGCLowThresholdPercent > 100)
        problems.push_back("invalid configuration: imageGCLowThresholdPercent (--image-gc-low-threshold) " +
                           std::to_string(config.imageGCLowThresholdPercent) +
                           " must be between 0 and 100, inclusive");
    else if (config.imageGCLowThresholdPercent >= config.imageGCHighThresholdPercent)
        problems.push_back("invalid configuration: imageGCLowThresholdPercent (--image-gc-low-threshold) " +
                           std::to_string(config.imageGCLowThresholdPercent) +
                           " must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) " +
                           std::to_string(config.imageGCHighThresholdPercent));
    if (config.maxPods < 0)
        problems.push_back("invalid configuration: maxPods (--max-pods) " + std::to_string(config.maxPods) +
                           " must not be a negative number");
    if (config.healthzPort < 0 || config.healthzPort > 65535)
        problems.push_back("invalid configuration: healthzPort (--healthz-port) " +
                           std::to_string(config.healthzPort) + " must be between 0 and 65535, inclusive");
    if (config.port < 1 || config.port > 65535)
        problems.push_back("invalid configuration: port (--port) " + std::to_string(config.port) +
                           " must be between 1 and 65535, inclusive");
    if (problems.empty()) return base::okStatus();
    return base::makeError("failed to validate kubelet configuration, error: " +
                           (problems.size() == 1 ? problems[0] : "[" + base::join(problems, ", ") + "]") +
                           ", path: &TypeMeta{Kind:,APIVersion:,}");
}

} // namespace kubelet
