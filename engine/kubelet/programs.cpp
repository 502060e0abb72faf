#include "kubelet/programs.h"

#include "kubelet/kubelet.h"
#include "ports/klog.h"

namespace kubelet {
namespace {

class KubeletProgram final : public ports::Program {
public:
    explicit KubeletProgram(ports::RuntimeEndpoints& runtimes) : runtimes_(runtimes) {}

    ports::IdleUse idleUse() const override { return {22'000, 90LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        std::vector<std::string> arguments = process.argv();
        if (!arguments.empty()) arguments.erase(arguments.begin());
        auto config = parseCommandLine(arguments);
        if (!config.ok()) {
            const ports::Klog log(process);
            log.error("run.go:72", "command failed", {{"err", config.error().message}});
            co_return 1;
        }
        if (config->versionOnly) {
            co_await process.writeOut("Kubernetes v1.35.4\n");
            co_return 0;
        }
        if (config->helpOnly) {
            co_await process.writeOut(
                "The kubelet is the primary \"node agent\" that runs on each node. It can register the node with\n"
                "the apiserver using one of: the hostname; a flag to override the hostname; or specific logic for\n"
                "a cloud provider.\n\nUsage:\n  kubelet [flags]\n");
            co_return 0;
        }
        Kubelet kubelet(process, runtimes_, std::move(*config));
        const int code = co_await kubelet.run();
        co_return code;
    }

private:
    ports::RuntimeEndpoints& runtimes_;
};

} // namespace

std::vector<NamedProgram> programs(ports::RuntimeEndpoints& runtimes) {
    return {{"kubelet", std::make_shared<KubeletProgram>(runtimes)}};
}

} // namespace kubelet
