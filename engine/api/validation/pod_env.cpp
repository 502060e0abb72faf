#include "api/validation/pod.h"

#include "api/quantity.h"
#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

const std::vector<std::string> kEnvPaths{
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"};
const std::vector<std::string> kVolumePaths{"metadata.annotations", "metadata.labels", "metadata.name",
                                            "metadata.namespace", "metadata.uid"};
const std::vector<std::string> kResourcePaths{"limits.cpu", "limits.ephemeral-storage", "limits.memory",
                                              "requests.cpu", "requests.ephemeral-storage",
                                              "requests.memory"};

bool has(const std::vector<std::string>& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// "metadata.labels['app']": the path and its key.
bool splitSubscript(const std::string& text, std::string& path, std::string& key) {
    path = text;
    const std::size_t open = text.find("['");
    if (open == std::string::npos || open == 0 || text.size() < open + 4 ||
        text.compare(text.size() - 2, 2, "']") != 0)
        return false;
    path = text.substr(0, open);
    key = text.substr(open + 2, text.size() - open - 4);
    return true;
}

// Source: pkg/apis/core/pods/helpers.go ConvertDownwardAPIFieldLabel.
std::string downwardPathProblem(const std::string& version, const std::string& text) {
    if (version != "v1")
        return "unsupported pod version: " + version;
    std::string path, key;
    if (splitSubscript(text, path, key)) {
        if (path == "metadata.annotations" || path == "metadata.labels") return {};
        return "field label does not support subscript: " + text;
    }
    static const std::vector<std::string> kKnown{
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
        "metadata.uid", "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName",
        "spec.schedulerName", "status.phase", "status.hostIP", "status.hostIPs", "status.podIP",
        "status.podIPs", "spec.host"};
    if (has(kKnown, path)) return {};
    return "field label not supported: " + path;
}

void validateFieldRef(Errors& errors, const Value& ref, const std::vector<std::string>& paths,
                      const Path& path) {
    const std::string version = ref["apiVersion"].text(), text = ref["fieldPath"].text();
    if (version.empty()) {
        errors.required(path.child("apiVersion"));
        return;
    }
    if (text.empty()) {
        errors.required(path.child("fieldPath"));
        return;
    }
    if (const std::string problem = downwardPathProblem(version, text); !problem.empty()) {
        errors.invalid(path.child("fieldPath"), text, "error converting fieldPath: " + problem);
        return;
    }
    std::string field, key;
    if (splitSubscript(text, field, key)) {
        if (field == "metadata.annotations") validateQualifiedName(errors, base::toLower(key), path);
        else if (field == "metadata.labels") validateQualifiedName(errors, key, path);
        else errors.invalid(path, field, "does not support subscript");
    } else if (!has(paths, field)) {
        errors.notSupported(path.child("fieldPath"), field, paths);
    }
}

void validateDivisor(Errors& errors, const std::string& name, const Value& divisor, const Path& path) {
    const Quantity quantity = Quantity::ofValue(divisor);
    if (quantity.isZero()) return;
    const std::string text = quantity.text();
    const bool size = contains({"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti",
                                "1Pi", "1Ei"}, text);
    const auto refuse = [&](std::string_view values, std::string_view resource) {
        errors.invalid(path.child("divisor"), name,
                       "only divisor's values " + std::string(values) + " are supported with the " +
                           std::string(resource) + " resource");
    };
    constexpr std::string_view kSizes = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
    if (name == "limits.cpu" || name == "requests.cpu") {
        if (!contains({"1m", "1"}, text)) refuse("1m and 1", "cpu");
    } else if (name == "limits.memory" || name == "requests.memory") {
        if (!size) refuse(kSizes, "memory");
    } else if (name == "limits.ephemeral-storage" || name == "requests.ephemeral-storage") {
        if (!size) refuse(kSizes, "local ephemeral storage");
    } else if (!size) {
        refuse(kSizes, "hugepages");
    }
}

void validateResourceRef(Errors& errors, const Value& ref, const Path& path, bool volume) {
    const std::string resource = ref["resource"].text();
    const bool huge = resource.rfind("requests.hugepages-", 0) == 0 ||
                      resource.rfind("limits.hugepages-", 0) == 0;
    if (volume && ref["containerName"].isEmpty()) errors.required(path.child("containerName"));
    else if (resource.empty()) errors.required(path.child("resource"));
    else if (!has(kResourcePaths, resource) && !huge)
        errors.notSupported(path.child("resource"), resource, kResourcePaths);
    if (has(kResourcePaths, resource) || huge) validateDivisor(errors, resource, ref["divisor"], path);
}

void validateKeySelector(Errors& errors, const Value& ref, const Path& path) {
    errors.invalidEach(path.child("name"), ref["name"].asString(),
                       checkDns1123Subdomain(ref["name"].asString()));
    if (ref["key"].isEmpty()) errors.required(path.child("key"));
    else errors.invalidEach(path.child("key"), ref["key"], checkConfigMapKey(ref["key"].asString()));
}

void validateFileKeyRef(Errors& errors, const Value& ref, const Path& path) {
    if (ref["key"].isEmpty()) errors.required(path.child("key"));
    else errors.invalidEach(path.child("key"), ref["key"], checkRelaxedEnvVarName(ref["key"].asString()));
    if (ref["volumeName"].isEmpty()) errors.required(path.child("volumeName"));
    else validateDnsLabelName(errors, ref["volumeName"].asString(), path.child("volumeName"));
    if (ref["path"].isEmpty()) errors.required(path.child("path"));
    else validateNoBacksteps(errors, ref["path"].asString(), path.child("path"));
}

void validateValueFrom(Errors& errors, const Value& variable, const Path& path) {
    const Value& from = variable["valueFrom"];
    if (from.isNull()) return;
    int count = 0;
    const auto source = [&](const char* name) -> const Value& {
        const Value& value = from[name];
        if (!value.isNull()) ++count;
        return value;
    };
    if (const Value& ref = source("fieldRef"); !ref.isNull())
        validateFieldRef(errors, ref, kEnvPaths, path.child("fieldRef"));
    if (const Value& ref = source("resourceFieldRef"); !ref.isNull())
        validateResourceRef(errors, ref, path.child("resourceFieldRef"), false);
    if (const Value& ref = source("configMapKeyRef"); !ref.isNull())
        validateKeySelector(errors, ref, path.child("configMapKeyRef"));
    if (const Value& ref = source("secretKeyRef"); !ref.isNull())
        validateKeySelector(errors, ref, path.child("secretKeyRef"));
    if (const Value& ref = source("fileKeyRef"); !ref.isNull())
        validateFileKeyRef(errors, ref, path.child("fileKeyRef"));
    if (count == 0)
        errors.invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, "
                                 "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
    else if (!variable["value"].isEmpty())
        errors.invalid(path, "", "may not be specified when `value` is not empty");
    else if (count > 1)
        errors.invalid(path, "", "may not have more than one field specified at a time");
}

} // namespace

void validateEnv(Errors& errors, const Value& env, const Path& path) {
    for (std::size_t i = 0; i < env.size(); ++i) {
        const Path at = path.index(i);
        const Value& name = env[i]["name"];
        if (name.isEmpty()) errors.required(at.child("name"));
        else errors.invalidEach(at.child("name"), name, checkRelaxedEnvVarName(name.asString()));
        validateValueFrom(errors, env[i], at.child("valueFrom"));
    }
}

void validateEnvFrom(Errors& errors, const Value& list, const Path& path) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Path at = path.index(i);
        const Value& prefix = list[i]["prefix"];
        if (!prefix.isEmpty())
            errors.invalidEach(at.child("prefix"), prefix, checkRelaxedEnvVarName(prefix.asString()));
        int count = 0;
        for (const char* kind : {"configMapRef", "secretRef"}) {
            const Value& ref = list[i][kind];
            if (ref.isNull()) continue;
            ++count;
            const Path name = at.child(kind, "name");
            if (ref["name"].isEmpty()) errors.required(name);
            else errors.invalidEach(name, ref["name"], checkDns1123Subdomain(ref["name"].asString()));
        }
        if (count == 0) errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        if (count > 1) errors.invalid(path, "", "may not have more than one field specified at a time");
    }
}

void validateDownwardFile(Errors& errors, const Value& file, const Path& path) {
    const std::string_view name = file["path"].asString();
    if (name.empty()) errors.required(path.child("path"));
    validateDescendingPath(errors, name, path.child("path"));
    if (name.substr(0, 2) == ".." && name.substr(0, 3) != "../")
        errors.invalid(path.child("path"), name, "must not start with '..'");
    if (!file["fieldRef"].isNull()) {
        validateFieldRef(errors, file["fieldRef"], kVolumePaths, path.child("fieldRef"));
        if (!file["resourceFieldRef"].isNull())
            errors.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
    } else if (!file["resourceFieldRef"].isNull()) {
        validateResourceRef(errors, file["resourceFieldRef"], path.child("resourceFieldRef"), true);
    } else {
        errors.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    const Value& mode = file["mode"];
    if (!mode.isNull() && (mode.asInt() < 0 || mode.asInt() > 0777))
        errors.invalid(path.child("mode"), mode,
                       "must be a number between 0 and 0777 (octal), both inclusive");
}

} // namespace api::validation
