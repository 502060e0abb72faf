#pragma once
// Deletes what has lost its owners, keeps foreground deletion waiting, and orphans on request.
// Source: pkg/controller/garbagecollector (graph builder and the two attempt queues).

#include "controllers/support/controller.h"
#include "controllers/support/discovery.h"

#include <set>

namespace controllers {

class GarbageCollector : public QueueController {
public:
    explicit GarbageCollector(Context context);
    void start(sim::Scope& scope) override;

protected:
    // Keys: "d/<uid>" tries to delete, "o/<uid>" tries to orphan the dependants.
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    struct Node {
        std::string apiVersion, kind, ns, name, uid;
        std::vector<Value> owners;
        std::set<std::string> dependants; // uids
        bool deleting = false;
        bool deletingDependants = false; // foreground
        bool isVirtual = false;          // known only as an owner
    };
    void onChange(const ServedResource& served, const Value& previous, const Value& current);
    void link(Node& node, const std::vector<Value>& owners);
    void unlink(Node& node, const std::vector<Value>& owners);
    void removed(const std::string& uid);
    void noticeDeletion(Node& node, const Value& object);
    const ServedResource* served(std::string_view apiVersion, std::string_view kind) const;

    sim::Task<base::Status> attemptDelete(std::string uid);
    sim::Task<base::Status> attemptOrphan(std::string uid);
    sim::Task<base::Status> finishForeground(std::string uid);
    // "solid", "dangling" or "waiting" for each owner reference.
    sim::Task<base::Result<const char*>> classify(Node node, Value owner);
    sim::Task<base::Status> dropOwners(Node node, std::vector<Value> owners);
    sim::Task<base::Status> removeFinalizer(Node node, std::string finalizer);
    sim::Task<base::Result<Value>> live(Node node);
    static sim::Task<void> keepUpToDate(GarbageCollector* self);

    std::map<std::string, Node> nodes_;
    std::set<std::string> absentOwners_;
    std::map<std::string, ServedResource> kinds_; // "apiVersion/Kind"
    std::set<std::string> watched_;
    bool changed_ = true;
};

} // namespace controllers
