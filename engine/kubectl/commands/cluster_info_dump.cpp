// Source: k8s.io/kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go.
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/printer.h"

namespace kubectl {

using document::Value;

namespace {

struct DumpedKind {
    const char* group; // "api/v1"
    const char* plural;
    const char* kind;
    const char* file;
};
constexpr DumpedKind kKinds[] = {
    {"api/v1", "events", "EventList", "events"},
    {"api/v1", "replicationcontrollers", "ReplicationControllerList", "replication-controllers"},
    {"api/v1", "services", "ServiceList", "services"},
    {"apis/apps/v1", "daemonsets", "DaemonSetList", "daemonsets"},
    {"apis/apps/v1", "deployments", "DeploymentList", "deployments"},
    {"apis/apps/v1", "replicasets", "ReplicaSetList", "replicasets"},
    {"api/v1", "pods", "PodList", "pods"},
};

class Dump {
public:
    explicit Dump(Session& session) : s_(session), folder_(session.flags.text("output-directory")) {}

    sim::Task<Outcome> run() {
        PrinterOptions options;
        options.typed = true;
        options.output = s_.flags.text("output").empty() ? "json" : s_.flags.text("output");
        extension_ = options.output == "json" ? ".json" : options.output == "yaml" ? ".yaml" : ".txt";
        auto printer = makePrinter(s_, options);
        if (!printer.ok()) co_return printer.error();
        printer_ = std::move(printer).value();
        auto nodes = co_await s_.get("/api/v1/nodes");
        if (!nodes.ok()) co_return nodes.error();
        BASE_CO_CHECK(show(nodes.value(), "nodes"));
        auto namespaces = co_await chosenNamespaces();
        if (!namespaces.ok()) co_return namespaces.error();
        for (const std::string& ns : namespaces.value()) BASE_CO_CHECK(co_await dumpNamespace(ns));
        if (!folder_.empty() && folder_ != "-") s_.out("Cluster info dumped to " + folder_ + "\n");
        co_return 0;
    }

private:
    sim::Task<base::Result<std::vector<std::string>>> chosenNamespaces() {
        std::vector<std::string> out;
        if (s_.flags.on("all-namespaces")) {
            auto list = co_await s_.get("/api/v1/namespaces");
            if (!list.ok()) co_return list.error();
            for (const Value& item : list.value()["items"].items()) out.push_back(item.at("metadata", "name").text());
            co_return out;
        }
        out = s_.flags.list("namespaces");
        if (!out.empty()) co_return out;
        auto ns = s_.ns();
        if (!ns.ok()) co_return ns.error();
        out = {"kube-system", ns.value()};
        co_return out;
    }

    base::Status write(const std::string& file, const std::string& text) {
        if (folder_.empty() || folder_ == "-") {
            s_.out(text);
            return base::okStatus();
        }
        const std::string full = s_.process.resolve(folder_ + "/" + file);
        BASE_CHECK(s_.process.files().makeDirectories(full.substr(0, full.rfind('/')), 0755));
        return s_.process.files().write(full, text, 0644);
    }
    base::Status show(const Value& list, const std::string& file) {
        BASE_TRY(const std::string text, printer_->print(list));
        return write(file + extension_, text);
    }

    sim::Task<base::Status> dumpNamespace(std::string ns) {
        Value pods;
        for (const DumpedKind& kind : kKinds) {
            const std::string path = std::string("/") + kind.group + "/namespaces/" + ns + "/" + kind.plural;
            auto list = co_await s_.get(path);
            if (!list.ok()) co_return list.error();
            BASE_CO_CHECK(show(list.value(), ns + "/" + kind.file));
            pods = list.value();
        }
        for (const Value& pod : pods["items"].items()) {
            std::string text;
            const std::string name = pod.at("metadata", "name").text();
            for (const char* list : {"initContainers", "containers"})
                for (const Value& container : pod["spec"][list].items()) {
                    const std::string label = "container " + container["name"].text() + " of pod " + ns + "/" + name + " ====\n";
                    std::string log = co_await logOf(ns, name, container["name"].text());
                    text += "==== START logs for " + label + log + "==== END logs for " + label;
                }
            BASE_CO_CHECK(write(ns + "/" + name + "/logs.txt", text));
            co_await s_.flush();
        }
        co_return base::okStatus();
    }
    sim::Task<std::string> logOf(std::string ns, std::string pod, std::string container) {
        ports::Request request;
        request.path = "/api/v1/namespaces/" + ns + "/pods/" + pod + "/log";
        request.query.set("container", container);
        auto answer = co_await s_.send(std::move(request));
        if (!answer.ok()) co_return "Request log error: " + errorText(answer.error()) + "\n";
        if (answer.value().status > 299)
            co_return "Request log error: " + errorText(client::errorFromResponse(answer.value())) + "\n";
        co_return answer.value().body;
    }

    Session& s_;
    std::string folder_, extension_;
    PrinterPtr printer_;
};

} // namespace

sim::Task<Outcome> runClusterInfoDump(Session& session) {
    Dump dump(session);
    co_return co_await dump.run();
}

} // namespace kubectl
