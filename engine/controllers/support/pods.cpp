#include "controllers/support/pods.h"

#include "api/objects/pod.h"
#include "api/status.h"
#include "base/strings.h"
#include "controllers/support/controller.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace controllers {

using document::Value;

Value podFromTemplate(const Value& podTemplate, const Value& owner, const OwnerKind& kind) {
    const Value& from = podTemplate["metadata"];
    document::ObjectBuilder metadata;
    metadata.set("generateName", api::nameOf(owner) + "-");
    metadata.set("namespace", owner.at("metadata", "namespace"));
    metadata.setUnlessEmpty("labels", from["labels"]);
    metadata.setUnlessEmpty("annotations", from["annotations"]);
    metadata.setUnlessEmpty("finalizers", from["finalizers"]);
    metadata.set("ownerReferences",
                 Value::array({api::controllerReference(owner, kind.apiVersion, kind.kind)}));
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "Pod"},
                          {"metadata", std::move(metadata).build()},
                          {"spec", podTemplate["spec"]}});
}

sim::Task<base::Result<Value>> PodControl::create(Value owner, OwnerKind kind, Value pod) {
    (void)kind;
    auto created =
        co_await client_.create(client::podsResource(), api::namespaceOf(owner), std::move(pod));
    if (!created.ok()) {
        if (!hasStatusCause(created.error(), "NamespaceTerminating"))
            recorder_.warning(owner, "FailedCreate", "Error creating: " + created.error().message);
        co_return created.error();
    }
    recorder_.normal(owner, "SuccessfulCreate", "Created pod: " + api::nameOf(*created));
    co_return created;
}

sim::Task<base::Status> PodControl::remove(Value owner, std::string ns, std::string pod) {
    auto removed = co_await client_.remove(client::podsResource(), ns, pod);
    if (!removed.ok()) {
        if (!api::isNotFound(removed.error()))
            recorder_.warning(owner, "FailedDelete", "Error deleting: " + removed.error().message);
        co_return removed.error();
    }
    recorder_.normal(owner, "SuccessfulDelete", "Deleted pod: " + pod);
    co_return base::okStatus();
}

namespace {

sim::Task<base::Status> adopt(client::Client& client, Value owner, OwnerKind kind,
                              client::Resource dependant, Value object) {
    const Value patch = Value::object(
        {{"metadata", Value::object({{"ownerReferences", Value::array({api::controllerReference(
                                                             owner, kind.apiVersion, kind.kind)})},
                                     {"uid", api::uidOf(object)}})}});
    auto patched = co_await client.patch(dependant, api::namespaceOf(object), api::nameOf(object),
                                         "application/strategic-merge-patch+json", patch);
    if (!patched.ok()) co_return patched.error();
    co_return base::okStatus();
}

sim::Task<base::Status> release(client::Client& client, Value owner, client::Resource dependant,
                                Value object) {
    const Value entry = Value::object({{"$patch", "delete"}, {"uid", api::uidOf(owner)}});
    const Value patch =
        Value::object({{"metadata", Value::object({{"uid", api::uidOf(object)},
                                                   {"ownerReferences", Value::array({entry})}})}});
    auto patched = co_await client.patch(dependant, api::namespaceOf(object), api::nameOf(object),
                                         "application/strategic-merge-patch+json", patch);
    // Gone, or somebody else has taken it: nothing to release.
    if (!patched.ok() && !api::isNotFound(patched.error()) && patched.error().code != 422)
        co_return patched.error();
    co_return base::okStatus();
}

sim::Task<base::Status> mayAdopt(client::Client& client, Value owner, OwnerKind kind) {
    auto fresh = co_await client.get(kind.resource, api::namespaceOf(owner), api::nameOf(owner));
    if (!fresh.ok()) co_return base::wrapError("can't adopt: ", fresh.error());
    if (api::uidOf(*fresh) != api::uidOf(owner))
        co_return base::makeError("original owner is gone");
    if (api::isDeleting(*fresh))
        co_return base::makeError(api::keyOf(owner) + " has just been deleted at " +
                                  fresh->at("metadata", "deletionTimestamp").text());
    co_return base::okStatus();
}

} // namespace

sim::Task<base::Result<std::vector<Value>>> claim(client::Client& client, Value owner,
                                                  OwnerKind kind, client::Resource dependant,
                                                  api::LabelSelector selector,
                                                  std::vector<Value> candidates) {
    std::vector<Value> out;
    std::optional<base::Status> allowed;
    std::optional<base::Error> failure;
    const bool ownerDeleting = api::isDeleting(owner);
    for (const Value& object : candidates) {
        const Value& controller = api::controllerOf(object);
        const bool matches = selector.matches(api::labelsOf(object));
        if (!controller.isNull()) {
            if (controller["uid"].asString() != api::uidView(owner)) continue;
            if (matches) {
                out.push_back(object);
            } else if (!ownerDeleting) {
                auto released = co_await release(client, owner, dependant, object);
                if (!released.ok()) failure = released.error();
            }
            continue;
        }
        if (ownerDeleting || !matches || api::isDeleting(object)) continue;
        if (!allowed) allowed = co_await mayAdopt(client, owner, kind);
        if (!allowed->ok()) {
            failure = allowed->error();
            continue;
        }
        auto adopted = co_await adopt(client, owner, kind, dependant, object);
        if (adopted.ok())
            out.push_back(object);
        else if (!api::isNotFound(adopted.error()))
            failure = adopted.error();
    }
    if (failure) co_return *failure;
    co_return out;
}

namespace {

int phaseRank(std::string_view phase) {
    if (phase == "Pending") return 0;
    if (phase == "Unknown") return 1;
    return 2;
}

std::int64_t deletionCost(const Value& pod) {
    return base::parseInt(api::annotationOf(pod, "controller.kubernetes.io/pod-deletion-cost"))
        .value_or(0);
}

std::int64_t ageRank(std::int64_t since, std::int64_t now) {
    const std::int64_t age = now - since;
    if (age <= 0) return -1;
    std::int64_t rank = 0;
    for (std::uint64_t rest = static_cast<std::uint64_t>(age); rest > 1; rest >>= 1) ++rank;
    return rank;
}

struct Ranked {
    Value pod;
    bool assigned, ready;
    int phase;
    std::int64_t cost, related, readySince, restarts, created;
    std::string uid;
};

bool goesBefore(const Ranked& a, const Ranked& b, std::int64_t now) {
    if (a.assigned != b.assigned) return !a.assigned;
    if (a.phase != b.phase) return a.phase < b.phase;
    if (a.ready != b.ready) return !a.ready;
    if (a.cost != b.cost) return a.cost < b.cost;
    if (a.related != b.related) return a.related > b.related;
    if (a.ready && b.ready && a.readySince != b.readySince) {
        if (a.readySince == 0 || b.readySince == 0) return a.readySince == 0;
        const std::int64_t first = ageRank(a.readySince, now), second = ageRank(b.readySince, now);
        return first == second ? a.uid < b.uid : first < second;
    }
    if (a.restarts != b.restarts) return a.restarts > b.restarts;
    if (a.created != b.created) {
        const std::int64_t first = ageRank(a.created, now), second = ageRank(b.created, now);
        return first == second ? a.uid < b.uid : first < second;
    }
    return false;
}

} // namespace

void sortForDeletion(std::vector<Value>& pods, const std::vector<Value>& related,
                     std::int64_t now) {
    std::map<std::string, std::int64_t, std::less<>> onNode;
    for (const Value& pod : related)
        if (api::podActive(pod)) ++onNode[std::string(api::podNode(pod))];
    std::vector<Ranked> ranked;
    for (const Value& pod : pods) {
        Ranked item{pod,
                    !api::podNode(pod).empty(),
                    api::podReady(pod),
                    phaseRank(api::podPhase(pod)),
                    deletionCost(pod),
                    0,
                    0,
                    api::podRestarts(pod),
                    api::creationTimeOf(pod),
                    api::uidOf(pod)};
        if (const auto place = onNode.find(api::podNode(pod)); place != onNode.end())
            item.related = place->second;
        if (item.ready)
            item.readySince = api::timeOf(api::conditionOf(pod, "Ready")["lastTransitionTime"]);
        ranked.push_back(std::move(item));
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [now](const Ranked& a, const Ranked& b) { return goesBefore(a, b, now); });
    for (std::size_t i = 0; i < pods.size(); ++i) pods[i] = std::move(ranked[i].pod);
}

sim::Duration nextAvailability(const std::vector<Value>& pods, std::int64_t minReadySeconds,
                               std::int64_t now) {
    sim::Duration soonest = -1;
    for (const Value& pod : pods) {
        if (!api::podReady(pod) || minReadySeconds == 0) continue;
        const std::int64_t since =
            api::timeOf(api::conditionOf(pod, "Ready")["lastTransitionTime"]);
        const sim::Duration left = since + minReadySeconds * sim::kSecond - now;
        if (left > 0 && (soonest < 0 || left < soonest)) soonest = left;
    }
    return soonest;
}

std::int64_t scaledValue(const Value& intOrPercent, std::int64_t total, bool roundUp,
                         std::int64_t fallback) {
    if (intOrPercent.isInt()) return intOrPercent.asInt();
    if (!intOrPercent.isString()) return fallback;
    std::string_view text = intOrPercent.asString();
    if (text.empty() || text.back() != '%') return fallback;
    text.remove_suffix(1);
    const std::int64_t percent = base::parseInt(text).value_or(0);
    return roundUp ? (percent * total + 99) / 100 : percent * total / 100;
}

std::string safeEncode(std::string_view text) {
    static constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string out;
    for (const char c : text) out += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    return out;
}

} // namespace controllers
