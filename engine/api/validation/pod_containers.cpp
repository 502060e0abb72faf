#include "api/validation/pod.h"

#include "base/strings.h"

namespace api::validation {
namespace {

void validatePorts(Errors& errors, const Value& ports, const Path& path) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const Value& port = ports[i];
        const Path at = path.index(i);
        if (const std::string name = port["name"].text(); !name.empty()) {
            const Problems problems = checkPortName(name);
            errors.invalidEach(at.child("name"), name, problems);
            if (problems.empty() && !names.insert(name).second)
                errors.duplicate(at.child("name"), name);
        }
        const std::int64_t number = port["containerPort"].asInt();
        if (number == 0) errors.required(at.child("containerPort"));
        else errors.invalidEach(at.child("containerPort"), number, checkPortNumber(number));
        const std::int64_t host = port["hostPort"].asInt();
        if (host != 0) errors.invalidEach(at.child("hostPort"), host, checkPortNumber(host));
        const std::string_view protocol = port["protocol"].asString();
        if (protocol.empty()) errors.required(at.child("protocol"));
        else if (!contains({"SCTP", "TCP", "UDP"}, protocol))
            errors.notSupported(at.child("protocol"), protocol, {"SCTP", "TCP", "UDP"});
    }
}

void validateMountExtras(Errors& errors, const Value& mount, const Value& container, const Path& path) {
    const Value& propagation = mount["mountPropagation"];
    if (!propagation.isNull()) {
        if (!contains({"Bidirectional", "HostToContainer", "None"}, propagation.asString()))
            errors.notSupported(path.child("mountPropagation"), propagation,
                                {"Bidirectional", "HostToContainer", "None"});
        const bool privileged = container["securityContext"]["privileged"].asBool();
        if (propagation.asString() == "Bidirectional" && !privileged)
            errors.forbidden(path.child("mountPropagation"),
                             "Bidirectional mount propagation is available only to privileged containers");
    }
    const Value& recursive = mount["recursiveReadOnly"];
    if (recursive.isNull() || recursive.asString() == "Disabled") return;
    const Path at = path.child("recursiveReadOnly");
    if (!contains({"Enabled", "IfPossible"}, recursive.asString())) {
        errors.notSupported(at, recursive, {"Disabled", "Enabled", "IfPossible"});
        return;
    }
    if (!mount["readOnly"].asBool()) errors.forbidden(at, "may only be specified when readOnly is true");
    if (!propagation.isNull() && propagation.asString() != "None")
        errors.forbidden(at, "may only be specified when mountPropagation is None or not specified");
}

void validateMounts(Errors& errors, const Value& container, const PodContext& context, const Path& path) {
    std::set<std::string> points, deviceNames, devicePaths;
    for (const Value& device : container["volumeDevices"].items()) {
        deviceNames.insert(device["name"].text());
        devicePaths.insert(device["devicePath"].text());
    }
    const Value& mounts = container["volumeMounts"];
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        const Value& mount = mounts[i];
        const Path at = path.index(i);
        const std::string name = mount["name"].text(), point = mount["mountPath"].text();
        if (name.empty()) errors.required(at.child("name"));
        if (context.volumes.count(name) == 0) errors.notFound(at.child("name"), name);
        if (point.empty()) errors.required(at.child("mountPath"));
        if (!points.insert(point).second) errors.invalid(at.child("mountPath"), point, "must be unique");
        if (deviceNames.count(name) > 0)
            errors.invalid(at.child("name"), name, "must not already exist in volumeDevices");
        if (devicePaths.count(point) > 0)
            errors.invalid(at.child("mountPath"), point, "must not already exist as a path in volumeDevices");
        const std::string_view subPath = mount["subPath"].asString();
        if (!subPath.empty()) validateDescendingPath(errors, subPath, path.child("subPath"));
        const std::string_view expression = mount["subPathExpr"].asString();
        if (!expression.empty()) {
            if (!subPath.empty())
                errors.invalid(at.child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive");
            validateDescendingPath(errors, expression, path.child("subPathExpr"));
        }
        validateMountExtras(errors, mount, container, path);
    }
}

void validateDevices(Errors& errors, const Value& container, const PodContext& context, const Path& path) {
    std::set<std::string> names, paths, mountNames, mountPaths;
    for (const Value& mount : container["volumeMounts"].items()) {
        mountNames.insert(mount["name"].text());
        mountPaths.insert(mount["mountPath"].text());
    }
    const Value& devices = container["volumeDevices"];
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const Path at = path.index(i);
        const std::string name = devices[i]["name"].text(), point = devices[i]["devicePath"].text();
        const auto volume = context.volumes.find(name);
        const bool found = volume != context.volumes.end();
        const bool block = found && (!volume->second["persistentVolumeClaim"].isNull() ||
                                     !volume->second["ephemeral"].isNull());
        if (name.empty()) errors.required(at.child("name"));
        if (names.count(name) > 0) errors.invalid(at.child("name"), name, "must be unique");
        if (found && !block)
            errors.invalid(at.child("name"), name, "can only use volume source type of "
                                                   "PersistentVolumeClaim or Ephemeral for block mode");
        if (!found) errors.notFound(at.child("name"), name);
        if (point.empty()) errors.required(at.child("devicePath"));
        if (paths.count(point) > 0) errors.invalid(at.child("devicePath"), point, "must be unique");
        Errors backsteps;
        validateNoBacksteps(backsteps, point, path);
        if (!point.empty() && !backsteps.empty())
            errors.invalid(at.child("devicePath"), point, "can not contain backsteps ('..')");
        else paths.insert(point);
        if (mountNames.count(name) > 0)
            errors.invalid(at.child("name"), name, "must not already exist in volumeMounts");
        if (mountPaths.count(point) > 0)
            errors.invalid(at.child("devicePath"), point, "must not already exist as a path in volumeMounts");
        if (!name.empty()) names.insert(name);
    }
}

void validateResizePolicy(Errors& errors, const Value& list, const std::string& restartPolicy, const Path& path) {
    std::set<std::string> resources;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string resource = list[i]["resourceName"].text();
        const std::string policy = list[i]["restartPolicy"].text();
        if (!resources.insert(resource).second) errors.duplicate(path.index(i), resource);
        if (resource.empty()) errors.required(path);
        else if (!contains({"cpu", "memory"}, resource)) errors.notSupported(path, resource, {"cpu", "memory"});
        if (policy.empty()) errors.required(path);
        else if (!contains({"NotRequired", "RestartContainer"}, policy))
            errors.notSupported(path, policy, {"NotRequired", "RestartContainer"});
        if (restartPolicy == "Never" && policy != "NotRequired")
            errors.invalid(path, policy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
    }
}

void validateContainerCommon(Errors& errors, const Value& container, const PodContext& context,
                             const Path& path) {
    const std::string_view name = container["name"].asString();
    if (name.empty()) errors.required(path.child("name"));
    else validateDnsLabelName(errors, name, path.child("name"));
    if (container["image"].isEmpty()) errors.required(path.child("image"));
    const std::string_view policy = container["terminationMessagePolicy"].asString();
    if (policy.empty()) errors.required(path.child("terminationMessagePolicy"));
    else if (!contains({"File", "FallbackToLogsOnError"}, policy))
        errors.notSupported(path.child("terminationMessagePolicy"), policy,
                            {"File", "FallbackToLogsOnError"});
    validatePorts(errors, container["ports"], path.child("ports"));
    validateEnv(errors, container["env"], path.child("env"));
    validateEnvFrom(errors, container["envFrom"], path.child("envFrom"));
    validateMounts(errors, container, context, path.child("volumeMounts"));
    validateDevices(errors, container, context, path.child("volumeDevices"));
    validatePullPolicy(errors, container["imagePullPolicy"], path.child("imagePullPolicy"));
    validateContainerResources(errors, container["resources"], context.claimNames, path.child("resources"));
    validateResizePolicy(errors, container["resizePolicy"], context.restartPolicy, path.child("resizePolicy"));
    validateSecurityContext(errors, container["securityContext"], context.hostUsers,
                            path.child("securityContext"));
}

void validateRestartRules(Errors& errors, const Value& container, const Path& path) {
    const Value& policy = container["restartPolicy"];
    const Value& rules = container["restartPolicyRules"];
    if (policy.isNull()) {
        if (rules.size() > 0)
            errors.required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
    } else if (!contains({"Always", "Never", "OnFailure"}, policy.asString())) {
        errors.notSupported(path.child("restartPolicy"), policy, {"Always", "Never", "OnFailure"});
    }
    if (rules.size() > 20) errors.tooLong(path.child("restartPolicyRules"), 20);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Path at = path.child("restartPolicyRules").index(i);
        if (rules[i]["action"].asString() != "Restart")
            errors.notSupported(at.child("action"), rules[i]["action"].asString(), {"Restart"});
        const Value& codes = rules[i]["exitCodes"];
        if (codes.isNull()) {
            errors.required(at.child("exitCodes"), "must be specified");
            continue;
        }
        if (!contains({"In", "NotIn"}, codes["operator"].asString()))
            errors.notSupported(at.child("exitCodes", "operator"), codes["operator"].asString(), {"In", "NotIn"});
        if (codes["values"].size() > 255) errors.tooLong(at.child("exitCodes", "values"), 255);
    }
}

void validateHostPortConflicts(Errors& errors, const std::vector<Value>& containers, const Path& path) {
    std::set<std::string> used;
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const Value& ports = containers[i]["ports"];
        for (std::size_t p = 0; p < ports.size(); ++p) {
            const std::int64_t host = ports[p]["hostPort"].asInt();
            if (host == 0) continue;
            const std::string key = ports[p]["protocol"].text() + "/" + ports[p]["hostIP"].text() +
                                    "/" + std::to_string(host);
            if (!used.insert(key).second)
                errors.duplicate(path.index(i).child("ports").index(p).child("hostPort"), key);
        }
    }
}

void validateProbes(Errors& errors, const Value& container, const PodContext& context, const Path& path) {
    validateLifecycle(errors, container["lifecycle"], context, path.child("lifecycle"));
    validateProbe(errors, container["livenessProbe"], ProbeKind::Liveness, path.child("livenessProbe"));
    validateProbe(errors, container["readinessProbe"], ProbeKind::Readiness, path.child("readinessProbe"));
    validateProbe(errors, container["startupProbe"], ProbeKind::Startup, path.child("startupProbe"));
}

} // namespace

void validatePortNumberOrName(Errors& errors, const Value& port, const Path& path) {
    if (port.isString())
        errors.invalidEach(path, port, checkPortName(port.asString()));
    else
        errors.invalidEach(path, port.asInt(), checkPortNumber(port.asInt()));
}

void validatePullPolicy(Errors& errors, const Value& policy, const Path& path) {
    if (policy.isEmpty()) errors.required(path);
    else if (!contains({"Always", "IfNotPresent", "Never"}, policy.asString()))
        errors.notSupported(path, policy, {"Always", "IfNotPresent", "Never"});
}

void validateContainers(Errors& errors, const PodContext& context, const Path& path) {
    const Value& containers = context.spec["containers"];
    if (containers.size() == 0) {
        errors.required(path);
        return;
    }
    std::set<std::string> names;
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const Path at = path.index(i);
        validateContainerCommon(errors, containers[i], context, at);
        const std::string name = containers[i]["name"].text();
        if (!names.insert(name).second) errors.duplicate(at.child("name"), name);
        validateProbes(errors, containers[i], context, at);
        validateRestartRules(errors, containers[i], at);
    }
    validateHostPortConflicts(errors, {containers.items().begin(), containers.items().end()}, path);
}

void validateInitContainers(Errors& errors, const PodContext& context, const Path& path) {
    std::set<std::string> names;
    for (const Value& container : context.spec["containers"].items()) names.insert(container["name"].text());
    const Value& containers = context.spec["initContainers"];
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const Value& container = containers[i];
        const Path at = path.index(i);
        validateContainerCommon(errors, container, context, at);
        const Value& restart = container["restartPolicy"];
        const bool always = restart.asString() == "Always";
        if (always && container["restartPolicyRules"].size() > 0)
            errors.forbidden(at.child("restartPolicyRules"),
                             "restartPolicyRules are not allowed for init containers with restart policy Always");
        else validateRestartRules(errors, container, at);
        const std::string name = container["name"].text();
        if (names.count(name) > 0) errors.duplicate(at.child("name"), name);
        else if (!name.empty()) names.insert(name);
        validateHostPortConflicts(errors, {container}, path);
        if (always) {
            validateProbes(errors, container, context, at);
            continue;
        }
        for (const char* field : {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"})
            if (!container[field].isNull())
                errors.forbidden(at.child(field),
                                 "may not be set for init containers without restartPolicy=Always");
    }
}

void validateEphemeralContainers(Errors& errors, const PodContext& context, const Path& path) {
    std::set<std::string> others, names;
    for (const char* list : {"containers", "initContainers"})
        for (const Value& container : context.spec[list].items()) others.insert(container["name"].text());
    names = others;
    const Value& containers = context.spec["ephemeralContainers"];
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const Value& container = containers[i];
        const Path at = path.index(i);
        validateContainerCommon(errors, container, context, at);
        if (base::trim(container["image"].asString()).size() != container["image"].asString().size())
            errors.invalid(at.child("image"), container["image"], "must not have leading or trailing whitespace");
        const std::string name = container["name"].text();
        if (!names.insert(name).second) errors.duplicate(at.child("name"), name);
        const std::string target = container["targetContainerName"].text();
        if (!target.empty() && others.count(target) == 0)
            errors.notFound(at.child("targetContainerName"), target);
        for (const char* field : {"ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules",
                                  "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"})
            if (!container[field].isNull() && container[field].size() + (container[field].isString() ? 1 : 0) > 0)
                errors.forbidden(at.child(field), "cannot be set for an Ephemeral Container");
        const Value& mounts = container["volumeMounts"];
        for (std::size_t m = 0; m < mounts.size(); ++m)
            for (const char* field : {"subPath", "subPathExpr"})
                if (!mounts[m][field].isEmpty())
                    errors.forbidden(at.child("volumeMounts").index(m).child(field),
                                     "cannot be set for an Ephemeral Container");
    }
}

} // namespace api::validation
