#include "apiserver/crd/schema.h"

#include "base/strings.h"
#include "document/json.h"

#include <re2/re2.h>

namespace apiserver {

using document::Value;

Value schemaOfVersion(Core& core, const api::ResourceInfo& resource) {
    const auto place = core.customDefinitions.find(resource.plural + "." + resource.group);
    if (place == core.customDefinitions.end()) return {};
    for (const Value& version : place->second.at("spec", "versions").items())
        if (version["name"].asString() == resource.version) return version.at("schema", "openAPIV3Schema");
    return {};
}

Value prune(const Value& schema, const Value& value, const std::string& path,
            std::vector<std::string>& unknown, bool root) {
    if (schema["x-kubernetes-preserve-unknown-fields"].asBool() && schema["properties"].size() == 0)
        return value;
    if (value.isArray()) {
        const Value& items = schema["items"];
        document::ArrayBuilder out;
        std::size_t index = 0;
        for (const Value& item : value.items())
            out.push(items.isObject()
                         ? prune(items, item, path + "[" + std::to_string(index++) + "]", unknown, false)
                         : item);
        return std::move(out).build();
    }
    if (!value.isObject()) return value;
    const bool keep = schema["x-kubernetes-preserve-unknown-fields"].asBool();
    const bool resource = root || schema["x-kubernetes-embedded-resource"].asBool();
    document::ObjectBuilder out;
    for (const document::Member& member : value.members()) {
        const std::string_view name = member.key.view();
        const std::string at = path.empty() ? std::string(name) : path + "." + std::string(name);
        const Value& property = schema["properties"][name];
        if (resource && (name == "apiVersion" || name == "kind" || name == "metadata")) out.set(member.key, member.value);
        else if (property.isObject()) out.set(member.key, prune(property, member.value, at, unknown, false));
        else if (schema["additionalProperties"].isObject())
            out.set(member.key, prune(schema["additionalProperties"], member.value, at, unknown, false));
        else if (keep || schema["additionalProperties"].asBool()) out.set(member.key, member.value);
        else unknown.push_back(at);
    }
    return std::move(out).build();
}

Value applySchemaDefaults(const Value& schema, const Value& value) {
    if (value.isArray()) {
        document::ArrayBuilder out;
        for (const Value& item : value.items()) out.push(applySchemaDefaults(schema["items"], item));
        return std::move(out).build();
    }
    if (!value.isObject()) return value;
    document::ObjectBuilder out(value);
    for (const document::Member& property : schema["properties"].members()) {
        const std::string_view name = property.key.view();
        const bool missing = !value.has(name) ||
                             (value[name].isNull() && !property.value["nullable"].asBool());
        if (missing && property.value.has("default"))
            out.set(property.key, applySchemaDefaults(property.value, property.value["default"]));
        else if (missing && value.has(name)) out.erase(name);
        else if (value.has(name)) out.set(property.key, applySchemaDefaults(property.value, value[name]));
    }
    if (schema["additionalProperties"].isObject())
        for (const document::Member& member : value.members())
            if (!schema["properties"].has(member.key.view()))
                out.set(member.key, applySchemaDefaults(schema["additionalProperties"], member.value));
    return std::move(out).build();
}

namespace {

using Causes = std::vector<api::StatusCause>;

std::string typeName(const Value& value) {
    switch (value.kind()) {
    case document::ValueKind::Null: return "null";
    case document::ValueKind::Bool: return "boolean";
    case document::ValueKind::Int: return "integer";
    case document::ValueKind::Double: return "number";
    case document::ValueKind::String: return "string";
    case document::ValueKind::Array: return "array";
    case document::ValueKind::Object: return "object";
    }
    return "";
}

bool typeFits(const Value& schema, const Value& value) {
    if (schema["x-kubernetes-int-or-string"].asBool()) return value.isInt() || value.isString();
    const std::string_view wanted = schema["type"].asString();
    if (wanted.empty()) return true;
    const std::string have = typeName(value);
    return have == wanted || (wanted == "number" && value.isNumber()) ||
           (wanted == "integer" && value.isDouble() &&
            value.asDouble() == static_cast<double>(static_cast<std::int64_t>(value.asDouble())));
}

void invalid(Causes& causes, const std::string& path, const Value& value, const std::string& text) {
    std::string shown = value.isObject() ? "Invalid value: " + document::writeJson(value)
                                         : "Invalid value: " + document::writeJson(value);
    causes.push_back({"FieldValueInvalid", shown + ": " + text, path});
}

void checkNumber(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    const double number = value.asDouble();
    const auto say = [&](const char* text, const Value& bound) {
        invalid(causes, path, value, path + " in body should be " + text + " " + document::writeJson(bound));
    };
    if (schema["minimum"].isNumber()) {
        const bool exclusive = schema["exclusiveMinimum"].asBool();
        if (exclusive ? number <= schema["minimum"].asDouble() : number < schema["minimum"].asDouble())
            say(exclusive ? "greater than" : "greater than or equal to", schema["minimum"]);
    }
    if (schema["maximum"].isNumber()) {
        const bool exclusive = schema["exclusiveMaximum"].asBool();
        if (exclusive ? number >= schema["maximum"].asDouble() : number > schema["maximum"].asDouble())
            say(exclusive ? "less than" : "less than or equal to", schema["maximum"]);
    }
    if (schema["multipleOf"].isNumber()) {
        const double quotient = number / schema["multipleOf"].asDouble();
        if (quotient != static_cast<double>(static_cast<std::int64_t>(quotient)))
            say("a multiple of", schema["multipleOf"]);
    }
}

void checkString(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    const std::string_view text = value.asString();
    // Only the first problem of a text is told.
    if (schema["maxLength"].isInt() && static_cast<std::int64_t>(text.size()) > schema["maxLength"].asInt()) {
        causes.push_back({"FieldValueTooLong",
                          "Too long: may not be more than " + std::to_string(schema["maxLength"].asInt()) +
                              " bytes",
                          path});
    } else if (schema["minLength"].isInt() &&
               static_cast<std::int64_t>(text.size()) < schema["minLength"].asInt()) {
        invalid(causes, path, value,
                path + " in body should be at least " + std::to_string(schema["minLength"].asInt()) +
                    " chars long");
    } else if (schema["pattern"].isString()) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        const re2::RE2 pattern(schema["pattern"].text(), options);
        if (pattern.ok() && !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern))
            invalid(causes, path, value,
                    path + " in body should match '" + schema["pattern"].text() + "'");
    }
    const std::string_view format = schema["format"].asString();
    const bool bad = (format == "date-time" && !sim::parseRfc3339(text)) ||
                     (format == "ipv4" && !(base::IpAddress::parse(text) && text.find(':') == std::string_view::npos));
    if (bad)
        invalid(causes, path, value,
                path + " in body must be of type " + std::string(format) + ": " + base::quoteGo(text));
}

void checkItems(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    const auto count = static_cast<std::int64_t>(value.size());
    if (schema["maxItems"].isInt() && count > schema["maxItems"].asInt())
        causes.push_back({"FieldValueTooMany",
                          "Too many: " + std::to_string(count) + ": must have at most " +
                              std::to_string(schema["maxItems"].asInt()) + " items",
                          path});
    if (schema["minItems"].isInt() && count < schema["minItems"].asInt())
        invalid(causes, path, value.size() == 0 ? Value(std::int64_t{0}) : Value(count),
                path + " in body should have at least " + std::to_string(schema["minItems"].asInt()) +
                    " items");
    const std::string_view listType = schema["x-kubernetes-list-type"].asString();
    for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string at = path + "[" + std::to_string(i) + "]";
        bool twice = false;
        for (std::size_t j = 0; j < i && !twice; ++j) {
            if (listType == "set" || schema["uniqueItems"].asBool()) twice = value[i] == value[j];
            if (listType != "map") continue;
            twice = true;
            for (const Value& key : schema["x-kubernetes-list-map-keys"].items())
                twice = twice && value[i][key.asString()] == value[j][key.asString()];
        }
        if (twice) {
            Value shown = value[i];
            if (listType == "map") {
                document::ObjectBuilder keys;
                for (const Value& key : schema["x-kubernetes-list-map-keys"].items())
                    keys.set(key.asString(), value[i][key.asString()]);
                shown = std::move(keys).build();
            }
            causes.push_back({"FieldValueDuplicate", "Duplicate value: " + document::writeJson(shown), at});
        }
        if (schema["items"].isObject()) validateSchema(schema["items"], value[i], at, causes);
    }
}

void checkMembers(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    const auto below = [&](std::string_view name) {
        return path.empty() ? std::string(name) : path + "." + std::string(name);
    };
    const auto count = static_cast<std::int64_t>(value.size());
    if (schema["maxProperties"].isInt() && count > schema["maxProperties"].asInt())
        causes.push_back({"FieldValueTooMany",
                          "Too many: " + std::to_string(count) + ": must have at most " +
                              std::to_string(schema["maxProperties"].asInt()) + " items",
                          path});
    for (const Value& name : schema["required"].items())
        if (!value.has(name.asString()))
            causes.push_back({"FieldValueRequired", "Required value", below(name.asString())});
    for (const document::Member& member : value.members()) {
        const Value& property = schema["properties"][member.key.view()];
        if (property.isObject()) validateSchema(property, member.value, below(member.key.view()), causes);
        else if (schema["additionalProperties"].isObject())
            validateSchema(schema["additionalProperties"], member.value, path + "[" + member.key.text() + "]", causes);
    }
}

void checkEnum(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    if (schema["enum"].size() == 0) return;
    std::vector<std::string> values;
    for (const Value& item : schema["enum"].items()) {
        if (item == value) return;
        values.push_back(document::writeJson(item));
    }
    causes.push_back({"FieldValueNotSupported",
                      "Unsupported value: " + document::writeJson(value) + ": supported values: " +
                          base::join(values, ", "),
                      path});
}

void checkCombinations(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    for (const Value& part : schema["allOf"].items()) validateSchema(part, value, path, causes);
    const auto matching = [&](const Value& list) {
        std::size_t count = 0;
        for (const Value& part : list.items()) {
            Causes inner;
            validateSchema(part, value, path, inner);
            count += inner.empty() ? 1 : 0;
        }
        return count;
    };
    const std::string name = path.empty() ? "\"\"" : base::quoteGo(path);
    if (schema["anyOf"].size() > 0 && matching(schema["anyOf"]) == 0)
        invalid(causes, path, value, name + " must validate at least one schema (anyOf)");
    if (schema["oneOf"].size() > 0 && matching(schema["oneOf"]) != 1)
        invalid(causes, path, value, name + " must validate one and only one schema (oneOf)");
    if (schema["not"].isObject()) {
        Causes inner;
        validateSchema(schema["not"], value, path, inner);
        if (inner.empty()) invalid(causes, path, value, name + " must not validate the schema (not)");
    }
}

} // namespace

void validateSchema(const Value& schema, const Value& value, const std::string& path, Causes& causes) {
    if (value.isNull() && schema["nullable"].asBool()) return;
    if (!typeFits(schema, value)) {
        const std::string wanted = schema["x-kubernetes-int-or-string"].asBool() ? "integer,string"
                                                                                : schema["type"].text();
        const std::string have = typeName(value);
        causes.push_back({"FieldValueTypeInvalid",
                          "Invalid value: " + base::quoteGo(have) + ": " + path +
                              " in body must be of type " + wanted + ": " + base::quoteGo(have),
                          path});
        checkEnum(schema, value, path, causes);
        return;
    }
    checkEnum(schema, value, path, causes);
    if (value.isNumber()) checkNumber(schema, value, path, causes);
    if (value.isString()) checkString(schema, value, path, causes);
    if (value.isArray()) checkItems(schema, value, path, causes);
    if (value.isObject()) checkMembers(schema, value, path, causes);
    checkCombinations(schema, value, path, causes);
}

namespace {

// Source: apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go.
void checkDefaults(const Value& schema, const std::string& path, Causes& causes) {
    if (!schema.isObject()) return;
    if (const Value& given = schema["default"]; !given.isNull()) {
        const std::string at = path + ".default";
        std::vector<std::string> unknown;
        (void)prune(schema, given, "", unknown, false);
        if (!unknown.empty())
            causes.push_back({"FieldValueInvalid",
                              "Invalid value: " + document::writeJson(given) + ": must not have unknown fields", at});
        Causes found;
        validateSchema(schema, given, "", found);
        for (api::StatusCause& cause : found) {
            cause.field = cause.field.empty() ? at : at + (cause.field[0] == '[' ? "" : ".") + cause.field;
            causes.push_back(std::move(cause));
        }
    }
    checkDefaults(schema["items"], path + ".items", causes);
    for (const document::Member& property : schema["properties"].members())
        checkDefaults(property.value, path + ".properties[" + property.key.text() + "]", causes);
}

} // namespace

std::vector<api::StatusCause> defaultProblems(const Value& definition) {
    Causes causes;
    const Value& versions = definition.at("spec", "versions");
    for (std::size_t i = 0; i < versions.size(); ++i)
        checkDefaults(versions[i].at("schema", "openAPIV3Schema"),
                      versions.size() == 1 ? std::string("spec.validation.openAPIV3Schema")
                                           : "spec.versions[" + std::to_string(i) + "].schema.openAPIV3Schema",
                      causes);
    return causes;
}

} // namespace apiserver
