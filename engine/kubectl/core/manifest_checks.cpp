// What the client itself finds wrong with an object of a file, before the server sees it.
#include "api/kinds.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/core/builder.h"

namespace kubectl {

using document::Value;

// Source: k8s.io/kubectl pkg/validation/validation.go (ParamVerifyingSchema leaves fields to the server).
base::Status checkSchema(const Value& value, const std::string& source) {
    static constexpr const char* kHint =
        "; if you choose to ignore these errors, turn validation off with --validate=false";
    std::string problem;
    if (!value.isObject()) {
        problem = "invalid object to validate";
    } else {
        std::vector<std::string> list;
        for (const char* field : {"apiVersion", "kind"})
            if (!value[field].isString())
                list.push_back(std::string(field) +
                               (value.has(field) ? " isn't string type" : " not set"));
        if (list.size() == 1) problem = list[0];
        else if (list.size() > 1) problem = "[" + base::join(list, ", ") + "]";
    }
    if (problem.empty()) return base::okStatus();
    return base::makeError("error validating " + base::quoteGo(source) + ": error validating data: " +
                           problem + kHint);
}

base::Status checkDecodable(const Value& value, const std::string& source) {
    const std::string text = document::writeJson(value, true);
    if (!value.isObject())
        return base::makeError("unable to decode " + base::quoteGo(source) +
                               ": couldn't get version/kind; json parse error: json: cannot unmarshal " +
                               (value.isString() ? "string" : value.isArray() ? "array" : "number") +
                               " into Go value of type struct { APIVersion string "
                               "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
                               "\"json:\\\"kind,omitempty\\\"\" }");
    for (const char* key : {"kind", "apiVersion"}) {
        if (!value[key].asString().empty() || (key[0] == 'a')) continue;
        return base::makeError("unable to decode " + base::quoteGo(source) + ": Object 'Kind' is missing in '" +
                               text + "'");
    }
    // Metadata must be of its type, whatever the kind. Source: cli-runtime pkg/resource
    // metadata_decoder.go.
    const api::ResourceInfo* plain = api::builtinKinds().findByKind("", "v1", "ConfigMap");
    auto decoded = api::decodeObject(*plain, Value::object({{"metadata", value["metadata"]}}));
    if (decoded.ok()) return base::okStatus();
    return base::makeError("unable to decode " + base::quoteGo(source) + ": " +
                           base::replaceAll(decoded.error().message, "field ConfigMap.metadata",
                                            "field metadataOnlyObject.metadata"));
}

} // namespace kubectl
