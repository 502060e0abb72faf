// Strategic and JSON patches. Source: kustomize api/internal/builtins/Patch*.go.
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/kustomize/merge.h"
#include "kubectl/kustomize/target.h"

namespace kubectl::kustomize {

using document::Value;

namespace {

struct LoadedPatch {
    std::vector<Resource> strategic;
    Value operations; // of a JSON patch
};

std::string trimmed(const std::string& text) { return std::string(base::trim(text)); }

// An array of operations, or nothing.
Value jsonPatchOf(const std::string& text) {
    auto parsed = document::readYaml(text);
    if (!parsed.ok() || !parsed.value().isArray()) return {};
    for (const Value& item : parsed.value().items())
        if (!item.isObject()) return {};
    return parsed.value();
}

base::Result<LoadedPatch> parsePatch(const std::string& text, const std::string& source) {
    LoadedPatch out;
    auto strategic = readResources(text);
    const Value operations = jsonPatchOf(text);
    if (strategic.ok() && operations.isNull()) {
        out.strategic = std::move(strategic).value();
        return out;
    }
    if (operations.isNull()) return base::makeError("unable to parse SM or JSON patch from " + source);
    out.operations = operations;
    return out;
}

base::Status applyStrategic(Resource& resource, const Resource& patch) {
    const std::string name = resource.name(), kind = resource.kind();
    const Value ns = resource.object["metadata"]["namespace"];
    if (patch.mayChangeName || patch.mayChangeKind) resource.rememberId();
    BASE_TRY(Value merged, mergePatch(resource.object, patch.object));
    if (!merged.isObject()) {
        resource.object = Value();
        return base::okStatus();
    }
    if (!patch.mayChangeKind) merged = merged.with("kind", kind);
    if (!patch.mayChangeName) merged = merged.withPath({"metadata", "name"}, name);
    merged = ns.isNull() ? merged.withoutPath({"metadata", "namespace"}) : merged.withPath({"metadata", "namespace"}, ns);
    resource.object = merged;
    return base::okStatus();
}

base::Status applyOperations(Resources& resources, const Value& target, const Value& operations, const std::string& source) {
    if (target.isNull()) return base::makeError("must specify a target for JSON patch " + source);
    BASE_TRY(const auto selected, resources.select(target));
    for (Resource* resource : selected) {
        resource->rememberId();
        auto patched = document::applyJsonPatch(resource->object, operations);
        if (!patched.ok()) return patched.error();
        resource->object = patched.value();
    }
    return base::okStatus();
}

std::string targetText(const Value& target) {
    const ResourceId id{target["group"].text(), target["version"].text(), target["kind"].text(), target["name"].text(),
                        target["namespace"].text()};
    return id.text() + ":a=" + target["annotationSelector"].text() + ":l=" + target["labelSelector"].text();
}

base::Status applyResourcePatches(Resources& resources, LoadedPatch& patch, const Value& entry, const std::string& source) {
    for (Resource& item : patch.strategic) {
        item.mayChangeName = entry["options"]["allowNameChange"].asBool();
        item.mayChangeKind = entry["options"]["allowKindChange"].asBool();
    }
    const Value& target = entry["target"];
    if (!target.isNull()) {
        if (patch.strategic.size() > 1)
            return base::makeError("Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set "
                                   "`patches.target` field: " + source);
        auto selected = resources.select(target);
        if (!selected.ok())
            return base::makeError("unable to find patch target " + base::quoteGo(targetText(target)) + " in `resources`: " +
                                   selected.error().message);
        if (patch.strategic.empty()) return base::okStatus();
        for (Resource* resource : selected.value()) BASE_CHECK(applyStrategic(*resource, patch.strategic[0]));
        return base::okStatus();
    }
    for (const Resource& item : patch.strategic) {
        auto found = resources.forPatch(item.id());
        if (!found.ok())
            return base::makeError("no resource matches strategic merge patch " + base::quoteGo(item.id().text()) + ": " +
                                   found.error().message);
        BASE_CHECK(applyStrategic(*found.value(), item));
    }
    return base::okStatus();
}

// The entry as the error shows it: YAML of what was given.
std::string shown(const Value& entry) { return document::writeYaml(entry); }

base::Status applyEntry(Resources& resources, const Value& entry, const Loader& loader) {
    std::string text = trimmed(entry["patch"].text()), path = entry["path"].text(), source;
    const std::string failure = "trouble configuring builtin PatchTransformer with config: `\n" + shown(entry) + "`: ";
    if (text.empty() && path.empty())
        return base::makeError(failure + "must specify one of patch and path in\n" + shown(entry));
    if (!text.empty() && !path.empty())
        return base::makeError(failure + "patch and path can't be set at the same time\n" + shown(entry));
    if (!text.empty()) {
        source = "[patch: " + base::quoteGo(text) + "]";
    } else {
        source = "[path: " + base::quoteGo(path) + "]";
        auto loaded = loader.load(path);
        if (!loaded.ok())
            return base::makeError(failure + "failed to get the patch file from path(" + path + "): " + loaded.error().message);
        text = loaded.value();
    }
    auto patch = parsePatch(text, source);
    if (!patch.ok()) return base::makeError(failure + patch.error().message);
    if (!patch.value().operations.isNull())
        return applyOperations(resources, entry["target"], patch.value().operations, source);
    return applyResourcePatches(resources, patch.value(), entry, source);
}

// patchesStrategicMerge: texts or files, found by their ids.
base::Status applyOldStrategic(Resources& resources, const std::string& entry, const Loader& loader) {
    auto parsed = readResources(entry);
    if (!parsed.ok()) {
        BASE_TRY(const std::string text, loader.load(entry));
        parsed = readResources(text);
        if (!parsed.ok() && parsed.error().message.starts_with("MalformedYAMLError"))
            return base::makeError(parsed.error().message + " in File: " + entry);
        if (!parsed.ok()) return parsed.error();
    }
    for (const Resource& patch : parsed.value()) {
        BASE_TRY(Resource* target, resources.forPatch(patch.id()));
        BASE_CHECK(applyStrategic(*target, patch));
    }
    return base::okStatus();
}

base::Status applyOldJson(Resources& resources, const Value& entry, const Loader& loader) {
    if (entry["target"]["name"].asString().empty()) return base::makeError("must specify the target name");
    std::string text = entry["patch"].text();
    const std::string path = entry["path"].text();
    if (text.empty() && path.empty()) return base::makeError("empty file path and empty jsonOp");
    if (!text.empty() && !path.empty()) return base::makeError("must specify a file path or jsonOp, not both");
    if (!path.empty()) {
        BASE_TRY(text, loader.load(path));
    }
    auto operations = document::readYaml(text);
    if (!operations.ok()) return base::makeError(document::goErrorText(operations.error()));
    BASE_TRY(const auto selected, resources.select(entry["target"]));
    for (Resource* resource : selected) {
        BASE_TRY(resource->object, document::applyJsonPatch(resource->object, operations.value()));
    }
    return base::okStatus();
}

} // namespace

base::Status applyPatches(Resources& resources, const Value& kustomization, const Loader& loader) {
    for (const Value& entry : kustomization["patchesStrategicMerge"].items())
        BASE_CHECK(applyOldStrategic(resources, entry.text(), loader));
    for (const Value& entry : kustomization["patches"].items()) BASE_CHECK(applyEntry(resources, entry, loader));
    if (kustomization.has("kind")) return base::okStatus();
    for (const Value& entry : kustomization["patchesJson6902"].items()) BASE_CHECK(applyOldJson(resources, entry, loader));
    return base::okStatus();
}

} // namespace kubectl::kustomize
