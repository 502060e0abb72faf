#include "tools/crictl/programs.h"

#include "base/strings.h"
#include "tools/crictl/crictl.h"

namespace tools::crictl {
namespace {

class CrictlProgram final : public ports::Program {
public:
    explicit CrictlProgram(ports::RuntimeEndpoints& runtimes) : runtimes_(runtimes) {}
    sim::Task<int> run(ports::Process& process) override {
        Crictl tool(process, runtimes_);
        const int code = co_await tool.run();
        co_return code;
    }

private:
    ports::RuntimeEndpoints& runtimes_;
};

// The lists of containerd's own client in the k8s.io namespace.
class CtrProgram final : public ports::Program {
public:
    explicit CtrProgram(ports::RuntimeEndpoints& runtimes) : runtimes_(runtimes) {}

    sim::Task<int> run(ports::Process& process) override {
        std::vector<std::string> words(process.argv().begin() + 1, process.argv().end());
        std::string ns = "default";
        std::vector<std::string> rest;
        for (std::size_t i = 0; i < words.size(); ++i) {
            if ((words[i] == "-n" || words[i] == "--namespace") && i + 1 < words.size()) ns = words[++i];
            else if (words[i].rfind("--namespace=", 0) == 0) ns = words[i].substr(12);
            else rest.push_back(words[i]);
        }
        const std::string what = rest.empty() ? "" : rest[0], verb = rest.size() > 1 ? rest[1] : "";
        if (what == "version" || what == "--version" || what == "-v") {
            co_await process.writeOut("ctr github.com/containerd/containerd 1.6.20~ds1\n");
            co_return 0;
        }
        auto runtime = runtimes_.dial(process.host(), "/run/containerd/containerd.sock");
        if (!runtime.ok()) {
            co_await sim::sleepFor(process.kernel(), 10 * sim::kSecond);
            co_await process.writeError("ctr: failed to dial \"/run/containerd/containerd.sock\": context deadline exceeded: connection "
                                        "error: desc = \"transport: error while dialing: dial unix:///run/containerd/containerd.sock: timeout\"\n");
            co_return 1;
        }
        const bool list = verb == "ls" || verb == "list";
        const bool kubernetes = ns == "k8s.io";
        if ((what == "ns" || what == "namespaces" || what == "namespace") && list) {
            co_await process.writeOut("NAME   LABELS \nk8s.io        \n");
            co_return 0;
        }
        const ports::CriFilter everything;
        if ((what == "c" || what == "containers" || what == "container") && list) {
            std::vector<std::vector<std::string>> rows;
            rows.push_back(base::split("CONTAINER|IMAGE|RUNTIME|", '|'));
            auto listed = co_await (*runtime)->listContainers(everything);
            auto sandboxes = co_await (*runtime)->listSandboxes(everything);
            if (kubernetes && listed.ok())
                for (const ports::CriContainer& item : *listed) rows.push_back({item.id, item.image, "io.containerd.runc.v2", ""});
            if (kubernetes && sandboxes.ok())
                for (const ports::CriSandbox& item : *sandboxes)
                    rows.push_back({item.id, "registry.k8s.io/pause:3.10.1", "io.containerd.runc.v2", ""});
            co_await process.writeOut(table(rows, 0, 4));
            co_return 0;
        }
        if ((what == "t" || what == "tasks" || what == "task") && list) {
            std::vector<std::vector<std::string>> rows;
            rows.push_back(base::split("TASK|PID|STATUS|", '|'));
            auto listed = co_await (*runtime)->listContainers(everything);
            if (kubernetes && listed.ok())
                for (const ports::CriContainer& item : *listed)
                    if (item.state == ports::CriContainerState::Running) rows.push_back({item.id, std::to_string(item.pid), "RUNNING", ""});
            co_await process.writeOut(table(rows, 0, 4));
            co_return 0;
        }
        if ((what == "i" || what == "images" || what == "image") && list) {
            std::vector<std::vector<std::string>> rows;
            rows.push_back(base::split("REF|TYPE|DIGEST|SIZE|PLATFORMS|LABELS|", '|'));
            auto listed = co_await (*runtime)->listImages();
            if (kubernetes && listed.ok())
                for (const ports::CriImage& item : *listed)
                    for (const std::string& tag : item.tags)
                        rows.push_back({tag, "application/vnd.docker.distribution.manifest.v2+json", item.id, humanSize(static_cast<double>(item.size)),
                                        "linux/amd64", "io.cri-containerd.image=managed", ""});
            co_await process.writeOut(table(rows, 0, 1));
            co_return 0;
        }
        co_await process.writeError("ctr: this command is not modelled here; ns, c, t and i have ls\n");
        co_return 1;
    }

private:
    ports::RuntimeEndpoints& runtimes_;
};

} // namespace

std::vector<NamedProgram> programs(ports::RuntimeEndpoints& runtimes) {
    return {{"crictl", std::make_shared<CrictlProgram>(runtimes)}, {"ctr", std::make_shared<CtrProgram>(runtimes)}};
}

} // namespace tools::crictl
