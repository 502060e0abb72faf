// TokenRequest. Source: kubernetes pkg/registry/core/serviceaccount/storage/token.go and
// pkg/serviceaccount/claims.go.
#include "apiserver/registry/subresources.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

constexpr std::int64_t kMinimum = 600;
constexpr std::int64_t kLongest = 1LL << 32;
// What kubelets ask for; such tokens are kept valid longer for old clients and marked with a warning.
constexpr std::int64_t kProjected = 3607;
constexpr std::int64_t kExtended = 365LL * 24 * 3600;

base::Status checkRequest(const Value& spec) {
    const std::int64_t seconds = spec["expirationSeconds"].asInt(3600);
    std::string text;
    if (seconds < kMinimum) text = "may not specify a duration less than 10 minutes";
    else if (seconds > kLongest) text = "may not specify a duration larger than 2^32 seconds";
    if (text.empty()) return base::okStatus();
    return api::invalid("authentication.k8s.io", "TokenRequest", "",
                        {{"FieldValueInvalid", "Invalid value: " + std::to_string(seconds) + ": " + text,
                          "spec.expirationSeconds"}});
}

Value nameAndUid(const Value& object) {
    return Value::object({{"name", object["metadata"]["name"]}, {"uid", object["metadata"]["uid"]}});
}

// The object that the token dies with.
base::Status bind(Core& core, const Context& context, const Value& reference, Value& claims) {
    if (reference.isNull()) return base::okStatus();
    const std::string kind = reference["kind"].text();
    const std::string name = reference["name"].text();
    const bool node = kind == "Node";
    const char* plural = kind == "Pod" ? "pods" : kind == "Secret" ? "secrets" : "nodes";
    if (kind != "Pod" && kind != "Secret" && !node)
        return api::badRequest("cannot bind token to object of type /v1, Kind=" + kind);
    const Value object = core.lookup("", plural, node ? "" : context.info.ns, name);
    if (object.isNull()) return api::notFound("", plural, name);
    const std::string_view uid = reference["uid"].asString();
    if (!uid.empty() && uid != metaText(object, "uid"))
        return api::conflict("", plural, name,
                             "the UID in the bound object reference (" + std::string(uid) +
                                 ") does not match the UID in record. The object might have been deleted "
                                 "and then recreated");
    if (kind == "Pod") {
        if (object.at("spec", "serviceAccountName").asString() != context.info.name)
            return api::badRequest("cannot bind token for serviceaccount " +
                                   base::quoteGo(context.info.name) + " to pod running with different "
                                   "serviceaccount name.");
        const std::string nodeName = object.at("spec", "nodeName").text();
        if (!nodeName.empty()) {
            const Value host = core.lookup("", "nodes", "", nodeName);
            claims = claims.with("node", host.isNull() ? Value::object({{"name", nodeName}})
                                                       : nameAndUid(host));
        }
    }
    claims = claims.with(base::toLower(kind), nameAndUid(object));
    return base::okStatus();
}

// Who asked for what: the default audiences are filled in later.
Value withRecord(Core& core, Context& context, const Value& spec, std::int64_t seconds, Value answer) {
    document::ObjectBuilder fields;
    const auto leaf = Value::object();
    if (const Value& bound = spec["boundObjectRef"]; bound.isObject()) {
        document::ObjectBuilder below;
        for (const char* key : {"apiVersion", "kind", "name", "uid"})
            if (!bound[key].isEmpty()) below.set("f:" + std::string(key), leaf);
        fields.set("f:boundObjectRef", std::move(below).build());
    }
    if (spec["audiences"].size() > 0) fields.set("f:audiences", leaf);
    if (seconds != 0) fields.set("f:expirationSeconds", leaf);
    const Value record = Value::object({{"manager", context.manager()},
                                        {"operation", "Update"},
                                        {"apiVersion", "authentication.k8s.io/v1"},
                                        {"time", core.now()},
                                        {"fieldsType", "FieldsV1"},
                                        {"fieldsV1", Value::object({{"f:spec", std::move(fields).build()}})},
                                        {"subresource", "token"}});
    return withMeta(answer, "managedFields", Value::array({record}));
}

} // namespace

Outcome handleTokenRequest(Core& core, Context& context) {
    auto raw = rawBody(context.request);
    if (!raw.ok()) return api::badRequest(raw.error().message);
    const Value& request = raw.value();
    const Value account = core.lookup("", "serviceaccounts", context.info.ns, context.info.name);
    if (account.isNull()) return api::notFound("", "serviceaccounts", context.info.name);
    const Value& spec = request["spec"];
    BASE_CHECK(checkRequest(spec));
    if (!core.config.serviceAccountSigner)
        return api::statusError(500, "InternalError", "Internal error occurred: no signing key");
    const std::int64_t seconds = spec["expirationSeconds"].asInt(3600);
    const std::int64_t now = core.kernel.unixNow() / sim::kSecond;
    Value audiences = spec["audiences"];
    if (audiences.size() == 0)
        audiences = core.config.apiAudiences.empty() ? Value::array({Value(core.config.serviceAccountIssuer)})
                                                     : Value::strings(core.config.apiAudiences);
    Value bound = Value::object({{"namespace", context.info.ns}, {"serviceaccount", nameAndUid(account)}});
    BASE_CHECK(bind(core, context, spec["boundObjectRef"], bound));
    std::int64_t expires = now + seconds;
    if (seconds == kProjected && spec["boundObjectRef"]["kind"].asString() == "Pod") {
        bound = bound.with("warnafter", now + seconds);
        expires = now + kExtended;
    }
    const Value claims = Value::object({{"aud", audiences},
                                        {"exp", expires},
                                        {"iat", now},
                                        {"iss", core.config.serviceAccountIssuer},
                                        {"jti", core.kernel.random("apiserver/jti").uuid()},
                                        {"kubernetes.io", bound},
                                        {"nbf", now},
                                        {"sub", "system:serviceaccount:" + context.info.ns + ":" +
                                                    context.info.name}});
    const std::string keyId =
        base::encodeBase64Url(pki::sha256(pki::publicKeyPem(*core.config.serviceAccountSigner)));
    const std::string token =
        pki::signJwt(document::writeJson(claims), keyId, *core.config.serviceAccountSigner);
    const Value meta = Value::object({{"name", context.info.name},
                                      {"namespace", context.info.ns},
                                      {"uid", account.at("metadata", "uid")},
                                      {"creationTimestamp", core.now()}});
    Value answerSpec = Value::object({{"audiences", audiences},
                                      {"boundObjectRef", spec["boundObjectRef"]},
                                      {"expirationSeconds", seconds}});
    const Value status = Value::object(
        {{"expirationTimestamp", sim::formatRfc3339((now + seconds) * sim::kSecond)}, {"token", token}});
    Value answer = Value::object({{"kind", "TokenRequest"},
                                  {"apiVersion", "authentication.k8s.io/v1"},
                                  {"metadata", meta},
                                  {"spec", answerSpec}});
    answer = withRecord(core, context, spec, seconds, std::move(answer));
    return respondJson(201, answer.with("status", status));
}

} // namespace apiserver
