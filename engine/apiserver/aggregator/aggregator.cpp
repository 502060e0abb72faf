#include "apiserver/aggregator/aggregator.h"

#include "apiserver/api_server.h"
#include "apiserver/connect.h"
#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>
#include <cerrno>

namespace apiserver {

using document::Value;

namespace {

constexpr sim::Duration kResync = 30 * sim::kSecond, kRediscovery = sim::kMinute;
constexpr sim::Duration kCheckTimeout = 5 * sim::kSecond;
constexpr const char* kServices = "/apis/apiregistration.k8s.io/v1/apiservices";
constexpr const char* kManaged = "kube-aggregator.kubernetes.io/automanaged";

const Value& availableIn(const Value& service) {
    for (const Value& condition : service.at("status", "conditions").items())
        if (condition["type"].asString() == "Available") return condition;
    static const Value none;
    return none;
}

std::string discoveryPath(const Value& service) {
    return "/apis/" + service.at("spec", "group").text() + "/" + service.at("spec", "version").text();
}

// The list of resources of a version as the aggregated form of discovery has it.
Value aggregatedForm(const Value& list, const std::string& version) {
    document::ArrayBuilder resources;
    for (const Value& item : list["resources"].items()) {
        if (item["name"].asString().find('/') != std::string_view::npos) continue;
        document::ObjectBuilder out;
        out.set("resource", item["name"]);
        out.set("responseKind", Value::object({{"group", ""}, {"version", ""}, {"kind", item["kind"]}}));
        out.set("scope", item["namespaced"].asBool() ? "Namespaced" : "Cluster");
        out.set("singularResource", item["singularName"]);
        out.set("verbs", item["verbs"]);
        out.setUnlessEmpty("shortNames", item["shortNames"]);
        out.setUnlessEmpty("categories", item["categories"]);
        resources.push(std::move(out).build());
    }
    return Value::object({{"version", version}, {"resources", std::move(resources).build()}, {"freshness", "Current"}});
}

ports::Request request(std::string method, std::string path, Value body = {}) {
    ports::Request out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.headers.set("User-Agent", "kube-apiserver");
    out.headers.set("Accept", "application/json");
    if (!body.isNull()) out.headers.set("Content-Type", "application/json");
    out.object = std::move(body);
    return out;
}

} // namespace

Aggregator::Aggregator(Core& core, Serve serve) : core_(core), serve_(std::move(serve)) {
    listen();
    core_.scope.spawn(run(this), "aggregator");
}

Aggregator::~Aggregator() {
    for (const std::uint64_t id : subscriptions_) store_->cancelWatch(id);
}

void Aggregator::watch(std::string_view prefix, void (Aggregator::*seen)(const store::Change&)) {
    const std::weak_ptr<int> alive = alive_;
    // From the beginning of what is there: the present state, then each change.
    for (const store::ChangePtr& now : store_->range(prefix, store::Store::prefixEnd(prefix))) (this->*seen)(*now);
    auto made = store_->watch(std::string(prefix), 0, [this, alive, seen](const store::ChangePtr& change) {
        if (alive.expired()) return;
        if (change) (this->*seen)(*change);
        else subscriptions_.clear(); // the store was replaced; the next round looks again
        wake_.notify();
    });
    if (made.ok()) subscriptions_.insert(made.value());
}

void Aggregator::listen() {
    auto store = core_.store();
    if (!store.ok()) return;
    store_ = store.value();
    remote_.clear();
    watch(storagePrefix("apiregistration.k8s.io", "apiservices"), &Aggregator::serviceSeen);
    watch(storagePrefix("", "services"), &Aggregator::backendSeen);
    watch(storagePrefix("discovery.k8s.io", "endpointslices"), &Aggregator::sliceSeen);
    watch(storagePrefix("apiextensions.k8s.io", "customresourcedefinitions"), &Aggregator::definitionSeen);
}

void Aggregator::mark(std::string name) { dirty_.insert(std::move(name)); }

void Aggregator::serviceSeen(const store::Change& change) {
    const Value& object = change.removed() ? change.previous : change.value;
    const std::string name(metaText(object, "name"));
    if (!change.removed() && object.at("spec", "service").isObject()) {
        const bool known = remote_.count(name) > 0 && remote_[name]["spec"] == object["spec"];
        remote_[name] = object;
        if (!known) mark(name);
        if (nextRound_ == sim::kForever) nextRound_ = core_.kernel.now() + kResync;
        if (nextDiscovery_ == sim::kForever) nextDiscovery_ = core_.kernel.now() + kRediscovery;
        return;
    }
    remote_.erase(name);
    core_.foreignDiscovery.erase(name);
    if (remote_.empty()) nextRound_ = nextDiscovery_ = sim::kForever;
    if (!change.removed() && availableIn(object)["reason"].asString() != "Local") mark(name);
    if (change.removed()) mark(name); // an automatic one comes back
}

void Aggregator::markUsersOf(std::string_view ns, std::string_view name) {
    for (const auto& [key, service] : remote_) {
        const Value& reference = service["spec"]["service"];
        if (reference["namespace"].asString() == ns && reference["name"].asString() == name) mark(key);
    }
}

void Aggregator::backendSeen(const store::Change& change) {
    if (remote_.empty()) return;
    const Value& object = change.removed() ? change.previous : change.value;
    markUsersOf(metaText(object, "namespace"), metaText(object, "name"));
}

void Aggregator::sliceSeen(const store::Change& change) {
    if (remote_.empty()) return;
    const Value& object = change.removed() ? change.previous : change.value;
    markUsersOf(metaText(object, "namespace"),
                object.at("metadata", "labels")["kubernetes.io/service-name"].asString());
}

void Aggregator::definitionSeen(const store::Change& change) {
    const Value& object = change.removed() ? change.previous : change.value;
    definitions_[std::string(metaText(object, "name"))] = change.value;
    for (const Value& version : object.at("spec", "versions").items())
        mark(version["name"].text() + "." + object.at("spec", "group").text());
}

// Source: kubernetes pkg/controlplane/controller/crdregistration.
void Aggregator::registerVersions(const Value& name, const Value& present) {
    const std::string full = name.text();
    bool wanted = false;
    std::string group, version;
    for (const auto& [key, definition] : definitions_) {
        if (definition.isNull()) continue;
        group = definition.at("spec", "group").text();
        bool established = false;
        for (const Value& condition : definition.at("status", "conditions").items())
            established = established || (condition["type"].asString() == "Established" &&
                                          condition["status"].asString() == "True");
        for (const Value& item : definition.at("spec", "versions").items()) {
            if (!established || !item["served"].asBool() || item["name"].text() + "." + group != full) continue;
            version = item["name"].text();
            wanted = true;
        }
        if (wanted) break;
    }
    const bool managed = present.at("metadata", "labels")[kManaged].asString() == "true";
    if (!wanted && managed) (void)serve_(request("DELETE", std::string(kServices) + "/" + full));
    if (!wanted || !present.isNull()) return;
    const Value meta = Value::object({{"name", full}, {"labels", Value::object({{kManaged, "true"}})}});
    const Value spec = Value::object(
        {{"group", group}, {"version", version}, {"groupPriorityMinimum", 1000}, {"versionPriority", 100}});
    (void)serve_(request("POST", kServices, Value::object({{"apiVersion", "apiregistration.k8s.io/v1"},
                                                          {"kind", "APIService"},
                                                          {"metadata", meta},
                                                          {"spec", spec}})));
}

void Aggregator::writeStatus(const Value& service, const Verdict& verdict) {
    const Value& old = availableIn(service);
    const bool same = old["status"].asString() == verdict.status;
    const Value condition = Value::object({{"type", "Available"},
                                           {"status", verdict.status},
                                           {"lastTransitionTime", same ? old["lastTransitionTime"] : Value(core_.now())},
                                           {"reason", verdict.reason},
                                           {"message", verdict.message}});
    if (condition == old) return;
    document::ArrayBuilder conditions;
    bool placed = false;
    for (const Value& item : service.at("status", "conditions").items()) {
        const bool mine = item["type"].asString() == "Available";
        conditions.push(mine ? condition : item);
        placed = placed || mine;
    }
    if (!placed) conditions.push(condition);
    Value next = service.with("status", Value::object({{"conditions", std::move(conditions).build()}}));
    (void)serve_(request("PUT", std::string(kServices) + "/" + std::string(metaText(service, "name")) + "/status",
                         std::move(next)));
}

// Whether the server behind an APIService answers. Source: remote_available_controller.go sync.
sim::Task<Aggregator::Verdict> Aggregator::judge(Value service) {
    const Value reference = service["spec"]["service"];
    const std::string ns = reference["namespace"].text(), name = reference["name"].text();
    const std::int64_t port = reference["port"].asInt(443);
    const std::string who = "service/" + name + " in " + base::quoteGo(ns);
    const Value backend = core_.lookup("", "services", ns, name);
    if (backend.isNull()) co_return Verdict{"False", "ServiceNotFound", who + " is not present"};
    if (backend.at("spec", "type").asString() == "ClusterIP") {
        const Value* found = nullptr;
        for (const Value& item : backend.at("spec", "ports").items())
            if (found == nullptr && item["port"].asInt() == port) found = &item;
        if (found == nullptr)
            co_return Verdict{"False", "ServicePortError", who + " is not listening on port " + std::to_string(port)};
        const std::string portName = (*found)["name"].text();
        std::size_t slices = 0;
        bool active = false;
        for (const Value& slice : core_.all("discovery.k8s.io", "endpointslices", ns)) {
            if (slice.at("metadata", "labels")["kubernetes.io/service-name"].asString() != name) continue;
            ++slices;
            bool ready = false;
            for (const Value& endpoint : slice["endpoints"].items())
                ready = ready || endpoint.at("conditions", "ready").asBool(true);
            for (const Value& item : slice["ports"].items())
                active = active || (ready && item["name"].asString() == portName && item["port"].isInt());
        }
        if (slices == 0)
            co_return Verdict{"False", "EndpointsNotFound", "cannot find endpointslices for " + who};
        if (!active)
            co_return Verdict{"False", "MissingEndpoints",
                              "endpointslices for " + who + " have no addresses with port name " + base::quoteGo(portName)};
    }
    ports::TlsClient tls = core_.config.proxyClient;
    tls.insecureSkipVerify = true;
    const ServiceUrl url = serviceUrl(core_, reference);
    if (!url.problem.empty()) co_return Verdict{"False", "FailedDiscoveryCheck", url.problem};
    const std::string text = "https://" + url.host + discoveryPath(service);
    ports::Request probe = request("GET", discoveryPath(service));
    probe.headers.set("X-Remote-User", "system:kube-aggregator");
    probe.headers.set("X-Remote-Group", "system:masters");
    auto answer = co_await callService(core_, url, std::move(tls), std::move(probe), kCheckTimeout);
    std::string problem;
    if (!answer.ok()) {
        const bool late = answer.error().code == ETIMEDOUT || answer.error().message.ends_with("i/o timeout");
        problem = "Get " + base::quoteGo(text) + ": " +
                  (late ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)" : answer.error().message);
    } else if (answer->status < 200 || answer->status >= 300) {
        problem = "bad status from " + text + ": " + std::to_string(answer->status);
    }
    if (problem.empty()) co_return Verdict{"True", "Passed", "all checks passed"};
    co_return Verdict{"False", "FailedDiscoveryCheck", "failing or missing response from " + text + ": " + problem};
}

// What an available server serves; of others the last that is known, marked as stale.
sim::Task<void> Aggregator::learn(Value service, bool available) {
    const std::string name(metaText(service, "name")), version = service.at("spec", "version").text();
    Value fresh;
    if (available) {
        ports::TlsClient tls = core_.config.proxyClient;
        tls.insecureSkipVerify = true;
        const ServiceUrl url = serviceUrl(core_, service["spec"]["service"]);
        ports::Request list = request("GET", discoveryPath(service));
        list.headers.set("X-Remote-User", "system:kube-aggregator");
        list.headers.set("X-Remote-Group", "system:masters");
        auto answer = co_await callService(core_, url, std::move(tls), std::move(list), kCheckTimeout);
        if (answer.ok() && answer->status == 200) fresh = aggregatedForm(answer->object, version);
    }
    if (remote_.find(name) == remote_.end()) co_return;
    if (!fresh.isNull()) {
        core_.foreignDiscovery.insert_or_assign(name, fresh);
        co_return;
    }
    const auto known = core_.foreignDiscovery.find(name);
    const Value stale = known == core_.foreignDiscovery.end()
                            ? Value::object({{"version", version}, {"resources", Value::array(std::vector<Value>{})}})
                            : known->second;
    core_.foreignDiscovery.insert_or_assign(name, stale.with("freshness", "Stale"));
}

sim::Task<void> Aggregator::check(Aggregator* self, std::string name) {
    const Value service = self->core_.lookup("apiregistration.k8s.io", "apiservices", "", name);
    if (service.isNull() || !service.at("spec", "service").isObject()) {
        self->registerVersions(name, service);
        if (!service.isNull() && availableIn(service)["reason"].asString() != "Local")
            self->writeStatus(service, {"True", "Local", "Local APIServices are always available"});
        self->busy_.erase(name);
        co_return;
    }
    const Verdict verdict = co_await self->judge(service);
    const Value current = self->core_.lookup("apiregistration.k8s.io", "apiservices", "", name);
    if (!current.isNull()) self->writeStatus(current, verdict);
    const bool available = verdict.status == "True";
    if (!available || self->core_.foreignDiscovery.find(name) == self->core_.foreignDiscovery.end() ||
        self->core_.foreignDiscovery[name]["freshness"].asString() == "Stale")
        co_await self->learn(service, available);
    self->busy_.erase(name);
    if (verdict.reason != "FailedDiscoveryCheck") {
        self->failures_.erase(name);
        co_return;
    }
    // Tried again ever more slowly: 5 ms, 10 ms ... 30 s.
    const int failures = std::min(self->failures_[name]++, 13);
    co_await sim::sleepFor(self->core_.kernel, std::min(5 * sim::kMillisecond << failures, kResync));
    if (self->remote_.find(name) == self->remote_.end()) co_return;
    self->mark(name);
    self->wake_.notify();
}

sim::Task<void> Aggregator::run(Aggregator* self) {
    sim::Kernel& kernel = self->core_.kernel;
    while (true) {
        if (self->subscriptions_.empty()) self->listen();
        if (kernel.now() >= self->nextRound_) {
            self->nextRound_ = kernel.now() + kResync;
            for (const auto& [name, service] : self->remote_) self->mark(name);
        }
        if (kernel.now() >= self->nextDiscovery_) {
            self->nextDiscovery_ = kernel.now() + kRediscovery;
            for (auto& [name, known] : self->core_.foreignDiscovery) known = known.with("freshness", "Stale");
        }
        const auto names = std::exchange(self->dirty_, {});
        for (const std::string& name : names) {
            // One at a time; what was noticed meanwhile is looked at afterwards.
            if (self->busy_.insert(name).second) self->core_.scope.spawn(check(self, name), "apiservice");
            else self->dirty_.insert(name);
        }
        sim::Time until = std::min(self->nextRound_, self->nextDiscovery_);
        if (!self->dirty_.empty()) until = std::min(until, kernel.now() + 100 * sim::kMillisecond);
        co_await self->wake_.waitUntil(until);
    }
}

} // namespace apiserver
