// cordon, uncordon, drain. Source: k8s.io/kubectl pkg/cmd/drain, pkg/drain.
#include "api/label_selector.h"
#include "base/strings.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "sim/task.h"

#include <algorithm>
#include <utility>

namespace kubectl {

using document::Value;

namespace {

std::string podKey(const Value& pod) {
    return pod.at("metadata", "namespace").text() + "/" + pod.at("metadata", "name").text();
}

sim::Task<base::Result<std::vector<Info>>> findNodes(Session& session) {
    const bool selecting = !session.flags.text("selector").empty();
    if (session.args.empty() && !selecting)
        co_return session.usage("USAGE: " + session.command().name + " " + session.command().usage + " [flags]");
    if (!session.args.empty() && selecting) co_return session.usage("error: cannot specify both a node name and a --selector option");
    if (session.flags.known("pod-selector"))
        if (auto pods = api::LabelSelector::parse(session.flags.text("pod-selector")); !pods.ok())
            co_return base::makeError("--pod-selector=<pod_selector> must be a valid label selector");
    BuildOptions options = buildOptions(session);
    options.flatten = true;
    options.impliedTypes = {"nodes"};
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    std::vector<Info> nodes;
    for (const Found& item : built.value().items) {
        if (!item.info) co_return item.error;
        if (item.info->mapping.kind != "Node")
            co_return base::makeError("error: expected resource of type node, got " + base::quoteGo(resourceText(item.info->mapping)));
        nodes.push_back(*item.info);
    }
    co_return nodes;
}

sim::Task<base::Status> cordon(Session& session, Info node, bool desired, DryRun mode) {
    const bool already = node.object.at("spec", "unschedulable").asBool() == desired;
    const std::string done = desired ? "cordoned" : "uncordoned";
    const std::string title = "node/" + node.name;
    if (already) {
        session.out(title + " already " + done + dryRunSuffix(mode) + "\n");
        co_return base::okStatus();
    }
    if (mode != DryRun::Client) {
        document::ObjectBuilder spec, patch;
        spec.set("unschedulable", desired ? Value(true) : Value());
        patch.set("spec", std::move(spec).build());
        Value body = std::move(patch).build();
        auto answer = co_await patchObject(session, node, body, kStrategicPatch, mode);
        if (!answer.ok()) {
            session.err("error: unable to " + std::string(desired ? "cordon" : "uncordon") + " node \"" + node.name + "\": " + errorText(answer.error()) + "\n");
            co_return answer.error();
        }
    }
    session.out(title + " " + done + dryRunSuffix(mode) + "\n");
    co_return base::okStatus();
}

struct PodPlan {
    std::vector<Value> pods;
    std::string warnings, errors;
};

// The reasons of each verdict with the pods they hold for, in the order in which they came up.
class Reasons {
public:
    void add(const std::string& reason, std::string pod) {
        for (auto& [known, pods] : items_) {
            if (known != reason) continue;
            pods.push_back(std::move(pod));
            return;
        }
        items_.push_back({reason, {std::move(pod)}});
    }
    std::vector<std::string> lines() const {
        std::vector<std::string> out;
        for (const auto& [reason, pods] : items_) out.push_back(reason + ": " + base::join(pods, ", "));
        return out;
    }

private:
    std::vector<std::pair<std::string, std::vector<std::string>>> items_;
};

class Drainer {
public:
    Drainer(Session& session, DryRun mode) : session_(session), flags_(session.flags), mode_(mode) {}

    // Error: a list of causes, one line each.
    sim::Task<base::Result<PodPlan>> plan(std::string node) {
        ports::Query query;
        query.set("fieldSelector", "spec.nodeName=" + node);
        if (const std::string selector = flags_.text("pod-selector"); !selector.empty()) query.set("labelSelector", selector);
        auto list = co_await session_.get("/api/v1/pods", query);
        if (!list.ok()) co_return list.error();
        PodPlan out;
        Reasons warned, refused;
        for (const Value& pod : list.value()["items"].items()) {
            bool keep = true;
            std::string warning, error;
            co_await judgePod(pod, keep, warning, error);
            if (!warning.empty()) warned.add(warning, podKey(pod));
            if (!error.empty()) {
                refused.add(error, podKey(pod));
                continue;
            }
            if (keep) out.pods.push_back(pod);
        }
        std::vector<base::Error> errors;
        for (const std::string& line : refused.lines()) errors.push_back(base::makeError(line));
        if (!errors.empty()) co_return aggregate(std::move(errors));
        out.warnings = base::join(warned.lines(), "; ");
        co_return out;
    }

    sim::Task<base::Status> run(PodPlan plan, std::string node) {
        (void)node;
        const bool evict = !flags_.on("disable-eviction");
        if (mode_ == DryRun::Client) {
            for (const Value& pod : plan.pods)
                session_.out("evicting pod " + podKey(pod) + " (dry run)\n");
            co_return base::okStatus();
        }
        const sim::Duration timeout = flags_.duration("timeout");
        const sim::Time deadline = timeout == 0 ? sim::kForever : session_.kernel().now() + timeout;
        co_return co_await removeAll(std::move(plan.pods), evict, deadline, timeout);
    }

private:
    sim::Task<void> judgePod(const Value& pod, bool& keep, std::string& warning, std::string& error) {
        const std::string phase = pod.at("status", "phase").text();
        const bool finished = phase == "Succeeded" || phase == "Failed";
        const Value* controller = nullptr;
        for (const Value& owner : pod.at("metadata", "ownerReferences").items())
            if (owner["controller"].asBool()) controller = &owner;
        if (pod.at("metadata", "annotations")["kubernetes.io/config.mirror"].isString()) {
            keep = false;
            co_return;
        }
        if (controller != nullptr && (*controller)["kind"].asString() == "DaemonSet" && !finished) {
            const std::string path = "/apis/apps/v1/namespaces/" + pod.at("metadata", "namespace").text() + "/daemonsets/" + (*controller)["name"].text();
            auto set = co_await session_.get(path);
            if (!set.ok()) {
                if (!(set.error().code == 404 && flags_.on("force"))) {
                    error = errorText(set.error());
                } else {
                    warning = errorText(set.error());
                }
                co_return;
            }
            keep = false;
            if (!flags_.on("ignore-daemonsets")) error = "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
            else warning = "ignoring DaemonSet-managed Pods";
            co_return;
        }
        if (finished) co_return;
        bool local = false;
        for (const Value& volume : pod.at("spec", "volumes").items()) local = local || !volume["emptyDir"].isNull();
        if (local && !flags_.on("delete-emptydir-data") && !flags_.on("delete-local-data")) {
            error = "cannot delete Pods with local storage (use --delete-emptydir-data to override)";
            co_return;
        }
        if (controller == nullptr) {
            if (!flags_.on("force")) error = "cannot delete cannot delete Pods that declare no controller (use --force to override)";
            else warning = "deleting Pods that declare no controller";
            co_return;
        }
        if (local) warning = "";
        co_return;
    }

    sim::Task<base::Result<bool>> removeOne(Value pod, bool evict) {
        const std::string ns = pod.at("metadata", "namespace").text(), name = pod.at("metadata", "name").text();
        const std::string path = "/api/v1/namespaces/" + ns + "/pods/" + name;
        document::ObjectBuilder options;
        if (const std::int64_t grace = flags_.number("grace-period"); grace >= 0) options.set("gracePeriodSeconds", grace);
        if (mode_ == DryRun::Server) options.set("dryRun", Value::array({"All"}));
        Value deleteOptions = std::move(options).build();
        CallOptions call;
        std::string method = "DELETE", target = path;
        if (evict) {
            document::ObjectBuilder metadata, body;
            metadata.set("name", name).set("namespace", ns);
            body.set("kind", "Eviction").set("apiVersion", "policy/v1").set("metadata", std::move(metadata).build());
            body.set("deleteOptions", deleteOptions);
            call.body = std::move(body).build();
            method = "POST";
            target = path + "/eviction";
        } else {
            call.body = deleteOptions;
        }
        auto answer = co_await session_.call(method, target, std::move(call));
        if (answer.ok()) co_return true;
        const base::Error& error = answer.error();
        if (error.code == 404) co_return true;
        if (evict && error.code == 429) {
            session_.err("error when evicting pods/\"" + name + "\" -n \"" + ns + "\" (will retry after 5s): " + errorText(error) + "\n");
            co_return false;
        }
        const std::string verb = evict ? "evicting" : "deleting";
        co_return base::makeError("error when " + verb + " pods/\"" + name + "\" -n \"" + ns + "\": " + errorText(error));
    }

    sim::Task<base::Status> removeAll(std::vector<Value> pods, bool evict, sim::Time deadline, sim::Duration timeout) {
        std::vector<Value> waiting, refused = pods;
        std::vector<base::Error> errors;
        sim::Time retryAt = session_.kernel().now();
        while (!refused.empty() || !waiting.empty()) {
            if (!refused.empty() && session_.kernel().now() >= retryAt) {
                std::vector<Value> again;
                for (const Value& pod : refused) {
                    if (evict) session_.out("evicting pod " + podKey(pod) + (mode_ == DryRun::Server ? " (server dry run)" : "") + "\n");
                }
                for (const Value& pod : refused) {
                    auto gone = co_await removeOne(pod, evict);
                    if (!gone.ok()) errors.push_back(gone.error());
                    else if (!gone.value()) again.push_back(pod);
                    else if (mode_ != DryRun::Server) waiting.push_back(pod);
                }
                refused = std::move(again);
                retryAt = session_.kernel().now() + 5 * sim::kSecond;
                co_await session_.flush();
            }
            std::vector<Value> still;
            for (const Value& pod : waiting) {
                const std::string path = "/api/v1/namespaces/" + pod.at("metadata", "namespace").text() + "/pods/" + pod.at("metadata", "name").text();
                auto answer = co_await session_.get(path);
                const bool gone = answer.ok() ? !(answer.value().at("metadata", "uid") == pod.at("metadata", "uid")) : answer.error().code == 404;
                if (!gone) {
                    still.push_back(pod);
                    continue;
                }
                session_.out("pod/" + pod.at("metadata", "name").text() + (evict ? " evicted" : " deleted") + "\n");
            }
            waiting = std::move(still);
            co_await session_.flush();
            if (refused.empty() && waiting.empty()) break;
            if (session_.kernel().now() >= deadline) {
                const std::string seconds = sim::formatGoDuration(timeout);
                for (const Value& pod : refused)
                    errors.push_back(base::makeError("error when evicting pods/\"" + pod.at("metadata", "name").text() + "\" -n \"" +
                                                     pod.at("metadata", "namespace").text() + "\": global timeout reached: " + seconds));
                for (const Value& pod : waiting)
                    errors.push_back(base::makeError("error when waiting for pod \"" + pod.at("metadata", "name").text() + "\" in namespace \"" +
                                                     pod.at("metadata", "namespace").text() + "\" to terminate: global timeout reached: " + seconds));
                break;
            }
            co_await sim::sleepFor(session_.kernel(), sim::kSecond);
        }
        if (!errors.empty()) co_return aggregate(std::move(errors));
        co_return base::okStatus();
    }

    Session& session_;
    const Flags& flags_;
    DryRun mode_;
};

std::string listText(const base::Error& error) {
    std::vector<std::string> texts;
    for (const base::Error& one : flatten(error)) texts.push_back(errorText(one));
    return texts.size() == 1 ? texts[0] : "[" + base::join(texts, ", ") + "]";
}

} // namespace

sim::Task<Outcome> runCordon(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    auto nodes = co_await findNodes(session);
    if (!nodes.ok()) co_return nodes.error();
    const bool desired = session.command().name == "cordon";
    std::vector<base::Error> errors;
    for (const Info& node : nodes.value()) {
        base::Status done = co_await cordon(session, node, desired, mode.value());
        if (!done.ok()) errors.push_back(done.error());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

sim::Task<Outcome> runDrain(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    auto nodes = co_await findNodes(session);
    if (!nodes.ok()) co_return nodes.error();
    for (const Info& node : nodes.value()) {
        base::Status done = co_await cordon(session, node, true, mode.value());
        if (!done.ok()) co_return done.error();
    }
    Drainer drainer(session, mode.value());
    std::vector<base::Error> errors;
    std::vector<std::string> drained, failed;
    for (const Info& node : nodes.value()) {
        auto plan = co_await drainer.plan(node.name);
        base::Status done = base::okStatus();
        if (plan.ok()) {
            if (!plan.value().warnings.empty()) session.warn(plan.value().warnings);
            co_await session.flush();
            PodPlan pods = std::move(plan).value();
            done = co_await drainer.run(std::move(pods), node.name);
        } else {
            done = plan.error();
        }
        if (done.ok()) {
            session.out("node/" + node.name + " drained" + dryRunSuffix(mode.value()) + "\n");
            continue;
        }
        session.err("error: unable to drain node \"" + node.name + "\" due to error: " + listText(done.error()) + ", continuing command...\n");
        for (base::Error& one : flatten(done.error())) errors.push_back(std::move(one));
        failed.push_back(node.name);
    }
    if (failed.empty()) co_return 0;
    std::string text = "There are pending nodes to be drained:\n";
    for (const std::string& name : failed) text += " " + name + "\n";
    std::string lines;
    for (const base::Error& one : errors) lines += errorText(one) + "\n";
    co_return exitError(1, text + (lines.empty() ? lines : lines.substr(0, lines.size() - 1)));
}

} // namespace kubectl
