// Rows of the kinds that administrators see least. Source: kubernetes pkg/printers/internalversion.
#include "apiserver/core.h"
#include "apiserver/table/rows.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

Value nameOf(const Value& object) { return object["metadata"]["name"]; }
Value ageOf(Core& core, const Value& object) { return age(core, object["metadata"]["creationTimestamp"]); }

Cells flowSchemaCells(Core& core, const Value& schema) {
    const Value& spec = schema["spec"];
    std::string missing = "?";
    for (const Value& condition : schema.at("status", "conditions").items())
        if (condition["type"].asString() == "Dangling") missing = condition["status"].text();
    const Value& method = spec.at("distinguisherMethod", "type");
    return {nameOf(schema),
            spec.at("priorityLevelConfiguration", "name"),
            spec["matchingPrecedence"].asInt(),
            method.isString() ? method.text() : "<none>",
            ageOf(core, schema),
            missing};
}

Cells priorityLevelCells(Core& core, const Value& level) {
    const Value& spec = level["spec"];
    const Value none("<none>");
    Value shares = none, queues = none, hand = none, length = none;
    const Value& limited = spec["limited"];
    if (limited.isObject()) {
        shares = limited["nominalConcurrencyShares"];
        const Value& queuing = limited.at("limitResponse", "queuing");
        if (queuing.isObject()) {
            queues = queuing["queues"];
            hand = queuing["handSize"];
            length = queuing["queueLengthLimit"];
        }
    }
    return {nameOf(level), spec["type"], shares, queues, hand, length, ageOf(core, level)};
}

Cells apiServiceCells(Core& core, const Value& service) {
    const Value& reference = service.at("spec", "service");
    std::string status = "Unknown";
    for (const Value& condition : service.at("status", "conditions").items()) {
        if (condition["type"].asString() != "Available") continue;
        status = condition["status"].text();
        if (status != "True") status += " (" + condition["reason"].text() + ")";
    }
    return {nameOf(service),
            reference.isObject() ? reference["namespace"].text() + "/" + reference["name"].text() : "Local",
            status,
            ageOf(core, service)};
}

std::string claimState(const Value& claim) {
    std::vector<std::string> states;
    if (!metaText(claim, "deletionTimestamp").empty()) states.push_back("deleted");
    if (claim.at("status", "allocation").isNull()) {
        if (metaText(claim, "deletionTimestamp").empty()) states.push_back("pending");
    } else {
        states.push_back("allocated");
        if (claim.at("status", "reservedFor").size() > 0) states.push_back("reserved");
    }
    return base::join(states, ",");
}

} // namespace

Cells moreCells(Core& core, std::string_view kind, const Value& object) {
    const Value& spec = object["spec"];
    if (kind == "Scale")
        return {nameOf(object), spec["replicas"].asInt(), object.at("status", "replicas").asInt(), ageOf(core, object)};
    if (kind == "FlowSchema") return flowSchemaCells(core, object);
    if (kind == "PriorityLevelConfiguration") return priorityLevelCells(core, object);
    if (kind == "APIService") return apiServiceCells(core, object);
    if (kind == "ValidatingWebhookConfiguration" || kind == "MutatingWebhookConfiguration")
        return {nameOf(object), object["webhooks"].size(), ageOf(core, object)};
    if (kind == "ValidatingAdmissionPolicy") {
        const Value& parameters = spec["paramKind"];
        return {nameOf(object), spec["validations"].size(),
                parameters.isObject() ? parameters["apiVersion"].text() + "/" + parameters["kind"].text() : "<unset>",
                ageOf(core, object)};
    }
    if (kind == "ValidatingAdmissionPolicyBinding") {
        const Value& reference = spec["paramRef"];
        std::string text = "<unset>";
        if (reference.isObject()) {
            if (!reference["name"].isEmpty())
                text = (reference["namespace"].isEmpty() ? "*" : reference["namespace"].text()) + "/" + reference["name"].text();
            else text = "*";
        }
        return {nameOf(object), spec["policyName"], text, ageOf(core, object)};
    }
    if (kind == "IPAddress") {
        const Value& parent = spec["parentRef"];
        std::string text = parent["resource"].text();
        if (!parent["group"].isEmpty()) text += "." + parent["group"].text();
        if (!parent["namespace"].isEmpty()) text += "/" + parent["namespace"].text();
        return {nameOf(object), text + "/" + parent["name"].text(), ageOf(core, object)};
    }
    if (kind == "ServiceCIDR") {
        std::vector<std::string> ranges;
        for (const Value& range : spec["cidrs"].items()) ranges.push_back(range.text());
        return {nameOf(object), base::join(ranges, ","), ageOf(core, object)};
    }
    if (kind == "ResourceClaim") return {nameOf(object), claimState(object), ageOf(core, object)};
    if (kind == "ResourceSlice")
        return {nameOf(object), spec["nodeName"].text(), spec["driver"].text(), spec.at("pool", "name").text(),
                ageOf(core, object)};
    return {};
}

} // namespace apiserver
