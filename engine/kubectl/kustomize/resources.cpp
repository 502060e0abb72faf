// The list of objects and the selections from it. Source: kustomize api/resmap/reswrangler.go,
// api/resource/factory.go.
#include "api/label_selector.h"
#include "base/strings.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/kustomize/target.h"

#include <algorithm>
#include <re2/re2.h>

namespace kubectl::kustomize {

using document::Value;

namespace {

std::string goBool(bool value) { return value ? "true" : "false"; }
std::string goId(const ResourceId& id) {
    return "resid.ResId{Gvk:resid.Gvk{Group:" + base::quoteGo(id.group) + ", Version:" + base::quoteGo(id.version) +
           ", Kind:" + base::quoteGo(id.kind) + ", isClusterScoped:" + goBool(id.clusterScoped()) +
           "}, Name:" + base::quoteGo(id.name) + ", Namespace:" + base::quoteGo(id.ns) + "}";
}

Value merged(const Value& under, const Value& over) {
    if (over.isNull()) return under;
    document::ObjectBuilder out(under.isObject() ? under : Value::object());
    for (const document::Member& member : over.members()) out.set(member.key, member.value);
    return std::move(out).build();
}
Value withMember(const Value& object, const char* name, const Value& value) {
    return value.isNull() || value.size() == 0 ? (object.has(name) ? object.without(name) : object)
                                               : object.with(name, value);
}

// What a generator makes keeps the identity of what it replaces.
void takeIdentity(Resource& made, const Resource& old) {
    Value metadata = made.object["metadata"];
    for (const char* map : {"labels", "annotations"})
        metadata = withMember(metadata, map, merged(old.object["metadata"][map], metadata[map]));
    metadata = metadata.with("name", old.name());
    metadata = withMember(metadata, "namespace", Value());
    if (const Value& ns = old.object["metadata"]["namespace"]; !ns.isNull()) metadata = metadata.with("namespace", ns);
    made.object = made.object.with("metadata", metadata);
    made.previous = old.previous;
    made.prefixes = old.prefixes;
    made.suffixes = old.suffixes;
    made.behavior = old.behavior;
    made.needsHash = made.needsHash && old.needsHash;
}

bool fits(const std::string& pattern, const std::string& text) {
    return pattern.empty() || RE2::FullMatch(text, RE2(pattern, RE2::Quiet));
}

base::Result<bool> labelsFit(const Value& selector, const Value& labels) {
    if (selector.asString().empty()) return true;
    auto parsed = api::LabelSelector::parse(selector.text());
    if (!parsed.ok()) return parsed.error();
    return parsed.value().matches(labels);
}

base::Error badObject(const char* what, const Value& object) {
    return base::makeError("missing " + std::string(what) + " in object {{" + object["apiVersion"].text() + " " +
                           object["kind"].text() + "} {{" + object.at("metadata", "name").text() + " " +
                           object.at("metadata", "namespace").text() + "} map[] map[]}}");
}

base::Status checkObject(const Value& object) {
    if (!object.isObject()) return base::makeError("missing kind in object {{ } {{ } map[] map[]}}");
    const std::string kind = object["kind"].text();
    if (kind.empty()) return badObject("kind", object);
    if (!kind.ends_with("List") && object.at("metadata", "name").asString().empty())
        return badObject("metadata.name", object);
    return base::okStatus();
}

base::Status collect(const Value& object, std::vector<Resource>& out) {
    if (object.isNull() || (object.isObject() && object.size() == 0)) return base::okStatus();
    BASE_CHECK(checkObject(object));
    if (object["kind"].asString().ends_with("List") && object.has("items")) {
        for (const Value& item : object["items"].items()) BASE_CHECK(collect(item, out));
        return base::okStatus();
    }
    Resource made;
    made.object = object;
    out.push_back(std::move(made));
    return base::okStatus();
}

} // namespace

base::Status Resources::add(Resource resource) {
    const ResourceId id = resource.id();
    for (const Resource& other : list)
        if (other.id().equals(id))
            return base::makeError("may not add resource with an already registered id: " + id.text());
    list.push_back(std::move(resource));
    return base::okStatus();
}
base::Status Resources::addAll(std::vector<Resource> resources) {
    for (Resource& resource : resources) BASE_CHECK(add(std::move(resource)));
    return base::okStatus();
}

std::vector<Resource*> Resources::withAnyId(const ResourceId& id) {
    std::vector<Resource*> out;
    for (Resource& resource : list) {
        if (resource.gone()) continue;
        const bool before = std::any_of(resource.previous.begin(), resource.previous.end(),
                                        [&](const ResourceId& old) { return old.equals(id); });
        if (before || resource.id().equals(id)) out.push_back(&resource);
    }
    return out;
}

base::Status Resources::absorb(Resource made) {
    const ResourceId id = made.id();
    const auto matches = withAnyId(id);
    if (matches.size() > 1) return base::makeError("found multiple objects that could accept merge of " + id.text());
    const bool change = made.behavior == Behavior::Merge || made.behavior == Behavior::Replace;
    if (matches.empty()) {
        if (change) return base::makeError("id " + goId(id) + " does not exist; cannot merge or replace");
        return add(std::move(made));
    }
    if (!change) return base::makeError("id " + goId(id) + " exists; behavior must be merge or replace");
    Resource& old = *matches[0];
    const bool merges = made.behavior == Behavior::Merge;
    takeIdentity(made, old);
    if (merges)
        for (const char* map : {"data", "binaryData"})
            made.object = withMember(made.object, map, merged(old.object[map], made.object[map]));
    old = std::move(made);
    return base::okStatus();
}

base::Result<Resource*> Resources::forPatch(const ResourceId& id) {
    const auto found = withAnyId(id);
    if (found.size() == 1) return found[0];
    return base::makeError((found.empty() ? "no matches for Id " : "multiple matches for Id ") + id.text() +
                           "; failed to find unique target for patch " + id.text());
}

base::Result<std::vector<Resource*>> Resources::select(const Value& selector) {
    std::vector<Resource*> out;
    for (const char* part : {"group", "version", "kind", "name", "namespace"}) {
        const RE2 pattern(selector[part].text(), RE2::Quiet);
        if (!pattern.ok()) return base::makeError("error parsing regexp: " + pattern.error());
    }
    for (Resource& resource : list) {
        if (resource.gone()) continue;
        const ResourceId now = resource.id(), before = resource.originalId();
        const std::string ns = selector["namespace"].text(), name = selector["name"].text();
        if (!fits(ns, now.effectiveNs()) && !fits(ns, before.effectiveNs())) continue;
        if (!fits(name, now.name) && !fits(name, before.name)) continue;
        if (!fits(selector["group"].text(), now.group) || !fits(selector["version"].text(), now.version) ||
            !fits(selector["kind"].text(), now.kind))
            continue;
        BASE_TRY(const bool labels, labelsFit(selector["labelSelector"], resource.object.at("metadata", "labels")));
        BASE_TRY(const bool notes, labelsFit(selector["annotationSelector"], resource.object.at("metadata", "annotations")));
        if (labels && notes) out.push_back(&resource);
    }
    return out;
}

void Resources::dropEmpty() {
    std::erase_if(list, [](const Resource& resource) { return resource.gone(); });
}

base::Result<std::vector<Resource>> readResources(std::string_view text) {
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    limits.maxBytes = 8u * 1024 * 1024;
    std::vector<Resource> out;
    std::string part;
    std::vector<std::string> parts;
    for (const std::string& line : base::split(std::string(text), '\n')) {
        if (line.starts_with("---")) {
            parts.push_back(std::exchange(part, {}));
            continue;
        }
        part += line + "\n";
    }
    if (!text.empty() && text.back() != '\n') part.pop_back();
    parts.push_back(part);
    for (const std::string& piece : parts) {
        auto value = document::readYaml(piece, {}, limits);
        if (!value.ok()) return base::makeError("MalformedYAMLError: " + document::goErrorText(value.error()));
        BASE_CHECK(collect(value.value(), out));
    }
    return out;
}

} // namespace kubectl::kustomize
