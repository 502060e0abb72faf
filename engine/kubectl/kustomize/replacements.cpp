// Values copied from one object into others. Source: kustomize api/filters/replacement.
#include "base/strings.h"
#include "document/yaml.h"
#include "kubectl/kustomize/target.h"

#include <algorithm>

namespace kubectl::kustomize {

using document::Value;

namespace {

// "spec.containers.[name=web].image": a bracket or a backslash keeps a dot in a name.
std::vector<std::string> splitDots(const std::string& path) {
    std::vector<std::string> out(1);
    int depth = 0;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        if (c == '\\' && i + 1 < path.size() && path[i + 1] == '.') {
            out.back() += '.';
            ++i;
            continue;
        }
        if (c == '[') ++depth;
        if (c == ']') --depth;
        if (c == '.' && depth == 0) out.emplace_back();
        else out.back() += c;
    }
    // "a.[b.c]" as a name, as Kubernetes writes annotations.
    for (std::string& part : out)
        if (part.size() > 2 && part.front() == '[' && part.back() == ']' && part.find('=') == std::string::npos)
            part = part.substr(1, part.size() - 2);
    return out;
}

std::string scalarText(const Value& value) {
    if (value.isString()) return value.text();
    if (value.isInt()) return std::to_string(value.asInt());
    if (value.isBool()) return value.asBool() ? "true" : "false";
    return document::writeYaml(value);
}

// "[name=web]" fits items whose name is web; "[=x]" scalars; "*" everything; "3" the fourth.
bool itemFits(const Value& item, std::size_t index, const std::string& part) {
    if (part == "*") return true;
    if (part.front() == '[') {
        const auto equals = part.find('=');
        if (equals == std::string::npos) return false;
        const std::string key = part.substr(1, equals - 1), wanted = part.substr(equals + 1, part.size() - equals - 2);
        return scalarText(key.empty() ? item : item[key]) == wanted;
    }
    return part == std::to_string(index);
}

class Setter {
public:
    Setter(std::vector<std::string> path, bool create, FieldChange& change)
        : path_(std::move(path)), create_(create), change_(change) {}
    int found = 0;

    base::Result<Value> at(const Value& value, std::size_t depth) {
        if (depth == path_.size()) {
            ++found;
            return change_(value);
        }
        const std::string& part = path_[depth];
        if (value.isArray() || (value.isNull() && part.starts_with("["))) return items(value, depth);
        if (part == "*" && value.isObject()) return members(value, depth);
        if (!value.isObject() && !(value.isNull() && create_)) return value;
        const Value& child = value[part];
        if (child.isNull() && !create_ && !value.has(part)) return value;
        BASE_TRY(Value changed, at(child, depth + 1));
        if (changed.isNull() && child.isNull()) return value;
        return value.isNull() ? Value::object({{part, std::move(changed)}}) : value.with(part, std::move(changed));
    }

private:
    base::Result<Value> members(const Value& object, std::size_t depth) {
        document::ObjectBuilder out;
        for (const document::Member& member : object.members()) {
            BASE_TRY(Value changed, at(member.value, depth + 1));
            out.set(member.key, std::move(changed));
        }
        return std::move(out).build();
    }
    base::Result<Value> items(const Value& list, std::size_t depth) {
        const std::string& part = path_[depth];
        document::ArrayBuilder out;
        bool hit = false;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const bool fits = itemFits(list[i], i, part);
            hit = hit || fits;
            if (!fits) {
                out.push(list[i]);
                continue;
            }
            BASE_TRY(Value changed, at(list[i], depth + 1));
            out.push(std::move(changed));
        }
        const auto equals = part.find('=');
        if (!hit && create_ && part.starts_with("[") && equals != std::string::npos) {
            const Value fresh = Value::object({{part.substr(1, equals - 1), part.substr(equals + 1, part.size() - equals - 2)}});
            BASE_TRY(Value changed, at(fresh, depth + 1));
            out.push(std::move(changed));
        }
        return std::move(out).build();
    }

    std::vector<std::string> path_;
    bool create_;
    FieldChange& change_;
};

std::vector<ResourceId> allIds(const Resource& resource) {
    std::vector<ResourceId> out{resource.id()};
    out.insert(out.end(), resource.previous.begin(), resource.previous.end());
    return out;
}
bool selects(const Value& selector, const Resource& resource) {
    const auto ids = allIds(resource);
    return std::any_of(ids.begin(), ids.end(), [&](const ResourceId& id) {
        const std::string name = selector["name"].text(), ns = selector["namespace"].text();
        if (!name.empty() && name != id.name) return false;
        if (!ns.empty() && id.effectiveNs() != ns) return false;
        return id.selectedByGvk(selector["group"].text(), selector["version"].text(), selector["kind"].text());
    });
}
std::string selectorText(const Value& selector) {
    return ResourceId{selector["group"].text(), selector["version"].text(), selector["kind"].text(), selector["name"].text(),
                      selector["namespace"].text()}.text();
}
// The path and the options follow the id.
std::string sourceText(const Value& source) {
    std::string out = selectorText(source);
    if (!source["fieldPath"].asString().empty()) out += ":" + source["fieldPath"].text();
    const Value& options = source["options"];
    if (!options["delimiter"].asString().empty() || options["create"].asBool())
        out += ":" + options["delimiter"].text() + "(" + std::to_string(options["index"].asInt()) + "), create=" +
               (options["create"].asBool() ? "true" : "false");
    return out;
}

base::Result<Value> valueOf(const Value& object, const std::vector<std::string>& path) {
    const Value* at = &object;
    for (const std::string& part : path) {
        const Value* next = nullptr;
        if (at->isArray()) {
            for (std::size_t i = 0; i < at->size(); ++i)
                if (itemFits((*at)[i], i, part)) {
                    next = &(*at)[i];
                    break;
                }
        } else if (at->has(part)) {
            next = &(*at)[part];
        }
        if (next == nullptr) return Value();
        at = next;
    }
    return *at;
}

base::Result<Value> sourceValue(Resources& resources, const Value& replacement) {
    const Value& source = replacement["source"];
    if (!replacement["sourceValue"].isNull()) {
        if (!source.isNull()) return base::makeError("value and resource selectors are mutually exclusive");
        return replacement["sourceValue"];
    }
    const Resource* found = nullptr;
    for (const Resource& resource : resources.list) {
        if (resource.gone() || !selects(source, resource)) continue;
        if (found != nullptr) return base::makeError("multiple matches for selector " + sourceText(source));
        found = &resource;
    }
    if (found == nullptr) return base::makeError("nothing selected by " + sourceText(source));
    const std::string path = source["fieldPath"].asString().empty() ? "metadata.name" : source["fieldPath"].text();
    BASE_TRY(const Value value, valueOf(found->object, splitDots(path)));
    if (value.isNull() || ((value.isObject() || value.isArray()) && value.size() == 0))
        return base::makeError("fieldPath `" + path + "` is missing for replacement source " + selectorText(source));
    const std::string delimiter = source["options"]["delimiter"].text();
    if (delimiter.empty()) return value;
    if (value.isObject() || value.isArray()) return base::makeError("delimiter option can only be used with scalar nodes");
    const std::string text = scalarText(value);
    const auto index = source["options"]["index"].asInt();
    std::vector<std::string> parts;
    for (std::size_t at = 0;;) {
        const auto end = text.find(delimiter, at);
        parts.push_back(text.substr(at, end == std::string::npos ? end : end - at));
        if (end == std::string::npos) break;
        at = end + delimiter.size();
    }
    if (index < 0 || static_cast<std::size_t>(index) >= parts.size())
        return base::makeError("options.index " + std::to_string(index) + " is out of bounds for value " + text);
    return Value(parts[static_cast<std::size_t>(index)]);
}

base::Result<Value> inserted(const Value& old, const Value& value, const Value& options) {
    const std::string delimiter = options["delimiter"].text();
    if (delimiter.empty()) return value;
    if (old.isObject() || old.isArray()) return base::makeError("delimiter option can only be used with scalar nodes");
    std::vector<std::string> parts;
    const std::string text = scalarText(old);
    for (std::size_t at = 0;;) {
        const auto end = text.find(delimiter, at);
        parts.push_back(text.substr(at, end == std::string::npos ? end : end - at));
        if (end == std::string::npos) break;
        at = end + delimiter.size();
    }
    const auto index = options["index"].asInt();
    if (index < 0) parts.insert(parts.begin(), scalarText(value));
    else if (static_cast<std::size_t>(index) >= parts.size()) parts.push_back(scalarText(value));
    else parts[static_cast<std::size_t>(index)] = scalarText(value);
    return Value(base::join(parts, delimiter));
}

base::Status copyTo(Resource& resource, const Value& target, const Value& value) {
    std::vector<std::string> paths;
    for (const Value& path : target["fieldPaths"].items()) paths.push_back(path.text());
    if (paths.empty()) paths.emplace_back("metadata.name");
    const bool create = target["options"]["create"].asBool();
    FieldChange change = [&](const Value& old) { return inserted(old, value, target["options"]); };
    for (const std::string& path : paths) {
        Setter setter(splitDots(path), create, change);
        BASE_TRY(Value changed, setter.at(resource.object, 0));
        if (setter.found == 0)
            return base::makeError(std::string(create ? "unable to find or create field " : "unable to find field ") +
                                   base::quoteGo(path) + " in replacement target");
        resource.object = std::move(changed);
    }
    return base::okStatus();
}

base::Status apply(Resources& resources, const Value& replacement) {
    if ((replacement["source"].isNull() && replacement["sourceValue"].isNull()) || replacement["targets"].isNull())
        return base::makeError("replacements must specify a source and at least one target");
    BASE_TRY(const Value value, sourceValue(resources, replacement));
    for (const Value& target : replacement["targets"].items()) {
        if (target["select"].isNull()) return base::makeError("target must specify resources to select");
        document::ObjectBuilder byLabels;
        for (const char* part : {"labelSelector", "annotationSelector"})
            if (target["select"].has(part)) byLabels.set(part, target["select"][part]);
        const Value labels = std::move(byLabels).build();
        BASE_TRY(const auto labelled, resources.select(labels));
        for (Resource* resource : labelled) {
            if (!selects(target["select"], *resource)) continue;
            bool rejected = false;
            for (const Value& reject : target["reject"].items()) rejected = rejected || selects(reject, *resource);
            if (!rejected) BASE_CHECK(copyTo(*resource, target, value));
        }
    }
    return base::okStatus();
}

} // namespace

base::Status applyReplacements(Resources& resources, const Value& kustomization, const Loader& loader) {
    for (const Value& entry : kustomization["replacements"].items()) {
        const std::string path = entry["path"].text();
        if (path.empty()) {
            BASE_CHECK(apply(resources, entry));
            continue;
        }
        if (!entry["source"].isNull() || entry["targets"].size() > 0)
            return base::makeError("cannot specify both path and inline replacement");
        BASE_TRY(const std::string text, loader.load(path));
        BASE_TRY(const Value parsed, document::readYaml(text));
        if (parsed.isArray()) {
            for (const Value& item : parsed.items()) BASE_CHECK(apply(resources, item));
        } else {
            BASE_CHECK(apply(resources, parsed));
        }
    }
    return base::okStatus();
}

} // namespace kubectl::kustomize
