// Nodes.
#include "api/quantity.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "kubectl/describe/writer.h"

#include <algorithm>
#include <limits>
#include <set>

namespace kubectl {

using document::Value;

namespace {

std::string rolesOf(const Value& labels) {
    std::set<std::string> roles;
    constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
    for (const document::Member& member : labels.members()) {
        const std::string_view key = member.key.view();
        if (key.substr(0, kPrefix.size()) == kPrefix && key.size() > kPrefix.size()) roles.emplace(key.substr(kPrefix.size()));
        else if (key == "kubernetes.io/role" && !member.value.asString().empty()) roles.insert(member.value.text());
    }
    return base::join({roles.begin(), roles.end()}, ",");
}

// A share of nothing is what Go's int64() makes of an infinity or of no number at all.
std::string percent(std::int64_t part, std::int64_t whole, bool guarded) {
    if (whole == 0) return guarded ? "0" : std::to_string(std::numeric_limits<std::int64_t>::min());
    return std::to_string(static_cast<std::int64_t>(static_cast<double>(part) / static_cast<double>(whole) * 100));
}

// "100m (5%)"
std::string share(const Value& amount, const Value& whole, bool milli, bool guarded = true) {
    const api::Quantity a = api::Quantity::ofValue(amount), w = api::Quantity::ofValue(whole);
    const std::string text = amount.isNull() ? "0" : a.text();
    return text + " (" + percent(milli ? a.milliValue() : a.value(), milli ? w.milliValue() : w.value(), guarded) + "%)";
}

Value sum(const Value& a, const Value& b) {
    Value out = a.isNull() ? Value::object() : a;
    for (const document::Member& member : b.members()) {
        const Value& before = out[member.key.view()];
        const api::Quantity total = before.isNull() ? api::Quantity::ofValue(member.value) : api::Quantity::ofValue(before) + api::Quantity::ofValue(member.value);
        out = out.with(member.key.view(), total.text());
    }
    return out;
}

void describePods(DescribeContext& c, const std::vector<Value>& pods) {
    DescribeWriter& w = c.w;
    const Value& status = c.object["status"];
    const Value& whole = status["allocatable"].size() > 0 ? status["allocatable"] : status["capacity"];
    w.field(0, "Non-terminated Pods", "(" + std::to_string(pods.size()) + " in total)");
    w.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    w.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    Value requests, limits;
    for (const Value& pod : pods) {
        const PodTotals totals = podTotals(pod);
        w.line(1, pod.at("metadata", "namespace").text() + "\t" + pod.at("metadata", "name").text() + "\t\t" +
                      share(totals.requests["cpu"], whole["cpu"], true, false) + "\t" + share(totals.limits["cpu"], whole["cpu"], true, false) + "\t" +
                      share(totals.requests["memory"], whole["memory"], false, false) + "\t" + share(totals.limits["memory"], whole["memory"], false, false) + "\t" +
                      ageOf(w, pod.at("metadata", "creationTimestamp")));
        requests = sum(requests, totals.requests);
        limits = sum(limits, totals.limits);
    }
    w.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
    w.line(1, "Resource\tRequests\tLimits");
    w.line(1, "--------\t--------\t------");
    for (const char* name : {"cpu", "memory", "ephemeral-storage"})
        w.line(1, std::string(name) + "\t" + share(requests[name], whole[name], name[0] == 'c') + "\t" + share(limits[name], whole[name], name[0] == 'c'));
    for (const std::string& name : sortedKeys(whole))
        if (name.starts_with("hugepages-")) w.line(1, name + "\t" + share(requests[name], whole[name], false) + "\t" + share(limits[name], whole[name], false));
    static const std::set<std::string> kStandard = {"cpu", "memory", "ephemeral-storage", "pods"};
    for (const std::string& name : sortedKeys(whole))
        if (!kStandard.contains(name) && !name.starts_with("hugepages-"))
            w.line(1, name + "\t" + orDefault(textOf(requests[name]), "0") + "\t" + orDefault(textOf(limits[name]), "0"));
}

sim::Task<void> describeLease(DescribeContext& c) {
    auto lease = co_await c.session.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/" + c.name);
    if (!lease.ok()) {
        c.w.field(0, "Lease", "Failed to get lease: " + errorText(lease.error()));
        co_return;
    }
    const Value& spec = lease.value()["spec"];
    c.w.line(0, "Lease:");
    c.w.field(1, "HolderIdentity", orDefault(spec["holderIdentity"].text(), "<unset>"));
    c.w.field(1, "AcquireTime", spec["acquireTime"].isNull() ? "<unset>" : longTime(spec["acquireTime"]));
    c.w.field(1, "RenewTime", spec["renewTime"].isNull() ? "<unset>" : longTime(spec["renewTime"]));
}

void describeTaints(DescribeWriter& w, const Value& taints) {
    std::vector<Value> list(taints.items().begin(), taints.items().end());
    base::goSort(list, [](const Value& a, const Value& b) {
        return a["effect"].text() + "," + a["key"].text() < b["effect"].text() + "," + b["key"].text();
    });
    std::vector<std::string> lines;
    for (const Value& taint : list) {
        const std::string value = taint["value"].text(), effect = taint["effect"].text();
        lines.push_back(taint["key"].text() + (value.empty() ? "" : "=" + value) + (effect.empty() ? "" : ":" + effect));
    }
    w.field(0, "Taints", lines.empty() ? "<none>" : base::join(lines, "\n\t"));
}

} // namespace

sim::Task<base::Status> describeNode(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &metadata = c.object["metadata"], &spec = c.object["spec"], &status = c.object["status"];
    ports::Query query;
    query.set("fieldSelector", "spec.nodeName=" + c.name + ",status.phase!=Succeeded,status.phase!=Failed");
    auto pods = co_await listAll(c.session, "/api/v1/pods", query, c.chunk);
    if (!pods.ok() && pods.error().code != 403) co_return pods.error();
    co_await loadEvents(c);
    if (!c.events.isNull()) {
        // Controllers name a node by its UID, kubelets by its name.
        const EventSearch search{c.name, true, c.chunk};
        const auto more = co_await searchEvents(c.session, c.object, search);
        document::ArrayBuilder all(c.events);
        if (more.ok())
            for (const Value& event : more.value().items()) all.push(event);
        c.events = std::move(all).build();
    }
    w.field(0, "Name", c.name);
    w.field(0, "Roles", orDefault(rolesOf(metadata["labels"]), "<none>"));
    printLabels(w, "Labels", metadata["labels"]);
    printAnnotations(w, "Annotations", metadata["annotations"]);
    w.field(0, "CreationTimestamp", longTime(metadata["creationTimestamp"]));
    describeTaints(w, spec["taints"]);
    w.field(0, "Unschedulable", spec["unschedulable"].asBool() ? "true" : "false");
    co_await describeLease(c);
    if (status["conditions"].size() > 0) {
        w.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for (const Value& item : status["conditions"].items())
            w.line(1, item["type"].text() + " \t" + item["status"].text() + " \t" + longTime(item["lastHeartbeatTime"]) + " \t" +
                          longTime(item["lastTransitionTime"]) + " \t" + item["reason"].text() + " \t" + item["message"].text());
    }
    w.line(0, "Addresses:");
    for (const Value& address : status["addresses"].items()) w.field(1, address["type"].text(), address["address"].asString());
    for (const auto& [key, title] : {std::pair{"capacity", "Capacity"}, {"allocatable", "Allocatable"}}) {
        if (status[key].size() == 0) continue;
        w.line(0, std::string(title) + ":");
        for (const document::Member& member : status[key].members()) w.field(1, member.key.view(), textOf(member.value));
    }
    const Value& info = status["nodeInfo"];
    w.line(0, "System Info:");
    for (const auto& [key, title] : {std::pair{"machineID", "Machine ID"}, {"systemUUID", "System UUID"}, {"bootID", "Boot ID"}, {"kernelVersion", "Kernel Version"},
                                     {"osImage", "OS Image"}, {"operatingSystem", "Operating System"}, {"architecture", "Architecture"},
                                     {"containerRuntimeVersion", "Container Runtime Version"}, {"kubeletVersion", "Kubelet Version"}, {"kubeProxyVersion", "Kube-Proxy Version"}})
        w.field(1, title, info[key].asString());
    if (!spec["podCIDR"].asString().empty()) w.field(0, "PodCIDR", spec["podCIDR"].asString());
    if (spec["podCIDRs"].size() > 0) w.field(0, "PodCIDRs", joined(spec["podCIDRs"], ","));
    if (!spec["providerID"].asString().empty()) w.field(0, "ProviderID", spec["providerID"].asString());
    if (pods.ok()) describePods(c, pods.value());
    else w.field(0, "Pods", "not authorized");
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
