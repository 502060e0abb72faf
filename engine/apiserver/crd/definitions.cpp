// CustomResourceDefinitions become resources. Source: apiextensions-apiserver pkg/controller/status
// (names), establish, finalizer, and pkg/apiserver/customresource_handler.go.
#include "apiserver/api_server.h"
#include "apiserver/crd/schema.h"
#include "apiserver/registry/strategies.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

constexpr std::string_view kGroup = "apiextensions.k8s.io";
constexpr std::string_view kPlural = "customresourcedefinitions";

std::vector<std::string> texts(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) out.push_back(item.text());
    return out;
}

std::string conditionOf(const Value& definition, std::string_view type) {
    for (const Value& condition : definition.at("status", "conditions").items())
        if (condition["type"].asString() == type) return condition["status"].text();
    return {};
}

std::vector<api::Column> columnsOf(const Value& version) {
    std::vector<api::Column> columns;
    columns.push_back({"Name", "string", "name", 0, ""});
    for (const Value& column : version["additionalPrinterColumns"].items())
        columns.push_back({column["name"].text(), column["type"].text(), column["format"].text(),
                           static_cast<int>(column["priority"].asInt()), column["jsonPath"].text()});
    if (version["additionalPrinterColumns"].size() == 0)
        columns.push_back({"Age", "date", "", 0, ".metadata.creationTimestamp"});
    return columns;
}

api::ResourceInfo infoOf(const Value& definition, const Value& version) {
    const Value& spec = definition["spec"];
    const Value& names = definition.at("status", "acceptedNames", "plural").isEmpty()
                             ? spec["names"]
                             : definition["status"]["acceptedNames"];
    api::ResourceInfo info;
    info.group = spec["group"].text();
    info.version = version["name"].text();
    info.plural = names["plural"].text();
    info.kind = names["kind"].text();
    info.singular = names["singular"].isEmpty() ? base::toLower(info.kind) : names["singular"].text();
    info.shortNames = texts(names["shortNames"]);
    info.categories = texts(names["categories"]);
    info.verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
    info.namespaced = spec["scope"].asString() == "Namespaced";
    info.custom = true;
    const Value& subresources = version["subresources"];
    if (subresources["status"].isObject())
        info.subresources.push_back({"status", info.group, info.version, info.kind, {"get", "patch", "update"}});
    if (subresources["scale"].isObject())
        info.subresources.push_back({"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}});
    info.columns = columnsOf(version);
    return info;
}

// Source: apimachinery version.CompareKubeAwareVersionStrings: v2 before v1 before v1beta1.
int rank(std::string_view version, int part) {
    // "v1beta2" -> {3, 1, 2}: stability, major, minor.
    if (!version.starts_with('v')) return -1;
    std::size_t i = 1;
    int major = 0;
    while (i < version.size() && version[i] >= '0' && version[i] <= '9') major = 10 * major + (version[i++] - '0');
    if (i == 1) return -1;
    if (part == 1) return major;
    const std::string_view rest = version.substr(i);
    if (rest.empty()) return part == 0 ? 3 : 0;
    const bool beta = rest.starts_with("beta");
    if (part == 0) return beta ? 2 : 1;
    return static_cast<int>(base::parseInt(rest.substr(beta ? 4 : 5)).value_or(0));
}

bool preferredBefore(const Value& a, const Value& b) {
    const std::string_view x = a["name"].asString(), y = b["name"].asString();
    for (int part = 0; part < 3; ++part)
        if (rank(x, part) != rank(y, part)) return rank(x, part) > rank(y, part);
    return x < y;
}

void registerDefinition(Core& core, const Value& definition) {
    const Value& spec = definition["spec"];
    const std::string group = spec["group"].text();
    const std::string plural = spec.at("names", "plural").text();
    core.kinds.removeCustom(group, plural);
    std::vector<Value> versions(spec["versions"].items().begin(), spec["versions"].items().end());
    std::stable_sort(versions.begin(), versions.end(), preferredBefore);
    for (const Value& version : versions)
        if (version["served"].asBool()) core.kinds.addCustom(infoOf(definition, version));
    core.customDefinitions[plural + "." + group] = definition;
}

bool namesTaken(Core& core, const Value& definition, std::string& text) {
    const Value& spec = definition["spec"];
    const std::string group = spec["group"].text();
    for (const auto& [name, other] : core.customDefinitions) {
        if (name == metaText(definition, "name") || other.at("spec", "group").asString() != group) continue;
        for (const char* key : {"kind", "listKind", "singular"})
            if (spec["names"][key] == other["spec"]["names"][key]) {
                text = base::quoteGo(spec["names"][key].asString()) + " is already in use";
                return true;
            }
    }
    return false;
}

Value withConditions(Core& core, const Value& definition) {
    std::string problem;
    const bool taken = namesTaken(core, definition, problem);
    const std::string now = core.now();
    const auto condition = [&](const char* type, const char* status, const char* reason, std::string message) {
        return Value::object({{"type", type},
                              {"status", status},
                              {"reason", reason},
                              {"message", message},
                              {"lastTransitionTime", now}});
    };
    Value conditions = Value::array(
        {taken ? condition("NamesAccepted", "False", "MultipleNamesConflict", problem)
               : condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
         taken ? condition("Established", "False", "NotAccepted", "not all names are accepted")
               : condition("Established", "True", "InitialNamesAccepted",
                           "the initial names have been accepted")});
    Value out = definition.withPath({"status", "conditions"}, conditions);
    if (taken) return out;
    document::ObjectBuilder names(definition.at("spec", "names"));
    return out.withPath({"status", "acceptedNames"}, std::move(names).build());
}

void establish(Core& core, const std::string& name) {
    const api::ResourceInfo* resource = core.kinds.find(kGroup, "v1", kPlural);
    if (resource == nullptr) return;
    auto stored = readStored(core, *resource, "", name);
    if (!stored.ok() || !stored.value()) return;
    const Value definition = stored.value()->value;
    if (!metaText(definition, "deletionTimestamp").empty()) return;
    Value next = definition;
    if (conditionOf(definition, "Established") != "True") next = withConditions(core, definition);
    else if (!(definition.at("spec", "names") == definition.at("status", "acceptedNames")))
        next = definition.withPath({"status", "acceptedNames"}, definition.at("spec", "names"));
    if (!(next == definition)) {
        auto written = writeStored(core, *resource, next, stored.value()->revision);
        if (written.ok()) next = written.value();
    }
    if (conditionOf(next, "Established") == "True") registerDefinition(core, next);
}

constexpr std::string_view kCleanup = "customresourcecleanup.apiextensions.k8s.io";

Value withTerminating(Core& core, const Value& definition, const char* status, const char* reason, const char* text) {
    document::ArrayBuilder conditions;
    for (const Value& condition : definition.at("status", "conditions").items())
        if (condition["type"].asString() != "Terminating") conditions.push(condition);
    conditions.push(Value::object({{"type", "Terminating"},
                                   {"status", status},
                                   {"reason", reason},
                                   {"message", text},
                                   {"lastTransitionTime", core.now()}}));
    return definition.withPath({"status", "conditions"}, std::move(conditions).build());
}

store::ChangePtr storedDefinition(Core& core, const std::string& name) {
    const api::ResourceInfo* resource = core.kinds.find(kGroup, "v1", kPlural);
    if (resource == nullptr) return nullptr;
    auto stored = readStored(core, *resource, "", name);
    return stored.ok() ? stored.value() : nullptr;
}

// Deletes every object of the definition as a client would; how many are still there.
std::size_t deleteInstances(Core& core, const Value& definition) {
    const std::string group = definition.at("spec", "group").text();
    const std::string plural = definition.at("spec", "names", "plural").text();
    const api::ResourceInfo* resource = core.kinds.findPreferred(group, plural);
    auto store = core.store();
    if (resource == nullptr || !store.ok()) return 0;
    const std::string prefix = prefixOf(core, *resource);
    for (const store::ChangePtr& change : store.value()->range(prefix, store::Store::prefixEnd(prefix))) {
        Context context;
        context.resource = resource;
        context.info.verb = "delete";
        context.user.name = "system:apiserver";
        context.user.groups = {"system:masters"};
        auto read = opened(core, group, plural, change);
        if (!read.ok()) continue;
        const Value& object = read.value()->value;
        (void)deleteObject(core, context, metaText(object, "namespace"), metaText(object, "name"), {});
    }
    return store.value()->count(prefix, store::Store::prefixEnd(prefix));
}

// The definition without its finalizer; true when it has gone.
bool releaseDefinition(Core& core, const std::string& name) {
    const api::ResourceInfo& resource = *core.kinds.find(kGroup, "v1", kPlural);
    const store::ChangePtr stored = storedDefinition(core, name);
    if (!stored) return true;
    document::ArrayBuilder left;
    for (const Value& finalizer : stored->value.at("metadata", "finalizers").items())
        if (finalizer.asString() != kCleanup) left.push(finalizer);
    const Value finalizers = std::move(left).build();
    if (finalizers.size() == 0) {
        if (!removeStored(core, resource, stored->value, stored->revision).ok()) return false;
        definitionRemoved(core, stored->value);
        return true;
    }
    Value next = withTerminating(core, stored->value, "False", "InstanceDeletionCompleted", "removed all instances");
    return writeStored(core, resource, withMeta(next, "finalizers", finalizers), stored->revision).ok();
}

// Source: apiextensions-apiserver pkg/controller/finalizer crd_finalizer.go.
sim::Task<void> cleanUp(Core* core, std::string name) {
    co_await sim::sleepFor(core->kernel, 20 * sim::kMillisecond);
    const store::ChangePtr stored = storedDefinition(*core, name);
    if (!stored) co_return;
    const Value next = withTerminating(*core, stored->value, "True", "InstanceDeletionInProgress",
                                       "CustomResource deletion is in progress");
    (void)writeStored(*core, *core->kinds.find(kGroup, "v1", kPlural), next, stored->revision);
    while (true) {
        const store::ChangePtr now = storedDefinition(*core, name);
        if (!now) co_return;
        const std::size_t left = deleteInstances(*core, now->value);
        if (left == 0 && releaseDefinition(*core, name)) co_return;
        co_await sim::sleepFor(core->kernel, 5 * sim::kSecond);
    }
}

} // namespace

// Source: apiextensions-apiserver pkg/registry/customresourcedefinition etcd.go Delete.
Value definitionMarked(Core& core, const Value& definition) {
    Value finalizers = definition.at("metadata", "finalizers");
    bool known = false;
    for (const Value& finalizer : finalizers.items()) known = known || finalizer.asString() == kCleanup;
    if (!known) finalizers = finalizers.appended(kCleanup);
    return withTerminating(core, withMeta(withoutMeta(definition, "deletionGracePeriodSeconds"), "finalizers", finalizers),
                           "True", "InstanceDeletionPending",
                           "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon");
}

void cleanUpDefinition(Core& core, std::string name) {
    core.scope.spawn(cleanUp(&core, std::move(name)), "crd-cleanup");
}

void loadCustomDefinitions(Core& core) {
    for (const Value& definition : core.all(kGroup, kPlural)) {
        if (conditionOf(definition, "Established") == "True") registerDefinition(core, definition);
        if (!metaText(definition, "deletionTimestamp").empty())
            cleanUpDefinition(core, std::string(metaText(definition, "name")));
    }
}

// The naming and establishing controllers of the API server act a moment later.
void definitionWritten(Core& core, const Value& object, const Value&) {
    const std::string name(metaText(object, "name"));
    if (conditionOf(object, "Established") == "True") {
        establish(core, name);
        return;
    }
    struct Later {
        static sim::Task<void> run(Core* core, std::string name) {
            co_await sim::sleepFor(core->kernel, 20 * sim::kMillisecond);
            establish(*core, name);
        }
    };
    core.scope.spawn(Later::run(&core, name), "crd-establish");
}

void definitionRemoved(Core& core, const Value& object) {
    const std::string group = object.at("spec", "group").text();
    const std::string plural = object.at("spec", "names", "plural").text();
    core.hub.closePrefix("/registry/" + group + "/" + plural + "/");
    core.kinds.removeCustom(group, plural);
    core.customDefinitions.erase(plural + "." + group);
}

} // namespace apiserver
