#include "controllers/bootstrap/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"
#include "base/strings.h"

namespace controllers {

using document::Value;

namespace {

constexpr const char* kTokenType = "bootstrap.kubernetes.io/token";
constexpr const char* kClusterInfo = "kube-public/cluster-info";
constexpr std::string_view kSignature = "jws-kubeconfig-";

std::string field(const Value& secret, const char* name) {
    return base::decodeBase64(secret.at("data", name).asString()).value_or("");
}

bool isToken(const Value& secret) {
    return secret["type"].asString() == kTokenType && api::namespaceOf(secret) == "kube-system";
}

// A detached JWS over the content: header, nothing, HMAC-SHA256. Source: cluster-bootstrap
// token/jws.
std::string detachedSignature(const std::string& content, const std::string& id,
                              const std::string& secret) {
    const std::string header = base::encodeBase64Url("{\"alg\":\"HS256\",\"kid\":\"" + id + "\"}");
    const std::string mac = pki::hmacSha256(secret, header + "." + base::encodeBase64Url(content));
    return header + ".." + base::encodeBase64Url(mac);
}

} // namespace

BootstrapSigner::BootstrapSigner(Context context)
    : QueueController(context, "bootstrap-signer", 1), secrets_(use(client::secretsResource())),
      configMaps_(use(client::configMapsResource())) {
    secrets_.onChange([this](const Value& previous, const Value& current) {
        if (isToken(current.isNull() ? previous : current)) queue_.add(kClusterInfo);
    });
    configMaps_.onChange([this](const Value& previous, const Value& current) {
        if (api::keyOf(current.isNull() ? previous : current) == kClusterInfo)
            queue_.add(kClusterInfo);
    });
}

sim::Task<base::Status> BootstrapSigner::sync(std::string) {
    const Value map = configMaps_.get(kClusterInfo);
    if (map.isNull()) co_return base::okStatus();
    const std::string content = map.at("data", "kubeconfig").text();
    if (content.empty()) co_return base::okStatus();
    document::ObjectBuilder data;
    for (const document::Member& member : map["data"].members())
        if (!member.key.view().starts_with(kSignature)) data.set(member.key, member.value);
    for (const Value& secret : secrets_.inNamespace("kube-system")) {
        if (!isToken(secret) || field(secret, "usage-bootstrap-signing") != "true") continue;
        const std::string expiration = field(secret, "expiration");
        if (!expiration.empty() && sim::parseRfc3339(expiration).value_or(0) < kernel_.unixNow())
            continue;
        const std::string id = field(secret, "token-id"), token = field(secret, "token-secret");
        if (id.empty() || token.empty() || api::nameOf(secret) != "bootstrap-token-" + id) continue;
        data.set(std::string(kSignature) + id, detachedSignature(content, id, token));
    }
    const Value next = std::move(data).build();
    if (next == map["data"]) co_return base::okStatus();
    auto written = co_await client_.update(client::configMapsResource(), "kube-public",
                                           map.with("data", next));
    if (!written.ok()) co_return written.error();
    co_return base::okStatus();
}

TokenCleaner::TokenCleaner(Context context)
    : QueueController(context, "token-cleaner", 1), secrets_(use(client::secretsResource())) {
    secrets_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() && isToken(current)) queue_.add(client::objectKey(current));
    });
}

sim::Task<base::Status> TokenCleaner::sync(std::string key) {
    const Value secret = secrets_.get(key);
    if (secret.isNull() || !isToken(secret)) co_return base::okStatus();
    const std::string expiration = field(secret, "expiration");
    if (expiration.empty()) co_return base::okStatus();
    const std::int64_t due = sim::parseRfc3339(expiration).value_or(0);
    if (due > kernel_.unixNow()) {
        queue_.addAfter(key, due - kernel_.unixNow() + sim::kMillisecond);
        co_return base::okStatus();
    }
    client::DeleteOptions options;
    options.uid = api::uidOf(secret);
    auto removed = co_await client_.remove(client::secretsResource(), "kube-system",
                                           api::nameOf(secret), options);
    if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    co_return base::okStatus();
}

} // namespace controllers
