// Mistakes against the types of the fields: misspelt names and values of the wrong kind.
#include "corpus/manifests.h"

#include "api/kinds.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"

#include <span>

namespace corpus {
namespace {

using api::TypeKind;
using document::Value;

struct Step {
    std::string key;
    std::size_t index = 0;
    bool isIndex = false;
};
using Path = std::vector<Step>;

std::string pathText(const Path& path) {
    std::string out;
    for (const Step& step : path) {
        if (step.isIndex) out += "[" + std::to_string(step.index) + "]";
        else out += (out.empty() ? "" : ".") + step.key;
    }
    return out;
}

Value replaced(const Value& node, std::span<const Step> path, const Value& value) {
    if (path.empty()) return value;
    const Step& step = path[0];
    if (step.isIndex) return node.withItem(step.index, replaced(node[step.index], path.subspan(1), value));
    return node.with(step.key, replaced(node[step.key], path.subspan(1), value));
}

std::vector<Value> wrongValues(TypeKind kind) {
    const Value list = Value::array({Value("a")}), map = Value::object({{"a", Value("b")}});
    switch (kind) {
    case TypeKind::String: return {Value(5), Value(true), list, map, Value(1.5)};
    case TypeKind::Bool: return {Value("yes please"), Value(1), list, map, Value("true")};
    case TypeKind::Int32: return {Value("three"), Value(true), list, map, Value("3"), Value(1.5), Value(std::int64_t{99999999999})};
    case TypeKind::Int64: return {Value("three"), Value(true), list, map, Value("3"), Value(1.5)};
    case TypeKind::Bytes: return {Value("no base64!"), Value(5), list, map};
    case TypeKind::Quantity: return {Value("1Gb"), Value("a lot"), Value("1 Gi"), Value(true), list, map, Value("1,5")};
    case TypeKind::IntOrString: return {Value(true), Value(1.5), list, map};
    case TypeKind::Struct: return {Value("text"), Value(5), list, Value(true)};
    case TypeKind::List: return {Value("text"), Value(5), map, Value(false)};
    case TypeKind::Map: return {Value("text"), Value(5), list};
    default: return {};
    }
}

// Names that hands write for the right one; none of them is a field of the type.
std::vector<std::string> misspellings(const std::string& name, const api::Type& type) {
    std::vector<std::string> out;
    const std::size_t middle = name.size() / 2;
    std::string dropped = name, doubled = name, swapped = name, upper = name;
    dropped.erase(middle, 1);
    doubled.insert(middle, 1, name[middle]);
    std::swap(swapped[middle], swapped[middle - 1]);
    upper[0] = static_cast<char>(std::toupper(upper[0]));
    const bool plural = name.back() == 's';
    for (const std::string& each : {dropped, doubled, swapped, upper, plural ? name.substr(0, name.size() - 1) : name + "s"})
        if (each != name && type.find(each) == nullptr) out.push_back(each);
    return out;
}

class Walk {
public:
    Walk(const Value& root, std::vector<Mistake>& out) : root_(root), out_(out) {}

    void visit(const Value& value, const api::TypeRef& type, const Path& path) {
        if (!path.empty()) {
            for (const Value& wrong : wrongValues(type.kind))
                if (!(wrong == value)) add(pathText(path) + ": " + document::writeJson(wrong), replaced(root_, path, wrong));
        }
        if (type.kind == TypeKind::Struct && value.isObject()) fields(value, *type.type, path);
        if (type.kind == TypeKind::Map)
            for (const auto& member : value.members()) visit(member.value, *type.element, step(path, {member.key.text()}));
        if (type.kind == TypeKind::List)
            for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], *type.element, step(path, {"", i, true}));
    }
    void fields(const Value& object, const api::Type& type, const Path& path) {
        for (const auto& member : object.members()) {
            const api::Field* field = type.find(member.key);
            if (field == nullptr) continue; // kind and apiVersion
            const Path inner = step(path, {member.key.text()});
            for (const std::string& name : misspellings(member.key.text(), type))
                add(pathText(inner) + " written as " + name,
                    replaced(root_, path, object.without(member.key).with(name, member.value)));
            add(pathText(inner) + " beside an unknown field", replaced(root_, path, object.with(member.key.text() + "Of", member.value)));
            visit(member.value, field->type, inner);
        }
    }

private:
    static Path step(Path path, Step next) {
        path.push_back(std::move(next));
        return path;
    }
    void add(std::string what, const Value& value) {
        // As people write it, and as programs do.
        const bool json = out_.size() % 5 == 4;
        out_.push_back({std::move(what), json ? document::writeJsonIndented(value) + "\n" : document::writeYaml(value)});
    }
    const Value& root_;
    std::vector<Mistake>& out_;
};

} // namespace

std::vector<Mistake> fieldMistakes(const std::string& yaml) {
    std::vector<Mistake> out;
    const Value root = *document::readYaml(yaml);
    const auto version = base::split(root["apiVersion"].asString(), '/');
    const api::ResourceInfo* resource = api::builtinKinds().findByKind(version.size() == 2 ? version[0] : "", version.back(), root["kind"].asString());
    Walk walk(root, out);
    walk.fields(root, *resource->type, {});
    return out;
}

} // namespace corpus
