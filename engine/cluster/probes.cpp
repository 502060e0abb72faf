// Questions about the network for checks and the window.
#include "base/strings.h"
#include "cluster/state.h"
#include "network/dns/resolver.h"

#include <cerrno>

namespace cluster {
namespace {

using document::Value;

struct Origin {
    network::Namespace* space = nullptr;
    const ports::FileSystem* files = nullptr;
};

std::string resultName(const base::Error& error) {
    switch (error.code) {
    case ECONNREFUSED: return "refused";
    case ETIMEDOUT: return "timeout";
    case EHOSTUNREACH:
    case ENETUNREACH: return "unreachable";
    case EPERM: return "rejected";
    default: return error.message;
    }
}

} // namespace

struct Prober {
    static Origin originOf(Cluster::State& state, const Cluster& cluster, std::string_view from) {
        const auto parts = base::split(from, '/');
        if (parts.size() == 2 && parts[0] == "node") {
            if (Node* node = state.find(parts[1])) return {&node->space(), node->machine().files().get()};
        } else if (parts.size() == 3 && parts[0] == "pod") {
            const Value pod = cluster.object("", "pods", parts[1], parts[2]);
            Node* node = state.find(pod.at("spec", "nodeName").text());
            if (node == nullptr) return {};
            const std::string uid = pod.at("metadata", "uid").text();
            if (pod.at("spec", "hostNetwork").asBool()) return {&node->space(), node->machine().files().get()};
            const auto address = base::IpAddress::parse(pod.at("status", "podIP").asString());
            if (!address) return {};
            for (const auto& space : state.fabric.namespaces()) {
                if (space.get() == &node->space() || !space->isLocal(*address)) continue;
                return {space.get(), filesIn(*node, *space)};
            }
        } else if (from == "outside") {
            return {&state.fabric.outside(), nullptr};
        }
        return {};
    }
    // The tree of a process in the namespace that is not only the pause container.
    static const ports::FileSystem* filesIn(Node& node, const network::Namespace& space) {
        const ports::FileSystem* found = nullptr;
        for (const auto& process : node.machine().processes().all()) {
            if (process->spec().network != &space) continue;
            if (found == nullptr || process->files().exists("/etc/resolv.conf")) found = &process->files();
        }
        return found;
    }

    struct Job {
        std::string host, path;
        std::uint16_t port = 0;
        sim::Duration timeout = 0;
        Value result;
        bool done = false;
    };
    static sim::Task<Value> connect(sim::Kernel& kernel, Origin origin, std::shared_ptr<Job> job) {
        auto address = base::IpAddress::parse(job->host);
        if (!address) {
            if (origin.files == nullptr) co_return Value::object({{"result", "no such host"}});
            const auto found = co_await network::dns::resolve(kernel, *origin.files, *origin.space, job->host);
            if (!found.ok() || found->empty()) co_return Value::object({{"result", "no such host"}});
            address = found->front();
        }
        ports::ConnectOptions options;
        options.timeout = job->timeout;
        const base::Endpoint server{*address, job->port};
        const auto connection = co_await origin.space->connect(server, options);
        if (!connection.ok()) co_return Value::object({{"result", resultName(connection.error())}});
        if (job->path.empty()) {
            (*connection)->close();
            co_return Value::object({{"result", "connected"}});
        }
        ports::Request request;
        request.path = job->path;
        request.headers.set("Host", job->host);
        const auto response = co_await (*connection)->roundTrip(std::move(request));
        (*connection)->close();
        if (!response.ok()) co_return Value::object({{"result", response.error().message}});
        co_return Value::object({{"result", "connected"}, {"status", response->status}, {"body", response->body}});
    }
    static sim::Task<void> run(sim::Kernel& kernel, Origin origin, std::shared_ptr<Job> job) {
        auto task = connect(kernel, origin, job);
        auto answer = co_await sim::withDeadline(kernel, std::move(task), kernel.now() + job->timeout);
        job->result = answer ? *answer : Value::object({{"result", "timeout"}});
        job->done = true;
    }
};

Value Cluster::walk(std::string_view from, base::Endpoint to, std::string_view protocol) {
    const Origin origin = Prober::originOf(*state_, *this, from);
    if (origin.space == nullptr) return Value::object({{"result", "no such place: " + std::string(from)}});
    return state_->fabric.walk(*origin.space, to, protocol);
}

Value Cluster::probe(std::string_view from, std::string host, std::uint16_t port, std::string httpPath,
                     sim::Duration timeout) {
    state_->record("probe", std::string(from), host + "\n" + std::to_string(port) + "\n" + std::to_string(timeout) + "\n" + httpPath);
    const Origin origin = Prober::originOf(*state_, *this, from);
    if (origin.space == nullptr) return Value::object({{"result", "no such place: " + std::string(from)}});
    auto job = std::make_shared<Prober::Job>();
    job->host = std::move(host);
    job->path = std::move(httpPath);
    job->port = port;
    job->timeout = timeout;
    sim::Scope scope(state_->kernel);
    scope.spawn(Prober::run(state_->kernel, origin, job), "probe");
    state_->kernel.runWhile([job] { return !job->done; }, state_->kernel.now() + timeout + sim::kSecond);
    return job->result.isNull() ? Value::object({{"result", "timeout"}}) : job->result;
}

} // namespace cluster
