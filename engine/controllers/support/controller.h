#pragma once
// What every controller is made of: shared informers, a work queue with workers, an event recorder
// and its own API client.

#include "base/function.h"
#include "client/client.h"
#include "client/event_recorder.h"
#include "client/informer.h"
#include "client/resources.h"
#include "client/work_queue.h"
#include "controllers/options.h"
#include "sim/task.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace controllers {

// One informer per resource for all controllers of a manager.
class Informers {
public:
    explicit Informers(client::Client& client) : client_(client) {}

    client::Informer& get(const client::Resource& resource);
    // Adds a handler; objects that the informer already holds are replayed as additions.
    void watch(const client::Resource& resource, client::Informer::Handler handler);
    // Starts those that are not running yet, also for resources asked for later.
    void start(sim::Scope& scope);

private:
    struct Entry {
        std::unique_ptr<client::Informer> informer;
        bool started = false;
    };
    client::Client& client_;
    sim::Scope* scope_ = nullptr;
    std::map<std::string, Entry> entries_;
};

struct Context {
    sim::Kernel& kernel;
    client::Client& client; // this controller's identity
    Informers& informers;
    const Options& options;
};

class Controller {
public:
    virtual ~Controller() = default;
    virtual void start(sim::Scope& scope) = 0;
};

// Workers that take keys from a queue: a failed sync is tried again with back-off.
class QueueController : public Controller {
public:
    // `component` names the source of its events.
    QueueController(Context context, std::string component, int workers = 5);
    void start(sim::Scope& scope) override;

protected:
    virtual sim::Task<base::Status> sync(std::string key) = 0;
    // Runs once after the informers have synced, before the first key.
    virtual void ready(sim::Scope& scope);
    // What to do with a failed key; the default queues it again, rate limited.
    virtual void failed(const std::string& key, const base::Error& error);
    // The informer of a resource; workers wait for it.
    client::Informer& use(const client::Resource& resource);

    sim::Kernel& kernel_;
    client::Client& client_;
    Informers& informers_;
    const Options& options_;
    client::EventRecorder recorder_;
    std::string component_;
    client::WorkQueue queue_;
    std::string now() const { return sim::formatRfc3339(kernel_.unixNow()); }

private:
    static sim::Task<void> run(QueueController* self, sim::Scope* scope);
    static sim::Task<void> work(QueueController* self);
    int workers_;
    std::vector<client::Informer*> needed_;
};

// Runs tasks side by side and waits for all; results in the given order.
sim::Task<std::vector<base::Status>> runAll(sim::Kernel& kernel,
                                            std::vector<sim::Task<base::Status>> tasks);

// The first error, or success.
base::Status firstError(const std::vector<base::Status>& results);

// Keys of objects without a controller, per namespace.
class OrphanIndex {
public:
    explicit OrphanIndex(client::Informer& informer);
    std::vector<document::Value> inNamespace(std::string_view ns) const;

private:
    client::Informer& informer_;
    std::shared_ptr<std::map<std::string, std::map<std::string, bool>, std::less<>>> keys_;
};

// True when a Status of this error names the cause (Source: apimachinery errors.HasStatusCause).
bool hasStatusCause(const base::Error& error, std::string_view reason);

} // namespace controllers
