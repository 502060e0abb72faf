#include "api/objects/pod.h"
#include "api/status.h"
#include "controllers/job/controller.h"
#include "controllers/job/policy.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {

constexpr const char* kTracking = "batch.kubernetes.io/job-tracking";

bool listed(const Value& list, std::string_view uid) {
    for (const Value& item : list.items())
        if (item.asString() == uid) return true;
    return false;
}

} // namespace

Value JobController::jobCondition(const char* type, const char* status, std::string reason,
                                  std::string message) const {
    const std::string stamp = now();
    return Value::object({{"type", type},
                          {"status", status},
                          {"lastProbeTime", stamp},
                          {"lastTransitionTime", stamp},
                          {"reason", reason},
                          {"message", message}});
}

// Sorts the job's pods: active, terminating, finished but not yet counted.
void JobController::look(Picture& picture) const {
    const Value& job = picture.job;
    const Value& status = job["status"];
    const Value& uncounted = status["uncountedTerminatedPods"];
    picture.indexed = job.at("spec", "completionMode").asString() == "Indexed";
    picture.succeeded = status["succeeded"].asInt();
    picture.failed = status["failed"].asInt();
    picture.startTime = status["startTime"];
    picture.completionTime = status["completionTime"];
    for (const Value& condition : status["conditions"].items())
        picture.conditions.push_back(condition);
    const std::int64_t completions = job.at("spec", "completions").asInt(INT32_MAX);
    if (picture.indexed) {
        picture.doneIndexes = job::parseIndexes(status["completedIndexes"].asString(), completions);
        picture.failedIndexes = job::parseIndexes(status["failedIndexes"].asString(), completions);
    }
    // Counted before and released since: what an interrupted sync had left.
    for (const Value& pod : pods_.ownedBy(api::uidView(job))) {
        picture.pods.push_back(pod);
        const bool tracked =
            api::hasFinalizer(pod, kTracking) && !counted_.contains(api::uidView(pod));
        const bool replaceEarly =
            job.at("spec", "podReplacementPolicy").asString("TerminatingOrFailed") != "Failed" &&
            job.at("spec", "podFailurePolicy").isNull();
        const std::string_view phase = api::podPhase(pod);
        if (phase == "Succeeded") {
            if (tracked && !listed(uncounted["succeeded"], api::uidView(pod)))
                picture.freshSucceeded.push_back(pod);
            if (tracked) picture.release.push_back(pod);
        } else if (phase == "Failed" || (api::isDeleting(pod) && replaceEarly)) {
            if (tracked && !listed(uncounted["failed"], api::uidView(pod)))
                picture.freshFailed.push_back(pod);
            if (tracked) picture.release.push_back(pod);
            if (phase != "Failed") ++picture.terminating;
        } else if (api::isDeleting(pod)) {
            ++picture.terminating;
        } else {
            picture.active.push_back(pod);
            if (api::podReady(pod)) ++picture.ready;
        }
    }
    picture.succeeded += static_cast<std::int64_t>(uncounted["succeeded"].size());
    picture.failed += static_cast<std::int64_t>(uncounted["failed"].size());
    for (const Value& pod : picture.freshSucceeded)
        if (picture.indexed && job::completionIndex(pod) >= 0 &&
            job::completionIndex(pod) < completions)
            picture.doneIndexes.insert(job::completionIndex(pod));
}

void JobController::judge(Picture& picture) const {
    const Value& job = picture.job;
    handleSuspend(picture);
    if (picture.startTime.isNull() && !job.at("spec", "suspend").asBool())
        picture.startTime = now();
    for (const Value& condition : picture.conditions) {
        const std::string_view type = condition["type"].asString();
        if (condition["status"].asString() == "True" &&
            (type == "FailureTarget" || type == "SuccessCriteriaMet"))
            picture.finished = condition;
    }
    if (!picture.finished) judgeFailures(picture);
    if (!picture.finished) judgeSuccess(picture);
}

void JobController::handleSuspend(Picture& picture) const {
    const bool suspend = picture.job.at("spec", "suspend").asBool();
    Value* old = nullptr;
    for (Value& condition : picture.conditions)
        if (condition["type"].asString() == "Suspended") old = &condition;
    if (suspend && (old == nullptr || (*old)["status"].asString() != "True")) {
        Value fresh = jobCondition("Suspended", "True", "JobSuspended", "Job suspended");
        if (old != nullptr)
            *old = std::move(fresh);
        else
            picture.conditions.push_back(std::move(fresh));
        picture.suspendedEvent = true;
    } else if (!suspend && old != nullptr && (*old)["status"].asString() == "True") {
        *old = jobCondition("Suspended", "False", "JobResumed", "Job resumed");
        picture.startTime = now();
        picture.resumedEvent = true;
    }
}

void JobController::judgeFailures(Picture& picture) const {
    const Value& spec = picture.job["spec"];
    const auto fail = [&](const char* reason, std::string message) {
        picture.finished = jobCondition("FailureTarget", "True", reason, std::move(message));
        picture.conditions.push_back(*picture.finished);
    };
    std::vector<Value> counted;
    for (const Value& pod : picture.freshFailed) {
        const job::Match match = job::matchFailurePolicy(spec["podFailurePolicy"], pod);
        if (match.action == job::Action::FailJob) return fail("PodFailurePolicy", match.message);
        if (match.action == job::Action::FailIndex && picture.indexed)
            picture.failedIndexes.insert(job::completionIndex(pod));
        if (match.action != job::Action::Ignore) counted.push_back(pod);
    }
    picture.freshFailed = counted;
    const Value& perIndex = spec["backoffLimitPerIndex"];
    if (perIndex.isInt() && picture.indexed) {
        std::map<std::int64_t, std::int64_t> failures;
        for (const Value& pod : picture.pods)
            if (api::podPhase(pod) == "Failed" &&
                job::matchFailurePolicy(spec["podFailurePolicy"], pod).action !=
                    job::Action::Ignore)
                ++failures[job::completionIndex(pod)];
        for (const auto& [index, count] : failures)
            if (index >= 0 && count > perIndex.asInt() && !picture.doneIndexes.contains(index))
                picture.failedIndexes.insert(index);
        const Value& most = spec["maxFailedIndexes"];
        if (most.isInt() && static_cast<std::int64_t>(picture.failedIndexes.size()) > most.asInt())
            return fail("MaxFailedIndexesExceeded",
                        "Job has exceeded the specified maximal number of failed indexes");
        if (!picture.failedIndexes.empty() &&
            static_cast<std::int64_t>(picture.failedIndexes.size() + picture.doneIndexes.size()) >=
                spec["completions"].asInt())
            return fail("FailedIndexes", "Job has failed indexes");
    }
    const std::int64_t limit = spec["backoffLimit"].asInt(perIndex.isInt() ? INT32_MAX : 6);
    const std::int64_t failed =
        picture.failed + static_cast<std::int64_t>(picture.freshFailed.size());
    std::int64_t restarts = 0;
    if (spec.at("template", "spec", "restartPolicy").asString() == "OnFailure")
        for (const Value& pod : picture.active)
            for (const char* list : {"initContainerStatuses", "containerStatuses"})
                for (const Value& status : pod.at("status", list).items())
                    restarts += status["restartCount"].asInt();
    if (failed > limit || (restarts > 0 && restarts >= limit))
        return fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    const Value& deadline = spec["activeDeadlineSeconds"];
    if (deadline.isInt() && !picture.startTime.isNull() && !spec["suspend"].asBool() &&
        kernel_.unixNow() >= api::timeOf(picture.startTime) + deadline.asInt() * sim::kSecond)
        fail("DeadlineExceeded", "Job was active longer than specified deadline");
}

void JobController::judgeSuccess(Picture& picture) const {
    const Value& spec = picture.job["spec"];
    const auto succeed = [&](const char* reason, std::string message) {
        picture.finished = jobCondition("SuccessCriteriaMet", "True", reason, std::move(message));
        picture.conditions.push_back(*picture.finished);
    };
    const Value& completions = spec["completions"];
    if (picture.indexed && !spec["successPolicy"].isNull()) {
        if (const auto message = job::matchSuccessPolicy(spec["successPolicy"], completions.asInt(),
                                                         picture.doneIndexes))
            return succeed("SuccessPolicy", *message);
    }
    const std::int64_t succeeded =
        picture.indexed
            ? static_cast<std::int64_t>(picture.doneIndexes.size())
            : picture.succeeded + static_cast<std::int64_t>(picture.freshSucceeded.size());
    const bool complete = completions.isNull()
                              ? succeeded > 0 && picture.active.empty()
                              : succeeded >= completions.asInt() && picture.active.empty();
    if (complete && !spec["suspend"].asBool())
        succeed("CompletionsReached", "Reached expected number of succeeded pods");
}

// First the finished pods are noted in the status, then released, then counted.
sim::Task<base::Status> JobController::settle(PicturePtr picture) {
    if (picture->finished) {
        picture->terminating += static_cast<std::int64_t>(picture->active.size());
        // Pods that the end of the job cuts short count as failed.
        const bool failing = (*picture->finished)["type"].asString() == "FailureTarget";
        for (const Value& pod : picture->active)
            if (failing && !pod.isNull()) picture->freshFailed.push_back(pod);
        picture->active.clear();
        picture->ready = 0;
    }
    const bool note =
        !picture->freshFailed.empty() || (!picture->indexed && !picture->freshSucceeded.empty());
    auto noted = co_await writeStatus(picture, note);
    if (!noted.ok()) co_return noted;
    auto released = co_await releasePods(picture->release);
    if (!released.ok()) co_return released;
    picture->succeeded += static_cast<std::int64_t>(picture->freshSucceeded.size());
    picture->failed += static_cast<std::int64_t>(picture->freshFailed.size());
    for (const auto* list : {&picture->freshSucceeded, &picture->freshFailed})
        for (const Value& pod : *list) counted_.insert(api::uidOf(pod));
    picture->freshSucceeded.clear();
    picture->freshFailed.clear();
    bool ended = false;
    // The job ends when none of its pods is left running.
    if (picture->finished && picture->terminating == 0) {
        const bool success = (*picture->finished)["type"].asString() == "SuccessCriteriaMet";
        picture->conditions.push_back(jobCondition(success ? "Complete" : "Failed", "True",
                                                   (*picture->finished)["reason"].text(),
                                                   (*picture->finished)["message"].text()));
        if (success) picture->completionTime = now();
        ended = true;
    }
    auto written = co_await writeStatus(picture, false);
    if (!written.ok()) co_return written;
    if (picture->suspendedEvent) recorder_.normal(picture->job, "Suspended", "Job suspended");
    if (picture->resumedEvent) recorder_.normal(picture->job, "Resumed", "Job resumed");
    if (ended) announce(*picture);
    co_return base::okStatus();
}

void JobController::announce(const Picture& picture) {
    if ((*picture.finished)["type"].asString() == "SuccessCriteriaMet")
        recorder_.normal(picture.job, "Completed", "Job completed");
    else
        recorder_.warning(picture.job, (*picture.finished)["reason"].text(),
                          (*picture.finished)["message"].text());
}

sim::Task<base::Status> JobController::writeStatus(PicturePtr picture, bool uncounted) {
    document::ObjectBuilder out, pending;
    std::int64_t succeeded = picture->succeeded, failed = picture->failed;
    if (picture->indexed) succeeded = static_cast<std::int64_t>(picture->doneIndexes.size());
    if (!picture->conditions.empty()) out.set("conditions", Value::array(picture->conditions));
    if (!picture->startTime.isNull()) out.set("startTime", picture->startTime);
    if (!picture->completionTime.isNull()) out.set("completionTime", picture->completionTime);
    out.setUnlessEmpty("active", static_cast<std::int64_t>(picture->active.size()));
    out.setUnlessEmpty("succeeded", succeeded).setUnlessEmpty("failed", failed);
    out.set("terminating", picture->terminating).set("ready", picture->ready);
    if (picture->indexed)
        out.setUnlessEmpty("completedIndexes", Value(job::formatIndexes(picture->doneIndexes)));
    if (!picture->job.at("spec", "backoffLimitPerIndex").isNull())
        out.set("failedIndexes", job::formatIndexes(picture->failedIndexes));
    if (uncounted) {
        document::ArrayBuilder good, bad;
        if (!picture->indexed)
            for (const Value& pod : picture->freshSucceeded) good.push(api::uidOf(pod));
        for (const Value& pod : picture->freshFailed) bad.push(api::uidOf(pod));
        if (good.size() > 0) pending.set("succeeded", std::move(good).build());
        if (bad.size() > 0) pending.set("failed", std::move(bad).build());
    }
    out.set("uncountedTerminatedPods",
            pending.empty() ? Value::object() : std::move(pending).build());
    Value status = std::move(out).build();
    if (status == picture->job["status"]) co_return base::okStatus();
    Value changed = picture->job.with("status", std::move(status));
    const std::string ns = api::namespaceOf(changed); // before it is moved from, whatever the compiler's order
    auto written = co_await client_.update(client::jobsResource(), ns, std::move(changed), "status");
    if (!written.ok()) co_return written.error();
    picture->job = *written;
    jobs_.put(*written);
    co_return base::okStatus();
}

} // namespace controllers
