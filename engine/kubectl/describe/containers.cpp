#include "api/label_selector.h"
#include "api/quantity.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "kubectl/describe/writer.h"

#include <algorithm>
#include <cctype>

namespace kubectl {

using document::Value;

namespace {

std::string portsText(const Value& ports, const char* key) {
    std::vector<std::string> out;
    for (const Value& port : ports.items()) {
        std::string text = std::to_string(port[key].asInt()) + "/" + port["protocol"].text();
        if (!port["name"].asString().empty()) text += " (" + port["name"].text() + ")";
        out.push_back(std::move(text));
    }
    return base::join(out, ", ");
}

void describeSeccomp(DescribeWriter& w, int level, int innerLevel, const Value& context) {
    const Value& profile = context["seccompProfile"];
    if (profile.isNull()) return;
    w.field(level, "SeccompProfile", profile["type"].asString());
    if (profile["type"].asString() == "Localhost") w.field(innerLevel, "LocalhostProfile", profile["localhostProfile"].asString());
}

void describeBasics(DescribeWriter& w, const Value& container, const Value& status, std::string_view space) {
    w.line(1, (space.empty() ? "" : " ") + container["name"].text() + ":");
    const bool known = !status.isNull();
    if (known) w.field(2, "Container ID", status["containerID"].asString());
    w.field(2, "Image", container["image"].asString());
    if (known) w.field(2, "Image ID", status["imageID"].asString());
    for (const bool host : {false, true}) {
        const std::string text = portsText(container["ports"], host ? "hostPort" : "containerPort");
        const std::string title = std::string(host ? "Host Port" : "Port") + (text.find(',') == std::string::npos ? "" : "s");
        w.field(2, title, orDefault(text, "<none>"));
    }
    describeSeccomp(w, 2, 3, container["securityContext"]);
}

void describeWords(DescribeWriter& w, std::string_view title, const Value& words) {
    if (words.size() == 0) return;
    w.line(2, std::string(title) + ":");
    for (const Value& word : words.items())
        for (const std::string& part : base::split(word.asString(), '\n')) w.line(3, part);
}

void describeState(DescribeWriter& w, std::string_view title, const Value& state) {
    const Value &running = state["running"], &waiting = state["waiting"], &terminated = state["terminated"];
    if (!running.isNull()) {
        w.field(2, title, "Running");
        w.field(3, "Started", longTime(running["startedAt"]));
    } else if (!waiting.isNull() || terminated.isNull()) {
        w.field(2, title, "Waiting");
        if (!waiting["reason"].asString().empty()) w.field(3, "Reason", waiting["reason"].asString());
    } else {
        w.field(2, title, "Terminated");
        if (!terminated["reason"].asString().empty()) w.field(3, "Reason", terminated["reason"].asString());
        if (!terminated["message"].asString().empty()) w.field(3, "Message", terminated["message"].asString());
        w.field(3, "Exit Code", std::to_string(terminated["exitCode"].asInt()));
        if (terminated["signal"].asInt() > 0) w.field(3, "Signal", textOf(terminated["signal"]));
        w.field(3, "Started", longTime(terminated["startedAt"]));
        w.field(3, "Finished", longTime(terminated["finishedAt"]));
    }
}

// As Go's net/url writes a path and joins a host with a port.
std::string escapedPath(std::string_view path) {
    std::string out;
    for (const char c : path) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : "%" + base::toUpper(base::encodeHex(std::string(1, c)));
    }
    return out;
}
std::string hostPort(const std::string& host, const std::string& port) {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}
std::string urlText(const Value& http) {
    const std::string path = http["path"].asString() == "*" ? "*" : escapedPath(http["path"].asString());
    return base::toLower(http["scheme"].asString()) + "://" + hostPort(http["host"].text(), textOf(http["port"])) +
           (path.empty() || path[0] == '/' ? "" : "/") + path;
}

std::string probeText(const Value& probe) {
    const auto number = [&](const char* key) { return std::to_string(probe[key].asInt()); };
    const std::string rest = "delay=" + number("initialDelaySeconds") + "s timeout=" + number("timeoutSeconds") + "s period=" +
                             number("periodSeconds") + "s #success=" + number("successThreshold") + " #failure=" + number("failureThreshold");
    if (const Value& exec = probe["exec"]; !exec.isNull()) return "exec " + goList(exec["command"]) + " " + rest;
    if (const Value& http = probe["httpGet"]; !http.isNull()) return "http-get " + urlText(http) + " " + rest;
    if (const Value& tcp = probe["tcpSocket"]; !tcp.isNull()) return "tcp-socket " + tcp["host"].text() + ":" + textOf(tcp["port"]) + " " + rest;
    if (const Value& grpc = probe["grpc"]; !grpc.isNull()) return "grpc <pod>:" + textOf(grpc["port"]) + " " + grpc["service"].text() + " " + rest;
    return "unknown " + rest;
}

std::string optional(const Value& source) { return source["optional"].asBool() ? "true" : "false"; }

// Source: kubectl pkg/util/resource ExtractContainerResourceValue.
std::string resourceValue(const Value& container, const Value& ref) {
    const auto parts = base::splitLimited(ref["resource"].asString(), '.', 2);
    if (parts.size() < 2 || (parts[0] != "limits" && parts[0] != "requests")) return {};
    if (parts[1] != "cpu" && parts[1] != "memory" && parts[1] != "ephemeral-storage" && !parts[1].starts_with("hugepages-")) return {};
    const api::Quantity amount = api::Quantity::ofValue(container["resources"][parts[0]][parts[1]]);
    const std::string divisor = textOf(ref["divisor"]);
    const api::Quantity by = divisor.empty() || divisor == "0" ? api::Quantity::fromValue(1) : api::Quantity::of(divisor);
    if (parts[1] == "cpu") {
        const std::int64_t d = std::max<std::int64_t>(1, by.milliValue());
        return std::to_string((amount.milliValue() + d - 1) / d);
    }
    const std::int64_t d = std::max<std::int64_t>(1, by.value());
    return std::to_string((amount.value() + d - 1) / d);
}

void describeEnvironment(DescribeWriter& w, const Value& container, const Value& pod) {
    w.line(2, container["env"].size() == 0 ? "Environment:\t<none>" : "Environment:");
    for (const Value& item : container["env"].items()) {
        const std::string name = item["name"].text();
        const Value& from = item["valueFrom"];
        if (from.isNull()) {
            bool first = true;
            for (const std::string& part : base::split(item["value"].asString(), '\n')) {
                w.line(3, (first ? name + ":" : "") + "\t" + part);
                first = false;
            }
        } else if (const Value& ref = from["fieldRef"]; !ref.isNull()) {
            // The client looks up these two; every other path shows no value.
            const std::string path = ref["fieldPath"].text();
            const bool known = path == "metadata.name" || path == "metadata.namespace";
            const std::string value = known && !pod.isNull() ? pod.at("metadata", path.substr(9)).text() : "";
            w.line(3, name + ":\t" + value + " (" + ref["apiVersion"].text() + ":" + path + ")");
        } else if (const Value& field = from["resourceFieldRef"]; !field.isNull()) {
            std::string value = resourceValue(container, field);
            const std::string resource = field["resource"].text();
            if (value == "0" && (resource == "limits.cpu" || resource == "limits.memory")) value = "node allocatable";
            w.line(3, name + ":\t" + value + " (" + resource + ")");
        } else if (const Value& secret = from["secretKeyRef"]; !secret.isNull()) {
            w.line(3, name + ":\t<set to the key '" + secret["key"].text() + "' in secret '" + secret["name"].text() + "'>\tOptional: " + optional(secret));
        } else if (const Value& map = from["configMapKeyRef"]; !map.isNull()) {
            w.line(3, name + ":\t<set to the key '" + map["key"].text() + "' of config map '" + map["name"].text() + "'>\tOptional: " + optional(map));
        }
    }
}

void describeEnvFrom(DescribeWriter& w, const Value& list) {
    if (list.size() == 0) return;
    w.line(2, "Environment Variables from:");
    for (const Value& item : list.items()) {
        const bool map = !item["configMapRef"].isNull();
        const Value& ref = map ? item["configMapRef"] : item["secretRef"];
        const std::string prefix = item["prefix"].text();
        w.line(3, ref["name"].text() + "\t" + (map ? "ConfigMap" : ref.isNull() ? "" : "Secret") +
                      (prefix.empty() ? "" : " with prefix '" + prefix + "'") + "\tOptional: " + optional(ref));
    }
}

void describeMounts(DescribeWriter& w, const Value& container) {
    std::vector<Value> mounts(container["volumeMounts"].items().begin(), container["volumeMounts"].items().end());
    base::goSort(mounts, [](const Value& a, const Value& b) { return a["mountPath"].asString() < b["mountPath"].asString(); });
    w.line(2, mounts.empty() ? "Mounts:\t<none>" : "Mounts:");
    for (const Value& mount : mounts) {
        std::string flags = mount["readOnly"].asBool() ? "ro" : "rw";
        if (!mount["subPath"].asString().empty()) flags += ",path=" + base::quoteGo(mount["subPath"].asString());
        w.line(3, mount["mountPath"].text() + " from " + mount["name"].text() + " (" + flags + ")");
    }
    if (container["volumeDevices"].size() == 0) return;
    w.line(2, mounts.empty() ? "Devices:\t<none>" : "Devices:");
    std::vector<Value> devices(container["volumeDevices"].items().begin(), container["volumeDevices"].items().end());
    base::goSort(devices, [](const Value& a, const Value& b) { return a["devicePath"].asString() < b["devicePath"].asString(); });
    for (const Value& device : devices) w.line(3, device["devicePath"].text() + " from " + device["name"].text());
}

void describeSpread(DescribeWriter& w, const Value& constraints, std::string_view space) {
    std::vector<Value> list(constraints.items().begin(), constraints.items().end());
    if (list.empty()) return;
    base::goSort(list, [](const Value& a, const Value& b) { return a["topologyKey"].asString() < b["topologyKey"].asString(); });
    w.write(0, std::string(space) + "Topology Spread Constraints:\t");
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::string text = i > 0 ? std::string(space) + "\t" : "";
        text += list[i]["topologyKey"].text() + ":" + list[i]["whenUnsatisfiable"].text() + " when max skew " + textOf(list[i]["maxSkew"]) + " is exceeded";
        if (!list[i]["labelSelector"].isNull()) text += " for selector " + selectorText(list[i]["labelSelector"]);
        w.line(0, text);
    }
}

// The workload that a gang-scheduled pod belongs to.
void describeWorkload(DescribeWriter& w, const Value& workload, std::string_view space) {
    if (workload.isNull()) return;
    w.line(0, std::string(space) + "WorkloadRef:");
    w.field(1, "Name", workload["name"].asString());
    w.field(1, "PodGroup", workload["podGroup"].asString());
    if (!workload["podGroupReplicaKey"].asString().empty()) w.field(1, "PodGroupReplicaKey", workload["podGroupReplicaKey"].asString());
}

void describeGates(DescribeWriter& w, const Value& gates, const Value& conditions) {
    if (gates.size() == 0) return;
    w.line(0, "Readiness Gates:\n  Type\tStatus");
    for (const Value& gate : gates.items()) {
        std::string text = "<none>";
        for (const Value& condition : conditions.items()) {
            if (condition["type"] != gate["conditionType"]) continue;
            text = condition["status"].text();
            break;
        }
        w.line(1, gate["conditionType"].text() + " \t" + text + " ");
    }
}

} // namespace

void describeResources(DescribeWriter& w, const Value& resources, int level) {
    for (const char* key : {"limits", "requests"}) {
        const Value& list = resources[key];
        if (list.size() == 0) continue;
        w.line(level, key[0] == 'l' ? "Limits:" : "Requests:");
        for (const document::Member& member : list.members()) w.field(level + 1, member.key.view(), textOf(member.value));
    }
}

void describeContainers(DescribeWriter& w, std::string_view label, const Value& containers, const Value& statuses,
                        const Value& pod, std::string_view space) {
    w.line(0, std::string(space) + std::string(label) + ":" + (containers.size() == 0 ? " <none>" : ""));
    for (const Value& container : containers.items()) {
        Value status;
        for (const Value& item : statuses.items())
            if (item["name"] == container["name"]) status = item;
        describeBasics(w, container, status, space);
        describeWords(w, "Command", container["command"]);
        describeWords(w, "Args", container["args"]);
        if (!status.isNull()) {
            describeState(w, "State", status["state"]);
            if (!status.at("lastState", "terminated").isNull()) describeState(w, "Last State", status["lastState"]);
            w.field(2, "Ready", status["ready"].asBool() ? "True" : "False");
            w.field(2, "Restart Count", std::to_string(status["restartCount"].asInt()));
        }
        describeResources(w, container["resources"], 2);
        for (const auto& [key, title] : {std::pair{"livenessProbe", "Liveness"}, {"readinessProbe", "Readiness"}, {"startupProbe", "Startup"}})
            if (!container[key].isNull()) w.field(2, title, probeText(container[key]));
        describeEnvFrom(w, container["envFrom"]);
        describeEnvironment(w, container, pod);
        describeMounts(w, container);
    }
}

void describePodTemplate(DescribeWriter& w, const Value& podTemplate) {
    w.line(0, "Pod Template:");
    if (podTemplate.isNull()) {
        w.write(1, "<unset>");
        return;
    }
    const Value &metadata = podTemplate["metadata"], &spec = podTemplate["spec"];
    printLabels(w, "  Labels", metadata["labels"]);
    if (metadata["annotations"].size() > 0) printAnnotations(w, "  Annotations", metadata["annotations"]);
    if (!spec["serviceAccountName"].asString().empty()) w.field(1, "Service Account", spec["serviceAccountName"].asString());
    if (spec["initContainers"].size() > 0) describeContainers(w, "Init Containers", spec["initContainers"], {}, {}, "  ");
    describeContainers(w, "Containers", spec["containers"], {}, {}, "  ");
    describeVolumes(w, spec["volumes"], "  ");
    describeSpread(w, spec["topologySpreadConstraints"], "  ");
    if (!spec["priorityClassName"].asString().empty()) w.field(1, "Priority Class Name", spec["priorityClassName"].asString());
    printLabels(w, "  Node-Selectors", spec["nodeSelector"]);
    printTolerations(w, "  Tolerations", spec["tolerations"]);
    describeWorkload(w, spec["workloadRef"], "  ");
}

sim::Task<base::Status> describePod(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value& pod = c.object;
    const Value &spec = pod["spec"], &status = pod["status"], &metadata = pod["metadata"];
    w.field(0, "Name", c.name);
    w.field(0, "Namespace", c.ns);
    if (!spec["priority"].isNull()) w.field(0, "Priority", textOf(spec["priority"]));
    if (!spec["priorityClassName"].asString().empty()) w.field(0, "Priority Class Name", spec["priorityClassName"].asString());
    if (!spec["runtimeClassName"].asString().empty()) w.field(0, "Runtime Class Name", spec["runtimeClassName"].asString());
    if (!spec["serviceAccountName"].asString().empty()) w.field(0, "Service Account", spec["serviceAccountName"].asString());
    const std::string node = spec["nodeName"].text();
    w.field(0, "Node", node.empty() ? "<none>" : node + "/" + status["hostIP"].text());
    if (!status["startTime"].isNull()) w.field(0, "Start Time", longTime(status["startTime"]));
    printLabels(w, "Labels", metadata["labels"]);
    printAnnotations(w, "Annotations", metadata["annotations"]);
    const std::string phase = status["phase"].text();
    if (!metadata["deletionTimestamp"].isNull() && phase != "Failed" && phase != "Succeeded") {
        w.field(0, "Status", "Terminating (lasts " + ageOf(w, metadata["deletionTimestamp"]) + ")");
        w.field(0, "Termination Grace Period", std::to_string(metadata["deletionGracePeriodSeconds"].asInt()) + "s");
    } else {
        w.field(0, "Status", phase);
    }
    if (!status["reason"].asString().empty()) w.field(0, "Reason", status["reason"].asString());
    if (!status["message"].asString().empty()) w.field(0, "Message", status["message"].asString());
    describeSeccomp(w, 0, 0, spec["securityContext"]);
    w.field(0, "IP", status["podIP"].asString());
    if (status["podIPs"].size() == 0) {
        w.field(0, "IPs", "<none>");
    } else {
        w.line(0, "IPs:");
        for (const Value& ip : status["podIPs"].items()) w.field(1, "IP", ip["ip"].asString());
    }
    if (const std::string controller = controllerOf(pod); !controller.empty()) w.field(0, "Controlled By", controller);
    if (!status["nominatedNodeName"].asString().empty()) w.field(0, "NominatedNodeName", status["nominatedNodeName"].asString());
    if (!spec["resources"].isNull()) {
        w.line(0, "Resources:");
        describeResources(w, spec["resources"], 1);
    }
    if (spec["initContainers"].size() > 0) describeContainers(w, "Init Containers", spec["initContainers"], status["initContainerStatuses"], pod, "");
    describeContainers(w, "Containers", spec["containers"], status["containerStatuses"], pod, "");
    if (spec["ephemeralContainers"].size() > 0)
        describeContainers(w, "Ephemeral Containers", spec["ephemeralContainers"], status["ephemeralContainerStatuses"], pod, "");
    describeGates(w, spec["readinessGates"], status["conditions"]);
    if (status["conditions"].size() > 0) {
        w.line(0, "Conditions:\n  Type\tStatus");
        for (const Value& condition : status["conditions"].items()) w.line(1, condition["type"].text() + " \t" + condition["status"].text() + " ");
    }
    describeVolumes(w, spec["volumes"], "");
    w.field(0, "QoS Class", status["qosClass"].asString());
    printLabels(w, "Node-Selectors", spec["nodeSelector"]);
    printTolerations(w, "Tolerations", spec["tolerations"]);
    describeSpread(w, spec["topologySpreadConstraints"], "");
    describeWorkload(w, spec["workloadRef"], "");
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
