// auth can-i, whoami. Source: k8s.io/kubectl pkg/cmd/auth.
#include "base/strings.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/describe/writer.h"
#include "kubectl/printers/tab_writer.h"

namespace kubectl {

using document::Value;

namespace {

bool oneOf(const std::string& word, std::initializer_list<std::string_view> list) {
    for (const std::string_view item : list)
        if (word == item) return true;
    return false;
}

sim::Task<base::Result<Value>> review(Session& session, std::string group, std::string kind, std::string plural, Value spec) {
    CallOptions call;
    call.body = Value::object({{"apiVersion", group + "/v1"}, {"kind", kind}, {"spec", spec}});
    co_return co_await session.call("POST", "/apis/" + group + "/v1/" + plural, std::move(call));
}

sim::Task<Outcome> listAccess(Session& session, std::string ns) {
    const Value spec = Value::object({{"namespace", ns}});
    auto answer = co_await review(session, "authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", spec);
    if (!answer.ok()) co_return answer.error();
    const Value& status = answer.value()["status"];
    if (status["incomplete"].asBool()) session.warn("the list may be incomplete: " + status["evaluationError"].text());
    document::ArrayBuilder rules;
    for (const char* list : {"resourceRules", "nonResourceRules"})
        for (const Value& rule : status[list].items()) rules.push(rule);
    std::string text;
    if (!session.flags.on("no-headers")) text = "Resources\tNon-Resource URLs\tResource Names\tVerbs\n";
    for (const std::string& row : ruleRows(std::move(rules).build())) text += row + "\n";
    session.out(alignTable(text));
    co_return 0;
}

struct Asked {
    std::string verb, group, resource, version, name, url;
    bool namespaced = true, known = false;
};

sim::Task<base::Result<Asked>> parseQuestion(Session& session) {
    Asked asked;
    asked.verb = session.args[0];
    if (session.args[1].starts_with("/")) {
        asked.url = session.args[1];
        co_return asked;
    }
    const auto tokens = base::splitLimited(session.args[1], '/', 2);
    if (tokens.size() > 1) asked.name = tokens[1];
    asked.resource = tokens[0];
    if (tokens[0] == "*") co_return asked;
    std::vector<std::string> types{base::toLower(tokens[0])};
    auto mapper = co_await session.mapperFor(std::move(types));
    if (!mapper.ok()) co_return mapper.error();
    if (const Mapping* found = mapper.value()->find(base::toLower(tokens[0]))) {
        asked.resource = found->plural;
        asked.group = found->group;
        asked.namespaced = found->namespaced;
        asked.known = true;
        co_return asked;
    }
    const auto parts = base::splitLimited(base::toLower(tokens[0]), '.', 2);
    const std::string whole = base::toLower(tokens[0]);
    if (!oneOf(whole, {"users", "groups", "userextras.authentication.k8s.io", "uids"})) {
        if (parts.size() < 2) session.warn("the server doesn't have a resource type '" + parts[0] + "'\n");
        else session.warn("the server doesn't have a resource type '" + parts[0] + "' in group '" + parts[1] + "'\n");
    }
    co_return asked;
}

} // namespace

sim::Task<Outcome> runCanI(Session& session) {
    const Flags& flags = session.flags;
    const bool all = flags.on("all-namespaces");
    if (flags.on("list")) {
        if (!session.args.empty()) co_return base::makeError("list option must be specified with no arguments");
        if (flags.on("quiet") || all || !flags.text("subresource").empty())
            co_return base::makeError("list option can't be specified with neither quiet, all-namespaces nor subresource options");
        auto ns = session.ns();
        if (!ns.ok()) co_return ns.error();
        co_return co_await listAccess(session, ns.value());
    }
    if (session.args.size() != 2)
        co_return base::makeError("you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.");
    auto parsed = co_await parseQuestion(session);
    if (!parsed.ok()) co_return parsed.error();
    const Asked& asked = parsed.value();
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    const std::string subresource = flags.text("subresource");
    if (!asked.url.empty()) {
        if (!subresource.empty()) co_return base::makeError("--subresource can not be used with NonResourceURL");
        if (!oneOf(asked.verb, {"get", "put", "post", "head", "options", "delete", "patch", "*"}))
            session.warn("verb '" + asked.verb + "' is not a known verb\n");
    } else {
        if (!all && asked.known && !asked.namespaced)
            session.warn("resource '" + asked.resource + "' is not namespace scoped" + (asked.group.empty() ? "" : " in group '" + asked.group + "'") + "\n");
        if (!all && !oneOf(asked.verb, {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "use", "bind", "impersonate", "*", "approve", "sign", "escalate", "attest"}))
            session.warn("verb '" + asked.verb + "' is not a known verb\n");
    }
    if (flags.on("no-headers")) co_return base::makeError("--no-headers cannot be set without --list specified");
    Value spec;
    if (!asked.url.empty()) {
        spec = Value::object({{"nonResourceAttributes", Value::object({{"verb", asked.verb}, {"path", asked.url}})}});
    } else {
        document::ObjectBuilder attributes;
        attributes.set("verb", asked.verb).set("resource", asked.resource);
        if (!all) attributes.set("namespace", ns.value());
        if (!asked.group.empty()) attributes.set("group", asked.group);
        if (!subresource.empty()) attributes.set("subresource", subresource);
        if (!asked.name.empty()) attributes.set("name", asked.name);
        spec = Value::object({{"resourceAttributes", std::move(attributes).build()}});
    }
    auto answer = co_await review(session, "authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", spec);
    if (!answer.ok()) co_return answer.error();
    const Value& status = answer.value()["status"];
    const bool allowed = status["allowed"].asBool();
    std::string text = allowed ? "yes" : "no";
    if (!allowed && !status["reason"].asString().empty()) text += " - " + status["reason"].text();
    if (!allowed && !status["evaluationError"].asString().empty()) text += " - " + status["evaluationError"].text();
    if (!flags.on("quiet")) session.out(text + "\n");
    co_return allowed ? 0 : 1;
}

sim::Task<Outcome> runWhoAmI(Session& session) {
    PrinterPtr printer;
    if (!session.flags.text("output").empty() || !session.flags.text("template").empty()) {
        PrinterOptions options;
        options.typed = true;
        auto made = makePrinter(session, options);
        if (!made.ok()) co_return made.error();
        printer = std::move(made).value();
    }
    CallOptions call;
    call.body = Value::object({{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}});
    auto answer = co_await session.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", std::move(call));
    if (!answer.ok() && answer.error().code == 403)
        co_return base::makeError("the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it");
    if (!answer.ok()) co_return answer.error();
    if (printer) {
        auto text = printer->print(answer.value());
        if (!text.ok()) co_return text.error();
        session.out(text.value());
        co_return 0;
    }
    const Value& user = answer.value().at("status", "userInfo");
    std::string text = "ATTRIBUTE\tVALUE\n";
    if (!user["username"].asString().empty()) text += "Username\t" + user["username"].text() + "\n";
    if (!user["uid"].asString().empty()) text += "UID\t" + user["uid"].text() + "\n";
    if (user["groups"].size() > 0) text += "Groups\t" + goList(user["groups"]) + "\n";
    for (const document::Member& member : user["extra"].members()) text += "Extra: " + member.key.text() + "\t" + goList(member.value) + "\n";
    session.out(alignTable(text));
    co_return 0;
}

} // namespace kubectl
