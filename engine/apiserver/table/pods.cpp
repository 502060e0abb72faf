// Source: kubernetes pkg/printers/internalversion printPod.
#include "apiserver/core.h"
#include "apiserver/table/rows.h"

namespace apiserver {

using document::Value;

namespace {

struct Summary {
    std::string reason;
    std::int64_t ready = 0, total = 0, restarts = 0;
    std::int64_t lastRestart = 0; // Unix nanoseconds
};

bool isSidecar(const Value& pod, std::string_view name) {
    for (const Value& container : pod.at("spec", "initContainers").items())
        if (container["name"].asString() == name)
            return container["restartPolicy"].asString() == "Always";
    return false;
}

void noteRestart(const Value& status, Summary& out) {
    const Value& finished = status.at("lastState", "terminated", "finishedAt");
    if (const auto at = sim::parseRfc3339(finished.asString()); at && *at > out.lastRestart) out.lastRestart = *at;
}

std::string exitText(const Value& terminated) {
    if (!terminated["reason"].isEmpty()) return terminated["reason"].text();
    if (terminated["signal"].asInt() != 0) return "Signal:" + std::to_string(terminated["signal"].asInt());
    return "ExitCode:" + std::to_string(terminated["exitCode"].asInt());
}

// True while the pod is still starting up.
bool initialState(const Value& pod, Summary& out) {
    const auto statuses = pod.at("status", "initContainerStatuses").items();
    for (std::size_t i = 0; i < statuses.size(); ++i) {
        const Value& status = statuses[i];
        const bool sidecar = isSidecar(pod, status["name"].asString());
        out.restarts += status["restartCount"].asInt();
        noteRestart(status, out);
        if (sidecar) out.ready += status["started"].asBool() && status["ready"].asBool() ? 1 : 0;
        const Value& terminated = status.at("state", "terminated");
        const Value& waiting = status.at("state", "waiting");
        if (terminated.isObject() && terminated["exitCode"].asInt() == 0) continue;
        if (sidecar && status["started"].asBool()) continue;
        if (terminated.isObject()) {
            out.reason = "Init:" + exitText(terminated);
        } else if (!waiting["reason"].isEmpty() && waiting["reason"].asString() != "PodInitializing") {
            out.reason = "Init:" + waiting["reason"].text();
        } else {
            out.reason = "Init:" + std::to_string(i) + "/" +
                         std::to_string(pod.at("spec", "initContainers").size());
        }
        return true;
    }
    return false;
}

bool conditionTrue(const Value& pod, std::string_view type) {
    for (const Value& condition : pod.at("status", "conditions").items())
        if (condition["type"].asString() == type) return condition["status"].asString() == "True";
    return false;
}

void containerState(const Value& pod, Summary& out) {
    bool running = false;
    const auto statuses = pod.at("status", "containerStatuses").items();
    std::int64_t restarts = 0;
    std::int64_t last = 0;
    for (const Value& status : pod.at("status", "initContainerStatuses").items())
        if (isSidecar(pod, status["name"].asString())) {
            restarts += status["restartCount"].asInt();
            Summary only;
            noteRestart(status, only);
            last = std::max(last, only.lastRestart);
        }
    out.restarts = restarts;
    out.lastRestart = last;
    for (std::size_t i = statuses.size(); i-- > 0;) {
        const Value& status = statuses[i];
        out.restarts += status["restartCount"].asInt();
        noteRestart(status, out);
        const Value& waiting = status.at("state", "waiting");
        const Value& terminated = status.at("state", "terminated");
        if (!waiting["reason"].isEmpty()) {
            out.reason = waiting["reason"].text();
        } else if (terminated.isObject()) {
            out.reason = exitText(terminated);
        } else if (status["ready"].asBool() && status.at("state", "running").isObject()) {
            running = true;
            ++out.ready;
        }
    }
    // A finished container beside running ones does not make the pod completed.
    if (out.reason == "Completed" && running)
        out.reason = conditionTrue(pod, "Ready") ? "Running" : "NotReady";
}

Summary summarize(const Value& pod) {
    Summary out;
    const Value& status = pod["status"];
    out.reason = status["reason"].isEmpty() ? status["phase"].text() : status["reason"].text();
    for (const Value& condition : status["conditions"].items())
        if (condition["type"].asString() == "PodScheduled" &&
            condition["reason"].asString() == "SchedulingGated")
            out.reason = "SchedulingGated";
    out.total = static_cast<std::int64_t>(pod.at("spec", "containers").size());
    for (const Value& container : pod.at("spec", "initContainers").items())
        if (container["restartPolicy"].asString() == "Always") ++out.total;
    const bool initializing = status.has("initContainerStatuses") && initialState(pod, out);
    if (!initializing || conditionTrue(pod, "Initialized")) containerState(pod, out);
    if (!metaText(pod, "deletionTimestamp").empty()) {
        if (status["reason"].asString() == "NodeLost") out.reason = "Unknown";
        else if (const std::string_view phase = status["phase"].asString();
                 phase != "Failed" && phase != "Succeeded")
            out.reason = "Terminating";
    }
    return out;
}

std::string gates(const Value& pod) {
    const auto wanted = pod.at("spec", "readinessGates").items();
    if (wanted.empty()) return "<none>";
    std::size_t met = 0;
    for (const Value& gate : wanted) met += conditionTrue(pod, gate["conditionType"].asString()) ? 1 : 0;
    return std::to_string(met) + "/" + std::to_string(wanted.size());
}

} // namespace

Cells podCells(Core& core, const Value& pod) {
    const Summary summary = summarize(pod);
    std::string restarts = std::to_string(summary.restarts);
    if (summary.restarts != 0 && summary.lastRestart != 0)
        restarts += " (" + humanDuration((core.kernel.unixNow() - summary.lastRestart) / sim::kSecond) + " ago)";
    const Value& status = pod["status"];
    const Value& first = status["podIPs"][0]["ip"];
    // Most cells say what those of many other pods say, too: these texts are shared.
    const auto shared = [](const std::string& text) { return Value(document::SharedString(text)); };
    static const Value kNone(document::SharedString("<none>"));
    const auto given = [](const Value& text) { return text.isEmpty() ? kNone : text; };
    return {pod["metadata"]["name"],
            shared(std::to_string(summary.ready) + "/" + std::to_string(summary.total)),
            shared(summary.reason),
            shared(restarts),
            shared(age(core, pod["metadata"]["creationTimestamp"])),
            given(first.isEmpty() ? status["podIP"] : first),
            given(pod.at("spec", "nodeName")),
            given(status["nominatedNodeName"]),
            shared(gates(pod))};
}

} // namespace apiserver
