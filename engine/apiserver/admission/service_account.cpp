// Source: kubernetes plugin/pkg/admission/serviceaccount.
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

constexpr const char* kVolumePrefix = "kube-api-access-";
constexpr std::string_view kMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

Value projection() {
    const Value token = Value::object(
        {{"serviceAccountToken", Value::object({{"expirationSeconds", 3607}, {"path", "token"}})}});
    const Value certificate = Value::object(
        {{"configMap",
          Value::object({{"name", "kube-root-ca.crt"},
                         {"items", Value::array({Value::object({{"key", "ca.crt"}, {"path", "ca.crt"}})})}})}});
    const Value field = Value::object({{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}});
    const Value ns = Value::object(
        {{"downwardAPI",
          Value::object({{"items", Value::array({Value::object({{"path", "namespace"}, {"fieldRef", field}})})}})}});
    return Value::object({{"sources", Value::array({token, certificate, ns})}, {"defaultMode", 420}});
}

Value accessVolume(const Value& name) {
    static const Value kProjection = projection();
    return Value::object({{"name", name}, {"projected", kProjection}});
}

bool mounted(const Value& container) {
    for (const Value& mount : container["volumeMounts"].items())
        if (mount["mountPath"].asString() == kMountPath) return true;
    return false;
}

// A copied pod brings the volume that was made for its original.
std::string carriedVolume(const Value& spec) {
    for (const Value& volume : spec["volumes"].items())
        if (volume["name"].asString().starts_with(kVolumePrefix)) return volume["name"].text();
    return {};
}

Value withToken(Admission& a, const Value& spec) {
    const std::string carried = carriedVolume(spec);
    if (a.context.generatedVolume.empty())
        a.context.generatedVolume = kVolumePrefix + a.core.kernel.random("apiserver/volume-names").suffix(5);
    const Value name(carried.empty() ? a.context.generatedVolume : carried);
    static const Value kMount = Value::object({{"mountPath", kMountPath}, {"readOnly", true}});
    const Value mount = kMount.with("name", name);
    document::ObjectBuilder out(spec);
    bool needed = false;
    for (const char* list : {"initContainers", "containers"}) {
        document::ArrayBuilder containers;
        for (const Value& container : spec[list].items()) {
            if (mounted(container)) {
                containers.push(container);
                continue;
            }
            needed = true;
            containers.push(container.with("volumeMounts", container["volumeMounts"].appended(mount)));
        }
        if (containers.size() > 0) out.set(list, std::move(containers).build());
    }
    if (needed && carried.empty()) out.set("volumes", spec["volumes"].appended(accessVolume(name)));
    return needed ? std::move(out).build() : spec;
}

// A mirror of a static pod has no account.
base::Status checkMirror(const Admission& a) {
    const Value& spec = a.object["spec"];
    if (!spec["serviceAccountName"].isEmpty())
        return refuse(a, "a mirror pod may not reference service accounts");
    for (const Value& volume : spec["volumes"].items())
        if (volume.has("projected"))
            for (const Value& source : volume.at("projected", "sources").items())
                if (source.has("serviceAccountToken"))
                    return refuse(a, "a mirror pod may not use ServiceAccountToken volume projections");
    return base::okStatus();
}

} // namespace

base::Status serviceAccount(Admission& a) {
    if (!isPod(a) || !creates(a)) return base::okStatus();
    if (a.object.at("metadata", "annotations").has("kubernetes.io/config.mirror")) return checkMirror(a);
    Value spec = a.object["spec"];
    static const Value kDefault("default");
    const Value name = spec["serviceAccountName"].isEmpty() ? kDefault : spec["serviceAccountName"];
    document::ObjectBuilder named(spec);
    spec = std::move(named.set("serviceAccountName", name).set("serviceAccount", name)).build();
    const Value account = a.core.lookup("", "serviceaccounts", a.ns, name.asString());
    if (account.isNull())
        return refuse(a, "error looking up service account " + a.ns + "/" + name.text() + ": serviceaccount " +
                             base::quoteGo(name.asString()) + " not found");
    const Value& own = spec["automountServiceAccountToken"];
    const Value& given = account["automountServiceAccountToken"];
    const bool mount = own.isBool() ? own.asBool() : given.asBool(true);
    if (mount) spec = withToken(a, spec);
    if (spec["imagePullSecrets"].size() == 0 && account["imagePullSecrets"].size() > 0)
        spec = spec.with("imagePullSecrets", account["imagePullSecrets"]);
    a.object = a.object.with("spec", std::move(spec));
    return base::okStatus();
}

} // namespace apiserver
