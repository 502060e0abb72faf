// rollout status, history, undo. Source: k8s.io/kubectl pkg/cmd/rollout, pkg/polymorphichelpers.
#include "api/status.h"
#include "base/strings.h"
#include "document/yaml.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/waiting.h"
#include "kubectl/describe/writer.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>
#include <map>

namespace kubectl {

using document::Value;

namespace {

std::string number(const Value& value) { return std::to_string(value.asInt()); }

struct Progress {
    std::string text;
    bool done = false;
};

base::Result<Progress> deploymentProgress(const Value& d, std::int64_t revision) {
    const std::string name = base::quoteGo(d.at("metadata", "name").asString());
    const Value& status = d["status"];
    if (revision > 0) {
        const auto current = base::parseInt(d.at("metadata", "annotations")["deployment.kubernetes.io/revision"].asString()).value_or(0);
        if (current != revision)
            return base::makeError("desired revision (" + std::to_string(revision) + ") is different from the running revision (" + std::to_string(current) + ")");
    }
    if (d.at("metadata", "generation").asInt() > status["observedGeneration"].asInt())
        return Progress{"Waiting for deployment spec update to be observed...\n"};
    for (const Value& condition : status["conditions"].items())
        if (condition["type"].asString() == "Progressing" && condition["reason"].asString() == "ProgressDeadlineExceeded")
            return base::makeError("deployment " + name + " exceeded its progress deadline");
    const std::int64_t wanted = d["spec"]["replicas"].asInt(1), updated = status["updatedReplicas"].asInt();
    const std::string head = "Waiting for deployment " + name + " rollout to finish: ";
    if (updated < wanted) return Progress{head + std::to_string(updated) + " out of " + std::to_string(wanted) + " new replicas have been updated...\n"};
    if (status["replicas"].asInt() > updated)
        return Progress{head + std::to_string(status["replicas"].asInt() - updated) + " old replicas are pending termination...\n"};
    if (status["availableReplicas"].asInt() < updated)
        return Progress{head + number(status["availableReplicas"]) + " of " + std::to_string(updated) + " updated replicas are available...\n"};
    return Progress{"deployment " + name + " successfully rolled out\n", true};
}

base::Result<Progress> daemonProgress(const Value& d) {
    const std::string name = base::quoteGo(d.at("metadata", "name").asString());
    const Value& status = d["status"];
    if (d.at("spec", "updateStrategy", "type").asString() != "RollingUpdate")
        return base::makeError("rollout status is only available for RollingUpdate strategy type");
    if (d.at("metadata", "generation").asInt() > status["observedGeneration"].asInt())
        return Progress{"Waiting for daemon set spec update to be observed...\n"};
    const std::string head = "Waiting for daemon set " + name + " rollout to finish: ";
    const std::int64_t wanted = status["desiredNumberScheduled"].asInt();
    if (status["updatedNumberScheduled"].asInt() < wanted)
        return Progress{head + number(status["updatedNumberScheduled"]) + " out of " + std::to_string(wanted) + " new pods have been updated...\n"};
    if (status["numberAvailable"].asInt() < wanted)
        return Progress{head + number(status["numberAvailable"]) + " of " + std::to_string(wanted) + " updated pods are available...\n"};
    return Progress{"daemon set " + name + " successfully rolled out\n", true};
}

base::Result<Progress> statefulProgress(const Value& s) {
    const Value &spec = s["spec"], &status = s["status"];
    if (spec.at("updateStrategy", "type").asString() != "RollingUpdate")
        return base::makeError("rollout status is only available for RollingUpdate strategy type");
    if (status["observedGeneration"].asInt() == 0 || s.at("metadata", "generation").asInt() > status["observedGeneration"].asInt())
        return Progress{"Waiting for statefulset spec update to be observed...\n"};
    const std::int64_t replicas = spec["replicas"].asInt(1);
    if (status["readyReplicas"].asInt() < replicas)
        return Progress{"Waiting for " + std::to_string(replicas - status["readyReplicas"].asInt()) + " pods to be ready...\n"};
    const Value& partition = spec.at("updateStrategy", "rollingUpdate", "partition");
    if (!spec.at("updateStrategy", "rollingUpdate").isNull() && !partition.isNull()) {
        const std::int64_t wanted = replicas - partition.asInt();
        if (status["updatedReplicas"].asInt() < wanted)
            return Progress{"Waiting for partitioned roll out to finish: " + number(status["updatedReplicas"]) + " out of " + std::to_string(wanted) + " new pods have been updated...\n"};
        return Progress{"partitioned roll out complete: " + number(status["updatedReplicas"]) + " new pods have been updated...\n", true};
    }
    if (status["updateRevision"].asString() != status["currentRevision"].asString())
        return Progress{"waiting for statefulset rolling update to complete " + number(status["updatedReplicas"]) + " pods at revision " + status["updateRevision"].text() + "...\n"};
    return Progress{"statefulset rolling update complete " + number(status["currentReplicas"]) + " pods at revision " + status["currentRevision"].text() + "...\n", true};
}

base::Result<Progress> progressOf(const Mapping& mapping, const Value& object, std::int64_t revision) {
    if (mapping.group == "apps" && mapping.kind == "Deployment") return deploymentProgress(object, revision);
    if (mapping.group == "apps" && mapping.kind == "DaemonSet") return daemonProgress(object);
    if (mapping.group == "apps" && mapping.kind == "StatefulSet") return statefulProgress(object);
    return base::makeError("no status viewer has been implemented for " + mapping.kind + (mapping.group.empty() ? "" : "." + mapping.group));
}

sim::Task<base::Status> followRollout(Session& session, Info info) {
    const std::int64_t revision = session.flags.number("revision");
    if (auto first = progressOf(info.mapping, info.object, 0); !first.ok() && first.error().message.starts_with("no status viewer")) co_return first.error();
    const bool watching = session.flags.on("watch");
    sim::Duration timeout = session.flags.duration("timeout");
    const sim::Time deadline = timeout == 0 ? sim::kForever : session.kernel().now() + timeout;
    std::string last;
    ObjectTest test([&](const Value& object) -> base::Result<bool> {
        // Only changes of the status are news.
        auto progress = progressOf(info.mapping, object, revision);
        if (!progress.ok()) return progress.error();
        session.out(progress.value().text);
        return progress.value().done || !watching;
    });
    auto done = co_await followObject(session, info, test, deadline, false, "");
    if (!done.ok() && done.error().message.starts_with("timed out waiting for the condition"))
        co_return base::makeError("timed out waiting for the condition");
    if (!done.ok()) co_return done.error();
    co_return base::okStatus();
}

bool ownedBy(const Value& object, const Value& owner) {
    for (const Value& ref : object.at("metadata", "ownerReferences").items())
        if (ref["controller"].asBool() && ref["uid"] == owner.at("metadata", "uid")) return true;
    return false;
}

struct Revision {
    std::int64_t number = 0;
    Value object;      // the replica set or controller revision
    Value podTemplate;
    std::string cause;
};

// Revisions of a workload, by number.
sim::Task<base::Result<std::map<std::int64_t, Revision>>> revisionsOf(Session& session, Info info) {
    std::map<std::int64_t, Revision> out;
    const bool deployment = info.mapping.kind == "Deployment";
    ports::Query query;
    query.set("labelSelector", selectorString(info.object.at("spec", "selector")));
    const std::string path = "/apis/apps/v1/namespaces/" + info.ns + (deployment ? "/replicasets" : "/controllerrevisions");
    auto list = co_await listAll(session, path, query);
    if (!list.ok()) co_return list.error();
    for (const Value& item : list.value()) {
        if (!ownedBy(item, info.object)) continue;
        Revision revision;
        revision.object = item;
        const Value& annotations = item.at("metadata", "annotations");
        if (deployment) {
            revision.number = base::parseInt(annotations["deployment.kubernetes.io/revision"].asString()).value_or(0);
            revision.podTemplate = item.at("spec", "template");
            const std::string cause = annotations["kubernetes.io/change-cause"].text();
            if (!cause.empty()) revision.podTemplate = revision.podTemplate.withPath({"metadata", "annotations", "kubernetes.io/change-cause"}, cause);
        } else {
            revision.number = item["revision"].asInt();
            revision.podTemplate = item.at("data", "spec", "template").without("$patch");
        }
        revision.cause = annotations["kubernetes.io/change-cause"].text();
        out[revision.number] = std::move(revision);
    }
    co_return out;
}

std::string templateText(const Value& podTemplate) {
    DescribeWriter w(0);
    describePodTemplate(w, podTemplate);
    return w.unaligned();
}

bool supported(const Mapping& mapping) {
    return mapping.group == "apps" && (mapping.kind == "Deployment" || mapping.kind == "DaemonSet" || mapping.kind == "StatefulSet");
}

sim::Task<base::Result<Built>> found(Session& session) {
    BuildOptions options = buildOptions(session);
    if (options.args.empty() && options.filenames.empty() && options.kustomize.empty())
        co_return base::makeError("required resource not specified");
    options.allowEmptySelectors = true;
    auto built = co_await build(session, std::move(options));
    co_return built;
}

// All or nothing.
sim::Task<base::Result<std::vector<Info>>> targets(Session& session) {
    auto built = co_await found(session);
    if (!built.ok()) co_return built.error();
    auto errors = built.value().errors();
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return built.value().infos();
}

} // namespace

sim::Task<Outcome> runRolloutStatus(Session& session) {
    if (session.flags.number("revision") < 0)
        co_return base::makeError("revision must be a positive integer: " + session.flags.text("revision"));
    auto infos = co_await targets(session);
    if (!infos.ok()) co_return infos.error();
    if (infos.value().empty()) {
        auto ns = session.ns();
        session.err("No resources found in " + (ns.ok() ? ns.value() : "") + " namespace.\n");
    }
    for (const Info& info : infos.value()) BASE_CO_CHECK(co_await followRollout(session, info));
    co_return 0;
}

namespace {
// The kinds that the client's visitors know. Source: pkg/apps/kind_visitor.go.
bool isWorkload(const Mapping& mapping) {
    const std::string name = mapping.group + "/" + mapping.kind;
    for (const char* known : {"apps/DaemonSet", "apps/Deployment", "apps/ReplicaSet", "apps/StatefulSet", "batch/Job",
                              "batch/CronJob", "/Pod", "/ReplicationController"})
        if (name == known) return true;
    return false;
}
} // namespace

namespace {

using Revisions = std::map<std::int64_t, Revision>;

base::Status printRevisions(Session& session, const Info& info, const Revisions& revisions) {
    const std::int64_t wanted = session.flags.number("revision");
    PrinterOptions options;
    options.typed = true;
    BASE_TRY(PrinterPtr printer, makePrinter(session, options));
    if (wanted > 0 && !revisions.contains(wanted)) return base::makeError("unable to find the specified revision");
    const std::string kind = info.mapping.kind == "Deployment" ? "ReplicaSet" : "ControllerRevision";
    for (const auto& [revision, entry] : revisions) {
        if (wanted > 0 && revision != wanted) continue;
        BASE_TRY(const std::string text, printer->print(entry.object.with("kind", kind).with("apiVersion", "apps/v1")));
        session.out(text);
    }
    return base::okStatus();
}

sim::Task<base::Status> showHistory(Session& session, Info info) {
    const std::int64_t wanted = session.flags.number("revision");
    const std::string kind = base::quoteGo(info.mapping.kind + (info.mapping.group.empty() ? "" : "." + info.mapping.group));
    if (!supported(info.mapping) && isWorkload(info.mapping))
        co_return base::makeError("no history viewer has been implemented for " + kind);
    if (!supported(info.mapping))
        co_return base::makeError("error retrieving history for " + kind + ", no visitor method exists for {" + info.mapping.group + " " + info.mapping.kind + "}");
    auto revisions = co_await revisionsOf(session, info);
    if (!revisions.ok()) co_return revisions.error();
    if (!session.flags.text("output").empty()) co_return printRevisions(session, info, revisions.value());
    const std::string name = shortForm(info.mapping, info.name);
    if (wanted > 0) {
        const auto entry = revisions.value().find(wanted);
        if (entry == revisions.value().end()) co_return base::makeError("unable to find the specified revision");
        session.out(name + " with revision #" + std::to_string(wanted) + "\n" + templateText(entry->second.podTemplate) + "\n");
        co_return base::okStatus();
    }
    if (revisions.value().empty()) {
        session.out(name + " No rollout history found.\n");
        co_return base::okStatus();
    }
    std::string text = "REVISION\tCHANGE-CAUSE\n";
    for (const auto& [revision, entry] : revisions.value())
        text += std::to_string(revision) + "\t" + (entry.cause.empty() ? "<none>" : entry.cause) + "\n";
    session.out(name + " \n" + alignDescription(text) + "\n");
    co_return base::okStatus();
}

} // namespace

sim::Task<Outcome> runRolloutHistory(Session& session) {
    if (session.flags.number("revision") < 0)
        co_return base::makeError("revision must be a positive integer: " + std::to_string(session.flags.number("revision")));
    if (!session.flags.text("output").empty())
        if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    Session* s = &session;
    auto built = co_await found(session);
    if (!built.ok()) co_return built.error();
    Visit visit([s](Info info) { return showHistory(*s, std::move(info)); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    co_return 0;
}

namespace {

Value withoutHash(const Value& podTemplate) {
    Value out = podTemplate;
    if (out.at("metadata", "labels").has("pod-template-hash")) out = out.withoutPath({"metadata", "labels", "pod-template-hash"});
    return out;
}

base::Result<Revision> pickRevision(const Info& info, const std::map<std::int64_t, Revision>& revisions, std::int64_t wanted) {
    const bool deployment = info.mapping.kind == "Deployment";
    if (wanted != 0) {
        const auto found = revisions.find(wanted);
        if (found == revisions.end()) return base::makeError("unable to find specified revision " + std::to_string(wanted) + " in history");
        return found->second;
    }
    if (revisions.size() < 2) {
        if (deployment) return base::makeError("no rollout history found for deployment " + base::quoteGo(info.name));
        return base::makeError("no last revision to roll back to");
    }
    return std::prev(revisions.end(), 2)->second;
}

sim::Task<base::Result<std::string>> rollBack(Session& session, Info info, DryRun mode) {
    const std::int64_t wanted = session.flags.number("to-revision");
    if (!supported(info.mapping))
        co_return base::makeError("no rollbacker has been implemented for " + base::quoteGo(info.mapping.kind + (info.mapping.group.empty() ? "" : "." + info.mapping.group)));
    if (wanted < 0) co_return base::makeError("unable to find specified revision " + std::to_string(wanted) + " in history");
    auto revisions = co_await revisionsOf(session, info);
    if (!revisions.ok()) co_return revisions.error();
    auto picked = pickRevision(info, revisions.value(), wanted);
    if (!picked.ok()) co_return picked.error();
    const Revision& target = picked.value();
    const bool deployment = info.mapping.kind == "Deployment";
    if (mode == DryRun::Client) {
        if (deployment) co_return templateText(target.object.at("spec", "template"));
        co_return "will roll back to " + templateText(target.podTemplate);
    }
    if (deployment && info.object.at("spec", "paused").asBool())
        co_return base::makeError("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again");
    const Value wantedTemplate = withoutHash(deployment ? target.object.at("spec", "template") : target.podTemplate);
    if (withoutHash(info.object.at("spec", "template")) == wantedTemplate)
        co_return "skipped rollback (current template already matches revision " + std::to_string(target.number) + ")";
    Value patch;
    std::string type = kJsonPatch;
    if (deployment) {
        // The annotations of the chosen set replace those of the deployment, but for the ones that the
        // controller owns.
        Value annotations = Value::object();
        static const std::vector<std::string> kOwn = {"kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision",
                                                      "deployment.kubernetes.io/revision-history", "deployment.kubernetes.io/desired-replicas",
                                                      "deployment.kubernetes.io/max-replicas", "deprecated.deployment.rollback.to"};
        const auto own = [&](const std::string& key) { return std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end(); };
        for (const document::Member& member : info.object.at("metadata", "annotations").members())
            if (own(member.key.text())) annotations = annotations.with(member.key.view(), member.value);
        for (const document::Member& member : target.object.at("metadata", "annotations").members())
            if (!own(member.key.text())) annotations = annotations.with(member.key.view(), member.value);
        patch = Value::array({Value::object({{"op", "replace"}, {"path", "/spec/template"}, {"value", wantedTemplate}}),
                              Value::object({{"op", "replace"}, {"path", "/metadata/annotations"}, {"value", annotations}})});
    } else {
        type = kStrategicPatch;
        patch = target.object["data"];
    }
    auto answer = co_await patchObject(session, info, patch, type, mode);
    if (!answer.ok()) co_return base::makeError("failed restoring revision " + std::to_string(wanted) + ": " + errorText(answer.error()));
    co_return std::string("rolled back");
}

sim::Task<base::Status> undoOne(Session& session, Info info, DryRun mode) {
    auto message = co_await rollBack(session, info, mode);
    if (!message.ok()) co_return message.error();
    co_return printResult(session, info.object, message.value(), mode);
}

} // namespace

sim::Task<Outcome> runRolloutUndo(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    Session* s = &session;
    const DryRun how = mode.value();
    auto built = co_await found(session);
    if (!built.ok()) co_return built.error();
    Visit visit([s, how](Info info) { return undoOne(*s, std::move(info), how); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    co_return 0;
}

namespace {

// The change that pause, resume or restart makes.
base::Result<Value> nextState(const std::string& verb, const Info& info, std::int64_t now) {
    const bool deployment = info.mapping.group == "apps" && info.mapping.kind == "Deployment";
    if (verb == "restart") {
        if (!supported(info.mapping)) return base::makeError("restarting is not supported");
        if (deployment && info.object.at("spec", "paused").asBool())
            return base::makeError("can't restart paused deployment (run rollout resume first)");
        return info.object.withPath({"spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"}, sim::formatRfc3339(now));
    }
    if (!deployment) return base::makeError(verb == "pause" ? "pausing is not supported" : "resuming is not supported");
    const bool paused = info.object.at("spec", "paused").asBool();
    if (verb == "pause") {
        if (paused) return base::makeError("is already paused");
        return info.object.withPath({"spec", "paused"}, true);
    }
    if (!paused) return base::makeError("is not paused");
    return info.object.withoutPath({"spec", "paused"});
}

} // namespace

sim::Task<Outcome> runRolloutPatch(Session& session) {
    const std::string verb = session.command().name;
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    BuildOptions options = buildOptions(session);
    if (options.args.empty() && options.filenames.empty() && options.kustomize.empty())
        co_return base::makeError("required resource not specified");
    options.allowEmptySelectors = true;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    std::vector<base::Error> errors = built.value().errors();
    const std::vector<Info> infos = built.value().infos();
    if (infos.empty() && errors.empty()) {
        auto ns = session.ns();
        session.err("No resources found in " + (ns.ok() ? ns.value() : "") + " namespace.\n");
    }
    const std::string done = verb == "pause" ? "paused" : verb == "resume" ? "resumed" : "restarted";
    for (const Info& info : infos) {
        auto next = nextState(verb, info, session.kernel().unixNow());
        if (!next.ok()) {
            errors.push_back(base::makeError("error: " + info.mapping.groupResource() + " " + base::quoteGo(info.name) + " " + next.error().message));
            continue;
        }
        std::string type;
        auto patch = changePatch(info.mapping, info.object, next.value(), type);
        if (!patch.ok() || patch.value().size() == 0) {
            errors.push_back(base::makeError(verb == "restart" ? "failed to create patch for " + info.name + ": if restart has already been triggered within the past second, please wait before attempting to trigger another"
                                                               : "failed to patch: no change"));
            continue;
        }
        auto answer = co_await patchObject(session, info, patch.value(), type, DryRun::None);
        if (!answer.ok()) {
            errors.push_back(base::makeError("failed to patch: " + errorText(answer.error())));
            continue;
        }
        BASE_CO_CHECK(printResult(session, answer.value(), done, DryRun::None, true));
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

} // namespace kubectl
