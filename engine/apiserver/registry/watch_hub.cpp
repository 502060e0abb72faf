// Source: apiserver pkg/storage/cacher (selector transitions, bookmarks, initial events).
#include "apiserver/registry/watch_hub.h"

#include "apiserver/core.h"

#include <algorithm>

namespace apiserver {

using document::Value;

bool WatchHub::Watcher::matches(const Value& object) const {
    if (!request.ns.empty() && metaText(object, "namespace") != request.ns) return false;
    return request.labels.matches(object.at("metadata", "labels")) && request.fields.matches(object);
}

WatchHub::~WatchHub() {
    closeAll();
    if (store_ != nullptr && subscription_ != 0) store_->cancelWatch(subscription_);
    core_.kernel.cancel(ticker_);
}

std::size_t WatchHub::size() const {
    std::size_t count = 0;
    for (const auto& [prefix, watchers] : byPrefix_) count += watchers.size();
    return count;
}

void WatchHub::closeAll() {
    auto all = std::exchange(byPrefix_, {});
    for (auto& [prefix, watchers] : all)
        for (const WatcherPtr& watcher : watchers) {
            core_.kernel.cancel(watcher->deadline);
            watcher->channel->close();
        }
}

void WatchHub::closePrefix(std::string_view prefix) {
    const auto place = byPrefix_.find(prefix);
    if (place == byPrefix_.end()) return;
    for (const WatcherPtr& watcher : place->second) {
        core_.kernel.cancel(watcher->deadline);
        watcher->channel->close();
    }
    byPrefix_.erase(place);
}

void WatchHub::attach(store::Store& store) {
    if (store_ == &store && subscription_ != 0) return;
    if (store_ != nullptr && subscription_ != 0) store_->cancelWatch(subscription_);
    store_ = &store;
    auto watching = store.watch("/registry/", 0, [this](const store::ChangePtr& change) {
        if (change) {
            onChange(change);
        } else {
            subscription_ = 0; // the whole store was replaced: clients must list again
            closeAll();
        }
    });
    subscription_ = watching.ok() ? watching.value() : 0;
}

void WatchHub::send(Watcher& watcher, const char* type, const Value& object, sim::CauseId cause) {
    ports::WatchEvent event;
    event.type = type;
    event.cause = cause;
    Value shown = convertTo(*watcher.request.resource, object);
    if (watcher.request.form == WatchRequest::Form::Table) {
        shown = makeTable(core_, *watcher.request.resource, {shown}, Value(),
                          watcher.request.includeObject, !watcher.tableStarted);
        watcher.tableStarted = true;
    } else if (watcher.request.form == WatchRequest::Form::Metadata) {
        shown = Value::object({{"kind", "PartialObjectMetadata"},
                               {"apiVersion", "meta.k8s.io/v1"},
                               {"metadata", shown["metadata"]}});
    }
    event.object = std::move(shown);
    watcher.channel->push(std::move(event));
}

void WatchHub::deliver(Watcher& watcher, const store::Change& change) {
    if (change.revision <= watcher.last) return;
    if (change.value.isString() || change.previous.isString()) {
        const api::ResourceInfo& resource = *watcher.request.resource;
        const store::ChangePtr copy = std::make_shared<store::Change>(change);
        auto read = opened(core_, resource.group, resource.plural, copy);
        if (read.ok() && !read.value()->value.isString()) return deliver(watcher, *read.value());
        return;
    }
    watcher.last = change.revision;
    const bool now = !change.removed() && watcher.matches(change.value);
    const bool before = !change.previous.isNull() && watcher.matches(change.previous);
    if (now) {
        send(watcher, before ? "MODIFIED" : "ADDED", change.value, change.cause);
    } else if (before) {
        // The last state seen, with the revision at which it went.
        send(watcher, "DELETED",
             withMeta(change.previous, "resourceVersion", std::to_string(change.revision)),
             change.cause);
    }
}

void WatchHub::onChange(const store::ChangePtr& change) {
    if (byPrefix_.empty()) return;
    auto place = byPrefix_.upper_bound(*change->key);
    if (place == byPrefix_.begin()) return;
    --place;
    if (!change->key->starts_with(place->first)) return;
    auto& watchers = place->second;
    for (auto at = watchers.begin(); at != watchers.end();) {
        // Nobody but the hub holds the channel: the client has gone.
        if ((*at)->channel.use_count() == 1 || (*at)->channel->closed()) {
            core_.kernel.cancel((*at)->deadline);
            at = watchers.erase(at);
            continue;
        }
        deliver(**at, *change);
        ++at;
    }
    if (watchers.empty()) byPrefix_.erase(place);
}

void WatchHub::bookmark(Watcher& watcher, bool endOfInitial) {
    const api::ResourceInfo& resource = *watcher.request.resource;
    ports::WatchEvent event;
    event.type = "BOOKMARK";
    document::ObjectBuilder meta;
    meta.set("resourceVersion", std::to_string(store_->revision()));
    if (endOfInitial)
        meta.set("annotations", Value::object({{"k8s.io/initial-events-end", "true"}}));
    Value object = Value::object({{"kind", resource.kind},
                                  {"apiVersion", resource.apiVersion()},
                                  {"metadata", std::move(meta).build()}});
    if (watcher.request.form == WatchRequest::Form::Metadata)
        object = object.with("kind", "PartialObjectMetadata").with("apiVersion", "meta.k8s.io/v1");
    else if (watcher.request.form == WatchRequest::Form::Object)
        object = api::fillRequired(resource, object);
    event.object = std::move(object);
    watcher.channel->push(std::move(event));
}

// Bookmarks come about once a minute.
void WatchHub::tick() {
    ticker_ = {};
    for (auto place = byPrefix_.begin(); place != byPrefix_.end();) {
        std::erase_if(place->second, [this](const WatcherPtr& watcher) {
            const bool gone = watcher->channel.use_count() == 1 || watcher->channel->closed();
            if (gone) core_.kernel.cancel(watcher->deadline);
            return gone;
        });
        for (const WatcherPtr& watcher : place->second)
            if (watcher->request.bookmarks && core_.kernel.now() - watcher->opened >= sim::kMinute)
                bookmark(*watcher, false);
        place = place->second.empty() ? byPrefix_.erase(place) : std::next(place);
    }
    if (!byPrefix_.empty())
        ticker_ = core_.kernel.scheduleAfter(sim::kMinute, [this] { tick(); }, "watch-bookmarks");
}

// A server remembers, for each resource, the last hundred events and those of the last 75 s, and none
// from before its own start. Returns the revision up to which it has forgotten, or 0 when it can still
// begin after `from`. Source: apiserver pkg/storage/cacher watch_cache.go.
std::int64_t WatchHub::oldestKept(const store::Store& store, const WatchRequest& wanted) const {
    constexpr std::size_t kKept = 100;
    constexpr sim::Duration kFresh = 75 * sim::kSecond;
    if (wanted.from == 0 || wanted.initial) return 0;
    const std::int64_t start = core_.startRevision;
    const bool ours = wanted.from >= start;
    if (ours && store.revision() - wanted.from <= static_cast<std::int64_t>(kKept)) return 0;
    std::vector<store::ChangePtr> seen = store.changesSince(ours ? wanted.from : start);
    std::erase_if(seen, [&](const store::ChangePtr& change) { return !change->key->starts_with(wanted.prefix); });
    std::size_t first = seen.size() > kKept ? seen.size() - kKept : 0;
    while (first > 0 && core_.kernel.now() - seen[first - 1]->at < kFresh) --first;
    const std::int64_t forgotten = first > 0 ? seen[first]->revision - 1 : ours ? 0 : start;
    return wanted.from < forgotten ? forgotten : 0;
}

base::Result<std::shared_ptr<sim::Channel<ports::WatchEvent>>> WatchHub::open(WatchRequest request) {
    BASE_TRY(store::Store* store, core_.store());
    attach(*store);
    auto watcher = std::make_shared<Watcher>();
    watcher->channel = std::make_shared<sim::Channel<ports::WatchEvent>>();
    watcher->request = std::move(request);
    watcher->opened = core_.kernel.now();
    const WatchRequest& wanted = watcher->request;
    if (const std::int64_t oldest = oldestKept(*store, wanted); oldest > 0) {
        ports::WatchEvent event;
        event.type = "ERROR";
        event.object = api::statusOf(api::statusError(410, "Expired",
                                                      "too old resource version: " + std::to_string(wanted.from) +
                                                          " (" + std::to_string(oldest) + ")"));
        watcher->channel->push(std::move(event));
        watcher->channel->close();
        return watcher->channel;
    }
    if (wanted.initial) {
        for (const store::ChangePtr& change :
             store->range(wanted.prefix, store::Store::prefixEnd(wanted.prefix)))
            if (auto read = opened(core_, wanted.resource->group, wanted.resource->plural, change);
                read.ok() && watcher->matches(read.value()->value))
                send(*watcher, "ADDED", read.value()->value, change->cause);
        watcher->last = store->revision();
        if (wanted.initialBookmark) bookmark(*watcher, true);
    } else if (wanted.from != 0) {
        watcher->last = wanted.from;
        for (const store::ChangePtr& change : store->changesSince(wanted.from))
            if (change->key->starts_with(wanted.prefix)) deliver(*watcher, *change);
    } else {
        watcher->last = store->revision();
    }
    if (wanted.timeout > 0) {
        const std::weak_ptr<Watcher> weak = watcher;
        watcher->deadline = core_.kernel.scheduleAfter(
            wanted.timeout,
            [weak] {
                const WatcherPtr alive = weak.lock();
                if (!alive) return;
                alive->deadline = {};
                alive->channel->close();
            },
            "watch-timeout");
        // Two seconds before the end; the loop behind it comes round once more.
        for (const sim::Duration before : {2 * sim::kSecond, sim::kSecond}) {
            if (!wanted.bookmarks || wanted.timeout <= 2 * sim::kSecond) break;
            core_.kernel.scheduleAfter(
                wanted.timeout - before,
                [this, weak] {
                    const WatcherPtr alive = weak.lock();
                    if (alive && !alive->channel->closed()) bookmark(*alive, false);
                },
                "watch-bookmark");
        }
    }
    if (!ticker_)
        ticker_ = core_.kernel.scheduleAfter(sim::kMinute, [this] { tick(); }, "watch-bookmarks");
    byPrefix_[wanted.prefix].push_back(watcher);
    return watcher->channel;
}

} // namespace apiserver
