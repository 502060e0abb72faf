// Source: k8s.io/kubectl pkg/cmd/top, pkg/metricsutil.
#include "api/label_selector.h"
#include "api/quantity.h"
#include "api/selector.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>
#include <map>

namespace kubectl {

using api::Quantity;
using document::Value;

namespace {

constexpr const char* kMetricsRoot = "/apis/metrics.k8s.io/v1beta1";

std::vector<std::string> measured(const Flags& flags) {
    std::vector<std::string> out{"cpu", "memory"};
    if (flags.on("show-swap")) out.emplace_back("swap");
    return out;
}

std::string usageText(const std::string& resource, const Quantity& quantity) {
    if (resource == "cpu") return std::to_string(quantity.milliValue()) + "m";
    return std::to_string(quantity.value() / (1024 * 1024)) + "Mi";
}

using Usage = std::map<std::string, Quantity>;
Usage usageOf(const Value& usage) {
    Usage out;
    for (const document::Member& member : usage.members()) out[member.key.text()] = Quantity::ofValue(member.value);
    return out;
}
Usage sumOf(const Value& pod) {
    Usage out;
    for (const Value& container : pod["containers"].items())
        for (const auto& [name, quantity] : usageOf(container["usage"])) out[name] = out[name] + quantity;
    return out;
}

// By cpu or memory, largest first; else by namespace and name.
template <typename Measure>
void sortMetrics(std::vector<Value>& list, const std::string& by, bool withNamespace, Measure measure) {
    base::goSort(list, [&](const Value& a, const Value& b) {
        if (by == "cpu" || by == "memory") {
            const Usage left = measure(a), right = measure(b);
            const auto value = [&](const Usage& usage) {
                const auto found = usage.find(by);
                return found == usage.end() ? Quantity() : found->second;
            };
            return value(left) > value(right);
        }
        const auto text = [](const Value& item, const char* field) {
            const Value& named = item["metadata"].isNull() ? item[field] : item["metadata"][field];
            return named.text();
        };
        if (withNamespace && text(a, "namespace") != text(b, "namespace")) return text(a, "namespace") < text(b, "namespace");
        return text(a, "name") < text(b, "name");
    });
}

base::Status checkFlags(Session& session, bool nodes) {
    const Flags& flags = session.flags;
    if (session.args.size() > 1)
        return session.usage(nodes ? "node [NAME | -l label]" : "pod [NAME | -l label]");
    const std::string by = flags.text("sort-by");
    if (!by.empty() && by != "cpu" && by != "memory") return base::makeError("--sort-by accepts only cpu or memory");
    const bool selecting = !flags.text("selector").empty() || (!nodes && !flags.text("field-selector").empty());
    if (!session.args.empty() && selecting)
        return base::makeError(nodes ? "only one of NAME or --selector can be provided" : "only one of NAME or selector can be provided");
    if (auto parsed = api::LabelSelector::parse(flags.text("selector")); !parsed.ok()) return parsed.error();
    if (nodes) return base::okStatus();
    if (auto parsed = api::FieldSelector::parse(flags.text("field-selector")); !parsed.ok()) return parsed.error();
    return base::okStatus();
}

// Whether the server has the metrics API. Source: SupportedMetricsAPIVersionAvailable.
sim::Task<base::Status> requireMetrics(Session& session) {
    auto mapper = co_await session.refreshMapper();
    if (!mapper.ok()) co_return mapper.error();
    const auto& known = mapper.value()->groupVersions();
    if (std::find(known.begin(), known.end(), "metrics.k8s.io/v1beta1") == known.end())
        co_return base::makeError("Metrics API not available");
    co_return base::okStatus();
}

sim::Task<base::Result<std::vector<Value>>> fetchMetrics(Session& session, std::string path) {
    const Flags& flags = session.flags;
    ports::Query query;
    if (session.args.empty()) {
        if (!flags.text("selector").empty()) query.set("labelSelector", flags.text("selector"));
        if (flags.known("field-selector") && !flags.text("field-selector").empty())
            query.set("fieldSelector", flags.text("field-selector"));
    } else {
        path += "/" + session.args[0];
    }
    auto answer = co_await session.get(path, query);
    if (!answer.ok()) co_return answer.error();
    std::vector<Value> out;
    if (!session.args.empty()) out.push_back(answer.value());
    else out.assign(answer.value()["items"].items().begin(), answer.value()["items"].items().end());
    co_return out;
}

std::string usageCells(const Usage& usage, const std::vector<std::string>& resources) {
    std::string out;
    for (const std::string& resource : resources) {
        const auto found = usage.find(resource);
        out += usageText(resource, found == usage.end() ? Quantity() : found->second) + "\t";
    }
    return out;
}

std::string goAge(std::int64_t nanoseconds) { return sim::formatGoDuration(nanoseconds); }

// Why there are no metrics of pods: none exist, they are new, or something is wrong.
sim::Task<base::Status> explainEmpty(Session& session, std::string ns) {
    ports::Query query;
    if (!session.flags.text("selector").empty()) query.set("labelSelector", session.flags.text("selector"));
    if (!session.flags.text("field-selector").empty()) query.set("fieldSelector", session.flags.text("field-selector"));
    std::string path = ns.empty() ? "/api/v1/pods" : "/api/v1/namespaces/" + ns + "/pods";
    if (!session.args.empty()) path += "/" + session.args[0];
    auto answer = co_await session.get(path, query);
    if (!answer.ok()) co_return answer.error();
    std::vector<Value> pods;
    if (session.args.empty()) pods.assign(answer.value()["items"].items().begin(), answer.value()["items"].items().end());
    else pods.push_back(answer.value());
    if (pods.empty()) co_return base::okStatus();
    for (const Value& pod : pods) {
        const auto created = sim::parseRfc3339(pod.at("metadata", "creationTimestamp").asString());
        const std::int64_t age = created ? session.kernel().unixNow() - *created : 0;
        if (age > 2 * sim::kMinute)
            co_return base::makeError("Metrics not available for pod " + pod.at("metadata", "namespace").text() + "/" +
                                      pod.at("metadata", "name").text() + ", age: " + goAge(age));
    }
    co_return base::makeError("metrics not available yet");
}

std::string podTable(const Flags& flags, std::vector<Value>& pods) {
    const auto resources = measured(flags);
    const bool all = flags.on("all-namespaces"), containers = flags.on("containers");
    std::string text;
    std::size_t width = resources.size() + 1;
    if (!flags.on("no-headers")) {
        if (all) text += "NAMESPACE\t";
        if (containers) text += "POD\t";
        width += (all ? 1 : 0) + (containers ? 1 : 0);
        text += std::string("NAME\tCPU(cores)\tMEMORY(bytes)\t") + (resources.size() > 2 ? "SWAP(bytes)\t" : "") + "\n";
    }
    const std::string by = flags.text("sort-by");
    sortMetrics(pods, by, all, sumOf);
    Usage total;
    for (const Value& pod : pods) {
        const std::string ns = all ? pod.at("metadata", "namespace").text() + "\t" : "", name = pod.at("metadata", "name").text();
        for (const auto& [resource, quantity] : sumOf(pod)) total[resource] = total[resource] + quantity;
        if (!containers) {
            text += ns + name + "\t" + usageCells(sumOf(pod), resources) + "\n";
            continue;
        }
        std::vector<Value> list(pod["containers"].items().begin(), pod["containers"].items().end());
        sortMetrics(list, by, false, [](const Value& item) { return usageOf(item["usage"]); });
        for (const Value& container : list)
            text += ns + name + "\t" + container["name"].text() + "\t" + usageCells(usageOf(container["usage"]), resources) + "\n";
    }
    if (!flags.on("sum")) return text;
    for (std::size_t i = 0; i + 2 < width; ++i) text += "\t";
    text += "________\t________\t\n";
    for (std::size_t i = 0; i + 3 < width; ++i) text += "\t";
    return text + "\t" + usageCells(total, resources) + "\n";
}

sim::Task<Outcome> topPods(Session& session) {
    BASE_CO_CHECK(checkFlags(session, false));
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    BASE_CO_CHECK(co_await requireMetrics(session));
    const bool all = session.flags.on("all-namespaces");
    const std::string path = std::string(kMetricsRoot) + (all ? "/pods" : "/namespaces/" + ns.value() + "/pods");
    auto metrics = co_await fetchMetrics(session, path);
    if (!metrics.ok()) co_return metrics.error();
    if (metrics.value().empty()) {
        const std::string searched = all ? std::string() : ns.value();
        BASE_CO_CHECK(co_await explainEmpty(session, searched));
        session.err(all ? std::string("No resources found\n") : "No resources found in " + ns.value() + " namespace.\n");
        co_return 0;
    }
    session.out(alignTable(podTable(session.flags, metrics.value())));
    co_return 0;
}

std::string nodeLine(const std::string& name, const Usage& usage, const Value& available, const std::vector<std::string>& resources) {
    std::string out = name + "\t";
    for (const std::string& resource : resources) {
        const Value& most = available[resource];
        if (resource == "swap" && most.isNull()) {
            out += "<unknown>\t<unknown>\t";
            continue;
        }
        const auto found = usage.find(resource);
        const Quantity used = found == usage.end() ? Quantity() : found->second;
        out += usageText(resource, used) + "\t";
        if (most.isNull()) continue;
        const Quantity whole = Quantity::ofValue(most);
        const double share = whole.isZero() ? 0 : static_cast<double>(used.milliValue()) / static_cast<double>(whole.milliValue()) * 100;
        out += std::to_string(static_cast<std::int64_t>(share)) + "%\t";
    }
    return out + "\n";
}

sim::Task<Outcome> topNodes(Session& session) {
    const Flags& flags = session.flags;
    BASE_CO_CHECK(checkFlags(session, true));
    BASE_CO_CHECK(co_await requireMetrics(session));
    auto metrics = co_await fetchMetrics(session, std::string(kMetricsRoot) + "/nodes");
    if (!metrics.ok()) co_return metrics.error();
    if (metrics.value().empty()) co_return base::makeError("metrics not available yet");
    auto nodes = co_await fetchMetrics(session, "/api/v1/nodes");
    if (!nodes.ok()) co_return nodes.error();
    std::map<std::string, Value> available;
    for (const Value& node : nodes.value()) {
        Value list = node["status"][flags.on("show-capacity") ? "capacity" : "allocatable"];
        const Value& swap = node.at("status", "nodeInfo", "swap", "capacity");
        if (!swap.isNull()) list = list.with("swap", std::to_string(swap.asInt()));
        available[node.at("metadata", "name").text()] = list;
    }
    const auto resources = measured(flags);
    std::string text;
    if (!flags.on("no-headers"))
        text = std::string("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t") +
               (resources.size() > 2 ? "SWAP(bytes)\tSWAP(%)\t" : "") + "\n";
    sortMetrics(metrics.value(), flags.text("sort-by"), false, [](const Value& item) { return usageOf(item["usage"]); });
    for (const Value& item : metrics.value()) {
        const std::string name = item.at("metadata", "name").text();
        text += nodeLine(name, usageOf(item["usage"]), available[name], resources);
        available.erase(name);
    }
    for (const auto& [name, list] : available) {
        text += name + "\t";
        for (std::size_t i = 0; i < resources.size(); ++i) text += "<unknown>\t<unknown>\t";
        text += "\n";
    }
    session.out(alignTable(text));
    co_return 0;
}

} // namespace

sim::Task<Outcome> runTop(Session& session) {
    if (session.command().path == "top node") co_return co_await topNodes(session);
    co_return co_await topPods(session);
}

} // namespace kubectl
