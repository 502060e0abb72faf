// Where objects live in etcd and in which version. Source: kubernetes pkg/registry/*/storage and
// pkg/kubeapiserver default_storage_factory_builder.
#include "apiserver/api_server.h"
#include "apiserver/core.h"
#include "apiserver/encryption.h"
#include "apiserver/registry/settled.h"
#include "base/strings.h"
#include "document/json.h"

#include <utility>

namespace apiserver {

using document::Value;

std::string storagePrefix(std::string_view group, std::string_view plural) {
    struct Special {
        std::string_view group, plural, prefix;
    };
    static constexpr Special kSpecial[] = {
        {"", "nodes", "minions"},
        {"", "services", "services/specs"},
        {"", "endpoints", "services/endpoints"},
        {"", "replicationcontrollers", "controllers"},
        {"networking.k8s.io", "ingresses", "ingress"},
        {"apiregistration.k8s.io", "apiservices", "apiregistration.k8s.io/apiservices"},
        {"apiextensions.k8s.io", "customresourcedefinitions",
         "apiextensions.k8s.io/customresourcedefinitions"},
    };
    std::string out;
    out.reserve(96); // the rest of a key follows
    out.append("/registry/");
    for (const Special& special : kSpecial)
        if (special.plural == plural && special.group == group) {
            out.append(special.prefix).append("/");
            return out; // itself, not a copy without that room
        }
    const bool builtin = group.find('.') == std::string_view::npos || group.ends_with(".k8s.io");
    if (!builtin) out.append(group).append("/");
    out.append(plural).append("/");
    return out;
}

std::string prefixOf(Core&, const api::ResourceInfo& resource) {
    if (resource.custom) return "/registry/" + resource.group + "/" + resource.plural + "/";
    return storagePrefix(resource.group, resource.plural);
}

std::string keyOf(Core& core, const api::ResourceInfo& resource, std::string_view ns,
                  std::string_view name) {
    std::string key = prefixOf(core, resource);
    if (resource.namespaced) key.append(ns).append("/");
    key.append(name);
    return key;
}

const api::ResourceInfo& storedAs(Core& core, const api::ResourceInfo& resource) {
    const api::ResourceInfo* stored = nullptr;
    if (resource.group == "events.k8s.io") stored = core.kinds.find("", "v1", "events");
    else if (resource.custom) stored = core.kinds.findPreferred(resource.group, resource.plural);
    else if (resource.group == "autoscaling") stored = core.kinds.find("autoscaling", "v2", resource.plural);
    return stored == nullptr ? resource : *stored;
}

Value settled(Core& core, const api::ResourceInfo& resource, const Value& current) {
    return &storedAs(core, resource) == &resource ? current : Value();
}

std::string qualified(const api::ResourceInfo& resource) {
    return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

base::Result<store::ChangePtr> readStored(Core& core, const api::ResourceInfo& resource,
                                          std::string_view ns, std::string_view name) {
    BASE_TRY(store::Store* store, core.store());
    const store::ChangePtr change = store->get(keyOf(core, resource, ns, name));
    if (!change || (change->value.isObject() && core.config.encryption.empty())) return change;
    auto read = opened(core, resource.group, resource.plural, change);
    if (read.ok()) return read;
    return api::statusError(500, "InternalError", "Internal error occurred: " + read.error().message, {}, {}, {},
                            {{"", read.error().message, ""}});
}

bool storedStale(Core& core, const api::ResourceInfo& resource, std::string_view ns, std::string_view name) {
    const EncryptionRule* rule = encryptionFor(core.config.encryption, resource.group, resource.plural);
    auto store = core.store();
    if (rule == nullptr || !store.ok()) return false;
    const store::ChangePtr change = store.value()->get(keyOf(core, resource, ns, name));
    return change && isStale(*rule, change->value);
}

namespace {

base::Result<Value> openedValue(const EncryptionRule* rule, const std::string& key, const Value& value) {
    if (value.isObject() && rule != nullptr && !readsPlain(*rule)) return base::makeError("no matching prefix found");
    if (!value.isString()) return value;
    BASE_TRY(const std::string text, openStored(rule, key, value.asString()));
    return document::readJson(text);
}

} // namespace

base::Result<store::ChangePtr> opened(Core& core, std::string_view group, std::string_view plural,
                                      const store::ChangePtr& change) {
    if (!change) return change;
    const EncryptionRule* rule = encryptionFor(core.config.encryption, group, plural);
    const bool plain = !change->value.isString() && !change->previous.isString();
    if (rule == nullptr && plain) return change;
    auto copy = std::make_shared<store::Change>(*change);
    BASE_TRY(copy->value, openedValue(rule, *change->key, change->value));
    // The state before may have been written by keys that are gone; it only says whether a watcher knew it.
    auto before = openedValue(rule, *change->key, change->previous);
    copy->previous = before.ok() ? std::move(before).value() : Value();
    return store::ChangePtr(std::move(copy));
}

namespace {

// Events go after an hour. Source: apiserver pkg/storage/etcd3 lease manager: leases are shared by
// the writes of a minute.
base::Result<std::int64_t> eventLease(Core& core, store::Store& store) {
    constexpr std::int64_t kEventTtl = 3600;
    const std::int64_t minute = core.kernel.now() / sim::kMinute;
    const auto place = core.eventLeases.find(minute);
    if (place != core.eventLeases.end() && store.findLease(place->second) != nullptr)
        return place->second;
    core.eventLeases.clear();
    BASE_TRY(std::int64_t lease, store.grantLease(kEventTtl + 60));
    core.eventLeases[minute] = lease;
    return lease;
}

base::Error storageError(const base::Error& error) {
    return api::statusError(500, "", error.message);
}

} // namespace

base::Result<Value> writeStored(Core& core, const api::ResourceInfo& resource, Value object,
                                std::int64_t expected) {
    BASE_TRY(store::Store* store, core.store());
    const api::ResourceInfo& stored = storedAs(core, resource);
    const std::string key =
        keyOf(core, stored, metaText(object, "namespace"), metaText(object, "name"));
    Value value = convertTo(stored, object);
    value = withMeta(value, "resourceVersion", std::to_string(store->revision() + 1));
    std::int64_t lease = 0;
    if (stored.plural == "events" && stored.group.empty()) {
        BASE_TRY(lease, eventLease(core, *store));
        // Granting a lease may let another one expire; the revision is taken again.
        value = withMeta(value, "resourceVersion", std::to_string(store->revision() + 1));
    }
    Value kept = value;
    if (const EncryptionRule* rule = encryptionFor(core.config.encryption, stored.group, stored.plural)) {
        std::string sealed = sealStored(*rule, key, document::writeJson(value), core.kernel.random("apiserver/seal"));
        if (!sealed.empty()) kept = Value(sealed);
    }
    auto written = store->putIf(key, expected, std::move(kept), lease);
    if (!written.ok()) return storageError(written.error());
    const std::string name(metaText(object, "name"));
    if (!written.value() && expected == 0) return api::alreadyExists(resource.group, resource.plural, name);
    if (!written.value())
        return api::conflict(resource.group, resource.plural, name,
                             "the object has been modified; please apply your changes to the latest "
                             "version and try again");
    return convertTo(resource, value);
}

base::Status removeStored(Core& core, const api::ResourceInfo& resource, const Value& object,
                          std::int64_t expected) {
    BASE_TRY(store::Store* store, core.store());
    const std::string key =
        keyOf(core, resource, metaText(object, "namespace"), metaText(object, "name"));
    auto removed = store->removeIf(key, expected);
    if (!removed.ok()) return storageError(removed.error());
    if (!removed.value())
        return api::conflict(resource.group, resource.plural, metaText(object, "name"),
                             "the object has been modified; please apply your changes to the latest "
                             "version and try again");
    return base::okStatus();
}

Core::Core(sim::Kernel& k, std::shared_ptr<store::EtcdAccess> e, Config c)
    : kernel(k), etcd(std::move(e)), config(std::move(c)), hub(*this), scope(k) {}
Core::~Core() = default;

base::Result<store::Store*> Core::store() {
    auto reached = etcd->reach();
    if (!reached.ok()) return api::statusError(500, "", reached.error().message);
    return reached;
}

Value Core::lookup(std::string_view group, std::string_view plural, std::string_view ns,
                   std::string_view name) {
    auto reached = etcd->reach();
    if (!reached.ok()) return {};
    std::string key = storagePrefix(group, plural);
    if (!ns.empty()) key.append(ns).append("/");
    const store::ChangePtr change = reached.value()->get(key.append(name));
    if (!change) return {};
    if (!change->value.isString()) return change->value;
    auto read = opened(*this, group, plural, change);
    return read.ok() ? read.value()->value : Value();
}

std::vector<Value> Core::all(std::string_view group, std::string_view plural, std::string_view ns) {
    std::vector<Value> found;
    auto reached = etcd->reach();
    if (!reached.ok()) return found;
    std::string prefix = storagePrefix(group, plural);
    if (!ns.empty()) prefix.append(ns).append("/");
    const auto changes = reached.value()->range(prefix, store::Store::prefixEnd(prefix));
    found.reserve(changes.size());
    for (const store::ChangePtr& change : changes) {
        if (!change->value.isString()) {
            found.push_back(change->value);
            continue;
        }
        if (auto read = opened(*this, group, plural, change); read.ok()) found.push_back(read.value()->value);
    }
    return found;
}

std::string Core::now() const { return sim::formatRfc3339(kernel.unixNow()); }

Value withMeta(const Value& object, std::string_view key, Value value) {
    return object.with("metadata", object["metadata"].with(key, std::move(value)));
}

Value withoutMeta(const Value& object, std::string_view key) {
    return object.with("metadata", object["metadata"].without(key));
}

std::int64_t revisionOf(const Value& object) {
    return base::parseInt(metaText(object, "resourceVersion")).value_or(0);
}

} // namespace apiserver
