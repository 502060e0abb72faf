// Source: kubernetes plugin/pkg/admission/serviceaccount.
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

constexpr const char* kVolumePrefix = "kube-api-access-";
constexpr std::string_view kMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

Value accessVolume(const std::string& name) {
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
    return Value::object(
        {{"name", name},
         {"projected", Value::object({{"sources", Value::array({token, certificate, ns})}, {"defaultMode", 420}})}});
}

bool mounted(const Value& container) {
    for (const Value& mount : container["volumeMounts"].items())
        if (mount["mountPath"].asString() == kMountPath) return true;
    return false;
}

// A copied pod brings the volume that was made for its original.
std::string carriedVolume(const Value& pod) {
    for (const Value& volume : pod.at("spec", "volumes").items())
        if (volume["name"].asString().starts_with(kVolumePrefix)) return volume["name"].text();
    return {};
}

void mountToken(Admission& a) {
    const std::string carried = carriedVolume(a.object);
    if (a.context.generatedVolume.empty())
        a.context.generatedVolume = kVolumePrefix + a.core.kernel.random("apiserver/volume-names").suffix(5);
    const std::string& name = carried.empty() ? a.context.generatedVolume : carried;
    const Value mount = Value::object({{"name", name}, {"mountPath", kMountPath}, {"readOnly", true}});
    bool needed = false;
    for (const char* list : {"initContainers", "containers"}) {
        document::ArrayBuilder containers;
        for (const Value& container : a.object["spec"][list].items()) {
            if (mounted(container)) {
                containers.push(container);
                continue;
            }
            needed = true;
            containers.push(container.with("volumeMounts", container["volumeMounts"].appended(mount)));
        }
        if (containers.size() > 0) a.object = a.object.withPath({"spec", list}, std::move(containers).build());
    }
    if (!needed || !carried.empty()) return;
    a.object = a.object.withPath({"spec", "volumes"}, a.object.at("spec", "volumes").appended(accessVolume(name)));
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
    std::string name = a.object.at("spec", "serviceAccountName").text();
    if (name.empty()) {
        name = "default";
        a.object = a.object.withPath({"spec", "serviceAccountName"}, name);
    }
    a.object = a.object.withPath({"spec", "serviceAccount"}, name);
    const Value account = a.core.lookup("", "serviceaccounts", a.ns, name);
    if (account.isNull())
        return refuse(a, "error looking up service account " + a.ns + "/" + name + ": serviceaccount " +
                             base::quoteGo(name) + " not found");
    const Value& own = a.object.at("spec", "automountServiceAccountToken");
    const Value& given = account["automountServiceAccountToken"];
    const bool mount = own.isBool() ? own.asBool() : given.asBool(true);
    if (mount) mountToken(a);
    if (a.object.at("spec", "imagePullSecrets").size() == 0 && account["imagePullSecrets"].size() > 0)
        a.object = a.object.withPath({"spec", "imagePullSecrets"}, account["imagePullSecrets"]);
    return base::okStatus();
}

} // namespace apiserver
