// CustomResourceDefinition. Upstream validates its internal form: what all versions share (schema,
// subresources, columns) stands at the top. Source: apiextensions-apiserver pkg/apis/apiextensions/validation
// and pkg/apiserver/schema.
#include "api/validation/webhooks.h"

#include "base/strings.h"

#include <re2/re2.h>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

// Go's words for what RE2 found.
std::string regexpProblem(const RE2& compiled) {
    const char* text = "invalid or unsupported Perl syntax";
    switch (compiled.error_code()) {
    case RE2::ErrorBadEscape: text = "invalid escape sequence"; break;
    case RE2::ErrorBadCharClass: text = "invalid character class"; break;
    case RE2::ErrorBadCharRange: text = "invalid character class range"; break;
    case RE2::ErrorMissingBracket: text = "missing closing ]"; break;
    case RE2::ErrorMissingParen: text = "missing closing )"; break;
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression: ``";
    case RE2::ErrorRepeatArgument: text = "missing argument to repetition operator"; break;
    case RE2::ErrorRepeatSize: text = "invalid repeat count"; break;
    case RE2::ErrorRepeatOp: text = "invalid nested repetition operator"; break;
    case RE2::ErrorBadUTF8: text = "invalid UTF-8"; break;
    case RE2::ErrorUnexpectedParen: text = "unexpected )"; break;
    case RE2::ErrorBadNamedCapture: text = "invalid named capture"; break;
    default: break;
    }
    return std::string(text) + ": `" + compiled.error_arg() + "`";
}

class SchemaRules {
public:
    explicit SchemaRules(Errors& errors) : errors_(errors) {}

    void root(const Value& schema, const Path& path) {
        if (schema["nullable"].asBool()) errors_.forbidden(path.child("nullable"), "nullable cannot be true at the root");
        const std::size_t before = errors_.size();
        // What cannot be converted is not checked for its structure.
        if (!refers(schema)) structural(schema, path, true);
        if (errors_.size() == before) defaults(schema, path);
        general(schema, path);
    }

private:
    static bool refers(const Value& schema) {
        if (!schema.isObject()) return false;
        if (!schema["$ref"].isEmpty()) return true;
        if (refers(schema["items"]) || refers(schema["additionalProperties"])) return true;
        for (const Member& member : schema["properties"].members())
            if (refers(member.value)) return true;
        return false;
    }
    // Source: pkg/apiserver/schema/validation.go: every value has a type, or says why not.
    void structural(const Value& schema, const Path& path, bool isRoot) {
        const std::string_view type = schema["type"].asString();
        const bool anyType = schema["x-kubernetes-int-or-string"].asBool() ||
                             schema["x-kubernetes-preserve-unknown-fields"].asBool();
        if (schema["items"].isObject()) structural(schema["items"], path.child("items"), false);
        for (const Member& member : schema["properties"].members())
            structural(member.value, path.child("properties").key(member.key.view()), false);
        if (schema["additionalProperties"].isObject())
            structural(schema["additionalProperties"], path.child("additionalProperties"), false);
        if (type == "array" && schema["items"].isNull() && isRoot) {
            errors_.required(path.child("items"), "must be specified");
        }
        if (isRoot && type != "object") {
            if (type.empty()) errors_.required(path.child("type"), "must not be empty at the root");
            else errors_.invalid(path.child("type"), type, "must be object at the root");
        } else if (!isRoot && type.empty() && !anyType && !inValueValidation_) {
            errors_.required(path.child("type"), "must not be empty for specified " +
                                                     std::string(isItem(path) ? "array items" : "object fields"));
        }
        if (isRoot) metadataRules(schema["properties"]["metadata"], path.child("properties").key("metadata"));
    }
    static bool isItem(const Path& path) {
        const std::string& text = path.text();
        return text.size() > 6 && text.compare(text.size() - 6, 6, ".items") == 0;
    }
    void metadataRules(const Value& metadata, const Path& path) {
        if (metadata.isNull()) return;
        bool extra = false;
        for (const Member& member : metadata["properties"].members())
            extra = extra || !contains({"name", "generateName"}, member.key.view());
        for (const Member& member : metadata.members())
            extra = extra || !contains({"type", "properties", "description"}, member.key.view());
        if (extra)
            errors_.forbidden(path, "must not specify anything other than name and generateName, but metadata is "
                                    "implicitly specified");
    }

    void defaults(const Value& schema, const Path& path) {
        if (schema.has("default")) checkDefault(schema, schema["default"], path.child("default"));
        if (schema["items"].isObject()) defaults(schema["items"], path.child("items"));
        for (const Member& member : schema["properties"].members())
            defaults(member.value, path.child("properties").key(member.key.view()));
        if (schema["additionalProperties"].isObject())
            defaults(schema["additionalProperties"], path.child("additionalProperties"));
    }
    static std::string typeOf(const Value& value) {
        if (value.isNull()) return "null";
        if (value.isString()) return "string";
        if (value.isBool()) return "boolean";
        if (value.isInt()) return "integer";
        if (value.isDouble()) return "number";
        return value.isArray() ? "array" : "object";
    }
    void checkDefault(const Value& schema, const Value& value, const Path& path) {
        const std::string type = schema["type"].text(), found = typeOf(value);
        const bool fits = type.empty() || type == found || (type == "number" && found == "integer") ||
                          (value.isNull() && schema["nullable"].asBool());
        if (!fits)
            errors_.typeInvalid(path, found, " in body must be of type " + type + ": \"" + found + "\"");
    }

    // Source: ValidateCustomResourceDefinitionOpenAPISchema and specStandardValidatorV3.
    void general(const Value& schema, const Path& path) {
        if (!schema.isObject()) return;
        standard(schema, path);
        if (schema["uniqueItems"].asBool())
            errors_.forbidden(path.child("uniqueItems"),
                              "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        const Value& additional = schema["additionalProperties"];
        if (!additional.isNull() && schema["properties"].size() > 0 && !(additional.isBool() && additional.asBool()))
            errors_.forbidden(path.child("additionalProperties"),
                              "additionalProperties and properties are mutual exclusive");
        if (additional.isObject()) general(additional, path.child("additionalProperties"));
        for (const Member& member : schema["properties"].members())
            general(member.value, path.child("properties").key(member.key.view()));
        general(schema["not"], path.child("not"));
        for (const char* list : {"allOf", "oneOf", "anyOf"})
            for (std::size_t i = 0; i < schema[list].size(); ++i) general(schema[list][i], path.child(list).index(i));
        general(schema["items"], path.child("items"));
        listRules(schema, path);
        expressions(schema["x-kubernetes-validations"], path.child("x-kubernetes-validations"));

    }
    void standard(const Value& schema, const Path& path) {
        const std::string_view type = schema["type"].asString();
        const std::initializer_list<std::string_view> types{"array", "boolean", "integer", "number", "object", "string"};
        if (!type.empty() && !contains(types, type)) errors_.notSupported(path.child("type"), type, types);
        if (schema.has("$ref") && !schema["$ref"].isNull())
            errors_.forbidden(path.child("$ref"), "$ref is not supported");
        if (type == "array" && schema["items"].isNull() && !path.empty() && !reported(path.child("items")))
            errors_.required(path.child("items"), "must be specified");
        if (schema["items"].isArray())
            errors_.forbidden(path.child("items"), "items must be a schema object and not an array");
        const std::string pattern = schema["pattern"].text();
        if (!pattern.empty()) {
            const RE2 compiled(pattern, RE2::Quiet);
            if (!compiled.ok())
                errors_.invalid(path.child("pattern"), pattern,
                                "must be a valid regular expression, but isn't: error parsing regexp: " +
                                    regexpProblem(compiled));
        }
    }
    bool reported(const Path& path) const {
        for (const StatusCause& cause : errors_.causes())
            if (cause.field == path.text() && cause.reason == "FieldValueRequired") return true;
        return false;
    }
    void listRules(const Value& schema, const Path& path) {
        const std::string_view type = schema["type"].asString();
        const Value& listType = schema["x-kubernetes-list-type"];
        const Value& mapType = schema["x-kubernetes-map-type"];
        const Value& keys = schema["x-kubernetes-list-map-keys"];
        const auto mustBe = [&](const std::string& wanted, const std::string& text) {
            if (type.empty()) errors_.required(path.child("type"), text);
            else if (type != wanted) errors_.invalid(path.child("type"), type, text);
        };
        if (!mapType.isNull()) {
            mustBe("object", "must be object if x-kubernetes-map-type is specified");
            if (!contains({"atomic", "granular"}, mapType.asString()))
                errors_.notSupported(path.child("x-kubernetes-map-type"), mapType, {"atomic", "granular"});
        }
        if (!listType.isNull()) {
            mustBe("array", "must be array if x-kubernetes-list-type is specified");
            if (!contains({"atomic", "set", "map"}, listType.asString()))
                errors_.notSupported(path.child("x-kubernetes-list-type"), listType, {"atomic", "set", "map"});
        }
        if (keys.size() > 0) {
            constexpr std::string_view kText = "must be map if x-kubernetes-list-map-keys is non-empty";
            if (listType.isNull()) errors_.required(path.child("x-kubernetes-list-type"), kText);
            else if (listType.asString() != "map") errors_.invalid(path.child("x-kubernetes-list-type"), listType, kText);
        }
        if (listType.asString() != "map") return;
        if (keys.size() == 0)
            errors_.required(path.child("x-kubernetes-list-map-keys"),
                             "must not be empty if x-kubernetes-list-type is map");
        for (const Value& key : keys.items())
            if (!schema["items"]["properties"].has(key.asString()))
                errors_.invalid(path.child("x-kubernetes-list-map-keys"), keys,
                                "entries must all be names of item properties");
    }
    void expressions(const Value& rules, const Path& path) {
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const Path at = path.index(i);
            const std::string_view message = rules[i]["message"].asString();
            if (base::trim(rules[i]["rule"].asString()).empty()) {
                errors_.required(at.child("rule"), "rule is not specified");
            } else if (!message.empty() && base::trim(message).empty()) {
                errors_.invalid(at.child("message"), message, "must be non-empty if specified");
            } else if (base::trim(message).find('\n') != std::string_view::npos) {
                errors_.invalid(at.child("message"), message, "must not contain line breaks");
            }
            const Value& reason = rules[i]["reason"];
            const std::initializer_list<std::string_view> reasons{"FieldValueDuplicate", "FieldValueForbidden",
                                                                  "FieldValueInvalid", "FieldValueRequired"};
            if (!reason.isNull() && !contains(reasons, reason.asString()))
                errors_.notSupported(at.child("reason"), reason, reasons);
        }
    }

    Errors& errors_;
    bool inValueValidation_ = false;
};

// What is the same in every version and therefore stands at the top of the internal form.
Value shared(const Value& versions, std::string_view field) {
    if (versions.size() == 0) return {};
    const Value& first = versions[0][field];
    for (const Value& version : versions.items())
        if (!(version[field] == first)) return {};
    return first;
}

void columnRules(Errors& errors, const Value& columns, const Path& path) {
    const std::initializer_list<std::string_view> types{"boolean", "date", "integer", "number", "string"};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const Path at = path.index(i);
        const Value& type = columns[i]["type"];
        const std::string text = columns[i]["jsonPath"].text();
        if (columns[i]["name"].isEmpty()) errors.required(at.child("name"));
        if (type.isEmpty()) errors.required(at.child("type"), "must be one of boolean,date,integer,number,string");
        else if (!contains(types, type.asString()))
            errors.invalid(at.child("type"), type, "must be one of boolean,date,integer,number,string");
        if (text.empty()) errors.required(at.child("JSONPath"));
        else if (text[0] != '.') errors.invalid(at.child("JSONPath"), text, "must be a simple json path starting with .");
    }
}

void scalePath(Errors& errors, const Value& path, const Path& at, std::string_view root, bool optional) {
    const std::string text = path.text();
    if (text.empty()) {
        if (!optional) errors.required(at);
    } else if (text[0] != '.') {
        errors.invalid(at, text, "must be a simple json path starting with .");
    } else if (text.rfind(root, 0) != 0) {
        errors.invalid(at, text, "should be a json path under " + std::string(root.substr(0, root.size() - 1)));
    }
}
void subresourceRules(Errors& errors, const Value& subresources, const Path& path) {
    const Value& scale = subresources["scale"];
    if (scale.isNull()) return;
    const Path at = path.child("scale");
    scalePath(errors, scale["specReplicasPath"], at.child("specReplicasPath"), ".spec.", false);
    scalePath(errors, scale["statusReplicasPath"], at.child("statusReplicasPath"), ".status.", false);
}

void label(Errors& errors, const std::string& text, const std::string& shown, const Path& path, bool mixedCase) {
    if (shown.empty()) return;
    const Problems problems = checkDns1035Label(text);
    if (problems.empty()) return;
    errors.invalid(path, shown, (mixedCase ? "may have mixed case, but should otherwise match: " : "") +
                                    base::join(problems, ","));
}
void nameRules(Errors& errors, const Value& names, const Path& path) {
    const std::string kind = names["kind"].text(), list = names["listKind"].text();
    for (const char* field : {"plural", "singular"})
        label(errors, names[field].text(), names[field].text(), path.child(field), false);
    label(errors, base::toLower(kind), kind, path.child("kind"), true);
    label(errors, base::toLower(list), list, path.child("listKind"), true);
    for (std::size_t i = 0; i < names["shortNames"].size(); ++i)
        label(errors, names["shortNames"][i].text(), names["shortNames"][i].text(), path.child("shortNames").index(i), false);
    if (!kind.empty() && kind == list) errors.invalid(path.child("listKind"), list, "kind and listKind may not be the same");
    for (std::size_t i = 0; i < names["categories"].size(); ++i)
        label(errors, names["categories"][i].text(), names["categories"][i].text(), path.child("categories").index(i), false);
}

void versionRules(Errors& errors, const Value& versions, bool sharedSchema, bool sharedSubresources, bool sharedColumns) {
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const Value& version = versions[i];
        const Path at = kSpec.child("versions").index(i);
        if (version["schema"]["openAPIV3Schema"].isNull())
            errors.required(at.child("schema", "openAPIV3Schema"));
    }
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const Value& version = versions[i];
        const Path at = kSpec.child("versions").index(i);
        const std::string name = version["name"].text();
        if (const Problems problems = checkDns1035Label(name); !problems.empty())
            errors.invalid(at.child("name"), name, base::join(problems, ","));
        const Value& warning = version["deprecationWarning"];
        if (!warning.isNull() && !version["deprecated"].asBool())
            errors.invalid(at.child("deprecationWarning"), warning, "can only be set for deprecated versions");
        if (!sharedSchema && !version["schema"]["openAPIV3Schema"].isNull())
            SchemaRules(errors).root(version["schema"]["openAPIV3Schema"], at.child("schema", "openAPIV3Schema"));
        if (!sharedSubresources) subresourceRules(errors, version["subresources"], at.child("subresources"));
        if (!sharedColumns)
            columnRules(errors, version["additionalPrinterColumns"], at.child("additionalPrinterColumns"));
    }
}

void specRules(Errors& errors, const Value& spec) {
    const std::string group = spec["group"].text();
    if (group.empty()) errors.required(kSpec.child("group"));
    else if (const Problems problems = checkDns1123Subdomain(group); !problems.empty())
        errors.invalid(kSpec.child("group"), group, base::join(problems, ","));
    else if (group.find('.') == std::string::npos)
        errors.invalid(kSpec.child("group"), group, "should be a domain with at least one dot");
    validateOneOf(errors, spec["scope"], kSpec.child("scope"), {"Cluster", "Namespaced"});
    const Value& versions = spec["versions"];
    const Value schema = shared(versions, "schema"), subresources = shared(versions, "subresources");
    const Value columns = shared(versions, "additionalPrinterColumns");
    versionRules(errors, versions, !schema.isNull(), !subresources.isNull(), !columns.isNull());
    std::set<std::string> names;
    int storage = 0;
    bool unique = true;
    for (const Value& version : versions.items()) {
        storage += version["storage"].asBool() ? 1 : 0;
        unique = names.insert(version["name"].text()).second && unique;
    }
    const auto shownVersions = [&] {
        std::vector<Value> shown;
        for (Value version : versions.items()) {
            if (!schema.isNull()) version = version.without("schema");
            if (!subresources.isNull()) version = version.without("subresources");
            if (!columns.isNull()) version = version.without("additionalPrinterColumns");
            shown.push_back(std::move(version));
        }
        return internalJson("[]apiextensions.CustomResourceDefinitionVersion", Value::array(std::move(shown)));
    };
    if (!unique) errors.invalidText(kSpec.child("versions"), shownVersions(), "must contain unique version names");
    if (storage != 1)
        errors.invalidText(kSpec.child("versions"), shownVersions(),
                           "must have exactly one version marked as storage version");
    const std::string version = versions[0]["name"].text();
    if (const Problems problems = checkDns1035Label(version); !version.empty() && !problems.empty())
        errors.invalid(kSpec.child("version"), version, base::join(problems, ","));
    for (const char* field : {"plural", "singular", "kind", "listKind"})
        if (spec["names"][field].isEmpty()) errors.required(kSpec.child("names", field));
    nameRules(errors, spec["names"], kSpec.child("names"));
    if (!schema["openAPIV3Schema"].isNull())
        SchemaRules(errors).root(schema["openAPIV3Schema"], kSpec.child("validation", "openAPIV3Schema"));
    subresourceRules(errors, subresources, kSpec.child("subresources"));
    columnRules(errors, columns, kSpec.child("additionalPrinterColumns"));
    const Value& conversion = spec["conversion"];
    if (conversion.isNull()) return;
    const Path path = kSpec.child("conversion");
    validateOneOf(errors, conversion["strategy"], path.child("strategy"), {"None", "Webhook"});
    const Value& hook = conversion["webhook"];
    if (conversion["strategy"].asString() == "Webhook") {
        if (hook["clientConfig"].isNull())
            errors.required(path.child("webhookClientConfig"), "required when strategy is set to Webhook");
        else validateWebhookClient(errors, hook["clientConfig"], path.child("webhookClientConfig"));
        if (hook["conversionReviewVersions"].size() == 0) errors.required(path.child("conversionReviewVersions"));
    } else if (!hook["clientConfig"].isNull()) {
        errors.forbidden(path.child("webhookClientConfig"), "should not be set when strategy is not set to Webhook");
    }
}

void storedVersions(Errors& errors, const Value& object) {
    const Value& stored = object["status"]["storedVersions"];
    const Path path = Path("status").child("storedVersions");
    if (stored.size() == 0) {
        errors.invalidText(path, "null", "must have at least one stored version");
        return;
    }
    std::set<std::string> known;
    for (const Value& version : stored.items()) known.insert(version.text());
    for (const Value& version : object["spec"]["versions"].items()) {
        const std::string name = version["name"].text();
        if (version["storage"].asBool() && known.count(name) == 0)
            errors.invalid(path, stored, "must have the storage version " + name);
        known.erase(name);
    }
    for (std::size_t i = 0; i < stored.size(); ++i) {
        const std::string name = stored[i].text();
        if (known.count(name) == 0) continue;
        errors.invalid(path.index(i), name,
                       "missing from spec.versions; " + name + " was previously a storage version, and must remain in "
                       "spec.versions until a storage migration ensures no data remains persisted in " + name +
                       " and removes " + name + " from status.storedVersions");
    }
}

// Groups of the community need a word of approval. Source: apiextensions apihelpers GetAPIApprovalState.
void approval(Errors& errors, const Value& object) {
    const std::string group = "." + object["spec"]["group"].text();
    if (!group.ends_with(".k8s.io") && !group.ends_with(".kubernetes.io")) return;
    constexpr const char* kNote = "api-approved.kubernetes.io";
    const std::string note = object["metadata"]["annotations"][kNote].text();
    const Path path = kMeta.child("annotations").key(kNote);
    const std::string start = "protected groups must have approval annotation \"api-approved.kubernetes.io\"";
    const std::string see = ", see https://github.com/kubernetes/enhancements/pull/1111";
    if (note.empty()) return errors.required(path, start + see);
    const std::size_t scheme = note.find("://");
    const bool url = scheme != std::string::npos && scheme > 0 && scheme + 3 < note.size();
    if (url || note.starts_with("unapproved")) return;
    errors.invalid(path, note, start + " with either a URL or a reason starting with \"unapproved\"" + see);
}

void definition(Errors& errors, const Value& object) {
    const Value& spec = object["spec"];
    const std::string name = object["metadata"]["name"].text();
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    if (!name.empty() && name != spec["names"]["plural"].text() + "." + spec["group"].text())
        errors.invalid(kMeta.child("name"), name, "must be spec.names.plural+\".\"+spec.group");
    specRules(errors, spec);
    storedVersions(errors, object);
    approval(errors, object);
}
void definitionUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    specRules(errors, object["spec"]);
    bool established = false;
    for (const Value& condition : old["status"]["conditions"].items())
        established = established ||
                      (condition["type"].asString() == "Established" && condition["status"].asString() == "True");
    if (established) {
        validateImmutable(errors, object["spec"]["scope"], old["spec"]["scope"], kSpec.child("scope"));
        validateImmutable(errors, object["spec"]["names"]["kind"], old["spec"]["names"]["kind"], kSpec.child("names", "kind"));
    }
    validateImmutable(errors, object["spec"]["group"], old["spec"]["group"], kSpec.child("group"));
    validateImmutable(errors, object["spec"]["names"]["plural"], old["spec"]["names"]["plural"], kSpec.child("names", "plural"));
    storedVersions(errors, object);
}

} // namespace

std::span<const KindRules> extensionRules() {
    static constexpr KindRules kRules[] = {
        {"apiextensions.k8s.io", "CustomResourceDefinition", definition, definitionUpdate, nullptr},
    };
    return kRules;
}

} // namespace api::validation
