#include "api/validation/pod.h"

#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

void validateId(Errors& errors, const Value& id, const Path& path) {
    if (!id.isNull()) errors.invalidEach(path, id, checkRange(id.asInt(), 0, 2147483647));
}

void validateSeccomp(Errors& errors, const Value& profile, const Path& path) {
    if (profile.isNull()) return;
    const std::string_view type = profile["type"].asString();
    const Value& local = profile["localhostProfile"];
    if (type.empty()) errors.required(path.child("type"), "type is required when seccompProfile is set");
    else if (!contains({"Localhost", "RuntimeDefault", "Unconfined"}, type))
        errors.notSupported(path.child("type"), type, {"Localhost", "RuntimeDefault", "Unconfined"});
    if (type == "Localhost") {
        if (local.isNull())
            errors.required(path.child("localhostProfile"), "must be set when seccomp type is Localhost");
        else validateDescendingPath(errors, local.asString(), path.child("localhostProfile"));
    } else if (!local.isNull()) {
        errors.invalidText(path.child("localhostProfile"), internalJson("SeccompProfile", profile),
                           "can only be set when seccomp type is Localhost");
    }
}

void validateAppArmor(Errors& errors, const Value& profile, const Path& path) {
    if (profile.isNull()) return;
    const std::string_view type = profile["type"].asString();
    const Value& local = profile["localhostProfile"];
    const Path at = path.child("localhostProfile");
    if (type == "Localhost") {
        const std::string_view name = local.asString();
        if (local.isNull() || base::trim(name).empty())
            errors.required(at, "must be set when AppArmor type is Localhost");
        else if (base::trim(name).size() != name.size())
            errors.invalid(at, name, "must not be padded with whitespace");
        if (name.size() > 4095) errors.tooLong(at, 4095);
    } else if (type == "RuntimeDefault" || type == "Unconfined") {
        if (!local.isNull()) errors.invalid(at, local, "can only be set when AppArmor type is Localhost");
    } else if (type.empty()) {
        errors.required(path.child("type"), "type is required when appArmorProfile is set");
    } else {
        errors.notSupported(path.child("type"), type, {"Localhost", "RuntimeDefault", "Unconfined"});
    }
}

bool isSysctlName(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    std::string flat = base::replaceAll(name, "/", ".");
    for (const std::string& segment : base::split(flat, '.')) {
        const bool fine = !segment.empty() && alphanumeric(segment.front()) && alphanumeric(segment.back()) &&
                          std::all_of(segment.begin(), segment.end(), [&](char c) {
                              return alphanumeric(c) || c == '-' || c == '_';
                          });
        if (!fine) return false;
    }
    return true;
}

void validateSysctls(Errors& errors, const Value& sysctls, const Value& spec, const Path& path) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < sysctls.size(); ++i) {
        const std::string name = sysctls[i]["name"].text();
        const Path at = path.index(i).child("name");
        if (name.empty()) errors.required(at);
        else if (!isSysctlName(name))
            errors.invalid(at, name,
                           "must have at most 253 characters and match regex "
                           "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
        else if (names.count(name) > 0) errors.duplicate(at, name);
        const std::string plain = base::replaceAll(name, "/", ".");
        if (spec["hostNetwork"].asBool() && plain.rfind("net.", 0) == 0)
            errors.invalid(at, name, "may not be specified when 'hostNetwork' is true");
        const bool ipc = plain.rfind("kernel.shm", 0) == 0 || plain.rfind("kernel.msg", 0) == 0 ||
                         plain == "kernel.sem" || plain.rfind("fs.mqueue.", 0) == 0;
        if (spec["hostIPC"].asBool() && ipc)
            errors.invalid(at, name, "may not be specified when 'hostIPC' is true");
        names.insert(name);
    }
}

} // namespace

void validatePodSecurityContext(Errors& errors, const Value& context, const Value& spec, const Path& path) {
    if (context.isNull()) return;
    for (const char* field : {"fsGroup", "runAsUser", "runAsGroup"})
        validateId(errors, context[field], path.child(field));
    const Value& groups = context["supplementalGroups"];
    for (std::size_t i = 0; i < groups.size(); ++i)
        validateId(errors, groups[i], path.child("supplementalGroups").index(i));
    if (spec["shareProcessNamespace"].asBool() && spec["hostPID"].asBool())
        errors.invalid(path.child("shareProcessNamespace"), true,
                       "ShareProcessNamespace and HostPID cannot both be enabled");
    validateSysctls(errors, context["sysctls"], spec, path.child("sysctls"));
    const Value& change = context["fsGroupChangePolicy"];
    if (!change.isNull() && !contains({"Always", "OnRootMismatch"}, change.asString()))
        errors.notSupported(path.child("fsGroupChangePolicy"), change, {"Always", "OnRootMismatch"});
    validateSeccomp(errors, context["seccompProfile"], path.child("seccompProfile"));
    validateWindowsOptions(errors, context["windowsOptions"], path.child("windowsOptions"));
    validateAppArmor(errors, context["appArmorProfile"], path.child("appArmorProfile"));
    const Value& policy = context["supplementalGroupsPolicy"];
    if (!policy.isNull() && !contains({"Merge", "Strict"}, policy.asString()))
        errors.notSupported(path.child("supplementalGroupsPolicy"), policy, {"Merge", "Strict"});
    const Value& selinux = context["seLinuxChangePolicy"];
    if (!selinux.isNull() && !contains({"MountOption", "Recursive"}, selinux.asString()))
        errors.notSupported(path.child("seLinuxChangePolicy"), selinux, {"MountOption", "Recursive"});
}

void validateSecurityContext(Errors& errors, const Value& context, bool hostUsers, const Path& path) {
    if (context.isNull()) return;
    validateId(errors, context["runAsUser"], path.child("runAsUser"));
    validateId(errors, context["runAsGroup"], path.child("runAsGroup"));
    if (const Value& mount = context["procMount"]; !mount.isNull()) {
        if (!contains({"Default", "Unmasked"}, mount.asString()))
            errors.notSupported(path.child("procMount"), mount, {"Default", "Unmasked"});
        if (hostUsers && mount.asString() == "Unmasked")
            errors.invalid(path.child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`");
    }
    validateSeccomp(errors, context["seccompProfile"], path.child("seccompProfile"));
    const Value& escalation = context["allowPrivilegeEscalation"];
    if (escalation.isBool() && !escalation.asBool()) {
        if (context["privileged"].asBool())
            errors.invalidText(path, internalJson("SecurityContext", context),
                               "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        for (const Value& capability : context["capabilities"]["add"].items())
            if (capability.asString() == "CAP_SYS_ADMIN")
                errors.invalidText(path, internalJson("SecurityContext", context),
                                   "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` "
                                   "CAP_SYS_ADMIN");
    }
    validateWindowsOptions(errors, context["windowsOptions"], path.child("windowsOptions"));
    validateAppArmor(errors, context["appArmorProfile"], path.child("appArmorProfile"));
}

void validateOsRules(Errors& errors, const Value& spec, const Path& path) {
    const Value& os = spec["os"];
    if (os.isNull()) return;
    const std::string_view name = os["name"].asString();
    if (name.empty()) {
        errors.required(path.child("os", "name"));
        return;
    }
    if (!contains({"linux", "windows"}, name)) {
        errors.notSupported(path.child("os"), name, {"linux", "windows"});
        return;
    }
    const Path security = path.child("securityContext");
    if (name == "linux") {
        constexpr std::string_view kText = "windows options cannot be set for a linux pod";
        if (!spec["securityContext"]["windowsOptions"].isNull())
            errors.forbidden(security.child("windowsOptions"), kText);
        visitContainers(spec, path, [&](const Value& container, const Path& at) {
            if (!container["securityContext"]["windowsOptions"].isNull())
                errors.forbidden(at.child("securityContext", "windowsOptions"), kText);
        });
        return;
    }
    constexpr std::string_view kText = "cannot be set for a windows pod";
    for (const char* field : {"appArmorProfile", "seLinuxOptions", "hostUsers", "hostPID", "hostIPC",
                              "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls",
                              "shareProcessNamespace", "runAsUser", "runAsGroup", "supplementalGroups",
                              "supplementalGroupsPolicy", "seLinuxChangePolicy"}) {
        const bool onSpec = contains({"hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"}, field);
        const Value& value = onSpec ? spec[field] : spec["securityContext"][field];
        if (!value.isNull()) errors.forbidden((onSpec ? path : security).child(field), kText);
    }
    visitContainers(spec, path, [&](const Value& container, const Path& at) {
        for (const char* field : {"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities",
                                  "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation",
                                  "procMount", "runAsUser", "runAsGroup"})
            if (!container["securityContext"][field].isNull())
                errors.forbidden(at.child("securityContext", field), kText);
    });
}

} // namespace api::validation
