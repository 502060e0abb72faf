// Objects of custom resources through the pipeline: field checks, defaults, validation.
#include "api/names.h"
#include "apiserver/crd/rules.h"
#include "apiserver/crd/schema.h"
#include "base/strings.h"

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
    if (!problems.empty() && context.fieldValidation == "Strict")
        return api::badRequest(resource.kind + " in version \"" + resource.version +
                               "\" cannot be handled as a " + resource.kind + ": strict decoding error: " +
                               base::join(problems, ", "));
    if (context.fieldValidation == "Warn")
        for (const std::string& problem : problems) context.warn(problem);
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
        const bool broken = !found.empty();
        causes.insert(causes.end(), found.begin(), found.end());
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
