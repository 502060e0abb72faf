// Volumes, claims and classes.
#include "base/strings.h"
#include "kubectl/describe/writer.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

std::string accessModes(const Value& modes) {
    // In this order, whatever the object's.
    std::vector<std::string> out;
    for (const auto& [mode, text] : {std::pair{"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}})
        for (const Value& item : modes.items())
            if (item.asString() == mode && (out.empty() || out.back() != text)) out.emplace_back(text);
    return base::join(out, ",");
}

void printTerm(DescribeWriter& w, int level, const std::string& title, const Value& expressions, bool withOperator) {
    w.write(level, title + ":\t");
    if (expressions.size() == 0) w.line(0, "<none>");
    for (std::size_t i = 0; i < expressions.size(); ++i) {
        if (i > 0) w.write(level, "\t");
        const Value& e = expressions[i];
        std::string text = e["key"].text() + " " + (withOperator ? base::toLower(e["operator"].asString()) : "in");
        if (e["values"].size() > 0) text += " [" + joined(e["values"], ", ") + "]";
        w.line(0, text);
    }
}

void describeAffinity(DescribeWriter& w, const Value& affinity) {
    w.write(0, "Node Affinity:\t");
    const Value& required = affinity["required"];
    if (required.isNull()) {
        w.line(0, "<none>");
        return;
    }
    w.line(0, "");
    w.write(1, "Required Terms:\t");
    const auto terms = required["nodeSelectorTerms"].items();
    w.line(0, terms.empty() ? "<none>" : "");
    for (std::size_t i = 0; i < terms.size(); ++i)
        printTerm(w, 2, "Term " + std::to_string(i), terms[i]["matchExpressions"], true);
}

} // namespace

std::string claimClass(const Value& object) {
    const Value& old = object.at("metadata", "annotations")["volume.beta.kubernetes.io/storage-class"];
    return old.isNull() ? object.at("spec", "storageClassName").text() : old.text();
}

void describeClaim(DescribeWriter& w, const Value& claim, bool whole) {
    const Value &metadata = claim["metadata"], &spec = claim["spec"], &status = claim["status"];
    if (whole) {
        w.field(0, "Name", metadata["name"].asString());
        w.field(0, "Namespace", metadata["namespace"].asString());
    }
    w.field(0, "StorageClass", claimClass(claim));
    if (whole)
        w.field(0, "Status", metadata["deletionTimestamp"].isNull() ? status["phase"].text() : "Terminating (lasts " + ageOf(w, metadata["deletionTimestamp"]) + ")");
    w.field(0, "Volume", spec["volumeName"].asString());
    printLabels(w, "Labels", metadata["labels"]);
    printAnnotations(w, "Annotations", metadata["annotations"]);
    if (whole) w.field(0, "Finalizers", goList(metadata["finalizers"]));
    const bool bound = !spec["volumeName"].asString().empty();
    w.field(0, "Capacity", bound ? orDefault(textOf(status.at("capacity", "storage")), "0") : "");
    w.field(0, "Access Modes", bound ? accessModes(status["accessModes"]) : "");
    if (!spec["volumeMode"].isNull()) w.field(0, "VolumeMode", spec["volumeMode"].asString());
    if (const Value& source = spec["dataSource"]; !source.isNull()) {
        w.line(0, "DataSource:");
        if (!source["apiGroup"].isNull()) w.field(1, "APIGroup", source["apiGroup"].asString());
        w.field(1, "Kind", source["kind"].asString());
        w.field(1, "Name", source["name"].asString());
    }
}

sim::Task<base::Status> describePersistentVolume(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &metadata = c.object["metadata"], &spec = c.object["spec"], &status = c.object["status"];
    w.field(0, "Name", c.name);
    printLabels(w, "Labels", metadata["labels"]);
    printAnnotations(w, "Annotations", metadata["annotations"]);
    w.field(0, "Finalizers", goList(metadata["finalizers"]));
    w.field(0, "StorageClass", claimClass(c.object));
    w.field(0, "Status", metadata["deletionTimestamp"].isNull() ? status["phase"].text() : "Terminating (lasts " + ageOf(w, metadata["deletionTimestamp"]) + ")");
    const Value& claim = spec["claimRef"];
    w.field(0, "Claim", claim.isNull() ? "" : claim["namespace"].text() + "/" + claim["name"].text());
    w.field(0, "Reclaim Policy", spec["persistentVolumeReclaimPolicy"].asString());
    w.field(0, "Access Modes", accessModes(spec["accessModes"]));
    if (!spec["volumeMode"].isNull()) w.field(0, "VolumeMode", spec["volumeMode"].asString());
    w.field(0, "Capacity", orDefault(textOf(spec.at("capacity", "storage")), "0"));
    describeAffinity(w, spec["nodeAffinity"]);
    w.field(0, "Message", status["message"].asString());
    w.line(0, "Source:");
    describeVolumeSource(w, spec, true);
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describePersistentVolumeClaim(DescribeContext& c) {
    DescribeWriter& w = c.w;
    auto pods = co_await listAll(c.session, "/api/v1/namespaces/" + c.ns + "/pods", ports::Query(), c.chunk);
    if (!pods.ok()) co_return pods.error();
    co_await loadEvents(c);
    describeClaim(w, c.object, true);
    std::vector<std::string> names;
    for (const Value& pod : pods.value())
        for (const Value& volume : pod.at("spec", "volumes").items())
            if (volume.at("persistentVolumeClaim", "claimName").asString() == c.name) names.push_back(pod.at("metadata", "name").text());
    for (const Value& owner : c.object.at("metadata", "ownerReferences").items())
        for (const Value& pod : pods.value())
            if (owner["kind"].asString() == "Pod" && pod.at("metadata", "uid") == owner["uid"] &&
                std::find(names.begin(), names.end(), pod.at("metadata", "name").text()) == names.end())
                names.push_back(pod.at("metadata", "name").text());
    std::sort(names.begin(), names.end());
    w.field(0, "Used By", names.empty() ? "<none>" : base::join(names, "\n\t"));
    const Value& conditions = c.object.at("status", "conditions");
    if (conditions.size() > 0) {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for (const Value& item : conditions.items())
            w.line(1, item["type"].text() + " \t" + item["status"].text() + " \t" + longTime(item["lastProbeTime"]) + " \t" +
                          longTime(item["lastTransitionTime"]) + " \t" + item["reason"].text() + " \t" + item["message"].text());
    }
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeStorageClass(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value& sc = c.object;
    const Value& annotations = sc.at("metadata", "annotations");
    const bool isDefault = annotations["storageclass.kubernetes.io/is-default-class"].asString() == "true" ||
                           annotations["storageclass.beta.kubernetes.io/is-default-class"].asString() == "true";
    w.field(0, "Name", c.name);
    w.field(0, "IsDefaultClass", isDefault ? "Yes" : "No");
    w.field(0, "Annotations", pairsText(annotations));
    w.field(0, "Provisioner", sc["provisioner"].asString());
    w.field(0, "Parameters", pairsText(sc["parameters"]));
    w.field(0, "AllowVolumeExpansion", boolText(sc["allowVolumeExpansion"]));
    if (sc["mountOptions"].size() == 0) w.field(0, "MountOptions", "<none>");
    else {
        w.line(0, "MountOptions:");
        for (const Value& option : sc["mountOptions"].items()) w.line(1, option.asString());
    }
    if (!sc["reclaimPolicy"].isNull()) w.field(0, "ReclaimPolicy", sc["reclaimPolicy"].asString());
    if (!sc["volumeBindingMode"].isNull()) w.field(0, "VolumeBindingMode", sc["volumeBindingMode"].asString());
    if (const Value& topologies = sc["allowedTopologies"]; topologies.size() > 0) {
        w.line(0, "AllowedTopologies:\t");
        for (std::size_t i = 0; i < topologies.size(); ++i)
            printTerm(w, 1, "Term " + std::to_string(i), topologies[i]["matchLabelExpressions"], false);
    }
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeVolumeAttributesClass(DescribeContext& c) {
    c.w.field(0, "Name", c.name);
    c.w.field(0, "Annotations", pairsText(c.object.at("metadata", "annotations")));
    c.w.field(0, "DriverName", c.object["driverName"].asString());
    c.w.field(0, "Parameters", pairsText(c.object["parameters"]));
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeCsiNode(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value& metadata = c.object["metadata"];
    w.field(0, "Name", c.name);
    printLabels(w, "Labels", metadata["labels"]);
    printAnnotations(w, "Annotations", metadata["annotations"]);
    w.field(0, "CreationTimestamp", longTime(metadata["creationTimestamp"]));
    w.line(0, "Spec:");
    const Value& drivers = c.object.at("spec", "drivers");
    if (drivers.size() > 0) w.line(1, "Drivers:");
    for (const Value& driver : drivers.items()) {
        w.line(2, driver["name"].text() + ":");
        w.field(3, "Node ID", driver["nodeID"].asString());
        if (!driver.at("allocatable", "count").isNull()) {
            w.line(3, "Allocatables:");
            w.field(4, "Count", textOf(driver.at("allocatable", "count")));
        }
        if (driver["topologyKeys"].size() > 0) w.field(3, "Topology Keys", goList(driver["topologyKeys"]));
    }
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
