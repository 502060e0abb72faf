// Schemas of CustomResourceDefinitions. Source: apiextensions-apiserver pkg/apiserver/schema validation.go
// and complete.go, pkg/apis/apiextensions/validation.
#include "api/validation/definition_schema.h"

#include "api/patterns.h"
#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

bool isIntOrString(const Value& anyOf) {
    return anyOf.size() == 2 && anyOf[0] == Value::object({{"type", "integer"}}) &&
           anyOf[1] == Value::object({{"type", "string"}});
}

void pattern(Errors& errors, const Value& schema, const Path& path) {
    const std::string text = schema["pattern"].text();
    if (text.empty()) return;
    if (const std::string problem = patternProblem(text); !problem.empty())
        errors.invalid(path.child("pattern"), text,
                       "must be a valid regular expression, but isn't: error parsing regexp: " + problem);
}

// Every value has a type or says why not; what is reasoned about is also specified.
class Structure {
public:
    enum class Level { Root, Item, Field };

    Errors take() { return std::move(errors_); }

    void invariants(const Value& schema, Level level, const Path& path) {
        if (!schema.isObject()) return;
        const std::string_view type = schema["type"].asString();
        if (type == "array" && schema["items"].isNull()) errors_.required(path.child("items"), "must be specified");
        invariants(schema["items"], Level::Item, path.child("items"));
        for (const Member& member : schema["properties"].members())
            invariants(member.value, Level::Field, path.child("properties").key(member.key.view()));
        const Value& additional = schema["additionalProperties"];
        if (!additional.isNull() && level == Level::Root)
            errors_.forbidden(path.child("additionalProperties"), "must not be used at the root");
        invariants(additional, Level::Field, path.child("additionalProperties"));
        extensions(schema, path);
        const bool anyOf = isIntOrString(schema["anyOf"]);
        const bool allOf = schema["allOf"].size() > 0 && isIntOrString(schema["allOf"][0]["anyOf"]);
        values(schema, anyOf, allOf, path);
        typeOf(schema, level, path);
        resourceFields(schema, level, path);
    }

    void completeness(const Value& values, const Value& schema, const Path& at, const Path& from) {
        nested(values["not"], schema, at, from.child("not"));
        for (const char* list : {"allOf", "anyOf", "oneOf"})
            for (std::size_t i = 0; i < values[list].size(); ++i)
                nested(values[list][i], schema, at, from.child(list).index(i));
    }

private:
    void extensions(const Value& schema, const Path& path) {
        if (!schema["x-kubernetes-int-or-string"].asBool()) return;
        constexpr std::string_view kText = "must be false if x-kubernetes-int-or-string is true";
        for (const char* field : {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"})
            if (schema[field].asBool()) errors_.invalid(path.child(field), true, kText);
    }
    void typeOf(const Value& schema, Level level, const Path& path) {
        const std::string_view type = schema["type"].asString();
        const bool embedded = schema["x-kubernetes-embedded-resource"].asBool();
        const Path at = path.child("type");
        if (embedded && type != "object") {
            constexpr std::string_view kText = "must be object if x-kubernetes-embedded-resource is true";
            if (type.empty()) errors_.required(at, kText);
            else errors_.invalid(at, type, kText);
        } else if (type.empty() && !schema["x-kubernetes-int-or-string"].asBool() &&
                   !schema["x-kubernetes-preserve-unknown-fields"].asBool()) {
            errors_.required(at, level == Level::Root   ? "must not be empty at the root"
                                 : level == Level::Item ? "must not be empty for specified array items"
                                                        : "must not be empty for specified object fields");
        }
        if (embedded && !schema["additionalProperties"].isNull())
            errors_.forbidden(path.child("additionalProperties"),
                              "must not be used if x-kubernetes-embedded-resource is set");
        if (level == Level::Root && !type.empty() && type != "object")
            errors_.invalid(at, type, "must be object at the root");
    }
    void resourceFields(const Value& schema, Level level, const Path& path) {
        const Value& properties = schema["properties"];
        const bool embedded = schema["x-kubernetes-embedded-resource"].asBool();
        const bool resource = level == Level::Root || embedded;
        for (const char* field : {"kind", "apiVersion"})
            if (resource && properties.has(field) && properties[field]["type"].asString() != "string")
                errors_.invalid(path.child("properties").key(field).child("type"),
                                properties[field]["type"].asString(), "must be string");
        if (properties.has("metadata")) {
            const Value& metadata = properties["metadata"];
            const Path at = path.child("properties").key("metadata");
            if (resource && metadata["type"].asString() != "object")
                errors_.invalid(at.child("type"), metadata["type"].asString(), "must be object");
            if (level == Level::Root) rootMetadata(metadata, at);
        }
        if (embedded && !schema["x-kubernetes-preserve-unknown-fields"].asBool() && properties.size() == 0)
            errors_.required(path.child("properties"),
                             "must not be empty if x-kubernetes-embedded-resource is true without "
                             "x-kubernetes-preserve-unknown-fields");
    }
    void rootMetadata(const Value& metadata, const Path& path) {
        bool extra = false;
        for (const Member& member : metadata["properties"].members())
            extra = extra || !contains({"name", "generateName"}, member.key.view());
        for (const Member& member : metadata.members())
            extra = extra || !contains({"type", "properties", "default"}, member.key.view());
        if (extra)
            errors_.forbidden(path, "must not specify anything other than name and generateName, but metadata is "
                                    "implicitly specified");
    }
    void values(const Value& schema, bool skipAnyOf, bool skipFirst, const Path& path) {
        if (!skipAnyOf)
            for (std::size_t i = 0; i < schema["anyOf"].size(); ++i)
                nestedValues(schema["anyOf"][i], false, path.child("anyOf").index(i));
        for (std::size_t i = 0; i < schema["allOf"].size(); ++i)
            nestedValues(schema["allOf"][i], skipFirst && i == 0, path.child("allOf").index(i));
        for (std::size_t i = 0; i < schema["oneOf"].size(); ++i)
            nestedValues(schema["oneOf"][i], false, path.child("oneOf").index(i));
        nestedValues(schema["not"], false, path.child("not"));
        pattern(errors_, schema, path);
    }
    void nestedValues(const Value& schema, bool skipAnyOf, const Path& path) {
        if (!schema.isObject()) return;
        values(schema, skipAnyOf, false, path);
        nestedValues(schema["items"], false, path.child("items"));
        for (const Member& member : schema["properties"].members())
            nestedValues(member.value, false, path.child("properties").key(member.key.view()));
        struct Rule {
            const char *field, *text;
        };
        static constexpr Rule kForbidden[] = {
            {"type", "must be empty to be structural"},
            {"additionalProperties", "must be undefined to be structural"},
            {"default", "must be undefined to be structural"},
            {"title", "must be empty to be structural"},
            {"description", "must be empty to be structural"},
            {"nullable", "must be false to be structural"},
            {"x-kubernetes-preserve-unknown-fields", "must be false to be structural"},
            {"x-kubernetes-embedded-resource", "must be false to be structural"},
            {"x-kubernetes-int-or-string", "must be false to be structural"},
            {"x-kubernetes-list-map-keys", "must be empty to be structural"},
            {"x-kubernetes-list-type", "must be undefined to be structural"},
            {"x-kubernetes-map-type", "must be undefined to be structural"},
            {"x-kubernetes-validations", "must be empty to be structural"},
        };
        for (const Rule& rule : kForbidden) {
            const bool defined = std::string_view(rule.text).find("undefined") != std::string_view::npos;
            if (defined ? !schema[rule.field].isNull() : !schema[rule.field].isEmpty())
                errors_.forbidden(path.child(rule.field), rule.text);
        }
        if (schema["properties"].has("metadata"))
            errors_.forbidden(path.child("properties").key("metadata"), "must not be specified in a nested context");
    }
    void nested(const Value& values, const Value& schema, const Path& at, const Path& from) {
        if (!values.isObject()) return;
        if (!schema.isObject()) return errors_.required(at, "because it is defined in " + from.text());
        completeness(values, schema, at, from);
        nested(values["items"], schema["items"], at.child("items"), from.child("items"));
        for (const Member& member : values["properties"].members()) {
            const Path there = at.child("properties").key(member.key.view());
            const Path here = from.child("properties").key(member.key.view());
            if (schema["properties"].has(member.key.view()))
                nested(member.value, schema["properties"][member.key.view()], there, here);
            else errors_.required(there, "because it is defined in " + here.text());
        }
    }

    Errors errors_;
};

// What cannot be converted to a structural schema is not checked for its structure.
bool isConvertible(const Value& schema) {
    if (!schema.isObject()) return true;
    for (const char* field : {"$ref", "$schema", "id", "additionalItems", "patternProperties", "definitions", "dependencies"})
        if (!schema[field].isNull()) return false;
    const Value& preserve = schema["x-kubernetes-preserve-unknown-fields"];
    if (schema["items"].isArray() || (preserve.isBool() && !preserve.asBool())) return false;
    bool fine = isConvertible(schema["items"]) && isConvertible(schema["additionalProperties"]) &&
                isConvertible(schema["not"]);
    for (const Member& member : schema["properties"].members()) fine = fine && isConvertible(member.value);
    for (const char* list : {"allOf", "anyOf", "oneOf"})
        for (const Value& item : schema[list].items()) fine = fine && isConvertible(item);
    return fine;
}

std::string typeName(const Value& value) {
    if (value.isNull()) return "null";
    if (value.isString()) return "string";
    if (value.isBool()) return "boolean";
    if (value.isInt()) return "integer";
    if (value.isDouble()) return "number";
    return value.isArray() ? "array" : "object";
}

void defaults(Errors& errors, const Value& schema, const Path& path) {
    if (!schema.isObject()) return;
    if (schema.has("default")) {
        const std::string type = schema["type"].text(), found = typeName(schema["default"]);
        const bool either = schema["x-kubernetes-int-or-string"].asBool() && (found == "integer" || found == "string");
        const bool fits = type.empty() || either || type == found || (type == "number" && found == "integer") ||
                          (found == "null" && schema["nullable"].asBool());
        if (!fits)
            errors.typeInvalid(path.child("default"), found, " in body must be of type " + type + ": \"" + found + "\"");
    }
    defaults(errors, schema["items"], path.child("items"));
    for (const Member& member : schema["properties"].members())
        defaults(errors, member.value, path.child("properties").key(member.key.view()));
}

struct Place {
    bool root = false;
    bool insideMeta = false;
    bool defaultsAllowed = true;
    std::string reason; // why no defaults
};

class OpenApiRules {
public:
    explicit OpenApiRules(Errors& errors) : errors_(errors) {}

    void check(const Value& schema, const Path& path, const Place& place) {
        if (!schema.isObject()) return;
        standard(schema, path, place);
        if (schema["uniqueItems"].asBool())
            errors_.forbidden(path.child("uniqueItems"),
                              "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        children(schema, path, place);
        const Value& preserve = schema["x-kubernetes-preserve-unknown-fields"];
        if (preserve.isBool() && !preserve.asBool())
            errors_.invalid(path.child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
        mapType(schema, path);
        listType(schema, path);
        mapList(schema, path);
        itemRules(schema, path);
        expressions(schema, path.child("x-kubernetes-validations"));
    }

private:
    void standard(const Value& schema, const Path& path, const Place& place) {
        const std::string_view type = schema["type"].asString();
        const std::initializer_list<std::string_view> types{"array", "boolean", "integer", "number", "object", "string"};
        if (!type.empty() && !contains(types, type)) errors_.notSupported(path.child("type"), type, types);
        if (!schema["default"].isNull() && !place.defaultsAllowed)
            errors_.forbidden(path.child("default"),
                              "must not be set" + (place.reason.empty() ? std::string() : " " + place.reason));
        if (!schema["id"].isEmpty()) errors_.forbidden(path.child("id"), "id is not supported");
        for (const char* field : {"additionalItems", "patternProperties", "definitions", "dependencies", "$ref"})
            if (!schema[field].isNull()) errors_.forbidden(path.child(field), std::string(field) + " is not supported");
        if (type == "null")
            errors_.forbidden(path.child("type"), "type cannot be set to null, use nullable as an alternative");
        if (schema["items"].isArray())
            errors_.forbidden(path.child("items"), "items must be a schema object and not an array");
        if (place.insideMeta && schema["x-kubernetes-embedded-resource"].asBool())
            errors_.forbidden(path.child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
    }
    void children(const Value& schema, const Path& path, const Place& place) {
        Place inner = place;
        inner.root = false;
        const Value& additional = schema["additionalProperties"];
        if (!additional.isNull()) {
            if (schema["properties"].size() > 0 && !(additional.isBool() && additional.asBool()))
                errors_.forbidden(path.child("additionalProperties"),
                                  "additionalProperties and properties are mutual exclusive");
            Place map = inner;
            if (place.insideMeta) {
                map.defaultsAllowed = false;
                map.reason = "inside additionalProperties applying to object metadata";
            }
            check(additional, path.child("additionalProperties"), map);
        }
        const bool resource = place.root || schema["x-kubernetes-embedded-resource"].asBool();
        for (const Member& member : schema["properties"].members()) {
            Place property = inner;
            if (resource && contains({"metadata", "kind", "apiVersion"}, member.key.view())) {
                property.insideMeta = true;
                if (place.root) {
                    property.defaultsAllowed = false;
                    property.reason = "in top-level " + member.key.text();
                }
            }
            check(member.value, path.child("properties").key(member.key.view()), property);
        }
        check(schema["not"], path.child("not"), inner);
        for (const char* list : {"allOf", "oneOf", "anyOf"})
            for (std::size_t i = 0; i < schema[list].size(); ++i)
                check(schema[list][i], path.child(list).index(i), inner);
        check(schema["items"], path.child("items"), inner);
        for (std::size_t i = 0; i < schema["items"].items().size(); ++i)
            check(schema["items"][i], path.child("items").index(i), inner);
    }
    void mustBe(const Value& schema, const Path& path, std::string_view wanted, std::string_view text) {
        const std::string_view type = schema["type"].asString();
        if (type.empty()) errors_.required(path.child("type"), text);
        else if (type != wanted) errors_.invalid(path.child("type"), type, text);
    }
    void mapType(const Value& schema, const Path& path) {
        const Value& mapType = schema["x-kubernetes-map-type"];
        if (mapType.isNull()) return;
        mustBe(schema, path, "object", "must be object if x-kubernetes-map-type is specified");
        if (!contains({"atomic", "granular"}, mapType.asString()))
            errors_.notSupported(path.child("x-kubernetes-map-type"), mapType, {"atomic", "granular"});
    }
    void listType(const Value& schema, const Path& path) {
        const Value& kind = schema["x-kubernetes-list-type"];
        const Value& keys = schema["x-kubernetes-list-map-keys"];
        const Value& items = schema["items"];
        const Path at = path.child("x-kubernetes-list-type");
        constexpr std::string_view kAtomic = "must be atomic as item of a list with x-kubernetes-list-type=set";
        if (!kind.isNull() && schema["type"].asString() != "array") {
            mustBe(schema, path, "array", "must be array if x-kubernetes-list-type is specified");
        } else if (kind.asString() == "set" && items.isObject()) {
            const Value& inner = items["x-kubernetes-list-type"];
            if (items["type"].asString() == "array" && !inner.isNull() && inner.asString() != "atomic")
                errors_.invalid(path.child("items", "x-kubernetes-list-type"), inner, kAtomic);
            if (items["type"].asString() == "object" && items["x-kubernetes-map-type"].asString() != "atomic")
                errors_.invalid(path.child("items", "x-kubernetes-map-type"), inner, kAtomic);
        }
        if (!kind.isNull() && !contains({"atomic", "set", "map"}, kind.asString()))
            errors_.notSupported(at, kind, {"atomic", "set", "map"});
        if (keys.size() == 0) return;
        constexpr std::string_view kText = "must be map if x-kubernetes-list-map-keys is non-empty";
        if (kind.isNull()) errors_.required(at, kText);
        else if (kind.asString() != "map") errors_.invalid(at, kind, kText);
    }
    void mapList(const Value& schema, const Path& path) {
        if (schema["x-kubernetes-list-type"].asString() != "map") return;
        const Value& keys = schema["x-kubernetes-list-map-keys"];
        const Value& items = schema["items"];
        const Path at = path.child("x-kubernetes-list-map-keys");
        if (keys.size() == 0) errors_.required(at, "must not be empty if x-kubernetes-list-type is map");
        if (items.isNull())
            errors_.required(path.child("items"), "must have a schema if x-kubernetes-list-type is map");
        if (items.isArray())
            errors_.invalid(path.child("items"), items, "must only have a single schema if x-kubernetes-list-type is map");
        if (!items.isObject()) return;
        if (items["type"].asString() != "object") {
            errors_.invalid(path.child("items", "type"), items["type"].asString(),
                            "must be object if parent array's x-kubernetes-list-type is map");
            return;
        }
        std::set<std::string> seen;
        for (const Value& key : keys.items()) {
            const Value& property = items["properties"][key.asString()];
            if (property.isNull())
                errors_.invalid(at, keys, "entries must all be names of item properties");
            else if (contains({"array", "object"}, property["type"].asString()))
                errors_.invalid(path.child("items", "properties").key(key.asString()).child("type"), items["type"],
                                "must be a scalar type if parent array's x-kubernetes-list-type is map");
            if (!seen.insert(key.text()).second) errors_.invalid(at, keys, "must not contain duplicate entries");
        }
    }
    void itemRules(const Value& schema, const Path& path) {
        const std::string kind = schema["x-kubernetes-list-type"].text();
        const Value& items = schema["items"];
        if (!items.isObject() || (kind != "set" && kind != "map")) return;
        if (items["nullable"].asBool())
            errors_.forbidden(path.child("items", "nullable"), "cannot be nullable when x-kubernetes-list-type is " + kind);
        if (kind != "map") return;
        const auto required = items["required"].items();
        for (const Value& key : schema["x-kubernetes-list-map-keys"].items()) {
            const Value& property = items["properties"][key.asString()];
            if (property.isNull()) continue;
            const Path at = path.child("items", "properties").key(key.asString());
            if (std::find(required.begin(), required.end(), key) == required.end() && property["default"].isNull())
                errors_.required(at.child("default"), "this property is in x-kubernetes-list-map-keys, so it must have "
                                                      "a default or be a required property");
            if (property["nullable"].asBool())
                errors_.forbidden(at.child("nullable"),
                                  "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
        }
    }
    void expressions(const Value& schema, const Path& path) {
        const Value& rules = schema["x-kubernetes-validations"];
        const auto broken = [](std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; };
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const Path at = path.index(i);
            const std::string_view message = rules[i]["message"].asString();
            const std::string_view rule = base::trim(rules[i]["rule"].asString());
            if (rule.empty()) errors_.required(at.child("rule"), "rule is not specified");
            else if (!message.empty() && base::trim(message).empty())
                errors_.invalid(at.child("message"), message, "must be non-empty if specified");
            else if (broken(base::trim(message)))
                errors_.invalid(at.child("message"), message, "must not contain line breaks");
            else if (broken(rule) && base::trim(message).empty())
                errors_.required(at.child("message"), "message must be specified if rule contains line breaks");
            const std::string_view expression = rules[i]["messageExpression"].asString();
            if (!expression.empty() && base::trim(expression).empty())
                errors_.required(at.child("messageExpression"), "messageExpression must be non-empty if specified");
            const Value& reason = rules[i]["reason"];
            const std::initializer_list<std::string_view> reasons{"FieldValueDuplicate", "FieldValueForbidden",
                                                                  "FieldValueInvalid", "FieldValueRequired"};
            if (!reason.isNull() && !contains(reasons, reason.asString()))
                errors_.notSupported(at.child("reason"), reason, reasons);
            fieldPath(schema, rules[i]["fieldPath"], at.child("fieldPath"));
        }
    }
    void fieldPath(const Value& schema, const Value& given, const Path& at) {
        const std::string_view text = given.asString();
        if (text.empty()) return;
        if (base::trim(text).empty()) errors_.invalid(at, text, "must be non-empty if specified");
        if (text.find_first_of("\r\n") != std::string_view::npos)
            errors_.invalid(at, text, "must not contain line breaks");
        std::string problem;
        if (schemaAt(schema, text, problem) == nullptr) errors_.invalid(at, text, "must be a valid path");
    }

    Errors& errors_;
};

} // namespace

// Source: pkg/apiserver/schema/cel ValidFieldPath, as far as paths of names go: ".spec.replicas",
// ".data['a.b']".
const Value* schemaAt(const Value& schema, std::string_view text, std::string& problem) {
    const Value* at = &schema;
    const std::string whole(text);
    if (text.empty()) {
        problem = "path must not be empty";
        return nullptr;
    }
    while (!text.empty()) {
        std::string name;
        if (text.starts_with("['")) {
            const std::size_t end = text.find("']");
            if (end == std::string_view::npos) {
                problem = "expected closing ']' but got end of line";
                return nullptr;
            }
            name = text.substr(2, end - 2);
            text.remove_prefix(end + 2);
        } else if (text[0] == '.') {
            text.remove_prefix(1);
            const std::size_t end = std::min(text.find_first_of(".["), text.size());
            name = text.substr(0, end);
            text.remove_prefix(end);
        } else {
            problem = "expected [ or . but got: " + std::string(text.substr(0, 1));
            return nullptr;
        }
        const Value& property = (*at)["properties"][name];
        const Value& additional = (*at)["additionalProperties"];
        if (property.isObject()) {
            at = &property;
        } else if (additional.isObject()) {
            at = &additional;
        } else {
            problem = "does not refer to a valid field";
            return nullptr;
        }
    }
    return at;
}

void validateDefinitionSchema(Errors& errors, const Value& schema, const Path& path) {
    if (schema["nullable"].asBool()) errors.forbidden(path.child("nullable"), "nullable cannot be true at the root");
    if (isConvertible(schema)) {
        Structure structure;
        structure.invariants(schema, Structure::Level::Root, path);
        structure.completeness(schema, schema, path, path);
        Errors found = structure.take();
        if (found.empty()) defaults(found, schema, path);
        else found.sort();
        errors.append(found);
    }
    OpenApiRules(errors).check(schema, path, Place{true, false, true, {}});
}

} // namespace api::validation
