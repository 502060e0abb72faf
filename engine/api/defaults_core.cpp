// Source: pkg/apis/core/v1/defaults.go.
#include "api/defaults_hooks.h"
#include "api/quantity.h"
#include "base/strings.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace api {

std::string imageTag(std::string_view image) {
    std::string_view rest = image;
    std::string_view digest;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        digest = rest.substr(at + 1);
        rest = rest.substr(0, at);
    }
    const std::size_t slash = rest.rfind('/');
    const std::size_t colon = rest.rfind(':');
    std::string_view tag;
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
        tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
        if (tag.empty()) return {};
    }
    // Repository names are lower case; only the registry host may differ.
    std::string_view path = rest;
    const std::size_t first = rest.find('/');
    if (first != std::string_view::npos) path = rest.substr(first + 1);
    const bool bad = rest.empty() || std::any_of(path.begin(), path.end(), [](char c) {
        const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                          c == '-' || c == '/';
        return !fine;
    });
    if (bad) return {};
    if (!tag.empty()) return std::string(tag);
    return digest.empty() ? "latest" : "";
}

namespace {

using document::Member;
using document::ObjectBuilder;
using document::Value;

std::string pullPolicyFor(std::string_view image) {
    return imageTag(image) == "latest" ? "Always" : "IfNotPresent";
}

Value defaultContainer(const Value& container) {
    if (!container["imagePullPolicy"].isEmpty()) return container;
    return container.with("imagePullPolicy", pullPolicyFor(container["image"].asString()));
}

Value defaultVolume(const Value& volume) {
    Value result = volume;
    const bool sourceless = std::none_of(
        volume.members().begin(), volume.members().end(),
        [](const Member& member) { return member.key.view() != "name" && !member.value.isNull(); });
    if (sourceless) result = result.with("emptyDir", Value::object());
    const Value& image = volume["image"];
    if (image.isObject() && image["pullPolicy"].isEmpty())
        result = result.withPath({"image", "pullPolicy"}, pullPolicyFor(image["reference"].asString()));
    return result;
}

// What is missing in `into` comes from `from`.
Value filledFrom(const Value& into, const Value& from) {
    ObjectBuilder builder(into);
    for (const Member& member : from.members())
        if (!into.has(member.key.view())) builder.set(member.key, member.value);
    return std::move(builder).build();
}

// Requests follow limits, host ports follow container ports on the host's network. Only for pods,
// not for templates.
Value defaultPodContainers(const Value& list, bool hostNetwork) {
    std::vector<Value> items;
    for (const Value& container : list.items()) {
        Value changed = container;
        const Value& limits = container["resources"]["limits"];
        if (limits.isObject()) {
            const Value requests = filledFrom(container["resources"]["requests"], limits);
            if (requests.size() > 0) changed = changed.withPath({"resources", "requests"}, requests);
        }
        if (hostNetwork && container["ports"].size() > 0) {
            std::vector<Value> ports;
            for (const Value& port : container["ports"].items()) {
                const bool unset = port["hostPort"].asInt() == 0 && port["containerPort"].asInt() != 0;
                ports.push_back(unset ? port.with("hostPort", port["containerPort"]) : port);
            }
            changed = changed.with("ports", Value::array(std::move(ports)));
        }
        items.push_back(std::move(changed));
    }
    return Value::array(std::move(items));
}

bool isPodLevelResource(std::string_view name) {
    return name == "cpu" || name == "memory" || name.substr(0, 10) == "hugepages-";
}

// Pod-level requests: the sum of the containers' requests, then the pod's own limits.
Value defaultPodRequests(const Value& spec) {
    const Value& limits = spec["resources"]["limits"];
    if (limits.size() == 0) return spec;
    Value requests = spec["resources"]["requests"];
    ObjectBuilder builder(requests);
    for (std::string_view name : {"cpu", "memory"}) {
        if (requests.has(name)) continue;
        Quantity sum;
        bool any = false;
        for (const Value& container : spec["containers"].items()) {
            const Value& request = container["resources"]["requests"][name];
            if (request.isNull()) continue;
            sum = sum + Quantity::ofValue(request);
            any = true;
        }
        if (any) builder.set(name, sum.text());
        else if (limits.has(name)) builder.set(name, limits[name]);
    }
    for (const Member& limit : limits.members()) {
        const std::string_view name = limit.key.view();
        if (isPodLevelResource(name) && name != "cpu" && name != "memory" && !requests.has(name))
            builder.set(name, limit.value);
    }
    Value filled = std::move(builder).build();
    return filled.size() == 0 ? spec : spec.withPath({"resources", "requests"}, std::move(filled));
}

Value defaultPod(const Value& pod) {
    Value spec = pod["spec"];
    if (!spec.isObject()) spec = Value::object();
    const bool hostNetwork = spec["hostNetwork"].asBool();
    for (std::string_view list : {"containers", "initContainers"})
        if (spec[list].isArray())
            spec = spec.with(list, defaultPodContainers(spec[list], hostNetwork));
    if (spec["resources"].isObject()) spec = defaultPodRequests(spec);
    if (spec["enableServiceLinks"].isNull()) spec = spec.with("enableServiceLinks", true);
    return pod.with("spec", spec);
}

Value defaultServicePorts(const Value& ports) {
    std::vector<Value> items;
    for (const Value& port : ports.items()) {
        const Value& target = port["targetPort"];
        const bool unset = target.isNull() || target.isEmpty();
        items.push_back(unset && !port["port"].isNull() ? port.with("targetPort", port["port"]) : port);
    }
    return Value::array(std::move(items));
}

Value defaultService(const Value& service) {
    Value spec = service["spec"];
    if (!spec.isObject()) spec = Value::object();
    const std::string affinity = spec["sessionAffinity"].text();
    if (affinity.empty() || affinity == "None") {
        spec = spec.without("sessionAffinityConfig");
    } else if (affinity == "ClientIP" &&
               spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds").isNull()) {
        spec = spec.withPath({"sessionAffinityConfig", "clientIP", "timeoutSeconds"}, 10800);
    }
    const std::string type = spec["type"].isEmpty() ? "ClusterIP" : spec["type"].text();
    if (spec["ports"].isArray()) spec = spec.with("ports", defaultServicePorts(spec["ports"]));
    const bool external = type == "LoadBalancer" || type == "NodePort" ||
                          (type == "ClusterIP" && spec["externalIPs"].size() > 0);
    if (external && spec["externalTrafficPolicy"].isEmpty())
        spec = spec.with("externalTrafficPolicy", "Cluster");
    const bool internal = type == "NodePort" || type == "LoadBalancer" || type == "ClusterIP";
    if (internal && spec["internalTrafficPolicy"].isNull())
        spec = spec.with("internalTrafficPolicy", "Cluster");
    if (type == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"].isNull())
        spec = spec.with("allocateLoadBalancerNodePorts", true);
    Value result = service.with("spec", spec);
    const Value& ingress = service.at("status", "loadBalancer", "ingress");
    if (type == "LoadBalancer" && ingress.size() > 0) {
        std::vector<Value> items;
        for (const Value& item : ingress.items()) {
            const bool unset = !item["ip"].isEmpty() && item["ipMode"].isNull();
            items.push_back(unset ? item.with("ipMode", "VIP") : item);
        }
        result = result.withPath({"status", "loadBalancer", "ingress"}, Value::array(std::move(items)));
    }
    return result;
}

Value defaultReplicationController(const Value& controller) {
    const Value& labels = controller.at("spec", "template", "metadata", "labels");
    if (labels.isNull()) return controller;
    Value result = controller;
    if (controller.at("spec", "selector").size() == 0)
        result = result.withPath({"spec", "selector"}, labels);
    if (controller.at("metadata", "labels").size() == 0)
        result = result.withPath({"metadata", "labels"}, labels);
    return result;
}

Value defaultNamespace(const Value& object) {
    const Value& name = object.at("metadata", "name");
    if (name.isEmpty()) return object;
    return object.withPath({"metadata", "labels", "kubernetes.io/metadata.name"}, name);
}

Value defaultNodeStatus(const Value& status) {
    if (!status["allocatable"].isNull() || status["capacity"].isNull()) return status;
    return status.with("allocatable", status["capacity"]);
}

Value defaultLimitRangeItem(const Value& item) {
    if (item["type"].asString() != "Container") return item;
    const Value defaults = filledFrom(item["default"], item["max"]);
    const Value requests = filledFrom(filledFrom(item["defaultRequest"], defaults), item["min"]);
    Value result = item;
    if (defaults.size() > 0) result = result.with("default", defaults);
    if (requests.size() > 0) result = result.with("defaultRequest", requests);
    return result;
}

} // namespace

std::span<const TypeHook> coreHooks() {
    static constexpr std::array<TypeHook, 9> kHooks{{
        {"core.v1.Container", defaultContainer},
        {"core.v1.EphemeralContainer", defaultContainer},
        {"core.v1.Volume", defaultVolume},
        {"core.v1.Pod", defaultPod},
        {"core.v1.Service", defaultService},
        {"core.v1.ReplicationController", defaultReplicationController},
        {"core.v1.Namespace", defaultNamespace},
        {"core.v1.NodeStatus", defaultNodeStatus},
        {"core.v1.LimitRangeItem", defaultLimitRangeItem},
    }};
    return kHooks;
}

} // namespace api
