#pragma once
// One pod on every node that a DaemonSet fits. Source: pkg/controller/daemon.

#include "controllers/support/controller.h"
#include "controllers/support/expectations.h"
#include "controllers/support/history.h"
#include "controllers/support/pods.h"

namespace controllers {

class DaemonSetController : public QueueController {
public:
    explicit DaemonSetController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    using ByNode = std::map<std::string, std::vector<Value>>;
    struct Verdict {
        bool run = false, keep = false;
    };
    struct Changes {
        std::vector<std::string> create; // node names
        std::vector<Value> remove;       // pods
    };
    Verdict judge(const Value& set, const Value& node) const;
    ByNode group(const std::vector<Value>& pods) const;
    void onPod(const Value& previous, const Value& current);
    // sync
    Changes manage(const Value& set, const ByNode& pods, const std::string& hash);
    sim::Task<base::Status> apply(Value set, Changes changes, std::string hash);
    static sim::Task<base::Status> createOne(DaemonSetController* self, Value set, Value pod,
                                             std::string key);
    static sim::Task<base::Status> removeOne(DaemonSetController* self, Value set, Value pod,
                                             std::string key);
    Value podFor(const Value& set, const std::string& node, const std::string& hash) const;
    sim::Task<base::Status> writeStatus(Value set, std::string hash, std::int64_t collisions,
                                        bool observed);
    // update.cpp
    Changes roll(const Value& set, const ByNode& pods, const std::string& hash) const;
    Changes rollSurge(const Value& set, const ByNode& pods, const std::string& hash,
                      std::int64_t surge, std::int64_t desired) const;
    bool isUpdated(const Value& set, const Value& pod, const std::string& hash) const;
    bool splitPods(const Value& set, const std::vector<Value>& pods, const std::string& hash,
                   Value& fresh, Value& old) const;

    client::Informer& sets_;
    client::Informer& pods_;
    client::Informer& nodes_;
    OrphanIndex orphans_;
    History history_;
    Expectations expectations_;
    PodControl podControl_;
    std::map<std::string, std::pair<int, sim::Time>> failedPods_; // "uid/node" -> tries, last
};

} // namespace controllers
