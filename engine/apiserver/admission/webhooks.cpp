// Webhooks are called over the simulated network. Source: apiserver
// pkg/admission/plugin/webhook/{validating,mutating}/dispatcher.go.
#include "apiserver/admission/expressions.h"
#include "apiserver/admission/matching.h"
#include "apiserver/admission/plugin.h"
#include "apiserver/cel/checks.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"

namespace apiserver {

using document::Value;

namespace {

Value reviewOf(const Admission& a) {
    const Value kind = Value::object(
        {{"group", a.resource.group}, {"version", a.resource.version}, {"kind", a.resource.kind}});
    const Value resource = Value::object(
        {{"group", a.resource.group}, {"version", a.resource.version}, {"resource", a.resource.plural}});
    const std::string uid = a.context.generatedUid.empty() ? metaText(a.old, "uid").data() : a.context.generatedUid;
    document::ObjectBuilder request;
    request.set("uid", uid).set("kind", kind).set("resource", resource);
    request.set("requestKind", kind).set("requestResource", resource);
    request.setUnlessEmpty("subResource", a.subresource).setUnlessEmpty("name", a.name);
    request.setUnlessEmpty("namespace", a.ns);
    request.set("operation", a.operation);
    request.set("userInfo", Value::object({{"username", a.context.user.name},
                                           {"groups", Value::strings(a.context.user.groups)}}));
    request.set("object", a.object).set("oldObject", a.old).set("dryRun", a.context.dryRun);
    return Value::object({{"kind", "AdmissionReview"},
                          {"apiVersion", "admission.k8s.io/v1"},
                          {"request", std::move(request).build()}});
}

std::string urlOf(const Value& client) {
    if (!client["url"].isEmpty()) return client["url"].text();
    const Value& service = client["service"];
    return "https://" + service["name"].text() + "." + service["namespace"].text() + ".svc:" +
           std::to_string(service["port"].asInt(443)) + service["path"].asString("/").data();
}

Errand errandFor(const Admission& a, const Value& webhook, const std::string& id) {
    const Value& client = webhook["clientConfig"];
    Errand errand;
    errand.id = id;
    const std::int64_t seconds = webhook["timeoutSeconds"].asInt(10);
    errand.timeout = seconds * sim::kSecond;
    errand.url = urlOf(client) + (urlOf(client).find('?') == std::string::npos ? "?" : "&") + "timeout=" +
                 std::to_string(seconds) + "s";
    std::string rest = errand.url.substr(errand.url.find("://") + 3);
    const auto slash = rest.find('/');
    std::string host = rest.substr(0, slash);
    const std::string target = slash == std::string::npos ? "/" : rest.substr(slash);
    const auto colon = host.rfind(':');
    errand.target.port = 443;
    if (colon != std::string::npos) {
        errand.target.port = static_cast<std::uint16_t>(base::parseInt(host.substr(colon + 1)).value_or(443));
        host = host.substr(0, colon);
    }
    errand.host = host;
    const auto pem = base::decodeBase64(client["caBundle"].asString());
    if (pem && !pem->empty()) {
        auto roots = pki::readCertificatesPem(*pem);
        if (roots.ok()) errand.tls.roots = roots.value();
    }
    errand.tls.serverName = host;
    errand.request.method = "POST";
    const auto mark = target.find('?');
    errand.request.path = target.substr(0, mark);
    if (mark != std::string::npos) errand.request.query = ports::Query::parse(target.substr(mark + 1));
    errand.request.headers.set("Content-Type", "application/json");
    errand.request.object = reviewOf(a);
    return errand;
}

struct Verdict {
    bool called = false;  // an answer is at hand
    std::string failure;  // why there is none
    Value response;
};

Verdict ask(Admission& a, const Value& webhook, const std::string& id) {
    Verdict verdict;
    const auto known = a.context.answers.find(id);
    if (known == a.context.answers.end()) {
        if (!a.context.errand) a.context.errand = errandFor(a, webhook, id);
        return verdict;
    }
    verdict.called = true;
    const std::string url = errandFor(a, webhook, id).url;
    if (!known->second.ok()) {
        verdict.failure = "failed to call webhook: Post " + base::quoteGo(url) + ": " + known->second.error().message;
        return verdict;
    }
    const ports::Response& answer = known->second.value();
    Value body = answer.object;
    if (body.isNull()) body = document::readJson(answer.body).valueOr(Value());
    if (answer.status != 200 || !body["response"].isObject()) {
        verdict.failure = "failed to call webhook: an error on the server (" +
                          base::quoteGo(base::trim(answer.body)) + ") has prevented the request from succeeding";
        return verdict;
    }
    verdict.response = body["response"];
    return verdict;
}

base::Status refused(const Admission& a, const Value& webhook, const Value& response) {
    const Value& given = response["status"];
    std::string text = "admission webhook " + base::quoteGo(webhook["name"].asString()) + " denied the request";
    if (!given["message"].isEmpty()) text += ": " + given["message"].text();
    else if (!given["reason"].isEmpty()) text += ": " + given["reason"].text();
    else text += " without explanation";
    const std::int64_t code = given["code"].asInt(403);
    (void)a;
    Value status = Value::object({{"kind", "Status"},
                                  {"apiVersion", "v1"},
                                  {"metadata", Value::object()},
                                  {"status", "Failure"},
                                  {"message", text},
                                  {"reason", given["reason"].asString(code == 403 ? "Forbidden" : "")},
                                  {"code", code}});
    return api::errorFromStatus(status);
}

// Whether all conditions of a webhook hold. Source: apiserver
// pkg/admission/plugin/webhook/matchconditions/matcher.go.
base::Result<bool> conditionsHold(Admission& a, const Value& webhook) {
    if (webhook["matchConditions"].size() == 0) return true;
    const cel::Environment environment = requestEnvironment(false, true);
    const cel::Variables variables = expressionVariables(a);
    RequestAuthority authority(a);
    std::vector<std::string> problems;
    std::int64_t cost = 0;
    for (const Value& condition : webhook["matchConditions"].items()) {
        auto program = cel::Program::compile(condition["expression"].asString(), environment);
        base::Result<cel::Datum> met = program.ok() ? program->run(variables, &authority, cost) : base::Result<cel::Datum>(program.error());
        if (met.ok() && !met->value.asBool()) return false;
        if (!met.ok())
            problems.push_back("expression '" + condition["expression"].text() + "' resulted in error: " + met.error().message);
    }
    if (problems.empty()) return true;
    if (webhook["failurePolicy"].asString() == "Ignore") return false;
    return refuse(a, problems.size() == 1 ? problems[0] : "[" + base::join(problems, ", ") + "]");
}

base::Status runWebhooks(Admission& a, const char* plural, bool mutating) {
    if (a.resource.group == "admissionregistration.k8s.io") return base::okStatus();
    for (const Value& configuration : a.core.all("admissionregistration.k8s.io", plural))
        for (const Value& webhook : configuration["webhooks"].items()) {
            bool matches = false;
            for (const Value& rule : webhook["rules"].items()) matches = matches || ruleMatches(a, rule);
            if (!matches || !selectorsMatch(a, webhook)) continue;
            BASE_TRY(const bool wanted, conditionsHold(a, webhook));
            if (!wanted) continue;
            const std::string id = std::string(plural) + "/" + std::string(metaText(configuration, "name")) + "/" +
                                   webhook["name"].text() + "/" + a.name + "/" + a.operation;
            const Verdict verdict = ask(a, webhook, id);
            if (!verdict.called) return base::okStatus(); // the request is run again with the answer
            if (!verdict.failure.empty()) {
                if (webhook["failurePolicy"].asString() == "Ignore") continue;
                const std::string name = base::quoteGo(webhook["name"].asString());
                const bool call = verdict.failure.starts_with("failed to call webhook");
                return api::statusError(500, "InternalError",
                                        "Internal error occurred: failed calling webhook " + name + ": " +
                                            (call ? "" : "failed to call webhook: ") + verdict.failure);
            }
            for (const Value& warning : verdict.response["warnings"].items()) a.context.warn(warning.text());
            if (!verdict.response["allowed"].asBool()) return refused(a, webhook, verdict.response);
            if (!mutating || verdict.response["patch"].isEmpty()) continue;
            const auto text = base::decodeBase64(verdict.response["patch"].asString());
            auto patch = document::readJson(text.value_or(""));
            if (!patch.ok()) continue;
            auto patched = document::applyJsonPatch(a.object, patch.value());
            if (!patched.ok())
                return api::statusError(500, "InternalError",
                                        "Internal error occurred: " + patched.error().message);
            a.object = patched.value();
        }
    return base::okStatus();
}

} // namespace

base::Status mutatingWebhooks(Admission& a) {
    return runWebhooks(a, "mutatingwebhookconfigurations", true);
}

base::Status validatingWebhooks(Admission& a) {
    if (a.context.errand) return base::okStatus();
    return runWebhooks(a, "validatingwebhookconfigurations", false);
}

} // namespace apiserver
