// Names, namespaces, labels, annotations, replicas and images. Source: kustomize api/filters,
// api/internal/builtins.
#include "base/strings.h"
#include "kubectl/kustomize/target.h"

#include <algorithm>
#include <re2/re2.h>

namespace kubectl::kustomize {

using document::Value;

namespace {

base::Status changeAt(Resource& resource, const FieldSpec& spec, const Value& leaf, FieldChange& change) {
    if (resource.gone() || !spec.fits(resource.id())) return base::okStatus();
    auto changed = changeField(resource.object, spec, leaf, change);
    if (!changed.ok())
        return base::makeError("considering field '" + spec.path + "' of object " + resource.id().text() + ": " +
                               changed.error().message);
    resource.object = std::move(changed).value();
    return base::okStatus();
}

base::Status setAll(Resources& resources, const FieldSpecs& specs, const Value& leaf, FieldChange& change) {
    for (Resource& resource : resources.list)
        for (const FieldSpec& spec : specs) BASE_CHECK(changeAt(resource, spec, leaf, change));
    return base::okStatus();
}

base::Status addPairs(Resources& resources, const FieldSpecs& specs, const Value& pairs) {
    if (pairs.size() == 0) return base::okStatus();
    FieldChange change = [&pairs](const Value& old) -> base::Result<Value> {
        if (!old.isNull() && !old.isObject()) return base::makeError("wrong node kind: expected MappingNode but got ScalarNode");
        document::ObjectBuilder out(old.isObject() ? old : Value::object());
        for (const document::Member& member : pairs.members()) out.set(member.key, member.value);
        return std::move(out).build();
    };
    return setAll(resources, specs, Value::object(), change);
}

FieldSpecs labelPlaces(const Value& label) {
    FieldSpecs out;
    for (const Value& field : label["fields"].items())
        out.push_back({field["path"].text(), field["group"].text(), field["version"].text(), field["kind"].text(),
                       field["create"].asBool()});
    const FieldSpecs* more = nullptr;
    if (label["includeSelectors"].asBool()) more = &labelSpecs();
    else if (label["includeTemplates"].asBool()) more = &templateSpecs();
    if (more != nullptr) out.insert(out.end(), more->begin(), more->end());
    else out.push_back({"metadata/labels", "", "", "", true});
    return out;
}

base::Status runLabels(Resources& resources, const Value& kustomization) {
    for (const Value& label : kustomization["labels"].items())
        BASE_CHECK(addPairs(resources, labelPlaces(label), label["pairs"]));
    return addPairs(resources, labelSpecs(), kustomization["commonLabels"]);
}

bool keepsName(const ResourceId& id) {
    return id.kind == "CustomResourceDefinition" || id.kind == "Namespace" ||
           (id.group == "apiregistration.k8s.io" && id.kind == "APIService");
}

void runAffixes(Resources& resources, const std::string& prefix, const std::string& suffix) {
    for (Resource& resource : resources.list) {
        if (resource.gone() || keepsName(resource.originalId())) continue;
        if (!prefix.empty()) {
            resource.prefixes.push_back(prefix);
            resource.rememberId();
            resource.rename(prefix + resource.name());
        }
    }
    for (Resource& resource : resources.list) {
        if (suffix.empty() || resource.gone() || keepsName(resource.originalId())) continue;
        resource.suffixes.push_back(suffix);
        resource.rememberId();
        resource.rename(resource.name() + suffix);
    }
}

// Only accounts named "default" move with their binding.
Value movedSubjects(const Value& subjects, const std::string& ns) {
    document::ArrayBuilder out;
    for (const Value& subject : subjects.items())
        out.push(subject["name"].asString() == "default" ? subject.with("namespace", ns) : subject);
    return std::move(out).build();
}

base::Status runNamespace(Resources& resources, const std::string& ns) {
    if (ns.empty()) return base::okStatus();
    FieldChange change = [&ns](const Value&) -> base::Result<Value> { return Value(ns); };
    for (Resource& resource : resources.list) {
        if (resource.gone()) continue;
        resource.rememberId();
        if (!resource.id().clusterScoped()) resource.object = resource.object.withPath({"metadata", "namespace"}, ns);
        const std::string kind = resource.kind();
        if ((kind == "RoleBinding" || kind == "ClusterRoleBinding") && resource.object["subjects"].isArray())
            resource.object = resource.object.with("subjects", movedSubjects(resource.object["subjects"], ns));
        for (const FieldSpec& spec : namespaceSpecs()) BASE_CHECK(changeAt(resource, spec, Value(""), change));
        const ResourceId id = resource.id();
        const auto same = std::count_if(resources.list.begin(), resources.list.end(), [&](const Resource& other) {
            return !other.gone() && other.id().equals(id);
        });
        if (same != 1) return base::makeError("namespace transformation produces ID conflict: " + id.text());
    }
    return base::okStatus();
}

base::Status runReplicas(Resources& resources, const Value& replica) {
    bool found = false;
    const std::string name = replica["name"].text();
    const Value count = replica["count"].isNull() ? Value(0) : replica["count"];
    FieldChange change = [&count](const Value&) -> base::Result<Value> { return count; };
    for (const FieldSpec& spec : replicaSpecs())
        for (Resource& resource : resources.list) {
            if (resource.gone()) continue;
            std::vector<ResourceId> ids = resource.previous;
            ids.push_back(resource.id());
            const bool named = std::any_of(ids.begin(), ids.end(), [&](const ResourceId& id) {
                return id.name == name && spec.fits(id);
            });
            if (!named) continue;
            found = true;
            BASE_CHECK(changeAt(resource, spec, count, change));
        }
    if (found) return base::okStatus();
    std::vector<std::string> kinds;
    for (const FieldSpec& spec : replicaSpecs()) kinds.push_back(ResourceId{spec.group, spec.version, spec.kind, "", ""}.gvkText());
    return base::makeError("resource with name " + name + " does not match a config with the following GVK [" +
                           base::join(kinds, " ") + "]");
}

struct ImageParts {
    std::string name, tag, digest;
};
ImageParts splitImage(const std::string& image) {
    ImageParts out;
    const auto slash = image.find('/');
    const std::size_t from = slash == std::string::npos || slash == 0 ? 0 : slash;
    const auto at = image.find('@', from), colon = image.find(':', from);
    if (at == std::string::npos && colon == std::string::npos) return {image, "", ""};
    if (at != std::string::npos && (colon == std::string::npos || at < colon))
        return {image.substr(0, at), "", image.substr(at + 1)};
    out.name = image.substr(0, colon);
    out.tag = image.substr(colon + 1, at == std::string::npos ? std::string::npos : at - colon - 1);
    if (at != std::string::npos) out.digest = image.substr(at + 1);
    return out;
}

Value newImage(const Value& old, const Value& change) {
    if (!old.isString()) return old;
    const RE2 pattern("^" + change["name"].text() + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$", RE2::Quiet);
    if (!pattern.ok() || !RE2::FullMatch(old.text(), pattern)) return old;
    ImageParts parts = splitImage(old.text());
    if (!change["newName"].asString().empty()) parts.name = change["newName"].text();
    const std::string tag = change["newTag"].text(), digest = change["digest"].text(), more = change["tagSuffix"].text();
    if (!tag.empty() || !digest.empty()) {
        parts.tag = tag;
        parts.digest = digest;
    } else if (!more.empty()) {
        parts.tag += more;
        parts.digest.clear();
    }
    return parts.name + (parts.tag.empty() ? "" : ":" + parts.tag) + (parts.digest.empty() ? "" : "@" + parts.digest);
}

// Containers wherever they stand, also in kinds that nobody knows.
Value withImages(const Value& value, const Value& change) {
    if (value.isArray()) {
        document::ArrayBuilder out;
        for (const Value& item : value.items()) out.push(withImages(item, change));
        return std::move(out).build();
    }
    if (!value.isObject()) return value;
    document::ObjectBuilder out(value);
    for (const document::Member& member : value.members()) {
        Value inner = withImages(member.value, change);
        const bool containers = member.key.view() == "containers" || member.key.view() == "initContainers";
        if (containers && inner.isArray()) {
            document::ArrayBuilder list;
            for (const Value& item : inner.items())
                list.push(item["image"].isNull() ? item : item.with("image", newImage(item["image"], change)));
            inner = std::move(list).build();
        }
        out.set(member.key, std::move(inner));
    }
    return std::move(out).build();
}

base::Status runImages(Resources& resources, const Value& image) {
    FieldChange change = [&image](const Value& old) -> base::Result<Value> { return newImage(old, image); };
    for (Resource& resource : resources.list) {
        if (resource.gone() || resource.kind() == "CustomResourceDefinition") continue;
        resource.object = withImages(resource.object, image);
        // What the walk has renamed does not match any more.
        for (const FieldSpec& spec : imageSpecs()) BASE_CHECK(changeAt(resource, spec, Value(), change));
    }
    return base::okStatus();
}

} // namespace

base::Status runTransformers(Resources& resources, const Value& kustomization, const Loader& loader) {
    BASE_CHECK(applyPatches(resources, kustomization, loader));
    BASE_CHECK(runNamespace(resources, kustomization["namespace"].text()));
    runAffixes(resources, kustomization["namePrefix"].text(), kustomization["nameSuffix"].text());
    BASE_CHECK(runLabels(resources, kustomization));
    BASE_CHECK(addPairs(resources, annotationSpecs(), kustomization["commonAnnotations"]));
    // JSON patches of the old field come after the names have changed.
    document::ObjectBuilder old;
    old.set("patchesJson6902", kustomization["patchesJson6902"]);
    const Value late = std::move(old).build();
    if (late["patchesJson6902"].size() > 0) BASE_CHECK(applyPatches(resources, late, loader));
    for (const Value& replica : kustomization["replicas"].items()) BASE_CHECK(runReplicas(resources, replica));
    for (const Value& image : kustomization["images"].items()) BASE_CHECK(runImages(resources, image));
    BASE_CHECK(applyReplacements(resources, kustomization, loader));
    resources.dropEmpty();
    return base::okStatus();
}

} // namespace kubectl::kustomize
