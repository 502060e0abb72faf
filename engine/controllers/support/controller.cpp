#include "controllers/support/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"
#include "base/strings.h"

namespace controllers {

using client::Informer;
using document::Value;

Informer& Informers::get(const client::Resource& resource) {
    Entry& entry = entries_[resource.path({})];
    if (!entry.informer) entry.informer = std::make_unique<Informer>(client_, resource);
    if (scope_ != nullptr && !entry.started) {
        entry.started = true;
        entry.informer->start(*scope_);
    }
    return *entry.informer;
}

void Informers::watch(const client::Resource& resource, Informer::Handler handler) {
    Informer& informer = get(resource);
    for (const auto& [key, object] : informer.items()) handler(Value(), object);
    informer.onChange(std::move(handler));
}

void Informers::start(sim::Scope& scope) {
    scope_ = &scope;
    for (auto& [path, entry] : entries_) {
        if (entry.started) continue;
        entry.started = true;
        entry.informer->start(scope);
    }
}

QueueController::QueueController(Context context, std::string component, int workers)
    : kernel_(context.kernel), client_(context.client), informers_(context.informers),
      options_(context.options), recorder_(context.client, component),
      component_(std::move(component)), queue_(context.kernel), workers_(workers) {}

Informer& QueueController::use(const client::Resource& resource) {
    Informer& informer = informers_.get(resource);
    needed_.push_back(&informer);
    return informer;
}

void QueueController::start(sim::Scope& scope) { scope.spawn(run(this, &scope), "controller"); }

void QueueController::ready(sim::Scope&) {}

void QueueController::failed(const std::string& key, const base::Error& error) {
    if (options_.log && *options_.log)
        (*options_.log)(
            "\"Unhandled Error\" err=" +
            base::quoteGo("syncing " + component_ + " " + key + " failed: " + error.message));
    queue_.addRateLimited(key);
}

sim::Task<void> QueueController::run(QueueController* self, sim::Scope* scope) {
    for (Informer* informer : self->needed_) co_await informer->waitForSync();
    self->ready(*scope);
    for (int i = 0; i < self->workers_; ++i) scope->spawn(work(self), "controller-worker");
}

sim::Task<void> QueueController::work(QueueController* self) {
    for (;;) {
        std::string key = co_await self->queue_.take();
        base::Status result = co_await self->sync(key);
        if (result.ok())
            self->queue_.forget(key);
        else
            self->failed(key, result.error());
        self->queue_.done(key);
    }
}

namespace {

struct Batch {
    std::vector<base::Status> results;
    std::size_t left = 0;
    sim::Signal finished;
};

sim::Task<void> runOne(sim::Task<base::Status> task, std::shared_ptr<Batch> batch,
                       std::size_t index) {
    batch->results[index] = co_await task;
    if (--batch->left == 0) batch->finished.notify();
}

} // namespace

sim::Task<std::vector<base::Status>> runAll(sim::Kernel& kernel,
                                            std::vector<sim::Task<base::Status>> tasks) {
    auto batch = std::make_shared<Batch>();
    batch->left = tasks.size();
    batch->results.assign(tasks.size(), base::okStatus());
    sim::Scope scope(kernel);
    for (std::size_t i = 0; i < tasks.size(); ++i)
        scope.spawn(runOne(std::move(tasks[i]), batch, i), "batch");
    while (batch->left > 0) co_await batch->finished.wait();
    co_return std::move(batch->results);
}

base::Status firstError(const std::vector<base::Status>& results) {
    for (const base::Status& result : results)
        if (!result.ok()) return result;
    return base::okStatus();
}

OrphanIndex::OrphanIndex(Informer& informer)
    : informer_(informer),
      keys_(std::make_shared<std::map<std::string, std::map<std::string, bool>, std::less<>>>()) {
    informer.onChange([keys = keys_](const Value& previous, const Value& current) {
        const Value& object = current.isNull() ? previous : current;
        const bool orphan = !current.isNull() && api::controllerOf(current).isNull();
        auto& names = (*keys)[api::namespaceOf(object)];
        if (orphan)
            names[api::keyOf(object)] = true;
        else
            names.erase(api::keyOf(object));
    });
}

std::vector<Value> OrphanIndex::inNamespace(std::string_view ns) const {
    std::vector<Value> out;
    const auto place = keys_->find(ns);
    if (place == keys_->end()) return out;
    for (const auto& [key, unused] : place->second) {
        const Value& object = informer_.get(key);
        if (!object.isNull()) out.push_back(object);
    }
    return out;
}

bool hasStatusCause(const base::Error& error, std::string_view reason) {
    if (!error.detail) return false;
    const Value status = api::statusOf(error);
    for (const Value& cause : status.at("details", "causes").items())
        if (cause["reason"].asString() == reason) return true;
    return false;
}

} // namespace controllers
