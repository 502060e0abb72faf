#include "kubelet/environment.h"

#include "api/quantity.h"
#include "api/status.h"
#include "base/strings.h"
#include "client/resources.h"
#include "kubelet/node_status.h"
#include "kubelet/object_cache.h"

#include <algorithm>
#include <map>

namespace kubelet {
namespace {

void put(EnvList& env, std::string name, std::string value) {
    for (auto& [key, old] : env)
        if (key == name) {
            old = std::move(value);
            return;
        }
    env.emplace_back(std::move(name), std::move(value));
}

std::string variableName(std::string_view name) {
    std::string out = base::toUpper(name);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

// Source: pkg/kubelet/envvars.
void addService(EnvList& env, const Value& service) {
    const std::string prefix = variableName(api::nameOf(service));
    const std::string ip = service.at("spec", "clusterIP").text();
    const Value& ports = service.at("spec", "ports");
    const std::string first = std::to_string(ports[0]["port"].asInt());
    env.emplace_back(prefix + "_SERVICE_HOST", ip);
    env.emplace_back(prefix + "_SERVICE_PORT", first);
    for (const Value& port : ports.items())
        if (!port["name"].asString().empty())
            env.emplace_back(prefix + "_SERVICE_PORT_" + variableName(port["name"].asString()),
                             std::to_string(port["port"].asInt()));
    bool isFirst = true;
    for (const Value& port : ports.items()) {
        const std::string protocol = port["protocol"].text().empty() ? "TCP" : port["protocol"].text();
        const std::string number = std::to_string(port["port"].asInt());
        const std::string url = base::toLower(protocol) + "://" + ip + ":" + number;
        const std::string name = prefix + "_PORT_" + number + "_" + base::toUpper(protocol);
        if (isFirst) env.emplace_back(prefix + "_PORT", url);
        isFirst = false;
        env.emplace_back(name, url);
        env.emplace_back(name + "_PROTO", base::toLower(protocol));
        env.emplace_back(name + "_PORT", number);
        env.emplace_back(name + "_ADDR", ip);
    }
}

sim::Task<base::Status> addServices(Core& core, Value pod, EnvList& env) {
    auto list = co_await core.objects->services();
    // Static pods do not wait: the API server itself may be one of them.
    if (!list.ok() && isStaticPod(pod)) co_return base::okStatus();
    if (!list.ok()) co_return base::makeError("services have not yet been read at least once, cannot construct envvars");
    const std::string ns = api::namespaceOf(pod);
    const bool links = pod.at("spec", "enableServiceLinks").asBool(true);
    std::map<std::string, Value> chosen;
    for (const Value& service : (*list)["items"].items()) {
        const std::string ip = service.at("spec", "clusterIP").text();
        if (ip.empty() || ip == "None") continue;
        const std::string name = api::nameOf(service), home = api::namespaceOf(service);
        // The master services live in "default" and are given to every pod.
        if (home == "default" && name == "kubernetes") {
            if (chosen.count(name) == 0) chosen[name] = service;
        } else if (links && home == ns) {
            chosen[name] = service;
        }
    }
    for (const auto& [name, service] : chosen) addService(env, service);
    co_return base::okStatus();
}

sim::Task<base::Status> addFrom(Core& core, Value pod, Value source, EnvList& env) {
    const bool secret = source["secretRef"].isObject();
    const Value reference = secret ? source["secretRef"] : source["configMapRef"];
    const client::Resource resource = secret ? client::secretsResource() : client::configMapsResource();
    auto object = co_await core.objects->get(resource, api::namespaceOf(pod), reference["name"].text());
    if (!object.ok()) {
        if (api::isNotFound(object.error()) && reference["optional"].asBool()) co_return base::okStatus();
        co_return std::move(object).error();
    }
    for (const document::Member& item : (*object)["data"].members()) {
        std::string value = item.value.text();
        if (secret) value = base::decodeBase64(value).value_or("");
        put(env, source["prefix"].text() + item.key.text(), value);
    }
    co_return base::okStatus();
}

// Nothing: the variable is left out (an optional reference without a target).
sim::Task<base::Result<std::optional<std::string>>> referenced(Core& core, Value pod, Value container, Value from,
                                                              std::string podIP) {
    std::optional<std::string> out;
    if (from["fieldRef"].isObject()) {
        BASE_CO_TRY(out, fieldValue(core, pod, from["fieldRef"]["fieldPath"].asString(), podIP));
        co_return out;
    }
    if (from["resourceFieldRef"].isObject()) {
        const std::string name = from["resourceFieldRef"]["containerName"].text();
        const Value target = name.empty() ? container : containerSpec(pod, name);
        BASE_CO_TRY(out, resourceFieldValue(core, pod, from["resourceFieldRef"], target));
        co_return out;
    }
    const bool secret = from["secretKeyRef"].isObject();
    const Value reference = secret ? from["secretKeyRef"] : from["configMapKeyRef"];
    const std::string ns = api::namespaceOf(pod), name = reference["name"].text(), key = reference["key"].text();
    const client::Resource resource = secret ? client::secretsResource() : client::configMapsResource();
    auto object = co_await core.objects->get(resource, ns, name);
    if (!object.ok()) {
        if (api::isNotFound(object.error()) && reference["optional"].asBool()) co_return out;
        co_return std::move(object).error();
    }
    if (!(*object)["data"].has(key)) {
        if (reference["optional"].asBool()) co_return out;
        co_return base::makeError("couldn't find key " + key + " in " + (secret ? "Secret " : "ConfigMap ") + ns + "/" + name);
    }
    out = (*object)["data"][key].text();
    if (secret) out = base::decodeBase64(*out).value_or("");
    co_return out;
}

} // namespace

std::string expandVariables(std::string_view text, const EnvList& env) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$' || i + 1 >= text.size()) {
            out += text[i];
            continue;
        }
        if (text[i + 1] == '$') { // escaped
            out += '$';
            ++i;
            continue;
        }
        const std::size_t close = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
        if (close == std::string_view::npos) {
            out += text[i];
            continue;
        }
        const std::string_view name = text.substr(i + 2, close - i - 2);
        const auto found = std::find_if(env.rbegin(), env.rend(), [&](const auto& item) { return item.first == name; });
        out += found == env.rend() ? std::string(text.substr(i, close - i + 1)) : found->second;
        i = close;
    }
    return out;
}

base::Result<std::string> fieldValue(Core& core, const Value& pod, std::string_view path, const std::string& podIP) {
    if (path == "metadata.name") return api::nameOf(pod);
    if (path == "metadata.namespace") return api::namespaceOf(pod);
    if (path == "metadata.uid") return api::uidOf(pod);
    if (path == "spec.nodeName") return pod.at("spec", "nodeName").text();
    if (path == "spec.serviceAccountName") return pod.at("spec", "serviceAccountName").text();
    if (path == "status.hostIP" || path == "status.hostIPs") return core.nodeIP;
    if (path == "status.podIP" || path == "status.podIPs") return isHostNetwork(pod) ? core.nodeIP : podIP;
    for (const char* map : {"labels", "annotations"}) {
        const std::string whole = std::string("metadata.") + map;
        if (path.rfind(whole, 0) != 0) continue;
        const Value& values = pod["metadata"][map];
        if (path == whole) {
            std::vector<std::string> lines;
            for (const document::Member& item : values.members())
                if (item.key.view() != kConfigSeen && item.key.view() != kConfigSource)
                    lines.push_back(item.key.text() + "=" + base::quoteGo(item.value.asString()));
            return base::join(lines, "\n");
        }
        std::string_view key = path.substr(whole.size());
        if (key.size() > 4 && key.substr(0, 2) == "['") return values[key.substr(2, key.size() - 4)].text();
    }
    return base::makeError("unsupported fieldPath: " + std::string(path));
}

base::Result<std::string> resourceFieldValue(Core& core, const Value& pod, const Value& reference,
                                             const Value& container) {
    const std::string resource = reference["resource"].text();
    const std::vector<std::string> parts = base::splitLimited(resource, '.', 2);
    if (parts.size() != 2) return base::makeError("unsupported container resource : " + resource);
    (void)pod;
    const std::string list = parts[0];
    Value amount = container.at("resources", list, parts[1]);
    // Without a limit the node's allocatable is the limit.
    if (!amount.isString() && list == "limits") amount = core.node->allocatable()[parts[1]];
    api::Quantity quantity = api::Quantity::of(amount.asString());
    const std::string divisorText = reference["divisor"].text();
    api::Quantity divisor = api::Quantity::of(divisorText);
    if (divisor.isZero()) divisor = api::Quantity::of("1");
    if (parts[1] == "cpu") {
        const std::int64_t d = divisor.milliValue();
        return std::to_string((quantity.milliValue() + d - 1) / d);
    }
    const std::int64_t d = divisor.value();
    return std::to_string((quantity.value() + d - 1) / d);
}

sim::Task<base::Result<EnvList>> makeEnvironment(Core& core, Value pod, Value container, std::string podIP) {
    EnvList services, env;
    if (core.client != nullptr) {
        auto added = co_await addServices(core, pod, services);
        if (!added.ok()) co_return std::move(added).error();
    }
    for (const Value& source : container["envFrom"].items()) {
        auto added = co_await addFrom(core, pod, source, env);
        if (!added.ok()) co_return std::move(added).error();
    }
    EnvList visible = services;
    for (const auto& [name, value] : env) put(visible, name, value);
    for (const Value& item : container["env"].items()) {
        std::string value;
        if (item["valueFrom"].isObject()) {
            auto found = co_await referenced(core, pod, container, item["valueFrom"], podIP);
            if (!found.ok()) co_return std::move(found).error();
            if (!found->has_value()) continue;
            value = **found;
        } else {
            value = expandVariables(item["value"].asString(), visible);
        }
        put(visible, item["name"].text(), value);
        put(env, item["name"].text(), value);
    }
    for (const auto& service : services)
        if (std::none_of(env.begin(), env.end(), [&](const auto& e) { return e.first == service.first; }))
            env.push_back(service);
    co_return env;
}

} // namespace kubelet
