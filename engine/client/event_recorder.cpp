#include "client/event_recorder.h"

#include "api/status.h"
#include "base/hash.h"
#include "base/strings.h"

#include <algorithm>
#include <set>

namespace client {

using document::Value;

namespace {

// Limits of client-go tools/record events_cache.go.
constexpr std::size_t kCacheEntries = 4096;
constexpr std::size_t kAggregateAt = 10;
constexpr sim::Duration kAggregateInterval = 600 * sim::kSecond;
constexpr double kSpamBurst = 25;
constexpr double kSpamPerSecond = 1.0 / 300;
constexpr std::size_t kMaxQueued = 1000;
constexpr int kMaxTries = 12;
constexpr sim::Duration kRetryDelay = 10 * sim::kSecond;
constexpr sim::Duration kSeriesFinish = 6 * sim::kMinute;

// A map that forgets its least recently used entries.
template <typename T> class LruMap {
public:
    T* find(const std::string& key) {
        const auto place = entries_.find(key);
        if (place == entries_.end()) return nullptr;
        order_.erase(place->second.used);
        place->second.used = ++clock_;
        order_.emplace(clock_, key);
        return &place->second.value;
    }
    T& obtain(const std::string& key) {
        if (T* found = find(key)) return *found;
        if (entries_.size() >= kCacheEntries) {
            entries_.erase(order_.begin()->second);
            order_.erase(order_.begin());
        }
        Entry& entry = entries_[key];
        entry.used = ++clock_;
        order_.emplace(clock_, key);
        return entry.value;
    }
    void erase(const std::string& key) {
        const auto place = entries_.find(key);
        if (place == entries_.end()) return;
        order_.erase(place->second.used);
        entries_.erase(place);
    }

private:
    struct Entry {
        T value{};
        std::uint64_t used = 0;
    };
    std::map<std::string, Entry> entries_;
    std::map<std::uint64_t, std::string> order_;
    std::uint64_t clock_ = 0;
};

struct Aggregate {
    std::set<std::string> messages;
    sim::Time last = 0;
};
struct Observation {
    std::int64_t count = 0;
    Value firstTimestamp;
    std::string name;
};
struct Bucket {
    double tokens = kSpamBurst;
    sim::Time filled = 0;
    bool made = false;
};

std::string referenceKey(const Value& reference, bool withFieldPath) {
    std::string out;
    for (const char* field : {"kind", "namespace", "name", "uid", "apiVersion"})
        out.append(reference[field].asString()).append("\x1f");
    if (withFieldPath) out.append(reference["fieldPath"].asString()).append("\x1f");
    return out;
}

} // namespace

Value objectReference(const Value& object, std::string_view fieldPath) {
    const Value& metadata = object["metadata"];
    document::ObjectBuilder out;
    out.setUnlessEmpty("kind", object["kind"]);
    out.setUnlessEmpty("namespace", metadata["namespace"]);
    out.setUnlessEmpty("name", metadata["name"]);
    out.setUnlessEmpty("uid", metadata["uid"]);
    out.setUnlessEmpty("apiVersion", object["apiVersion"]);
    out.setUnlessEmpty("resourceVersion", metadata["resourceVersion"]);
    if (!fieldPath.empty()) out.set("fieldPath", fieldPath);
    return std::move(out).build();
}

struct EventRecorder::State {
    struct Item {
        Value reference, related, annotations;
        std::string type, reason, action, message;
        std::int64_t at = 0; // Unix ns
        sim::CauseId cause = 0;
    };
    struct Write {
        Value event;
        Value patch; // null: create
    };
    struct Series {
        Value event;
        std::int64_t count = 1;
        std::int64_t lastObserved = 0;
    };

    State(Client& c, std::string comp, std::string h, Api a)
        : client(c), component(std::move(comp)), host(std::move(h)), api(a), queue(kMaxQueued),
          scope(c.kernel()) {}

    Client& client;
    std::string component, host;
    Api api;
    std::uint64_t lastName = 0;
    LruMap<Aggregate> aggregates;
    LruMap<Observation> observations;
    LruMap<Bucket> buckets;
    LruMap<Series> series;
    sim::Channel<Item> queue;
    bool draining = false;
    sim::Scope scope;

    std::string eventName(const Value& reference, std::int64_t at);
    std::string sourceKey() const { return component + "\x1f" + host + "\x1f"; }
    std::string fullKey(const Item& item, std::string_view message) const;
    Value coreEvent(const Item& item, std::string name, const std::string& message) const;
    bool silenced(const Item& item);
    std::optional<Write> correlate(const Item& item);
    std::optional<Write> extendSeries(const Item& item);
    static sim::Task<void> drain(State* state);
    static sim::Task<bool> send(State* state, Write write);
    void push(Item item);
};

// The time in hex as upstream names events; virtual instants repeat, so the number is made unique.
std::string EventRecorder::State::eventName(const Value& reference, std::int64_t at) {
    std::uint64_t number =
        static_cast<std::uint64_t>(at) + base::hashBytes(component + host) % 99991;
    number = std::max(number, lastName + 1);
    lastName = number;
    static constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    for (std::uint64_t rest = number; rest != 0; rest >>= 4)
        hex.insert(hex.begin(), digits[rest & 15]);
    return reference["name"].text() + "." + hex;
}

std::string EventRecorder::State::fullKey(const Item& item, std::string_view message) const {
    return sourceKey() + referenceKey(item.reference, true) + item.type + item.reason +
           std::string(message);
}

Value EventRecorder::State::coreEvent(const Item& item, std::string name,
                                      const std::string& message) const {
    const std::string_view ns = item.reference["namespace"].asString();
    document::ObjectBuilder metadata, source, event;
    metadata.set("name", name).set("namespace", ns.empty() ? "default" : ns);
    metadata.setUnlessEmpty("annotations", item.annotations);
    source.set("component", component);
    if (!host.empty()) source.set("host", host);
    const std::string stamp = sim::formatRfc3339(item.at);
    event.set("kind", "Event").set("apiVersion", "v1").set("metadata", std::move(metadata).build());
    event.set("involvedObject", item.reference).set("reason", item.reason).set("message", message);
    event.set("source", std::move(source).build()).set("firstTimestamp", stamp);
    event.set("lastTimestamp", stamp).set("count", 1).set("type", item.type);
    event.set("eventTime", nullptr).set("reportingComponent", component);
    event.set("reportingInstance", host);
    return std::move(event).build();
}

bool EventRecorder::State::silenced(const Item& item) {
    Bucket& bucket = buckets.obtain(sourceKey() + referenceKey(item.reference, false) + item.type);
    const sim::Time now = client.kernel().now();
    if (bucket.made)
        bucket.tokens = std::min(kSpamBurst, bucket.tokens + sim::toSeconds(now - bucket.filled) *
                                                                 kSpamPerSecond);
    bucket.made = true;
    bucket.filled = now;
    if (bucket.tokens < 1) return true;
    bucket.tokens -= 1;
    return false;
}

std::optional<EventRecorder::State::Write> EventRecorder::State::correlate(const Item& item) {
    const sim::Time now = client.kernel().now();
    const std::string aggregateKey =
        sourceKey() + referenceKey(item.reference, false) + item.type + item.reason;
    Aggregate& aggregate = aggregates.obtain(aggregateKey);
    if (!aggregate.messages.empty() && now - aggregate.last > kAggregateInterval)
        aggregate.messages.clear();
    aggregate.messages.insert(item.message);
    aggregate.last = now;
    std::string key = fullKey(item, item.message);
    std::string message = item.message;
    if (aggregate.messages.size() >= kAggregateAt) {
        aggregate.messages.erase(aggregate.messages.begin());
        message = "(combined from similar events): " + item.message;
        key = aggregateKey;
    }
    Observation& seen = observations.obtain(key);
    Write write;
    if (seen.count > 0) {
        ++seen.count;
        write.event = coreEvent(item, seen.name, message)
                          .with("firstTimestamp", seen.firstTimestamp)
                          .with("count", seen.count);
        write.patch = Value::object({{"count", seen.count},
                                     {"lastTimestamp", write.event["lastTimestamp"]},
                                     {"message", message}});
    } else {
        write.event = coreEvent(item, eventName(item.reference, item.at), message);
        seen.count = 1;
        seen.name = write.event.at("metadata", "name").text();
        seen.firstTimestamp = write.event["firstTimestamp"];
    }
    if (silenced(item)) return std::nullopt;
    return write;
}

std::optional<EventRecorder::State::Write> EventRecorder::State::extendSeries(const Item& item) {
    const std::string key = item.type + "\x1f" + item.action + "\x1f" + item.reason + "\x1f" +
                            referenceKey(item.reference, true) +
                            item.reference["resourceVersion"].text() + "\x1f" +
                            referenceKey(item.related, true);
    const std::int64_t now = client.kernel().unixNow();
    Series* old = series.find(key);
    if (old != nullptr &&
        now - std::max(old->lastObserved, old->event.isNull() ? 0 : old->lastObserved) >
            kSeriesFinish) {
        series.erase(key);
        old = nullptr;
    }
    if (old != nullptr) {
        ++old->count;
        old->lastObserved = now;
        if (old->count > 2)
            return std::nullopt; // counted here, written when the series is refreshed
        const Value text = Value::object(
            {{"count", old->count}, {"lastObservedTime", sim::formatRfc3339Micro(now)}});
        return Write{old->event.with("series", text), Value::object({{"series", text}})};
    }
    const std::string_view ns = item.reference["namespace"].asString();
    document::ObjectBuilder event;
    event.set("kind", "Event").set("apiVersion", "events.k8s.io/v1");
    event.set("metadata", Value::object({{"name", eventName(item.reference, item.at)},
                                         {"namespace", ns.empty() ? "default" : ns}}));
    event.set("eventTime", sim::formatRfc3339Micro(item.at)).set("reportingController", component);
    event.set("reportingInstance", component + "-" + host).set("action", item.action);
    event.set("reason", item.reason).set("regarding", item.reference).set("note", item.message);
    event.setUnlessEmpty("related", item.related).set("type", item.type);
    Series& fresh = series.obtain(key);
    fresh.event = std::move(event).build();
    fresh.count = 1;
    fresh.lastObserved = now;
    return Write{fresh.event, Value()};
}

// True when the event is settled (written, or refused for good).
sim::Task<bool> EventRecorder::State::send(State* state, Write write) {
    const Resource resource = state->api == Api::Core ? Resource{"", "v1", "events"}
                                                      : Resource{"events.k8s.io", "v1", "events"};
    const std::string ns = write.event.at("metadata", "namespace").text();
    if (!write.patch.isNull()) {
        auto patched =
            co_await state->client.patch(resource, ns, write.event.at("metadata", "name").text(),
                                         "application/strategic-merge-patch+json", write.patch);
        if (patched.ok()) co_return true;
        if (!api::isNotFound(patched.error())) co_return patched.error().code != 0;
    }
    auto created = co_await state->client.create(resource, ns, write.event);
    co_return created.ok() || created.error().code != 0;
}

sim::Task<void> EventRecorder::State::drain(State* state) {
    sim::Kernel& kernel = state->client.kernel();
    while (auto item = state->queue.tryPop()) {
        kernel.trace().setCurrent(item->cause);
        auto write = state->api == Api::Core ? state->correlate(*item) : state->extendSeries(*item);
        if (!write) continue;
        for (int tries = 1; tries <= kMaxTries; ++tries) {
            const bool settled = co_await send(state, *write);
            if (settled) break;
            const double part = tries == 1 ? kernel.random("client/event-retry").unit() : 1.0;
            co_await sim::sleepFor(
                kernel, static_cast<sim::Duration>(static_cast<double>(kRetryDelay) * part));
        }
    }
    state->draining = false;
}

void EventRecorder::State::push(Item item) {
    if (queue.size() >= kMaxQueued) return; // the broadcaster's channel is full: dropped
    item.at = client.kernel().unixNow();
    item.cause = client.kernel().trace().current();
    queue.push(std::move(item));
    if (draining) return;
    draining = true;
    scope.spawn(drain(this), "event-recorder");
}

EventRecorder::EventRecorder(Client& client, std::string component, std::string host, Api api)
    : state_(std::make_unique<State>(client, std::move(component), std::move(host), api)) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::normal(const Value& object, std::string reason, std::string message) {
    record(objectReference(object), "Normal", std::move(reason), std::move(message));
}

void EventRecorder::warning(const Value& object, std::string reason, std::string message) {
    record(objectReference(object), "Warning", std::move(reason), std::move(message));
}

void EventRecorder::record(Value reference, std::string type, std::string reason,
                           std::string message, Value annotations) {
    State::Item item;
    item.reference = std::move(reference);
    item.annotations = std::move(annotations);
    item.type = std::move(type);
    item.reason = std::move(reason);
    item.message = std::move(message);
    state_->push(std::move(item));
}

void EventRecorder::recordAction(Value reference, Value related, std::string type,
                                 std::string reason, std::string action, std::string message) {
    State::Item item;
    item.reference = std::move(reference);
    item.related = std::move(related);
    item.type = std::move(type);
    item.reason = std::move(reason);
    item.action = std::move(action);
    item.message = std::move(message);
    state_->push(std::move(item));
}

void EventRecorder::setApi(Api api, std::string host) {
    state_->api = api;
    state_->host = std::move(host);
}

} // namespace client
