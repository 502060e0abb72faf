#pragma once
// Runs pods to completion. Source: pkg/controller/job.

#include "controllers/support/controller.h"
#include "controllers/support/expectations.h"
#include "controllers/support/pods.h"

#include <optional>
#include <set>

namespace controllers {

class JobController : public QueueController {
public:
    explicit JobController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    using Indexes = std::set<std::int64_t>;
    struct Picture {
        Value job;
        std::vector<Value> pods, active;
        std::int64_t ready = 0, terminating = 0;
        std::int64_t succeeded = 0, failed = 0;         // counted in status so far
        std::vector<Value> freshSucceeded, freshFailed; // finished, not counted yet
        std::vector<Value> release;                     // pods whose finalizer goes
        Indexes doneIndexes, failedIndexes;
        bool indexed = false;
        std::optional<Value> finished; // condition that ends the job
        std::vector<Value> conditions;
        Value startTime, completionTime;
        bool suspendedEvent = false, resumedEvent = false;
    };
    using PicturePtr = std::shared_ptr<Picture>;

    void onPod(const Value& previous, const Value& current);
    // sync.cpp
    void look(Picture& picture) const;
    void judge(Picture& picture) const;
    void judgeFailures(Picture& picture) const;
    void judgeSuccess(Picture& picture) const;
    void handleSuspend(Picture& picture) const;
    sim::Task<base::Status> manage(PicturePtr picture);
    sim::Task<base::Status> createPods(PicturePtr picture, std::int64_t count);
    sim::Task<base::Status> deletePods(PicturePtr picture, std::vector<Value> pods);
    sim::Task<base::Status> settle(PicturePtr picture);
    sim::Task<base::Status> writeStatus(PicturePtr picture, bool uncounted);
    sim::Task<base::Status> releasePods(std::vector<Value> pods);
    Value podFor(const Picture& picture, std::int64_t index) const;
    sim::Duration backoff(const Picture& picture) const;
    static sim::Task<base::Status> createOne(JobController* self, Value job, Value pod);
    static sim::Task<base::Status> removeOne(JobController* self, Value job, Value pod);
    Value jobCondition(const char* type, const char* status, std::string reason,
                       std::string message) const;
    void announce(const Picture& picture);

    client::Informer& jobs_;
    client::Informer& pods_;
    Expectations expectations_;
    PodControl podControl_;
    std::set<std::string, std::less<>> counted_; // finished pods that the status accounts for
};

// Deletes finished Jobs after ttlSecondsAfterFinished. Source: pkg/controller/ttlafterfinished.
class TtlAfterFinishedController : public QueueController {
public:
    explicit TtlAfterFinishedController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& jobs_;
};

} // namespace controllers
