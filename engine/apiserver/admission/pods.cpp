// Small plugins that complete pods. Source: kubernetes plugin/pkg/admission/{priority,
// defaulttolerationseconds, runtimeclass}.
#include "api/quantity.h"
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

base::Status priority(Admission& a) {
    if (!isPod(a)) return base::okStatus();
    if (a.operation == "UPDATE" && a.subresource.empty()) {
        // What creation computed stays.
        for (const char* key : {"priority", "preemptionPolicy"})
            if (a.object.at("spec", key).isNull() && !a.old.at("spec", key).isNull())
                a.object = a.object.withPath({"spec", key}, a.old.at("spec", key));
        return base::okStatus();
    }
    if (!creates(a)) return base::okStatus();
    std::string name = a.object.at("spec", "priorityClassName").text();
    std::int64_t value = 0;
    std::string policy = "PreemptLowerPriority";
    if (name.empty()) {
        // The global default with the highest value, if there is one.
        Value best;
        for (const Value& item : a.core.all("scheduling.k8s.io", "priorityclasses"))
            if (item["globalDefault"].asBool() && (best.isNull() || item["value"].asInt() < best["value"].asInt()))
                best = item;
        if (!best.isNull()) {
            name = metaText(best, "name");
            value = best["value"].asInt();
            policy = best["preemptionPolicy"].asString("PreemptLowerPriority");
            a.object = a.object.withPath({"spec", "priorityClassName"}, name);
        }
    } else {
        const Value found = a.core.lookup("scheduling.k8s.io", "priorityclasses", "", name);
        if (found.isNull()) return refuse(a, "no PriorityClass with name " + name + " was found");
        value = found["value"].asInt();
        policy = found["preemptionPolicy"].asString("PreemptLowerPriority");
    }
    const Value& given = a.object.at("spec", "priority");
    if (given.isInt() && given.asInt() != value)
        return refuse(a, "the integer value of priority (" + std::to_string(given.asInt()) +
                             ") must not be provided in pod spec; priority admission controller computed " +
                             std::to_string(value) + " from the given PriorityClass name");
    const Value& givenPolicy = a.object.at("spec", "preemptionPolicy");
    if (givenPolicy.isString() && givenPolicy.asString() != policy)
        return refuse(a, "the string value of PreemptionPolicy (" + givenPolicy.text() +
                             ") must not be provided in pod spec; priority admission controller computed " +
                             policy + " from the given PriorityClass name");
    document::ObjectBuilder spec(a.object["spec"]);
    spec.set("priority", value).set("preemptionPolicy", policy);
    a.object = a.object.with("spec", std::move(spec).build());
    return base::okStatus();
}

base::Status priorityCheck(Admission& a) {
    if (a.resource.plural != "priorityclasses" || a.operation == "DELETE") return base::okStatus();
    if (!a.object["globalDefault"].asBool()) return base::okStatus();
    for (const Value& item : a.core.all("scheduling.k8s.io", "priorityclasses")) {
        if (!item["globalDefault"].asBool() || metaText(item, "name") == metaText(a.object, "name")) continue;
        return refuse(a, "PriorityClass " + std::string(metaText(item, "name")) +
                             " is already marked as default. Only one default can exist");
    }
    return base::okStatus();
}

base::Status tolerationSeconds(Admission& a) {
    if (!isPod(a) || !a.subresource.empty()) return base::okStatus();
    if (a.operation != "CREATE" && a.operation != "UPDATE") return base::okStatus();
    const Value given = a.object.at("spec", "tolerations");
    Value tolerations = given;
    for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
        bool tolerated = false;
        for (const Value& toleration : tolerations.items()) {
            const bool keyFits = toleration["key"].isEmpty() || toleration["key"].asString() == key;
            const std::string_view effect = toleration["effect"].asString();
            tolerated = tolerated || (keyFits && (effect.empty() || effect == "NoExecute"));
        }
        if (tolerated) continue;
        const Value toleration = Value::object({{"key", key},
                                                {"operator", "Exists"},
                                                {"effect", "NoExecute"},
                                                {"tolerationSeconds", 300}});
        tolerations = tolerations.appended(toleration);
    }
    if (!tolerations.sameAs(given)) a.object = a.object.withPath({"spec", "tolerations"}, tolerations);
    return base::okStatus();
}

base::Status runtimeClass(Admission& a) {
    if (!isPod(a) || !creates(a)) return base::okStatus();
    const std::string name = a.object.at("spec", "runtimeClassName").text();
    if (name.empty()) {
        if (a.object.at("spec").has("overhead"))
            return refuse(a, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        return base::okStatus();
    }
    const Value found = a.core.lookup("node.k8s.io", "runtimeclasses", "", name);
    if (found.isNull())
        return refuse(a, "pod rejected: RuntimeClass " + base::quoteGo(name) + " not found");
    const Value& overhead = found.at("overhead", "podFixed");
    if (!overhead.isNull()) a.object = a.object.withPath({"spec", "overhead"}, overhead);
    const Value& scheduling = found["scheduling"];
    for (const auto& label : scheduling["nodeSelector"].members()) {
        const Value& given = a.object.at("spec", "nodeSelector")[label.key.view()];
        if (given.isString() && !(given == label.value))
            return refuse(a, "pod rejected: conflict: runtimeClass.scheduling.nodeSelector[" + label.key.text() +
                                 "] = " + label.value.text() + "; pod.spec.nodeSelector[" + label.key.text() +
                                 "] = " + given.text());
        a.object = a.object.withPath({"spec", "nodeSelector", label.key.view()}, label.value);
    }
    for (const Value& toleration : scheduling["tolerations"].items())
        a.object = a.object.withPath({"spec", "tolerations"}, a.object.at("spec", "tolerations").appended(toleration));
    return base::okStatus();
}

} // namespace apiserver
