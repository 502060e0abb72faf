#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/describe/writer.h"

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

// Sources whose fields are printed one by one. A title that begins with ! brings its own colon, or has
// none. A key says how its value reads (see valueOf); >key is there in PersistentVolumes only.
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
        {"azureFile", "AzureFile (an Azure File Service mount on the host and bind mount to the pod)", {{"SecretName", "secretName"}, {"SecretNamespace", ">secretNamespace"}, {"ShareName", "shareName"}, {"ReadOnly", "?readOnly"}}},
        {"vsphereVolume", "vSphereVolume (a Persistent Disk resource in vSphere)", {{"VolumePath", "volumePath"}, {"FSType", "fsType"}, {"StoragePolicyName", "storagePolicyName"}}},
        {"glusterfs", "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)", {{"EndpointsName", "endpoints"}, {"EndpointsNamespace", ">_endpointsNamespace"}, {"Path", "path"}, {"ReadOnly", "?readOnly"}}},
        {"cinder", "Cinder (a Persistent Disk resource in OpenStack)", {{"VolumeID", "volumeID"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}, {"SecretRef", "&secretRef"}}},
        {"quobyte", "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)", {{"Registry", "registry"}, {"Volume", "volume"}, {"ReadOnly", "?readOnly"}}},
        {"portworxVolume", "PortworxVolume (a Portworx Volume resource)", {{"VolumeID", "volumeID"}}},
        {"iscsi", "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)", {{"TargetPortal", "targetPortal"}, {"IQN", "iqn"}, {"Lun", "#lun"}, {"!ISCSIInterface", "iscsiInterface"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}, {"Portals", "@portals"}, {"DiscoveryCHAPAuth", "?chapAuthDiscovery"}, {"SessionCHAPAuth", "?chapAuthSession"}, {"SecretRef", "&secretRef"}, {"InitiatorName", "~initiatorName"}}},
        {"rbd", "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)", {{"CephMonitors", "@monitors"}, {"RBDImage", "image"}, {"FSType", "fsType"}, {"RBDPool", "pool"}, {"RadosUser", "user"}, {"Keyring", "keyring"}, {"SecretRef", "&secretRef"}, {"ReadOnly", "?readOnly"}}},
        {"azureDisk", "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)", {{"DiskName", "diskName"}, {"DiskURI", "diskURI"}, {"!Kind: ", "kind"}, {"FSType", "fsType"}, {"CachingMode", "cachingMode"}, {"ReadOnly", "?readOnly"}}},
        {"photonPersistentDisk", "PhotonPersistentDisk (a Persistent Disk resource in photon platform)", {{"PdID", "pdID"}, {"FSType", "fsType"}}},
        {"scaleIO", "ScaleIO (a persistent volume backed by a block device in ScaleIO)", {{"Gateway", "gateway"}, {"System", "system"}, {"Protection Domain", "protectionDomain"}, {"Storage Pool", "storagePool"}, {"Storage Mode", "storageMode"}, {"VolumeName", "volumeName"}, {"SecretName", ">/secretRef/name"}, {"SecretNamespace", ">/secretRef/namespace"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}}},
        {"cephfs", "CephFS (a CephFS mount on the host that shares a pod's lifetime)", {{"Monitors", "@monitors"}, {"Path", "path"}, {"User", "user"}, {"SecretFile", "secretFile"}, {"SecretRef", "&secretRef"}, {"ReadOnly", "?readOnly"}}},
        {"storageos", "StorageOS (a StorageOS Persistent Disk resource)", {{"VolumeName", "volumeName"}, {"VolumeNamespace", "volumeNamespace"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}}},
        {"fc", "FC (a Fibre Channel disk)", {{"TargetWWNs", "+targetWWNs"}, {"LUN", "~lun"}, {"FSType", "fsType"}, {"ReadOnly", "?readOnly"}}},
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

std::string valueOf(const Value& source, std::string_view key, bool persistent) {
    const std::string_view name = key.substr(1);
    switch (key[0]) {
    case '?': return source[name].asBool() ? "true" : "false";
    case '#': return std::to_string(source[name].asInt());
    case '@': return goList(source[name]);
    case '+': return joined(source[name], ", ");
    case '~': return source[name].isNull() ? "<none>" : textOf(source[name]);
    case '_': return source[name].isNull() ? "<unset>" : textOf(source[name]);
    case '%': return goMap(source[name]);
    case '/': {
        const auto parts = base::split(name, '/');
        return source[parts[0]][parts[1]].text();
    }
    case '&': { // as the generated String() of the reference's type
        const Value& secret = source[name];
        if (secret.isNull()) return "nil";
        const std::string inner = "Name:" + secret["name"].text() + ",";
        if (!persistent) return "&LocalObjectReference{" + inner + "}";
        return "&SecretReference{" + inner + "Namespace:" + secret["namespace"].text() + ",}";
    }
    default: return textOf(source[key]);
    }
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

void describeFields(DescribeWriter& w, const VolumeKind& kind, const Value& source, bool persistent) {
    w.field(2, "Type", kind.type);
    for (const VolumeField& field : kind.fields) {
        std::string_view key = field.key;
        if (key[0] == '>') {
            if (!persistent) continue;
            key.remove_prefix(1);
        }
        const std::string title = field.title[0] == '!' ? field.title + 1 : std::string(field.title) + ":";
        w.line(2, title + "\t" + valueOf(source, key, persistent));
    }
}

bool describePlain(DescribeWriter& w, const Value& volume, bool persistent) {
    for (const VolumeKind& kind : plainVolumes()) {
        if (volume[kind.key].isNull()) continue;
        describeFields(w, kind, volume[kind.key], persistent);
        return true;
    }
    return false;
}

void describeHostPath(DescribeWriter& w, const Value& source) {
    w.field(2, "Type", "HostPath (bare host directory volume)");
    w.field(2, "Path", source["path"].asString());
    w.field(2, "HostPathType", source["type"].isNull() ? "<none>" : source["type"].asString());
}

void describeCsi(DescribeWriter& w, const Value& source, bool persistent) {
    constexpr std::size_t kLimit = 140;
    w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    w.field(2, "Driver", source["driver"].asString());
    w.field(2, "FSType", source["fsType"].asString());
    if (persistent) w.field(2, "VolumeHandle", source["volumeHandle"].asString());
    w.field(2, "ReadOnly", source["readOnly"].asBool() ? "true" : "false");
    w.write(2, "VolumeAttributes:\t");
    const Value& attributes = source["volumeAttributes"];
    if (attributes.size() == 0) w.line(0, "<none>");
    bool first = true;
    for (const document::Member& member : attributes.members()) {
        if (!first) w.write(2, "").write(2, "\t");
        first = false;
        const std::string text = member.key.text() + "=" + member.value.text();
        w.line(2, text.size() > kLimit ? text.substr(0, kLimit) + "..." : text);
    }
}

void describeEphemeral(DescribeWriter& w, const Value& source) {
    w.field(2, "Type", "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
    if (source["volumeClaimTemplate"].isNull()) return;
    w.nest(2);
    describeClaim(w, source["volumeClaimTemplate"], false);
    w.nest(-2);
}

} // namespace

void describeVolumeSource(DescribeWriter& w, const Value& volume, bool persistent) {
    if (!volume["hostPath"].isNull()) describeHostPath(w, volume["hostPath"]);
    else if (!volume["emptyDir"].isNull()) describeEmptyDir(w, volume["emptyDir"]);
    else if (!volume["projected"].isNull()) describeProjected(w, volume["projected"]);
    else if (!volume["downwardAPI"].isNull()) describeDownward(w, volume["downwardAPI"]);
    else if (!volume["csi"].isNull()) describeCsi(w, volume["csi"], persistent);
    else if (!volume["ephemeral"].isNull()) describeEphemeral(w, volume["ephemeral"]);
    else if (!describePlain(w, volume, persistent)) w.line(1, "<unknown>");
}

void describeVolumes(DescribeWriter& w, const Value& volumes, std::string_view space) {
    if (volumes.size() == 0) {
        w.field(0, std::string(space) + "Volumes", "<none>");
        return;
    }
    w.line(0, std::string(space) + "Volumes:");
    for (const Value& volume : volumes.items()) {
        w.line(1, (space.empty() ? "" : " ") + volume["name"].text() + ":");
        describeVolumeSource(w, volume, false);
    }
}

} // namespace kubectl
