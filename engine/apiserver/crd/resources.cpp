// Objects of custom resources through the pipeline: field checks, defaults, validation.
#include "api/names.h"
#include "apiserver/crd/rules.h"
#include "apiserver/crd/schema.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

// metadata is typed for custom resources too.
base::Result<Value> decodeMetadata(Context& context, const Value& object, std::vector<std::string>& unknown) {
    static const api::ResourceInfo* kAny = api::builtinKinds().find("", "v1", "configmaps");
    if (kAny == nullptr) return object;
    const Value shell = Value::object({{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"metadata", object["metadata"]}});
    auto decoded = api::decodeObject(*kAny, shell);
    if (!decoded.ok()) {
        (void)context;
        return base::makeError(decoded.error().message);
    }
    for (const api::FieldProblem& problem : decoded.value().unknown) unknown.push_back(problem.message);
    return object.with("metadata", decoded.value().object["metadata"]);
}

// The fields behind the scale subresource must be numbers. Source: apiextensions-apiserver
// pkg/registry/customresource/validator.go ValidateScaleSpec, ValidateScaleStatus.
void checkScalePaths(Core& core, const api::ResourceInfo& resource, const Value& object,
                     std::vector<api::StatusCause>& causes) {
    if (resource.findSubresource("scale") == nullptr) return;
    const auto place = core.customDefinitions.find(resource.plural + "." + resource.group);
    if (place == core.customDefinitions.end()) return;
    for (const Value& version : place->second.at("spec", "versions").items()) {
        if (version["name"].asString() != resource.version) continue;
        for (const char* key : {"specReplicasPath", "statusReplicasPath"}) {
            const std::string path = version.at("subresources", "scale", key).text();
            Value at = object;
            for (const std::string& part : base::split(path.substr(path.empty() ? 0 : 1), '.')) at = at[part];
            std::string text;
            if (at.isString()) text = at.text() + " is of the type string";
            else if (at.isDouble()) text = document::formatNumber(at.asDouble()) + " is of the type float64";
            else if (at.isBool()) text = std::string(at.asBool() ? "true" : "false") + " is of the type bool";
            else if (at.isInt() && at.asInt() < 0) {
                causes.push_back({"FieldValueInvalid",
                                  "Invalid value: " + std::to_string(at.asInt()) + ": should be a non-negative integer",
                                  path});
                continue;
            }
            if (!text.empty())
                causes.push_back({"FieldValueInvalid",
                                  "Invalid value: 0: " + path + " accessor error: " + text + ", expected int64", path});
        }
    }
}

} // namespace

base::Result<Value> customDecode(Core& core, Context& context, const api::ResourceInfo& resource, Value object) {
    std::vector<std::string> problems, paths;
    if (object.has("metadata")) {
        auto decoded = decodeMetadata(context, object, problems);
        if (!decoded.ok())
            return api::badRequest(resource.kind + " in version \"" + resource.version +
                                   "\" cannot be handled as a " + resource.kind + ": " +
                                   decoded.error().message);
        object = decoded.value();
    } else {
        object = object.with("metadata", Value::object());
    }
    const Value schema = schemaOfVersion(core, resource);
    if (!schema.isNull()) object = prune(schema, object, "", paths, true);
    for (const std::string& path : paths) problems.push_back("unknown field " + base::quoteGo(path));
    BASE_CHECK(reportStrictProblems(context, resource, problems));
    if (!schema.isNull()) object = applySchemaDefaults(schema, object);
    return object;
}

base::Result<Value> customValidate(Core& core, Context& context, const api::ResourceInfo& resource,
                                   Value object, const Value& old) {
    const Value schema = schemaOfVersion(core, resource);
    std::vector<api::StatusCause> causes;
    const std::string name(metaText(object, "name"));
    if (old.isNull()) {
        if (name.empty())
            causes.push_back({"FieldValueRequired", "Required value: name or generateName is required", "metadata.name"});
        else
            for (const std::string& text : api::checkDns1123Subdomain(name))
                causes.push_back({"FieldValueInvalid", "Invalid value: " + base::quoteGo(name) + ": " + text, "metadata.name"});
    }
    (void)context;
    if (!schema.isNull()) {
        const bool hasRules = hasValidationRules(schema);
        std::vector<api::StatusCause> found;
        validateSchema(schema, object, "", found);
        bool broken = false;
        for (const api::StatusCause& cause : found)
            broken = broken || cause.reason == "FieldValueNotSupported" || cause.reason == "FieldValueRequired" ||
                     cause.reason == "FieldValueTooLong" || cause.reason == "FieldValueTooMany" ||
                     cause.reason == "FieldValueTypeInvalid";
        causes.insert(causes.end(), found.begin(), found.end());
        checkScalePaths(core, resource, object, causes);
        if (broken && hasRules) {
            causes.push_back({"FieldValueInvalid",
                              "Invalid value: null: some validation rules were not checked because the "
                              "object was invalid; correct the existing errors to complete validation",
                              "<nil>"});
        } else if (hasRules) {
            validateRules(schema, object, old, "", causes);
        }
    }
    if (!causes.empty()) return api::invalid(resource.group, resource.kind, name, std::move(causes));
    return object;
}

} // namespace apiserver
