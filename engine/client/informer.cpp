#include "client/informer.h"

#include "api/status.h"
#include "base/strings.h"

#include <algorithm>
#include <set>

namespace client {

using document::Value;

std::string objectKey(const Value& object) {
    const Value& metadata = object["metadata"];
    const std::string_view ns = metadata["namespace"].asString();
    const std::string_view name = metadata["name"].asString();
    if (ns.empty()) return std::string(name);
    std::string key;
    key.reserve(ns.size() + 1 + name.size());
    return key.append(ns).append("/").append(name);
}

namespace {

std::int64_t revisionOf(const Value& object) {
    return base::parseInt(object.at("metadata", "resourceVersion").asString()).value_or(0);
}

std::string_view controllerUid(const Value& object) {
    for (const Value& owner : object.at("metadata", "ownerReferences").items())
        if (owner["controller"].asBool()) return owner["uid"].asString();
    return {};
}

} // namespace

struct Informer::State {
    State(Client& c, Resource r, InformerOptions o)
        : client(c), resource(std::move(r)), options(std::move(o)) {}

    Client& client;
    Resource resource;
    InformerOptions options;
    std::vector<Handler> handlers;
    std::map<std::string, Value, std::less<>> items;
    // What handlers saw last for keys that a writer has put ahead of the watch.
    std::map<std::string, Value, std::less<>> delivered;
    std::map<std::string, std::set<std::string>, std::less<>> owned;
    std::string resourceVersion;
    bool synced = false;
    sim::Signal changed;

    void store(const std::string& key, const Value& object);
    void erase(const std::string& key);
    Value seenBy(const std::string& key);
    void notify(const Value& previous, const Value& current);
    void apply(const ports::WatchEvent& event);
    void replace(const Value& list);
    ListOptions listOptions() const {
        ListOptions out;
        out.labelSelector = options.labelSelector;
        out.fieldSelector = options.fieldSelector;
        return out;
    }
    static sim::Task<void> run(std::shared_ptr<State> state);
    static sim::Task<base::Status> listAndWatch(std::shared_ptr<State> state);
};

void Informer::State::store(const std::string& key, const Value& object) {
    Value& slot = items[key];
    const std::string_view before = controllerUid(slot);
    const std::string_view after = controllerUid(object);
    if (before != after) {
        if (!before.empty()) {
            const auto place = owned.find(before);
            place->second.erase(key);
            if (place->second.empty()) owned.erase(place);
        }
        if (!after.empty()) owned[std::string(after)].insert(key);
    }
    slot = object;
}

void Informer::State::erase(const std::string& key) {
    const auto place = items.find(key);
    if (place == items.end()) return;
    const std::string_view owner = controllerUid(place->second);
    if (!owner.empty()) {
        const auto entry = owned.find(owner);
        entry->second.erase(key);
        if (entry->second.empty()) owned.erase(entry);
    }
    items.erase(place);
}

// The state of a key as handlers know it.
Value Informer::State::seenBy(const std::string& key) {
    if (const auto ahead = delivered.find(key); ahead != delivered.end()) {
        Value previous = ahead->second;
        delivered.erase(ahead);
        return previous;
    }
    const auto place = items.find(key);
    return place == items.end() ? Value() : place->second;
}

void Informer::State::notify(const Value& previous, const Value& current) {
    for (const Handler& handler : handlers) handler(previous, current);
}

void Informer::State::apply(const ports::WatchEvent& event) {
    const std::string_view version = event.object.at("metadata", "resourceVersion").asString();
    if (!version.empty()) resourceVersion = version;
    if (event.type == "BOOKMARK") return;
    const std::string key = objectKey(event.object);
    sim::CauseScope cause(client.kernel().trace(), event.cause);
    const Value previous = seenBy(key);
    if (event.type == "DELETED") {
        erase(key);
        notify(previous.isNull() ? event.object : previous, Value());
        return;
    }
    const auto place = items.find(key);
    // A writer's own newer copy stays until the watch has caught up with it.
    if (place != items.end() && revisionOf(place->second) > revisionOf(event.object))
        delivered[key] = event.object;
    else
        store(key, event.object);
    notify(previous, event.object);
}

void Informer::State::replace(const Value& list) {
    std::map<std::string, Value, std::less<>> fresh;
    const Value kind = list["kind"];
    std::string itemKind = kind.text();
    if (itemKind.ends_with("List")) itemKind.resize(itemKind.size() - 4);
    for (const Value& item : list["items"].items()) {
        Value object = item;
        if (!object.has("kind") && !itemKind.empty())
            object = object.with("kind", itemKind).with("apiVersion", list["apiVersion"]);
        // The key first: in `fresh[key(object)] = move(object)` the move happens before the key is made.
        const std::string key = objectKey(object);
        fresh[key] = std::move(object);
    }
    std::vector<std::string> gone;
    for (const auto& [key, object] : items)
        if (!fresh.contains(key)) gone.push_back(key);
    for (const std::string& key : gone) {
        const Value previous = seenBy(key);
        erase(key);
        notify(previous, Value());
    }
    for (const auto& [key, object] : fresh) {
        const Value previous = seenBy(key);
        if (!previous.isNull() && revisionOf(previous) == revisionOf(object)) continue;
        store(key, object);
        notify(previous, object);
    }
    resourceVersion = list.at("metadata", "resourceVersion").text();
}

sim::Task<base::Status> Informer::State::listAndWatch(std::shared_ptr<State> state) {
    auto listed = co_await state->client.list(state->resource, state->options.ns, state->listOptions());
    if (!listed.ok()) co_return listed.error();
    state->replace(listed.value());
    if (!state->synced) {
        state->synced = true;
        state->changed.notify();
    }
    sim::Kernel& kernel = state->client.kernel();
    sim::Duration backoff = 800 * sim::kMillisecond;
    for (;;) {
        auto opened = co_await state->client.watch(state->resource, state->options.ns,
                                                   state->resourceVersion, state->listOptions());
        if (!opened.ok()) {
            // Source: client-go reflector: only a refused connection and 429 try the same watch again.
            const base::Error& error = opened.error();
            const bool again = error.code == 429 ||
                               error.message.find("connection refused") != std::string::npos;
            if (!again) co_return error;
            co_await sim::sleepFor(kernel, backoff);
            backoff = std::min(2 * backoff, 30 * sim::kSecond);
            continue;
        }
        const auto channel = opened.value();
        const sim::Time started = kernel.now();
        std::size_t count = 0;
        for (;;) {
            auto event = co_await channel->pop();
            if (!event) break;
            if (event->type == "ERROR") co_return api::errorFromStatus(event->object);
            ++count;
            state->apply(*event);
        }
        backoff = 800 * sim::kMillisecond;
        if (count == 0 && kernel.now() - started < sim::kSecond)
            co_return base::makeError("very short watch: Unexpected watch close - watch lasted less "
                                      "than a second and no items received");
    }
}

sim::Task<void> Informer::State::run(std::shared_ptr<State> state) {
    sim::Kernel& kernel = state->client.kernel();
    // Source: client-go reflector: 800 ms .. 30 s, factor 2, jitter 1.0, reset after 2 minutes.
    sim::Duration backoff = 800 * sim::kMillisecond;
    sim::Time last = kernel.now();
    for (;;) {
        base::Status ended = co_await listAndWatch(state);
        if (kernel.now() - last > 2 * sim::kMinute) backoff = 800 * sim::kMillisecond;
        last = kernel.now();
        if (!ended.ok() && ended.error().code == 410) {
            backoff = 800 * sim::kMillisecond;
            continue; // too old: list again at once
        }
        const double jitter = 1.0 + kernel.random("client/reflector-backoff").unit();
        co_await sim::sleepFor(kernel,
                               static_cast<sim::Duration>(static_cast<double>(backoff) * jitter));
        backoff = std::min(2 * backoff, 30 * sim::kSecond);
    }
}

Informer::Informer(Client& client, Resource resource, InformerOptions options)
    : state_(std::make_shared<State>(client, std::move(resource), std::move(options))) {}
Informer::~Informer() = default;

void Informer::onChange(Handler handler) { state_->handlers.push_back(std::move(handler)); }

void Informer::start(sim::Scope& scope) { scope.spawn(State::run(state_), "informer"); }

bool Informer::synced() const { return state_->synced; }

sim::Task<void> Informer::waitForSync() {
    auto state = state_;
    while (!state->synced) co_await state->changed.wait();
}

const Value& Informer::get(std::string_view key) const {
    static const Value kNull;
    const auto place = state_->items.find(key);
    return place == state_->items.end() ? kNull : place->second;
}

const std::map<std::string, Value, std::less<>>& Informer::items() const { return state_->items; }

std::vector<Value> Informer::inNamespace(std::string_view ns) const {
    std::vector<Value> out;
    const std::string prefix = std::string(ns) + "/";
    for (auto place = state_->items.lower_bound(prefix);
         place != state_->items.end() && place->first.starts_with(prefix); ++place)
        out.push_back(place->second);
    return out;
}

std::vector<Value> Informer::ownedBy(std::string_view uid) const {
    std::vector<Value> out;
    const auto entry = state_->owned.find(uid);
    if (entry == state_->owned.end()) return out;
    for (const std::string& key : entry->second) out.push_back(state_->items.find(key)->second);
    return out;
}

void Informer::put(const Value& object) {
    const std::string key = objectKey(object);
    const auto place = state_->items.find(key);
    const Value current = place == state_->items.end() ? Value() : place->second;
    if (!current.isNull() && revisionOf(current) >= revisionOf(object)) return;
    state_->delivered.try_emplace(key, current);
    state_->store(key, object);
}

} // namespace client
