// PersistentVolume and PersistentVolumeClaim. Source: pkg/apis/core/validation.
#include "api/validation/rules.h"

#include "api/quantity.h"
#include "base/strings.h"

#include <array>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void accessModes(Errors& errors, const Value& modes, const Path& path) {
    bool single = false, shared = false;
    for (const Value& mode : modes.items()) {
        const bool known = contains({"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"},
                                    mode.asString());
        if (!known)
            errors.notSupported(path, mode, {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"});
        single = single || mode.asString() == "ReadWriteOncePod";
        shared = shared || (known && mode.asString() != "ReadWriteOncePod");
    }
    if (single && shared) errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
}

void positiveQuantity(Errors& errors, const Value& value, const Path& path) {
    if (Quantity::ofValue(value).sign() <= 0)
        errors.invalid(path, Quantity::ofValue(value).text(), "must be greater than zero");
}

void volumeMode(Errors& errors, const Value& mode) {
    if (!mode.isNull() && !contains({"Block", "Filesystem"}, mode.asString()))
        errors.notSupported(kSpec.child("volumeMode"), mode, {"Block", "Filesystem"});
}

void secretReference(Errors& errors, const Value& reference, const Path& path) {
    if (reference.isNull()) return;
    if (reference["name"].isEmpty()) errors.required(path.child("name"));
    else validateDnsSubdomainName(errors, reference["name"].asString(), path.child("name"));
    if (reference["namespace"].isEmpty()) errors.required(path.child("namespace"));
    else validateDnsLabelName(errors, reference["namespace"].asString(), path.child("namespace"));
}

void csiSource(Errors& errors, const Value& source, const Path& path) {
    const std::string_view driver = source["driver"].asString();
    if (driver.empty()) errors.required(path.child("driver"));
    if (driver.size() > 63) errors.tooLong(path.child("driver"), 63);
    errors.invalidEach(path.child("driver"), driver, checkDns1123Subdomain(base::toLower(driver)));
    if (source["volumeHandle"].isEmpty()) errors.required(path.child("volumeHandle"));
    for (const char* field : {"controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
                              "nodeExpandSecretRef"})
        secretReference(errors, source[field], path.child(field));
}

constexpr std::array<std::string_view, 22> kSources{
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte",
    "cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk",
    "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi"};

void sources(Errors& errors, const Value& spec, const Path& path) {
    int count = 0;
    for (std::string_view kind : kSources) {
        const Value& source = spec[kind];
        if (source.isNull()) continue;
        const std::string shown = kind == "cephfs" ? "cephFS" : std::string(kind);
        if (count++ > 0 && kind != "flexVolume") {
            errors.forbidden(path.child(shown), "may not specify more than 1 volume type");
            continue;
        }
        const Path at = path.child(shown);
        if (kind == "local") {
            if (source["path"].isEmpty()) errors.required(at.child("path"));
            validateNoBacksteps(errors, source["path"].asString(), at.child("path"));
            if (spec["nodeAffinity"].isNull())
                errors.required(path.child("nodeAffinity"), "Local volume requires node affinity");
        } else if (kind == "csi") {
            csiSource(errors, source, at);
        } else {
            validateCommonSource(errors, kind, source, at);
        }
    }
    if (count == 0) errors.required(path, "must specify a volume type");
}

std::string cleanPath(std::string_view text) {
    std::vector<std::string> parts;
    for (const std::string& part : base::split(text, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else {
            parts.push_back(part);
        }
    }
    return "/" + base::join(parts, "/");
}

void volumeSpec(Errors& errors, const Value& spec) {
    if (spec["accessModes"].size() == 0) errors.required(kSpec.child("accessModes"));
    accessModes(errors, spec["accessModes"], kSpec.child("accessModes"));
    const Value& capacity = spec["capacity"];
    const Path capacityPath = kSpec.child("capacity");
    if (capacity.size() == 0) errors.required(capacityPath);
    if (!capacity.has("storage") || capacity.size() > 1)
        errors.notSupported(capacityPath, capacity, {"storage"});
    for (const Member& member : capacity.members()) {
        const Path at = capacityPath.key(member.key.view());
        if (Quantity::ofValue(member.value).value() < 0)
            errors.invalid(at, Quantity::ofValue(member.value).value(), "must be a valid resource quantity");
        positiveQuantity(errors, member.value, at);
    }
    const Value& policy = spec["persistentVolumeReclaimPolicy"];
    if (!policy.isEmpty() && !contains({"Delete", "Recycle", "Retain"}, policy.asString()))
        errors.notSupported(kSpec.child("persistentVolumeReclaimPolicy"), policy, {"Delete", "Recycle", "Retain"});
    if (const Value& affinity = spec["nodeAffinity"]; !affinity.isNull()) {
        if (affinity["required"].isNull())
            errors.required(kSpec.child("nodeAffinity", "required"), "must specify required node constraints");
        else validateNodeSelector(errors, affinity["required"], kSpec.child("nodeAffinity", "required"));
    }
    sources(errors, spec, kSpec);
    if (!spec["hostPath"].isNull() && cleanPath(spec["hostPath"]["path"].asString()) == "/" &&
        policy.asString() == "Recycle")
        errors.forbidden(kSpec.child("persistentVolumeReclaimPolicy"),
                         "may not be 'recycle' for a hostPath mount of '/'");
    if (!spec["storageClassName"].isEmpty())
        validateDnsSubdomainName(errors, spec["storageClassName"].asString(), kSpec.child("storageClassName"));
    volumeMode(errors, spec["volumeMode"]);
    if (const Value& name = spec["volumeAttributesClassName"]; !name.isNull()) {
        if (name.isEmpty()) errors.required(kSpec.child("volumeAttributesClassName"), "an empty string is disallowed");
        else validateDnsSubdomainName(errors, name.asString(), kSpec.child("volumeAttributesClassName"));
        if (spec["csi"].isNull())
            errors.required(kSpec.child("csi"), "has to be specified when using volumeAttributesClassName");
    }
}

void volume(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    volumeSpec(errors, object["spec"]);
}

Value sourceOf(const Value& spec) {
    document::ObjectBuilder builder;
    for (std::string_view kind : kSources)
        if (!spec[kind].isNull()) builder.set(kind, spec[kind]);
    return std::move(builder).build();
}

void volumeUpdate(Errors& errors, const Value& object, const Value& old) {
    volume(errors, object);
    Value now = sourceOf(object["spec"]);
    const Value before = sourceOf(old["spec"]);
    if (!before["csi"].isNull() && before["csi"]["controllerExpandSecretRef"].isNull() && !now["csi"].isNull())
        now = now.withoutPath({"csi", "controllerExpandSecretRef"});
    if (!(now == before))
        errors.forbidden(kSpec.child("persistentvolumesource"),
                         "spec.persistentvolumesource is immutable after creation\n" +
                             internalDiff("PersistentVolumeSource", before, now));
    validateImmutable(errors, object["spec"]["volumeMode"], old["spec"]["volumeMode"], Path("volumeMode"));
    if (const Value& affinity = old["spec"]["nodeAffinity"]; !affinity.isNull())
        if (!(affinity == object["spec"]["nodeAffinity"]))
            errors.invalidText(Path("nodeAffinity"),
                               internalJson("VolumeNodeAffinity", object["spec"]["nodeAffinity"]),
                               "field is immutable, except for updating from beta label to GA");
    if (!old["spec"]["volumeAttributesClassName"].isNull() && object["spec"]["volumeAttributesClassName"].isNull())
        errors.forbidden(kSpec.child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden");
}

void dataSource(Errors& errors, const Value& source, const Path& path, bool withNamespace) {
    if (source.isNull()) return;
    if (source["name"].isEmpty()) errors.required(path.child("name"));
    if (source["kind"].isEmpty()) errors.required(path.child("kind"));
    const std::string_view group = source["apiGroup"].asString();
    if (group.empty() && source["kind"].asString() != "PersistentVolumeClaim")
        errors.invalid(path, source["kind"].asString(),
                       "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    if (!group.empty()) validateDnsSubdomainName(errors, group, path.child("apiGroup"));
    if (withNamespace && !source["namespace"].isEmpty())
        validateDnsLabelName(errors, source["namespace"].asString(), path.child("namespace"));
}

void claim(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    validateClaimSpec(errors, object["spec"], kSpec);
}

void claimUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    claim(errors, object);
    Value now = object["spec"], before = old["spec"];
    if (before["volumeName"].isEmpty())
        before = now.has("volumeName") ? before.with("volumeName", now["volumeName"]) : before.without("volumeName");
    if (before["storageClassName"].isNull() && !now["storageClassName"].isNull())
        now = now.without("storageClassName");
    const bool bound = object["status"]["phase"].asString() == "Bound";
    if (bound && !now["resources"]["requests"].isNull())
        now = now.withPath({"resources", "requests", "storage"}, before["resources"]["requests"]["storage"]);
    if (bound)
        now = before.has("volumeAttributesClassName")
                  ? now.with("volumeAttributesClassName", before["volumeAttributesClassName"])
                  : now.without("volumeAttributesClassName");
    if (!(now == before))
        errors.forbidden(kSpec, "spec is immutable after creation except resources.requests and "
                                "volumeAttributesClassName for bound claims\n" +
                                    internalDiff("PersistentVolumeClaimSpec", before, now));
    const Path storage = kSpec.child("resources", "requests", "storage");
    const Quantity oldSize = Quantity::ofValue(old["spec"]["resources"]["requests"]["storage"]);
    const Quantity newSize = Quantity::ofValue(object["spec"]["resources"]["requests"]["storage"]);
    const Quantity status = Quantity::ofValue(old["status"]["capacity"]["storage"]);
    if (newSize < oldSize && newSize <= status)
        errors.forbidden(storage, "field can not be less than status.capacity");
    validateImmutable(errors, object["spec"]["volumeMode"], old["spec"]["volumeMode"], Path("volumeMode"));
}

} // namespace

void validateClaimSpec(Errors& errors, const Value& spec, const Path& path) {
    if (spec["accessModes"].size() == 0)
        errors.required(path.child("accessModes"), "at least 1 access mode is required");
    validateLabelSelector(errors, spec["selector"], path.child("selector"));
    accessModes(errors, spec["accessModes"], path.child("accessModes"));
    const Value& storage = spec["resources"]["requests"]["storage"];
    const Path at = path.child("resources").key("storage");
    if (storage.isNull()) errors.required(at);
    else positiveQuantity(errors, storage, at);
    if (!spec["storageClassName"].isEmpty())
        validateDnsSubdomainName(errors, spec["storageClassName"].asString(), path.child("storageClassName"));
    const Value& mode = spec["volumeMode"];
    if (!mode.isNull() && !contains({"Block", "Filesystem"}, mode.asString()))
        errors.notSupported(path.child("volumeMode"), mode, {"Block", "Filesystem"});
    const Value& source = spec["dataSource"];
    const Value& reference = spec["dataSourceRef"];
    dataSource(errors, source, path.child("dataSource"), false);
    dataSource(errors, reference, path.child("dataSourceRef"), true);
    if (!reference["namespace"].isEmpty()) {
        if (!source.isNull())
            errors.invalidText(path, "{}", "may not be specified when dataSourceRef.namespace is specified");
    } else if (!source.isNull() && !reference.isNull()) {
        const bool same = source["apiGroup"] == reference["apiGroup"] && source["kind"] == reference["kind"] &&
                          source["name"] == reference["name"];
        if (!same) errors.invalidText(path, "{}", "must match dataSourceRef");
    }
    if (!spec["volumeAttributesClassName"].isEmpty())
        validateDnsSubdomainName(errors, spec["volumeAttributesClassName"].asString(),
                                 path.child("volumeAttributesClassName"));
}

std::span<const KindRules> volumeRules() {
    static constexpr auto kMetaOnly = [](Errors& errors, const Value& object, const Value& old) {
        validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], Path("metadata"));
    };
    static constexpr KindRules kRules[] = {
        {"", "PersistentVolume", volume, volumeUpdate, kMetaOnly},
        {"", "PersistentVolumeClaim", claim, claimUpdate, kMetaOnly},
    };
    return kRules;
}

} // namespace api::validation
