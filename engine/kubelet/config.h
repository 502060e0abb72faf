#pragma once
// Command line and KubeletConfiguration. Sources: cmd/kubelet/app/options, pkg/kubelet/apis/config
// (v1beta1 defaults, validation, configfiles).

#include "base/result.h"
#include "document/value.h"
#include "ports/file_system.h"
#include "sim/time.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kubelet {

struct Config {
    // Flags.
    std::string configFile, kubeconfig, bootstrapKubeconfig;
    std::string hostnameOverride, nodeIP;
    std::vector<std::pair<std::string, std::string>> nodeLabels;
    std::vector<document::Value> registerWithTaints;
    std::string rootDir = "/var/lib/kubelet";
    std::string certDir = "/var/lib/kubelet/pki";
    std::vector<std::string> deprecationWarnings;
    bool versionOnly = false, helpOnly = false;

    // KubeletConfiguration.
    std::string staticPodPath;
    sim::Duration fileCheckFrequency = 20 * sim::kSecond;
    sim::Duration syncFrequency = sim::kMinute;
    sim::Duration nodeStatusUpdateFrequency = 10 * sim::kSecond;
    sim::Duration nodeStatusReportFrequency = 5 * sim::kMinute;
    std::int64_t nodeLeaseDurationSeconds = 40;
    std::string address = "0.0.0.0";
    std::int64_t port = 10250, readOnlyPort = 0;
    std::string healthzBindAddress = "127.0.0.1";
    std::int64_t healthzPort = 10248;
    bool anonymousAuth = false, webhookAuth = true;
    std::string clientCAFile, authorizationMode = "Webhook";
    std::string tlsCertFile, tlsPrivateKeyFile;
    std::string containerRuntimeEndpoint = "unix:///run/containerd/containerd.sock";
    std::vector<std::string> clusterDNS;
    std::string clusterDomain;
    std::string resolvConf = "/etc/resolv.conf";
    std::string cgroupDriver = "cgroupfs";
    std::int64_t maxPods = 110, podsPerCore = 0;
    bool failSwapOn = true, rotateCertificates = false, serverTLSBootstrap = false;
    bool registerNode = true, serializeImagePulls = true;
    sim::Duration maxContainerRestartPeriod = 5 * sim::kMinute;
    std::int64_t imageGCHighThresholdPercent = 85, imageGCLowThresholdPercent = 80;
    std::map<std::string, std::string> evictionHard, kubeReserved, systemReserved;
    sim::Duration evictionPressureTransitionPeriod = 5 * sim::kMinute;
    sim::Duration shutdownGracePeriod = 0, shutdownGracePeriodCriticalPods = 0;
    std::string loadedFrom;
    document::Value given; // the file's fields as they were read
    std::string strictProblem; // what strict decoding refused, empty if nothing
};

// Arguments without the program's name. The error is the whole text that the kubelet logs.
base::Result<Config> parseCommandLine(const std::vector<std::string>& arguments);
// Reads --config into `config`. Flags given on the command line keep their values.
base::Status loadConfigFile(Config& config, const ports::FileSystem& files);
base::Status validate(const Config& config);

} // namespace kubelet
