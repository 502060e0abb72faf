#include "controllers/cronjob/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"
#include "base/strings.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

const OwnerKind kCronJob{"batch/v1", "CronJob", client::cronJobsResource()};
constexpr sim::Duration kDelta = 100 * sim::kMillisecond;
constexpr int kTooMany = 100;

// "Complete", "Failed" or nothing.
std::string finishedAs(const Value& job) {
    for (const char* type : {"Complete", "Failed"})
        if (api::conditionStatus(job, type) == "True") return type;
    return {};
}

bool inActive(const Value& status, std::string_view uid) {
    for (const Value& item : status["active"].items())
        if (item["uid"].asString() == uid) return true;
    return false;
}

std::string rfc1123(std::int64_t at) {
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(at);
    const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(days[t.weekday]) + ", " + two(t.day) + " " + months[t.month - 1] + " " +
           std::to_string(t.year) + " " + two(t.hour) + ":" + two(t.minute) + ":" + two(t.second) +
           " +0000";
}

} // namespace

CronJobController::CronJobController(Context context)
    : QueueController(context, "cronjob-controller"), cronJobs_(use(client::cronJobsResource())),
      jobs_(use(client::jobsResource())) {
    cronJobs_.onChange([this](const Value& previous, const Value& current) {
        queue_.add(objectKey(current.isNull() ? previous : current));
    });
    jobs_.onChange([this](const Value& previous, const Value& current) {
        const Value& job = current.isNull() ? previous : current;
        const Value& owner = api::controllerOf(job);
        if (owner["kind"].asString() == "CronJob")
            queue_.add(api::namespaceOf(job) + "/" + owner["name"].text());
    });
}

void CronJobController::dropActive(Picture& picture, std::string_view uid) {
    document::ArrayBuilder kept;
    for (const Value& item : picture.status["active"].items())
        if (item["uid"].asString() != uid) kept.push(item);
    picture.status = kept.size() == 0 ? picture.status.without("active")
                                      : picture.status.with("active", std::move(kept).build());
}

void CronJobController::wakeAtNext(const Picture& picture) {
    const std::int64_t next = picture.schedule.next(kernel_.unixNow(), picture.zone);
    if (next != 0) queue_.addAfter(objectKey(picture.cronJob), next - kernel_.unixNow() + kDelta);
}

sim::Task<base::Status> CronJobController::sync(std::string key) {
    const Value cronJob = cronJobs_.get(key);
    if (cronJob.isNull()) co_return base::okStatus();
    auto picture = std::make_shared<Picture>();
    picture->cronJob = cronJob;
    picture->status = cronJob["status"];
    picture->jobs = jobs_.ownedBy(api::uidView(cronJob));
    auto done = co_await reconcileActive(picture);
    if (!done.ok()) co_return done;
    base::Status started = base::okStatus();
    if (!api::isDeleting(cronJob)) started = co_await startIfDue(picture);
    auto trimmed = co_await trimHistory(picture);
    if (!trimmed.ok()) co_return trimmed;
    const bool changed = !(picture->status == cronJob["status"]) &&
                         !(picture->status.isEmpty() && cronJob["status"].isEmpty());
    if (changed) {
        Value next = cronJob.with("status", picture->status);
        auto written = co_await client_.update(
            client::cronJobsResource(), api::namespaceOf(cronJob), std::move(next), "status");
        if (!written.ok()) co_return written.error();
        cronJobs_.put(*written);
    }
    co_return started;
}

sim::Task<base::Status> CronJobController::reconcileActive(PicturePtr picture) {
    for (const Value& job : picture->jobs) {
        const bool listed = inActive(picture->status, api::uidView(job));
        const std::string end = finishedAs(job);
        if (!listed && end.empty()) {
            recorder_.warning(picture->cronJob, "UnexpectedJob",
                              "Saw a job that the controller did not create or forgot: " +
                                  api::nameOf(job));
        } else if (!end.empty()) {
            if (listed) {
                dropActive(*picture, api::uidView(job));
                recorder_.normal(picture->cronJob, "SawCompletedJob",
                                 "Saw completed job: " + api::nameOf(job) + ", condition: " + end);
            }
            const Value& completed = job.at("status", "completionTime");
            if (end == "Complete" && completed.isString() &&
                api::timeOf(completed) > api::timeOf(picture->status["lastSuccessfulTime"]))
                picture->status = picture->status.with("lastSuccessfulTime", completed);
        }
    }
    const Value active = picture->status["active"];
    for (const Value& item : active.items()) {
        const bool known =
            std::any_of(picture->jobs.begin(), picture->jobs.end(), [&](const Value& job) {
                return api::uidView(job) == item["uid"].asString();
            });
        if (known) continue;
        auto found = co_await client_.get(client::jobsResource(),
                                          api::namespaceOf(picture->cronJob), item["name"].text());
        if (found.ok()) continue;
        if (!api::isNotFound(found.error())) co_return found.error();
        recorder_.normal(picture->cronJob, "MissingJob",
                         "Active job went missing: " + item["name"].text());
        dropActive(*picture, item["uid"].asString());
    }
    co_return base::okStatus();
}

std::int64_t CronJobController::mostRecent(const Picture& picture, std::int64_t nowTime) {
    std::int64_t earliest = api::creationTimeOf(picture.cronJob);
    if (const std::int64_t last = api::timeOf(picture.status["lastScheduleTime"]); last != 0)
        earliest = last;
    const Value& deadline = picture.cronJob.at("spec", "startingDeadlineSeconds");
    if (deadline.isInt()) earliest = std::max(earliest, nowTime - deadline.asInt() * sim::kSecond);
    std::int64_t recent = 0;
    int missed = 0;
    for (std::int64_t at = picture.schedule.next(earliest, picture.zone); at != 0 && at <= nowTime;
         at = picture.schedule.next(at, picture.zone)) {
        recent = at;
        ++missed;
    }
    if (missed > kTooMany)
        recorder_.warning(picture.cronJob, "TooManyMissedTimes",
                          "too many missed start times. Set or decrease "
                          ".spec.startingDeadlineSeconds or check clock skew");
    return recent;
}

sim::Task<base::Status> CronJobController::startIfDue(PicturePtr picture) {
    const Value& spec = picture->cronJob["spec"];
    picture->zone = spec["timeZone"].text();
    if (!cron::zoneOffset(picture->zone, kernel_.unixNow())) {
        recorder_.warning(picture->cronJob, "UnknownTimeZone",
                          "invalid timeZone: " + base::quoteGo(picture->zone) +
                              ": unknown time zone " + picture->zone);
        co_return base::okStatus();
    }
    if (spec["suspend"].asBool()) co_return base::okStatus();
    auto schedule = cron::Schedule::parse(spec["schedule"].asString());
    if (!schedule.ok()) {
        recorder_.warning(picture->cronJob, "UnparseableSchedule",
                          "unparseable schedule: " + base::quoteGo(spec["schedule"].asString()) +
                              " : " + schedule.error().message);
        co_return base::okStatus();
    }
    picture->schedule = *schedule;
    const std::int64_t nowTime = kernel_.unixNow();
    const std::int64_t scheduled = mostRecent(*picture, nowTime);
    if (scheduled == 0) {
        wakeAtNext(*picture);
        co_return base::okStatus();
    }
    const Value& deadline = spec["startingDeadlineSeconds"];
    const std::string name =
        api::nameOf(picture->cronJob) + "-" + std::to_string(scheduled / sim::kMinute);
    bool already = api::timeOf(picture->status["lastScheduleTime"]) == scheduled;
    for (const Value& item : picture->status["active"].items())
        already = already || item["name"].asString() == name;
    if (deadline.isInt() && scheduled + deadline.asInt() * sim::kSecond < nowTime) {
        recorder_.warning(picture->cronJob, "MissSchedule",
                          "Missed scheduled time to start a job: " + rfc1123(scheduled));
        wakeAtNext(*picture);
        co_return base::okStatus();
    }
    if (already) {
        wakeAtNext(*picture);
        co_return base::okStatus();
    }
    const std::string policy = spec["concurrencyPolicy"].text();
    if (policy == "Forbid" && picture->status["active"].size() > 0) {
        recorder_.normal(
            picture->cronJob, "JobAlreadyActive",
            "Not starting job because prior execution is running and concurrency policy is Forbid");
        wakeAtNext(*picture);
        co_return base::okStatus();
    }
    if (policy == "Replace") {
        const Value active = picture->status["active"];
        for (const Value& item : active.items()) {
            const Value job =
                jobs_.get(api::namespaceOf(picture->cronJob) + "/" + item["name"].text());
            if (job.isNull()) continue;
            auto deleted = co_await deleteJob(picture, job);
            if (!deleted.ok()) co_return deleted;
        }
    }
    co_return co_await startJob(picture, scheduled);
}

sim::Task<base::Status> CronJobController::startJob(PicturePtr picture, std::int64_t scheduled) {
    const Value& cronJob = picture->cronJob;
    const Value& jobTemplate = cronJob.at("spec", "jobTemplate");
    const std::string ns = api::namespaceOf(cronJob);
    const std::string name = api::nameOf(cronJob) + "-" + std::to_string(scheduled / sim::kMinute);
    document::ObjectBuilder metadata, annotations(jobTemplate.at("metadata", "annotations"));
    annotations.set("batch.kubernetes.io/cronjob-scheduled-timestamp",
                    sim::formatRfc3339(scheduled));
    metadata.set("name", name)
        .set("namespace", ns)
        .set("annotations", std::move(annotations).build());
    metadata.setUnlessEmpty("labels", jobTemplate.at("metadata", "labels"));
    const Value owner = api::controllerReference(cronJob, kCronJob.apiVersion, kCronJob.kind);
    metadata.set("ownerReferences", Value::array({owner}));
    const Value job = Value::object({{"apiVersion", "batch/v1"},
                                     {"kind", "Job"},
                                     {"metadata", std::move(metadata).build()},
                                     {"spec", jobTemplate["spec"]}});
    auto created = co_await client_.create(client::jobsResource(), ns, job);
    if (!created.ok()) {
        if (hasStatusCause(created.error(), "NamespaceTerminating")) co_return base::okStatus();
        if (!api::isAlreadyExists(created.error())) {
            recorder_.warning(cronJob, "FailedCreate",
                              "Error creating job: " + created.error().message);
            co_return created.error();
        }
        auto existing = co_await client_.get(client::jobsResource(), ns, name);
        if (!existing.ok()) co_return existing.error();
        if (!api::isControlledBy(*existing, cronJob) ||
            inActive(picture->status, api::uidView(*existing))) {
            wakeAtNext(*picture);
            co_return base::okStatus();
        }
        created = *existing;
    } else {
        recorder_.normal(cronJob, "SuccessfulCreate", "Created job " + name);
        jobs_.put(*created);
    }
    picture->status = picture->status.with(
        "active", picture->status["active"].appended(client::objectReference(*created)));
    picture->status = picture->status.with("lastScheduleTime", sim::formatRfc3339(scheduled));
    wakeAtNext(*picture);
    co_return base::okStatus();
}

sim::Task<base::Status> CronJobController::deleteJob(PicturePtr picture, Value job) {
    client::DeleteOptions options;
    options.propagationPolicy = "Background";
    auto removed = co_await client_.remove(client::jobsResource(), api::namespaceOf(job),
                                           api::nameOf(job), options);
    if (!removed.ok() && !api::isNotFound(removed.error())) {
        recorder_.warning(picture->cronJob, "FailedDelete",
                          "Deleted job: " + removed.error().message);
        co_return removed.error();
    }
    dropActive(*picture, api::uidView(job));
    recorder_.normal(picture->cronJob, "SuccessfulDelete", "Deleted job " + api::nameOf(job));
    co_return base::okStatus();
}

// The oldest finished jobs beyond the history limits go.
sim::Task<base::Status> CronJobController::trimHistory(PicturePtr picture) {
    const Value& spec = picture->cronJob["spec"];
    for (const auto& [type, field] :
         {std::pair<std::string, const char*>{"Complete", "successfulJobsHistoryLimit"},
          std::pair<std::string, const char*>{"Failed", "failedJobsHistoryLimit"}}) {
        const Value& limit = spec[field];
        if (!limit.isInt()) continue;
        std::vector<Value> finished;
        for (const Value& job : picture->jobs)
            if (finishedAs(job) == type && !api::isDeleting(job)) finished.push_back(job);
        std::stable_sort(finished.begin(), finished.end(), [](const Value& a, const Value& b) {
            return api::timeOf(a.at("status", "startTime")) <
                   api::timeOf(b.at("status", "startTime"));
        });
        const std::int64_t surplus = static_cast<std::int64_t>(finished.size()) - limit.asInt();
        for (std::int64_t i = 0; i < surplus; ++i) {
            auto deleted = co_await deleteJob(picture, finished[static_cast<std::size_t>(i)]);
            (void)deleted; // tried again at the next sync
        }
    }
    co_return base::okStatus();
}

} // namespace controllers
