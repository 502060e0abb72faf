// StorageClass, PriorityClass, Lease, RuntimeClass, CSIDriver, CSINode, VolumeAttachment. Sources:
// pkg/apis/{storage,scheduling,coordination,node}/validation.
#include "api/validation/rules.h"

#include "base/strings.h"

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

void parametersRules(Errors& errors, const Value& parameters, const Path& path) {
    std::size_t size = 0;
    if (parameters.size() > 512) {
        errors.tooLong(path, 512);
        return;
    }
    for (const Member& member : parameters.members()) {
        if (member.key.view().empty()) errors.invalid(path, "", "field can not be empty.");
        size += member.key.view().size() + member.value.asString().size();
    }
    if (size > 256 * 1024) errors.tooLong(path, 256 * 1024);
}

void topologies(Errors& errors, const Value& terms) {
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const Path at = Path("allowedTopologies").index(i).child("matchLabelExpressions");
        std::set<std::string> keys;
        for (std::size_t e = 0; e < terms[i]["matchLabelExpressions"].size(); ++e) {
            const Value& requirement = terms[i]["matchLabelExpressions"][e];
            const Path path = at.index(e);
            std::set<std::string> values;
            if (requirement["values"].size() == 0) errors.required(path.child("values"));
            for (std::size_t v = 0; v < requirement["values"].size(); ++v)
                if (!values.insert(requirement["values"][v].text()).second)
                    errors.duplicate(path.child("values").index(v), requirement["values"][v]);
            validateLabelName(errors, requirement["key"].asString(), path.child("key"));
            if (!keys.insert(requirement["key"].text()).second) errors.duplicate(path.child("key"), requirement["key"]);
        }
        for (std::size_t j = 0; j < i; ++j)
            if (terms[i] == terms[j]) errors.duplicate(at, "");
    }
}

void storageClass(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const std::string_view provisioner = object["provisioner"].asString();
    if (provisioner.empty()) errors.required(Path("provisioner"));
    else errors.invalidEach(Path("provisioner"), Value(base::toLower(provisioner)),
                            checkLabelKey(base::toLower(provisioner)));
    parametersRules(errors, object["parameters"], Path("parameters"));
    const Value& policy = object["reclaimPolicy"];
    if (!policy.isEmpty() && !contains({"Delete", "Retain"}, policy.asString()))
        errors.notSupported(Path("reclaimPolicy"), policy, {"Delete", "Retain"});
    const Value& mode = object["volumeBindingMode"];
    if (mode.isNull()) errors.required(Path("volumeBindingMode"));
    else if (!contains({"Immediate", "WaitForFirstConsumer"}, mode.asString()))
        errors.notSupported(Path("volumeBindingMode"), mode, {"Immediate", "WaitForFirstConsumer"});
    topologies(errors, object["allowedTopologies"]);
}
void storageClassUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    for (const char* field : {"parameters", "provisioner", "reclaimPolicy"}) {
        const bool bothEmpty = object[field].isEmpty() && old[field].isEmpty();
        if (!(object[field] == old[field]) && !bothEmpty)
            errors.forbidden(Path(field), "updates to " + std::string(field) + " are forbidden.");
    }
    validateImmutable(errors, object["volumeBindingMode"], old["volumeBindingMode"], Path("volumeBindingMode"));
}

void priorityClass(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const std::string name = object["metadata"]["name"].text();
    const std::int64_t value = object["value"].asInt();
    if (name.rfind("system-", 0) == 0) {
        const bool node = name == "system-node-critical", cluster = name == "system-cluster-critical";
        const std::int64_t expected = node ? 2000001000 : 2000000000;
        std::string problem;
        if (!node && !cluster) problem = name + " is not a known system priority class";
        else if (value != expected)
            problem = "value of " + name + " PriorityClass must be " + std::to_string(expected);
        else if (object["globalDefault"].asBool())
            problem = "globalDefault of " + name + " PriorityClass must be false";
        if (!problem.empty())
            errors.forbidden(kMeta.child("name"), "priority class names with 'system-' prefix are reserved for "
                                                  "system use only. error: " + problem);
    } else if (value > 1000000000) {
        errors.forbidden(Path("value"), "maximum allowed value of a user defined priority is 1000000000");
    }
    const Value& policy = object["preemptionPolicy"];
    if (!policy.isNull()) validateOneOf(errors, policy, Path("preemptionPolicy"), {"PreemptLowerPriority", "Never"});
}
void priorityClassUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    if (object["value"].asInt() != old["value"].asInt())
        errors.forbidden(Path("value"), "may not be changed in an update.");
    validateImmutable(errors, object["preemptionPolicy"], old["preemptionPolicy"], Path("preemptionPolicy"));
}

void leaseSpec(Errors& errors, const Value& spec) {
    const Value& duration = spec["leaseDurationSeconds"];
    if (!duration.isNull() && duration.asInt() <= 0)
        errors.invalid(kSpec.child("leaseDurationSeconds"), duration, "must be greater than 0");
    const Value& transitions = spec["leaseTransitions"];
    if (!transitions.isNull() && transitions.asInt() < 0)
        errors.invalid(kSpec.child("leaseTransitions"), transitions, "must be greater than or equal to 0");
    const Value& strategy = spec["strategy"];
    if (!strategy.isNull()) {
        const Path path = kSpec.child("strategy", "strategy");
        const std::string_view text = strategy.asString();
        if (text.find('/') != std::string_view::npos) errors.invalidEach(path, strategy, checkLabelKey(text));
        else if (text != "OldestEmulationVersion") errors.notSupported(path, strategy, {"OldestEmulationVersion"});
    }
    if (!spec["preferredHolder"].isEmpty() && strategy.isEmpty())
        errors.forbidden(kSpec.child("preferredHolder"), "may only be specified if `strategy` is defined");
}
void lease(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    leaseSpec(errors, object["spec"]);
}
void leaseUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    leaseSpec(errors, object["spec"]);
}

void runtimeClass(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    errors.invalidEach(Path("handler"), object["handler"].asString(), checkDns1123Label(object["handler"].asString()));
    if (!object["overhead"].isNull()) {
        const Value limits = Value::object({{"limits", object["overhead"]["podFixed"]}});
        validateContainerResources(errors, limits, {}, Path("overhead"));
    }
    const Value& scheduling = object["scheduling"];
    validateLabels(errors, scheduling["nodeSelector"], Path("scheduling").child("nodeSelector"));
    const Value& tolerations = scheduling["tolerations"];
    const Path path = Path("scheduling").child("tolerations");
    validateTolerations(errors, tolerations, path);
    for (std::size_t i = 0; i < tolerations.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (!(tolerations[i].without("tolerationSeconds") == tolerations[j].without("tolerationSeconds"))) continue;
            errors.duplicateText(path.index(i), internalJson("Toleration", tolerations[i]));
            break;
        }
    }
}
void runtimeClassUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateImmutable(errors, object["handler"], old["handler"], Path("handler"));
}

void csiDriver(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const Value& spec = object["spec"];
    const Value& policy = spec["fsGroupPolicy"];
    if (!policy.isNull() && !contains({"File", "None", "ReadWriteOnceWithFSType"}, policy.asString()))
        errors.notSupported(kSpec.child("fsGroupPolicy"), policy, {"File", "None", "ReadWriteOnceWithFSType"});
    std::set<std::string> audiences;
    const Value& requests = spec["tokenRequests"];
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const Path at = kSpec.child("tokenRequests").index(i);
        if (!audiences.insert(requests[i]["audience"].text()).second) {
            errors.duplicate(at.child("audience"), requests[i]["audience"].asString());
            continue;
        }
        const Value& seconds = requests[i]["expirationSeconds"];
        if (!seconds.isNull() && seconds.asInt() < 600)
            errors.invalid(at.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
    }
    for (const Value& mode : spec["volumeLifecycleModes"].items())
        if (!contains({"Persistent", "Ephemeral"}, mode.asString()))
            errors.notSupported(kSpec.child("volumeLifecycleModes"), mode, {"Persistent", "Ephemeral"});
}
void csiDriverUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    csiDriver(errors, object);
    validateImmutable(errors, object["spec"]["attachRequired"], old["spec"]["attachRequired"],
                      kSpec.child("attachedRequired"));
    validateImmutable(errors, object["spec"]["volumeLifecycleModes"], old["spec"]["volumeLifecycleModes"],
                      kSpec.child("volumeLifecycleModes"));
}

void csiNode(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    std::set<std::string> names;
    for (std::size_t i = 0; i < object["spec"]["drivers"].size(); ++i) {
        const Value& driver = object["spec"]["drivers"][i];
        const Path at = kSpec.child("drivers").index(i);
        if (driver["name"].isEmpty()) errors.required(at.child("name"));
        if (driver["nodeID"].isEmpty()) errors.required(at.child("nodeID"));
        if (!names.insert(driver["name"].text()).second) errors.duplicate(at.child("name"), driver["name"]);
    }
}

void volumeAttachment(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const Value& spec = object["spec"];
    if (spec["attacher"].isEmpty()) errors.required(kSpec.child("attacher"));
    const bool byName = !spec["source"]["persistentVolumeName"].isNull();
    const bool inline_ = !spec["source"]["inlineVolumeSpec"].isNull();
    constexpr std::string_view kText = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    if (!byName && !inline_) errors.required(kSpec.child("source"), kText);
    if (byName && inline_) errors.forbidden(kSpec.child("source"), kText);
    errors.invalidEach(kSpec.child("nodeName"), spec["nodeName"].asString(),
                       checkDns1123Subdomain(spec["nodeName"].asString()));
}
void volumeAttachmentUpdate(Errors& errors, const Value& object, const Value& old) {
    volumeAttachment(errors, object);
    validateImmutable(errors, object["spec"], old["spec"], kSpec);
}

void attributesClass(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const std::string_view driver = object["driverName"].asString();
    if (driver.empty()) errors.required(Path("driverName"));
    else validateQualifiedName(errors, base::toLower(driver), Path("driverName"));
    if (object["parameters"].size() == 0)
        errors.required(Path("parameters"), "must contain at least one key/value pair");
    parametersRules(errors, object["parameters"], Path("parameters"));
}
void attributesClassUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    if (!(object["driverName"] == old["driverName"]))
        errors.forbidden(Path("driverName"), "updates to driverName are forbidden.");
    if (!(object["parameters"] == old["parameters"]))
        errors.forbidden(Path("parameters"), "updates to parameters are forbidden.");
}

} // namespace

std::span<const KindRules> clusterRules() {
    static constexpr KindRules kRules[] = {
        {"storage.k8s.io", "StorageClass", storageClass, storageClassUpdate, nullptr},
        {"storage.k8s.io", "CSIDriver", csiDriver, csiDriverUpdate, nullptr},
        {"storage.k8s.io", "CSINode", csiNode, metaUpdate, nullptr},
        {"storage.k8s.io", "VolumeAttachment", volumeAttachment, volumeAttachmentUpdate, metaUpdate},
        {"storage.k8s.io", "VolumeAttributesClass", attributesClass, attributesClassUpdate, nullptr},
        {"scheduling.k8s.io", "PriorityClass", priorityClass, priorityClassUpdate, nullptr},
        {"coordination.k8s.io", "Lease", lease, leaseUpdate, nullptr},
        {"node.k8s.io", "RuntimeClass", runtimeClass, runtimeClassUpdate, nullptr},
    };
    return kRules;
}

} // namespace api::validation
