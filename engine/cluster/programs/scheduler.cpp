// The program `kube-scheduler`. Source: cmd/kube-scheduler/app.
#include "scheduler/scheduler.h"

#include "base/strings.h"
#include "client/kubeconfig.h"
#include "cluster/programs/component.h"
#include "cluster/programs/control_plane.h"
#include "cluster/programs/flag_set.h"
#include "document/yaml.h"

namespace cluster {
namespace {

struct Run {
    std::shared_ptr<scheduler::Scheduler> scheduler;
    sim::Channel<int> ended;
    static sim::Task<void> body(std::shared_ptr<Run> self) {
        co_await self->scheduler->run();
        self->ended.push(1);
    }
    static sim::Task<void> stopped(std::shared_ptr<Run> self, ports::Process* process) {
        (void)co_await waitForEnd(*process);
        self->ended.push(0);
    }
};

class SchedulerProgram final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {4'000, 27LL << 20}; }
    sim::Task<int> run(ports::Process& process) override;
};

// --config names a KubeSchedulerConfiguration; the kubeconfig and the profile's name are read from it.
base::Status readConfiguration(ports::Process& process, const std::string& path, std::string& kubeconfig,
                               scheduler::Options& options) {
    BASE_TRY(const std::string text, readFlagFile(process, path));
    BASE_TRY(const auto data, document::readYaml(text, path));
    if (data["kind"].asString() != "KubeSchedulerConfiguration")
        return base::makeError("no kind " + base::quoteGo(data["kind"].asString()) + " is registered for version " +
                               base::quoteGo(data["apiVersion"].asString()) + " in scheme");
    if (const auto& file = data.at("clientConnection", "kubeconfig"); file.isString()) kubeconfig = file.text();
    if (const auto& name = data["profiles"][0]["schedulerName"]; name.isString()) options.schedulerName = name.text();
    if (data["leaderElection"].has("leaderElect"))
        options.leaderElection.enabled = data.at("leaderElection", "leaderElect").asBool();
    return base::okStatus();
}

sim::Task<int> SchedulerProgram::run(ports::Process& process) {
    const ports::Klog log(process);
    FlagSet flags("kube-scheduler");
    const std::vector<std::string> arguments(process.argv().begin() + 1, process.argv().end());
    if (const auto parsed = flags.parse(arguments); !parsed.ok()) {
        co_await process.writeError("Error: " + parsed.error().message + "\n");
        co_return 1;
    }
    if (!flags.operands().empty()) {
        co_await process.writeError("Error: \"kube-scheduler\" does not take any arguments, got [" +
                                    base::quoteGo(flags.operands().front()) + "]\n");
        co_return 1;
    }
    log.plain('I', "serving.go:386", "Generated self-signed cert in-memory");
    scheduler::Options options;
    options.leaderElection.enabled = !flags.given("leader-elect") || flags.flag("leader-elect");
    options.leaderElection.name = "kube-scheduler";
    options.leaderElection.identity = process.hostname() + "_" + process.kernel().random("scheduler/identity").uuid();
    options.hostName = process.hostname();
    std::string kubeconfig = flags.text("kubeconfig");
    if (flags.given("config")) {
        const auto read = readConfiguration(process, flags.text("config"), kubeconfig, options);
        if (!read.ok()) co_return commandFailed(process, read.error().message);
    }
    if (kubeconfig.empty())
        co_return commandFailed(process, "invalid configuration: no configuration has been provided, try setting "
                                         "KUBERNETES_MASTER environment variable");
    auto config = client::loadKubeconfig(process.files(), kubeconfig);
    if (!config.ok()) co_return commandFailed(process, config.error().message);
    config->userAgent = "kube-scheduler/v1.35.4";
    ports::ListenOptions listening;
    listening.http = std::make_shared<HealthServer>();
    listening.tls = selfSigned(process, "kube-scheduler");
    listening.process = "kube-scheduler";
    listening.pid = process.pid();
    const auto at = endpointOf(flags.text("bind-address"), flags.number("secure-port"));
    auto listener = process.network().listen(at, std::move(listening));
    if (!listener.ok())
        co_return commandFailed(process, "failed to create listener: failed to listen on " + at.text() + ": listen tcp " +
                                             at.text() + ": bind: " + listener.error().message);
    log.plain('I', "server.go:175", "\"Starting Kubernetes Scheduler\" version=\"v1.35.4\"");
    auto run = std::make_shared<Run>();
    ports::Process* self = &process;
    run->scheduler = std::make_shared<scheduler::Scheduler>(
        process.kernel(), process.network(), *config, std::move(options),
        [self](std::string text) { ports::Klog(*self).plain('I', "schedule_one.go:314", text); });
    sim::Scope scope(process.kernel());
    scope.spawn(Run::body(run), "scheduler");
    scope.spawn(Run::stopped(run, self), "scheduler signal");
    const auto code = co_await run->ended.pop();
    if (code.value_or(1) != 0) log.plain('E', "server.go:365", "\"Leaderelection lost\"");
    scope.cancel();
    co_return code.value_or(1);
}

} // namespace

std::shared_ptr<ports::Program> schedulerProgram() { return std::make_shared<SchedulerProgram>(); }

} // namespace cluster
