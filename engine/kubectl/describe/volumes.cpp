#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/describe/writer.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

struct VolumeField {
    const char* title;
    const char* key;
};
struct VolumeKind {
    const char* key;
    const char* type;
    std::vector<VolumeField> fields;
};

// Sources whose fields are printed one by one. Missing booleans are false.
const std::vector<VolumeKind>& plainVolumes() {
    static const std::vector<VolumeKind> kinds = {
        {"gcePersistentDisk", "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)", {{"PDName", "pdName"}, {"FSType", "fsType"}, {"Partition", "#partition"}, {"ReadOnly", "?readOnly"}}},
        {"awsElasticBlockStore", "AWSElasticBlockStore (a Persistent Disk resource in AWS)", {{"VolumeID", "volumeID"}, {"FSType", "fsType"}, {"Partition", "#partition"}, {"ReadOnly", "?readOnly"}}},
        {"gitRepo", "GitRepo (a volume that is pulled from git when the pod is created)", {{"Repository", "repository"}, {"Revision", "revision"}}},
        {"secret", "Secret (a volume populated by a Secret)", {{"SecretName", "secretName"}, {"Optional", "?optional"}}},
        {"configMap", "ConfigMap (a volume populated by a ConfigMap)", {{"Name", "name"}, {"Optional", "?optional"}}},
        {"nfs", "NFS (an NFS mount that lasts the lifetime of a pod)", {{"Server", "server"}, {"Path", "path"}, {"ReadOnly", "?readOnly"}}},
        {"persistentVolumeClaim", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)", {{"ClaimName", "claimName"}, {"ReadOnly", "?readOnly"}}},
        {"image", "Image (a container image or OCI artifact)", {{"Reference", "reference"}, {"PullPolicy", "pullPolicy"}}},
        {"local", "LocalVolume (a persistent volume backed by local storage on a node)", {{"Path", "path"}}},
        {"azureFile", "AzureFile (an Azure File Service mount on the host and bind mount to the pod)", {{"SecretName", "secretName"}, {"ShareName", "shareName"}, {"ReadOnly", "?readOnly"}}},
        {"vsphereVolume", "vSphereVolume (a Persistent Disk resource in vSphere)", {{"VolumePath", "volumePath"}, {"FSType", "fsType"}, {"StoragePolicyName", "storagePolicyName"}}},
        {"glusterfs", "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)", {{"EndpointsName", "endpoints"}, {"Path", "path"}, {"ReadOnly", "?readOnly"}}},
        {"cinder", "Cinder (a Persistent Disk resource in OpenStack)", {{"VolumeID", "volumeID"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}, {"SecretRef", "&secretRef"}}},
        {"quobyte", "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)", {{"Registry", "registry"}, {"Volume", "volume"}, {"ReadOnly", "?readOnly"}}},
        {"portworxVolume", "PortworxVolume (a Portworx Volume resource)", {{"VolumeID", "volumeID"}}},
        {"iscsi", "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)", {{"TargetPortal", "targetPortal"}, {"IQN", "iqn"}, {"Lun", "#lun"}, {"ISCSIInterface", "iscsiInterface"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}, {"Portals", "@portals"}, {"DiscoveryCHAPAuth", "?chapAuthDiscovery"}, {"SessionCHAPAuth", "?chapAuthSession"}, {"SecretRef", "&secretRef"}, {"InitiatorName", "~initiatorName"}}},
        {"rbd", "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)", {{"CephMonitors", "@monitors"}, {"RBDImage", "image"}, {"FSType", "fsType"}, {"RBDPool", "pool"}, {"RadosUser", "user"}, {"Keyring", "keyring"}, {"SecretRef", "&secretRef"}, {"ReadOnly", "?readOnly"}}},
        {"azureDisk", "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)", {{"DiskName", "diskName"}, {"DiskURI", "diskURI"}, {"Kind", "kind"}, {"FSType", "fsType"}, {"CachingMode", "cachingMode"}, {"ReadOnly", "?readOnly"}}},
        {"photonPersistentDisk", "PhotonPersistentDisk (a Persistent Disk resource in photon platform)", {{"PdID", "pdID"}, {"FSType", "fsType"}}},
        {"scaleIO", "ScaleIO (a persistent volume backed by a block device in ScaleIO)", {{"Gateway", "gateway"}, {"System", "system"}, {"Protection Domain", "protectionDomain"}, {"Storage Pool", "storagePool"}, {"Storage Mode", "storageMode"}, {"VolumeName", "volumeName"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}}},
        {"cephfs", "CephFS (a CephFS mount on the host that shares a pod's lifetime)", {{"Monitors", "@monitors"}, {"Path", "path"}, {"User", "user"}, {"SecretFile", "secretFile"}, {"SecretRef", "&secretRef"}, {"ReadOnly", "?readOnly"}}},
        {"storageos", "StorageOS (a StorageOS Persistent Disk resource)", {{"VolumeName", "volumeName"}, {"VolumeNamespace", "volumeNamespace"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}}},
        {"fc", "FC (a Fibre Channel disk)", {{"TargetWWNs", "@targetWWNs"}, {"LUN", "#lun"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}}},
        {"flexVolume", "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)", {{"Driver", "driver"}, {"FSType", "fsType"}, {"SecretRef", "&secretRef"}, {"ReadOnly", "?readOnly"}, {"Options", "%options"}}},
        {"flocker", "Flocker (a Flocker volume mounted by the Flocker agent)", {{"DatasetName", "datasetName"}, {"DatasetUUID", "datasetUUID"}}},
    };
    return kinds;
}

// As Go prints a map of strings.
std::string goMap(const Value& map) {
    std::vector<std::string> out;
    for (const document::Member& member : map.members()) out.push_back(member.key.text() + ":" + member.value.text());
    return "map[" + base::join(out, " ") + "]";
}

std::string valueOf(const Value& source, const char* key) {
    if (key[0] == '?') return source[key + 1].asBool() ? "true" : "false";
    if (key[0] == '#') return std::to_string(source[key + 1].asInt());
    if (key[0] == '@') return goList(source[key + 1]);
    if (key[0] == '~') return source[key + 1].isNull() ? "<none>" : textOf(source[key + 1]);
    if (key[0] == '&') return source[key + 1].isNull() ? "nil" : "&LocalObjectReference{Name:" + source[key + 1]["name"].text() + ",}";
    if (key[0] == '%') return goMap(source[key + 1]);
    return textOf(source[key]);
}

void describeEmptyDir(DescribeWriter& w, const Value& source) {
    w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
    w.field(2, "Medium", source["medium"].asString());
    const api::Quantity limit = api::Quantity::ofValue(source["sizeLimit"]);
    w.field(2, "SizeLimit", source["sizeLimit"].isNull() || limit.sign() <= 0 ? "<unset>" : limit.text());
}

void describeProjected(DescribeWriter& w, const Value& source) {
    w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for (const Value& part : source["sources"].items()) {
        if (const Value& secret = part["secret"]; !secret.isNull()) {
            w.field(2, "SecretName", secret["name"].asString());
            w.field(2, "Optional", secret["optional"].asBool() ? "true" : "false");
        } else if (!part["downwardAPI"].isNull()) {
            w.field(2, "DownwardAPI", "true");
        } else if (const Value& map = part["configMap"]; !map.isNull()) {
            w.field(2, "ConfigMapName", map["name"].asString());
            w.field(2, "Optional", map["optional"].asBool() ? "true" : "false");
        } else if (const Value& token = part["serviceAccountToken"]; !token.isNull()) {
            w.field(2, "TokenExpirationSeconds", textOf(token["expirationSeconds"]));
        }
    }
}

void describeDownward(DescribeWriter& w, const Value& source) {
    w.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
    w.line(2, "Items:");
    for (const Value& item : source["items"].items()) {
        if (!item["fieldRef"].isNull()) w.line(3, item.at("fieldRef", "fieldPath").text() + " -> " + item["path"].text());
        if (!item["resourceFieldRef"].isNull()) w.line(3, item.at("resourceFieldRef", "resource").text() + " -> " + item["path"].text());
    }
}

bool describePlain(DescribeWriter& w, const Value& volume) {
    for (const VolumeKind& kind : plainVolumes()) {
        const Value& source = volume[kind.key];
        if (source.isNull()) continue;
        w.field(2, "Type", kind.type);
        for (const VolumeField& field : kind.fields) w.field(2, field.title, valueOf(source, field.key));
        return true;
    }
    return false;
}

std::string accessModes(const Value& modes) {
    // In this order, whatever the object's.
    std::vector<std::string> out;
    for (const auto& [mode, text] : {std::pair{"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}})
        for (const Value& item : modes.items())
            if (item.asString() == mode && (out.empty() || out.back() != text)) out.emplace_back(text);
    return base::join(out, ",");
}

std::string className(const Value& object) {
    const Value& old = object.at("metadata", "annotations")["volume.beta.kubernetes.io/storage-class"];
    return old.isNull() ? object.at("spec", "storageClassName").text() : old.text();
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

void describeHostPath(DescribeWriter& w, const Value& source) {
    w.field(2, "Type", "HostPath (bare host directory volume)");
    w.field(2, "Path", source["path"].asString());
    w.field(2, "HostPathType", source["type"].isNull() ? "<none>" : source["type"].asString());
}

void describeCsi(DescribeWriter& w, const Value& source, bool persistent) {
    w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    w.field(2, "Driver", source["driver"].asString());
    w.field(2, "FSType", source["fsType"].asString());
    if (persistent) w.field(2, "VolumeHandle", source["volumeHandle"].asString());
    w.field(2, "ReadOnly", source["readOnly"].asBool() ? "true" : "false");
    w.write(2, "VolumeAttributes:\t");
    const Value& attributes = source["volumeAttributes"];
    if (attributes.size() == 0) w.write(0, "    <none>\n");
    bool first = true;
    for (const document::Member& member : attributes.members()) {
        if (!first) w.write(2, "").write(2, "\t");
        first = false;
        w.line(2, member.key.text() + "=" + member.value.text());
    }
}

void describeClaim(DescribeWriter& w, const Value& claim, bool whole, int level) {
    const Value &metadata = claim["metadata"], &spec = claim["spec"], &status = claim["status"];
    if (whole) {
        w.field(level, "Name", metadata["name"].asString());
        w.field(level, "Namespace", metadata["namespace"].asString());
    }
    w.field(level, "StorageClass", className(claim));
    if (whole)
        w.field(level, "Status", metadata["deletionTimestamp"].isNull() ? status["phase"].text() : "Terminating (lasts " + ageOf(w, metadata["deletionTimestamp"]) + ")");
    w.field(level, "Volume", spec["volumeName"].asString());
    const std::string indent(static_cast<std::size_t>(level) * 2, ' ');
    printLabels(w, "Labels", metadata["labels"], indent);
    if (level > 0) w.write(level, "");
    printAnnotations(w, "Annotations", metadata["annotations"]);
    if (whole) w.field(level, "Finalizers", goList(metadata["finalizers"]));
    const bool bound = !spec["volumeName"].asString().empty();
    w.field(level, "Capacity", bound ? orDefault(textOf(status.at("capacity", "storage")), "0") : "");
    w.field(level, "Access Modes", bound ? accessModes(status["accessModes"]) : "");
    if (!spec["volumeMode"].isNull()) w.field(level, "VolumeMode", spec["volumeMode"].asString());
    if (const Value& source = spec["dataSource"]; !source.isNull()) {
        w.line(level, "DataSource:");
        if (!source["apiGroup"].isNull()) w.field(level + 1, "APIGroup", source["apiGroup"].asString());
        w.field(level + 1, "Kind", source["kind"].asString());
        w.field(level + 1, "Name", source["name"].asString());
    }
}

void describeVolumes(DescribeWriter& w, const Value& volumes, std::string_view space) {
    if (volumes.size() == 0) {
        w.field(0, std::string(space) + "Volumes", "<none>");
        return;
    }
    w.line(0, std::string(space) + "Volumes:");
    for (const Value& volume : volumes.items()) {
        w.line(1, (space.empty() ? "" : " ") + volume["name"].text() + ":");
        if (!volume["hostPath"].isNull()) describeHostPath(w, volume["hostPath"]);
        else if (!volume["emptyDir"].isNull()) describeEmptyDir(w, volume["emptyDir"]);
        else if (!volume["projected"].isNull()) describeProjected(w, volume["projected"]);
        else if (!volume["downwardAPI"].isNull()) describeDownward(w, volume["downwardAPI"]);
        else if (!volume["csi"].isNull()) describeCsi(w, volume["csi"], false);
        else if (!volume["ephemeral"].isNull()) {
            w.field(2, "Type", "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
            describeClaim(w, volume.at("ephemeral", "volumeClaimTemplate"), false, 2);
        } else if (!describePlain(w, volume)) w.line(1, "<unknown>");
    }
}

sim::Task<base::Status> describePersistentVolume(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &metadata = c.object["metadata"], &spec = c.object["spec"], &status = c.object["status"];
    w.field(0, "Name", c.name);
    printLabels(w, "Labels", metadata["labels"]);
    printAnnotations(w, "Annotations", metadata["annotations"]);
    w.field(0, "Finalizers", goList(metadata["finalizers"]));
    w.field(0, "StorageClass", className(c.object));
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
    if (!spec["hostPath"].isNull()) describeHostPath(w, spec["hostPath"]);
    else if (!spec["csi"].isNull()) describeCsi(w, spec["csi"], true);
    else if (!describePlain(w, spec)) w.line(1, "<unknown>");
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describePersistentVolumeClaim(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeClaim(w, c.object, true, 0);
    auto pods = co_await listAll(c.session, "/api/v1/namespaces/" + c.ns + "/pods", ports::Query());
    if (!pods.ok()) co_return pods.error();
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
    const auto pairs = [](const Value& map) {
        std::vector<std::string> out;
        for (const document::Member& member : map.members()) out.push_back(member.key.text() + "=" + member.value.text());
        return orDefault(base::join(out, ","), "<none>");
    };
    w.field(0, "Name", c.name);
    w.field(0, "IsDefaultClass", isDefault ? "Yes" : "No");
    w.field(0, "Annotations", pairs(annotations));
    w.field(0, "Provisioner", sc["provisioner"].asString());
    w.field(0, "Parameters", pairs(sc["parameters"]));
    w.field(0, "AllowVolumeExpansion", boolText(sc["allowVolumeExpansion"]));
    if (sc["mountOptions"].size() == 0) w.field(0, "MountOptions", "<none>");
    else {
        w.line(0, "MountOptions:");
        for (const Value& option : sc["mountOptions"].items()) w.line(1, option.asString());
    }
    if (!sc["reclaimPolicy"].isNull()) w.field(0, "ReclaimPolicy", sc["reclaimPolicy"].asString());
    if (!sc["volumeBindingMode"].isNull()) w.field(0, "VolumeBindingMode", sc["volumeBindingMode"].asString());
    if (const Value& topologies = sc["allowedTopologies"]; !topologies.isNull()) {
        w.line(0, topologies.size() == 0 ? "AllowedTopologies:\t<none>" : "AllowedTopologies:\t");
        for (std::size_t i = 0; i < topologies.size(); ++i)
            printTerm(w, 1, "Term " + std::to_string(i), topologies[i]["matchLabelExpressions"], false);
    }
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeVolumeAttributesClass(DescribeContext& c) {
    const auto pairs = [](const Value& map) {
        std::vector<std::string> out;
        for (const document::Member& member : map.members()) out.push_back(member.key.text() + "=" + member.value.text());
        return orDefault(base::join(out, ","), "<none>");
    };
    c.w.field(0, "Name", c.name);
    c.w.field(0, "Annotations", pairs(c.object.at("metadata", "annotations")));
    c.w.field(0, "DriverName", c.object["driverName"].asString());
    c.w.field(0, "Parameters", pairs(c.object["parameters"]));
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
    if (!drivers.isNull()) w.line(1, "Drivers:");
    for (const Value& driver : drivers.items()) {
        w.line(2, driver["name"].text() + ":");
        w.field(3, "Node ID", driver["nodeID"].asString());
        if (!driver.at("allocatable", "count").isNull()) {
            w.line(3, "Allocatables:");
            w.field(4, "Count", textOf(driver.at("allocatable", "count")));
        }
        if (!driver["topologyKeys"].isNull()) w.field(3, "Topology Keys", goList(driver["topologyKeys"]));
    }
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
