#include "controllers/endpointslice/controller.h"

#include "api/label_selector.h"
#include "api/objects/pod.h"
#include "api/status.h"
#include "base/ip.h"
#include "document/json.h"

#include <algorithm>
#include <set>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

constexpr const char* kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr const char* kManager = "endpointslice-controller.k8s.io";
constexpr const char* kServiceName = "kubernetes.io/service-name";
constexpr const char* kHeadless = "service.kubernetes.io/headless";
constexpr const char* kZone = "topology.kubernetes.io/zone";

// What makes an endpoint the same one while its conditions change.
std::string identity(const Value& endpoint) {
    return document::writeJson(endpoint["addresses"]) + endpoint.at("targetRef", "uid").text() +
           "/" + endpoint["hostname"].text();
}

std::string portsKey(const Value& ports) {
    return ports.size() == 0 ? "[]" : document::writeJson(ports);
}

bool samePayload(const Value& a, const Value& b) {
    return portsKey(a["ports"]) == portsKey(b["ports"]) &&
           (a["endpoints"] == b["endpoints"] ||
            (a["endpoints"].size() == 0 && b["endpoints"].size() == 0));
}

} // namespace

EndpointSliceController::EndpointSliceController(Context context)
    : QueueController(context, "endpoint-slice-controller"),
      services_(use(client::servicesResource())), pods_(use(client::podsResource())),
      nodes_(use(client::nodesResource())), slices_(use(client::endpointSlicesResource())) {
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
    slices_.onChange([this](const Value& previous, const Value& current) {
        const Value& slice = current.isNull() ? previous : current;
        if (api::labelOf(slice, kManagedBy) != kManager) return;
        const std::string key =
            api::namespaceOf(slice) + "/" + std::string(api::labelOf(slice, kServiceName));
        // Our own writes come back too; a sync that finds nothing to do is cheap.
        if (previous.isNull() || current.isNull() || !samePayload(previous, current))
            queue_.add(key);
    });
    nodes_.onChange([this](const Value& previous, const Value& current) {
        if (!previous.isNull() && !current.isNull() &&
            api::labelOf(previous, kZone) == api::labelOf(current, kZone))
            return;
        for (const auto& [key, service] : services_.items()) queue_.add(key);
    });
}

std::vector<Value> EndpointSliceController::ownSlices(const Value& service) const {
    std::vector<Value> out;
    for (const Value& slice : slices_.inNamespace(api::namespaceOf(service)))
        if (api::labelOf(slice, kServiceName) == api::nameOf(service) &&
            api::labelOf(slice, kManagedBy) == kManager && !api::isDeleting(slice))
            out.push_back(slice);
    return out;
}

Value EndpointSliceController::endpointOf(const Value& pod, const Value& service, bool ipv6) const {
    document::ArrayBuilder addresses;
    for (const Value& item : pod.at("status", "podIPs").items()) {
        const auto ip = base::IpAddress::parse(item["ip"].asString());
        if (ip && ip->isV4() != ipv6) addresses.push(ip->text());
    }
    if (addresses.size() == 0) return Value();
    const bool serving = api::podReady(pod), terminating = api::isDeleting(pod);
    const bool ready =
        service.at("spec", "publishNotReadyAddresses").asBool() || (serving && !terminating);
    document::ObjectBuilder out;
    out.set("addresses", std::move(addresses).build());
    out.set("conditions",
            Value::object({{"ready", ready}, {"serving", serving}, {"terminating", terminating}}));
    out.set("targetRef", Value::object({{"kind", "Pod"},
                                        {"namespace", pod.at("metadata", "namespace")},
                                        {"name", pod.at("metadata", "name")},
                                        {"uid", pod.at("metadata", "uid")}}));
    const std::string_view node = api::podNode(pod);
    if (!node.empty()) out.set("nodeName", node);
    const std::string_view zone = api::labelOf(nodes_.get(node), kZone);
    if (!zone.empty()) out.set("zone", zone);
    if (hasHostname(pod, service)) out.set("hostname", pod.at("spec", "hostname"));
    return std::move(out).build();
}

std::vector<EndpointSliceController::Group>
EndpointSliceController::desired(const Value& service, const std::vector<Value>& pods, bool ipv6,
                                 bool& nodeMissing) const {
    std::map<std::string, Group> groups;
    const bool publishAll = service.at("spec", "publishNotReadyAddresses").asBool();
    for (const Value& pod : pods) {
        if (!belongsInEndpoints(pod, true)) continue;
        if (!publishAll && !api::podNode(pod).empty() && nodes_.get(api::podNode(pod)).isNull()) {
            nodeMissing = true;
            continue;
        }
        Value endpoint = endpointOf(pod, service, ipv6);
        if (endpoint.isNull()) continue;
        document::ArrayBuilder ports;
        for (const Value& port : service.at("spec", "ports").items()) {
            const auto number = targetPort(pod, port);
            if (!number) continue;
            document::ObjectBuilder item;
            item.set("name", port["name"].asString())
                .set("protocol", port["protocol"].asString("TCP"));
            item.set("port", *number).setUnlessEmpty("appProtocol", port["appProtocol"]);
            ports.push(std::move(item).build());
        }
        Value list = ports.size() == 0 ? Value() : std::move(ports).build();
        Group& group = groups[portsKey(list)];
        group.ports = std::move(list);
        group.endpoints.push_back(std::move(endpoint));
    }
    std::vector<Group> out;
    for (auto& [key, group] : groups) out.push_back(std::move(group));
    return out;
}

Value EndpointSliceController::labelsFor(const Value& service) const {
    document::ObjectBuilder labels(api::labelsOf(service));
    labels.erase(kHeadless);
    if (isHeadless(service)) labels.set(kHeadless, "");
    labels.set(kServiceName, api::nameOf(service)).set(kManagedBy, kManager);
    return std::move(labels).build();
}

Value EndpointSliceController::freshSlice(const Value& service, const Value& addressType,
                                          Value ports, Value endpoints) const {
    return Value::object(
        {{"apiVersion", "discovery.k8s.io/v1"},
         {"kind", "EndpointSlice"},
         {"metadata", Value::object({{"generateName", api::nameOf(service) + "-"},
                                     {"namespace", service.at("metadata", "namespace")},
                                     {"labels", labelsFor(service)},
                                     {"ownerReferences", Value::array({api::controllerReference(
                                                             service, "v1", "Service")})}})},
         {"addressType", addressType},
         {"endpoints", std::move(endpoints)},
         {"ports", std::move(ports)}});
}

// Keeps endpoints where they are, drops stale ones, then fills slices with the new ones.
void EndpointSliceController::planGroup(const Value& service, Group group,
                                        std::vector<Value> existing, const Value& addressType,
                                        Plan& plan) const {
    std::map<std::string, Value> wanted;
    for (const Value& endpoint : group.endpoints) wanted[identity(endpoint)] = endpoint;
    const std::size_t limit = static_cast<std::size_t>(options_.maxEndpointsPerSlice);
    std::vector<std::vector<Value>> contents;
    for (const Value& slice : existing) {
        std::vector<Value> kept;
        for (const Value& endpoint : slice["endpoints"].items()) {
            const auto place = wanted.find(identity(endpoint));
            if (place == wanted.end()) continue;
            kept.push_back(place->second);
            wanted.erase(place);
        }
        contents.push_back(std::move(kept));
    }
    for (std::size_t i = 0; i < contents.size(); ++i)
        while (!wanted.empty() && contents[i].size() < limit && !contents[i].empty()) {
            contents[i].push_back(wanted.begin()->second);
            wanted.erase(wanted.begin());
        }
    for (std::size_t i = 0; i < existing.size(); ++i) {
        while (!wanted.empty() && contents[i].size() < limit) {
            contents[i].push_back(wanted.begin()->second);
            wanted.erase(wanted.begin());
        }
        if (contents[i].empty()) {
            plan.remove.push_back(existing[i]);
            continue;
        }
        Value next = existing[i].with("endpoints", Value::array(contents[i]));
        next = next.withPath({"metadata", "labels"}, labelsFor(service));
        if (!(next == existing[i])) plan.update.push_back(std::move(next));
    }
    while (!wanted.empty()) {
        std::vector<Value> items;
        while (!wanted.empty() && items.size() < limit) {
            items.push_back(wanted.begin()->second);
            wanted.erase(wanted.begin());
        }
        plan.create.push_back(
            freshSlice(service, addressType, group.ports, Value::array(std::move(items))));
    }
}

void EndpointSliceController::planFamily(const Value& service, const std::vector<Value>& pods,
                                         bool ipv6, bool& nodeMissing, std::vector<Value> existing,
                                         Plan& plan) const {
    const Value addressType = ipv6 ? "IPv6" : "IPv4";
    Plan own;
    std::set<std::string> used;
    std::vector<Group> groups = desired(service, pods, ipv6, nodeMissing);
    for (Group& group : groups) {
        const std::string key = portsKey(group.ports);
        used.insert(key);
        std::vector<Value> matching;
        for (const Value& slice : existing)
            if (portsKey(slice["ports"]) == key) matching.push_back(slice);
        planGroup(service, std::move(group), std::move(matching), addressType, own);
    }
    for (const Value& slice : existing)
        if (!used.contains(portsKey(slice["ports"]))) own.remove.push_back(slice);
    // A service without endpoints keeps one empty slice.
    if (groups.empty()) {
        Value placeholder = freshSlice(service, addressType, Value(), Value());
        const bool have = own.remove.size() == 1 && samePayload(own.remove[0], placeholder) &&
                          api::labelsOf(own.remove[0]) == api::labelsOf(placeholder);
        if (have)
            own.remove.clear();
        else
            own.create.push_back(std::move(placeholder));
    }
    // Slices about to go are reused for those about to come.
    while (!own.create.empty() && !own.remove.empty()) {
        const Value fresh = own.create.back();
        own.create.pop_back();
        Value reused =
            own.remove.back().with("endpoints", fresh["endpoints"]).with("ports", fresh["ports"]);
        own.update.push_back(reused.withPath({"metadata", "labels"}, api::labelsOf(fresh)));
        own.remove.pop_back();
    }
    plan.create.insert(plan.create.end(), own.create.begin(), own.create.end());
    plan.update.insert(plan.update.end(), own.update.begin(), own.update.end());
    plan.remove.insert(plan.remove.end(), own.remove.begin(), own.remove.end());
}

sim::Task<base::Status> EndpointSliceController::sync(std::string key) {
    const Value service = services_.get(key);
    if (service.isNull()) {
        triggers_.forget(key);
        co_return base::okStatus();
    }
    if (service.at("spec", "type").asString() == "ExternalName" ||
        service.at("spec", "selector").isEmpty())
        co_return base::okStatus();
    const api::LabelSelector selector = api::LabelSelector::fromMap(service.at("spec", "selector"));
    std::vector<Value> pods;
    for (Value& pod : pods_.inNamespace(api::namespaceOf(service)))
        if (selector.matches(api::labelsOf(pod))) pods.push_back(std::move(pod));
    std::vector<Value> existing = ownSlices(service);
    Plan plan;
    bool nodeMissing = false;
    std::vector<bool> families;
    for (const Value& family : service.at("spec", "ipFamilies").items())
        families.push_back(family.asString() == "IPv6");
    if (families.empty()) families.push_back(false);
    for (const bool ipv6 : families) {
        std::vector<Value> same;
        for (const Value& slice : existing)
            if ((slice["addressType"].asString() == "IPv6") == ipv6) same.push_back(slice);
        planFamily(service, pods, ipv6, nodeMissing, std::move(same), plan);
    }
    const std::int64_t trigger = triggers_.next(service, pods);
    base::Status applied = co_await apply(service, std::move(plan), trigger);
    if (!applied.ok()) co_return applied;
    if (nodeMissing)
        co_return base::makeError("skipping Pod for Service " + key + ": Node not found");
    co_return base::okStatus();
}

sim::Task<base::Status> EndpointSliceController::apply(Value service, Plan plan,
                                                       std::int64_t trigger) {
    const std::string ns = api::namespaceOf(service);
    const client::Resource resource = client::endpointSlicesResource();
    const auto stamped = [trigger](const Value& slice) {
        if (trigger == 0) {
            Value out = slice.withoutPath({"metadata", "annotations", kTriggerTime});
            return api::annotationsOf(out).isEmpty() ? out.withoutPath({"metadata", "annotations"})
                                                     : out;
        }
        return slice.withPath({"metadata", "annotations", kTriggerTime},
                              sim::formatRfc3339(trigger));
    };
    // While the service goes, its slices are left to the garbage collector.
    if (api::isDeleting(service)) plan.create.clear();
    for (const Value& slice : plan.create) {
        auto created = co_await client_.create(resource, ns, stamped(slice));
        if (!created.ok()) {
            if (hasStatusCause(created.error(), "NamespaceTerminating")) co_return base::okStatus();
            recorder_.warning(service, "FailedToUpdateEndpointSlices",
                              "Error updating Endpoint Slices for Service " + ns + "/" +
                                  api::nameOf(service) +
                                  ": failed to create EndpointSlice for Service " + ns + "/" +
                                  api::nameOf(service) + ": " + created.error().message);
            co_return created.error();
        }
        slices_.put(*created);
    }
    for (const Value& slice : plan.update) {
        auto updated = co_await client_.update(resource, ns, stamped(slice));
        if (!updated.ok()) {
            if (!api::isConflict(updated.error()))
                recorder_.warning(service, "FailedToUpdateEndpointSlices",
                                  "Error updating Endpoint Slices for Service " + ns + "/" +
                                      api::nameOf(service) + ": failed to update " +
                                      api::nameOf(slice) + " EndpointSlice for Service " + ns +
                                      "/" + api::nameOf(service) + ": " + updated.error().message);
            co_return updated.error();
        }
        slices_.put(*updated);
    }
    for (const Value& slice : plan.remove) {
        auto removed = co_await client_.remove(resource, ns, api::nameOf(slice));
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    }
    co_return base::okStatus();
}

} // namespace controllers
