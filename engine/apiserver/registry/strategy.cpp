// What each resource does beside its tables. Source: kubernetes pkg/registry/*/strategy.go.
#include "apiserver/registry/strategies.h"

#include "base/strings.h"

#include <map>
#include <unordered_map>

namespace apiserver {

using document::Value;

namespace {

// Source: pkg/registry/core/namespace/strategy.go.
Value createNamespace(Core&, Context&, Value object) {
    bool found = false;
    for (const Value& item : object.at("spec", "finalizers").items())
        found = found || item.asString() == "kubernetes";
    Value finalizers = object.at("spec", "finalizers");
    if (!found) finalizers = finalizers.appended("kubernetes");
    object = object.withPath({"spec", "finalizers"}, finalizers);
    return object.with("status", Value::object({{"phase", "Active"}}));
}

Value updateNamespace(Core&, Context&, Value object, const Value& old) {
    return object.with("spec", old["spec"]).with("status", old["status"]);
}

Value createClaim(Core&, Context&, Value object) {
    // Other sources are dropped in silence. Source: pkg/api/persistentvolumeclaim
    // EnforceDataSourceBackwardsCompatibility.
    const Value& source = object["spec"]["dataSource"];
    const std::string_view kind = source["kind"].asString(), group = source["apiGroup"].asString();
    const bool known = (kind == "PersistentVolumeClaim" && group.empty()) ||
                       (kind == "VolumeSnapshot" && group == "snapshot.storage.k8s.io");
    if (!source.isNull() && !known && object["spec"]["dataSourceRef"].isNull())
        object = object.with("spec", object["spec"].without("dataSource"));
    return object.with("status", Value::object({{"phase", "Pending"}}));
}

Value createVolume(Core& core, Context&, Value object) {
    return object.with("status", Value::object({{"phase", "Pending"}, {"lastPhaseTransitionTime", core.now()}}));
}

// Source: pkg/registry/apps/daemonset/strategy.go: the template's generation lives in an annotation.
constexpr std::string_view kTemplateGeneration = "deprecated.daemonset.template.generation";

Value updateDaemonSet(Core&, Context&, Value object, const Value& old) {
    std::int64_t generation =
        base::parseInt(old.at("metadata", "annotations")[kTemplateGeneration].asString()).value_or(1);
    if (!(object.at("spec", "template") == old.at("spec", "template"))) ++generation;
    return object.withPath({"metadata", "annotations", kTemplateGeneration}, std::to_string(generation));
}

// A node keeps the status it is created with.
Value keepAll(Core&, Context&, Value object) { return object; }

// Source: pkg/registry/certificates/certificates/strategy.go.
Value createSigningRequest(Core&, Context& context, Value object) {
    document::ObjectBuilder spec(object["spec"]);
    spec.set("username", context.user.name);
    if (!context.user.uid.empty()) spec.set("uid", context.user.uid);
    else spec.erase("uid");
    spec.set("groups", Value::strings(context.user.groups));
    document::ObjectBuilder extra;
    for (const auto& [key, values] : context.user.extra) extra.set(key, Value::strings(values));
    if (!extra.empty()) spec.set("extra", std::move(extra).build());
    else spec.erase("extra");
    return object.with("spec", std::move(spec).build()).without("status");
}

Value updateSigningRequest(Core&, Context&, Value object, const Value& old) {
    return object.with("spec", old["spec"]).with("status", old["status"]);
}

} // namespace

// Source: pkg/registry/certificates/certificates populateConditionTimestamps.
Value updateSigningStatus(Core& core, Context&, Value object, const Value& old) {
    document::ArrayBuilder conditions;
    for (Value item : object.at("status", "conditions").items()) {
        if (item["lastUpdateTime"].isNull()) item = item.with("lastUpdateTime", core.now());
        if (item["lastTransitionTime"].isNull()) {
            Value since = core.now();
            for (const Value& before : old.at("status", "conditions").items())
                if (before["type"] == item["type"] && before["status"] == item["status"] && !before["lastTransitionTime"].isNull())
                    since = before["lastTransitionTime"];
            item = item.with("lastTransitionTime", since);
        }
        conditions.push(item);
    }
    if (conditions.size() == 0) return object;
    return object.withPath({"status", "conditions"}, std::move(conditions).build());
}

namespace {

// Source: pkg/registry/batch/job/strategy.go generateSelector.
Value createJob(Core&, Context&, Value object) {
    object = object.without("status");
    if (object.at("spec", "manualSelector").asBool()) return object;
    // Defaulting gave a job without labels those of its template, and they stay one map.
    const Value& own = object.at("metadata", "labels");
    const bool shared = own.size() > 0 && own == object.at("spec", "template", "metadata", "labels");
    const Value uid = object["metadata"]["uid"];
    const Value name = object["metadata"]["name"];
    const auto set = [&](std::string_view key, const Value& value) {
        if (!object.at("spec", "template", "metadata", "labels").has(key))
            object = object.withPath({"spec", "template", "metadata", "labels", key}, value);
    };
    set("batch.kubernetes.io/job-name", name);
    set("job-name", name);
    set("batch.kubernetes.io/controller-uid", uid);
    set("controller-uid", uid);
    if (!object.at("spec", "selector", "matchLabels").has("batch.kubernetes.io/controller-uid"))
        object = object.withPath({"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"},
                                 uid);
    if (shared)
        object = withMeta(object, "labels", object.at("spec", "template", "metadata", "labels"));
    return object;
}

// A job without labels shows those of its template from the first time it is read.
base::Result<Value> labelJob(Core&, Context&, Value object, const Value& old) {
    const Value& labels = object.at("spec", "template", "metadata", "labels");
    if (!old.isNull() || labels.size() == 0 || object.at("metadata", "labels").size() > 0) return object;
    return withMeta(object, "labels", labels);
}

Value withClaimKinds(Value object) {
    document::ArrayBuilder claims;
    for (const Value& claim : object.at("spec", "volumeClaimTemplates").items())
        claims.push(claim.with("kind", "PersistentVolumeClaim").with("apiVersion", "v1"));
    if (claims.size() > 0)
        object = object.withPath({"spec", "volumeClaimTemplates"}, std::move(claims).build());
    return object;
}

Value createStatefulSet(Core&, Context&, Value object) {
    return withClaimKinds(std::move(object)).with("status", Value::object());
}

Value updateStatefulSet(Core&, Context&, Value object, const Value&) {
    return withClaimKinds(std::move(object));
}

Value createDefinition(Core&, Context&, Value object) {
    // Source: apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go.
    const Value& spec = object["spec"];
    Value stored;
    for (const Value& version : spec["versions"].items())
        if (stored.isNull() && version["storage"].asBool()) stored = Value::array({version["name"]});
    document::ObjectBuilder status;
    status.set("conditions", Value());
    status.set("acceptedNames", Value::object({{"plural", ""}, {"kind", ""}}));
    status.set("storedVersions", stored.isNull() ? Value::array(std::vector<Value>{}) : stored);
    return object.with("status", std::move(status).build());
}

using Table = std::map<std::string, Strategy, std::less<>>;

void addWorkloads(Table& table) {
    for (const char* key :
         {"apps/deployments", "apps/replicasets", "apps/statefulsets", "apps/daemonsets",
          "/replicationcontrollers", "batch/jobs", "batch/cronjobs", "policy/poddisruptionbudgets",
          "networking.k8s.io/ingresses", "networking.k8s.io/networkpolicies",
          "networking.k8s.io/ingressclasses", "discovery.k8s.io/endpointslices", "/podtemplates",
          "flowcontrol.apiserver.k8s.io/flowschemas",
          "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations",
          "scheduling.k8s.io/priorityclasses", "apiextensions.k8s.io/customresourcedefinitions",
          "admissionregistration.k8s.io/mutatingwebhookconfigurations",
          "admissionregistration.k8s.io/validatingwebhookconfigurations",
          "admissionregistration.k8s.io/validatingadmissionpolicies",
          "admissionregistration.k8s.io/validatingadmissionpolicybindings",
          "admissionregistration.k8s.io/mutatingadmissionpolicies",
          "admissionregistration.k8s.io/mutatingadmissionpolicybindings",
          "resource.k8s.io/resourceslices",
          "resource.k8s.io/devicetaintrules",
          "resource.k8s.io/deviceclasses", "/pods"})
        table[key].generation = true;
    table["apps/deployments"].generationOnAnnotations = true;
    table["/replicationcontrollers"].orphanByDefault = true;
    table["batch/jobs"].orphanByDefault = true;
    table["batch/jobs"].prepareCreate = createJob;
    table["batch/jobs"].allocate = labelJob;
    table["apps/statefulsets"].prepareCreate = createStatefulSet;
    table["apps/statefulsets"].prepareUpdate = updateStatefulSet;
}

void addCore(Table& table) {
    Strategy& pods = table["/pods"];
    pods.graceful = true;
    pods.returnDeleted = true;
    pods.prepareCreate = preparePodCreate;
    pods.prepareUpdate = preparePodUpdate;
    pods.prepareStatus = preparePodStatus;
    Strategy& namespaces = table["/namespaces"];
    namespaces.prepareCreate = createNamespace;
    namespaces.prepareUpdate = updateNamespace;
    Strategy& services = table["/services"];
    services.returnDeleted = true;
    services.createOnUpdate = true;
    services.prepareCreate = prepareServiceCreate;
    services.prepareUpdate = prepareServiceUpdate;
    services.allocate = allocateService;
    services.release = releaseService;
    table["/nodes"].prepareCreate = keepAll;
    table["/persistentvolumes"].prepareCreate = createVolume;
    table["/persistentvolumeclaims"].prepareCreate = createClaim;
    table["apps/daemonsets"].prepareUpdate = updateDaemonSet;
    for (const char* key : {"/persistentvolumes", "/persistentvolumeclaims", "/serviceaccounts",
                            "/resourcequotas", "/podtemplates", "resource.k8s.io/resourceclaims",
                            "resource.k8s.io/resourceclaimtemplates", "resource.k8s.io/resourceslices",
                            "resource.k8s.io/deviceclasses", "resource.k8s.io/devicetaintrules",
                            "storage.k8s.io/csidrivers", "storage.k8s.io/storageclasses",
                            "storage.k8s.io/volumeattachments", "storage.k8s.io/csinodes",
                            "storage.k8s.io/volumeattributesclasses"})
        table[key].returnDeleted = true;
    for (const char* key :
         {"/endpoints", "/events", "events.k8s.io/events", "/limitranges", "coordination.k8s.io/leases",
          "rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings",
          "rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/clusterrolebindings"})
        table[key].createOnUpdate = true;
    for (const char* key :
         {"coordination.k8s.io/leases", "apiextensions.k8s.io/customresourcedefinitions",
          "apiregistration.k8s.io/apiservices", "policy/poddisruptionbudgets",
          "certificates.k8s.io/certificatesigningrequests", "networking.k8s.io/ingressclasses",
          "admissionregistration.k8s.io/mutatingwebhookconfigurations",
          "admissionregistration.k8s.io/validatingwebhookconfigurations",
          "admissionregistration.k8s.io/validatingadmissionpolicies",
          "admissionregistration.k8s.io/validatingadmissionpolicybindings"})
        table[key].unconditionalUpdate = false;
    table["certificates.k8s.io/certificatesigningrequests"].unconditionalUpdate = true;
    Strategy& requests = table["certificates.k8s.io/certificatesigningrequests"];
    requests.prepareCreate = createSigningRequest;
    requests.prepareUpdate = updateSigningRequest;
    requests.prepareStatus = updateSigningStatus;
    Strategy& definitions = table["apiextensions.k8s.io/customresourcedefinitions"];
    definitions.prepareCreate = createDefinition;
    definitions.afterWrite = definitionWritten;
    definitions.release = definitionRemoved;
    for (const char* key :
         {"flowcontrol.apiserver.k8s.io/flowschemas", "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations"})
        table[key].afterWrite = flowControlWritten;
    table["flowcontrol.apiserver.k8s.io/prioritylevelconfigurations"].release = flowControlRemoved;
}

Table makeTable() {
    Table table;
    addWorkloads(table);
    addCore(table);
    return table;
}

} // namespace

const Strategy& strategyOf(const api::ResourceInfo& resource) {
    static const Table kTable = makeTable();
    static const Strategy kPlain;
    static const Strategy kCustom = [] {
        Strategy strategy;
        strategy.generation = true;
        strategy.unconditionalUpdate = false;
        return strategy;
    }();
    if (resource.custom) return kCustom;
    // Built-in resources live forever; others (tests make some) are told apart by their names.
    struct Known {
        std::string group, plural;
        const Strategy* strategy;
    };
    thread_local std::unordered_map<const api::ResourceInfo*, Known> known;
    Known& entry = known[&resource];
    if (entry.strategy != nullptr && entry.plural == resource.plural && entry.group == resource.group)
        return *entry.strategy;
    const auto place = kTable.find(resource.group + "/" + resource.plural);
    entry = {resource.group, resource.plural, place == kTable.end() ? &kPlain : &place->second};
    return *entry.strategy;
}

} // namespace apiserver
