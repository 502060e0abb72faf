// certificate approve and deny; create token. Source: pkg/cmd/certificates, pkg/cmd/create/create_token.go.
#include "api/status.h"
#include "base/strings.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"

namespace kubectl {

using document::Value;

namespace {

bool hasCondition(const Value& csr, std::string_view type) {
    for (const Value& condition : csr.at("status", "conditions").items())
        if (condition["type"].asString() == type) return true;
    return false;
}

struct Judgement {
    const char* type;
    const char* opposite;
    const char* reason;
    const char* message;
    const char* done;
};
constexpr Judgement kApproval{"Approved", "Denied", "KubectlApprove", "This CSR was approved by kubectl certificate approve.", "approved"};
constexpr Judgement kDenial{"Denied", "Approved", "KubectlDeny", "This CSR was denied by kubectl certificate deny.", "denied"};

Value judged(Session& session, const Value& csr, const Judgement& judgement) {
    if (hasCondition(csr, judgement.type)) return csr;
    const Value condition = Value::object({{"type", judgement.type}, {"status", "True"}, {"reason", judgement.reason},
                                           {"message", judgement.message},
                                           {"lastUpdateTime", sim::formatRfc3339(session.kernel().unixNow())}});
    return csr.withPath({"status", "conditions"}, csr.at("status", "conditions").appended(condition));
}

// Others may write the request at the same time: then it is read and judged again.
sim::Task<base::Status> judgeOne(Session& session, Info info, const Judgement& judgement) {
    Value csr = info.object;
    for (int attempt = 0;; ++attempt) {
        if (hasCondition(csr, judgement.opposite))
            co_return base::makeError("certificate signing request " + base::quoteGo(info.name) + " is already " + judgement.opposite);
        if (hasCondition(csr, judgement.type) && !session.flags.on("force"))
            co_return printResult(session, csr, judgement.done, DryRun::None);
        CallOptions call;
        call.body = judged(session, csr, judgement);
        auto answer = co_await session.call("PUT", info.path("approval"), std::move(call));
        if (answer.ok()) co_return printResult(session, answer.value(), judgement.done, DryRun::None);
        if (answer.error().code != 409 || attempt >= 10) co_return answer.error();
        auto fresh = co_await fetch(session, info);
        if (!fresh.ok()) co_return fresh.error();
        csr = fresh.value();
    }
}

} // namespace

sim::Task<Outcome> runCertificate(Session& session) {
    const Judgement* judgement = session.command().name == "approve" ? &kApproval : &kDenial;
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    if (session.args.empty() && session.flags.list("filename").empty() && session.flags.text("kustomize").empty())
        co_return base::makeError("one or more CSRs must be specified as <name> or -f <filename>");
    BuildOptions options = buildOptions(session);
    options.impliedTypes = {"certificatesigningrequests"};
    options.latest = true;
    options.withoutNamespace = true;
    if (!options.filenames.empty()) options.impliedTypes.clear();
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    const bool none = built.value().items.empty();
    Session* s = &session;
    Visit visit([s, judgement](Info info) { return judgeOne(*s, std::move(info), *judgement); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    if (none) session.out("No resources found\n");
    co_return 0;
}

sim::Task<Outcome> runCreateToken(Session& session) {
    const Flags& flags = session.flags;
    auto name = nameArgument(session);
    if (!name.ok()) co_return name.error();
    PrinterOptions printerOptions;
    printerOptions.typed = true;
    const std::string output = flags.text("output");
    auto printer = makePrinter(session, printerOptions);
    if (!printer.ok()) co_return printer.error();
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    if (name.value().empty()) co_return base::makeError("service account name is required");
    const sim::Duration duration = flags.duration("duration");
    if (duration < 0) co_return base::makeError("--duration must be greater than or equal to 0");
    if (duration % sim::kSecond != 0) co_return base::makeError("--duration cannot be expressed in units less than seconds");
    for (const std::string& audience : flags.list("audience"))
        if (audience.empty()) co_return base::makeError("--audience must not be an empty string");
    const std::string kind = flags.text("bound-object-kind"), bound = flags.text("bound-object-name"), uid = flags.text("bound-object-uid");
    if (kind.empty()) {
        if (!bound.empty()) co_return base::makeError("--bound-object-name can only be set if --bound-object-kind is provided");
        if (!uid.empty()) co_return base::makeError("--bound-object-uid can only be set if --bound-object-kind is provided");
    } else {
        if (kind != "Node" && kind != "Pod" && kind != "Secret")
            co_return base::makeError("supported --bound-object-kind values are Node, Pod, Secret");
        if (bound.empty()) co_return base::makeError("--bound-object-name is required if --bound-object-kind is provided");
    }
    document::ObjectBuilder spec;
    spec.set("audiences", flags.list("audience").empty() ? Value() : Value::strings(flags.list("audience")));
    if (duration > 0) spec.set("expirationSeconds", duration / sim::kSecond);
    if (!kind.empty()) {
        document::ObjectBuilder ref;
        ref.set("kind", kind).set("apiVersion", "v1").set("name", bound);
        if (!uid.empty()) ref.set("uid", uid);
        spec.set("boundObjectRef", std::move(ref).build());
    }
    CallOptions call;
    call.body = Value::object({{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", std::move(spec).build()}});
    auto answer = co_await session.call("POST", "/api/v1/namespaces/" + ns.value() + "/serviceaccounts/" + name.value() + "/token", std::move(call));
    if (!answer.ok()) co_return base::makeError("failed to create token: " + errorText(answer.error()));
    const std::string token = answer.value().at("status", "token").text();
    if (token.empty()) co_return base::makeError("failed to create token: no token in server response");
    if (output.empty()) {
        session.out(token + (session.process.terminal() ? "\n" : "\n"));
        co_return 0;
    }
    auto text = printer.value()->print(answer.value());
    if (!text.ok()) co_return text.error();
    session.out(text.value());
    co_return 0;
}

} // namespace kubectl
