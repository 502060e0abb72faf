// Pod conditions. Source: pkg/kubelet/status/generate.go.

#include "base/strings.h"
#include "kubelet/status_builder.h"

namespace kubelet {
namespace {

Value condition(const Value& pod, const char* type, bool on, std::string_view reason = {},
                const std::string& message = {}) {
    document::ObjectBuilder out;
    out.set("type", type);
    out.set("status", on ? "True" : "False");
    out.set("observedGeneration", api::generationOf(pod));
    out.setUnlessEmpty("reason", Value(reason));
    out.setUnlessEmpty("message", message);
    return std::move(out).build();
}

std::string bracketed(const std::vector<std::string>& names) { return "[" + base::join(names, " ") + "]"; }

std::string unready(const std::vector<std::string>& unknown, const std::vector<std::string>& other,
                    const char* what) {
    std::string message;
    if (!unknown.empty()) message = "containers with unknown status: " + bracketed(unknown);
    if (!other.empty()) {
        if (!message.empty()) message += ", ";
        message += what + bracketed(other);
    }
    return message;
}

} // namespace

Value containersReadyCondition(const Value& pod, const Value& status) {
    const char* type = "ContainersReady";
    std::vector<std::string> unknown, waiting;
    const auto check = [&](const Value& spec, const char* field) {
        const Value& item = statusByName(status[field], spec["name"].asString());
        if (!item.isObject()) unknown.push_back(spec["name"].text());
        else if (!item["ready"].asBool()) waiting.push_back(spec["name"].text());
    };
    for (const Value& spec : pod.at("spec", "initContainers").items())
        if (isSidecar(spec)) check(spec, "initContainerStatuses");
    for (const Value& spec : pod.at("spec", "containers").items()) check(spec, "containerStatuses");
    const std::string_view phase = status["phase"].asString();
    if (phase == "Succeeded" && unknown.empty()) return condition(pod, type, false, "PodCompleted");
    if (phase == "Failed") return condition(pod, type, false, "PodFailed");
    const std::string message = unready(unknown, waiting, "containers with unready status: ");
    if (!message.empty()) return condition(pod, type, false, "ContainersNotReady", message);
    return condition(pod, type, true);
}

Value readyCondition(const Value& pod, const Value& status) {
    const Value containers = containersReadyCondition(pod, status);
    if (containers["status"].asString() != "True") return containers.with("type", "Ready");
    std::vector<std::string> messages;
    for (const Value& gate : pod.at("spec", "readinessGates").items()) {
        const std::string_view type = gate["conditionType"].asString();
        const Value& found = api::conditionIn(status["conditions"], type);
        if (!found.isObject())
            messages.push_back("corresponding condition of pod readiness gate " + base::quoteGo(type) +
                               " does not exist.");
        else if (found["status"].asString() != "True")
            messages.push_back("the status of pod readiness gate " + base::quoteGo(type) +
                               " is not \"True\", but " + found["status"].text());
    }
    if (!messages.empty())
        return condition(pod, "Ready", false, "ReadinessGatesNotReady", base::join(messages, ", "));
    return condition(pod, "Ready", true);
}

Value initializedCondition(const Value& pod, const Value& status) {
    const char* type = "Initialized";
    std::vector<std::string> unknown, incomplete;
    for (const Value& spec : pod.at("spec", "initContainers").items()) {
        const Value& item = statusByName(status["initContainerStatuses"], spec["name"].asString());
        if (!item.isObject()) unknown.push_back(spec["name"].text());
        else if (isSidecar(spec) ? !item["started"].asBool() : !item["ready"].asBool())
            incomplete.push_back(spec["name"].text());
    }
    if (status["phase"].asString() == "Succeeded" && unknown.empty())
        return condition(pod, type, true, "PodCompleted");
    // A pod that has started a regular container has been initialized for good.
    for (const Value& item : status["containerStatuses"].items())
        if (item["state"]["running"].isObject() || item["state"]["terminated"].isObject() ||
            item["lastState"]["terminated"].isObject())
            return condition(pod, type, true);
    const std::string message = unready(unknown, incomplete, "containers with incomplete status: ");
    if (!message.empty()) return condition(pod, type, false, "ContainersNotInitialized", message);
    return condition(pod, type, true);
}

} // namespace kubelet
