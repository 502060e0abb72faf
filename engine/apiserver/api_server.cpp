// The request pipeline. Source: apiserver pkg/server DefaultBuildHandlerChain and
// pkg/endpoints/installer.go.
#include "apiserver/api_server.h"

#include "apiserver/aggregator/aggregator.h"
#include "apiserver/audit/audit.h"
#include "apiserver/compaction.h"
#include "apiserver/connect.h"
#include "apiserver/core.h"
#include "apiserver/identity_lease.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

base::Error noSuchResource() {
    return api::errorFromStatus(Value::object({{"kind", "Status"},
                                               {"apiVersion", "v1"},
                                               {"metadata", Value::object()},
                                               {"status", "Failure"},
                                               {"message", "the server could not find the requested resource"},
                                               {"reason", "NotFound"},
                                               {"details", Value::object()},
                                               {"code", 404}}));
}

namespace {

// What a request keeps a processor busy for, on the average.
constexpr sim::Duration kRequestCost = 400 * sim::kMicrosecond;

base::Error notAllowed() {
    return api::errorFromStatus(
        Value::object({{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"metadata", Value::object()},
                       {"status", "Failure"},
                       {"message", "the server does not allow this method on the requested resource"},
                       {"reason", "MethodNotAllowed"},
                       {"details", Value::object()},
                       {"code", 405}}));
}

bool isWrite(std::string_view verb) {
    return verb == "create" || verb == "update" || verb == "patch" || verb == "delete" ||
           verb == "deletecollection";
}

const char* optionsKind(std::string_view verb) {
    if (verb == "create") return "CreateOptions";
    if (verb == "update") return "UpdateOptions";
    if (verb == "patch") return "PatchOptions";
    return "DeleteOptions";
}

// Source: apimachinery meta/v1/validation.
base::Status readWriteOptions(Context& context) {
    const ports::Query& query = context.request.query;
    std::vector<api::StatusCause> causes;
    const std::vector<std::string> dryRun = query.all("dryRun");
    for (const std::string& value : dryRun) {
        if (value == "All") context.dryRun = true;
        else if (!value.empty())
            causes.push_back({"FieldValueNotSupported",
                              "Unsupported value: [" + base::quoteGo(base::join(dryRun, "\" \"")) +
                                  "]: supported values: \"All\"",
                              "dryRun"});
    }
    context.fieldManager = query.get("fieldManager");
    if (context.fieldManager.size() > 128)
        causes.push_back({"FieldValueTooLong", "Too long: may not be more than 128 bytes", "fieldManager"});
    for (std::size_t i = 0; i < context.fieldManager.size(); ++i) {
        const auto c = static_cast<unsigned char>(context.fieldManager[i]);
        if (c >= 0x20 && c != 0x7f) continue;
        const std::string code = base::toUpper(base::encodeHex(context.fieldManager.substr(i, 1)));
        causes.push_back({"FieldValueInvalid",
                          "Invalid value: " + base::quoteGo(context.fieldManager) +
                              ": invalid character U+00" + code + " (at position " + std::to_string(i) + ")",
                          "fieldManager"});
        break;
    }
    if (query.has("fieldValidation")) context.fieldValidation = query.get("fieldValidation");
    if (context.fieldValidation.empty()) context.fieldValidation = "Warn";
    if (context.fieldValidation != "Strict" && context.fieldValidation != "Warn" &&
        context.fieldValidation != "Ignore")
        causes.push_back({"FieldValueNotSupported",
                          "Unsupported value: " + base::quoteGo(context.fieldValidation) +
                              ": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
                          "fieldValidation"});
    const std::string_view force = query.get("force");
    context.force = force == "true" || force == "1";
    if (!causes.empty()) return invalidOptions(optionsKind(context.info.verb), std::move(causes));
    return base::okStatus();
}

bool servesVerb(const Context& context) {
    const RequestInfo& info = context.info;
    if (context.subresource != nullptr) {
        // The legacy list of a subresource's verbs.
        for (const std::string& verb : context.subresource->verbs)
            if (verb == info.verb) return true;
        return false;
    }
    return context.resource->hasVerb(info.verb);
}

Outcome dispatchVerb(Core& core, Context& context) {
    const std::string& verb = context.info.verb;
    if (verb == "get") return handleGet(core, context);
    if (verb == "list") return handleList(core, context);
    if (verb == "watch") return handleWatch(core, context);
    if (verb == "create") return handleCreate(core, context);
    if (verb == "update") return handleUpdate(core, context);
    if (verb == "patch") return handlePatch(core, context);
    if (verb == "delete") return handleDelete(core, context);
    if (verb == "deletecollection") return handleDeleteCollection(core, context);
    return notAllowed();
}

base::Status findResource(Core& core, Context& context) {
    RequestInfo& info = context.info;
    context.resource = core.kinds.find(info.group, info.version, info.resource);
    if (context.resource == nullptr) return noSuchResource();
    if (!context.resource->namespaced && !info.ns.empty() && info.resource != "namespaces")
        return noSuchResource();
    if (info.resource == "namespaces" && info.group.empty() && !info.ns.empty()) info.ns.clear();
    if (!info.subresource.empty()) {
        context.subresource = context.resource->findSubresource(info.subresource);
        if (context.subresource == nullptr) return noSuchResource();
        if (info.parts.size() > 3 && info.subresource != "proxy") return noSuchResource();
    }
    // Objects in namespaces are reached through their namespace, except for lists and watches.
    const bool across = info.verb == "list" || info.verb == "watch";
    const bool homeless = context.resource->namespaced && info.ns.empty() && !across;
    if (homeless && !info.name.empty()) return noSuchResource();
    const std::string& method = context.request.method;
    if (method == "HEAD" || method == "OPTIONS") return notAllowed();
    if (!servesVerb(context)) return notAllowed();
    if (homeless) return notAllowed();
    if (info.verb == "create" && !info.name.empty() && info.subresource.empty()) return notAllowed();
    if ((info.verb == "update" || info.verb == "patch") && info.name.empty()) return notAllowed();
    return base::okStatus();
}

ports::Response finish(Outcome outcome) {
    if (outcome.ok()) return std::move(outcome).value();
    return respondError(outcome.error());
}

ports::Response dispatchPath(Core& core, Context& context) {
    if (auto health = serveHealth(core, context)) return std::move(*health);
    if (auto discovery = serveDiscovery(core, context)) {
        if (context.request.method != "GET") return respondText(405, "405: Method Not Allowed", "text/plain");
        return std::move(*discovery);
    }
    if (auto issuer = serveOpenId(core, context)) return std::move(*issuer);
    if (auto openapi = serveOpenApi(core, context)) return std::move(*openapi);
    return respondText(404, "404 page not found\n");
}

ports::Response dispatch(Core& core, Context& context) {
    if (context.info.path.find("//") != std::string::npos) return respondText(404, "404 page not found\n");
    if (!context.info.isResource) return dispatchPath(core, context);
    if (base::Status found = findResource(core, context); !found.ok()) {
        // Nobody is installed below a group version that is not served.
        const std::vector<std::string> versions = core.kinds.versions(context.info.group);
        const bool served = std::find(versions.begin(), versions.end(), context.info.version) != versions.end();
        const bool unknown = context.resource == nullptr && api::builtinKinds().versions(context.info.group).empty();
        if ((!served || unknown) && context.info.apiPrefix == "apis")
            return respondText(404, "404 page not found\n");
        return respondError(found.error());
    }
    if (isWrite(context.info.verb))
        if (base::Status options = readWriteOptions(context); !options.ok())
            return respondError(options.error());
    if (auto virtualAnswer = handleVirtual(core, context)) return finish(std::move(*virtualAnswer));
    if (context.subresource != nullptr)
        if (auto answer = handleSubresource(core, context)) return finish(std::move(*answer));
    return finish(dispatchVerb(core, context));
}

// Authentication, impersonation, authorization. An answer when the request ends here.
std::optional<ports::Response> admitCaller(Core& core, Context& context, const UserInfo* known) {
    if (known != nullptr) {
        context.user = *known;
    } else {
        auto user = authenticate(core, context.request);
        if (!user.ok()) return respondError(user.error());
        context.user = std::move(user).value();
    }
    if (base::Status as = impersonate(core, context); !as.ok()) return respondError(as.error());
    const Attributes attributes = attributesOf(context);
    context.decision = authorize(core, attributes);
    if (!context.decision.allowed) return respondError(forbiddenError(attributes, context.decision.reason));
    return {};
}

void addWarnings(const Context& context, ports::Response& response) {
    for (const std::string& text : context.warnings)
        response.headers.add("Warning", "299 - " + base::quoteGo(text));
}

// What the policy says of a request by the one who really sent it.
AuditPlan auditPlan(const Core& core, Context& context) {
    Attributes attributes = attributesOf(context);
    if (!context.impersonator.name.empty()) attributes.user = context.impersonator;
    return planAudit(core.config.auditPolicy, attributes);
}

// Before the request is looked at.
void beginAudit(Core& core, Context& context) {
    if (core.config.auditPolicy.isNull() || !core.config.auditLog) return;
    const AuditPlan plan = auditPlan(core, context);
    if (plan.level == "None") return;
    context.auditing = true;
    context.auditBodies = plan.bodies();
    context.auditId = core.kernel.random("apiserver/audit").uuid();
    context.received = core.kernel.now();
    if (plan.wants("RequestReceived"))
        core.config.auditLog(auditLine(core, context, plan, "RequestReceived", nullptr));
}

void audit(Core& core, Context& context, const ports::Response& response) {
    if (context.auditing) {
        if (context.auditBodies && context.info.verb == "patch")
            if (auto body = rawBody(context.request); body.ok()) context.auditObject = *body;
        const AuditPlan plan = auditPlan(core, context);
        const char* stage = response.watch ? "ResponseStarted" : "ResponseComplete";
        if (plan.wants(stage)) core.config.auditLog(auditLine(core, context, plan, stage, &response));
    }
    if (!core.config.audit) return;
    AuditRecord record;
    record.at = core.kernel.now();
    record.id = core.kernel.random("apiserver/audit").uuid();
    record.verb = context.info.verb;
    record.uri = context.request.path;
    if (const std::string query = context.request.query.text(); !query.empty()) record.uri += "?" + query;
    record.user = context.user;
    record.source = context.request.peer;
    record.userAgent = context.request.headers.get("User-Agent");
    record.group = context.info.group;
    record.version = context.info.version;
    record.resource = context.info.resource;
    record.subresource = context.info.subresource;
    record.ns = context.info.ns;
    record.name = context.info.name;
    record.code = response.status;
    record.allowed = response.status != 403;
    record.requestObject = context.request.object;
    record.responseObject = response.object;
    core.config.audit(record);
}

// A write becomes a link in the chain of causes; what it changes carries its id.
sim::CauseId recordWrite(Core& core, const Context& context) {
    const RequestInfo& info = context.info;
    std::string subject = info.resource;
    if (!info.ns.empty()) subject += "/" + info.ns;
    if (!info.name.empty()) subject += "/" + info.name;
    return core.kernel.trace().record(core.kernel.now(), "api",
                                      info.verb + " by " + context.user.name, std::move(subject));
}

ports::Response run(Core& core, Context& context) {
    context.warnings.clear();
    context.errand.reset();
    if (!isWrite(context.info.verb) || !context.info.isResource) return dispatch(core, context);
    const sim::CauseId cause = recordWrite(core, context);
    sim::CauseScope scope(core.kernel.trace(), cause);
    return dispatch(core, context);
}

} // namespace

ApiServer::ApiServer(sim::Kernel& kernel, std::shared_ptr<store::EtcdAccess> etcd, Config config)
    : core_(std::make_shared<Core>(kernel, std::move(etcd), std::move(config))) {
    loadCustomDefinitions(*core_);
    if (core_->config.makeBootstrapObjects) makeBootstrapObjects(*core_);
    core_->startRevision = 0;
    if (auto store = core_->store(); store.ok()) core_->startRevision = store.value()->revision();
    startIdentityLease(*core_);
    startCompaction(*core_);
    const UserInfo self{"system:apiserver", {}, {"system:masters", "system:authenticated"}, {}};
    if (core_->config.network != nullptr)
        aggregator_ = std::make_unique<Aggregator>(
            *core_, [this, self](ports::Request request) { return serveAs(self, std::move(request)); });
}

ApiServer::~ApiServer() {
    core_->scope.cancel();
    aggregator_.reset();
    core_->hub.closeAll();
}

void ApiServer::setClientAuthorities(std::vector<pki::CertificatePtr> authorities) {
    core_->config.clientAuthorities = std::move(authorities);
    core_->authenticator.certificates.clear();
    core_->authenticator.fingerprints.clear();
}

std::size_t ApiServer::watcherCount() const { return core_->hub.size(); }

sim::Task<ports::Response> ApiServer::handle(ports::Request request) {
    const std::shared_ptr<Core> core = core_;
    if (core->config.latency > 0) co_await sim::sleepFor(core->kernel, core->config.latency);
    if (core->config.busy) core->config.busy(kRequestCost);
    Context context;
    context.request = std::move(request);
    context.info = parseRequestInfo(context.request);
    std::optional<ports::Response> early = admitCaller(*core, context, nullptr);
    beginAudit(*core, context);
    if (early) {
        if (!context.user.name.empty() && early->status == 403) nameFlow(*core, context, *early);
        audit(*core, context, *early);
        encodeAnswer(context, *early);
        co_return std::move(*early);
    }
    if (needsConnection(*core, context)) {
        ports::Response answer = co_await handleConnect(*core, context);
        nameFlow(*core, context, answer);
        audit(*core, context, answer);
        co_return answer;
    }
    ports::Response response = run(*core, context);
    constexpr int kMostErrands = 64;
    for (int round = 0; context.errand && round < kMostErrands; ++round) {
        Errand errand = std::move(*context.errand);
        base::Result<ports::Response> answer = co_await perform(*core, errand);
        context.answers.insert_or_assign(errand.id, std::move(answer));
        response = run(*core, context);
    }
    nameFlow(*core, context, response);
    addWarnings(context, response);
    audit(*core, context, response);
    encodeAnswer(context, response);
    co_return response;
}

ports::Response ApiServer::serveAs(const UserInfo& user, ports::Request request) {
    Context context;
    context.request = std::move(request);
    context.info = parseRequestInfo(context.request);
    if (auto early = admitCaller(*core_, context, &user)) return std::move(*early);
    ports::Response response = run(*core_, context);
    addWarnings(context, response);
    return response;
}

} // namespace apiserver
