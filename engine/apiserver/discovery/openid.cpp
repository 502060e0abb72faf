// The issuer of service account tokens, for whoever verifies them elsewhere. Source: kubernetes
// pkg/routes/openidmetadata.go.
#include "apiserver/core.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

// The point of a P-256 key stands at the end of its DER form.
Value webKey(const pki::Key& key) {
    std::string body;
    for (const std::string& line : base::split(pki::publicKeyPem(key), '\n'))
        if (!line.starts_with("-----")) body += line;
    const std::string der = base::decodeBase64(body).value_or("");
    constexpr std::size_t kCoordinate = 32;
    if (der.size() < 2 * kCoordinate) return {};
    const std::string point = der.substr(der.size() - 2 * kCoordinate);
    return Value::object({{"use", "sig"},
                          {"kty", "EC"},
                          {"kid", base::encodeBase64Url(pki::sha256(der))},
                          {"crv", "P-256"},
                          {"alg", "ES256"},
                          {"x", base::encodeBase64Url(point.substr(0, kCoordinate))},
                          {"y", base::encodeBase64Url(point.substr(kCoordinate))}});
}

bool accepts(const Context& context, std::string_view type) {
    const std::string_view accept = context.request.headers.get("Accept");
    return accept.empty() || accept.find("*/*") != std::string_view::npos ||
           accept.find("application/*") != std::string_view::npos || accept.find(type) != std::string_view::npos;
}

ports::Response metadata(const Context& context, const char* type, const Value& value) {
    if (!accepts(context, type))
        return respondError(withEmptyDetails(api::statusError(
            406, "NotAcceptable", std::string("406: Not Acceptable\n\nAvailable representations: ") + type)));
    ports::Response response = respondText(200, document::writeJson(value), type);
    response.headers.set("Cache-Control", "public, max-age=3600");
    return response;
}

} // namespace

std::optional<ports::Response> serveOpenId(Core& core, Context& context) {
    const std::string& path = context.info.path;
    if (path == "/.well-known/openid-configuration") {
        const std::string address = base::Endpoint{core.config.advertiseAddress, core.config.securePort}.text();
        return metadata(context, "application/json",
                        Value::object({{"issuer", core.config.serviceAccountIssuer},
                                       {"jwks_uri", "https://" + address + "/openid/v1/jwks"},
                                       {"response_types_supported", Value::array({"id_token"})},
                                       {"subject_types_supported", Value::array({"public"})},
                                       {"id_token_signing_alg_values_supported", Value::array({"ES256"})}}));
    }
    if (path != "/openid/v1/jwks") return {};
    document::ArrayBuilder keys;
    for (const pki::KeyPtr& key : core.config.serviceAccountKeys)
        if (Value shown = webKey(*key); !shown.isNull()) keys.push(std::move(shown));
    return metadata(context, "application/jwk-set+json", Value::object({{"keys", std::move(keys).build()}}));
}

} // namespace apiserver
