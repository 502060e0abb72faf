#include "controllers/daemonset/controller.h"

#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "api/status.h"
#include "base/strings.h"
#include "controllers/support/template_hash.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

const OwnerKind kDaemonSet{"apps/v1", "DaemonSet", client::daemonSetsResource()};
constexpr std::size_t kBurst = 250;
constexpr const char* kHashLabel = "controller-revision-hash";
constexpr sim::Duration kMaxFailedBackoff = 15 * sim::kMinute;

Value toleration(const char* key, const char* effect) {
    return Value::object({{"key", key}, {"operator", "Exists"}, {"effect", effect}});
}

// Daemons stay when their node is in trouble.
Value withDaemonTolerations(const Value& spec) {
    Value list = spec["tolerations"];
    std::vector<Value> added{toleration("node.kubernetes.io/not-ready", "NoExecute"),
                             toleration("node.kubernetes.io/unreachable", "NoExecute"),
                             toleration("node.kubernetes.io/disk-pressure", "NoSchedule"),
                             toleration("node.kubernetes.io/memory-pressure", "NoSchedule"),
                             toleration("node.kubernetes.io/pid-pressure", "NoSchedule"),
                             toleration("node.kubernetes.io/unschedulable", "NoSchedule")};
    if (spec["hostNetwork"].asBool())
        added.push_back(toleration("node.kubernetes.io/network-unavailable", "NoSchedule"));
    for (const Value& item : added) {
        bool replaced = false;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (list[i]["key"] == item["key"] && list[i]["effect"] == item["effect"] &&
                list[i]["operator"].asString("Equal") == "Exists" &&
                list[i]["value"].asString().empty()) {
                list = list.withItem(i, item);
                replaced = true;
                break;
            }
        if (!replaced) list = list.appended(item);
    }
    return spec.with("tolerations", list);
}

// The node by field, in place of any required field terms of the template.
Value withNodeAffinity(const Value& spec, const std::string& node) {
    const Value field = Value::object(
        {{"key", "metadata.name"}, {"operator", "In"}, {"values", Value::array({Value(node)})}});
    const Value fields = Value::array({field});
    const Value& old =
        spec.at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
                "nodeSelectorTerms");
    Value terms;
    for (const Value& term : old.items()) terms = terms.appended(term.with("matchFields", fields));
    if (terms.isNull()) terms = Value::array({Value::object({{"matchFields", fields}})});
    return spec.withPath({"affinity", "nodeAffinity",
                          "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"},
                         std::move(terms));
}

std::string hashOfTemplate(const Value& owner, const Value&, std::int64_t collisions) {
    return templateHash(owner.at("spec", "template"), collisions > 0 ? Value(collisions) : Value());
}

} // namespace

DaemonSetController::DaemonSetController(Context context)
    : QueueController(context, "daemonset-controller", 2), sets_(use(client::daemonSetsResource())),
      pods_(use(client::podsResource())), nodes_(use(client::nodesResource())), orphans_(pods_),
      history_(client_, use(client::controllerRevisionsResource()), kDaemonSet, kHashLabel,
               hashOfTemplate),
      expectations_(context.kernel), podControl_(client_, recorder_) {
    sets_.onChange([this](const Value& previous, const Value& current) {
        const Value& set = current.isNull() ? previous : current;
        if (current.isNull()) expectations_.forget(objectKey(set));
        queue_.add(objectKey(set));
    });
    pods_.onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
    nodes_.onChange([this](const Value& previous, const Value& current) {
        for (const auto& [key, set] : sets_.items()) {
            if (!previous.isNull() && !current.isNull()) {
                if (api::labelsOf(previous) == api::labelsOf(current) &&
                    previous.at("spec", "taints") == current.at("spec", "taints"))
                    continue;
                const Verdict before = judge(set, previous), after = judge(set, current);
                if (before.run == after.run && before.keep == after.keep) continue;
            }
            queue_.add(key);
        }
    });
}

void DaemonSetController::onPod(const Value& previous, const Value& current) {
    const Value& pod = current.isNull() ? previous : current;
    const Value& owner = api::controllerOf(pod);
    if (owner.isNull()) {
        if (current.isNull()) return;
        for (const Value& set : sets_.inNamespace(api::namespaceOf(pod))) {
            auto selector = api::LabelSelector::fromObject(set.at("spec", "selector"));
            if (selector.ok() && selector->matches(api::labelsOf(pod))) queue_.add(objectKey(set));
        }
        return;
    }
    if (owner["kind"].asString() != "DaemonSet") return;
    const std::string key = api::namespaceOf(pod) + "/" + owner["name"].text();
    const Value& set = sets_.get(key);
    if (api::uidView(set) != owner["uid"].asString()) return;
    if (previous.isNull() && !current.isNull() && !api::isDeleting(current))
        expectations_.creationObserved(key);
    if (current.isNull() || api::isDeleting(current))
        expectations_.deletionObserved(key, objectKey(pod));
    queue_.add(key);
    const std::int64_t wait = set.at("spec", "minReadySeconds").asInt();
    if (!previous.isNull() && !current.isNull() && wait > 0 && !api::podReady(previous) &&
        api::podReady(current))
        queue_.addAfter(key, wait * sim::kSecond + sim::kSecond);
}

DaemonSetController::Verdict DaemonSetController::judge(const Value& set, const Value& node) const {
    const Value& spec = set.at("spec", "template", "spec");
    const std::string_view named = spec["nodeName"].asString();
    if (!named.empty() && named != node.at("metadata", "name").asString()) return {};
    for (const document::Member& member : spec["nodeSelector"].members())
        if (!(api::labelsOf(node)[member.key] == member.value)) return {};
    const Value& required =
        spec.at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
    if (!required.isNull() && !api::nodeSelectorMatches(required, node)) return {};
    const Value tolerations = withDaemonTolerations(spec)["tolerations"];
    Verdict out{true, true};
    for (const Value& taint : node.at("spec", "taints").items()) {
        const std::string_view effect = taint["effect"].asString();
        if (effect == "PreferNoSchedule" || api::tolerates(tolerations, taint)) continue;
        out.run = false;
        if (effect == "NoExecute") out.keep = false;
    }
    return out;
}

// The node that a pod is on or meant for.
DaemonSetController::ByNode DaemonSetController::group(const std::vector<Value>& pods) const {
    ByNode out;
    for (const Value& pod : pods) {
        std::string node(api::podNode(pod));
        if (node.empty())
            for (const Value& term :
                 pod.at("spec", "affinity", "nodeAffinity",
                        "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
                     .items())
                for (const Value& field : term["matchFields"].items())
                    if (field["key"].asString() == "metadata.name" && field["values"].size() == 1)
                        node = field["values"][0].text();
        if (!node.empty()) out[node].push_back(pod);
    }
    return out;
}

sim::Task<base::Status> DaemonSetController::sync(std::string key) {
    const Value set = sets_.get(key);
    if (set.isNull()) {
        expectations_.forget(key);
        co_return base::okStatus();
    }
    auto selector = api::LabelSelector::fromObject(set.at("spec", "selector"));
    if (!selector.ok()) co_return selector.error();
    if (selector->everything()) {
        recorder_.warning(
            set, "SelectingAll",
            "This daemon set is selecting all pods. A non-empty selector is required.");
        co_return base::okStatus();
    }
    if (api::isDeleting(set)) co_return base::okStatus();
    auto revisions = co_await history_.list(set);
    if (!revisions.ok()) co_return revisions.error();
    std::int64_t collisions = set.at("status", "collisionCount").asInt();
    auto current = co_await history_.current(set, *revisions, &collisions);
    if (!current.ok()) co_return current.error();
    const std::string hash = history_.hashOf(*current);
    if (!expectations_.satisfied(key)) co_return co_await writeStatus(set, hash, collisions, false);

    std::vector<Value> candidates = pods_.ownedBy(api::uidView(set));
    for (const Value& pod : orphans_.inNamespace(api::namespaceOf(set)))
        if (selector->matches(api::labelsOf(pod))) candidates.push_back(pod);
    auto pods = co_await claim(client_, set, kDaemonSet, client::podsResource(), *selector,
                               std::move(candidates));
    if (!pods.ok()) co_return pods.error();
    const ByNode byNode = group(*pods);
    Changes changes = manage(set, byNode, hash);
    const bool busy = !changes.create.empty() || !changes.remove.empty();
    auto applied = co_await apply(set, std::move(changes), hash);
    if (!applied.ok()) {
        auto ignored = co_await writeStatus(set, hash, collisions, false);
        (void)ignored;
        co_return applied;
    }
    if (!busy && expectations_.satisfied(key) &&
        set.at("spec", "updateStrategy", "type").asString() != "OnDelete") {
        applied = co_await apply(set, roll(set, byNode, hash), hash);
        if (!applied.ok()) co_return applied;
    }
    std::vector<std::string> inUse{api::nameOf(*current)};
    for (const Value& revision : *revisions)
        for (const Value& pod : *pods)
            if (api::labelOf(pod, kHashLabel) == history_.hashOf(revision))
                inUse.push_back(api::nameOf(revision));
    auto trimmed = co_await history_.trim(set, *revisions, std::move(inUse));
    if (!trimmed.ok()) co_return trimmed;
    co_return co_await writeStatus(set, hash, collisions, true);
}

// Pods missing where they should be, and pods that should not be where they are.
DaemonSetController::Changes DaemonSetController::manage(const Value& set, const ByNode& pods,
                                                         const std::string& hash) {
    Changes out;
    const std::string uid = api::uidOf(set);
    for (const auto& [name, node] : nodes_.items()) {
        const Verdict verdict = judge(set, node);
        const auto place = pods.find(name);
        const bool exists = place != pods.end();
        if (verdict.run && !exists) out.create.push_back(name);
        if (!exists) continue;
        if (!verdict.keep) {
            for (const Value& pod : place->second)
                if (!api::isDeleting(pod)) out.remove.push_back(pod);
            continue;
        }
        std::vector<Value> running;
        for (const Value& pod : place->second) {
            if (api::isDeleting(pod)) continue;
            if (api::podPhase(pod) == "Failed") {
                auto& [tries, last] = failedPods_[uid + "/" + name];
                const sim::Duration wait =
                    std::min(kMaxFailedBackoff, sim::kSecond << std::min(tries, 12));
                if (tries > 0 && kernel_.now() - last < wait) {
                    queue_.addAfter(objectKey(set), wait - (kernel_.now() - last));
                    continue;
                }
                ++tries;
                last = kernel_.now();
                recorder_.warning(set, "FailedDaemonPod",
                                  "Found failed daemon pod " + objectKey(pod) + " on node " + name +
                                      ", will try to kill it");
                out.remove.push_back(pod);
            } else if (api::podPhase(pod) == "Succeeded") {
                recorder_.normal(set, "SucceededDaemonPod",
                                 "Found succeeded daemon pod " + objectKey(pod) + " on node " +
                                     name + ", will try to delete it");
                out.remove.push_back(pod);
            } else {
                running.push_back(pod);
            }
        }
        // During a surge an old and a new pod share the node; otherwise the oldest stays.
        const bool surging =
            scaledValue(set.at("spec", "updateStrategy", "rollingUpdate", "maxSurge"), 100, true) >
            0;
        if (running.size() <= 1) continue;
        std::stable_sort(running.begin(), running.end(), [](const Value& a, const Value& b) {
            return api::creationTimeOf(a) < api::creationTimeOf(b);
        });
        if (surging) {
            Value fresh, old;
            if (splitPods(set, running, hash, fresh, old)) continue;
        }
        out.remove.insert(out.remove.end(), running.begin() + 1, running.end());
    }
    for (const auto& [name, list] : pods)
        if (nodes_.get(name).isNull())
            for (const Value& pod : list)
                if (api::podNode(pod).empty() && !api::isDeleting(pod)) out.remove.push_back(pod);
    return out;
}

Value DaemonSetController::podFor(const Value& set, const std::string& node,
                                  const std::string& hash) const {
    Value pod = podFromTemplate(set.at("spec", "template"), set, kDaemonSet);
    pod = pod.withPath({"metadata", "labels", kHashLabel}, hash);
    const std::string_view generation =
        api::annotationOf(set, "deprecated.daemonset.template.generation");
    if (!generation.empty())
        pod = pod.withPath({"metadata", "labels", "pod-template-generation"}, generation);
    return pod.with("spec", withDaemonTolerations(withNodeAffinity(pod["spec"], node)));
}

sim::Task<base::Status> DaemonSetController::createOne(DaemonSetController* self, Value set,
                                                       Value pod, std::string key) {
    auto created = co_await self->podControl_.create(set, kDaemonSet, pod);
    if (created.ok()) co_return base::okStatus();
    self->expectations_.creationObserved(key);
    if (hasStatusCause(created.error(), "NamespaceTerminating")) co_return base::okStatus();
    co_return created.error();
}

sim::Task<base::Status> DaemonSetController::removeOne(DaemonSetController* self, Value set,
                                                       Value pod, std::string key) {
    auto removed = co_await self->podControl_.remove(set, api::namespaceOf(pod), api::nameOf(pod));
    if (removed.ok()) co_return removed;
    self->expectations_.deletionObserved(key, objectKey(pod));
    if (api::isNotFound(removed.error())) co_return base::okStatus();
    co_return removed;
}

sim::Task<base::Status> DaemonSetController::apply(Value set, Changes changes, std::string hash) {
    if (changes.create.empty() && changes.remove.empty()) co_return base::okStatus();
    const std::string key = objectKey(set);
    if (changes.create.size() > kBurst) changes.create.resize(kBurst);
    if (changes.remove.size() > kBurst) changes.remove.resize(kBurst);
    std::vector<std::string> keys;
    for (const Value& pod : changes.remove) keys.push_back(objectKey(pod));
    expectations_.expectDeletions(key, keys);
    expectations_.creationObserved(key, -static_cast<int>(changes.create.size()));
    std::size_t done = 0;
    base::Status outcome = base::okStatus();
    for (std::size_t batch = 1; done < changes.create.size() && outcome.ok(); batch *= 2) {
        std::vector<sim::Task<base::Status>> tasks;
        for (std::size_t i = 0; i < batch && done < changes.create.size(); ++i, ++done)
            tasks.push_back(createOne(this, set, podFor(set, changes.create[done], hash), key));
        const std::vector<base::Status> results = co_await runAll(kernel_, std::move(tasks));
        outcome = firstError(results);
    }
    expectations_.creationObserved(key, static_cast<int>(changes.create.size() - done));
    std::vector<sim::Task<base::Status>> removals;
    for (const Value& pod : changes.remove) removals.push_back(removeOne(this, set, pod, key));
    const std::vector<base::Status> results = co_await runAll(kernel_, std::move(removals));
    co_return outcome.ok() ? firstError(results) : outcome;
}

sim::Task<base::Status> DaemonSetController::writeStatus(Value set, std::string hash,
                                                         std::int64_t collisions, bool observed) {
    const ByNode pods = group(pods_.ownedBy(api::uidView(set)));
    const std::int64_t minReady = set.at("spec", "minReadySeconds").asInt();
    std::int64_t desired = 0, current = 0, misplaced = 0, ready = 0, updated = 0, available = 0;
    for (const auto& [name, node] : nodes_.items()) {
        const bool wanted = judge(set, node).run;
        const auto place = pods.find(name);
        const bool scheduled = place != pods.end();
        if (!wanted) {
            misplaced += scheduled ? 1 : 0;
            continue;
        }
        ++desired;
        if (!scheduled) continue;
        ++current;
        const Value& pod = *std::min_element(
            place->second.begin(), place->second.end(), [](const Value& a, const Value& b) {
                return api::creationTimeOf(a) < api::creationTimeOf(b);
            });
        if (api::podReady(pod)) {
            ++ready;
            if (api::podAvailable(pod, minReady, kernel_.unixNow())) ++available;
        }
        if (isUpdated(set, pod, hash)) ++updated;
    }
    document::ObjectBuilder out;
    out.set("currentNumberScheduled", current).set("numberMisscheduled", misplaced);
    out.set("desiredNumberScheduled", desired).set("numberReady", ready);
    out.setUnlessEmpty("observedGeneration", observed
                                                 ? api::generationOf(set)
                                                 : set.at("status", "observedGeneration").asInt());
    out.setUnlessEmpty("updatedNumberScheduled", updated)
        .setUnlessEmpty("numberAvailable", available);
    out.setUnlessEmpty("numberUnavailable", desired - available);
    if (collisions > 0) out.set("collisionCount", collisions);
    out.setUnlessEmpty("conditions", set.at("status", "conditions"));
    Value status = std::move(out).build();
    if (status == set["status"]) co_return base::okStatus();
    Value changed = set.with("status", std::move(status));
    auto written = co_await client_.update(client::daemonSetsResource(), api::namespaceOf(set),
                                           std::move(changed), "status");
    if (!written.ok()) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
