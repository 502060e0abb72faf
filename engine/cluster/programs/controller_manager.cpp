// The program `kube-controller-manager`. Source: cmd/kube-controller-manager/app.
#include "base/strings.h"
#include "client/kubeconfig.h"
#include "cluster/programs/component.h"
#include "cluster/programs/control_plane.h"
#include "cluster/programs/flag_set.h"
#include "controllers/manager.h"

#include <algorithm>

namespace cluster {
namespace {

// Old names that --controllers still takes. Source: cmd/kube-controller-manager/names.
std::string currentName(std::string name) {
    const bool off = name.starts_with('-');
    std::string plain = off ? name.substr(1) : name;
    static constexpr std::pair<const char*, const char*> kAliases[] = {
        {"bootstrapsigner", "bootstrap-signer-controller"}, {"tokencleaner", "token-cleaner-controller"},
        {"deployment", "deployment-controller"}, {"replicaset", "replicaset-controller"},
        {"daemonset", "daemonset-controller"}, {"job", "job-controller"}, {"cronjob", "cronjob-controller"},
        {"statefulset", "statefulset-controller"}, {"endpoint", "endpoints-controller"},
        {"endpointslice", "endpointslice-controller"}, {"namespace", "namespace-controller"},
        {"nodelifecycle", "node-lifecycle-controller"}, {"nodeipam", "node-ipam-controller"},
        {"garbagecollector", "garbage-collector-controller"}, {"podgc", "pod-garbage-collector-controller"},
        {"serviceaccount", "serviceaccount-controller"}, {"replicationcontroller", "replicationcontroller-controller"}};
    for (const auto& [old, now] : kAliases)
        if (plain == old) plain = now;
    return off ? "-" + plain : plain;
}

base::Status readFiles(ports::Process& process, const FlagSet& flags, controllers::Options& options) {
    if (const auto path = flags.text("root-ca-file"); !path.empty()) {
        auto text = readFlagFile(process, path);
        if (!text.ok()) return base::makeError("error reading root-ca-file at " + path + ": " + text.error().message);
        options.rootCA = *text;
    }
    if (const auto path = flags.text("service-account-private-key-file"); !path.empty()) {
        auto text = readFlagFile(process, path);
        if (!text.ok())
            return base::makeError("error reading key for service account token controller: " + text.error().message);
        options.serviceAccountKey = *text;
    }
    if (flags.given("cluster-signing-cert-file")) {
        std::vector<pki::CertificatePtr> chain;
        auto read = readPair(process, flags.text("cluster-signing-cert-file"), flags.text("cluster-signing-key-file"),
                             chain, options.signingKey);
        if (!read.ok())
            return base::makeError("error reading CA cert file " + base::quoteGo(flags.text("cluster-signing-cert-file")) +
                                   ": " + read.error().message);
        options.signingCert = chain.front();
    }
    if (const auto path = flags.text("client-ca-file"); !path.empty()) {
        auto read = readCertificates(process, path);
        if (!read.ok()) return base::makeError("unable to load configmap based request-header-client-ca-file: " + read.error().message);
    }
    return base::okStatus();
}

base::Status configure(ports::Process& process, const FlagSet& flags, controllers::Options& options) {
    const auto known = controllers::ControllerManager::known();
    options.controllers.clear();
    for (const auto& given : flags.list("controllers")) {
        const std::string name = currentName(given);
        const std::string plain = name.starts_with('-') ? name.substr(1) : name;
        const bool listed = plain == "*" || std::any_of(known.begin(), known.end(), [&](const auto& entry) {
                                return plain == entry.name;
                            });
        // Controllers of the real manager that this one does not have are named in docs/fidelity.md.
        if (!listed && plain.find("-controller") == std::string::npos)
            return base::makeError(base::quoteGo(given) + " is not in the list of known controllers");
        options.controllers.push_back(name);
    }
    if (options.controllers.empty()) options.controllers = {"*"};
    options.useServiceAccountCredentials = flags.flag("use-service-account-credentials");
    options.allocateNodeCIDRs = flags.flag("allocate-node-cidrs");
    for (const auto& range : flags.list("cluster-cidr")) {
        const auto prefix = base::IpPrefix::parse(range);
        if (!prefix) return base::makeError("invalid CIDR address: " + range);
        options.clusterCIDRs.push_back(*prefix);
    }
    if (const auto range = flags.text("service-cluster-ip-range"); !range.empty())
        options.serviceClusterIPRange = base::IpPrefix::parse(range);
    const auto duration = [&](const char* flag, sim::Duration& into) {
        if (flags.given(flag)) into = flags.duration(flag);
    };
    duration("node-monitor-period", options.nodeMonitorPeriod);
    duration("node-monitor-grace-period", options.nodeMonitorGracePeriod);
    duration("node-startup-grace-period", options.nodeStartupGracePeriod);
    duration("horizontal-pod-autoscaler-sync-period", options.horizontalPodAutoscalerSyncPeriod);
    duration("cluster-signing-duration", options.signingDuration);
    if (flags.given("terminated-pod-gc-threshold"))
        options.terminatedPodGCThreshold = flags.number("terminated-pod-gc-threshold");
    if (flags.given("node-cidr-mask-size")) options.nodeCIDRMaskSize = static_cast<int>(flags.number("node-cidr-mask-size"));
    if (flags.given("cluster-name")) options.clusterName = flags.text("cluster-name");
    options.leaderElection.enabled = !flags.given("leader-elect") || flags.flag("leader-elect");
    options.leaderElection.name = "kube-controller-manager";
    options.leaderElection.identity =
        process.hostname() + "_" + process.kernel().random("controller-manager/identity").uuid();
    duration("leader-elect-lease-duration", options.leaderElection.leaseDuration);
    duration("leader-elect-renew-deadline", options.leaderElection.renewDeadline);
    duration("leader-elect-retry-period", options.leaderElection.retryPeriod);
    return readFiles(process, flags, options);
}

class ControllerManagerProgram final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {9'000, 60LL << 20}; }
    sim::Task<int> run(ports::Process& process) override;
};

struct Run {
    std::shared_ptr<controllers::ControllerManager> manager;
    sim::Channel<int> ended; // the exit code
    static sim::Task<void> body(std::shared_ptr<Run> self) {
        co_await self->manager->run();
        self->ended.push(1);
    }
    static sim::Task<void> stopped(std::shared_ptr<Run> self, ports::Process* process) {
        (void)co_await waitForEnd(*process);
        self->ended.push(0);
    }
};

sim::Task<int> ControllerManagerProgram::run(ports::Process& process) {
    const ports::Klog log(process);
    FlagSet flags("kube-controller-manager");
    const std::vector<std::string> arguments(process.argv().begin() + 1, process.argv().end());
    if (const auto parsed = flags.parse(arguments); !parsed.ok()) {
        co_await process.writeError("Error: " + parsed.error().message + "\n");
        co_return 1;
    }
    if (!flags.operands().empty()) {
        co_await process.writeError("Error: \"kube-controller-manager\" does not take any arguments, got [" +
                                    base::quoteGo(flags.operands().front()) + "]\n");
        co_return 1;
    }
    controllers::Options options;
    auto configured = configure(process, flags, options);
    log.plain('I', "serving.go:386", "Generated self-signed cert in-memory");
    if (!flags.given("kubeconfig"))
        co_return commandFailed(process, "invalid configuration: no configuration has been provided, try setting "
                                         "KUBERNETES_MASTER environment variable");
    auto config = client::loadKubeconfig(process.files(), flags.text("kubeconfig"));
    if (!config.ok()) co_return commandFailed(process, config.error().message);
    if (!configured.ok()) co_return commandFailed(process, configured.error().message);
    config->userAgent = "kube-controller-manager/v1.35.4";
    log.plain('I', "controllermanager.go:189", "\"Starting\" version=\"v1.35.4\"");
    ports::ListenOptions listening;
    listening.http = std::make_shared<HealthServer>();
    listening.tls = selfSigned(process, "kube-controller-manager");
    listening.process = "kube-controller";
    listening.pid = process.pid();
    const auto at = endpointOf(flags.text("bind-address"), flags.number("secure-port"));
    auto listener = process.network().listen(at, std::move(listening));
    if (!listener.ok())
        co_return commandFailed(process, "failed to create listener: failed to listen on " + at.text() + ": listen tcp " +
                                             at.text() + ": bind: " + listener.error().message);
    auto run = std::make_shared<Run>();
    ports::Process* self = &process;
    run->manager = std::make_shared<controllers::ControllerManager>(
        process.kernel(), process.network(), *config, std::move(options),
        [self](std::string text) { ports::Klog(*self).plain('I', "controllermanager.go:254", text); });
    sim::Scope scope(process.kernel());
    scope.spawn(Run::body(run), "controller manager");
    scope.spawn(Run::stopped(run, self), "controller manager signal");
    const auto code = co_await run->ended.pop();
    if (code.value_or(1) != 0) log.plain('E', "leaderelection.go:332", "\"leaderelection lost\"");
    scope.cancel();
    co_return code.value_or(1);
}

} // namespace

std::shared_ptr<ports::Program> controllerManagerProgram() { return std::make_shared<ControllerManagerProgram>(); }

} // namespace cluster
