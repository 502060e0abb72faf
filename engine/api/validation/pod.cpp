// Source: pkg/apis/core/validation ValidatePodSpec, ValidatePodTemplateSpec.
#include "api/validation/pod.h"

#include "base/strings.h"

namespace api::validation {
namespace {

void validateResourceClaims(Errors& errors, const Value& claims, const PodOptions& options, const Path& path) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const Value& claim = claims[i];
        const Path at = path.index(i);
        if (options.mirror) {
            errors.forbidden(Path(), "static pods do not support resource claims");
            continue;
        }
        const std::string name = claim["name"].text();
        if (name.empty()) errors.required(at.child("name"));
        else if (names.count(name) > 0) errors.duplicate(at.child("name"), name);
        else {
            validateDnsLabelName(errors, name, at.child("name"));
            names.insert(name);
        }
        const Value& direct = claim["resourceClaimName"];
        const Value& tmpl = claim["resourceClaimTemplateName"];
        if (!direct.isNull() && !tmpl.isNull())
            errors.invalidText(at, internalJson("PodResourceClaim", claim),
                               "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
        if (direct.isNull() && tmpl.isNull())
            errors.invalidText(at, internalJson("PodResourceClaim", claim),
                               "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
        if (!direct.isNull()) validateDnsSubdomainName(errors, direct.asString(), at.child("resourceClaimName"));
        if (!tmpl.isNull()) validateDnsSubdomainName(errors, tmpl.asString(), at.child("resourceClaimTemplateName"));
    }
}

void validateDnsConfig(Errors& errors, const Value& config, std::string_view policy, const Path& path) {
    const Value& servers = config["nameservers"];
    if (policy == "None") {
        if (config.isNull()) {
            errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if (servers.size() == 0) {
            errors.required(path.child("nameservers"),
                            "must provide at least one DNS nameserver when `dnsPolicy` is None");
            return;
        }
    }
    if (config.isNull()) return;
    if (servers.size() > 3)
        errors.invalid(path.child("nameservers"), servers, "must not have more than 3 nameservers");
    for (std::size_t i = 0; i < servers.size(); ++i)
        validateLegacyIp(errors, servers[i], path.child("nameservers").index(i));
    const Value& searches = config["searches"];
    if (searches.size() > 32)
        errors.invalid(path.child("searches"), searches, "must not have more than 32 search paths");
    std::size_t length = searches.size();
    for (const Value& search : searches.items()) length += search.asString().size();
    if (length > 2049)
        errors.invalid(path.child("searches"), searches,
                       "must not have more than 2048 characters (including spaces) in the search list");
    for (std::size_t i = 0; i < searches.size(); ++i) {
        std::string_view search = searches[i].asString();
        if (search == ".") continue;
        if (!search.empty() && search.back() == '.') search.remove_suffix(1);
        errors.invalidEach(path.child("searches").index(i), search, checkDns1123SubdomainUnderscore(search));
    }
    const Value& options = config["options"];
    for (std::size_t i = 0; i < options.size(); ++i)
        if (options[i]["name"].isEmpty()) errors.required(path.child("options").index(i), "must not be empty");
}

void validateHostNetworkPorts(Errors& errors, const Value& spec, bool isPod, const Path& path) {
    if (!spec["hostNetwork"].asBool()) return;
    for (std::size_t i = 0; i < spec["containers"].size(); ++i) {
        const Value& ports = spec["containers"][i]["ports"];
        for (std::size_t p = 0; p < ports.size(); ++p) {
            const std::int64_t host = ports[p]["hostPort"].asInt();
            if ((isPod || host != 0) && host != ports[p]["containerPort"].asInt())
                errors.invalid(path.child("containers").index(i).child("ports").index(p).child("hostPort"), host,
                               "must match `containerPort` when `hostNetwork` is true");
        }
    }
}

void validateHostUsers(Errors& errors, const Value& spec, const Path& path) {
    if (!spec["hostUsers"].isBool() || spec["hostUsers"].asBool()) return;
    constexpr std::string_view kText = "when `hostUsers` is false";
    if (spec["hostNetwork"].asBool()) errors.forbidden(path.child("hostNetwork"), kText);
    if (spec["hostPID"].asBool()) errors.forbidden(path.child("HostPID"), kText);
    if (spec["hostIPC"].asBool()) errors.forbidden(path.child("HostIPC"), kText);
    visitContainers(spec, path, [&](const Value& container, const Path& at) {
        if (container["volumeDevices"].size() > 0) errors.forbidden(at.child("volumeDevices"), kText);
    });
}

void validateHostname(Errors& errors, const Value& spec, const Path& path) {
    const Value& name = spec["hostnameOverride"];
    if (name.isNull()) return;
    const Path at = path.child("hostnameOverride");
    if (spec["setHostnameAsFQDN"].asBool())
        errors.forbidden(at, "may not be specified when setHostnameAsFQDN is true");
    if (spec["hostNetwork"].asBool()) errors.forbidden(at, "may not be specified when hostNetwork is true");
    if (name.asString().size() > 64) errors.tooLong(at, 64);
    validateDnsSubdomainName(errors, name.asString(), at);
}

void validateFileKeyVolumes(Errors& errors, const Value& spec, const Path& path) {
    visitContainers(spec, path, [&](const Value& container, const Path& at) {
        const Value& env = container["env"];
        for (std::size_t i = 0; i < env.size(); ++i) {
            const Value& ref = env[i]["valueFrom"]["fileKeyRef"];
            if (ref.isNull()) continue;
            const Path place = at.child("env").index(i).child("valueFrom", "fileKeyRef", "volumeName");
            const Value* found = nullptr;
            for (const Value& volume : spec["volumes"].items())
                if (volume["name"] == ref["volumeName"]) found = &volume;
            if (found == nullptr) errors.notFound(place, ref["volumeName"].asString());
            else if ((*found)["emptyDir"].isNull())
                errors.invalid(place, ref["volumeName"], "referenced volume must be of type emptyDir");
        }
    });
}

void validateEnum(Errors& errors, const Value& value, const Path& path,
                  std::initializer_list<std::string_view> allowed) {
    if (value.isEmpty()) errors.required(path);
    else if (!contains(allowed, value.asString())) errors.notSupported(path, value, allowed);
}

void validateGates(Errors& errors, const Value& spec, const Path& path) {
    const Value& readiness = spec["readinessGates"];
    for (std::size_t i = 0; i < readiness.size(); ++i)
        validateQualifiedName(errors, readiness[i]["conditionType"].asString(),
                              path.child("readinessGates").index(i).child("conditionType"));
    std::set<std::string> seen;
    const Value& gates = spec["schedulingGates"];
    for (std::size_t i = 0; i < gates.size(); ++i) {
        const Path at = path.child("schedulingGates").index(i);
        const std::string name = gates[i]["name"].text();
        validateQualifiedName(errors, name, at);
        if (!seen.insert(name).second) errors.duplicate(at, name);
    }
}

void validateSpecNames(Errors& errors, const Value& spec, const Path& path) {
    const auto subdomain = [&](const char* field) {
        const std::string_view name = spec[field].asString();
        if (!name.empty()) validateDnsSubdomainName(errors, name, path.child(field));
    };
    subdomain("serviceAccountName");
    subdomain("nodeName");
    if (const Value& deadline = spec["activeDeadlineSeconds"]; !deadline.isNull())
        if (deadline.asInt() < 1 || deadline.asInt() > 2147483647)
            errors.invalid(path.child("activeDeadlineSeconds"), deadline, rangeText(1, 2147483647));
    for (const char* field : {"hostname", "subdomain"})
        if (!spec[field].isEmpty()) validateDnsLabelName(errors, spec[field].asString(), path.child(field));
    validateTolerations(errors, spec["tolerations"], path.child("tolerations"));
    const Value& aliases = spec["hostAliases"];
    for (std::size_t i = 0; i < aliases.size(); ++i) {
        const Path at = path.child("hostAliases").index(i);
        validateLegacyIp(errors, aliases[i]["ip"], at.child("ip"));
        for (std::size_t n = 0; n < aliases[i]["hostnames"].size(); ++n)
            validateDnsSubdomainName(errors, aliases[i]["hostnames"][n].asString(),
                                     at.child("hostnames").index(n));
    }
    subdomain("priorityClassName");
    if (!spec["runtimeClassName"].isNull())
        validateDnsSubdomainName(errors, spec["runtimeClassName"].asString(), path.child("runtimeClassName"));
    if (!spec["preemptionPolicy"].isNull())
        validateEnum(errors, spec["preemptionPolicy"], path.child("preemptionPolicy"),
                     {"PreemptLowerPriority", "Never"});
    for (const Member& overhead : spec["overhead"].members()) {
        const Path at = path.child("overhead").child("limits").key(overhead.key.view());
        validateContainerResourceName(errors, overhead.key.view(), at);
        validateResourceQuantity(errors, overhead.key.view(), overhead.value, at);
    }
}

} // namespace

void validatePodSpec(Errors& errors, const Value& spec, const Path& path, const PodOptions& options) {
    PodContext context{options, spec, {}, {}, spec["terminationGracePeriodSeconds"],
                       spec["restartPolicy"].text(), spec["hostUsers"].asBool(true),
                       spec["os"]["name"].text()};
    if (context.gracePeriod.isNull()) errors.required(path.child("terminationGracePeriodSeconds"));
    context.volumes = validateVolumes(errors, spec["volumes"], path.child("volumes"), options);
    for (const Value& claim : spec["resourceClaims"].items())
        if (!claim["name"].isEmpty()) context.claimNames.insert(claim["name"].text());
    validateResourceClaims(errors, spec["resourceClaims"], options, path.child("resourceClaims"));
    validateContainers(errors, context, path.child("containers"));
    validateInitContainers(errors, context, path.child("initContainers"));
    validateEphemeralContainers(errors, context, path.child("ephemeralContainers"));
    validatePodResources(errors, spec, path);
    validateHostNetworkPorts(errors, spec, options.isPod, path);
    validateEnum(errors, spec["restartPolicy"], path.child("restartPolicy"), {"Always", "OnFailure", "Never"});
    validateEnum(errors, spec["dnsPolicy"], path.child("dnsPolicy"),
                 {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"});
    validateLabels(errors, spec["nodeSelector"], path.child("nodeSelector"));
    validatePodSecurityContext(errors, spec["securityContext"], spec, path.child("securityContext"));
    validateAffinity(errors, spec["affinity"], path.child("affinity"));
    validateDnsConfig(errors, spec["dnsConfig"], spec["dnsPolicy"].asString(), path.child("dnsConfig"));
    validateGates(errors, spec, path);
    validateTopologySpread(errors, spec["topologySpreadConstraints"], path.child("topologySpreadConstraints"));
    validateHostProcess(errors, spec, path);
    validateHostUsers(errors, spec, path);
    validateHostname(errors, spec, path);
    validateSpecNames(errors, spec, path);
    validateOsRules(errors, spec, path);
    validateFileKeyVolumes(errors, spec, path);
}

void validatePodAnnotations(Errors& errors, const Value& annotations, const Value& spec, const Path& path) {
    constexpr const char* kMirror = "kubernetes.io/config.mirror";
    if (annotations.has(kMirror) && spec["nodeName"].isEmpty())
        errors.invalid(path.key(kMirror), annotations[kMirror],
                       "must set spec.nodeName if mirror pod annotation is set");
    constexpr const char* kCost = "controller.kubernetes.io/pod-deletion-cost";
    if (annotations.has(kCost)) {
        const std::string_view text = annotations[kCost].asString();
        const auto cost = base::parseInt(text);
        const bool plain = cost && *cost >= -2147483648LL && *cost <= 2147483647 &&
                           (text.empty() || text[0] != '+') && (text.size() < 2 || text[0] != '0');
        if (!plain) errors.invalid(path.key(kCost), annotations[kCost], "must be a 32bit integer");
    }
}

void validatePodTemplateSpec(Errors& errors, const Value& tmpl, const Path& path) {
    const Value& meta = tmpl["metadata"];
    validateLabels(errors, meta["labels"], path.child("labels"));
    validateAnnotations(errors, meta["annotations"], path.child("annotations"));
    validatePodAnnotations(errors, meta["annotations"], tmpl["spec"], path.child("annotations"));
    validatePodSpec(errors, tmpl["spec"], path.child("spec"), {});
    if (tmpl["spec"]["ephemeralContainers"].size() > 0)
        errors.forbidden(path.child("spec", "ephemeralContainers"),
                         "ephemeral containers not allowed in pod template");
}

void validatePodMetadataAndSpec(Errors& errors, const Value& pod) {
    const Path meta("metadata"), spec("spec");
    PodOptions options;
    options.isPod = true;
    options.podName = pod["metadata"]["name"].text();
    options.mirror = pod["metadata"]["annotations"].has("kubernetes.io/config.mirror");
    validateObjectMeta(errors, pod["metadata"], true, nameIsSubdomain, meta);
    validatePodAnnotations(errors, pod["metadata"]["annotations"], pod["spec"], meta.child("annotations"));
    validatePodSpec(errors, pod["spec"], spec, options);
    if (pod["spec"]["serviceAccountName"].isEmpty()) {
        const Value& volumes = pod["spec"]["volumes"];
        for (std::size_t v = 0; v < volumes.size(); ++v) {
            const Value& sources = volumes[v]["projected"]["sources"];
            for (std::size_t s = 0; s < sources.size(); ++s)
                if (!sources[s]["serviceAccountToken"].isNull())
                    errors.forbidden(spec.child("volumes").index(v).child("projected", "sources").index(s)
                                         .child("serviceAccountToken"),
                                     "must not be specified when serviceAccountName is not set");
        }
    }
    for (const char* list : {"containers", "initContainers"}) {
        for (std::size_t i = 0; i < pod["spec"][list].size(); ++i) {
            const std::string_view image = pod["spec"][list][i]["image"].asString();
            if (base::trim(image).size() != image.size())
                errors.invalid(spec.child(list).index(i).child("image"), image,
                               "must not have leading or trailing whitespace");
        }
    }
}

} // namespace api::validation
