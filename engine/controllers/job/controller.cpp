#include "controllers/job/controller.h"

#include "api/objects/pod.h"
#include "api/status.h"
#include "controllers/job/policy.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

const OwnerKind kJob{"batch/v1", "Job", client::jobsResource()};
constexpr const char* kTracking = "batch.kubernetes.io/job-tracking";
constexpr sim::Duration kBatchPeriod = sim::kSecond;
constexpr sim::Duration kBackoff = 10 * sim::kSecond, kMaxBackoff = 10 * sim::kMinute;
constexpr std::int64_t kMaxCreate = 500;

bool finishedJob(const Value& job) {
    return api::conditionStatus(job, "Complete") == "True" ||
           api::conditionStatus(job, "Failed") == "True";
}

std::int64_t finishTime(const Value& pod) {
    std::int64_t last = 0;
    for (const Value& status : pod.at("status", "containerStatuses").items())
        last = std::max(last, api::timeOf(status.at("state", "terminated", "finishedAt")));
    if (last == 0) last = api::timeOf(api::conditionOf(pod, "Ready")["lastTransitionTime"]);
    return last == 0 ? api::creationTimeOf(pod) : last;
}

} // namespace

JobController::JobController(Context context)
    : QueueController(context, "job-controller"), jobs_(use(client::jobsResource())),
      pods_(use(client::podsResource())), expectations_(context.kernel),
      podControl_(client_, recorder_) {
    jobs_.onChange([this](const Value& previous, const Value& current) {
        const Value& job = current.isNull() ? previous : current;
        if (current.isNull()) expectations_.forget(objectKey(job));
        queue_.add(objectKey(job));
        const Value& deadline = current.at("spec", "activeDeadlineSeconds");
        const std::int64_t started = api::timeOf(current.at("status", "startTime"));
        if (deadline.isInt() && started != 0)
            queue_.addAfter(objectKey(job),
                            started + deadline.asInt() * sim::kSecond - kernel_.unixNow());
    });
    pods_.onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
}

void JobController::onPod(const Value& previous, const Value& current) {
    const Value& pod = current.isNull() ? previous : current;
    const Value& owner = api::controllerOf(pod);
    if (owner["kind"].asString() != "Job") return;
    if (current.isNull()) counted_.erase(api::uidOf(pod));
    const std::string key = api::namespaceOf(pod) + "/" + owner["name"].text();
    if (api::uidView(jobs_.get(key)) != owner["uid"].asString()) {
        // The job is gone: nobody else will take the finalizer off.
        if (!current.isNull() && api::hasFinalizer(current, kTracking))
            queue_.addAfter("!" + objectKey(pod), sim::kSecond);
        return;
    }
    if (previous.isNull()) expectations_.creationObserved(key);
    if (current.isNull() || (api::isDeleting(current) && !api::hasFinalizer(current, kTracking)))
        expectations_.deletionObserved(key, objectKey(pod));
    queue_.addAfter(key, previous.isNull() ? 0 : kBatchPeriod);
}

sim::Task<base::Status> JobController::sync(std::string key) {
    if (key[0] == '!') {
        const Value pod = pods_.get(key.substr(1));
        if (pod.isNull() || !api::hasFinalizer(pod, kTracking)) co_return base::okStatus();
        const Value& owner = api::controllerOf(pod);
        if (api::uidView(jobs_.get(api::namespaceOf(pod) + "/" + owner["name"].text())) ==
            owner["uid"].asString())
            co_return base::okStatus();
        std::vector<Value> one{pod};
        co_return co_await releasePods(std::move(one));
    }
    const Value job = jobs_.get(key);
    if (job.isNull()) {
        expectations_.forget(key);
        for (const Value& pod : pods_.inNamespace(api::splitKey(key).ns))
            if (api::controllerOf(pod)["kind"].asString() == "Job" &&
                api::controllerOf(pod)["name"].asString() == api::splitKey(key).name &&
                api::hasFinalizer(pod, kTracking))
                queue_.add("!" + objectKey(pod));
        co_return base::okStatus();
    }
    if (const std::string_view manager = job.at("spec", "managedBy").asString();
        !manager.empty() && manager != "kubernetes.io/job-controller")
        co_return base::okStatus();
    auto picture = std::make_shared<Picture>();
    picture->job = job;
    look(*picture);
    if (finishedJob(job)) {
        std::vector<Value> held;
        for (const Value& pod : picture->pods)
            if (api::hasFinalizer(pod, kTracking)) held.push_back(pod);
        co_return co_await releasePods(std::move(held));
    }
    // What was asked for has not all arrived: the next pod event brings this key back.
    if (!expectations_.satisfied(key)) co_return base::okStatus();
    judge(*picture);
    base::Status managed = base::okStatus();
    if (picture->finished) {
        managed = co_await deletePods(picture, picture->active);
    } else if (!api::isDeleting(job)) {
        managed = co_await manage(picture);
    }
    base::Status settled = co_await settle(picture);
    if (!settled.ok()) co_return settled;
    co_return managed;
}

// Too many pods go, too few are made, with a growing pause after failures.
sim::Task<base::Status> JobController::manage(PicturePtr picture) {
    const Value& spec = picture->job["spec"];
    const std::int64_t active = static_cast<std::int64_t>(picture->active.size());
    const std::int64_t parallelism = spec["parallelism"].asInt(1);
    if (spec["suspend"].asBool()) {
        std::vector<Value> doomed = picture->active;
        picture->terminating += active;
        picture->active.clear();
        picture->ready = 0;
        co_return co_await deletePods(picture, std::move(doomed));
    }
    const std::int64_t succeeded =
        picture->indexed
            ? static_cast<std::int64_t>(picture->doneIndexes.size())
            : picture->succeeded + static_cast<std::int64_t>(picture->freshSucceeded.size());
    std::int64_t wanted = parallelism;
    const Value& completions = spec["completions"];
    if (completions.isNull()) {
        if (succeeded > 0) wanted = active; // a work queue that has begun to finish
    } else {
        std::int64_t left = completions.asInt() - succeeded;
        if (picture->indexed) left -= static_cast<std::int64_t>(picture->failedIndexes.size());
        wanted = std::min(parallelism, left);
    }
    wanted = std::max<std::int64_t>(0, std::min(wanted, parallelism));
    if (active > wanted) {
        std::vector<Value> pods = picture->active;
        sortForDeletion(pods, {}, kernel_.unixNow());
        pods.resize(static_cast<std::size_t>(active - wanted));
        std::erase_if(picture->active, [&](const Value& pod) {
            return std::any_of(pods.begin(), pods.end(), [&](const Value& other) {
                return api::uidView(other) == api::uidView(pod);
            });
        });
        picture->terminating += static_cast<std::int64_t>(pods.size());
        co_return co_await deletePods(picture, std::move(pods));
    }
    std::int64_t missing = wanted - active;
    if (spec["podReplacementPolicy"].asString() == "Failed" || !spec["podFailurePolicy"].isNull())
        missing -= picture->terminating;
    if (missing <= 0) co_return base::okStatus();
    const sim::Duration wait = backoff(*picture);
    if (wait > 0) {
        queue_.addAfter(objectKey(picture->job), wait);
        co_return base::okStatus();
    }
    co_return co_await createPods(picture, std::min(missing, kMaxCreate));
}

// Doubles with every failure in a row, from ten seconds to ten minutes after the last one.
sim::Duration JobController::backoff(const Picture& picture) const {
    std::vector<std::int64_t> failures;
    std::int64_t lastSuccess = 0;
    for (const Value& pod : picture.pods) {
        if (api::podPhase(pod) == "Succeeded") lastSuccess = std::max(lastSuccess, finishTime(pod));
        if (api::podPhase(pod) == "Failed") failures.push_back(finishTime(pod));
    }
    std::int64_t count = 0, last = 0;
    for (const std::int64_t at : failures) {
        if (at <= lastSuccess) continue;
        ++count;
        last = std::max(last, at);
    }
    if (count == 0) return 0;
    sim::Duration delay = kBackoff;
    for (std::int64_t i = 1; i < count && delay < kMaxBackoff; ++i) delay *= 2;
    return std::max<sim::Duration>(0, last + std::min(delay, kMaxBackoff) - kernel_.unixNow());
}

Value JobController::podFor(const Picture& picture, std::int64_t index) const {
    const Value& job = picture.job;
    Value pod = podFromTemplate(job.at("spec", "template"), job, kJob);
    pod = api::withFinalizer(pod, kTracking);
    if (index < 0) return pod;
    const std::string text = std::to_string(index);
    const std::string name = api::nameOf(job) + "-" + text;
    pod = pod.withPath({"metadata", "generateName"}, name + "-");
    pod = pod.withPath({"metadata", "labels", "batch.kubernetes.io/job-completion-index"}, text);
    pod =
        pod.withPath({"metadata", "annotations", "batch.kubernetes.io/job-completion-index"}, text);
    if (!job.at("spec", "backoffLimitPerIndex").isNull()) {
        std::int64_t failures = 0;
        for (const Value& other : picture.pods)
            if (job::completionIndex(other) == index && api::podPhase(other) == "Failed")
                ++failures;
        pod =
            pod.withPath({"metadata", "annotations", "batch.kubernetes.io/job-index-failure-count"},
                         std::to_string(failures));
    }
    if (pod.at("spec", "hostname").asString().empty())
        pod = pod.withPath({"spec", "hostname"}, name);
    const Value field = Value::object(
        {{"fieldPath", "metadata.labels['batch.kubernetes.io/job-completion-index']"}});
    const Value source = Value::object({{"fieldRef", field}});
    const Value variable = Value::object({{"name", "JOB_COMPLETION_INDEX"}, {"valueFrom", source}});
    for (const char* list : {"initContainers", "containers"}) {
        document::ArrayBuilder containers;
        for (const Value& container : pod.at("spec", list).items()) {
            bool has = false;
            for (const Value& env : container["env"].items())
                has = has || env["name"].asString() == "JOB_COMPLETION_INDEX";
            containers.push(has ? container
                                : container.with("env", container["env"].appended(variable)));
        }
        if (containers.size() > 0)
            pod = pod.withPath({"spec", list}, std::move(containers).build());
    }
    return pod;
}

sim::Task<base::Status> JobController::createOne(JobController* self, Value job, Value pod) {
    auto created = co_await self->podControl_.create(job, kJob, pod);
    if (!created.ok() && !hasStatusCause(created.error(), "NamespaceTerminating"))
        co_return created.error();
    co_return base::okStatus();
}

sim::Task<base::Status> JobController::createPods(PicturePtr picture, std::int64_t count) {
    const std::string key = objectKey(picture->job);
    std::vector<Value> pods;
    if (picture->indexed) {
        Indexes taken = picture->doneIndexes;
        taken.insert(picture->failedIndexes.begin(), picture->failedIndexes.end());
        for (const Value& pod : picture->active) taken.insert(job::completionIndex(pod));
        for (std::int64_t i = 0; static_cast<std::int64_t>(pods.size()) < count &&
                                 i < picture->job.at("spec", "completions").asInt();
             ++i)
            if (!taken.contains(i)) pods.push_back(podFor(*picture, i));
    } else {
        const Value pod = podFor(*picture, -1);
        pods.assign(static_cast<std::size_t>(count), pod);
    }
    expectations_.expectCreations(key, static_cast<int>(pods.size()));
    std::size_t done = 0;
    std::int64_t made = 0;
    base::Status outcome = base::okStatus();
    for (std::size_t batch = 1; done < pods.size() && outcome.ok(); batch *= 2) {
        std::vector<sim::Task<base::Status>> tasks;
        for (std::size_t i = 0; i < batch && done < pods.size(); ++i, ++done)
            tasks.push_back(createOne(this, picture->job, pods[done]));
        const std::vector<base::Status> results = co_await runAll(kernel_, std::move(tasks));
        for (const base::Status& result : results) made += result.ok() ? 1 : 0;
        outcome = firstError(results);
    }
    expectations_.creationObserved(key,
                                   static_cast<int>(static_cast<std::int64_t>(pods.size()) - made));
    // What was just made counts as active in the status that follows.
    for (std::int64_t i = 0; i < made; ++i) picture->active.push_back(Value());
    co_return outcome;
}

sim::Task<base::Status> JobController::removeOne(JobController* self, Value job, Value pod) {
    if (api::hasFinalizer(pod, kTracking)) {
        std::vector<Value> one{pod};
        auto released = co_await self->releasePods(std::move(one));
        if (!released.ok()) co_return released;
    }
    auto removed = co_await self->podControl_.remove(job, api::namespaceOf(pod), api::nameOf(pod));
    if (!removed.ok()) self->expectations_.deletionObserved(objectKey(job), objectKey(pod));
    if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed;
    co_return base::okStatus();
}

sim::Task<base::Status> JobController::deletePods(PicturePtr picture, std::vector<Value> pods) {
    std::erase_if(pods, [](const Value& pod) { return pod.isNull() || api::isDeleting(pod); });
    if (pods.empty()) co_return base::okStatus();
    std::vector<std::string> keys;
    for (const Value& pod : pods) keys.push_back(objectKey(pod));
    expectations_.expectDeletions(objectKey(picture->job), keys);
    std::vector<sim::Task<base::Status>> tasks;
    for (const Value& pod : pods) tasks.push_back(removeOne(this, picture->job, pod));
    const std::vector<base::Status> results = co_await runAll(kernel_, std::move(tasks));
    co_return firstError(results);
}

sim::Task<base::Status> JobController::releasePods(std::vector<Value> pods) {
    for (const Value& pod : pods) {
        const Value drop = Value::array({Value(kTracking)});
        const Value metadata = Value::object(
            {{"$deleteFromPrimitiveList/finalizers", drop}, {"uid", api::uidOf(pod)}});
        const Value patch = Value::object({{"metadata", metadata}});
        auto patched =
            co_await client_.patch(client::podsResource(), api::namespaceOf(pod), api::nameOf(pod),
                                   "application/strategic-merge-patch+json", patch);
        if (!patched.ok() && !api::isNotFound(patched.error()) && !api::isConflict(patched.error()))
            co_return patched.error();
        if (patched.ok() && !api::isDeleting(*patched)) pods_.put(*patched);
    }
    co_return base::okStatus();
}

TtlAfterFinishedController::TtlAfterFinishedController(Context context)
    : QueueController(context, "ttl-after-finished-controller"),
      jobs_(use(client::jobsResource())) {
    jobs_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() && current.at("spec", "ttlSecondsAfterFinished").isInt() &&
            finishedJob(current))
            queue_.add(objectKey(current));
    });
}

sim::Task<base::Status> TtlAfterFinishedController::sync(std::string key) {
    const Value job = jobs_.get(key);
    if (job.isNull() || !finishedJob(job) || !job.at("spec", "ttlSecondsAfterFinished").isInt() ||
        api::isDeleting(job))
        co_return base::okStatus();
    std::int64_t finished = 0;
    for (const char* type : {"Complete", "Failed"})
        if (api::conditionStatus(job, type) == "True")
            finished = api::timeOf(api::conditionOf(job, type)["lastTransitionTime"]);
    const std::int64_t due =
        finished + job.at("spec", "ttlSecondsAfterFinished").asInt() * sim::kSecond;
    if (due > kernel_.unixNow()) {
        queue_.addAfter(key, due - kernel_.unixNow());
        co_return base::okStatus();
    }
    client::DeleteOptions options;
    options.propagationPolicy = "Foreground";
    options.uid = api::uidOf(job);
    auto removed = co_await client_.remove(client::jobsResource(), api::namespaceOf(job),
                                           api::nameOf(job), options);
    if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    co_return base::okStatus();
}

} // namespace controllers
