#include "controllers/servicecidr/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"
#include "base/ip.h"

namespace controllers {

using document::Value;

namespace {

constexpr const char* kFinalizer = "networking.k8s.io/service-cidr-finalizer";
constexpr sim::Duration kGrace = 10 * sim::kSecond;

client::Resource ranges() { return {"networking.k8s.io", "v1", "servicecidrs"}; }
client::Resource addresses() { return {"networking.k8s.io", "v1", "ipaddresses"}; }

bool holds(const Value& range, const base::IpAddress& address) {
    for (const Value& text : range.at("spec", "cidrs").items())
        if (const auto cidr = base::IpPrefix::parse(text.asString()); cidr && cidr->contains(address)) return true;
    return false;
}

} // namespace

ServiceCidrController::ServiceCidrController(Context context)
    : QueueController(context, "service-cidr-controller", 5), ranges_(use(ranges())), addresses_(use(addresses())) {
    ranges_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) queue_.add(api::nameOf(current));
        else // what overlapped with it may go now
            for (const auto& [name, range] : ranges_.items())
                if (api::isDeleting(range)) queue_.add(name);
    });
    addresses_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) return;
        for (const auto& [name, range] : ranges_.items())
            if (api::isDeleting(range)) queue_.add(name);
    });
}

// Nothing has an address of the range, or another range has all of those too.
bool ServiceCidrController::mayGo(const Value& range) const {
    for (const auto& [name, object] : addresses_.items()) {
        const auto address = base::IpAddress::parse(name);
        if (!address || !holds(range, *address)) continue;
        bool elsewhere = false;
        for (const auto& [other, item] : ranges_.items())
            elsewhere = elsewhere || (other != api::nameOf(range) && !api::isDeleting(item) && holds(item, *address));
        if (!elsewhere) return false;
    }
    return true;
}

sim::Task<base::Status> ServiceCidrController::say(Value range, std::string status, std::string reason, std::string message) {
    const Value& known = api::conditionIn(range.at("status", "conditions"), "Ready");
    if (known["status"].asString() == status && known["reason"].text() == reason && known["message"].text() == message)
        co_return base::okStatus();
    const Value condition = Value::object({{"type", "Ready"}, {"status", status}, {"reason", reason}, {"message", message},
                                           {"lastTransitionTime", now()}});
    const Value conditions = Value::object({{"conditions", Value::array({condition})}});
    const Value object = Value::object({{"apiVersion", "networking.k8s.io/v1"}, {"kind", "ServiceCIDR"},
                                        {"metadata", Value::object({{"name", range["metadata"]["name"]}})},
                                        {"status", conditions}});
    client::WriteOptions options;
    options.fieldManager = "service-cidr-controller";
    options.force = true;
    std::string type = "application/apply-patch+yaml", part = "status", name = api::nameOf(range);
    auto written = co_await client_.patch(ranges(), "", std::move(name), std::move(type), object, std::move(part), std::move(options));
    if (!written.ok() && !api::isNotFound(written.error())) co_return written.error();
    co_return base::okStatus();
}

sim::Task<base::Status> ServiceCidrController::sync(std::string key) {
    const Value range = ranges_.get(key);
    if (range.isNull()) co_return base::okStatus();
    const bool has = api::hasFinalizer(range, kFinalizer);
    if (!api::isDeleting(range)) {
        if (!has) {
            auto written = co_await client_.update(ranges(), "", api::withFinalizer(range, kFinalizer));
            if (!written.ok()) co_return written.error();
        }
        co_return co_await say(range, "True", "", "Kubernetes Service CIDR is ready");
    }
    if (!has) co_return base::okStatus();
    if (!mayGo(range))
        co_return co_await say(range, "False", "Terminating",
                               "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR");
    const std::int64_t due = api::timeOf(range.at("metadata", "deletionTimestamp")) + kGrace;
    if (due > kernel_.unixNow()) {
        queue_.addAfter(key, due - kernel_.unixNow());
        co_return base::okStatus();
    }
    auto written = co_await client_.update(ranges(), "", api::withoutFinalizer(range, kFinalizer));
    if (!written.ok() && !api::isNotFound(written.error())) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
