#include "kubelet/object_cache.h"

#include "client/resources.h"

namespace kubelet {
namespace {
constexpr sim::Duration kFresh = 45 * sim::kSecond;
constexpr sim::Duration kServicesFresh = 2 * sim::kSecond;
} // namespace

sim::Task<base::Result<Value>> ObjectCache::get(client::Resource resource, std::string ns, std::string name) {
    const std::string key = resource.plural + "/" + ns + "/" + name;
    const auto found = entries_.find(key);
    if (found != entries_.end() && core_.now() - found->second.at < kFresh) co_return found->second.object;
    if (core_.client == nullptr) co_return base::makeError("no API server");
    auto object = co_await core_.client->get(resource, ns, name);
    if (!object.ok()) {
        entries_.erase(key);
        base::Error error = std::move(object).error();
        // The caches of the agent speak of the kind, not of the resource.
        const std::string plural = resource.plural + " ";
        if (error.reason == "NotFound" && error.message.rfind(plural, 0) == 0)
            error.message = resource.plural.substr(0, resource.plural.size() - 1) + " " +
                            error.message.substr(plural.size());
        co_return error;
    }
    entries_[key] = Entry{*object, core_.now()};
    co_return *object;
}

void ObjectCache::invalidate(std::string_view ns) {
    const std::string middle = "/" + std::string(ns) + "/";
    for (auto it = entries_.begin(); it != entries_.end();)
        it = it->first.find(middle) != std::string::npos ? entries_.erase(it) : std::next(it);
}

sim::Task<base::Result<Value>> ObjectCache::services() {
    if (services_.object.isObject() && core_.now() - services_.at < kServicesFresh) co_return services_.object;
    if (core_.client == nullptr) co_return Value::object();
    auto list = co_await core_.client->list(client::servicesResource(), "");
    if (!list.ok()) {
        if (services_.object.isObject()) co_return services_.object;
        co_return std::move(list).error();
    }
    services_ = Entry{*list, core_.now()};
    co_return *list;
}

} // namespace kubelet
