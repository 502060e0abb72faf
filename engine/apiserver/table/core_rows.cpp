// Rows of the core group. Source: kubernetes pkg/printers/internalversion/printers.go.
#include "api/quantity.h"
#include "apiserver/core.h"
#include "apiserver/table/rows.h"
#include "apiserver/table/text.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

Value nameOf(const Value& object) { return object["metadata"]["name"]; }
Value ageOf(Core& core, const Value& object) { return age(core, object["metadata"]["creationTimestamp"]); }

std::string externalIp(const Value& service) {
    const std::string_view type = service.at("spec", "type").asString();
    std::vector<std::string> external;
    for (const Value& ip : service.at("spec", "externalIPs").items()) external.push_back(ip.text());
    if (type == "ExternalName") return service.at("spec", "externalName").text();
    if (type == "LoadBalancer") {
        std::vector<std::string> ips;
        for (const Value& item : service.at("status", "loadBalancer", "ingress").items())
            ips.push_back(item["ip"].isEmpty() ? item["hostname"].text() : item["ip"].text());
        ips.insert(ips.end(), external.begin(), external.end());
        return ips.empty() ? "<pending>" : base::join(ips, ",");
    }
    return external.empty() ? "<none>" : base::join(external, ",");
}

std::string servicePorts(const Value& service) {
    std::vector<std::string> parts;
    for (const Value& port : service.at("spec", "ports").items()) {
        std::string text = std::to_string(port["port"].asInt());
        if (port["nodePort"].asInt() > 0) text += ":" + std::to_string(port["nodePort"].asInt());
        parts.push_back(text + "/" + port["protocol"].text());
    }
    return parts.empty() ? "<none>" : base::join(parts, ",");
}

Cells serviceCells(Core& core, const Value& service) {
    std::string ip = service.at("spec", "clusterIPs")[0].text();
    if (ip.empty()) ip = service.at("spec", "clusterIP").text();
    return {nameOf(service), service.at("spec", "type"), orNone(ip), externalIp(service),
            servicePorts(service), ageOf(core, service), labelText(service.at("spec", "selector"))};
}

std::string nodeStatus(const Value& node) {
    std::vector<std::string> parts;
    for (const Value& condition : node.at("status", "conditions").items())
        if (condition["type"].asString() == "Ready")
            parts.push_back(condition["status"].asString() == "True" ? "Ready" : "NotReady");
    if (parts.empty()) parts.push_back("Unknown");
    if (node.at("spec", "unschedulable").asBool()) parts.push_back("SchedulingDisabled");
    return base::join(parts, ",");
}

std::string nodeRoles(const Value& node) {
    std::vector<std::string> roles;
    constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
    for (const auto& label : node.at("metadata", "labels").members()) {
        const std::string_view key = label.key.view();
        if (key.starts_with(kPrefix) && key.size() > kPrefix.size()) roles.emplace_back(key.substr(kPrefix.size()));
        else if (key == "kubernetes.io/role" && !label.value.isEmpty()) roles.push_back(label.value.text());
    }
    std::sort(roles.begin(), roles.end());
    roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
    return roles.empty() ? "<none>" : base::join(roles, ",");
}

std::string address(const Value& node, std::string_view type) {
    for (const Value& item : node.at("status", "addresses").items())
        if (item["type"].asString() == type) return item["address"].text();
    return "<none>";
}

std::string orUnknown(const Value& value) { return value.isEmpty() ? "<unknown>" : value.text(); }

Cells nodeCells(Core& core, const Value& node) {
    const Value& info = node.at("status", "nodeInfo");
    return {nameOf(node),
            nodeStatus(node),
            nodeRoles(node),
            ageOf(core, node),
            info["kubeletVersion"],
            address(node, "InternalIP"),
            address(node, "ExternalIP"),
            orUnknown(info["osImage"]),
            orUnknown(info["kernelVersion"]),
            orUnknown(info["containerRuntimeVersion"])};
}

std::string accessModes(const Value& modes) {
    const auto has = [&](const char* mode) {
        for (const Value& item : modes.items())
            if (item.asString() == mode) return true;
        return false;
    };
    std::vector<std::string> out;
    if (has("ReadWriteOnce")) out.push_back("RWO");
    if (has("ReadOnlyMany")) out.push_back("ROX");
    if (has("ReadWriteMany")) out.push_back("RWX");
    if (has("ReadWriteOncePod")) out.push_back("RWOP");
    return base::join(out, ",");
}

std::string storageClass(const Value& object) {
    const Value& note = object.at("metadata", "annotations")["volume.beta.kubernetes.io/storage-class"];
    return note.isString() ? note.text() : object.at("spec", "storageClassName").text();
}

std::string orUnset(const std::string& text) { return text.empty() ? "<unset>" : text; }

Cells volumeCells(Core& core, const Value& volume) {
    const Value& spec = volume["spec"];
    std::string claim;
    if (spec["claimRef"].isObject()) claim = spec["claimRef"]["namespace"].text() + "/" + spec["claimRef"]["name"].text();
    std::string phase = volume.at("status", "phase").text();
    if (!metaText(volume, "deletionTimestamp").empty()) phase = "Terminating";
    return {nameOf(volume),
            spec.at("capacity", "storage").text(),
            accessModes(spec["accessModes"]),
            spec["persistentVolumeReclaimPolicy"],
            phase,
            claim,
            storageClass(volume),
            orUnset(spec["volumeAttributesClassName"].text()),
            volume.at("status", "reason").text(),
            ageOf(core, volume),
            orUnset(spec["volumeMode"].text())};
}

Cells claimCells(Core& core, const Value& claim) {
    std::string phase = claim.at("status", "phase").text();
    if (!metaText(claim, "deletionTimestamp").empty()) phase = "Terminating";
    std::string capacity, modes;
    if (!claim.at("spec", "volumeName").isEmpty()) {
        modes = accessModes(claim.at("status", "accessModes"));
        capacity = claim.at("status", "capacity", "storage").text();
        if (capacity.empty()) capacity = "0";
    }
    return {nameOf(claim),
            phase,
            claim.at("spec", "volumeName").text(),
            capacity,
            modes,
            storageClass(claim),
            orUnset(claim.at("spec", "volumeAttributesClassName").text()),
            ageOf(core, claim),
            orUnset(claim.at("spec", "volumeMode").text())};
}

std::string endpointsText(const Value& endpoints) {
    std::vector<std::string> list;
    std::size_t count = 0;
    constexpr std::size_t kShown = 3;
    for (const Value& subset : endpoints["subsets"].items()) {
        if (subset["ports"].size() == 0) {
            for (const Value& item : subset["addresses"].items())
                if (++count <= kShown) list.push_back(item["ip"].text());
            continue;
        }
        for (const Value& port : subset["ports"].items())
            for (const Value& item : subset["addresses"].items())
                if (++count <= kShown) list.push_back(item["ip"].text() + ":" + std::to_string(port["port"].asInt()));
    }
    if (endpoints["subsets"].size() == 0) return "<none>"; // none that is ready: an empty cell
    std::string text = base::join(list, ",");
    if (count > kShown) text += " + " + std::to_string(count - kShown) + " more...";
    return text;
}

Cells quotaCells(Core& core, const Value& quota) {
    std::vector<std::string> requests, limits;
    for (const auto& member : quota.at("status", "hard").members()) {
        const std::string key = member.key.text();
        std::string used = quota.at("status", "used")[key].text();
        if (used.empty()) used = "0";
        const std::string text = key + ": " + used + "/" + member.value.text();
        (key.starts_with("limits") ? limits : requests).push_back(text);
    }
    return {nameOf(quota), base::join(requests, ", "), base::join(limits, ", "), ageOf(core, quota)};
}

Cells eventCells(Core& core, const Value& event) {
    const bool modern = event["apiVersion"].asString() == "events.k8s.io/v1";
    const auto pick = [&](const char* old, const char* now) -> const Value& { return event[modern ? now : old]; };
    const Value& object = pick("involvedObject", "regarding");
    const Value& series = event["series"];
    const Value& firstSeen = pick("firstTimestamp", "deprecatedFirstTimestamp");
    std::string first = age(core, firstSeen);
    if (firstSeen.isEmpty()) first = age(core, event["eventTime"]);
    std::string last = first;
    const Value& lastSeen = pick("lastTimestamp", "deprecatedLastTimestamp");
    if (series.isObject()) last = age(core, series["lastObservedTime"]);
    else if (!lastSeen.isEmpty()) last = age(core, lastSeen);
    std::int64_t count = pick("count", "deprecatedCount").asInt();
    if (series.isObject()) count = series["count"].asInt();
    else if (count == 0) count = 1;
    std::string target = base::toLower(object["kind"].asString());
    if (!object["name"].isEmpty()) target += "/" + object["name"].text();
    const Value& source = pick("source", "deprecatedSource");
    std::string from = source["component"].text();
    if (from.empty()) from = pick("reportingComponent", "reportingController").text();
    if (const std::string host = source["host"].text(); !host.empty()) from += ", " + host;
    else if (source["component"].isEmpty() && !event["reportingInstance"].isEmpty())
        from += ", " + event["reportingInstance"].text();
    return {last,
            event["type"],
            event["reason"],
            target,
            object["fieldPath"].text(),
            from,
            std::string(base::trim(pick("message", "note").asString())),
            first,
            count,
            nameOf(event)};
}

} // namespace

Cells coreCells(Core& core, std::string_view kind, const Value& object) {
    if (kind == "Service") return serviceCells(core, object);
    if (kind == "Node") return nodeCells(core, object);
    if (kind == "Namespace") return {nameOf(object), object.at("status", "phase"), ageOf(core, object)};
    if (kind == "ConfigMap")
        return {nameOf(object), object["data"].size() + object["binaryData"].size(), ageOf(core, object)};
    if (kind == "Secret")
        return {nameOf(object), object["type"], object["data"].size(), ageOf(core, object)};
    if (kind == "PersistentVolume") return volumeCells(core, object);
    if (kind == "PersistentVolumeClaim") return claimCells(core, object);
    if (kind == "Endpoints") return {nameOf(object), endpointsText(object), ageOf(core, object)};
    if (kind == "ResourceQuota") return quotaCells(core, object);
    if (kind == "Event") return eventCells(core, object);
    if (kind == "PodTemplate") {
        const Value& spec = object.at("template", "spec");
        return {nameOf(object), containerNames(spec), containerImages(spec),
                labelText(object.at("template", "metadata", "labels"))};
    }
    if (kind == "ComponentStatus") {
        std::string status = "Unknown", message, error;
        for (const Value& condition : object["conditions"].items())
            if (condition["type"].asString() == "Healthy") {
                status = condition["status"].asString() == "True" ? "Healthy" : "Unhealthy";
                message = condition["message"].text();
                error = condition["error"].text();
            }
        return {nameOf(object), status, message, error};
    }
    return {};
}

std::string labelText(const Value& labels) {
    std::vector<std::string> parts;
    for (const auto& member : labels.members()) parts.push_back(member.key.text() + "=" + member.value.text());
    return parts.empty() ? "<none>" : base::join(parts, ",");
}

std::string selectorText(const Value& selector) {
    if (selector.isNull()) return "<none>";
    auto parsed = api::LabelSelector::fromObject(selector);
    if (!parsed.ok()) return "<error>";
    const std::string text = parsed.value().text();
    return text.empty() ? "<none>" : text;
}

std::string containerNames(const Value& spec) {
    std::vector<std::string> out;
    for (const Value& container : spec["containers"].items()) out.push_back(container["name"].text());
    return base::join(out, ",");
}

std::string containerImages(const Value& spec) {
    std::vector<std::string> out;
    for (const Value& container : spec["containers"].items()) out.push_back(container["image"].text());
    return base::join(out, ",");
}

} // namespace apiserver
