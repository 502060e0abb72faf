#include "apiserver/openapi/schemas.h"

#include "base/assets.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

using Index = std::map<std::string_view, std::string_view, std::less<>>;

template <typename Line>
void eachLine(std::string_view text, Line line) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        line(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
}

// Name -> JSON text; the asset has one schema a line.
const Index& schemaTexts() {
    static const Index index = [] {
        Index out;
        eachLine(base::asset("kinds/schemas.json"), [&](std::string_view line) {
            const auto colon = line.find("\":");
            if (line.size() < 2 || line[0] != '"' || colon == std::string_view::npos) return;
            std::string_view text = line.substr(colon + 2);
            if (text.ends_with(',')) text.remove_suffix(1);
            out.emplace(line.substr(1, colon - 1), text);
        });
        return out;
    }();
    return index;
}

const Index& descriptions() {
    static const Index index = [] {
        Index out;
        eachLine(base::asset("kinds/descriptions.en.tsv"), [&](std::string_view line) {
            const auto tab = line.find('\t');
            if (tab != std::string_view::npos) out.emplace(line.substr(0, tab), line.substr(tab + 1));
        });
        return out;
    }();
    return index;
}

std::string_view referredName(const Value& reference) {
    std::string_view name = reference.asString();
    const auto slash = name.rfind('/');
    return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

// The text of the type, and of each of its fields.
Value described(Value schema, std::string_view name) {
    if (schema["properties"].isObject()) {
        document::ObjectBuilder properties;
        for (const document::Member& member : schema["properties"].members())
            properties.set(member.key, withDescription(member.value, std::string(name) + "." + member.key.text()));
        schema = schema.with("properties", std::move(properties).build());
    }
    return withDescription(std::move(schema), name);
}

} // namespace

std::string_view descriptionOf(std::string_view key) {
    const auto found = descriptions().find(key);
    return found == descriptions().end() ? std::string_view{} : found->second;
}

Value withDescription(Value schema, std::string_view key) {
    const std::string_view text = descriptionOf(key);
    if (text.empty()) return schema;
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool newline = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
        plain += newline ? '\n' : text[i];
        i += newline ? 1 : 0;
    }
    return schema.with("description", plain);
}

void SchemaCollector::put(const std::string& name, Value schema) {
    const auto added = schemas_.emplace(name, std::move(schema));
    if (added.second) addReferences(added.first->second);
}

void SchemaCollector::add(std::string_view name) {
    if (schemas_.contains(name)) return;
    const auto text = schemaTexts().find(name);
    if (text == schemaTexts().end()) return;
    auto parsed = document::readJson(text->second);
    if (parsed.ok()) put(std::string(name), described(std::move(parsed).value(), name));
}

void SchemaCollector::addReferences(const Value& schema) {
    for (const Value& item : schema.items()) addReferences(item);
    for (const document::Member& member : schema.members()) {
        if (member.key.view() == "$ref") add(referredName(member.value));
        else addReferences(member.value);
    }
}

void SchemaCollector::addKindsOf(std::string_view group, std::string_view version) {
    const std::string marks[] = {"\"group\":\"" + std::string(group) + "\"", "\"version\":\"" + std::string(version) + "\""};
    for (const auto& [name, text] : schemaTexts()) {
        const auto kinds = text.rfind("x-kubernetes-group-version-kind");
        if (kinds == std::string_view::npos) continue;
        const std::string_view tail = text.substr(kinds);
        if (tail.find(marks[0]) != std::string_view::npos && tail.find(marks[1]) != std::string_view::npos) add(name);
    }
    add(kObjectMeta);
}

Value SchemaCollector::build() && {
    document::ObjectBuilder out;
    for (auto& [name, schema] : schemas_) out.set(name, std::move(schema));
    return std::move(out).build();
}

} // namespace apiserver
