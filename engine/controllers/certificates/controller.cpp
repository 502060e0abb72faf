#include "controllers/certificates/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"
#include "base/strings.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {

constexpr const char* kKubeletClient = "kubernetes.io/kube-apiserver-client-kubelet";
constexpr const char* kKubeletServing = "kubernetes.io/kubelet-serving";
constexpr const char* kApiClient = "kubernetes.io/kube-apiserver-client";
constexpr const char* kLegacy = "kubernetes.io/legacy-unknown";

bool conditionTrue(const Value& request, const char* type) {
    return api::conditionStatus(request, type) == "True";
}

std::vector<std::string> usagesOf(const Value& request) {
    std::vector<std::string> out;
    for (const Value& usage : request.at("spec", "usages").items()) out.push_back(usage.text());
    std::sort(out.begin(), out.end());
    return out;
}

bool hasUsage(const Value& request, std::string_view usage) {
    const std::vector<std::string> usages = usagesOf(request);
    return std::find(usages.begin(), usages.end(), usage) != usages.end();
}

// "digital signature" and the purpose, with or without "key encipherment".
bool exactUsages(const Value& request, const char* purpose) {
    std::vector<std::string> usages = usagesOf(request);
    std::erase(usages, std::string("key encipherment"));
    std::vector<std::string> wanted{"digital signature", purpose};
    std::sort(wanted.begin(), wanted.end());
    return usages == wanted;
}

base::Status checkNodeSubject(const pki::CertificateRequest& request) {
    if (request.subject.organizations != std::vector<std::string>{"system:nodes"})
        return base::makeError("subject organization is not system:nodes");
    if (!request.subject.commonName.starts_with("system:node:"))
        return base::makeError("subject common name does not begin with system:node:");
    return base::okStatus();
}

base::Status checkKubeletClient(const pki::CertificateRequest& request, const Value& object) {
    BASE_CHECK(checkNodeSubject(request));
    if (!request.dnsNames.empty()) return base::makeError("DNS subjectAltNames are not allowed");
    if (!request.addresses.empty()) return base::makeError("IP subjectAltNames are not allowed");
    if (!exactUsages(object, "client auth"))
        return base::makeError(
            "usages did not match [client auth digital signature key encipherment]");
    return base::okStatus();
}

base::Status checkKubeletServing(const pki::CertificateRequest& request, const Value& object) {
    BASE_CHECK(checkNodeSubject(request));
    if (request.dnsNames.empty() && request.addresses.empty())
        return base::makeError("DNS or IP subjectAltName is required");
    if (!exactUsages(object, "server auth"))
        return base::makeError(
            "usages did not match [digital signature key encipherment server auth]");
    return base::okStatus();
}

base::Status checkApiClient(const Value& object) {
    for (const std::string& usage : usagesOf(object))
        if (usage != "digital signature" && usage != "key encipherment" && usage != "client auth")
            return base::makeError("invalid usage for client certificate: " + usage);
    if (!hasUsage(object, "client auth"))
        return base::makeError("missing required usage for client certificate: client auth");
    return base::okStatus();
}

Value appendCondition(const Value& request, const char* type, const std::string& reason,
                      const std::string& message, const std::string& now) {
    Value condition = Value::object({{"type", type},
                                     {"status", "True"},
                                     {"reason", reason},
                                     {"message", message},
                                     {"lastUpdateTime", now}});
    Value list = request.at("status", "conditions").appended(std::move(condition));
    return request.withPath({"status", "conditions"}, std::move(list));
}

void queueOnChange(client::Informer& informer, client::WorkQueue& queue) {
    informer.onChange([&queue](const Value&, const Value& current) {
        if (!current.isNull()) queue.add(api::nameOf(current));
    });
}

} // namespace

CsrApprovingController::CsrApprovingController(Context context)
    : QueueController(context, "certificate-controller", 1),
      requests_(use(client::signingRequestsResource())) {
    queueOnChange(requests_, queue_);
}

// Asks the API server whether the requester may have such a certificate approved by itself.
sim::Task<base::Result<bool>> CsrApprovingController::allowed(Value request,
                                                              std::string subresource) {
    const Value& spec = request["spec"];
    document::ObjectBuilder review;
    review.setUnlessEmpty("user", spec["username"]).setUnlessEmpty("groups", spec["groups"]);
    review.setUnlessEmpty("uid", spec["uid"]).setUnlessEmpty("extra", spec["extra"]);
    const Value attributes = Value::object({{"group", "certificates.k8s.io"},
                                            {"resource", "certificatesigningrequests"},
                                            {"verb", "create"},
                                            {"version", "*"},
                                            {"subresource", subresource}});
    review.set("resourceAttributes", attributes);
    const Value object = Value::object({{"apiVersion", "authorization.k8s.io/v1"},
                                        {"kind", "SubjectAccessReview"},
                                        {"spec", std::move(review).build()}});
    const client::Resource resource{"authorization.k8s.io", "v1", "subjectaccessreviews"};
    auto answer = co_await client_.create(resource, "", object);
    if (!answer.ok()) co_return answer.error();
    co_return answer->at("status", "allowed").asBool();
}

sim::Task<base::Status> CsrApprovingController::sync(std::string key) {
    const Value request = requests_.get(key);
    if (request.isNull() || !request.at("status", "certificate").asString().empty())
        co_return base::okStatus();
    if (conditionTrue(request, "Approved") || conditionTrue(request, "Denied"))
        co_return base::okStatus();
    if (request.at("spec", "signerName").asString() != kKubeletClient) co_return base::okStatus();
    auto parsed = pki::readRequestPem(
        base::decodeBase64(request.at("spec", "request").asString()).value_or(""));
    if (!parsed.ok())
        co_return base::wrapError("unable to parse csr " + base::quoteGo(key) + ": ",
                                  parsed.error());
    if (!checkKubeletClient(parsed->request, request).ok()) co_return base::okStatus();
    const bool self =
        request.at("spec", "username").asString() == parsed->request.subject.commonName;
    for (const bool asSelf : {true, false}) {
        if (asSelf && !self) continue;
        std::string subresource = asSelf ? "selfnodeclient" : "nodeclient";
        auto may = co_await allowed(request, std::move(subresource));
        if (!may.ok()) co_return may.error();
        if (!*may) continue;
        const char* message =
            asSelf ? "Auto approving self kubelet client certificate after SubjectAccessReview."
                   : "Auto approving kubelet client certificate after SubjectAccessReview.";
        const Value approved = appendCondition(request, "Approved", "AutoApproved", message, now());
        auto written =
            co_await client_.update(client::signingRequestsResource(), "", approved, "approval");
        if (!written.ok())
            co_return base::wrapError("error updating approval for csr: ", written.error());
        co_return base::okStatus();
    }
    // Recognized but not allowed: looked at again, as roles may come later.
    co_return base::makeError(
        "recognized csr " + base::quoteGo(key) +
        " as kubelet client certificate but subject access review was not approved");
}

CsrSigningController::CsrSigningController(Context context)
    : QueueController(context, "certificate-controller", 1),
      requests_(use(client::signingRequestsResource())) {
    queueOnChange(requests_, queue_);
}

sim::Task<base::Status> CsrSigningController::sync(std::string key) {
    const Value request = requests_.get(key);
    if (request.isNull() || !request.at("status", "certificate").asString().empty())
        co_return base::okStatus();
    if (!conditionTrue(request, "Approved") || conditionTrue(request, "Failed") ||
        conditionTrue(request, "Denied"))
        co_return base::okStatus();
    const std::string signer = request.at("spec", "signerName").text();
    if (signer != kKubeletClient && signer != kKubeletServing && signer != kApiClient &&
        signer != kLegacy)
        co_return base::okStatus();
    if (!options_.signingCert || !options_.signingKey) co_return base::okStatus();
    const std::string pem =
        base::decodeBase64(request.at("spec", "request").asString()).value_or("");
    auto parsed = pki::readRequestPem(pem);
    if (!parsed.ok())
        co_return base::wrapError("unable to parse csr " + base::quoteGo(key) + ": ",
                                  parsed.error());
    base::Status valid = signer == kKubeletClient    ? checkKubeletClient(parsed->request, request)
                         : signer == kKubeletServing ? checkKubeletServing(parsed->request, request)
                         : signer == kApiClient      ? checkApiClient(request)
                                                     : base::okStatus();
    if (!valid.ok()) {
        const Value failed = appendCondition(request, "Failed", "SignerValidationFailure",
                                             valid.error().message, now());
        auto written =
            co_await client_.update(client::signingRequestsResource(), "", failed, "status");
        if (!written.ok()) co_return written.error();
        co_return base::okStatus();
    }
    sim::Duration ttl = options_.signingDuration;
    if (const Value& seconds = request.at("spec", "expirationSeconds"); seconds.isInt())
        ttl = std::clamp(seconds.asInt() * sim::kSecond, 10 * sim::kMinute,
                         std::max(ttl, 10 * sim::kMinute));
    pki::SigningProfile profile;
    profile.notBefore = kernel_.unixNow() - 5 * sim::kMinute;
    profile.notAfter = kernel_.unixNow() + ttl - (ttl < 8 * sim::kHour ? 0 : 5 * sim::kMinute);
    profile.notAfter = std::min(profile.notAfter, pki::inspect(*options_.signingCert).notAfter);
    profile.serverAuth = hasUsage(request, "server auth");
    profile.clientAuth = hasUsage(request, "client auth");
    profile.digitalSignature = hasUsage(request, "digital signature");
    profile.keyEncipherment = hasUsage(request, "key encipherment");
    auto certificate =
        pki::signRequestPem(pem, profile, *options_.signingCert, *options_.signingKey,
                            kernel_.random("controllers/csr-signing"));
    if (!certificate.ok())
        co_return base::wrapError("error auto signing csr: ", certificate.error());
    const std::string encoded = base::encodeBase64(pki::writeCertificatePem(**certificate));
    Value signedRequest = request.withPath({"status", "certificate"}, encoded);
    auto written = co_await client_.update(client::signingRequestsResource(), "",
                                           std::move(signedRequest), "status");
    if (!written.ok())
        co_return base::wrapError("error updating signature for csr: ", written.error());
    co_return base::okStatus();
}

CsrCleanerController::CsrCleanerController(Context context)
    : QueueController(context, "certificate-controller", 1),
      requests_(use(client::signingRequestsResource())) {
    queueOnChange(requests_, queue_);
}

sim::Task<base::Status> CsrCleanerController::sync(std::string key) {
    const Value request = requests_.get(key);
    if (request.isNull()) co_return base::okStatus();
    std::int64_t due = api::creationTimeOf(request) + 24 * sim::kHour;
    for (const Value& condition : request.at("status", "conditions").items())
        due = std::min(due, api::timeOf(condition["lastUpdateTime"]) + sim::kHour);
    if (const std::string_view encoded = request.at("status", "certificate").asString();
        !encoded.empty()) {
        auto chain = pki::readCertificatesPem(base::decodeBase64(encoded).value_or(""));
        if (chain.ok() && !chain->empty())
            due = std::min(due, pki::inspect(*chain->front()).notAfter);
    }
    if (due > kernel_.unixNow()) {
        queue_.addAfter(key, due - kernel_.unixNow() + sim::kSecond);
        co_return base::okStatus();
    }
    auto removed = co_await client_.remove(client::signingRequestsResource(), "", key);
    if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    co_return base::okStatus();
}

} // namespace controllers
