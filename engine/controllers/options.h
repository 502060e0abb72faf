#pragma once
// What kube-controller-manager is told on its command line, parsed. The program that reads flags
// and files fills it. Source: cmd/kube-controller-manager/app/options.

#include "base/function.h"
#include "base/ip.h"
#include "client/leader_election.h"
#include "pki/certificate.h"
#include "sim/time.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace controllers {

struct Options {
    // "*", "foo", "-foo"; bootstrap-signer-controller and token-cleaner-controller are off by
    // default.
    std::vector<std::string> controllers{"*"};
    bool useServiceAccountCredentials = false;
    sim::Duration nodeMonitorPeriod = 5 * sim::kSecond;
    sim::Duration nodeMonitorGracePeriod = 50 * sim::kSecond;
    sim::Duration nodeStartupGracePeriod = 60 * sim::kSecond;
    double nodeEvictionRate = 0.1, secondaryNodeEvictionRate = 0.01;
    std::int64_t largeClusterSizeThreshold = 50;
    double unhealthyZoneThreshold = 0.55;
    bool allocateNodeCIDRs = false;
    std::vector<base::IpPrefix> clusterCIDRs;
    std::optional<base::IpPrefix> serviceClusterIPRange;
    int nodeCIDRMaskSize = 24, nodeCIDRMaskSizeIPv6 = 64;
    std::int64_t terminatedPodGCThreshold = 12500;
    std::int64_t maxEndpointsPerSlice = 100;
    sim::Duration horizontalPodAutoscalerSyncPeriod = 15 * sim::kSecond;
    sim::Duration horizontalPodAutoscalerDownscaleStabilization = 5 * sim::kMinute;
    double horizontalPodAutoscalerTolerance = 0.1;
    sim::Duration pvClaimBinderSyncPeriod = 15 * sim::kSecond;
    std::string clusterName = "kubernetes";
    std::string clusterDomain = "cluster.local";
    std::string rootCA;              // PEM of --root-ca-file, published to every namespace
    std::string serviceAccountKey;   // PEM of --service-account-private-key-file
    pki::CertificatePtr signingCert; // --cluster-signing-cert-file
    pki::KeyPtr signingKey;          // --cluster-signing-key-file
    sim::Duration signingDuration = 8760 * sim::kHour;
    client::LeaderElectionOptions leaderElection;
    std::string version = "v1.35.4";
    // Gets what the controllers log, as klog texts without head; may be null.
    std::shared_ptr<base::Function<void(std::string)>> log;
};

} // namespace controllers
