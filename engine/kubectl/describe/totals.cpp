// What a pod asks for in all. Source: kubectl pkg/util/resource PodRequestsAndLimits.
#include "api/quantity.h"
#include "kubectl/describe/writer.h"

#include <map>

namespace kubectl {

using document::Value;

namespace {

using Totals = std::map<std::string, api::Quantity>;

Totals listOf(const Value& list) {
    Totals out;
    for (const document::Member& member : list.members()) out[member.key.text()] = api::Quantity::ofValue(member.value);
    return out;
}
void add(Totals& into, const Totals& list) {
    for (const auto& [key, quantity] : list) {
        const auto found = into.find(key);
        if (found == into.end()) into[key] = quantity;
        else found->second = found->second + quantity;
    }
}
void takeMax(Totals& into, const Totals& other) {
    for (const auto& [key, quantity] : other)
        if (!into.contains(key) || into[key] < quantity) into[key] = quantity;
}
Value totalsValue(const Totals& totals) {
    document::ObjectBuilder out;
    for (const auto& [key, quantity] : totals) out.set(key, quantity.text());
    return std::move(out).build();
}

bool resizeInfeasible(const Value& pod) {
    for (const Value& item : pod["status"]["conditions"].items())
        if (item["type"].asString() == "PodResizePending") return item["reason"].asString() == "Infeasible";
    return false;
}

// A running container counts with the most of what is wanted, given and promised.
Totals requestsOf(const Value& pod, const Value& container) {
    Totals wanted = listOf(container.at("resources", "requests"));
    Value status;
    for (const char* key : {"containerStatuses", "initContainerStatuses"})
        for (const Value& item : pod["status"][key].items())
            if (item["name"] == container["name"]) status = item;
    if (status["resources"].isNull()) return wanted;
    if (resizeInfeasible(pod)) wanted.clear();
    takeMax(wanted, listOf(status.at("resources", "requests")));
    takeMax(wanted, listOf(status["allocatedResources"]));
    return wanted;
}

Totals totalOf(const Value& pod, bool requests) {
    const auto listFor = [&](const Value& container, bool running) {
        if (!requests) return listOf(container.at("resources", "limits"));
        return running ? requestsOf(pod, container) : listOf(container.at("resources", "requests"));
    };
    Totals total, sidecars, peak;
    for (const Value& container : pod["spec"]["containers"].items()) add(total, listFor(container, true));
    for (const Value& container : pod["spec"]["initContainers"].items()) {
        const bool sidecar = container["restartPolicy"].asString() == "Always";
        const Totals own = listFor(container, sidecar);
        if (sidecar) {
            add(total, own);
            add(sidecars, own);
            takeMax(peak, sidecars);
            continue;
        }
        Totals here = own;
        add(here, sidecars);
        takeMax(peak, here);
    }
    takeMax(total, peak);
    const Totals overhead = listOf(pod.at("spec", "overhead"));
    if (requests) add(total, overhead);
    // Overhead limits only what is limited already.
    else
        for (const auto& [key, quantity] : overhead)
            if (total.contains(key) && total[key].sign() != 0) total[key] = total[key] + quantity;
    return total;
}

} // namespace

PodTotals podTotals(const Value& pod) { return {totalsValue(totalOf(pod, true)), totalsValue(totalOf(pod, false))}; }

} // namespace kubectl
