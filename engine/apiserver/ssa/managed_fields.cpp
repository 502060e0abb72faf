// Who owns which field, and server-side apply. Source: apimachinery util/managedfields/internal,
// structured-merge-diff merge/update.go.
#include "api/kinds.h"
#include "apiserver/crd/schema.h"
#include "apiserver/ssa/field_set.h"
#include "apiserver/core.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <map>
#include <optional>

namespace apiserver {

using document::Value;

namespace {

struct Manager {
    std::string name, operation, apiVersion, subresource, time;
    FieldSet fields;
    bool changed = false;
};

std::vector<Manager> readManagers(const Value& object) {
    std::vector<Manager> out;
    for (const Value& entry : object["metadata"]["managedFields"].items()) {
        Manager manager;
        manager.name = entry["manager"].text();
        manager.operation = entry["operation"].text();
        manager.apiVersion = entry["apiVersion"].text();
        manager.subresource = entry["subresource"].text();
        manager.time = entry["time"].text();
        manager.fields = readFieldSet(entry["fieldsV1"]);
        manager.fields.member = false;
        out.push_back(std::move(manager));
    }
    return out;
}

Value writeManager(const Manager& manager) {
    document::ObjectBuilder out;
    out.set("manager", manager.name).set("operation", manager.operation);
    out.set("apiVersion", manager.apiVersion);
    if (!manager.time.empty()) out.set("time", manager.time);
    out.set("fieldsType", "FieldsV1").set("fieldsV1", writeFieldSet(manager.fields));
    if (!manager.subresource.empty()) out.set("subresource", manager.subresource);
    return std::move(out).build();
}

// Apply entries first, then updates, each by time, name and so on.
Value writeManagers(const Value& object, std::vector<Manager> managers) {
    std::erase_if(managers, [](const Manager& manager) { return manager.fields.children.empty(); });
    if (managers.empty()) return withoutMeta(object, "managedFields");
    std::stable_sort(managers.begin(), managers.end(), [](const Manager& a, const Manager& b) {
        if (a.operation != b.operation) return a.operation < b.operation;
        if (a.time != b.time) return a.time < b.time;
        if (a.name != b.name) return a.name < b.name;
        if (a.apiVersion != b.apiVersion) return a.apiVersion < b.apiVersion;
        return a.subresource < b.subresource;
    });
    document::ArrayBuilder out;
    for (const Manager& manager : managers) out.push(writeManager(manager));
    return withMeta(object, "managedFields", std::move(out).build());
}

FieldSchema schemaOf(Core& core, const api::ResourceInfo& resource) {
    return rootSchema(resource, resource.custom ? schemaOfVersion(core, resource) : Value());
}

// Source: managedfields resetfields strategies: a status writer owns no spec and the other way round.
void resetFields(const api::ResourceInfo& resource, std::string_view subresource, FieldSet& set) {
    if (resource.findSubresource("status") == nullptr) return;
    if (subresource == "status") set.children.erase("f:spec");
    else if (subresource.empty()) set.children.erase("f:status");
    if (subresource == "scale") {
        const auto keep = set.children.find("f:spec");
        FieldSet only;
        if (keep != set.children.end()) only.children.emplace("f:spec", keep->second);
        set = std::move(only);
    }
}

Value visible(const Value& object) {
    return object.with("metadata", object["metadata"].without("managedFields"));
}

} // namespace

namespace {

// Apply entries first, then updates, each by time, name and so on.
bool entryBefore(const Value& a, const Value& b) {
    for (const char* key : {"operation", "time", "manager", "apiVersion", "subresource"})
        if (a[key].asString() != b[key].asString()) return a[key].asString() < b[key].asString();
    return false;
}

bool sameEntry(const Value& entry, const Value& own) {
    for (const char* key : {"operation", "manager", "apiVersion", "subresource"})
        if (entry[key].asString() != own[key].asString()) return false;
    return true;
}

// What an update changes, as each version of the kind shows it: a record is kept in the version that
// its manager wrote. Source: structured-merge-diff merge/update.go.
class Differences {
public:
    Differences(Core& core, const api::ResourceInfo& resource, const Value& before, const Value& after)
        : core_(core), resource_(resource), before_(before), after_(after) {}
    void know(const std::string& apiVersion, FieldDifference difference) {
        known_.insert_or_assign(apiVersion, std::move(difference));
    }
    // Null: the version is not served any more.
    const FieldDifference* in(const std::string& apiVersion) {
        if (const auto place = known_.find(apiVersion); place != known_.end()) return place->second ? &*place->second : nullptr;
        const api::ResourceInfo* other = versionOf(apiVersion);
        auto& slot = known_[apiVersion];
        if (other == nullptr) return nullptr;
        const Value before = before_.isNull() ? before_ : visible(convertTo(*other, before_));
        const Value after = visible(convertTo(*other, after_));
        slot = compareFields(schemaOf(core_, *other), before, after);
        return &*slot;
    }
    const api::ResourceInfo* versionOf(const std::string& apiVersion) const {
        const auto slash = apiVersion.find('/');
        const std::string group = slash == std::string::npos ? "" : apiVersion.substr(0, slash);
        // Events are the one kind that two groups serve.
        if (group != resource_.group && resource_.plural != "events") return nullptr;
        return core_.kinds.find(group, slash == std::string::npos ? apiVersion : apiVersion.substr(slash + 1), resource_.plural);
    }

private:
    Core& core_;
    const api::ResourceInfo& resource_;
    const Value& before_;
    const Value& after_;
    std::map<std::string, std::optional<FieldDifference>> known_;
};

// The records after an update that changed and removed these fields.
Value updatedRecords(const Value& records, Value own, Differences& differences) {
    const FieldDifference& difference = *differences.in(own["apiVersion"].text());
    std::vector<Value> out;
    Value fields;
    for (const Value& entry : records.items()) {
        const Value& owned = entry["fieldsV1"];
        const FieldDifference* there = differences.in(entry["apiVersion"].text());
        if (there == nullptr) continue; // nobody could read the record
        if (sameEntry(entry, own)) {
            fields = intersects(owned, difference.removed) ? subtractWritten(owned, difference.removed) : owned;
        } else if (intersects(owned, there->changed) || intersects(owned, there->removed)) {
            const FieldSet touched = unite(there->changed, there->removed);
            const Value rest = subtractWritten(owned, touched);
            if (rest.size() > 0) out.push_back(entry.with("fieldsV1", rest));
        } else {
            out.push_back(entry);
        }
    }
    fields = uniteWritten(fields.size() == 0 ? Value() : fields, difference.changed);
    if (fields.size() > 0) out.push_back(own.with("fieldsV1", std::move(fields)));
    if (!std::is_sorted(out.begin(), out.end(), entryBefore)) std::stable_sort(out.begin(), out.end(), entryBefore);
    return Value::array(std::move(out));
}

Value ownEntry(Core& core, const Context& context, const api::ResourceInfo& resource, std::string_view subresource) {
    // A client's writes of a second share one entry.
    thread_local Value last;
    const std::string manager = context.manager(), version = resource.apiVersion(), now = core.now();
    if (last["time"].asString() == now && last["manager"].asString() == manager && last["apiVersion"].asString() == version &&
        last["subresource"].asString() == subresource)
        return last;
    document::ObjectBuilder own;
    own.set("manager", manager).set("operation", "Update");
    own.set("apiVersion", version).set("time", now).set("fieldsType", "FieldsV1");
    if (!subresource.empty()) own.set("subresource", subresource);
    last = std::move(own).build();
    return last;
}

// The common case: a new object without records, whose writer owns all of it.
Value trackCreation(Core& core, const Context& context, const api::ResourceInfo& resource,
                    const FieldSchema& schema, const Value& object) {
    Value fields = addedFields(schema, object);
    if (resource.findSubresource("status") != nullptr) fields = fields.without("f:status");
    if (fields.size() == 0) return withoutMeta(object, "managedFields");
    const Value entry = ownEntry(core, context, resource, {}).with("fieldsV1", std::move(fields));
    return withMeta(object, "managedFields", Value::array({entry}));
}

} // namespace

Value trackUpdate(Core& core, const Context& context, const api::ResourceInfo& resource,
                  const Value& before, const Value& after, std::string_view subresource) {
    const Value& given = after["metadata"]["managedFields"];
    // An explicit empty list resets the record.
    const bool reset = given.isArray() && (given.size() == 0 || (given.size() == 1 && given[0].size() == 0));
    if (reset && !before.isNull()) return withoutMeta(after, "managedFields");
    if (before.sameAs(after)) return after;
    const Value records = reset ? Value() : given.isArray() ? given : before["metadata"]["managedFields"];
    const FieldSchema schema = schemaOf(core, resource);
    if (before.isNull() && records.isNull() && subresource.empty())
        return trackCreation(core, context, resource, schema, after);
    FieldDifference difference;
    if (before.isNull()) difference.changed = readFieldSet(addedFields(schema, visible(after)));
    else difference = compareFields(schema, before, after);
    difference.changed.member = false;
    resetFields(resource, subresource, difference.changed);
    resetFields(resource, subresource, difference.removed);
    if (difference.changed.empty() && difference.removed.empty()) {
        const bool keep = given.isArray() || before.isNull() || !before["metadata"].has("managedFields");
        return keep ? after : withMeta(after, "managedFields", before["metadata"]["managedFields"]);
    }
    const Value own = ownEntry(core, context, resource, subresource);
    Differences differences(core, resource, before, after);
    differences.know(resource.apiVersion(), std::move(difference));
    const Value managers = updatedRecords(records, own, differences);
    if (managers.size() == 0) return withoutMeta(after, "managedFields");
    return withMeta(after, "managedFields", managers);
}

namespace {

// Puts what the configuration says over the live object.
Value overlay(const FieldSchema& schema, const Value& live, const Value& wanted) {
    using Shape = FieldSchema::Shape;
    const bool objects = wanted.isObject() && live.isObject();
    const bool lists = wanted.isArray() && live.isArray();
    const bool granular = schema.shape != Shape::Atomic && schema.shape != Shape::Scalar;
    if (objects && granular) {
        document::ObjectBuilder out(live);
        for (const document::Member& member : wanted.members())
            out.set(member.key, overlay(childSchema(schema, member.key.view()),
                                        live[member.key.view()], member.value));
        return std::move(out).build();
    }
    if (!lists || (schema.shape != Shape::List && schema.shape != Shape::Set)) return wanted;
    const FieldSchema item = itemSchema(schema);
    std::map<std::string, Value> byKey;
    for (const Value& entry : wanted.items()) byKey[itemKey(schema, entry)] = entry;
    document::ArrayBuilder out;
    std::map<std::string, bool> done;
    // Items of the configuration keep its order; others stay where they were.
    std::vector<Value> ordered;
    for (const Value& entry : live.items()) {
        const std::string key = itemKey(schema, entry);
        const auto place = byKey.find(key);
        if (place == byKey.end()) {
            out.push(entry);
            continue;
        }
        done[key] = true;
        out.push(schema.shape == Shape::Set ? entry : overlay(item, entry, place->second));
    }
    for (const Value& entry : wanted.items())
        if (!done[itemKey(schema, entry)]) out.push(entry);
    return std::move(out).build();
}

// Removes the fields of a set from an object.
Value removeFields(const FieldSchema& schema, const Value& value, const FieldSet& set) {
    if (value.isObject()) {
        document::ObjectBuilder out(value);
        bool any = false;
        for (const auto& [key, child] : set.children) {
            const std::string_view name = std::string_view(key).substr(2);
            if (!value.has(name)) continue;
            any = true;
            const FieldSchema below = childSchema(schema, name);
            if (child.children.empty()) out.erase(name);
            else {
                Value rest = removeFields(below, value[name], child);
                if (child.member && rest.size() == 0) out.erase(name);
                else out.set(name, rest);
            }
        }
        return any ? std::move(out).build() : value;
    }
    if (!value.isArray()) return value;
    const FieldSchema item = itemSchema(schema);
    document::ArrayBuilder out;
    for (const Value& entry : value.items()) {
        const auto place = set.children.find(itemKey(schema, entry));
        if (place == set.children.end()) {
            out.push(entry);
            continue;
        }
        if (place->second.member) continue; // the whole item was owned
        out.push(removeFields(item, entry, place->second));
    }
    return std::move(out).build();
}

// Who owns fields below a field keeps that field, too.
FieldSet withPlaces(FieldSet set) {
    for (auto& [key, child] : set.children) {
        child = withPlaces(std::move(child));
        if (key.starts_with("f:") && !child.children.empty()) child.member = true;
    }
    return set;
}

// Source: typed parsing: unknown fields and repeated keys are errors of the configuration.
std::string configurationProblem(const FieldSchema& schema, const Value& value, const std::string& path) {
    using Shape = FieldSchema::Shape;
    if (value.isObject() && (schema.shape == Shape::Struct || schema.shape == Shape::Map)) {
        for (const document::Member& member : value.members()) {
            const FieldSchema child = childSchema(schema, member.key.view());
            const std::string at = path + "." + member.key.text();
            if (schema.shape == Shape::Struct && child.deduced && schema.custom.isNull() && !schema.deduced)
                return at + ": field not declared in schema";
            if (std::string below = configurationProblem(child, member.value, at); !below.empty()) return below;
        }
    }
    if (value.isArray() && (schema.shape == Shape::List || schema.shape == Shape::Set)) {
        std::map<std::string, int> seen;
        const FieldSchema item = itemSchema(schema);
        for (const Value& entry : value.items()) {
            const std::string key = itemKey(schema, entry);
            if (++seen[key] > 1) {
                FieldSet single;
                single.children[key].member = true;
                return path + ": duplicate entries for key " + pathTexts(single).front();
            }
            FieldSet single;
            single.children[key].member = true;
            if (std::string below = configurationProblem(item, entry, path + pathTexts(single).front());
                !below.empty())
                return below;
        }
    }
    return {};
}

struct Conflicts {
    std::string who;
    std::vector<std::string> paths;
};

base::Error conflictError(const std::vector<Conflicts>& all) {
    std::vector<api::StatusCause> causes;
    std::size_t count = 0;
    for (const Conflicts& conflict : all) count += conflict.paths.size();
    std::string text = "Apply failed with " + std::to_string(count) + " conflict" + (count == 1 ? "" : "s") + ": ";
    std::vector<std::string> parts;
    for (const Conflicts& conflict : all) {
        for (const std::string& path : conflict.paths)
            causes.push_back({"FieldManagerConflict", "conflict with " + conflict.who, path});
        if (conflict.paths.size() == 1) {
            parts.push_back("conflict with " + conflict.who + ": " + conflict.paths[0]);
        } else {
            std::string part = "conflicts with " + conflict.who + ":";
            for (const std::string& path : conflict.paths) part += "\n- " + path;
            parts.push_back(part);
        }
    }
    return api::statusError(409, "Conflict", text + base::join(parts, "\n"), "", "", "", std::move(causes));
}

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// What `kubectl apply` set on the client's side and is still as it set it, kubectl may take over.
// Source: managedfields/internal lastappliedmanager.go.
FieldSet stillAsApplied(const FieldSchema& schema, const Value& live) {
    const auto last = document::readJson(live.at("metadata", "annotations")[kLastApplied].asString());
    if (!last.ok() || !last->isObject()) return {};
    FieldSet applied = fieldsOf(schema, *last);
    const FieldDifference difference = compareFields(schema, *last, visible(live));
    return subtract(subtract(applied, difference.changed), difference.removed);
}

// Source: lastappliedupdater.go: the annotation stays true where there is one.
Value withLastApplied(const Value& merged, Value configuration) {
    if (!merged.at("metadata", "annotations").has(kLastApplied)) return merged;
    configuration = configuration.with("metadata", configuration["metadata"].without("managedFields"));
    if (configuration.at("metadata", "annotations").has(kLastApplied))
        configuration = configuration.withoutPath({"metadata", "annotations", kLastApplied});
    return merged.withPath({"metadata", "annotations", kLastApplied}, document::writeJson(configuration, true) + "\n");
}

// Fields of others that the configuration would change.
std::vector<Conflicts> findConflicts(const std::vector<Manager>& managers, const Manager& own,
                                     const FieldSet& changes, Differences& differences) {
    std::vector<Conflicts> out;
    for (const Manager& manager : managers) {
        const bool same = manager.name == own.name && manager.operation == "Apply" &&
                          manager.subresource == own.subresource;
        if (same) continue;
        const FieldDifference* there = manager.apiVersion == own.apiVersion ? nullptr : differences.in(manager.apiVersion);
        const FieldSet both = intersect(manager.fields, there != nullptr ? there->changed : changes);
        std::vector<std::string> paths = pathTexts(both);
        if (paths.empty()) continue;
        std::string who = base::quoteGo(manager.name);
        if (!manager.subresource.empty()) who += " with subresource " + base::quoteGo(manager.subresource);
        if (manager.operation == "Update") who += " using " + manager.apiVersion;
        out.push_back({std::move(who), std::move(paths)});
    }
    return out;
}

} // namespace

base::Result<Value> applyConfiguration(Core& core, Context& context, const api::ResourceInfo& resource,
                                       const Value& live, const Value& configuration,
                                       std::string_view subresource) {
    const FieldSchema schema = schemaOf(core, resource);
    if (std::string problem = configurationProblem(schema, configuration, ""); !problem.empty()) {
        const std::string gvk = (resource.group.empty() ? "/" + resource.version : resource.apiVersion()) +
                                ", Kind=" + resource.kind;
        return api::statusError(500, "",
                                "failed to create typed patch object (" +
                                    std::string(metaText(configuration, "namespace")) + "/" +
                                    std::string(metaText(configuration, "name")) + "; " + gvk +
                                    "): " + problem);
    }
    context.fieldsTracked = true;
    Manager own{context.fieldManager, "Apply", resource.apiVersion(), std::string(subresource), core.now(), {}, true};
    own.fields = fieldsOf(schema, configuration);
    resetFields(resource, subresource, own.fields);
    std::vector<Manager> managers = readManagers(live);
    Value base = live.isNull() ? Value::object({{"kind", resource.kind}, {"apiVersion", resource.apiVersion()}})
                               : visible(live);
    Value merged = overlay(schema, base, configuration);
    FieldDifference difference = compareFields(schema, base, merged);
    Differences differences(core, resource, base, merged);
    differences.know(resource.apiVersion(), difference);
    std::erase_if(managers, [&](const Manager& manager) { return differences.versionOf(manager.apiVersion) == nullptr; });
    if (!live.isNull()) {
        FieldSet contested = difference.changed;
        if (own.name == "kubectl" && !context.force) contested = subtract(contested, stillAsApplied(schema, live));
        const auto conflicts = findConflicts(managers, own, contested, differences);
        if (!conflicts.empty() && !context.force) return conflictError(conflicts);
        for (Manager& manager : managers)
            if (manager.name != own.name || manager.operation != "Apply" || manager.subresource != own.subresource)
                manager.fields = subtract(manager.fields, differences.in(manager.apiVersion)->changed);
    }
    // Fields that this manager gave up and nobody else owns go away.
    FieldSet others;
    for (const Manager& manager : managers)
        if (manager.name != own.name || manager.operation != "Apply" || manager.subresource != own.subresource)
            others = unite(others, manager.fields);
    std::string before;
    for (const Manager& manager : managers) {
        if (manager.name != own.name || manager.operation != "Apply" || manager.subresource != own.subresource)
            continue;
        // Sets of another version of a built-in kind speak of other fields.
        const bool comparable = manager.apiVersion == own.apiVersion || resource.custom;
        const FieldSet dropped = subtract(manager.fields, withPlaces(unite(own.fields, others)));
        if (comparable && !dropped.empty()) merged = removeFields(schema, merged, dropped);
        before = manager.time;
    }
    // Only a change of the object sets the time; a new manager that changes nothing has none.
    if (!live.isNull() && visible(live) == merged) own.time = before;
    if (own.name == "kubectl") merged = withLastApplied(merged, configuration);
    std::erase_if(managers, [&](const Manager& manager) {
        return manager.name == own.name && manager.operation == "Apply" && manager.subresource == own.subresource;
    });
    managers.push_back(own);
    return writeManagers(merged, std::move(managers));
}

} // namespace apiserver
