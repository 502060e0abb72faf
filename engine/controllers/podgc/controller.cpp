#include "controllers/podgc/controller.h"

#include "api/objects/pod.h"
#include "api/objects/pod_patch.h"
#include "api/status.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {
constexpr sim::Duration kPeriod = 20 * sim::kSecond;
constexpr sim::Duration kQuarantine = 40 * sim::kSecond;

bool outOfService(const Value& node) {
    for (const Value& taint : node.at("spec", "taints").items())
        if (taint["key"].asString() == "node.kubernetes.io/out-of-service") return true;
    return false;
}
} // namespace

PodGcController::PodGcController(Context context)
    : QueueController(context, "pod-garbage-collector", 1), pods_(use(client::podsResource())),
      nodes_(use(client::nodesResource())) {}

sim::Task<base::Status> PodGcController::sync(std::string) { co_return base::okStatus(); }

void PodGcController::ready(sim::Scope& scope) { scope.spawn(sweep(this), "pod-gc"); }

sim::Task<void> PodGcController::sweep(PodGcController* self) {
    for (;;) {
        co_await self->collect();
        co_await sim::sleepFor(self->kernel_, kPeriod);
    }
}

sim::Task<base::Status> PodGcController::remove(Value pod, bool orphaned) {
    const std::string ns = api::namespaceOf(pod), name = api::nameOf(pod);
    if (!api::podFinished(pod)) {
        // The kubelet will not report any more: the pod counts as failed.
        Value status = Value::object();
        if (orphaned) {
            Value condition = Value::object({{"type", "DisruptionTarget"},
                                             {"status", "True"},
                                             {"observedGeneration", api::generationOf(pod)},
                                             {"reason", "DeletionByPodGC"},
                                             {"message", "PodGC: node no longer exists"},
                                             {"lastTransitionTime", now()}});
            status = api::conditionPatch(pod, condition);
        }
        status = status.with("phase", "Failed");
        const Value patch = Value::object({{"status", status}});
        auto patched =
            co_await client_.patch(client::podsResource(), ns, name,
                                   "application/strategic-merge-patch+json", patch, "status");
        if (!patched.ok()) co_return patched.error();
    }
    client::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.uid = api::uidOf(pod);
    auto removed = co_await client_.remove(client::podsResource(), ns, name, options);
    if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    co_return base::okStatus();
}

sim::Task<void> PodGcController::collect() {
    std::vector<Value> terminated, unscheduled, orphaned, lost;
    std::map<std::string, sim::Time> missing;
    for (const auto& [key, pod] : pods_.items()) {
        const std::string node(api::podNode(pod));
        if (api::podFinished(pod)) terminated.push_back(pod);
        if (node.empty()) {
            if (api::isDeleting(pod)) unscheduled.push_back(pod);
            continue;
        }
        const Value& object = nodes_.get(node);
        if (object.isNull()) {
            const auto known = missing_.find(node);
            missing[node] = known == missing_.end() ? kernel_.now() : known->second;
            if (kernel_.now() - missing[node] >= kQuarantine) orphaned.push_back(pod);
        } else if (api::isDeleting(pod) && api::conditionStatus(object, "Ready") != "True" &&
                   outOfService(object)) {
            lost.push_back(pod);
        }
    }
    missing_ = std::move(missing);
    const std::int64_t surplus =
        static_cast<std::int64_t>(terminated.size()) - options_.terminatedPodGCThreshold;
    if (options_.terminatedPodGCThreshold > 0 && surplus > 0) {
        std::stable_sort(terminated.begin(), terminated.end(), [](const Value& a, const Value& b) {
            return api::creationTimeOf(a) < api::creationTimeOf(b);
        });
        terminated.resize(static_cast<std::size_t>(surplus));
        for (const Value& pod : terminated) {
            auto ignored = co_await remove(pod, false);
            (void)ignored;
        }
    }
    for (const Value& pod : lost) {
        auto ignored = co_await remove(pod, false);
        (void)ignored;
    }
    for (const Value& pod : orphaned) {
        auto ignored = co_await remove(pod, true);
        (void)ignored;
    }
    for (const Value& pod : unscheduled) {
        auto ignored = co_await remove(pod, false);
        (void)ignored;
    }
}

} // namespace controllers
