#include "controllers/serviceaccount/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"

namespace controllers {

using client::objectKey;
using document::Value;

namespace {
constexpr const char* kRootConfigMap = "kube-root-ca.crt";
constexpr const char* kAccountName = "kubernetes.io/service-account.name";
constexpr const char* kAccountUid = "kubernetes.io/service-account.uid";
constexpr const char* kTokenType = "kubernetes.io/service-account-token";

bool terminating(const Value& ns) {
    return ns.at("status", "phase").asString() == "Terminating" || api::isDeleting(ns);
}
} // namespace

ServiceAccountController::ServiceAccountController(Context context)
    : QueueController(context, "service-account-controller", 1),
      namespaces_(use(client::namespacesResource())),
      accounts_(use(client::serviceAccountsResource())) {
    namespaces_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) queue_.add(api::nameOf(current));
    });
    accounts_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull()) queue_.add(api::namespaceOf(previous));
    });
}

sim::Task<base::Status> ServiceAccountController::sync(std::string key) {
    const Value ns = namespaces_.get(key);
    if (ns.isNull() || terminating(ns) || !accounts_.get(key + "/default").isNull())
        co_return base::okStatus();
    const Value account =
        Value::object({{"apiVersion", "v1"},
                       {"kind", "ServiceAccount"},
                       {"metadata", Value::object({{"name", "default"}, {"namespace", key}})}});
    auto created = co_await client_.create(client::serviceAccountsResource(), key, account);
    if (created.ok() || api::isAlreadyExists(created.error()) ||
        hasStatusCause(created.error(), "NamespaceTerminating"))
        co_return base::okStatus();
    co_return created.error();
}

RootCaPublisher::RootCaPublisher(Context context)
    : QueueController(context, "root-ca-cert-publisher", 1),
      namespaces_(use(client::namespacesResource())),
      configMaps_(use(client::configMapsResource())) {
    namespaces_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() && !terminating(current)) queue_.add(api::nameOf(current));
    });
    configMaps_.onChange([this](const Value& previous, const Value& current) {
        const Value& map = current.isNull() ? previous : current;
        if (map.at("metadata", "name").asString() != kRootConfigMap || previous.isNull()) return;
        queue_.add(api::namespaceOf(map));
    });
}

sim::Task<base::Status> RootCaPublisher::sync(std::string key) {
    const Value ns = namespaces_.get(key);
    if (ns.isNull() || terminating(ns) || options_.rootCA.empty()) co_return base::okStatus();
    const Value current = configMaps_.get(key + "/" + kRootConfigMap);
    const Value data = Value::object({{"ca.crt", options_.rootCA}});
    const Value annotations = Value::object(
        {{"kubernetes.io/description", "Contains a CA bundle that can be used to verify the "
                                       "kube-apiserver when using internal endpoints such as the "
                                       "internal service IP or kubernetes.default.svc. No other "
                                       "usage is guaranteed across distributions of "
                                       "Kubernetes clusters."}});
    if (current.isNull()) {
        const Value map =
            Value::object({{"apiVersion", "v1"},
                           {"kind", "ConfigMap"},
                           {"metadata", Value::object({{"name", kRootConfigMap},
                                                       {"namespace", key},
                                                       {"annotations", annotations}})},
                           {"data", data}});
        auto created = co_await client_.create(client::configMapsResource(), key, map);
        if (created.ok() || hasStatusCause(created.error(), "NamespaceTerminating") ||
            api::isAlreadyExists(created.error()))
            co_return base::okStatus();
        co_return created.error();
    }
    if (current["data"] == data && !api::annotationsOf(current).isEmpty())
        co_return base::okStatus();
    Value next = current.with("data", data);
    for (const document::Member& member : annotations.members())
        next = next.withPath({"metadata", "annotations", member.key.view()}, member.value);
    auto updated = co_await client_.update(client::configMapsResource(), key, next);
    if (!updated.ok()) co_return updated.error();
    co_return base::okStatus();
}

TokensController::TokensController(Context context)
    : QueueController(context, "token-controller"),
      accounts_(use(client::serviceAccountsResource())), secrets_(use(client::secretsResource())) {
    secrets_.onChange([this](const Value&, const Value& current) {
        if (current["type"].asString() == kTokenType) queue_.add(objectKey(current));
    });
    accounts_.onChange([this](const Value& previous, const Value& current) {
        const Value& account = current.isNull() ? previous : current;
        if (!previous.isNull() && !current.isNull()) return;
        for (const Value& secret : secrets_.inNamespace(api::namespaceOf(account)))
            if (secret["type"].asString() == kTokenType &&
                api::annotationOf(secret, kAccountName) == api::nameOf(account))
                queue_.add(objectKey(secret));
    });
}

sim::Task<base::Status> TokensController::sync(std::string key) {
    const Value secret = secrets_.get(key);
    if (secret.isNull() || api::isDeleting(secret)) co_return base::okStatus();
    const std::string ns = api::namespaceOf(secret), name(api::annotationOf(secret, kAccountName));
    const Value account = accounts_.get(ns + "/" + name);
    const std::string wantedUid(api::annotationOf(secret, kAccountUid));
    if (account.isNull() || (!wantedUid.empty() && wantedUid != api::uidView(account))) {
        client::DeleteOptions options;
        options.uid = api::uidOf(secret);
        auto removed =
            co_await client_.remove(client::secretsResource(), ns, api::nameOf(secret), options);
        if (!removed.ok() && !api::isNotFound(removed.error()) && !api::isConflict(removed.error()))
            co_return removed.error();
        co_return base::okStatus();
    }
    const Value& data = secret["data"];
    if (!data["token"].asString().empty() && !data["namespace"].asString().empty() &&
        !wantedUid.empty() && (options_.rootCA.empty() || !data["ca.crt"].asString().empty()))
        co_return base::okStatus();
    auto signer = pki::readKeyPem(options_.serviceAccountKey);
    if (!signer.ok()) co_return base::okStatus(); // no key given: tokens are not made
    const Value claims =
        Value::object({{"iss", "kubernetes/serviceaccount"},
                       {"kubernetes.io/serviceaccount/namespace", ns},
                       {"kubernetes.io/serviceaccount/secret.name", api::nameOf(secret)},
                       {"kubernetes.io/serviceaccount/service-account.name", name},
                       {"kubernetes.io/serviceaccount/service-account.uid", api::uidOf(account)},
                       {"sub", "system:serviceaccount:" + ns + ":" + name}});
    const std::string publicPem = pki::publicKeyPem(**signer);
    const std::string token = pki::signJwt(document::writeJson(claims),
                                           base::encodeBase64Url(pki::sha256(publicPem)), **signer);
    Value next = secret.withPath({"data", "token"}, base::encodeBase64(token))
                     .withPath({"data", "namespace"}, base::encodeBase64(ns))
                     .withPath({"metadata", "annotations", kAccountUid}, api::uidOf(account));
    if (!options_.rootCA.empty())
        next = next.withPath({"data", "ca.crt"}, base::encodeBase64(options_.rootCA));
    auto updated = co_await client_.update(client::secretsResource(), ns, next);
    if (!updated.ok() && !api::isConflict(updated.error())) co_return updated.error();
    co_return base::okStatus();
}

} // namespace controllers
