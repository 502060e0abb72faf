#include "kubectl/commands/debug_profiles.h"

namespace kubectl {

using document::Value;

namespace {

constexpr const char* kLists[] = {"containers", "initContainers", "ephemeralContainers"};

Value changed(const Value& pod, const std::string& name, ContainerChange change) {
    Value spec = pod["spec"];
    for (const char* list : kLists) {
        if (spec[list].isNull()) continue;
        document::ArrayBuilder out;
        for (const Value& container : spec[list].items())
            out.push(container["name"].asString() == name ? change(container) : container);
        spec = spec.with(list, std::move(out).build());
    }
    return pod.with("spec", spec);
}

Value withCapabilities(const Value& container, std::initializer_list<const char*> names) {
    Value list = container.at("securityContext", "capabilities", "add");
    for (const char* name : names) list = list.appended(name);
    return container.withPath({"securityContext", "capabilities", "add"}, list);
}
Value tracing(const Value& container) { return withCapabilities(container, {"SYS_PTRACE"}); }
Value netadmin(const Value& container) { return withCapabilities(container, {"NET_ADMIN", "NET_RAW"}); }
Value privileged(const Value& container) { return container.withPath({"securityContext", "privileged"}, true); }
Value plain(const Value& container) { return container.without("securityContext"); }
Value restricted(const Value& container) {
    return container.with("securityContext",
                          Value::object({{"allowPrivilegeEscalation", false},
                                         {"capabilities", Value::object({{"drop", Value::array({"ALL"})}})},
                                         {"runAsNonRoot", true},
                                         {"seccompProfile", Value::object({{"type", "RuntimeDefault"}})}}));
}
Value rootMount(const Value& container) {
    const Value mount = Value::object({{"mountPath", "/host"}, {"name", "host-root"}});
    return container.with("volumeMounts", container["volumeMounts"].appended(mount));
}

Value withHostRoot(const Value& pod, const std::string& container) {
    const Value volume = Value::object({{"hostPath", Value::object({{"path", "/"}})}, {"name", "host-root"}});
    return changed(pod.withPath({"spec", "volumes"}, pod.at("spec", "volumes").appended(volume)), container, rootMount);
}
Value withHostNamespaces(const Value& pod) {
    return pod.withPath({"spec", "hostNetwork"}, true).withPath({"spec", "hostPID"}, true).withPath({"spec", "hostIPC"}, true);
}

// A copy leaves behind what would send it traffic or kill it.
Value stripped(const Value& pod, const Flags& flags) {
    Value out = pod;
    if (!flags.on("keep-labels")) out = out.withoutPath({"metadata", "labels"});
    if (!flags.on("keep-annotations")) out = out.withoutPath({"metadata", "annotations"});
    if (!flags.on("keep-init-containers")) out = out.withoutPath({"spec", "initContainers"});
    document::ArrayBuilder containers;
    for (const Value& container : out.at("spec", "containers").items()) {
        Value kept = container;
        if (!flags.on("keep-liveness")) kept = kept.without("livenessProbe");
        if (!flags.on("keep-readiness")) kept = kept.without("readinessProbe");
        if (!flags.on("keep-startup")) kept = kept.without("startupProbe");
        containers.push(kept);
    }
    out = out.withPath({"spec", "containers"}, std::move(containers).build());
    if (out.at("spec", "shareProcessNamespace").isNull()) out = out.withPath({"spec", "shareProcessNamespace"}, true);
    return out;
}

Value legacy(const Value& pod, const std::string& container, DebugTarget target) {
    if (target == DebugTarget::Node) return withHostNamespaces(withHostRoot(pod, container));
    return target == DebugTarget::Copy ? pod.withoutPath({"metadata", "labels"}) : pod;
}

} // namespace

bool knownProfile(const std::string& profile) {
    for (const char* known : {"legacy", "general", "baseline", "restricted", "netadmin", "sysadmin"})
        if (profile == known) return true;
    return false;
}

Value withProfile(const std::string& profile, const Value& pod, const std::string& container, DebugTarget target,
                  const Flags& flags) {
    if (profile == "legacy") return legacy(pod, container, target);
    const bool node = target == DebugTarget::Node;
    Value out = pod;
    if (profile == "general") {
        if (node) return withHostNamespaces(changed(withHostRoot(out, container), container, plain));
        out = changed(out, container, tracing);
    } else if (profile == "baseline") {
        out = changed(out, container, plain);
    } else if (profile == "restricted") {
        out = changed(out, container, restricted);
    } else if (profile == "netadmin") {
        out = changed(out, container, netadmin);
        if (node) out = withHostNamespaces(out);
    } else {
        out = changed(out, container, privileged);
        if (node) out = withHostRoot(withHostNamespaces(out), container);
    }
    return target == DebugTarget::Copy ? stripped(out, flags) : out;
}

} // namespace kubectl
