#include "scheduler/scheduler.h"

#include "api/objects/pod.h"
#include "api/objects/pod_patch.h"
#include "api/status.h"
#include "base/strings.h"
#include "client/resources.h"
#include "scheduler/preemption.h"

#include <algorithm>

namespace scheduler {

using client::Informer;
using document::Value;

namespace {

constexpr std::size_t kMaxEventMessage = 1024;

class InformerLister : public Lister {
public:
    std::map<Kind, std::unique_ptr<Informer>> informers;
    const Value& get(Kind kind, std::string_view key) const override {
        static const Value kNone;
        const auto place = informers.find(kind);
        return place == informers.end() ? kNone : place->second->get(key);
    }
    std::vector<const Value*> list(Kind kind, std::string_view ns) const override {
        std::vector<const Value*> out;
        const auto place = informers.find(kind);
        if (place == informers.end()) return out;
        const auto& items = place->second->items();
        if (ns.empty()) {
            for (const auto& [key, object] : items) out.push_back(&object);
            return out;
        }
        const std::string prefix = std::string(ns) + "/";
        for (auto item = items.lower_bound(prefix);
             item != items.end() && item->first.starts_with(prefix); ++item)
            out.push_back(&item->second);
        return out;
    }
};

} // namespace

struct Scheduler::State {
    State(sim::Kernel& k, ports::NetStack& n, client::Config c, Options o,
          base::Function<void(std::string)> l);

    sim::Kernel& kernel;
    Options options;
    base::Function<void(std::string)> log;
    client::Client client, electionClient;
    client::EventRecorder recorder, electionRecorder;
    client::LeaderElector elector;
    InformerLister lister;
    std::unique_ptr<Informer> nodes;
    Cache cache;
    Framework framework;
    SchedulingQueue queue;
    std::map<std::string, std::pair<std::string, PodPtr>> nominated; // uid -> node, pod
    std::unique_ptr<sim::Scope> work;

    static client::Config agent(client::Config config, const Options& options, const char* suffix);
    void say(std::string text) {
        if (log) log(std::move(text));
    }
    void watchEverything();
    void watchKind(Kind kind, const client::Resource& resource, Event event);
    void onNode(const Value& previous, const Value& current);
    void onPod(const Value& previous, const Value& current);
    bool mine(const Value& pod) const {
        return pod.at("spec", "schedulerName").asString("default-scheduler") ==
               options.schedulerName;
    }
    std::map<std::string, std::vector<PodPtr>> nominations() const;

    void scheduleOne(QueuedPod item);
    void rejected(QueuedPod item, const Snapshot& all, Diagnosis diagnosis);
    void failed(QueuedPod item, std::string message, const char* reason, std::string nominatedNode,
                bool error);
    static sim::Task<void> loop(State* state);
    static sim::Task<void> bind(State* state, QueuedPod item, std::shared_ptr<CycleState> cycle,
                                std::string node);
    static sim::Task<void> writeFailure(State* state, PodPtr pod, std::string message,
                                        std::string reason, std::string nominatedNode);
    static sim::Task<void> evictVictims(State* state, PodPtr pod, std::string node,
                                        std::vector<PodPtr> victims);
};

client::Config Scheduler::State::agent(client::Config config, const Options& options,
                                       const char* suffix) {
    config.userAgent = "kube-scheduler/" + options.version + " (linux/amd64) kubernetes/" + suffix;
    return config;
}

Scheduler::State::State(sim::Kernel& k, ports::NetStack& n, client::Config c, Options o,
                        base::Function<void(std::string)> l)
    : kernel(k), options(std::move(o)), log(std::move(l)),
      client(k, n, agent(c, options, "scheduler")),
      electionClient(k, n, agent(c, options, "leader-election")),
      recorder(client, options.schedulerName),
      electionRecorder(electionClient, options.schedulerName),
      elector(electionClient, &electionRecorder, options.leaderElection,
              [this](std::string text) { say(std::move(text)); }),
      nodes(std::make_unique<Informer>(client, client::nodesResource())),
      framework(Env{k, lister, &client}, defaultPlugins(Env{k, lister, &client})),
      queue(k, framework) {}

void Scheduler::State::watchKind(Kind kind, const client::Resource& resource, Event event) {
    auto informer = std::make_unique<Informer>(client, resource);
    if (event != Event::Unknown)
        informer->onChange([this, event](const Value& previous, const Value& current) {
            const Value& object = current.isNull() ? previous : current;
            queue.move(EventInfo{event, previous, object});
        });
    lister.informers[kind] = std::move(informer);
}

void Scheduler::State::watchEverything() {
    watchKind(Kind::PersistentVolume, client::persistentVolumesResource(), Event::Volume);
    watchKind(Kind::PersistentVolumeClaim, client::persistentVolumeClaimsResource(), Event::Claim);
    watchKind(Kind::StorageClass, client::storageClassesResource(), Event::StorageClass);
    watchKind(Kind::CsiNode, client::csiNodesResource(), Event::CsiNode);
    watchKind(Kind::Namespace, client::namespacesResource(), Event::Unknown);
    watchKind(Kind::Service, client::servicesResource(), Event::Unknown);
    watchKind(Kind::ReplicaSet, client::replicaSetsResource(), Event::Unknown);
    watchKind(Kind::ReplicationController, client::replicationControllersResource(),
              Event::Unknown);
    watchKind(Kind::StatefulSet, client::statefulSetsResource(), Event::Unknown);
    watchKind(Kind::PodDisruptionBudget, client::podDisruptionBudgetsResource(), Event::Unknown);
    watchKind(Kind::Pod, client::podsResource(), Event::Unknown);
    lister.informers[Kind::Pod]->onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
    nodes->onChange(
        [this](const Value& previous, const Value& current) { onNode(previous, current); });
}

void Scheduler::State::onNode(const Value& previous, const Value& current) {
    if (current.isNull()) {
        cache.removeNode(api::nameOf(previous));
        queue.move(EventInfo{Event::NodeDelete, previous, previous});
        return;
    }
    cache.setNode(current);
    if (previous.isNull()) {
        queue.move(EventInfo{Event::NodeAdd, Value(), current});
        return;
    }
    if (!(previous.at("spec", "unschedulable") == current.at("spec", "unschedulable")))
        queue.move(EventInfo{Event::NodeUnschedulable, previous, current});
    if (!(previous.at("status", "allocatable") == current.at("status", "allocatable")))
        queue.move(EventInfo{Event::NodeAllocatable, previous, current});
    if (!(api::labelsOf(previous) == api::labelsOf(current)))
        queue.move(EventInfo{Event::NodeLabels, previous, current});
    if (!(previous.at("spec", "taints") == current.at("spec", "taints")))
        queue.move(EventInfo{Event::NodeTaints, previous, current});
}

void Scheduler::State::onPod(const Value& previous, const Value& current) {
    const Value& pod = current.isNull() ? previous : current;
    const std::string uid = api::uidOf(pod);
    const bool gone = current.isNull() || api::podFinished(current);
    const bool wasPlaced =
        !previous.isNull() && !api::podNode(previous).empty() && !api::podFinished(previous);
    if (gone) {
        queue.remove(uid);
        nominated.erase(uid);
        if (wasPlaced || cache.assumed(uid)) {
            cache.removePod(uid);
            queue.move(EventInfo{Event::AssignedPodDelete, previous, Value()});
        }
        return;
    }
    if (!api::podNode(current).empty()) {
        queue.remove(uid);
        nominated.erase(uid);
        cache.setPod(current);
        if (!wasPlaced)
            queue.move(EventInfo{Event::AssignedPodAdd, Value(), current});
        else if (!(api::labelsOf(previous) == api::labelsOf(current)) ||
                 !(previous["spec"] == current["spec"]))
            queue.move(EventInfo{Event::AssignedPodUpdate, previous, current});
        return;
    }
    if (!mine(current) || api::isDeleting(current)) {
        if (api::isDeleting(current)) queue.remove(uid);
        return;
    }
    if (const std::string node = current.at("status", "nominatedNodeName").text(); !node.empty())
        nominated[uid] = {node, std::make_shared<PodInfo>(current)};
    if (previous.isNull())
        queue.add(current);
    else
        queue.update(previous, current);
}

std::map<std::string, std::vector<PodPtr>> Scheduler::State::nominations() const {
    std::map<std::string, std::vector<PodPtr>> out;
    for (const auto& [uid, entry] : nominated) out[entry.first].push_back(entry.second);
    return out;
}

sim::Task<void> Scheduler::State::loop(State* state) {
    for (;;) {
        QueuedPod item = co_await state->queue.pop();
        state->scheduleOne(std::move(item));
    }
}

void Scheduler::State::scheduleOne(QueuedPod item) {
    // The newest copy; a pod that went away or was placed meanwhile is dropped.
    const Value& fresh = lister.get(Kind::Pod, item.pod->key);
    if (api::uidView(fresh) != item.pod->uid || api::isDeleting(fresh) ||
        !api::podNode(fresh).empty() || cache.assumed(item.pod->uid))
        return;
    const Snapshot all = cache.snapshot();
    if (all.empty()) {
        failed(std::move(item), "no nodes available to schedule pods", "Unschedulable", {}, false);
        return;
    }
    auto cycle = std::make_shared<CycleState>();
    Diagnosis diagnosis;
    const Snapshot feasible =
        framework.findFeasible(*cycle, *item.pod, all, nominations(), diagnosis);
    if (feasible.empty()) {
        rejected(std::move(item), all, std::move(diagnosis));
        return;
    }
    const std::string node = framework.selectHost(*cycle, *item.pod, feasible, all);
    nominated.erase(item.pod->uid);
    for (const auto& info : feasible)
        if (info->name == node) {
            const Status reserved = framework.reserve(*cycle, *item.pod, *info);
            if (!reserved.ok()) {
                failed(std::move(item), base::join(reserved.reasons, ", "), "SchedulerError", {},
                       true);
                return;
            }
        }
    cache.assume(item.pod, node);
    work->spawn(bind(this, std::move(item), std::move(cycle), node), "bind");
}

void Scheduler::State::rejected(QueuedPod item, const Snapshot& all, Diagnosis diagnosis) {
    item.plugins = diagnosis.plugins;
    PreemptionResult preemption;
    // Dynamic resources are asked first and, after a failed pre-filter, find no state of theirs.
    if (!diagnosis.preFilter.empty()) {
        diagnosis.postFilter = "not found";
    } else {
        preemption = findPreemption(framework, *item.pod, all, diagnosis);
        if (preemption.node.empty())
            diagnosis.postFilter = "no new claims to deallocate, preemption: " + preemption.message;
    }
    if (!preemption.node.empty()) {
        nominated[item.pod->uid] = {preemption.node, item.pod};
        work->spawn(evictVictims(this, item.pod, preemption.node, preemption.victims), "preempt");
    }
    failed(std::move(item), fitError(diagnosis, all.size()), "Unschedulable", preemption.node,
           false);
}

void Scheduler::State::failed(QueuedPod item, std::string message, const char* reason,
                              std::string nominatedNode, bool error) {
    const PodPtr pod = item.pod;
    std::string shown = message;
    if (shown.size() > kMaxEventMessage) shown = shown.substr(0, kMaxEventMessage - 4) + " ...";
    recorder.recordAction(client::objectReference(pod->pod), Value(), "Warning", "FailedScheduling",
                          "Scheduling", shown);
    queue.putBack(std::move(item), error);
    work->spawn(writeFailure(this, pod, std::move(message), reason, std::move(nominatedNode)),
                "unschedulable");
}

sim::Task<void> Scheduler::State::writeFailure(State* state, PodPtr pod, std::string message,
                                               std::string reason, std::string nominatedNode) {
    const Value current = state->lister.get(Kind::Pod, pod->key);
    if (api::uidView(current) != pod->uid) co_return;
    const Value old = api::conditionOf(current, "PodScheduled");
    const std::string stamp = sim::formatRfc3339(state->kernel.unixNow());
    const bool same = old["status"].asString() == "False" && old["reason"].asString() == reason &&
                      old["message"].asString() == message &&
                      old["observedGeneration"].asInt() == api::generationOf(current);
    const bool nominate = !nominatedNode.empty() &&
                          current.at("status", "nominatedNodeName").asString() != nominatedNode;
    if (same && !nominate) co_return;
    document::ObjectBuilder condition;
    condition.set("type", "PodScheduled")
        .set("status", "False")
        .set("reason", reason)
        .set("message", message);
    condition.set("lastProbeTime", nullptr);
    condition.set("lastTransitionTime",
                  old["status"].asString() == "False" ? old["lastTransitionTime"] : Value(stamp));
    if (api::generationOf(current) > 0)
        condition.set("observedGeneration", api::generationOf(current));
    const Value list = Value::array({std::move(condition).build()});
    Value status = Value::object({{"conditions", list}});
    if (nominate) status = status.with("nominatedNodeName", nominatedNode);
    const Value metadata = Value::object({{"uid", pod->uid}});
    const Value patch = Value::object({{"metadata", metadata}, {"status", status}});
    auto patched = co_await state->client.patch(
        client::podsResource(), api::namespaceOf(current), api::nameOf(current),
        "application/strategic-merge-patch+json", patch, "status");
    (void)patched;
}

sim::Task<void> Scheduler::State::bind(State* state, QueuedPod item,
                                       std::shared_ptr<CycleState> cycle, std::string node) {
    const PodPtr pod = item.pod;
    const std::string ns = api::namespaceOf(pod->pod), name = api::nameOf(pod->pod);
    Status bound = co_await state->framework.preBind(cycle, pod, node);
    if (bound.ok()) {
        const Value metadata =
            Value::object({{"name", name}, {"namespace", ns}, {"uid", pod->uid}});
        const Value target = Value::object({{"kind", "Node"}, {"name", node}});
        const Value binding = Value::object({{"apiVersion", "v1"},
                                             {"kind", "Binding"},
                                             {"metadata", metadata},
                                             {"target", target}});
        auto written =
            co_await state->client.create(client::podsResource(), ns, binding, "binding", name);
        if (!written.ok())
            bound = Status::error("binding rejected: running Bind plugin \"DefaultBinder\": " +
                                  written.error().message);
    }
    if (bound.ok()) {
        state->recorder.recordAction(client::objectReference(pod->pod), Value(), "Normal",
                                     "Scheduled", "Binding",
                                     "Successfully assigned " + ns + "/" + name + " to " + node);
        co_return;
    }
    if (const NodeInfo* info = state->cache.node(node))
        state->framework.unreserve(*cycle, *pod, *info);
    state->cache.forget(pod->uid);
    state->queue.move(EventInfo{Event::AssignedPodDelete, pod->pod, Value()});
    if (state->lister.get(Kind::Pod, pod->key).isNull()) co_return;
    state->failed(std::move(item), base::join(bound.reasons, ", "), "SchedulerError", {}, true);
}

sim::Task<void> Scheduler::State::evictVictims(State* state, PodPtr pod, std::string node,
                                               std::vector<PodPtr> victims) {
    for (const PodPtr& victim : victims) {
        const std::string ns = api::namespaceOf(victim->pod), name = api::nameOf(victim->pod);
        if (api::isDeleting(victim->pod)) continue;
        const Value condition =
            Value::object({{"type", "DisruptionTarget"},
                           {"observedGeneration", api::generationOf(victim->pod)},
                           {"status", "True"},
                           {"lastProbeTime", nullptr},
                           {"lastTransitionTime", sim::formatRfc3339(state->kernel.unixNow())},
                           {"reason", "PreemptionByScheduler"},
                           {"message", state->options.schedulerName +
                                           ": preempting to accommodate a higher priority pod"}});
        const Value status = api::conditionPatch(victim->pod, condition);
        const Value patch = Value::object({{"status", status}});
        auto patched =
            co_await state->client.patch(client::podsResource(), ns, name,
                                         "application/strategic-merge-patch+json", patch, "status");
        (void)patched;
        auto removed = co_await state->client.remove(client::podsResource(), ns, name);
        if (!removed.ok()) continue;
        state->recorder.recordAction(
            client::objectReference(victim->pod), client::objectReference(pod->pod), "Normal",
            "Preempted", "Preempting", "Preempted by pod " + pod->uid + " on node " + node);
    }
}

Scheduler::Scheduler(sim::Kernel& kernel, ports::NetStack& network, client::Config config,
                     Options options, base::Function<void(std::string)> log)
    : state_(std::make_unique<State>(kernel, network, std::move(config), std::move(options),
                                     std::move(log))) {
    state_->watchEverything();
}
Scheduler::~Scheduler() = default;

sim::Task<void> Scheduler::release() { co_await state_->elector.release(); }

sim::Task<void> Scheduler::run() {
    State& state = *state_;
    // Whether the newer Events API is there is asked once, when the program starts.
    ports::Request request;
    request.path = "/apis/events.k8s.io/v1";
    auto answer = co_await state.client.raw(std::move(request));
    if (answer.ok() && answer->status == 200)
        state.recorder.setApi(client::EventRecorder::Api::Events, state.options.hostName);
    sim::Scope informers(state.kernel);
    state.nodes->start(informers);
    for (auto& [kind, informer] : state.lister.informers) informer->start(informers);
    co_await state.nodes->waitForSync();
    for (auto& [kind, informer] : state.lister.informers) co_await informer->waitForSync();
    co_await state.elector.acquire();
    state.work = std::make_unique<sim::Scope>(state.kernel);
    state.work->spawn(State::loop(&state), "schedule");
    co_await state.elector.holdUntilLost();
    state.say("\"Leaderelection lost\"");
    state.work.reset();
}

} // namespace scheduler
