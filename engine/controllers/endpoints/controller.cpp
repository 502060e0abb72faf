#include "controllers/endpoints/controller.h"

#include "api/label_selector.h"
#include "api/objects/pod.h"
#include "api/status.h"
#include "base/ip.h"
#include "document/json.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

constexpr const char* kManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr const char* kHeadless = "service.kubernetes.io/headless";

struct PortAddresses {
    Value port; // null: a headless service without ports
    std::vector<Value> ready, notReady;
};

Value addressOf(const Value& pod, const Value& service) {
    document::ObjectBuilder out;
    out.set("ip", pod.at("status", "podIP"));
    if (!api::podNode(pod).empty()) out.set("nodeName", api::podNode(pod));
    out.set("targetRef", Value::object({{"kind", "Pod"},
                                        {"namespace", pod.at("metadata", "namespace")},
                                        {"name", pod.at("metadata", "name")},
                                        {"uid", pod.at("metadata", "uid")}}));
    if (hasHostname(pod, service)) out.set("hostname", pod.at("spec", "hostname"));
    return std::move(out).build();
}

void sortAddresses(std::vector<Value>& list) {
    std::sort(list.begin(), list.end(), [](const Value& a, const Value& b) {
        const auto left = base::IpAddress::parse(a["ip"].asString()),
                   right = base::IpAddress::parse(b["ip"].asString());
        if (left && right && *left != *right) return *left < *right;
        return a.at("targetRef", "uid").asString() < b.at("targetRef", "uid").asString();
    });
}

// Ports that have the same addresses share a subset.
Value repack(std::map<std::string, PortAddresses> byPort) {
    std::map<std::string, std::pair<PortAddresses, std::vector<Value>>> subsets;
    for (auto& [key, entry] : byPort) {
        sortAddresses(entry.ready);
        sortAddresses(entry.notReady);
        const std::string same = document::writeJson(Value::array(entry.ready)) + "|" +
                                 document::writeJson(Value::array(entry.notReady));
        auto& slot = subsets[same];
        if (!entry.port.isNull()) slot.second.push_back(entry.port);
        slot.first = std::move(entry);
    }
    document::ArrayBuilder out;
    for (auto& [key, slot] : subsets) {
        document::ObjectBuilder subset;
        if (!slot.first.ready.empty())
            subset.set("addresses", Value::array(std::move(slot.first.ready)));
        if (!slot.first.notReady.empty())
            subset.set("notReadyAddresses", Value::array(std::move(slot.first.notReady)));
        if (!slot.second.empty()) subset.set("ports", Value::array(std::move(slot.second)));
        out.push(std::move(subset).build());
    }
    return out.size() == 0 ? Value() : std::move(out).build();
}

Value subsetsOf(const Value& service, const std::vector<Value>& pods) {
    std::map<std::string, PortAddresses> byPort;
    const bool publishAll = service.at("spec", "publishNotReadyAddresses").asBool();
    const auto addTo = [&](const Value& port, const Value& pod) {
        PortAddresses& entry = byPort[port.isNull() ? "" : document::writeJson(port)];
        entry.port = port;
        (publishAll || api::podReady(pod) ? entry.ready : entry.notReady)
            .push_back(addressOf(pod, service));
    };
    for (const Value& pod : pods) {
        if (!belongsInEndpoints(pod, publishAll)) continue;
        if (service.at("spec", "ports").size() == 0) {
            if (service.at("spec", "clusterIP").asString() == "None") addTo(Value(), pod);
            continue;
        }
        for (const Value& port : service.at("spec", "ports").items()) {
            const auto number = targetPort(pod, port);
            if (!number) continue;
            document::ObjectBuilder item;
            item.setUnlessEmpty("name", port["name"]).set("port", *number);
            item.set("protocol", port["protocol"].asString("TCP"))
                .setUnlessEmpty("appProtocol", port["appProtocol"]);
            addTo(std::move(item).build(), pod);
        }
    }
    return repack(std::move(byPort));
}

} // namespace

EndpointsController::EndpointsController(Context context)
    : QueueController(context, "endpoint-controller"), services_(use(client::servicesResource())),
      pods_(use(client::podsResource())), endpoints_(use(client::endpointsResource())) {
    services_.onChange([this](const Value& previous, const Value& current) {
        queue_.add(objectKey(current.isNull() ? previous : current));
    });
    pods_.onChange([this](const Value& previous, const Value& current) {
        if (!previous.isNull() && !current.isNull() && !endpointChanged(previous, current)) return;
        for (const Value* pod : {&previous, &current})
            if (!pod->isNull())
                for (std::string& key : servicesSelecting(services_, *pod))
                    queue_.add(std::move(key));
    });
    endpoints_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull()) queue_.add(objectKey(previous));
    });
}

sim::Task<base::Status> EndpointsController::sync(std::string key) {
    const Value service = services_.get(key);
    const api::ObjectKey parts = api::splitKey(key);
    if (service.isNull()) {
        triggers_.forget(key);
        const Value old = endpoints_.get(key);
        if (old.isNull() || api::labelOf(old, kManagedBy) != "endpoint-controller")
            co_return base::okStatus();
        auto removed = co_await client_.remove(client::endpointsResource(), parts.ns, parts.name);
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
        co_return base::okStatus();
    }
    if (service.at("spec", "type").asString() == "ExternalName" ||
        service.at("spec", "selector").isEmpty())
        co_return base::okStatus();
    const api::LabelSelector selector = api::LabelSelector::fromMap(service.at("spec", "selector"));
    std::vector<Value> pods;
    for (Value& pod : pods_.inNamespace(parts.ns))
        if (selector.matches(api::labelsOf(pod))) pods.push_back(std::move(pod));
    const Value subsets = subsetsOf(service, pods);
    const std::int64_t trigger = triggers_.next(service, pods);
    document::ObjectBuilder labels(api::labelsOf(service));
    labels.erase(kHeadless);
    if (isHeadless(service)) labels.set(kHeadless, "");
    labels.set(kManagedBy, "endpoint-controller");
    const Value wantedLabels = std::move(labels).build();
    const Value current = endpoints_.get(key);
    if (!current.isNull() && current["subsets"] == subsets &&
        api::labelsOf(current) == wantedLabels)
        co_return base::okStatus();
    Value next = current;
    if (next.isNull())
        next = Value::object(
            {{"apiVersion", "v1"},
             {"kind", "Endpoints"},
             {"metadata", Value::object({{"name", parts.name}, {"namespace", parts.ns}})}});
    next = next.withPath({"metadata", "labels"}, wantedLabels);
    if (trigger != 0)
        next =
            next.withPath({"metadata", "annotations", kTriggerTime}, sim::formatRfc3339(trigger));
    else
        next = next.withoutPath({"metadata", "annotations", kTriggerTime});
    next = subsets.isNull() ? next.without("subsets") : next.with("subsets", subsets);
    base::Result<Value> written = Value();
    if (current.isNull())
        written = co_await client_.create(client::endpointsResource(), parts.ns, next);
    else
        written = co_await client_.update(client::endpointsResource(), parts.ns, next);
    if (written.ok()) {
        endpoints_.put(*written);
        co_return base::okStatus();
    }
    if (hasStatusCause(written.error(), "NamespaceTerminating")) co_return base::okStatus();
    const char* reason = current.isNull() ? "FailedToCreateEndpoint" : "FailedToUpdateEndpoint";
    recorder_.warning(next, reason,
                      (current.isNull() ? "Failed to create endpoint for service "
                                        : "Failed to update endpoint ") +
                          key + ": " + written.error().message);
    co_return written.error();
}

namespace {
constexpr const char* kSliceManager = "endpointslicemirroring-controller.k8s.io";
constexpr const char* kSliceManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr const char* kSliceService = "kubernetes.io/service-name";
} // namespace

EndpointSliceMirroringController::EndpointSliceMirroringController(Context context)
    : QueueController(context, "endpoint-slice-mirroring-controller"),
      services_(use(client::servicesResource())), endpoints_(use(client::endpointsResource())),
      slices_(use(client::endpointSlicesResource())) {
    for (client::Informer* informer : {&services_, &endpoints_})
        informer->onChange([this](const Value& previous, const Value& current) {
            queue_.add(objectKey(current.isNull() ? previous : current));
        });
    slices_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull() && api::labelOf(previous, kSliceManagedBy) == kSliceManager)
            queue_.add(api::namespaceOf(previous) + "/" +
                       std::string(api::labelOf(previous, kSliceService)));
    });
}

bool EndpointSliceMirroringController::wanted(const Value& endpoints) const {
    if (endpoints.isNull() || api::isDeleting(endpoints)) return false;
    if (api::labelOf(endpoints, "endpointslice.kubernetes.io/skip-mirror") == "true") return false;
    if (api::annotationsOf(endpoints).has("control-plane.alpha.kubernetes.io/leader")) return false;
    const Value& service = services_.get(objectKey(endpoints));
    return !service.isNull() && service.at("spec", "selector").isEmpty();
}

std::vector<Value> EndpointSliceMirroringController::desired(const Value& endpoints) const {
    std::vector<Value> out;
    for (const Value& subset : endpoints["subsets"].items()) {
        document::ArrayBuilder ports, items;
        for (const Value& port : subset["ports"].items())
            ports.push(port.with("name", port["name"].asString())
                           .with("protocol", port["protocol"].asString("TCP")));
        for (const char* list : {"addresses", "notReadyAddresses"})
            for (const Value& address : subset[list].items()) {
                document::ObjectBuilder item;
                item.set("addresses", Value::array({address["ip"]}));
                item.set("conditions",
                         Value::object({{"ready", list == std::string_view("addresses")}}));
                item.setUnlessEmpty("hostname", address["hostname"])
                    .setUnlessEmpty("nodeName", address["nodeName"]);
                item.setUnlessEmpty("targetRef", address["targetRef"]);
                items.push(std::move(item).build());
            }
        const auto first = base::IpAddress::parse(subset.at("addresses")[0]["ip"].asString());
        const Value& owner = endpoints;
        out.push_back(Value::object(
            {{"apiVersion", "discovery.k8s.io/v1"},
             {"kind", "EndpointSlice"},
             {"metadata",
              Value::object({{"generateName", api::nameOf(owner) + "-"},
                             {"namespace", owner.at("metadata", "namespace")},
                             {"labels", Value::object({{kSliceService, api::nameOf(owner)},
                                                       {kSliceManagedBy, kSliceManager}})},
                             {"ownerReferences", Value::array({api::controllerReference(
                                                     owner, "v1", "Endpoints")})}})},
             {"addressType", first && !first->isV4() ? "IPv6" : "IPv4"},
             {"endpoints", std::move(items).build()},
             {"ports", std::move(ports).build()}}));
    }
    return out;
}

sim::Task<base::Status> EndpointSliceMirroringController::sync(std::string key) {
    const Value endpoints = endpoints_.get(key);
    const api::ObjectKey parts = api::splitKey(key);
    std::vector<Value> existing, needed;
    for (const Value& slice : slices_.inNamespace(parts.ns))
        if (api::labelOf(slice, kSliceService) == parts.name &&
            api::labelOf(slice, kSliceManagedBy) == kSliceManager)
            existing.push_back(slice);
    if (wanted(endpoints)) needed = desired(endpoints);
    for (std::size_t i = 0; i < std::max(existing.size(), needed.size()); ++i) {
        if (i >= needed.size()) {
            auto removed = co_await client_.remove(client::endpointSlicesResource(), parts.ns,
                                                   api::nameOf(existing[i]));
            if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
        } else if (i >= existing.size()) {
            auto created =
                co_await client_.create(client::endpointSlicesResource(), parts.ns, needed[i]);
            if (!created.ok()) co_return created.error();
            slices_.put(*created);
        } else if (!(existing[i]["endpoints"] == needed[i]["endpoints"]) ||
                   !(existing[i]["ports"] == needed[i]["ports"])) {
            const Value next = existing[i]
                                   .with("endpoints", needed[i]["endpoints"])
                                   .with("ports", needed[i]["ports"]);
            auto updated =
                co_await client_.update(client::endpointSlicesResource(), parts.ns, next);
            if (!updated.ok()) co_return updated.error();
        }
    }
    co_return base::okStatus();
}

} // namespace controllers
