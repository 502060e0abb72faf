#include "tools/crictl/crictl.h"

#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"

#include <algorithm>

namespace tools::crictl {
namespace {

using document::Value;

const char* const kHelp =
    "NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options]\n\nCOMMANDS:\n"
    "   attach       Attach to a running container\n   exec         Run a command in a running container\n"
    "   images, image, img  List images\n   inspect      Display the status of one or more containers\n"
    "   inspecti     Return the status of one or more images\n   inspectp     Display the status of one or more pods\n"
    "   info         Display information of the container runtime\n   logs         Fetch the logs of a container\n"
    "   pods         List pods\n   ps           List containers\n   pull         Pull an image from a registry\n"
    "   rm           Remove one or more containers\n   rmi          Remove one or more images\n"
    "   rmp          Remove one or more pods\n   stats        List container(s) resource usage statistics\n"
    "   stop         Stop one or more running containers\n   stopp        Stop one or more running pods\n"
    "   version      Display runtime version information\n   help, h      Shows a list of commands or help for one command\n";

std::string endpointFrom(const ports::FileSystem& files) {
    auto config = document::readYaml(files.read("/etc/crictl.yaml").valueOr(""));
    return config.ok() ? (*config)["runtime-endpoint"].text() : std::string();
}

} // namespace

const char* stateName(ports::CriContainerState state) {
    switch (state) {
    case ports::CriContainerState::Created: return "Created";
    case ports::CriContainerState::Running: return "Running";
    case ports::CriContainerState::Exited: return "Exited";
    default: return "Unknown";
    }
}

sim::Task<int> Crictl::fail(std::string text) {
    const bool terminal = process_.terminal() != nullptr;
    const std::string head = terminal ? "FATA[0000] " : "time=\"" + sim::formatRfc3339(process_.kernel().unixNow() / sim::kSecond * sim::kSecond) + "\" level=fatal msg=";
    const std::string line = head + (terminal ? text : base::quoteGo(text)) + "\n";
    co_await process_.writeError(line);
    co_return 1;
}

sim::Task<int> Crictl::usage(std::string text) {
    co_await process_.writeError("Incorrect Usage: " + text + "\n\n");
    const int code = co_await fail(text);
    co_return code;
}

sim::Task<int> Crictl::run() {
    const std::vector<Flag> global{{"runtime-endpoint", 'r', true}, {"image-endpoint", 'i', true}, {"timeout", 't', true},
                                   {"config", 'c', true}, {"debug", 'D', false}, {"help", 'h', false}, {"version", 'v', false}};
    Words words(process_.argv().begin() + 1, process_.argv().end());
    // Global options end at the command.
    Words head;
    std::size_t i = 0;
    for (; i < words.size() && words[i].size() > 1 && words[i][0] == '-'; ++i) {
        head.push_back(words[i]);
        const bool takesValue = words[i].find('=') == std::string::npos &&
                                (words[i] == "-r" || words[i] == "--runtime-endpoint" || words[i] == "-i" || words[i] == "--image-endpoint" ||
                                 words[i] == "-t" || words[i] == "--timeout" || words[i] == "-c" || words[i] == "--config");
        if (takesValue && i + 1 < words.size()) head.push_back(words[++i]);
    }
    auto options = Options::parse(head, global);
    if (!options.ok()) {
        const int code = co_await usage(options.error().message);
        co_return code;
    }
    if (options->has("version")) {
        co_await process_.writeOut("crictl version v1.35.0\n");
        co_return 0;
    }
    if (i >= words.size() || options->has("help") || words[i] == "help" || words[i] == "h") {
        co_await process_.writeOut(kHelp);
        co_return 0;
    }
    const std::string configured = endpointFrom(process_.files());
    if (!configured.empty()) endpoint_ = configured;
    const auto fromEnv = process_.env().find("CONTAINER_RUNTIME_ENDPOINT");
    if (fromEnv != process_.env().end() && !fromEnv->second.empty()) endpoint_ = fromEnv->second;
    if (options->has("runtime-endpoint")) endpoint_ = options->get("runtime-endpoint");
    if (process_.uid() != 0) {
        const int code = co_await fail("validate service connection: validate CRI v1 runtime API for endpoint " + base::quoteGo(endpoint_) +
                                       ": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: "
                                       "dial unix /run/containerd/containerd.sock: connect: permission denied\"");
        co_return code;
    }
    auto runtime = runtimes_.dial(process_.host(), endpoint_);
    if (!runtime.ok()) {
        const int code = co_await fail("validate service connection: validate CRI v1 runtime API for endpoint " + base::quoteGo(endpoint_) +
                                       ": " + ports::criErrorText(runtime.error()));
        co_return code;
    }
    runtime_ = *runtime;
    Words rest(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
    const int code = co_await dispatch(words[i], rest);
    co_return code;
}

sim::Task<int> Crictl::dispatch(std::string command, Words rest) {
    int code = 0;
    if (command == "ps") code = co_await containers(rest);
    else if (command == "pods") code = co_await sandboxes(rest);
    else if (command == "images" || command == "image" || command == "img") code = co_await images(rest);
    else if (command == "inspect") code = co_await inspectContainers(rest);
    else if (command == "inspectp") code = co_await inspectSandboxes(rest);
    else if (command == "inspecti") code = co_await inspectImages(rest);
    else if (command == "logs") code = co_await logs(rest);
    else if (command == "exec") code = co_await exec(rest);
    else if (command == "stop") code = co_await stop(rest, false);
    else if (command == "stopp") code = co_await stop(rest, true);
    else if (command == "rm") code = co_await remove(rest, false);
    else if (command == "rmp") code = co_await remove(rest, true);
    else if (command == "rmi") code = co_await removeImages(rest);
    else if (command == "pull") code = co_await pull(rest);
    else if (command == "stats") code = co_await stats(rest);
    else if (command == "info") code = co_await info();
    else if (command == "version") code = co_await versionInfo();
    else if (command == "attach" || command == "create" || command == "run" || command == "runp" || command == "start" ||
             command == "port-forward" || command == "update" || command == "events" || command == "metricsp" || command == "statsp")
        code = co_await fail("crictl " + command + " is not modelled here");
    else code = co_await fail("command \"" + command + "\" not found");
    co_return code;
}

sim::Task<base::Result<std::string>> Crictl::containerId(std::string prefix) {
    const ports::CriFilter filter;
    auto listed = co_await runtime_->listContainers(filter);
    if (!listed.ok()) co_return std::move(listed).error();
    for (const ports::CriContainer& item : *listed)
        if (item.id.rfind(prefix, 0) == 0) co_return item.id;
    co_return base::makeError("container with ID starting with " + prefix + " not found: ID does not exist");
}

sim::Task<base::Result<std::string>> Crictl::sandboxId(std::string prefix) {
    const ports::CriFilter filter;
    auto listed = co_await runtime_->listSandboxes(filter);
    if (!listed.ok()) co_return std::move(listed).error();
    for (const ports::CriSandbox& item : *listed)
        if (item.id.rfind(prefix, 0) == 0) co_return item.id;
    co_return base::makeError("sandbox with ID starting with " + prefix + " not found: ID does not exist");
}

sim::Task<int> Crictl::printJson(Value value, std::string format) {
    if (format == "yaml") co_await process_.writeOut(document::writeYaml(value));
    else co_await process_.writeOut(document::writeJsonIndented(value, "  ") + "\n");
    co_return 0;
}

sim::Task<int> Crictl::info() {
    auto status = co_await runtime_->status();
    if (!status.ok()) {
        const int code = co_await fail("getting status of runtime: " + ports::criErrorText(status.error()));
        co_return code;
    }
    const Value ready = Value::object({{"message", status->runtimeMessage}, {"reason", status->runtimeReason},
                                       {"status", status->runtimeReady}, {"type", "RuntimeReady"}});
    const Value network = Value::object({{"message", status->networkMessage}, {"reason", status->networkReason},
                                         {"status", status->networkReady}, {"type", "NetworkReady"}});
    const Value conditions = Value::array({ready, network});
    const Value config = Value::object({{"containerdEndpoint", "/run/containerd/containerd.sock"},
                                        {"containerdRootDir", "/var/lib/containerd"},
                                        {"cni", Value::object({{"binDir", "/opt/cni/bin"}, {"confDir", "/etc/cni/net.d"}})},
                                        {"sandboxImage", "registry.k8s.io/pause:3.10.1"}});
    const Value out = Value::object({{"config", config}, {"status", Value::object({{"conditions", conditions}})}});
    const int code = co_await printJson(out, "json");
    co_return code;
}

sim::Task<int> Crictl::versionInfo() {
    auto version = co_await runtime_->version();
    if (!version.ok()) {
        const int code = co_await fail("getting the runtime version: " + ports::criErrorText(version.error()));
        co_return code;
    }
    co_await process_.writeOut("Version:  0.1.0\nRuntimeName:  " + version->name + "\nRuntimeVersion:  " + version->version +
                               "\nRuntimeApiVersion:  " + version->apiVersion + "\n");
    co_return 0;
}

sim::Task<int> Crictl::stats(Words words) {
    const std::vector<Flag> flags{{"all", 'a', false}, {"id", 0, true}, {"pod", 'p', true}, {"output", 'o', true}, {"seconds", 's', true}};
    auto options = Options::parse(words, flags);
    if (!options.ok()) {
        const int code = co_await usage(options.error().message);
        co_return code;
    }
    const ports::CriFilter filter;
    auto listed = co_await runtime_->listStats(filter);
    if (!listed.ok()) {
        const int code = co_await fail("get container stats: " + ports::criErrorText(listed.error()));
        co_return code;
    }
    std::vector<Words> rows;
    rows.push_back(base::split("CONTAINER|NAME|CPU %|MEM|DISK|INODES", '|'));
    for (const ports::CriStats& item : *listed) {
        const double percent = static_cast<double>(item.cpuNanoCores) / 1e9 * 100;
        std::string cpu = std::to_string(percent);
        cpu = cpu.substr(0, cpu.find('.') + 3);
        rows.push_back({item.containerId.substr(0, 13), item.name, cpu, humanSize(static_cast<double>(item.memoryWorkingSet)),
                        humanSize(static_cast<double>(item.rootfsUsed)), "12"});
    }
    co_await process_.writeOut(table(rows, 20, 3));
    co_return 0;
}

} // namespace tools::crictl
