// /openapi/v2, made from the documents of version 3. Source: OpenAPI Specification 2.0; the numbers of
// the protobuf form are those of gnostic's OpenAPIv2.proto.
#include "apiserver/openapi/openapi.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

// What version 2 says in another way: where schemas live, and types that may be one of several.
Value downgrade(const Value& node) {
    if (node.isArray()) {
        std::vector<Value> items;
        for (const Value& item : node.items()) items.push_back(downgrade(item));
        return Value::array(std::move(items));
    }
    if (!node.isObject()) return node;
    document::ObjectBuilder out;
    for (const auto& [member, value] : node.members()) {
        const std::string_view key = member;
        if (key == "$ref") out.set("$ref", base::replaceAll(value.asString(), "#/components/schemas/", "#/definitions/"));
        else if (key == "oneOf" || key == "anyOf") out.set("type", "string");
        else if (key != "nullable" && key != "not") out.set(key, downgrade(value));
    }
    return std::move(out).build();
}

// Parameters have their type beside the name instead of in a schema.
Value downgradeOperation(const Value& operation) {
    std::vector<Value> parameters;
    for (const Value& parameter : operation["parameters"].items())
        parameters.push_back(parameter.without("schema").with("type", "string").with("uniqueItems", true));
    return operation.with("parameters", Value::array(std::move(parameters)));
}

Value documentV2(Core& core) {
    document::ObjectBuilder definitions, paths;
    for (const std::string& group : core.kinds.groups())
        for (const std::string& version : core.kinds.versions(group)) {
            const Value document = openApiDocument(core, group, version);
            for (const auto& [name, schema] : document.at("components", "schemas").members()) definitions.set(name, downgrade(schema));
            for (const auto& [path, item] : document["paths"].members()) {
                document::ObjectBuilder operations;
                for (const auto& [method, operation] : item.members()) operations.set(method, downgradeOperation(operation));
                paths.set(path, std::move(operations).build());
            }
        }
    return Value::object({{"swagger", "2.0"},
                          {"info", Value::object({{"title", "Kubernetes"}, {"version", core.config.gitVersion}})},
                          {"paths", std::move(paths).build()},
                          {"definitions", std::move(definitions).build()}});
}

void varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}
void field(std::string& out, unsigned number, std::string_view bytes) {
    varint(out, number << 3 | 2);
    varint(out, bytes.size());
    out += bytes;
}
void flag(std::string& out, unsigned number) {
    varint(out, number << 3);
    out += '\1';
}
std::string named(std::string_view name, std::string_view value) {
    std::string out;
    field(out, 1, name);
    field(out, 2, value);
    return out;
}
// Vendor extensions carry their value as YAML text, of which JSON is a part.
void extensions(std::string& out, unsigned number, const Value& node) {
    for (const auto& [member, value] : node.members()) {
        const std::string_view key = member;
        if (!key.starts_with("x-")) continue;
        std::string any;
        field(any, 2, document::writeJson(value) + "\n");
        field(out, number, named(key, any));
    }
}

std::string encodeSchema(const Value& schema) {
    std::string out;
    const auto text = [&](unsigned number, const char* key) {
        if (schema[key].isString() && !schema[key].asString().empty()) field(out, number, schema[key].asString());
    };
    text(1, "$ref");
    text(2, "format");
    text(4, "description");
    for (const Value& name : schema["required"].items()) field(out, 19, name.asString());
    if (schema["additionalProperties"].isObject()) {
        std::string item;
        field(item, 1, encodeSchema(schema["additionalProperties"]));
        field(out, 21, item);
    }
    if (schema["type"].isString()) {
        std::string type;
        field(type, 1, schema["type"].asString());
        field(out, 22, type);
    }
    if (schema["items"].isObject()) {
        std::string item;
        field(item, 1, encodeSchema(schema["items"]));
        field(out, 23, item);
    }
    for (const Value& part : schema["allOf"].items()) field(out, 24, encodeSchema(part));
    if (schema["properties"].isObject()) {
        std::string properties;
        for (const auto& [name, value] : schema["properties"].members()) field(properties, 1, named(name, encodeSchema(value)));
        field(out, 25, properties);
    }
    extensions(out, 31, schema);
    return out;
}

std::string encodeOperation(const Value& operation) {
    std::string out;
    for (const Value& parameter : operation["parameters"].items()) {
        std::string query, other, either, item;
        field(query, 2, parameter["in"].asString());
        field(query, 4, parameter["name"].asString());
        field(query, 6, parameter["type"].asString());
        flag(query, 19);
        field(other, 3, query);
        field(either, 2, other);
        field(item, 1, either);
        field(out, 8, item);
    }
    extensions(out, 13, operation);
    return out;
}

std::string encodeDocument(const Value& document) {
    static const std::pair<const char*, unsigned> kMethods[] = {{"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
    std::string out, info, paths, definitions;
    field(out, 1, "2.0");
    field(info, 1, document.at("info", "title").asString());
    field(info, 2, document.at("info", "version").asString());
    field(out, 2, info);
    for (const auto& [path, item] : document["paths"].members()) {
        std::string encoded;
        for (const auto& [method, number] : kMethods)
            if (item[method].isObject()) field(encoded, number, encodeOperation(item[method]));
        field(paths, 2, named(path, encoded));
    }
    field(out, 8, paths);
    for (const auto& [name, schema] : document["definitions"].members()) field(definitions, 1, named(name, encodeSchema(schema)));
    field(out, 9, definitions);
    return out;
}

} // namespace

ports::Response serveOpenApiV2(Core& core, const Context& context) {
    const Value document = documentV2(core);
    const std::string_view accept = context.request.headers.get("Accept");
    if (accept.find("proto-openapi.spec.v2") == std::string_view::npos) return respondJson(200, document);
    return respondText(200, encodeDocument(document), "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
}

} // namespace apiserver
