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
    const Value& given = a.object["spec"];
    const Value name = given["priorityClassName"];
    static const Value kUsual("PreemptLowerPriority");
    Value found;
    if (name.isEmpty()) {
        // The global default with the highest value, if there is one.
        for (const Value& item : a.core.all("scheduling.k8s.io", "priorityclasses"))
            if (item["globalDefault"].asBool() && (found.isNull() || item["value"].asInt() < found["value"].asInt()))
                found = item;
    } else {
        found = a.core.lookup("scheduling.k8s.io", "priorityclasses", "", name.asString());
        if (found.isNull()) return refuse(a, "no PriorityClass with name " + name.text() + " was found");
    }
    const std::int64_t value = found["value"].asInt();
    const Value policy = found["preemptionPolicy"].isString() ? found["preemptionPolicy"] : kUsual;
    if (given["priority"].isInt() && given["priority"].asInt() != value)
        return refuse(a, "the integer value of priority (" + std::to_string(given["priority"].asInt()) +
                             ") must not be provided in pod spec; priority admission controller computed " +
                             std::to_string(value) + " from the given PriorityClass name");
    const Value& givenPolicy = given["preemptionPolicy"];
    if (givenPolicy.isString() && !(givenPolicy == policy))
        return refuse(a, "the string value of PreemptionPolicy (" + givenPolicy.text() +
                             ") must not be provided in pod spec; priority admission controller computed " +
                             policy.text() + " from the given PriorityClass name");
    document::ObjectBuilder spec(given);
    spec.set("priority", value).set("preemptionPolicy", policy);
    if (name.isEmpty() && !found.isNull()) spec.set("priorityClassName", found["metadata"]["name"]);
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
    const auto brief = [](const char* key) {
        return Value::object({{"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
    };
    // All pods share what they are given.
    static const Value kBoth = Value::array({brief("node.kubernetes.io/not-ready"), brief("node.kubernetes.io/unreachable")});
    if (given.size() == 0) {
        a.object = a.object.with("spec", a.object["spec"].with("tolerations", kBoth));
        return base::okStatus();
    }
    for (const Value& added : kBoth.items()) {
        const std::string_view key = added["key"].asString();
        bool tolerated = false;
        for (const Value& toleration : tolerations.items()) {
            const bool keyFits = toleration["key"].isEmpty() || toleration["key"].asString() == key;
            const std::string_view effect = toleration["effect"].asString();
            tolerated = tolerated || (keyFits && (effect.empty() || effect == "NoExecute"));
        }
        if (!tolerated) tolerations = tolerations.appended(added);
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
