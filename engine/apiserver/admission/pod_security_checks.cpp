// The checks of the Pod Security Standards. Source: k8s.io/pod-security-admission policy/check_*.go.
#include "apiserver/admission/pod_security.h"
#include "base/strings.h"

#include <set>

namespace apiserver {

using document::Value;

namespace {

using Names = std::vector<std::string>;

std::string quoted(const Names& names) {
    Names out;
    for (const std::string& name : names) out.push_back(base::quoteGo(name));
    return base::join(out, ", ");
}

Names sorted(const std::set<std::string>& names) { return Names(names.begin(), names.end()); }

std::string many(std::size_t count, const char* one, const char* several) { return count == 1 ? one : several; }

std::string containers(const Names& names) {
    return many(names.size(), "container", "containers") + " " + quoted(names);
}

std::vector<Value> allContainers(const Value& spec) {
    std::vector<Value> out;
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
        for (const Value& container : spec[list].items()) out.push_back(container);
    return out;
}

using Found = std::optional<Violation>;

Found appArmor(const Value& spec, const Value& meta) {
    Names setters, bad, values;
    const auto forbidden = [](const Value& profile) {
        const std::string_view type = profile["type"].asString();
        return profile.isObject() && type != "RuntimeDefault" && type != "Localhost";
    };
    const Value& own = spec.at("securityContext", "appArmorProfile");
    if (forbidden(own)) {
        setters.push_back("pod");
        values.push_back(base::quoteGo(own["type"].asString()));
    }
    for (const Value& container : allContainers(spec)) {
        const Value& profile = container.at("securityContext", "appArmorProfile");
        if (!forbidden(profile)) continue;
        bad.push_back(container["name"].text());
        values.push_back(base::quoteGo(profile["type"].asString()));
    }
    if (!bad.empty()) setters.push_back(containers(bad));
    Names notes;
    for (const auto& note : meta["annotations"].members()) {
        const std::string_view value = note.value.asString();
        if (!note.key.view().starts_with("container.apparmor.security.beta.kubernetes.io/")) continue;
        if (value.empty() || value == "runtime/default" || value.starts_with("localhost/")) continue;
        notes.push_back(base::quoteGo(note.key.text() + "=" + base::quoteGo(value)));
    }
    if (!notes.empty()) {
        values.insert(values.end(), notes.begin(), notes.end());
        setters.push_back(many(notes.size(), "annotation", "annotations"));
    }
    if (setters.empty()) return {};
    return Violation{many(values.size(), "forbidden AppArmor profile", "forbidden AppArmor profiles"),
                     base::join(setters, " and ") + " must not set AppArmor profile type to " +
                         base::join(values, ", ")};
}

Found baselineCapabilities(const Value& spec, const Value&) {
    static const std::set<std::string, std::less<>> kAllowed = {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
        "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};
    Names bad;
    std::set<std::string> extra;
    for (const Value& container : allContainers(spec)) {
        bool fine = true;
        for (const Value& item : container.at("securityContext", "capabilities", "add").items())
            if (!kAllowed.contains(item.asString())) {
                fine = false;
                extra.insert(item.text());
            }
        if (!fine) bad.push_back(container["name"].text());
    }
    if (bad.empty()) return {};
    return Violation{"non-default capabilities", containers(bad) + " must not include " +
                                                     quoted(sorted(extra)) +
                                                     " in securityContext.capabilities.add"};
}

Found hostNamespaces(const Value& spec, const Value&) {
    Names bad;
    for (const char* key : {"hostNetwork", "hostPID", "hostIPC"})
        if (spec[key].asBool()) bad.push_back(std::string(key) + "=true");
    if (bad.empty()) return {};
    return Violation{"host namespaces", base::join(bad, ", ")};
}

Found hostPaths(const Value& spec, const Value&) {
    Names bad;
    for (const Value& volume : spec["volumes"].items())
        if (volume["hostPath"].isObject()) bad.push_back(volume["name"].text());
    if (bad.empty()) return {};
    return Violation{"hostPath volumes", many(bad.size(), "volume", "volumes") + " " + quoted(bad)};
}

Found hostPorts(const Value& spec, const Value&) {
    Names bad;
    std::set<std::string> ports;
    for (const Value& container : allContainers(spec)) {
        bool fine = true;
        for (const Value& port : container["ports"].items())
            if (port["hostPort"].asInt() != 0) {
                fine = false;
                ports.insert(std::to_string(port["hostPort"].asInt()));
            }
        if (!fine) bad.push_back(container["name"].text());
    }
    if (bad.empty()) return {};
    return Violation{"hostPort", containers(bad) + " " + many(bad.size(), "uses", "use") + " " +
                                     many(ports.size(), "hostPort", "hostPorts") + " " +
                                     base::join(sorted(ports), ", ")};
}

Found hostProbes(const Value& spec, const Value&) {
    std::set<std::string> bad, hosts;
    for (const Value& container : allContainers(spec)) {
        const auto look = [&](const Value& handler) {
            for (const char* kind : {"httpGet", "tcpSocket"}) {
                const std::string host = handler[kind]["host"].text();
                if (host.empty()) continue;
                hosts.insert(host);
                bad.insert(container["name"].text());
            }
        };
        for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) look(container[probe]);
        look(container.at("lifecycle", "postStart"));
        look(container.at("lifecycle", "preStop"));
    }
    if (bad.empty()) return {};
    return Violation{"probe or lifecycle host",
                     containers(sorted(bad)) + " " + many(bad.size(), "uses", "use") + " " +
                         many(hosts.size(), "probe or lifecycle host", "probe or lifecycle hosts") + " " +
                         quoted(sorted(hosts))};
}

Found privilegedContainers(const Value& spec, const Value&) {
    Names bad;
    for (const Value& container : allContainers(spec))
        if (container.at("securityContext", "privileged").asBool()) bad.push_back(container["name"].text());
    if (bad.empty()) return {};
    return Violation{"privileged", containers(bad) + " must not set securityContext.privileged=true"};
}

Found procMount(const Value& spec, const Value&) {
    Names bad;
    std::set<std::string> types;
    for (const Value& container : allContainers(spec)) {
        const Value& type = container.at("securityContext", "procMount");
        if (!type.isString() || type.asString() == "Default") continue;
        bad.push_back(container["name"].text());
        types.insert(type.text());
    }
    if (bad.empty()) return {};
    return Violation{"procMount",
                     containers(bad) + " must not set securityContext.procMount to " + quoted(sorted(types))};
}

Found seLinux(const Value& spec, const Value&) {
    static const std::set<std::string, std::less<>> kTypes = {
        "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"};
    Names setters, bad, data;
    std::set<std::string> types;
    bool user = false, role = false;
    const auto forbidden = [&](const Value& options) {
        if (!options.isObject()) return false;
        bool wrong = false;
        if (!kTypes.contains(options["type"].asString())) {
            types.insert(options["type"].text());
            wrong = true;
        }
        if (!options["user"].isEmpty()) user = wrong = true;
        if (!options["role"].isEmpty()) role = wrong = true;
        return wrong;
    };
    if (forbidden(spec.at("securityContext", "seLinuxOptions"))) setters.push_back("pod");
    for (const Value& container : allContainers(spec))
        if (forbidden(container.at("securityContext", "seLinuxOptions"))) bad.push_back(container["name"].text());
    if (!bad.empty()) setters.push_back(containers(bad));
    if (setters.empty()) return {};
    if (!types.empty()) data.push_back(many(types.size(), "type", "types") + " " + quoted(sorted(types)));
    if (user) data.push_back("user may not be set");
    if (role) data.push_back("role may not be set");
    return Violation{"seLinuxOptions", base::join(setters, " and ") +
                                           " set forbidden securityContext.seLinuxOptions: " +
                                           base::join(data, "; ")};
}

bool goodSeccomp(const Value& profile) {
    const std::string_view type = profile["type"].asString();
    return type == "RuntimeDefault" || type == "Localhost";
}

Found seccompSetters(const Value& spec) {
    Names setters, bad;
    std::set<std::string> values;
    const Value& own = spec.at("securityContext", "seccompProfile");
    if (own.isObject() && !goodSeccomp(own)) {
        setters.push_back("pod");
        values.insert(own["type"].text());
    }
    for (const Value& container : allContainers(spec)) {
        const Value& profile = container.at("securityContext", "seccompProfile");
        if (!profile.isObject() || goodSeccomp(profile)) continue;
        bad.push_back(container["name"].text());
        values.insert(profile["type"].text());
    }
    if (!bad.empty()) setters.push_back(containers(bad));
    if (setters.empty()) return {};
    return Violation{"seccompProfile", base::join(setters, " and ") +
                                           " must not set securityContext.seccompProfile.type to " +
                                           quoted(sorted(values))};
}

Found baselineSeccomp(const Value& spec, const Value&) { return seccompSetters(spec); }

Found sysctls(const Value& spec, const Value&) {
    static const std::set<std::string, std::less<>> kAllowed = {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem"};
    Names bad;
    for (const Value& item : spec.at("securityContext", "sysctls").items())
        if (!kAllowed.contains(item["name"].asString())) bad.push_back(item["name"].text());
    if (bad.empty()) return {};
    return Violation{"forbidden sysctls", base::join(bad, ", ")};
}

Found windowsHost(const Value& spec, const Value&) {
    Names setters, bad;
    if (spec.at("securityContext", "windowsOptions", "hostProcess").asBool()) setters.push_back("pod");
    for (const Value& container : allContainers(spec))
        if (container.at("securityContext", "windowsOptions", "hostProcess").asBool())
            bad.push_back(container["name"].text());
    if (!bad.empty()) setters.push_back(containers(bad));
    if (setters.empty()) return {};
    return Violation{"hostProcess", base::join(setters, " and ") +
                                        " must not set securityContext.windowsOptions.hostProcess=true"};
}

bool onWindows(const Value& spec) { return spec.at("os", "name").asString() == "windows"; }

Found escalationAllowed(const Value& spec, const Value&) {
    if (onWindows(spec)) return {};
    Names bad;
    for (const Value& container : allContainers(spec)) {
        const Value& allow = container.at("securityContext", "allowPrivilegeEscalation");
        if (!allow.isBool() || allow.asBool()) bad.push_back(container["name"].text());
    }
    if (bad.empty()) return {};
    return Violation{"allowPrivilegeEscalation != false",
                     containers(bad) + " must set securityContext.allowPrivilegeEscalation=false"};
}

Found restrictedCapabilities(const Value& spec, const Value&) {
    if (onWindows(spec)) return {};
    Names missing, adding, details;
    std::set<std::string> extra;
    for (const Value& container : allContainers(spec)) {
        const Value& capabilities = container.at("securityContext", "capabilities");
        bool dropped = false, added = false;
        for (const Value& item : capabilities["drop"].items()) dropped = dropped || item.asString() == "ALL";
        for (const Value& item : capabilities["add"].items())
            if (item.asString() != "NET_BIND_SERVICE") {
                added = true;
                extra.insert(item.text());
            }
        if (!dropped) missing.push_back(container["name"].text());
        if (added) adding.push_back(container["name"].text());
    }
    if (!missing.empty())
        details.push_back(containers(missing) + " must set securityContext.capabilities.drop=[\"ALL\"]");
    if (!adding.empty())
        details.push_back(containers(adding) + " must not include " + quoted(sorted(extra)) +
                          " in securityContext.capabilities.add");
    if (details.empty()) return {};
    return Violation{"unrestricted capabilities", base::join(details, "; ")};
}

Found restrictedVolumes(const Value& spec, const Value&) {
    static const std::set<std::string, std::less<>> kAllowed = {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
        "projected", "secret"};
    Names bad;
    std::set<std::string> types;
    for (const Value& volume : spec["volumes"].items()) {
        bool fine = false;
        std::string type = "unknown";
        for (const auto& member : volume.members()) {
            if (member.key.view() == "name") continue;
            fine = fine || kAllowed.contains(member.key.view());
            type = member.key.text();
        }
        if (fine) continue;
        bad.push_back(volume["name"].text());
        types.insert(type);
    }
    if (bad.empty()) return {};
    return Violation{"restricted volume types",
                     many(bad.size(), "volume", "volumes") + " " + quoted(bad) + " " +
                         many(bad.size(), "uses", "use") + " " +
                         many(types.size(), "restricted volume type", "restricted volume types") + " " +
                         quoted(sorted(types))};
}

Found nonRoot(const Value& spec, const Value&) {
    const Value& own = spec.at("securityContext", "runAsNonRoot");
    Names setters, explicitly, implicitly;
    const bool good = own.asBool();
    if (own.isBool() && !good) setters.push_back("pod");
    for (const Value& container : allContainers(spec)) {
        const Value& value = container.at("securityContext", "runAsNonRoot");
        if (value.isBool() && !value.asBool()) explicitly.push_back(container["name"].text());
        else if (!value.isBool() && !good) implicitly.push_back(container["name"].text());
    }
    if (!explicitly.empty()) setters.push_back(containers(explicitly));
    if (!setters.empty())
        return Violation{"runAsNonRoot != true",
                         base::join(setters, " and ") + " must not set securityContext.runAsNonRoot=false"};
    if (implicitly.empty()) return {};
    return Violation{"runAsNonRoot != true",
                     "pod or " + containers(implicitly) + " must set securityContext.runAsNonRoot=true"};
}

Found rootUser(const Value& spec, const Value&) {
    Names setters, bad;
    const auto zero = [](const Value& user) { return user.isInt() && user.asInt() == 0; };
    if (zero(spec.at("securityContext", "runAsUser"))) setters.push_back("pod");
    for (const Value& container : allContainers(spec))
        if (zero(container.at("securityContext", "runAsUser"))) bad.push_back(container["name"].text());
    if (!bad.empty()) setters.push_back(containers(bad));
    if (setters.empty()) return {};
    return Violation{"runAsUser=0", base::join(setters, " and ") + " must not set runAsUser=0"};
}

Found restrictedSeccomp(const Value& spec, const Value&) {
    if (onWindows(spec)) return {};
    if (Found setters = seccompSetters(spec)) return setters;
    if (goodSeccomp(spec.at("securityContext", "seccompProfile"))) return {};
    Names implicitly;
    for (const Value& container : allContainers(spec))
        if (!container.at("securityContext", "seccompProfile").isObject())
            implicitly.push_back(container["name"].text());
    if (implicitly.empty()) return {};
    return Violation{"seccompProfile",
                     "pod or " + containers(implicitly) +
                         " must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""};
}

using Check = Found (*)(const Value& spec, const Value& meta);

} // namespace

std::vector<Violation> checkPodSecurity(const std::string& level, int minor, const Value& spec, const Value& meta) {
    std::vector<Violation> out;
    const auto run = [&](Check check) {
        if (Found found = check(spec, meta)) out.push_back(std::move(*found));
    };
    if (level == "privileged") return out;
    const bool restricted = level == "restricted";
    run(appArmor);
    // The restricted versions of some checks replace the baseline ones.
    if (!restricted || minor < 22) run(baselineCapabilities);
    run(hostNamespaces);
    run(hostPaths);
    run(hostPorts);
    if (minor >= 34) run(hostProbes);
    run(privilegedContainers);
    run(procMount);
    run(seLinux);
    if (!restricted || minor < 19) run(baselineSeccomp);
    run(sysctls);
    run(windowsHost);
    if (!restricted) return out;
    if (minor >= 8) run(escalationAllowed);
    if (minor >= 22) run(restrictedCapabilities);
    run(restrictedVolumes);
    run(nonRoot);
    if (minor >= 23) run(rootUser);
    if (minor >= 19) run(restrictedSeccomp);
    return out;
}

} // namespace apiserver
