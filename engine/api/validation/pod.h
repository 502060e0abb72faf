#pragma once
// Rules of pods and what pods consist of. Internal to api/. Source: pkg/apis/core/validation.

#include "api/validation/field.h"

#include <map>
#include <set>

namespace api::validation {

struct PodOptions {
    bool isPod = false;          // a pod itself, not a template
    std::string podName;         // of a named pod
    bool mirror = false;
};

// What the containers' rules need to know of the pod.
struct PodContext {
    const PodOptions& options;
    const Value& spec;
    std::map<std::string, Value> volumes; // valid ones by name
    std::set<std::string> claimNames;
    Value gracePeriod;
    std::string restartPolicy;
    bool hostUsers = true;
    std::string os; // empty: not set
};

void validatePodSpec(Errors& errors, const Value& spec, const Path& path, const PodOptions& options);
void validatePodTemplateSpec(Errors& errors, const Value& tmpl, const Path& path);
void validatePodAnnotations(Errors& errors, const Value& annotations, const Value& spec, const Path& path);
void validatePodMetadataAndSpec(Errors& errors, const Value& pod);

// pod_volumes.cpp
std::map<std::string, Value> validateVolumes(Errors& errors, const Value& volumes, const Path& path,
                                             const PodOptions& options);
void validateNoBacksteps(Errors& errors, std::string_view text, const Path& path);
void validateDescendingPath(Errors& errors, std::string_view text, const Path& path);
// A volume source of a pod or a PersistentVolume by its field name; false when unknown.
bool validateCommonSource(Errors& errors, std::string_view kind, const Value& source, const Path& path);

// pod_containers.cpp
void validateContainers(Errors& errors, const PodContext& context, const Path& path);
void validateInitContainers(Errors& errors, const PodContext& context, const Path& path);
void validateEphemeralContainers(Errors& errors, const PodContext& context, const Path& path);
void validatePortNumberOrName(Errors& errors, const Value& port, const Path& path);
void validatePullPolicy(Errors& errors, const Value& policy, const Path& path);

// pod_env.cpp
void validateEnv(Errors& errors, const Value& env, const Path& path);
void validateEnvFrom(Errors& errors, const Value& list, const Path& path);
void validateDownwardFile(Errors& errors, const Value& file, const Path& path);

// pod_probes.cpp
enum class ProbeKind { Liveness, Readiness, Startup };
void validateProbe(Errors& errors, const Value& probe, ProbeKind kind, const Path& path);
void validateLifecycle(Errors& errors, const Value& lifecycle, const PodContext& context, const Path& path);

// pod_resources.cpp
void validateContainerResources(Errors& errors, const Value& resources,
                                const std::set<std::string>& claimNames, const Path& path);
void validatePodResources(Errors& errors, const Value& spec, const Path& path);
void validateResourceName(Errors& errors, std::string_view name, const Path& path);
void validateContainerResourceName(Errors& errors, std::string_view name, const Path& path);
void validateResourceQuantity(Errors& errors, std::string_view name, const Value& quantity, const Path& path);
bool isStandardQuotaResource(std::string_view name);
bool isOvercommitAllowed(std::string_view name);
bool isHugePages(std::string_view name);

// pod_scheduling.cpp
void validateAffinity(Errors& errors, const Value& affinity, const Path& path);
void validateNodeSelector(Errors& errors, const Value& selector, const Path& path);
void validateTolerations(Errors& errors, const Value& tolerations, const Path& path);
void validateTaintEffect(Errors& errors, const Value& effect, bool allowEmpty, const Path& path);
void validateTopologySpread(Errors& errors, const Value& constraints, const Path& path);

// pod_security.cpp
void validatePodSecurityContext(Errors& errors, const Value& context, const Value& spec, const Path& path);
void validateSecurityContext(Errors& errors, const Value& context, bool hostUsers, const Path& path);
// pod_windows.cpp
void validateWindowsOptions(Errors& errors, const Value& options, const Path& path);
void validateHostProcess(Errors& errors, const Value& spec, const Path& path);
void validateOsRules(Errors& errors, const Value& spec, const Path& path);

// ip.cpp: IsValidIPForLegacyField and its like.
void validateLegacyIp(Errors& errors, const Value& ip, const Path& path);
void validateLegacyCidr(Errors& errors, const Value& cidr, const Path& path);
void validateEndpointIp(Errors& errors, const Value& ip, const Path& path);

// Calls `visit(container, path)` for init, main and ephemeral containers, as VisitContainersWithPath.
template <typename Visit>
void visitContainers(const Value& spec, const Path& path, Visit visit) {
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
        std::size_t i = 0;
        for (const Value& container : spec[list].items())
            visit(container, path.child(list).index(i++));
    }
}

// An object as Go prints it that has no JSON tags: "internal" types in error texts.
std::string internalJson(std::string_view type, const Value& value);

} // namespace api::validation
