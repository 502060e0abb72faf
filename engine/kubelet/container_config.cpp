#include "kubelet/container_config.h"

#include "api/quantity.h"
#include "base/strings.h"
#include "kubelet/environment.h"
#include "kubelet/node_status.h"
#include "kubelet/status_builder.h"
#include "kubelet/volume_manager.h"

#include <algorithm>

namespace kubelet {
namespace {

struct HostDns {
    std::vector<std::string> servers, searches, options;
};

HostDns readHostDns(Core& core) {
    HostDns out;
    for (const std::string& line : base::splitLines(core.files().read(core.config.resolvConf).valueOr(""))) {
        std::vector<std::string> words = base::splitFields(line);
        if (words.size() < 2) continue;
        if (words[0] == "nameserver") out.servers.push_back(words[1]);
        else if (words[0] == "search") out.searches.assign(words.begin() + 1, words.end());
        else if (words[0] == "options") out.options.assign(words.begin() + 1, words.end());
    }
    return out;
}

void addUnique(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

ports::CriDns podDns(Core& core, const Value& pod) {
    const HostDns host = readHostDns(core);
    std::string policy = pod.at("spec", "dnsPolicy").text();
    if (policy.empty()) policy = "ClusterFirst";
    if (policy == "ClusterFirst" && isHostNetwork(pod)) policy = "Default";
    if (policy.rfind("ClusterFirst", 0) == 0 && core.config.clusterDNS.empty()) {
        core.recorder->warning(pod, "MissingClusterDNS",
                               "pod: " + base::quoteGo(podLogText(pod)) +
                                   ". kubelet does not have ClusterDNS IP configured and cannot create Pod using "
                                   "\"ClusterFirst\" policy. Falling back to \"Default\" policy.");
        policy = "Default";
    }
    ports::CriDns dns;
    if (policy == "Default") {
        dns.servers = host.servers;
        dns.searches = host.searches;
        dns.options = host.options;
    } else if (policy != "None") {
        dns.servers = core.config.clusterDNS;
        const std::string domain = core.config.clusterDomain;
        if (!domain.empty()) {
            dns.searches = {api::namespaceOf(pod) + ".svc." + domain, "svc." + domain, domain};
        }
        for (const std::string& search : host.searches) addUnique(dns.searches, search);
        dns.options = {"ndots:5"};
    }
    const Value& extra = pod.at("spec", "dnsConfig");
    for (const Value& server : extra["nameservers"].items()) addUnique(dns.servers, server.text());
    for (const Value& search : extra["searches"].items()) addUnique(dns.searches, search.text());
    for (const Value& option : extra["options"].items()) {
        const std::string name = option["name"].text();
        const std::string text = option["value"].isString() && !option["value"].asString().empty()
                                     ? name + ":" + option["value"].text() : name;
        const auto same = std::find_if(dns.options.begin(), dns.options.end(), [&](const std::string& o) {
            return base::splitLimited(o, ':', 2)[0] == name;
        });
        if (same == dns.options.end()) dns.options.push_back(text);
        else *same = text;
    }
    return dns;
}

std::string podFqdn(Core& core, const Value& pod) {
    const std::string subdomain = pod.at("spec", "subdomain").text();
    if (subdomain.empty() || core.config.clusterDomain.empty()) return {};
    return podHostname(pod) + "." + subdomain + "." + api::namespaceOf(pod) + ".svc." + core.config.clusterDomain;
}

std::string hostsFile(Core& core, const Value& pod, const std::string& podIP) {
    std::string text;
    if (isHostNetwork(pod)) {
        text = "# Kubernetes-managed hosts file (host network).\n" + core.files().read("/etc/hosts").valueOr("");
    } else {
        text = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
               "ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\t"
               "ip6-allrouters\n";
        const std::string fqdn = podFqdn(core, pod);
        text += podIP + "\t" + (fqdn.empty() ? "" : fqdn + "\t") + podHostname(pod) + "\n";
    }
    if (pod.at("spec", "hostAliases").size() > 0) {
        text += "\n# Entries added by HostAliases.\n";
        for (const Value& alias : pod.at("spec", "hostAliases").items()) {
            std::vector<std::string> names;
            for (const Value& name : alias["hostnames"].items()) names.push_back(name.text());
            text += alias["ip"].text() + "\t" + base::join(names, "\t") + "\n";
        }
    }
    return text;
}

ports::CriNamespace pidMode(const Value& pod) {
    if (pod.at("spec", "hostPID").asBool()) return ports::CriNamespace::Node;
    return pod.at("spec", "shareProcessNamespace").asBool() ? ports::CriNamespace::Pod
                                                             : ports::CriNamespace::Container;
}

// Container security over pod security. Source: securitycontext, DetermineEffectiveSecurityContext.
Value effectiveSecurity(const Value& pod, const Value& container) {
    const Value& podLevel = pod.at("spec", "securityContext");
    Value out = container["securityContext"].isObject() ? container["securityContext"] : Value::object();
    for (const char* key : {"runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions"})
        if (out[key].isNull() && !podLevel[key].isNull()) out = out.with(key, podLevel[key]);
    return out;
}

std::vector<std::string> capabilityList(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) out.push_back(item.text());
    return out;
}

// Source: kuberuntime/security_context.go, verifyRunAsNonRoot.
base::Status verifyNonRoot(const Value& pod, const Value& container, const Value& security,
                           const ports::CriImage& image) {
    if (!security["runAsNonRoot"].asBool()) return base::okStatus();
    const std::string where = " (pod: " + base::quoteGo(podLogText(pod)) + ", container: " + container["name"].text() + ")";
    if (security["runAsUser"].isInt()) {
        if (security["runAsUser"].asInt() == 0)
            return base::makeError("container's runAsUser breaks non-root policy" + where);
        return base::okStatus();
    }
    if (image.user && *image.user == 0)
        return base::makeError("container has runAsNonRoot and image will run as root" + where);
    if (!image.user && !image.userName.empty())
        return base::makeError("container has runAsNonRoot and image has non-numeric user (" + image.userName +
                               "), cannot verify user is non-root" + where);
    return base::okStatus();
}

// What the kubelet writes for a container, the container may only read. Source: the volume plugins'
// GetAttributes.
bool isReadOnlyVolume(const Value& pod, const std::string& name) {
    for (const Value& volume : pod.at("spec", "volumes").items())
        if (volume["name"].asString() == name)
            return volume["configMap"].isObject() || volume["secret"].isObject() || volume["projected"].isObject() ||
                   volume["downwardAPI"].isObject();
    return false;
}

base::Status addMounts(Core& core, const Value& pod, const Value& container, const EnvList& env,
                       ports::CriContainerConfig& config) {
    const std::string uid = api::uidOf(pod);
    for (const Value& mount : container["volumeMounts"].items()) {
        const std::string volume = mount["name"].text();
        std::string path = core.volumes->hostPath(uid, volume);
        if (path.empty())
            return base::makeError("cannot find volume " + base::quoteGo(volume) + " to mount into container " +
                                   base::quoteGo(container["name"].asString()));
        std::string sub = mount["subPath"].text();
        if (!mount["subPathExpr"].asString().empty()) sub = expandVariables(mount["subPathExpr"].asString(), env);
        if (!sub.empty()) {
            for (const std::string& part : base::split(sub, '/'))
                if (part == "..")
                    return base::makeError("unable to provision SubPath `" + sub + "`: must not contain '..'");
            const std::string whole = path + "/" + sub;
            if (!core.files().exists(whole)) {
                const base::Status made = core.files().makeDirectories(whole, 0750);
                if (!made.ok())
                    return base::makeError("failed to create subPath directory for volumeMount " + base::quoteGo(volume) +
                                           " of container " + base::quoteGo(container["name"].asString()));
                const auto stat = core.files().stat(path);
                if (stat.ok()) (void)core.files().chmod(whole, stat->mode & 0777);
            }
            path = whole;
        }
        ports::CriMount item;
        item.containerPath = mount["mountPath"].text();
        if (item.containerPath.empty() || item.containerPath[0] != '/') item.containerPath = "/" + item.containerPath;
        while (item.containerPath.size() > 1 && item.containerPath.back() == '/') item.containerPath.pop_back();
        item.hostPath = path;
        item.readOnly = mount["readOnly"].asBool() || isReadOnlyVolume(pod, volume);
        item.propagation = mount["mountPropagation"].text();
        config.mounts.push_back(item);
    }
    return base::okStatus();
}

void addManagedFiles(Core& core, const Value& pod, const Value& container, const std::string& podIP,
                     ports::CriContainerConfig& config) {
    const auto mounted = [&](std::string_view path) {
        return std::any_of(config.mounts.begin(), config.mounts.end(),
                           [&](const ports::CriMount& m) { return m.containerPath == path; });
    };
    ports::FileSystem& files = core.files();
    const std::string folder = core.podDirectory(api::uidOf(pod));
    (void)files.makeDirectories(folder, 0750);
    if (!mounted("/etc/hosts") && (!podIP.empty() || isHostNetwork(pod))) {
        const std::string path = folder + "/etc-hosts";
        (void)files.write(path, hostsFile(core, pod, podIP), 0644);
        ports::CriMount item;
        item.containerPath = "/etc/hosts";
        item.hostPath = path;
        config.mounts.push_back(item);
    }
    const std::string message = container["terminationMessagePath"].text();
    if (message.empty()) return;
    const std::string home = folder + "/containers/" + container["name"].text();
    (void)files.makeDirectories(home, 0750);
    const std::string path = home + "/" + base::encodeHex(core.kernel().random("kubelet/termination").bytes(4));
    (void)files.write(path, "", 0666);
    (void)files.chmod(path, 0666);
    ports::CriMount item;
    item.containerPath = message;
    item.hostPath = path;
    config.mounts.push_back(item);
}

} // namespace

std::string podLogDirectory(const Value& pod) {
    return "/var/log/pods/" + api::namespaceOf(pod) + "_" + api::nameOf(pod) + "_" + api::uidOf(pod);
}

std::string podHostname(const Value& pod) {
    std::string name = pod.at("spec", "hostname").text();
    if (name.empty()) name = api::nameOf(pod);
    if (name.size() > 63) {
        name.resize(63);
        while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
    }
    return name;
}

ports::CriSandboxConfig sandboxConfig(Core& core, const Value& pod, std::uint32_t attempt) {
    ports::CriSandboxConfig config;
    config.name = api::nameOf(pod);
    config.ns = api::namespaceOf(pod);
    config.uid = api::uidOf(pod);
    config.attempt = attempt;
    config.dns = podDns(core, pod);
    if (!isHostNetwork(pod)) {
        config.hostname = podHostname(pod);
        const std::string fqdn = podFqdn(core, pod);
        if (pod.at("spec", "setHostnameAsFQDN").asBool() && !fqdn.empty()) config.hostname = fqdn;
    }
    config.logDirectory = podLogDirectory(pod);
    for (const document::Member& label : api::labelsOf(pod).members())
        config.labels[label.key.text()] = label.value.text();
    config.labels[ports::kPodNameLabel] = config.name;
    config.labels[ports::kPodNamespaceLabel] = config.ns;
    config.labels[ports::kPodUidLabel] = config.uid;
    for (const document::Member& item : api::annotationsOf(pod).members())
        config.annotations[item.key.text()] = item.value.text();
    config.network = isHostNetwork(pod) ? ports::CriNamespace::Node : ports::CriNamespace::Pod;
    config.pid = pidMode(pod);
    config.ipc = pod.at("spec", "hostIPC").asBool() ? ports::CriNamespace::Node : ports::CriNamespace::Pod;
    for (const Value& item : pod.at("spec", "securityContext", "sysctls").items())
        config.sysctls[item["name"].text()] = item["value"].text();
    const auto addPorts = [&](const Value& container) {
        for (const Value& port : container["ports"].items()) {
            if (port["hostPort"].asInt() == 0) continue;
            ports::CriPortMapping mapping;
            mapping.protocol = port["protocol"].asString("TCP");
            mapping.containerPort = static_cast<int>(port["containerPort"].asInt());
            mapping.hostPort = static_cast<int>(port["hostPort"].asInt());
            mapping.hostIP = port["hostIP"].text();
            config.ports.push_back(mapping);
        }
    };
    if (!isHostNetwork(pod)) {
        for (const Value& container : pod.at("spec", "initContainers").items())
            if (isSidecar(container)) addPorts(container);
        for (const Value& container : pod.at("spec", "containers").items()) addPorts(container);
    }
    return config;
}

// Source: kuberuntime_container_linux.go, calculateLinuxResources; cm/helpers_linux.go.
ports::CriResources containerResources(Core& core, const Value& pod, const Value& container) {
    ports::CriResources out;
    const api::Quantity limit = api::Quantity::of(container.at("resources", "limits", "cpu").asString());
    const Value& asked = container.at("resources", "requests", "cpu");
    const api::Quantity request = asked.isString() ? api::Quantity::of(asked.asString()) : limit;
    out.cpuShares = std::max<std::int64_t>(2, request.milliValue() * 1024 / 1000);
    if (!limit.isZero()) {
        out.cpuPeriod = 100'000;
        out.cpuQuota = std::max<std::int64_t>(1000, limit.milliValue() * 100);
    }
    out.memoryLimit = api::Quantity::of(container.at("resources", "limits", "memory").asString()).value();
    const std::string qos = qosClass(pod);
    if (qos == "Guaranteed") {
        out.oomScoreAdj = -997;
    } else if (qos == "BestEffort") {
        out.oomScoreAdj = 1000;
    } else {
        const std::int64_t memory = api::Quantity::of(container.at("resources", "requests", "memory").asString()).value();
        const std::int64_t capacity = std::max<std::int64_t>(1, core.node->memoryCapacity());
        out.oomScoreAdj = std::clamp<std::int64_t>(1000 - 1000 * (memory / 1024) / (capacity / 1024), 3, 999);
    }
    return out;
}

sim::Task<base::Result<ports::CriContainerConfig>> containerConfig(Core& core, Value pod, Value container,
                                                                   std::uint32_t attempt, std::string podIP,
                                                                   std::string imageRef,
                                                                   std::string targetContainer) {
    auto env = co_await makeEnvironment(core, pod, container, podIP);
    if (!env.ok()) co_return std::move(env).error();
    auto runtime = core.runtime();
    if (!runtime.ok()) co_return base::makeError(ports::criErrorText(runtime.error()));
    auto image = co_await (*runtime)->imageStatus(imageRef);
    const Value security = effectiveSecurity(pod, container);
    if (image.ok() && image->has_value()) {
        BASE_CO_CHECK(verifyNonRoot(pod, container, security, **image));
    }
    ports::CriContainerConfig config;
    config.name = container["name"].text();
    config.attempt = attempt;
    config.image = container["image"].text();
    config.imageRef = imageRef;
    for (const Value& word : container["command"].items()) config.command.push_back(expandVariables(word.asString(), *env));
    for (const Value& word : container["args"].items()) config.args.push_back(expandVariables(word.asString(), *env));
    config.workingDir = container["workingDir"].text();
    config.env = *env;
    BASE_CO_CHECK(addMounts(core, pod, container, *env, config));
    addManagedFiles(core, pod, container, podIP, config);
    config.labels = {{ports::kContainerNameLabel, config.name},
                     {ports::kPodNameLabel, api::nameOf(pod)},
                     {ports::kPodNamespaceLabel, api::namespaceOf(pod)},
                     {ports::kPodUidLabel, api::uidOf(pod)}};
    config.annotations = {{"io.kubernetes.container.hash", containerHash(container)},
                          {"io.kubernetes.container.restartCount", std::to_string(attempt)},
                          {"io.kubernetes.container.terminationMessagePath", container["terminationMessagePath"].text()},
                          {"io.kubernetes.container.terminationMessagePolicy", container["terminationMessagePolicy"].text()},
                          {"io.kubernetes.pod.terminationGracePeriod", std::to_string(terminationGrace(pod))}};
    config.logPath = config.name + "/" + std::to_string(attempt) + ".log";
    (void)core.files().makeDirectories(podLogDirectory(pod) + "/" + config.name, 0755);
    config.input = container["stdin"].asBool();
    config.inputOnce = container["stdinOnce"].asBool();
    config.tty = container["tty"].asBool();
    config.resources = containerResources(core, pod, container);
    config.stopSignal = container["lifecycle"]["stopSignal"].text();
    ports::CriSecurity& out = config.security;
    if (security["runAsUser"].isInt()) out.runAsUser = security["runAsUser"].asInt();
    if (security["runAsGroup"].isInt()) out.runAsGroup = security["runAsGroup"].asInt();
    for (const Value& group : pod.at("spec", "securityContext", "supplementalGroups").items())
        out.supplementalGroups.push_back(group.asInt());
    if (pod.at("spec", "securityContext", "fsGroup").isInt())
        out.supplementalGroups.push_back(pod.at("spec", "securityContext", "fsGroup").asInt());
    out.privileged = security["privileged"].asBool();
    out.readOnlyRoot = security["readOnlyRootFilesystem"].asBool();
    out.noNewPrivileges = !security["allowPrivilegeEscalation"].asBool(true);
    out.addCapabilities = capabilityList(security["capabilities"]["add"]);
    out.dropCapabilities = capabilityList(security["capabilities"]["drop"]);
    out.network = isHostNetwork(pod) ? ports::CriNamespace::Node : ports::CriNamespace::Pod;
    out.pid = pidMode(pod);
    if (!targetContainer.empty() && out.pid == ports::CriNamespace::Container) {
        out.pid = ports::CriNamespace::Target;
        out.targetContainer = targetContainer;
    }
    co_return config;
}

} // namespace kubelet
