// Warnings that go with an accepted object. Source: pkg/api/{pod,service,job,node,persistentvolume,
// persistentvolumeclaim}/warnings.go and the strategies under pkg/registry.
#include "api/validation.h"

#include "api/names.h"
#include "api/quantity.h"
#include "api/validation/pod.h"
#include "base/strings.h"

#include <deque>
#include <map>
#include <set>

namespace api::validation {
namespace {

class Warnings {
public:
    std::vector<std::string> list;

    void add(const Path& path, const std::string& text) { list.push_back(path.text() + ": " + text); }

    void fractional(const Value& amounts, const char* resource, const Path& path) {
        const Value& amount = amounts[resource];
        if (amount.isNull()) return;
        const Quantity quantity = Quantity::ofValue(amount);
        if (quantity.milliValue() % 1000 != 0)
            add(path.key(resource), "fractional byte value " + base::quoteGo(quantity.text()) +
                                        " is invalid, must be an integer");
    }

    void podName(const Value& meta, const char* what) {
        const Problems problems = checkDns1123Label(meta["name"].asString());
        if (problems.empty()) return;
        list.push_back(std::string("metadata.name: this is used in ") + what +
                       ", which can result in surprising behavior; a DNS label is recommended: [" +
                       base::join(problems, " ") + "]");
    }

    // `root` is empty for a pod and the path of the template otherwise.
    void pod(const Value& meta, const Value& spec, const Path& root) {
        const Path at = root.child("spec");
        nodeLabels(spec, at);
        topology(spec["topologySpreadConstraints"], at.child("topologySpreadConstraints"));
        annotations(meta["annotations"], root.child("metadata", "annotations"));
        const Value &volumes = spec["volumes"], &pullSecrets = spec["imagePullSecrets"];
        for (std::size_t i = 0; i < volumes.size(); ++i) volume(volumes[i], at.child("volumes").index(i));
        for (const Value& item : volumes.items()) overlaps(item);
        duplicates(spec["hostAliases"], "ip", at.child("hostAliases"));
        duplicates(pullSecrets, "name", at.child("imagePullSecrets"));
        for (std::size_t i = 0; i < pullSecrets.size(); ++i)
            if (pullSecrets[i]["name"].isEmpty())
                add(at.child("imagePullSecrets").index(i).child("name"), "invalid empty name \"\"");
        for (const char* resource : {"memory", "ephemeral-storage"})
            fractional(spec["overhead"], resource, at.child("overhead"));
        profiles(meta["annotations"], spec, root);
        visitContainers(spec, at, [&](const Value& container, const Path& path) {
            this->container(meta["annotations"], spec, container, path, root);
        });
        ports(spec, at);
        const Value& grace = spec["terminationGracePeriodSeconds"];
        if (!grace.isNull() && grace.asInt() < 0)
            add(at.child("terminationGracePeriodSeconds"),
                "must be >= 0; negative values are invalid and will be treated as 1");
        for (const char* kind : {"podAffinity", "podAntiAffinity"})
            affinity(spec["affinity"][kind], at.child("affinity", kind));
    }

    void claimSpec(const Value& spec, const Path& path) {
        for (const char* list : {"requests", "limits"})
            fractional(spec["resources"][list], "storage", path.child("resources", list));
    }

    void service(const Value& object) {
        const Value& spec = object["spec"];
        const std::string_view type = spec["type"].asString();
        if (object["metadata"]["annotations"].has("service.kubernetes.io/topology-aware-hints"))
            list.push_back("annotation service.kubernetes.io/topology-aware-hints is deprecated, please "
                           "use service.kubernetes.io/topology-mode instead");
        if (type == "ClusterIP" && spec["clusterIP"].asString() == "None") {
            if (!spec["loadBalancerIP"].isEmpty())
                list.push_back("spec.loadBalancerIP is ignored for headless services");
            if (spec["externalIPs"].size() > 0)
                list.push_back("spec.externalIPs is ignored for headless services");
            if (spec["sessionAffinity"].asString() != "None")
                list.push_back("spec.SessionAffinity is ignored for headless services");
        }
        if (type == "ExternalName" && spec["externalIPs"].size() > 0)
            list.push_back("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
        if (type != "ExternalName" && !spec["externalName"].isEmpty())
            list.push_back("spec.externalName is ignored when spec.type is not \"ExternalName\"");
        if (spec["trafficDistribution"].asString() == "PreferClose")
            list.push_back("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
    }

    void job(const Value& spec, const Path& path) {
        if (spec["completionMode"].asString() == "Indexed" && spec["completions"].asInt() > 100000 &&
            spec["parallelism"].asInt() > 10000)
            add(path, "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism "
                      "higher than 10^4, Kubernetes might not be able to track completedIndexes when a "
                      "big number of indexes fail");
        podTemplate(spec["template"], path.child("template"));
    }
    void podTemplate(const Value& body, const Path& path) { pod(body["metadata"], body["spec"], path); }

    void persistentVolume(const Value& object) {
        const Value& notes = object["metadata"]["annotations"];
        const Path at = Path("metadata").child("annotations");
        if (notes.has("volume.beta.kubernetes.io/storage-class"))
            add(at.key("volume.beta.kubernetes.io/storage-class"),
                "deprecated since v1.8; use \"storageClassName\" attribute instead");
        if (notes.has("volume.beta.kubernetes.io/mount-options"))
            add(at.key("volume.beta.kubernetes.io/mount-options"),
                "deprecated since v1.31; use \"mountOptions\" attribute instead");
        if (object["spec"]["persistentVolumeReclaimPolicy"].asString() == "Recycle")
            add(Path("spec").child("persistentVolumeReclaimPolicy"),
                "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use "
                "dynamic provisioning.");
        const Path affinity = Path("spec").child("nodeAffinity", "required", "nodeSelectorTerms");
        const Value& terms = object["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"];
        for (std::size_t i = 0; i < terms.size(); ++i) nodeTerm(terms[i], affinity.index(i));
    }

private:
    static const char* oldLabel(std::string_view key) {
        static constexpr std::pair<std::string_view, const char*> kOld[] = {
            {"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
            {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
            {"failure-domain.beta.kubernetes.io/region",
             "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
            {"failure-domain.beta.kubernetes.io/zone",
             "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
            {"beta.kubernetes.io/instance-type",
             "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
            {"app.kubernetes.io/created-by", "deprecated since v1.9"},
            {"scheduler.alpha.kubernetes.io/preferAvoidPods",
             "deprecated since v1.22; use Taints and Tolerations instead"},
        };
        for (const auto& [name, text] : kOld)
            if (name == key) return text;
        return nullptr;
    }

    void nodeLabels(const Value& spec, const Path& at) {
        for (const Member& label : spec["nodeSelector"].members())
            if (const char* text = oldLabel(label.key.view()))
                add(at.child("nodeSelector").key(label.key.view()), text);
        const Value& affinity = spec["affinity"]["nodeAffinity"];
        if (affinity.isNull()) return;
        const Path path = at.child("affinity", "nodeAffinity");
        const Value& required = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
        const Path requiredPath =
            path.child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms");
        for (std::size_t i = 0; i < required.size(); ++i)
            nodeTerm(required[i], requiredPath.index(i));
        const char* preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        for (std::size_t i = 0; i < affinity[preferred].size(); ++i)
            nodeTerm(affinity[preferred][i]["preference"],
                     path.child(preferred).index(i).child("preference"));
    }
    void nodeTerm(const Value& term, const Path& path) {
        const Value& expressions = term["matchExpressions"];
        for (std::size_t i = 0; i < expressions.size(); ++i) {
            const std::string key = expressions[i]["key"].text();
            if (const char* text = oldLabel(key))
                add(path.child("matchExpressions").index(i).child("key"), key + " is " + text);
        }
    }
    void topology(const Value& constraints, const Path& path) {
        for (std::size_t i = 0; i < constraints.size(); ++i) {
            const std::string key = constraints[i]["topologyKey"].text();
            if (const char* text = oldLabel(key))
                add(path.index(i).child("topologyKey"), key + " is " + text);
            if (constraints[i]["labelSelector"].isNull())
                add(path.index(i).child("labelSelector"), "a null labelSelector results in matching no pod");
        }
    }
    void annotations(const Value& notes, const Path& path) {
        static constexpr std::pair<const char*, const char*> kOld[] = {
            {"scheduler.alpha.kubernetes.io/critical-pod",
             "non-functional in v1.16+; use the \"priorityClassName\" field instead"},
            {"security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
            {"security.alpha.kubernetes.io/unsafe-sysctls",
             "non-functional in v1.11+; use the \"sysctls\" field instead"},
        };
        if (notes.size() == 0) return;
        for (const auto& [key, text] : kOld)
            if (notes.has(key)) add(path.key(key), text);
    }
    void volume(const Value& volume, const Path& path) {
        static constexpr std::pair<std::string_view, const char*> kOld[] = {
            {"photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
            {"gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"},
            {"scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
            {"flocker", "deprecated in v1.22, non-functional in v1.25+"},
            {"storageos", "deprecated in v1.22, non-functional in v1.25+"},
            {"quobyte", "deprecated in v1.22, non-functional in v1.25+"},
            {"glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
            {"cephfs", "deprecated in v1.28, non-functional in v1.31+"},
            {"rbd", "deprecated in v1.28, non-functional in v1.31+"},
        };
        for (const auto& [name, text] : kOld)
            if (!volume[name].isNull())
                add(path.child(std::string_view(name == "storageos" ? "storageOS" : name)), text);
        const Value& claim = volume["ephemeral"]["volumeClaimTemplate"];
        if (!claim.isNull())
            claimSpec(claim["spec"], path.child("ephemeral", "volumeClaimTemplate", "spec"));
    }

    // Where a file of a volume comes from, as warnings name it.
    struct Origin {
        std::string_view kind;
        const Value* name = nullptr; // of kinds that have names
        std::string text() const {
            std::string out(kind);
            if (name != nullptr) out.append(" ").append(base::quoteGo(name->asString()));
            return out;
        }
    };
    struct Target {
        std::string_view path;
        const Origin* origin; // null: the whole volume comes from there
        std::string text() const {
            return base::quoteGo(path) + (origin == nullptr ? std::string() : " (" + origin->text() + ")");
        }
    };
    using Targets = std::vector<Target>;

    // Files of one volume that hide each other.
    void overlaps(const Value& volume) {
        const auto alone = [&](const Value& items, const Origin& origin) {
            if (items.size() < 2) return;
            Targets known;
            for (const Value& item : items.items()) meet(known, {item["path"].asString(), nullptr}, volume, origin);
        };
        const Value &map = volume["configMap"], &secret = volume["secret"];
        alone(map["items"], {"ConfigMap", &map["name"]});
        alone(secret["items"], {"Secret", &secret["secretName"]});
        alone(volume["downwardAPI"]["items"], {"DownwardAPI"});
        projected(volume);
    }
    void projected(const Value& volume) {
        const auto sources = volume["projected"]["sources"].items();
        std::deque<Origin> origins; // stay where they are
        Targets known;
        for (const Value& source : sources) {
            if (source.size() == 0) {
                list.push_back("volume " + base::quoteGo(volume["name"].asString()) + " (Projected) has no sources provided");
                continue;
            }
            const auto meets = [&](const Value& item, const Origin& origin) {
                meet(known, {item["path"].asString(), &origin}, volume, {"Projected"});
            };
            const auto each = [&](const Value& from, const Origin& origin) {
                const Origin& kept = origins.emplace_back(origin);
                for (const Value& item : from["items"].items()) meets(item, kept);
            };
            if (const Value& map = source["configMap"]; !map.isNull()) each(map, {"ConfigMap", &map["name"]});
            if (const Value& secret = source["secret"]; !secret.isNull()) each(secret, {"Secret", &secret["name"]});
            if (const Value& fields = source["downwardAPI"]; !fields.isNull()) each(fields, {"DownwardAPI"});
            static constexpr Origin kToken{"ServiceAccountToken"};
            if (const Value& token = source["serviceAccountToken"]; !token.isNull()) meets(token, kToken);
        }
    }
    void meet(Targets& known, Target target, const Value& volume, const Origin& whole) {
        while (target.path.ends_with('/')) target.path.remove_suffix(1);
        const auto inside = [](std::string_view inner, std::string_view outer) {
            return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
        };
        if (target.path.empty()) return;
        for (const Target& other : known)
            if (inside(target.path, other.path) || inside(other.path, target.path))
                list.push_back("volume " + base::quoteGo(volume["name"].asString()) + " (" + whole.text() +
                               "): overlapping paths: " + target.text() + " with " + other.text());
        known.push_back(target);
    }

    void duplicates(const Value& items, const char* field, const Path& path) {
        std::set<std::string> seen;
        for (std::size_t i = 0; i < items.size(); ++i)
            if (const std::string name = items[i][field].text(); !seen.insert(name).second)
                add(path.index(i).child(field),
                    std::string("duplicate ") + field + " " + base::quoteGo(name));
    }
    void profiles(const Value& notes, const Value& spec, const Path& root) {
        const char* key = "seccomp.security.alpha.kubernetes.io/pod";
        if (spec["securityContext"]["seccompProfile"].isNull() && notes.has(key))
            add(root.child("metadata", "annotations").key(key),
                "non-functional in v1.27+; use the \"seccompProfile\" field instead");
    }
    void oldProfiles(const Value& notes, const Value& spec, const Value& container, const Path& root) {
        const std::string name = container["name"].text();
        const std::string seccomp = "container.seccomp.security.alpha.kubernetes.io/" + name;
        const Path at = root.child("metadata", "annotations");
        if (container["securityContext"]["seccompProfile"].isNull() && notes.has(seccomp))
            add(at.key(seccomp), "non-functional in v1.27+; use the \"seccompProfile\" field instead");
        const std::string armor = "container.apparmor.security.beta.kubernetes.io/" + name;
        // Pods themselves are told when the annotation becomes a field.
        if (!root.empty() && container["securityContext"]["appArmorProfile"].isNull() && notes.has(armor) &&
            spec["securityContext"]["appArmorProfile"].isNull())
            add(at.key(armor), "deprecated since v1.30; use the \"appArmorProfile\" field instead");
    }
    void container(const Value& notes, const Value& spec, const Value& container, const Path& path,
                   const Path& root) {
        if (notes.size() > 0) oldProfiles(notes, spec, container, root);
        const Value& resources = container["resources"];
        for (const char* resource : {"memory", "ephemeral-storage"})
            for (const char* list : {"limits", "requests"})
                if (const Value& amounts = resources[list]; amounts.size() > 0)
                    fractional(amounts, resource, path.child("resources", list));
        environment(container["env"], path.child("env"));
    }
    void environment(const Value& env, const Path& path) {
        std::set<std::string> seen;
        for (std::size_t i = 0; i < env.size(); ++i) {
            const std::string name = env[i]["name"].text(), value = env[i]["value"].text();
            if (seen.insert(name).second) continue;
            const std::string reference = "$(" + name + ")";
            if (!env[i]["valueFrom"].isNull() || value == reference ||
                value.find(reference) == std::string::npos)
                add(path.index(i), "hides previous definition of " + base::quoteGo(name) +
                                       ", which may be dropped when using apply");
        }
    }
    void ports(const Value& spec, const Path& at) {
        struct Known {
            Path path;
            std::string ip;
            std::int64_t hostPort;
        };
        std::map<std::pair<std::int64_t, std::string>, std::vector<Known>> all;
        std::map<std::string, Path> names;
        std::vector<std::string> later;
        visitContainers(spec, at, [&](const Value& container, const Path& path) {
            for (std::size_t i = 0; i < container["ports"].size(); ++i) {
                const Value& port = container["ports"][i];
                const Path here = path.child("ports").index(i);
                const Known known{here, port["hostIP"].text(), port["hostPort"].asInt()};
                const std::string name = port["name"].text();
                if (!known.ip.empty() && known.hostPort == 0)
                    add(here, "hostIP set without hostPort: {Name:" + name + " HostPort:0 ContainerPort:" +
                                  std::to_string(port["containerPort"].asInt()) + " Protocol:" +
                                  port["protocol"].text() + " HostIP:" + known.ip + "}");
                auto& others = all[{port["containerPort"].asInt(), port["protocol"].text()}];
                for (const Known& other : others) {
                    if (known.ip == other.ip && known.hostPort == other.hostPort)
                        add(here, "duplicate port definition with " + other.path.text());
                    else if (known.hostPort == 0 || other.hostPort == 0)
                        add(here, "overlapping port definition with " + other.path.text());
                    else if (known.hostPort == other.hostPort && known.ip.empty() != other.ip.empty())
                        add(here, "dangerously ambiguous port definition with " + other.path.text());
                }
                others.push_back(known);
                if (name.empty()) continue;
                if (const auto [found, fresh] = names.emplace(name, here); !fresh)
                    later.push_back(here.text() + ": duplicate port name " + base::quoteGo(name) + " with " +
                                    found->second.text() + ", services and probes that select ports by "
                                    "name will use " + found->second.text());
            }
        });
        list.insert(list.end(), later.begin(), later.end());
    }
    void affinity(const Value& affinity, const Path& path) {
        const char* required = "requiredDuringSchedulingIgnoredDuringExecution";
        const char* preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        const char* text = "a null labelSelector results in matching no pod";
        for (std::size_t i = 0; i < affinity[required].size(); ++i)
            if (affinity[required][i]["labelSelector"].isNull())
                add(path.child(required).index(i).child("labelSelector"), text);
        for (std::size_t i = 0; i < affinity[preferred].size(); ++i)
            if (affinity[preferred][i]["podAffinityTerm"]["labelSelector"].isNull())
                add(path.child(preferred).index(i).child("podAffinityTerm", "labelSelector"), text);
    }
};

} // namespace
} // namespace api::validation

namespace api {

using document::Value;

namespace {

void workload(validation::Warnings& out, std::string_view kind, const Value& object, bool create) {
    const validation::Path spec("spec");
    if (kind == "CronJob") {
        if (create) out.podName(object["metadata"], "Pod names and hostnames");
        return out.job(object["spec"]["jobTemplate"]["spec"], spec.child("jobTemplate", "spec"));
    }
    if (create && (kind == "Deployment" || kind == "Job" || kind == "ReplicaSet" ||
                   kind == "ReplicationController"))
        out.podName(object["metadata"], "Pod names and hostnames");
    if (kind == "Job") return out.job(object["spec"], spec);
    out.podTemplate(object["spec"]["template"], spec.child("template"));
    if (kind != "StatefulSet") return;
    const Value& claims = object["spec"]["volumeClaimTemplates"];
    for (std::size_t i = 0; i < claims.size(); ++i)
        out.claimSpec(claims[i]["spec"], spec.child("volumeClaimTemplates").index(i));
    const Value& history = object["spec"]["revisionHistoryLimit"];
    if (!history.isNull() && history.asInt() < 0)
        out.list.push_back("spec.revisionHistoryLimit: a negative value retains all historical revisions; "
                           "a value >= 0 is recommended");
}

} // namespace

std::vector<std::string> warningsFor(const ResourceInfo& resource, const Value& object, const Value& old) {
    if (resource.custom) return {};
    validation::Warnings out;
    const std::string_view kind = resource.kind;
    const bool create = old.isNull();
    if (kind == "Pod") {
        if (create) out.podName(object["metadata"], "the Pod's hostname");
        out.pod(object["metadata"], object["spec"], validation::Path());
    } else if (kind == "Service") {
        out.service(object);
    } else if (kind == "PersistentVolume") {
        out.persistentVolume(object);
    } else if (kind == "PersistentVolumeClaim") {
        if (object["metadata"]["annotations"].has("volume.beta.kubernetes.io/storage-class"))
            out.add(validation::Path("metadata").child("annotations").key("volume.beta.kubernetes.io/storage-class"),
                    "deprecated since v1.8; use \"storageClassName\" attribute instead");
        out.claimSpec(object["spec"], validation::Path("spec"));
    } else if (kind == "Ingress") {
        if (create && object["metadata"]["annotations"].has("kubernetes.io/ingress.class") &&
            object["spec"]["ingressClassName"].isNull())
            out.list.push_back("annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
                               "'spec.ingressClassName' instead");
    } else if (kind == "Deployment" || kind == "ReplicaSet" || kind == "DaemonSet" ||
               kind == "StatefulSet" || kind == "Job" || kind == "CronJob" ||
               kind == "ReplicationController") {
        // An update that leaves the specification alone repeats nothing.
        if (create || !(object["spec"] == old["spec"])) workload(out, kind, object, create);
    } else if (kind == "PodTemplate") {
        out.podTemplate(object["template"], validation::Path("template"));
    }
    return std::move(out.list);
}

} // namespace api
