#pragma once
// Makes Jobs at the times of a schedule. Source: pkg/controller/cronjob (v2).

#include "controllers/cronjob/schedule.h"
#include "controllers/support/controller.h"
#include "controllers/support/pods.h"

namespace controllers {

class CronJobController : public QueueController {
public:
    explicit CronJobController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    struct Picture {
        Value cronJob, status;
        std::vector<Value> jobs;
        cron::Schedule schedule;
        std::string zone;
    };
    using PicturePtr = std::shared_ptr<Picture>;
    sim::Task<base::Status> reconcileActive(PicturePtr picture);
    sim::Task<base::Status> startIfDue(PicturePtr picture);
    sim::Task<base::Status> startJob(PicturePtr picture, std::int64_t scheduled);
    sim::Task<base::Status> trimHistory(PicturePtr picture);
    sim::Task<base::Status> deleteJob(PicturePtr picture, Value job);
    // The newest time that should have been met since the last start; 0 when none.
    std::int64_t mostRecent(const Picture& picture, std::int64_t now);
    void wakeAtNext(const Picture& picture);
    static void dropActive(Picture& picture, std::string_view uid);

    client::Informer& cronJobs_;
    client::Informer& jobs_;
};

} // namespace controllers
