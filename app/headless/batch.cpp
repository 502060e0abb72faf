// timonel batch: one JSON document per line each way; see for the protocol.

#include "base/strings.h"
#include "cluster/facade.h"
#include "commands.h"
#include "document/json.h"

#include <cstdio>
#include <iostream>

namespace app {
namespace {

using document::Value;

constexpr const char* kShell = "batch";
constexpr const char* kFolder = "/tmp/lab/session";

// "/apis/apps/v1/namespaces/x/deployments" -> group, version, namespace, plural.
struct ApiPath {
    std::string group, version, ns, plural;
};
ApiPath parsePath(const std::string& path) {
    ApiPath out;
    auto parts = base::split(path.substr(0, path.find('?')), '/');
    std::erase(parts, std::string());
    std::size_t at = 0;
    if (parts.empty()) return out;
    if (parts[at++] == "apis" && at < parts.size()) out.group = parts[at++];
    if (at < parts.size()) out.version = parts[at++];
    if (at + 2 < parts.size() && parts[at] == "namespaces") {
        out.ns = parts[at + 1];
        at += 2;
    }
    if (at < parts.size()) out.plural = parts[at];
    return out;
}

class Batch {
public:
    Batch(cluster::Cluster& cluster, std::string host)
        : cluster_(cluster), host_(std::move(host)), start_(cluster.kernel().now()), revision_(cluster.revision()) {
        const std::string folder = kFolder;
        (void)cluster.writeFile(host_, folder + "/.kubeconfig", cluster.adminKubeconfig());
        run("cd " + folder + "; export HOME=" + folder + " KUBECONFIG=" + folder +
            "/.kubeconfig TERM=xterm COLUMNS=160 LANG=C.UTF-8 EDITOR=vi");
        start_ = cluster.kernel().now();
        revision_ = cluster.revision();
    }

    Value answer(const Value& question) {
        if (question["run"].isString()) {
            const auto result = run(question["run"].text());
            return Value::object({{"stdout", hide(result.output)}, {"stderr", hide(result.error)},
                                  {"exit", result.exitCode}, {"at", at()}});
        }
        if (question["write"].isObject()) {
            std::string path = question.at("write", "path").text();
            if (!path.starts_with('/')) path = std::string(kFolder) + "/" + path;
            const auto written = cluster_.writeFile(host_, path, question.at("write", "text").text());
            if (!written.ok())
                return Value::object({{"exit", 1}, {"at", at()}, {"error", written.error().message}});
            return Value::object({{"exit", 0}, {"at", at()}});
        }
        if (question["sleep"].isNumber()) {
            cluster_.kernel().runUntil(cluster_.kernel().now() + sim::fromSeconds(question["sleep"].asDouble()));
            return Value::object({{"exit", 0}, {"at", at()}});
        }
        if (question["history"].isObject()) return history(question.at("history", "path").text());
        return Value::object({{"exit", 2}, {"at", at()}, {"error", "expected run, write, sleep or history"}});
    }

private:
    cluster::CommandResult run(std::string command) {
        // Between two commands a person types; a moment passes.
        cluster_.kernel().runUntil(cluster_.kernel().now() + 50 * sim::kMillisecond);
        return cluster_.run(kShell, host_, std::move(command));
    }
    double at() const { return sim::toSeconds(cluster_.kernel().now() - start_); }
    static std::string hide(const std::string& text) { return base::replaceAll(text, kFolder, "~"); }

    Value history(const std::string& path) const {
        const ApiPath wanted = parsePath(path);
        document::ArrayBuilder events;
        for (const auto& change : cluster_.changes(revision_, SIZE_MAX)) {
            if (change.group != wanted.group || change.plural != wanted.plural) continue;
            if (!wanted.ns.empty() && change.object.at("metadata", "namespace").asString() != wanted.ns) continue;
            events.push(Value::object({{"t", sim::toSeconds(change.at - start_)}, {"type", change.type}, {"object", change.object}}));
        }
        return Value::object({{"events", std::move(events).build()}, {"at", at()}});
    }

    cluster::Cluster& cluster_;
    std::string host_;
    sim::Time start_;
    std::uint64_t revision_;
};

} // namespace

int runBatch(const CommonOptions& options) {
    const auto blueprint = loadBlueprint(options.blueprint);
    if (!blueprint.ok()) {
        std::fprintf(stderr, "timonel: %s\n", blueprint.error().message.c_str());
        return 2;
    }
    auto cluster = cluster::Cluster::create(*blueprint, options.seed);
    if (!cluster.ok()) {
        std::fprintf(stderr, "timonel: %s\n", cluster.error().message.c_str());
        return 2;
    }
    if (const auto booted = (*cluster)->boot(); !booted.ok())
        std::fprintf(stderr, "timonel: %s\n", booted.error().message.c_str());
    Batch batch(**cluster, (*cluster)->hosts().front());
    document::ReadLimits limits;
    limits.maxBytes = 64 * 1024 * 1024;
    std::string line;
    while (std::getline(std::cin, line)) {
        if (base::trim(line).empty()) continue;
        const auto question = document::readJson(line, {}, limits);
        const Value answer = question.ok() ? batch.answer(*question)
                                           : Value::object({{"exit", 2}, {"error", question.error().message}});
        const std::string text = document::writeJson(answer) + "\n";
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
    }
    return 0;
}

} // namespace app
