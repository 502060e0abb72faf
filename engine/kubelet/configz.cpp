// Source: k8s.io/kubelet config/v1beta1 types.go (fields), pkg/kubelet/apis/config/v1beta1
// defaults.go (values).

#include "kubelet/configz.h"

#include "base/strings.h"
#include "document/json.h"

#include <array>

namespace kubelet {
namespace {

using document::Value;

// A leaf: its path and what it is without being given; without a default it is left out.
struct Leaf {
    const char* path;
    const char* fallback;
};

constexpr std::array kLeaves = {
    Leaf{"enableServer", "true"}, Leaf{"staticPodPath", nullptr}, Leaf{"podLogsDir", R"("/var/log/pods")"},
    Leaf{"syncFrequency", R"("1m0s")"}, Leaf{"fileCheckFrequency", R"("20s")"}, Leaf{"httpCheckFrequency", R"("20s")"},
    Leaf{"staticPodURL", nullptr}, Leaf{"address", R"("0.0.0.0")"}, Leaf{"port", "10250"}, Leaf{"readOnlyPort", nullptr},
    Leaf{"tlsCertFile", nullptr}, Leaf{"tlsPrivateKeyFile", nullptr}, Leaf{"tlsCipherSuites", nullptr},
    Leaf{"tlsMinVersion", nullptr}, Leaf{"rotateCertificates", nullptr}, Leaf{"serverTLSBootstrap", nullptr},
    Leaf{"authentication.x509.clientCAFile", nullptr}, Leaf{"authentication.webhook.enabled", "true"},
    Leaf{"authentication.webhook.cacheTTL", R"("2m0s")"}, Leaf{"authentication.anonymous.enabled", "false"},
    Leaf{"authorization.mode", R"("Webhook")"}, Leaf{"authorization.webhook.cacheAuthorizedTTL", R"("5m0s")"},
    Leaf{"authorization.webhook.cacheUnauthorizedTTL", R"("30s")"}, Leaf{"registryPullQPS", "5"},
    Leaf{"registryBurst", "10"}, Leaf{"imagePullCredentialsVerificationPolicy", R"("NeverVerifyPreloadedImages")"},
    Leaf{"eventRecordQPS", "50"}, Leaf{"eventBurst", "100"}, Leaf{"enableDebuggingHandlers", "true"},
    Leaf{"healthzPort", "10248"}, Leaf{"healthzBindAddress", R"("127.0.0.1")"}, Leaf{"oomScoreAdj", "-999"},
    Leaf{"clusterDomain", nullptr}, Leaf{"clusterDNS", nullptr}, Leaf{"streamingConnectionIdleTimeout", R"("4h0m0s")"},
    Leaf{"nodeStatusUpdateFrequency", R"("10s")"}, Leaf{"nodeStatusReportFrequency", R"("5m0s")"},
    Leaf{"nodeLeaseDurationSeconds", "40"}, Leaf{"imageMinimumGCAge", R"("2m0s")"}, Leaf{"imageMaximumGCAge", R"("0s")"},
    Leaf{"imageGCHighThresholdPercent", "85"}, Leaf{"imageGCLowThresholdPercent", "80"},
    Leaf{"volumeStatsAggPeriod", R"("1m0s")"}, Leaf{"kubeletCgroups", nullptr}, Leaf{"systemCgroups", nullptr},
    Leaf{"cgroupRoot", nullptr}, Leaf{"cgroupsPerQOS", "true"}, Leaf{"cgroupDriver", R"("cgroupfs")"},
    Leaf{"cpuManagerPolicy", R"("none")"}, Leaf{"cpuManagerReconcilePeriod", R"("10s")"},
    Leaf{"memoryManagerPolicy", R"("None")"}, Leaf{"topologyManagerPolicy", R"("none")"},
    Leaf{"topologyManagerScope", R"("container")"}, Leaf{"runtimeRequestTimeout", R"("2m0s")"},
    Leaf{"hairpinMode", R"("promiscuous-bridge")"}, Leaf{"maxPods", "110"}, Leaf{"podCIDR", nullptr},
    Leaf{"podPidsLimit", "-1"}, Leaf{"resolvConf", R"("/etc/resolv.conf")"}, Leaf{"cpuCFSQuota", "true"},
    Leaf{"cpuCFSQuotaPeriod", R"("100ms")"}, Leaf{"nodeStatusMaxImages", "50"}, Leaf{"maxOpenFiles", "1000000"},
    Leaf{"contentType", R"("application/vnd.kubernetes.protobuf")"}, Leaf{"kubeAPIQPS", "50"}, Leaf{"kubeAPIBurst", "100"},
    Leaf{"serializeImagePulls", "true"}, Leaf{"maxParallelImagePulls", nullptr},
    Leaf{"evictionHard", R"({"imagefs.available":"15%","imagefs.inodesFree":"5%","memory.available":"100Mi",)"
                         R"("nodefs.available":"10%","nodefs.inodesFree":"5%"})"},
    Leaf{"evictionSoft", nullptr}, Leaf{"evictionSoftGracePeriod", nullptr},
    Leaf{"evictionPressureTransitionPeriod", R"("5m0s")"}, Leaf{"evictionMaxPodGracePeriod", nullptr},
    Leaf{"evictionMinimumReclaim", nullptr}, Leaf{"mergeDefaultEvictionSettings", "false"}, Leaf{"podsPerCore", nullptr},
    Leaf{"enableControllerAttachDetach", "true"}, Leaf{"protectKernelDefaults", nullptr},
    Leaf{"makeIPTablesUtilChains", "true"}, Leaf{"iptablesMasqueradeBit", "14"}, Leaf{"iptablesDropBit", "15"},
    Leaf{"featureGates", nullptr}, Leaf{"failSwapOn", "true"}, Leaf{"memorySwap", "{}"},
    Leaf{"containerLogMaxSize", R"("10Mi")"}, Leaf{"containerLogMaxFiles", "5"}, Leaf{"containerLogMaxWorkers", "1"},
    Leaf{"containerLogMonitorInterval", R"("10s")"}, Leaf{"configMapAndSecretChangeDetectionStrategy", R"("Watch")"},
    Leaf{"systemReserved", nullptr}, Leaf{"kubeReserved", nullptr}, Leaf{"reservedSystemCPUs", nullptr},
    Leaf{"systemReservedCgroup", nullptr}, Leaf{"kubeReservedCgroup", nullptr},
    Leaf{"enforceNodeAllocatable", R"(["pods"])"}, Leaf{"allowedUnsafeSysctls", nullptr},
    Leaf{"volumePluginDir", R"("/usr/libexec/kubernetes/kubelet-plugins/volume/exec/")"}, Leaf{"providerID", nullptr},
    Leaf{"logging.format", R"("text")"}, Leaf{"logging.flushFrequency", R"("5s")"}, Leaf{"logging.verbosity", "0"},
    Leaf{"logging.options.text.infoBufferSize", R"("0")"}, Leaf{"logging.options.json.infoBufferSize", R"("0")"},
    Leaf{"enableSystemLogHandler", "true"}, Leaf{"enableSystemLogQuery", "false"},
    Leaf{"shutdownGracePeriod", R"("0s")"}, Leaf{"shutdownGracePeriodCriticalPods", R"("0s")"},
    Leaf{"crashLoopBackOff.maxContainerRestartPeriod", R"("5m0s")"}, Leaf{"reservedMemory", nullptr},
    Leaf{"enableProfilingHandler", "true"}, Leaf{"enableDebugFlagsHandler", "true"}, Leaf{"seccompDefault", "false"},
    Leaf{"memoryThrottlingFactor", "0.9"}, Leaf{"registerWithTaints", nullptr}, Leaf{"registerNode", "true"},
    Leaf{"localStorageCapacityIsolation", "true"},
    Leaf{"containerRuntimeEndpoint", R"("unix:///run/containerd/containerd.sock")"},
    Leaf{"imageServiceEndpoint", nullptr}, Leaf{"failCgroupV1", "true"}};

// Go leaves zero values of optional fields to the defaults.
bool given(const Value& value, bool duration) {
    if (value.isNull()) return false;
    if (value.isString()) return !value.asString().empty() && !(duration && value.asString() == "0s");
    if (value.isInt()) return !duration || value.asInt() != 0;
    return true;
}

bool isDuration(std::string_view fallback) {
    return fallback.size() > 3 && fallback.front() == '"' && fallback[fallback.size() - 2] == 's' &&
           sim::parseGoDuration(fallback.substr(1, fallback.size() - 2)).has_value();
}

std::string leafText(const Config& config, const Leaf& leaf, const Value& value) {
    const std::string_view path = leaf.path, fallback = leaf.fallback == nullptr ? "" : leaf.fallback;
    // What flags can change, and what is made where it is missing.
    if (path == "address") return base::quoteGo(config.address);
    if (path == "port") return std::to_string(config.port);
    if (path == "maxPods") return std::to_string(config.maxPods);
    if (path == "tlsCertFile")
        return base::quoteGo(config.tlsCertFile.empty() ? config.certDir + "/kubelet.crt" : config.tlsCertFile);
    if (path == "tlsPrivateKeyFile")
        return base::quoteGo(config.tlsPrivateKeyFile.empty() ? config.certDir + "/kubelet.key" : config.tlsPrivateKeyFile);
    if (path == "containerRuntimeEndpoint") return base::quoteGo(config.containerRuntimeEndpoint);
    const bool duration = isDuration(fallback);
    if (!given(value, duration)) return std::string(fallback);
    if (duration && value.isString())
        if (const auto parsed = sim::parseGoDuration(value.asString())) return base::quoteGo(sim::formatGoDuration(*parsed));
    if (value.isBool() && !value.asBool() && leaf.fallback == nullptr) return {};
    return document::writeJson(value);
}

} // namespace

std::string configzText(const Config& config) {
    std::string out = "{\"kubeletconfig\":{";
    std::vector<std::string> open; // the objects that are open
    for (const Leaf& leaf : kLeaves) {
        std::vector<std::string> parts = base::split(leaf.path, '.');
        Value value = config.given;
        for (const std::string& part : parts) value = value[part];
        const std::string text = leafText(config, leaf, value);
        if (text.empty()) continue;
        const std::string name = std::move(parts.back());
        parts.pop_back();
        std::size_t same = 0;
        while (same < open.size() && same < parts.size() && open[same] == parts[same]) ++same;
        for (; open.size() > same; open.pop_back()) out += "}";
        if (out.back() != '{') out += ",";
        for (; open.size() < parts.size(); open.push_back(parts[open.size()])) out += base::quoteGo(parts[open.size()]) + ":{";
        out += base::quoteGo(name) + ":" + text;
    }
    out.append(open.size(), '}');
    return out + "}}";
}

} // namespace kubelet
