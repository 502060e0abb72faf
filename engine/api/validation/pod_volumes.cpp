// Source: pkg/apis/core/validation validateVolumeSource and its kind.
#include "api/validation/rules.h"

#include "base/strings.h"

#include <array>

namespace api::validation {
namespace {

constexpr std::string_view kFileMode = "must be a number between 0 and 0777 (octal), both inclusive";
constexpr std::string_view kPartition = "must be between 0 and 255, inclusive";

bool startsWith(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

void validateMode(Errors& errors, const Value& mode, const Path& path) {
    if (mode.isNull()) return;
    if (mode.asInt() < 0 || mode.asInt() > 0777) errors.invalid(path, mode, kFileMode);
}

void validateNonReservedPath(Errors& errors, std::string_view text, const Path& path) {
    validateDescendingPath(errors, text, path);
    if (startsWith(text, "..") && !startsWith(text, "../"))
        errors.invalid(path, text, "must not start with '..'");
}

void requireField(Errors& errors, const Value& source, std::string_view field, const Path& path) {
    if (source[field].isEmpty()) errors.required(path.child(field));
}

void validateKeyToPath(Errors& errors, const Value& item, const Path& path) {
    requireField(errors, item, "key", path);
    requireField(errors, item, "path", path);
    validateNonReservedPath(errors, item["path"].asString(), path.child("path"));
    validateMode(errors, item["mode"], path.child("mode"));
}
void validateItems(Errors& errors, const Value& items, const Path& path) {
    for (std::size_t i = 0; i < items.size(); ++i) validateKeyToPath(errors, items[i], path.index(i));
}

void validateHostPath(Errors& errors, const Value& source, const Path& path) {
    requireField(errors, source, "path", path);
    validateNoBacksteps(errors, source["path"].asString(), path.child("path"));
    const Value& type = source["type"];
    if (type.isNull()) return;
    if (!contains({"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
                   "FileOrCreate", "Socket"}, type.asString()))
        errors.notSupported(path.child("type"), type,
                            {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
                             "FileOrCreate", "Socket"});
}

void validateIqn(Errors& errors, std::string_view text, const Path& path) {
    if (!startsWith(text, "iqn") && !startsWith(text, "eui") && !startsWith(text, "naa"))
        errors.invalid(path, text, "must be valid format starting with iqn, eui, or naa");
}

void validateIscsi(Errors& errors, const Value& source, const Path& path) {
    requireField(errors, source, "targetPortal", path);
    if (source["iqn"].isEmpty()) errors.required(path.child("iqn"));
    else validateIqn(errors, source["iqn"].asString(), path.child("iqn"));
    const std::int64_t lun = source["lun"].asInt();
    if (lun < 0 || lun > 255) errors.invalid(path.child("lun"), lun, rangeText(0, 255));
    const bool chap = source["chapAuthDiscovery"].asBool() || source["chapAuthSession"].asBool();
    if (chap && source["secretRef"].isNull()) errors.required(path.child("secretRef"));
    if (!source["initiatorName"].isNull())
        validateIqn(errors, source["initiatorName"].asString(), path.child("initiatorname"));
}

void validateFc(Errors& errors, const Value& source, const Path& path) {
    const Value& wwns = source["targetWWNs"];
    if (wwns.size() == 0 && source["wwids"].size() == 0)
        errors.required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both");
    if (wwns.size() > 0 && source["wwids"].size() > 0)
        errors.invalid(path.child("targetWWNs"), wwns, "targetWWNs and wwids can not be specified simultaneously");
    if (wwns.size() == 0) return;
    const Value& lun = source["lun"];
    if (lun.isNull()) errors.required(path.child("lun"), "lun is required if targetWWNs is specified");
    else if (lun.asInt() < 0 || lun.asInt() > 255) errors.invalid(path.child("lun"), lun, rangeText(0, 255));
}

void validateDisk(Errors& errors, const Value& source, std::string_view id, const Path& path) {
    requireField(errors, source, id, path);
    const std::int64_t partition = source["partition"].asInt();
    if (partition < 0 || partition > 255) errors.invalid(path.child("partition"), partition, kPartition);
}

void validateNfs(Errors& errors, const Value& source, const Path& path) {
    requireField(errors, source, "server", path);
    requireField(errors, source, "path", path);
    if (!startsWith(source["path"].asString(), "/"))
        errors.invalid(path.child("path"), source["path"].asString(), "must be an absolute path");
}

void validateFlex(Errors& errors, const Value& source, const Path& path) {
    requireField(errors, source, "driver", path);
    for (const Member& option : source["options"].members()) {
        std::string space = base::toLower(option.key.view());
        if (const std::size_t slash = space.find('/'); slash != std::string::npos) space.resize(slash);
        space.insert(0, ".");
        const auto ends = [&](std::string_view suffix) {
            return space.size() >= suffix.size() &&
                   space.compare(space.size() - suffix.size(), suffix.size(), suffix) == 0;
        };
        if (ends(".kubernetes.io") || ends(".k8s.io"))
            errors.invalid(path.child("options").key(option.key.view()), option.key.view(),
                           "kubernetes.io and k8s.io namespaces are reserved");
    }
}

void validateAzureDisk(Errors& errors, const Value& source, const Path& path) {
    requireField(errors, source, "diskName", path);
    requireField(errors, source, "diskURI", path);
    const Value& mode = source["cachingMode"];
    if (!mode.isNull() && !contains({"None", "ReadOnly", "ReadWrite"}, mode.asString()))
        errors.notSupported(path.child("cachingMode"), mode, {"None", "ReadOnly", "ReadWrite"});
    const Value& kind = source["kind"];
    if (!kind.isNull() && !contains({"Dedicated", "Managed", "Shared"}, kind.asString()))
        errors.notSupported(path.child("kind"), kind, {"Dedicated", "Managed", "Shared"});
    const std::string_view uri = source["diskURI"].asString();
    const bool managed = kind.asString() == "Managed";
    if (!kind.isNull() && managed && !startsWith(uri, "/subscriptions/"))
        errors.notSupported(path.child("diskURI"), uri,
                            {"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/"
                             "microsoft.compute/disks/{disk-id}"});
    if (!kind.isNull() && !managed && !startsWith(uri, "https://"))
        errors.notSupported(path.child("diskURI"), uri,
                            {"https://{account-name}.blob.core.windows.net/{container-name}/"
                             "{disk-name}.vhd"});
}

void validateKeyedSource(Errors& errors, const Value& source, std::string_view name, const Path& path) {
    requireField(errors, source, name, path);
    validateMode(errors, source["defaultMode"], path.child("defaultMode"));
    validateItems(errors, source["items"], path.child("items"));
}

void validateCsiDriverName(Errors& errors, std::string_view name, const Path& path) {
    if (name.empty()) errors.required(path);
    if (name.size() > 63) errors.tooLong(path, 63);
    for (const std::string& problem : checkDns1123Subdomain(base::toLower(name)))
        errors.invalid(path, name, problem);
}

class Projection {
public:
    Projection(Errors& errors, const Path& path) : errors_(errors), path_(path) {}

    void source(const Value& source, const Path& at) {
        int count = 0;
        for (const char* kind : {"secret", "configMap"}) {
            const Value& inner = source[kind];
            if (inner.isNull()) continue;
            ++count;
            keyed(inner, at.child(kind));
        }
        if (const Value& inner = source["downwardAPI"]; !inner.isNull()) {
            ++count;
            for (const Value& file : inner["items"].items()) {
                validateDownwardFile(errors_, file, at.child("downwardAPI"));
                remember(file["path"].text(), file["path"].text());
            }
        }
        if (const Value& inner = source["serviceAccountToken"]; !inner.isNull()) {
            ++count;
            token(inner, at.child("serviceAccountToken"));
        }
        if (const Value& inner = source["clusterTrustBundle"]; !inner.isNull()) {
            ++count;
            bundle(inner, at.child("clusterTrustBundle"));
        }
        if (!source["podCertificate"].isNull()) ++count;
        if (count > 1)
            errors_.forbidden(at, "may not specify more than 1 volume type per source");
    }

private:
    void remember(const std::string& path, const std::string& shown) {
        if (path.empty()) return;
        if (!paths_.insert(path).second) errors_.invalid(path_, shown, "conflicting duplicate paths");
    }
    void keyed(const Value& inner, const Path& at) {
        requireField(errors_, inner, "name", at);
        const Value& items = inner["items"];
        for (std::size_t i = 0; i < items.size(); ++i) {
            validateKeyToPath(errors_, items[i], at.child("items").index(i));
            remember(items[i]["path"].text(), inner["name"].text());
        }
    }
    void token(const Value& inner, const Path& at) {
        const std::int64_t seconds = inner["expirationSeconds"].asInt();
        if (seconds < 600)
            errors_.invalid(at.child("expirationSeconds"), seconds,
                            "may not specify a duration less than 10 minutes");
        if (seconds > (std::int64_t{1} << 32))
            errors_.invalid(at.child("expirationSeconds"), seconds,
                            "may not specify a duration larger than 2^32 seconds");
        if (inner["path"].isEmpty()) errors_.required(path_.child("path"));
        else validateNonReservedPath(errors_, inner["path"].asString(), path_.child("path"));
    }
    void bundle(const Value& inner, const Path& at) {
        const bool byName = !inner["name"].isNull(), bySigner = !inner["signerName"].isNull();
        if (byName && bySigner)
            errors_.invalidText(at, internalJson("ClusterTrustBundleProjection", inner),
                                "only one of name and signerName may be used");
        else if (!byName && !bySigner)
            errors_.required(at, "either name or signerName must be specified");
        else if (byName && inner["name"].isEmpty())
            errors_.required(at.child("name"), "must be a valid object name");
        if (inner["path"].isEmpty()) errors_.required(at.child("path"));
        validateNonReservedPath(errors_, inner["path"].asString(), at.child("path"));
        remember(inner["path"].text(), inner["path"].text());
    }

    Errors& errors_;
    const Path& path_;
    std::set<std::string> paths_;
};

void validateProjected(Errors& errors, const Value& source, const Path& path) {
    validateMode(errors, source["defaultMode"], path.child("defaultMode"));
    Projection projection(errors, path);
    const Value& sources = source["sources"];
    for (std::size_t i = 0; i < sources.size(); ++i)
        projection.source(sources[i], path.child("sources").index(i));
}

void validateDownward(Errors& errors, const Value& source, const Path& path) {
    validateMode(errors, source["defaultMode"], path.child("defaultMode"));
    for (const Value& file : source["items"].items()) validateDownwardFile(errors, file, path);
}

// Sources whose rule is "these fields must be set".
bool validateRequiredFields(Errors& errors, std::string_view kind, const Value& source, const Path& path) {
    struct Rule {
        std::string_view kind;
        std::array<std::string_view, 3> fields;
    };
    static constexpr std::array<Rule, 12> kRules{{
        {"persistentVolumeClaim", {"claimName"}},
        {"glusterfs", {"endpoints", "path"}},
        {"rbd", {"monitors", "image"}},
        {"cinder", {"volumeID"}},
        {"cephfs", {"monitors"}},
        {"azureFile", {"secretName", "shareName"}},
        {"vsphereVolume", {"volumePath"}},
        {"photonPersistentDisk", {"pdID"}},
        {"portworxVolume", {"volumeID"}},
        {"scaleIO", {"gateway", "system", "volumeName"}},
        {"quobyte", {"volume"}},
        {"storageos", {"volumeName"}},
    }};
    for (const Rule& rule : kRules) {
        if (rule.kind != kind) continue;
        for (std::string_view field : rule.fields)
            if (!field.empty()) requireField(errors, source, field, path);
        return true;
    }
    return false;
}

void validateEphemeral(Errors& errors, const Value& source, const Path& path, const PodOptions&) {
    const Value& claim = source["volumeClaimTemplate"];
    if (claim.isNull()) {
        errors.required(path.child("volumeClaimTemplate"));
        return;
    }
    const Path at = path.child("volumeClaimTemplate");
    validateAnnotations(errors, claim["metadata"]["annotations"], at.child("metadata", "annotations"));
    validateLabels(errors, claim["metadata"]["labels"], at.child("metadata", "labels"));
    // Only labels and annotations of metadata are taken over.
    struct Field {
        const char *name, *shown;
    };
    for (const Field& field : {Field{"name", "name"}, Field{"generateName", "generateName"},
                               Field{"namespace", "namespace"}, Field{"uid", "uID"},
                               Field{"resourceVersion", "resourceVersion"}, Field{"generation", "generation"},
                               Field{"ownerReferences", "ownerReferences"}, Field{"finalizers", "finalizers"}})
        if (!claim["metadata"][field.name].isEmpty())
            errors.forbidden(at.child("metadata", field.shown), "cannot be set");
    validateClaimSpec(errors, claim["spec"], at.child("spec"));
}

void validateSource(Errors& errors, std::string_view kind, const Value& source, const Path& path,
                    const PodOptions& options) {
    if (validateCommonSource(errors, kind, source, path)) return;
    if (kind == "secret") validateKeyedSource(errors, source, "secretName", path);
    else if (kind == "configMap") validateKeyedSource(errors, source, "name", path);
    else if (kind == "downwardAPI") validateDownward(errors, source, path);
    else if (kind == "projected") validateProjected(errors, source, path);
    else if (kind == "ephemeral") validateEphemeral(errors, source, path, options);
    else if (kind == "gitRepo") {
        requireField(errors, source, "repository", path);
        validateDescendingPath(errors, source["directory"].asString(), path.child("directory"));
    } else if (kind == "csi") {
        validateCsiDriverName(errors, source["driver"].asString(), path.child("driver"));
        const Value& secret = source["nodePublishSecretRef"];
        if (secret.isNull()) return;
        if (secret["name"].isEmpty()) errors.required(path.child("nodePublishSecretRef", "name"));
        else errors.invalidEach(path.child("name"), secret["name"], checkDns1123Subdomain(secret["name"].asString()));
    } else if (kind == "image") {
        if (options.isPod && source["reference"].isEmpty()) errors.required(path.child("reference"));
        validatePullPolicy(errors, source["pullPolicy"], path.child("pullPolicy"));
    }
}

// In the order in which upstream looks at them; the second name is used in the "more than one" error.
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kSources{{
    {"emptyDir", "emptyDir"}, {"hostPath", "hostPath"}, {"gitRepo", "gitRepo"},
    {"gcePersistentDisk", "gcePersistentDisk"}, {"awsElasticBlockStore", "awsElasticBlockStore"},
    {"secret", "secret"}, {"nfs", "nfs"}, {"iscsi", "iscsi"}, {"glusterfs", "glusterfs"},
    {"flocker", "flocker"}, {"persistentVolumeClaim", "persistentVolumeClaim"}, {"rbd", "rbd"},
    {"cinder", "cinder"}, {"cephfs", "cephFS"}, {"quobyte", "quobyte"}, {"downwardAPI", "downwarAPI"},
    {"fc", "fc"}, {"flexVolume", "flexVolume"}, {"configMap", "configMap"}, {"azureFile", "azureFile"},
    {"vsphereVolume", "vsphereVolume"}, {"photonPersistentDisk", "photonPersistentDisk"},
    {"portworxVolume", "portworxVolume"}, {"azureDisk", "azureDisk"}, {"storageos", "storageos"},
    {"projected", "projected"}, {"scaleIO", "scaleIO"}, {"csi", "csi"}, {"ephemeral", "ephemeral"},
    {"image", "image"},
}};

void validateVolumeSource(Errors& errors, const Value& volume, const Path& path,
                          const PodOptions& options) {
    int count = 0;
    for (const auto& [kind, shown] : kSources) {
        const Value& source = volume[kind];
        if (source.isNull()) continue;
        if (count++ > 0) {
            errors.forbidden(path.child(shown), "may not specify more than 1 volume type");
            continue;
        }
        if (kind == "emptyDir") {
            const Value& limit = source["sizeLimit"];
            if (startsWith(limit.asString(), "-"))
                errors.forbidden(path.child("emptyDir", "sizeLimit"),
                                 "SizeLimit field must be a valid resource quantity");
        } else {
            validateSource(errors, kind, source, path.child(shown == "downwarAPI" ? "downwardAPI" : shown),
                           options);
        }
    }
    if (count == 0) errors.required(path, "must specify a volume type");
}

} // namespace

void validateNoBacksteps(Errors& errors, std::string_view text, const Path& path) {
    std::size_t start = 0;
    for (std::size_t end = 0; end != std::string_view::npos; start = end + 1) {
        end = text.find('/', start);
        if (text.substr(start, end - start) == "..") return errors.invalid(path, text, "must not contain '..'");
    }
}

void validateDescendingPath(Errors& errors, std::string_view text, const Path& path) {
    if (startsWith(text, "/")) errors.invalid(path, text, "must be a relative path");
    validateNoBacksteps(errors, text, path);
}

bool validateCommonSource(Errors& errors, std::string_view kind, const Value& source, const Path& path) {
    if (kind == "hostPath") validateHostPath(errors, source, path);
    else if (kind == "nfs") validateNfs(errors, source, path);
    else if (kind == "iscsi") validateIscsi(errors, source, path);
    else if (kind == "fc") validateFc(errors, source, path);
    else if (kind == "flexVolume") validateFlex(errors, source, path);
    else if (kind == "azureDisk") validateAzureDisk(errors, source, path);
    else if (kind == "gcePersistentDisk") validateDisk(errors, source, "pdName", path);
    else if (kind == "awsElasticBlockStore") validateDisk(errors, source, "volumeID", path);
    else if (kind == "flocker") {
        const bool name = !source["datasetName"].isEmpty(), uuid = !source["datasetUUID"].isEmpty();
        if (!name && !uuid) errors.required(path, "one of datasetName and datasetUUID is required");
        if (name && uuid)
            errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
    } else {
        return validateRequiredFields(errors, kind, source, path);
    }
    return true;
}

std::map<std::string, Value> validateVolumes(Errors& errors, const Value& volumes, const Path& path,
                                             const PodOptions& options) {
    std::map<std::string, Value> valid;
    std::set<std::string> names, createdClaims;
    if (!options.podName.empty())
        for (const Value& volume : volumes.items())
            if (!volume["ephemeral"].isNull())
                createdClaims.insert(options.podName + "-" + volume["name"].text());
    for (std::size_t i = 0; i < volumes.size(); ++i) {
        const Value& volume = volumes[i];
        const Path at = path.index(i);
        const std::string name = volume["name"].text();
        Errors found;
        validateVolumeSource(found, volume, at, options);
        if (name.empty()) found.required(at.child("name"));
        else validateDnsLabelName(found, name, at.child("name"));
        if (names.count(name) > 0) found.duplicate(at.child("name"), name);
        if (found.empty()) {
            names.insert(name);
            valid[name] = volume;
        }
        errors.append(found);
        const std::string claim = volume["persistentVolumeClaim"]["claimName"].text();
        if (createdClaims.count(claim) > 0)
            errors.invalid(at.child("persistentVolumeClaim", "claimName"), claim,
                           "must not reference a PVC that gets created for an ephemeral volume");
    }
    return valid;
}

} // namespace api::validation
