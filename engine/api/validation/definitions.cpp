// CustomResourceDefinition. Upstream validates its internal form: what all versions share (schema,
// subresources, columns) stands at the top. Source: apiextensions-apiserver
// pkg/apis/apiextensions/validation.
#include "api/validation/definition_schema.h"
#include "api/validation/webhooks.h"

#include "base/strings.h"

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

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
        const Value& format = columns[i]["format"];
        if (!format.isEmpty() && !contains({"byte", "date", "date-time", "double", "float", "int32", "int64", "password"},
                                           format.asString()))
            errors.invalid(at.child("format"), format,
                           "must be one of byte,date,date-time,double,float,int32,int64,password");
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
    const std::string selector = scale["labelSelectorPath"].text();
    if (selector.empty()) return;
    if (selector[0] != '.')
        errors.invalid(at.child("labelSelectorPath"), selector, "must be a simple json path starting with .");
    else if (!selector.starts_with(".spec.") && !selector.starts_with(".status."))
        errors.invalid(at.child("labelSelectorPath"), selector, "should be a json path under either .spec or .status");
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

void deprecationRules(Errors& errors, const Value& version, const Path& path) {
    const Value& warning = version["deprecationWarning"];
    if (warning.isNull()) return;
    const std::string_view text = warning.asString();
    if (!version["deprecated"].asBool())
        return errors.invalid(path, warning, "can only be set for deprecated versions");
    if (text.size() > 256) errors.invalid(path, warning, "must be <= 256 characters long");
    if (text.empty()) errors.invalid(path, warning, "must not be an empty string");
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != 0x7f) continue;
        errors.invalid(path, warning,
                       "must only contain printable UTF-8 characters; non-printable character found at index " +
                           std::to_string(i));
        break;
    }
}

void selectableRules(Errors& errors, const Value& version, const Path& path) {
    const Value& fields = version["selectableFields"];
    const Value& schema = version["schema"]["openAPIV3Schema"];
    if (fields.size() > 0 && schema.isNull())
        return errors.invalid(path, "", "may only be set when `version.schema.openAPIV3Schema` is not included");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Path at = path.index(i).child("jsonPath");
        const std::string text = fields[i]["jsonPath"].text();
        if (text.empty()) {
            errors.required(at);
            continue;
        }
        std::string problem;
        const Value* found = schemaAt(schema, text, problem);
        if (found == nullptr) {
            errors.invalid(at, text, "is an invalid path: " + problem);
            continue;
        }
        if (text == ".metadata" || text.starts_with(".metadata."))
            errors.invalid(at, text, "must not point to fields in metadata");
        if (!contains({"string", "boolean", "integer"}, (*found)["type"].asString()))
            errors.invalid(at, text, "must point to a field of type string, boolean or integer. Enum string fields and "
                                     "strings with formats are allowed.");
        if (!seen.insert(text).second) errors.duplicate(at, text);
    }
    if (seen.size() > 8) errors.tooMany(path, static_cast<std::int64_t>(seen.size()), 8);
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
        deprecationRules(errors, version, at.child("deprecationWarning"));
        if (!sharedSchema && !version["schema"]["openAPIV3Schema"].isNull())
            validateDefinitionSchema(errors, version["schema"]["openAPIV3Schema"], at.child("schema", "openAPIV3Schema"));
        if (!sharedSubresources) subresourceRules(errors, version["subresources"], at.child("subresources"));
        if (!sharedColumns)
            columnRules(errors, version["additionalPrinterColumns"], at.child("additionalPrinterColumns"));
        selectableRules(errors, version, at.child("selectableFields"));
    }
}

void conversionVersions(Errors& errors, const Value& versions, const Path& path) {
    if (versions.size() == 0) return errors.required(path);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        if (!seen.insert(versions[i].text()).second) errors.invalid(path.index(i), versions[i], "duplicate version");
        else errors.invalidEach(path.index(i), versions[i], checkDns1035Label(versions[i].asString()));
    }
    if (!seen.contains("v1") && !seen.contains("v1beta1"))
        errors.invalid(path, versions, "must include at least one of v1, v1beta1");
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
        validateDefinitionSchema(errors, schema["openAPIV3Schema"], kSpec.child("validation", "openAPIV3Schema"));
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
        conversionVersions(errors, hook["conversionReviewVersions"], path.child("conversionReviewVersions"));
    } else {
        constexpr std::string_view kText = "should not be set when strategy is not set to Webhook";
        if (!hook["clientConfig"].isNull()) errors.forbidden(path.child("webhookClientConfig"), kText);
        if (hook["conversionReviewVersions"].size() > 0)
            errors.forbidden(path.child("conversionReviewVersions"), kText);
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
void approval(Errors& errors, const Value& object, const Value& old) {
    const std::string group = "." + object["spec"]["group"].text();
    if (!group.ends_with(".k8s.io") && !group.ends_with(".kubernetes.io")) return;
    constexpr const char* kNote = "api-approved.kubernetes.io";
    const std::string note = object["metadata"]["annotations"][kNote].text();
    const Path path = kMeta.child("annotations").key(kNote);
    const std::string start = "protected groups must have approval annotation \"api-approved.kubernetes.io\"";
    const std::string see = ", see https://github.com/kubernetes/enhancements/pull/1111";
    enum class State { Missing, Invalid, Fine };
    const auto stateOf = [](const std::string& text) {
        if (text.empty()) return State::Missing;
        const std::size_t scheme = text.find("://");
        const bool url = scheme != std::string::npos && scheme > 0 && scheme + 3 < text.size();
        return url || text.starts_with("unapproved") ? State::Fine : State::Invalid;
    };
    const State state = stateOf(note);
    if (!old.isNull() && stateOf(old["metadata"]["annotations"][kNote].text()) == state) return;
    if (state == State::Missing) errors.required(path, start + see);
    if (state == State::Invalid)
        errors.invalid(path, note, start + " with either a URL or a reason starting with \"unapproved\"" + see);
}

void unknownFields(Errors& errors, const Value& object, const Value& old) {
    if (old["spec"]["preserveUnknownFields"].asBool() || !object["spec"]["preserveUnknownFields"].asBool()) return;
    errors.invalid(kSpec.child("preserveUnknownFields"), true,
                   "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema "
                   "instead");
}

void definition(Errors& errors, const Value& object) {
    const Value& spec = object["spec"];
    const std::string name = object["metadata"]["name"].text();
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    if (!name.empty() && name != spec["names"]["plural"].text() + "." + spec["group"].text())
        errors.invalid(kMeta.child("name"), name, "must be spec.names.plural+\".\"+spec.group");
    specRules(errors, spec);
    storedVersions(errors, object);
    approval(errors, object, Value());
    unknownFields(errors, object, Value());
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
    nameRules(errors, object["status"]["acceptedNames"], Path("status").child("acceptedNames"));
    storedVersions(errors, object);
    approval(errors, object, old);
    unknownFields(errors, object, old);
}
void definitionStatus(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    nameRules(errors, object["status"]["acceptedNames"], Path("status").child("acceptedNames"));
}

} // namespace

std::span<const KindRules> extensionRules() {
    static constexpr KindRules kRules[] = {
        {"apiextensions.k8s.io", "CustomResourceDefinition", definition, definitionUpdate, definitionStatus},
    };
    return kRules;
}

} // namespace api::validation
