#pragma once
// One run of crictl. Source: kubernetes-sigs/cri-tools cmd/crictl.

#include "document/value.h"
#include "ports/cri.h"
#include "ports/program.h"
#include "tools/crictl/options.h"

#include <memory>
#include <string>
#include <vector>

namespace tools::crictl {

class Crictl {
public:
    Crictl(ports::Process& process, ports::RuntimeEndpoints& runtimes) : process_(process), runtimes_(runtimes) {}
    sim::Task<int> run();

private:
    using Runtime = std::shared_ptr<ports::ContainerRuntime>;
    using Words = std::vector<std::string>;

    sim::Task<int> fail(std::string text); // FATA[0000] ...
    sim::Task<int> usage(std::string text);
    sim::Task<int> dispatch(std::string command, Words rest);
    sim::Task<int> containers(Words words);
    sim::Task<int> sandboxes(Words words);
    sim::Task<int> images(Words words);
    sim::Task<int> inspectContainers(Words words);
    sim::Task<int> inspectSandboxes(Words words);
    sim::Task<int> inspectImages(Words words);
    sim::Task<int> logs(Words words);
    sim::Task<int> exec(Words words);
    sim::Task<int> stop(Words words, bool sandbox);
    sim::Task<int> remove(Words words, bool sandbox);
    sim::Task<int> removeImages(Words words);
    sim::Task<int> pull(Words words);
    sim::Task<int> stats(Words words);
    sim::Task<int> info();
    sim::Task<int> versionInfo();
    // The whole id of a container or sandbox from its beginning.
    sim::Task<base::Result<std::string>> containerId(std::string prefix);
    sim::Task<base::Result<std::string>> sandboxId(std::string prefix);
    sim::Task<int> printJson(document::Value value, std::string format);

    ports::Process& process_;
    ports::RuntimeEndpoints& runtimes_;
    Runtime runtime_;
    std::string endpoint_ = "unix:///run/containerd/containerd.sock";
};

document::Value containerValue(const ports::CriContainer& item);
document::Value sandboxValue(const ports::CriSandbox& item);
document::Value imageValue(const ports::CriImage& item);
const char* stateName(ports::CriContainerState state);

} // namespace tools::crictl
