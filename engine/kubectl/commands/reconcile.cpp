// Source: k8s.io/kubectl pkg/cmd/auth/reconcile.go; component-helpers auth/rbac/reconciliation.
#include "api/status.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/builder.h"
#include "kubectl/printers/printer.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

std::string goTexts(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) out.push_back(item.text());
    return "[" + base::join(out, " ") + "]";
}
std::string ruleText(const Value& rule) {
    return "{Verbs:" + goTexts(rule["verbs"]) + " APIGroups:" + goTexts(rule["apiGroups"]) + " Resources:" +
           goTexts(rule["resources"]) + " ResourceNames:" + goTexts(rule["resourceNames"]) + " NonResourceURLs:" +
           goTexts(rule["nonResourceURLs"]) + "}";
}
std::string subjectText(const Value& subject) {
    return "{Kind:" + subject["kind"].text() + " APIGroup:" + subject["apiGroup"].text() + " Name:" + subject["name"].text() +
           " Namespace:" + subject["namespace"].text() + "}";
}

bool listHas(const Value& list, std::string_view wanted) {
    for (const Value& item : list.items())
        if (item.asString() == wanted || item.asString() == "*") return true;
    return false;
}
bool allIn(const Value& owner, const Value& wanted, const char* field) {
    for (const Value& item : wanted[field].items())
        if (!listHas(owner[field], item.asString())) return false;
    return true;
}
// One rule grants what the other asks for.
bool covers(const Value& owner, const Value& wanted) {
    if (!allIn(owner, wanted, "verbs")) return false;
    if (wanted["nonResourceURLs"].size() > 0) return allIn(owner, wanted, "nonResourceURLs");
    if (!allIn(owner, wanted, "apiGroups") || !allIn(owner, wanted, "resources")) return false;
    if (wanted["resourceNames"].size() == 0) return owner["resourceNames"].size() == 0;
    return owner["resourceNames"].size() == 0 || allIn(owner, wanted, "resourceNames");
}
// Rules taken apart, so that several rules together may cover one.
std::vector<Value> singleRules(const Value& rules) {
    std::vector<Value> out;
    for (const Value& rule : rules.items()) {
        const auto orNone = [](const Value& list) {
            std::vector<std::string> items;
            for (const Value& item : list.items()) items.push_back(item.text());
            return items.empty() ? std::vector<std::string>{""} : items;
        };
        for (const Value& verb : rule["verbs"].items()) {
            for (const Value& url : rule["nonResourceURLs"].items())
                out.push_back(Value::object({{"verbs", Value::array({verb})}, {"nonResourceURLs", Value::array({url})}}));
            for (const Value& group : rule["apiGroups"].items())
                for (const Value& resource : rule["resources"].items())
                    for (const std::string& name : orNone(rule["resourceNames"])) {
                        Value single = Value::object({{"verbs", Value::array({verb})}, {"apiGroups", Value::array({group})},
                                                      {"resources", Value::array({resource})}});
                        if (!name.empty()) single = single.with("resourceNames", Value::array({name}));
                        out.push_back(single);
                    }
        }
    }
    return out;
}
std::vector<Value> uncovered(const Value& owner, const Value& wanted) {
    std::vector<Value> out;
    for (const Value& single : singleRules(wanted)) {
        bool covered = false;
        for (const Value& rule : owner.items()) covered = covered || covers(rule, single);
        if (!covered) out.push_back(single);
    }
    return out;
}

// Single rules that differ in verbs only become one again.
std::vector<Value> compacted(const std::vector<Value>& rules) {
    std::vector<Value> out;
    for (const Value& rule : rules) {
        const auto same = std::find_if(out.begin(), out.end(), [&](const Value& other) {
            return other.without("verbs") == rule.without("verbs");
        });
        if (same == out.end()) out.push_back(rule);
        else *same = same->with("verbs", same->at("verbs").appended(rule["verbs"][0]));
    }
    return out;
}

struct Changes {
    std::string operation; // "create", "update", "recreate" or empty
    std::vector<Value> missing, extra;
    bool rules = false, isProtected = false;
    Value result;
};

class Reconciler {
public:
    Reconciler(Session& session, bool dryRun) : s_(session), dryRun_(dryRun) {}

    sim::Task<base::Result<Changes>> run(Info info) {
        const bool role = info.mapping.kind == "Role" || info.mapping.kind == "ClusterRole";
        auto live = co_await fetch(s_, info);
        if (!live.ok() && !api::isNotFound(live.error())) co_return live.error();
        Changes changes;
        changes.rules = role;
        if (!live.ok()) {
            changes.operation = "create";
            fill(changes.missing, info.object[role ? "rules" : "subjects"]);
            changes.result = info.object;
            if (!dryRun_) co_return co_await create(info, std::move(changes));
            co_return changes;
        }
        const Value current = live.value();
        const Value& mark = current.at("metadata", "annotations")["rbac.authorization.kubernetes.io/autoupdate"];
        changes.isProtected = mark.asString() == "false";
        if (role) compareRules(changes, current, info.object);
        else compareSubjects(changes, current, info.object);
        if (changes.operation.empty() || changes.isProtected || dryRun_) co_return changes;
        if (changes.operation == "recreate") co_return co_await recreate(info, std::move(changes));
        CallOptions call;
        call.body = changes.result;
        auto answer = co_await s_.call("PUT", info.path(), std::move(call));
        if (!answer.ok()) co_return answer.error();
        changes.result = answer.value();
        co_return changes;
    }

private:
    static void fill(std::vector<Value>& to, const Value& list) { to.assign(list.items().begin(), list.items().end()); }

    static Value mergedMaps(const Value& live, const Value& wanted, bool& changed) {
        Value metadata = live["metadata"];
        for (const char* map : {"labels", "annotations"})
            for (const document::Member& member : wanted["metadata"][map].members()) {
                if (metadata[map][member.key.view()] == member.value) continue;
                changed = true;
                metadata = metadata.with(map, metadata[map].with(member.key.view(), member.value));
            }
        return live.with("metadata", metadata);
    }
    void compareRules(Changes& changes, const Value& live, const Value& wanted) {
        bool changed = false;
        changes.result = mergedMaps(live, wanted, changed);
        changes.missing = compacted(uncovered(live["rules"], wanted["rules"]));
        changes.extra = compacted(uncovered(wanted["rules"], live["rules"]));
        const bool remove = s_.flags.on("remove-extra-permissions");
        Value rules = live["rules"];
        if (remove && !changes.extra.empty()) rules = wanted["rules"];
        else
            for (const Value& rule : changes.missing) rules = rules.appended(rule);
        changed = changed || !changes.missing.empty() || (remove && !changes.extra.empty());
        changes.result = changes.result.with("rules", rules);
        if (changed) changes.operation = "update";
    }
    void compareSubjects(Changes& changes, const Value& live, const Value& wanted) {
        if (!(live["roleRef"] == wanted["roleRef"])) {
            changes.operation = "recreate";
            changes.result = wanted;
            return;
        }
        bool changed = false;
        changes.result = mergedMaps(live, wanted, changed);
        const auto lacking = [](const Value& list, const Value& from) {
            std::vector<Value> out;
            for (const Value& item : list.items())
                if (std::find(from.items().begin(), from.items().end(), item) == from.items().end()) out.push_back(item);
            return out;
        };
        changes.missing = lacking(wanted["subjects"], live["subjects"]);
        changes.extra = lacking(live["subjects"], wanted["subjects"]);
        const bool remove = s_.flags.on("remove-extra-subjects");
        Value subjects = live["subjects"];
        if (remove) subjects = wanted["subjects"];
        else
            for (const Value& subject : changes.missing) subjects = subjects.appended(subject);
        changed = changed || !changes.missing.empty() || (remove && !changes.extra.empty());
        changes.result = changes.result.with("subjects", subjects);
        if (changed) changes.operation = "update";
    }

    sim::Task<base::Result<Changes>> create(Info info, Changes changes) {
        if (info.mapping.namespaced) {
            CallOptions call;
            call.body = Value::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Value::object({{"name", info.ns}})}});
            auto made = co_await s_.call("POST", "/api/v1/namespaces", std::move(call));
            if (!made.ok() && !api::isAlreadyExists(made.error()) && made.error().code != 403) co_return made.error();
        }
        CallOptions call;
        call.body = info.object;
        auto answer = co_await s_.call("POST", info.mapping.path(info.ns), std::move(call));
        if (!answer.ok()) co_return answer.error();
        changes.result = answer.value();
        co_return changes;
    }
    sim::Task<base::Result<Changes>> recreate(Info info, Changes changes) {
        auto removed = co_await s_.call("DELETE", info.path());
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
        co_return co_await create(info, std::move(changes));
    }

    Session& s_;
    bool dryRun_;
};

void explain(Session& session, const Changes& changes) {
    if (changes.operation.empty()) return;
    const std::string caveat = changes.isProtected ? ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)" : "";
    std::string out = "\treconciliation required " + changes.operation + caveat + "\n";
    const auto list = [&](const char* title, const std::vector<Value>& items) {
        if (items.empty()) return;
        out += std::string("\t") + title + "\n";
        for (const Value& item : items) out += "\t\t" + (changes.rules ? ruleText(item) : subjectText(item)) + "\n";
    };
    list(changes.rules ? "missing rules added:" : "missing subjects added:", changes.missing);
    if (session.flags.on(changes.rules ? "remove-extra-permissions" : "remove-extra-subjects"))
        list(changes.rules ? "extra rules removed:" : "extra subjects removed:", changes.extra);
    session.err(out);
}

base::Result<bool> clientDryRun(Session& session) {
    BASE_TRY(const DryRun mode, dryRunOf(session));
    if (mode == DryRun::Server)
        return base::makeError("--dry-run=server for command reconcile is not supported yet");
    return mode == DryRun::Client;
}

} // namespace

sim::Task<Outcome> runReconcile(Session& session) {
    if (session.flags.list("filename").empty() && session.flags.text("kustomize").empty())
        co_return base::makeError("must specify one of -f and -k");
    if (!session.args.empty()) co_return base::makeError("no arguments are allowed");
    auto dryRun = clientDryRun(session);
    if (!dryRun.ok()) co_return dryRun.error();
    PrinterOptions options;
    options.operation = dryRun.value() ? "reconciled (dry run)" : "reconciled";
    options.typed = true;
    auto printer = makePrinter(session, options);
    if (!printer.ok()) co_return printer.error();
    BuildOptions wanted = buildOptions(session);
    wanted.requireObject = false;
    wanted.local = true;
    auto built = co_await build(session, std::move(wanted));
    if (!built.ok()) co_return built.error();
    std::vector<base::Error> errors = built.value().errors();
    for (const Info& info : built.value().infos()) {
        if (info.mapping.group != "rbac.authorization.k8s.io") continue;
        // Files are read without a namespace of their own, and upstream has no check for its absence.
        if (info.mapping.namespaced && info.ns.empty() && !dryRun.value()) {
            if (info.mapping.kind == "RoleBinding")
                co_return exitError(2, "panic: runtime error: invalid memory address or nil pointer dereference\n"
                                       "[signal SIGSEGV: segmentation violation]\n");
            errors.push_back(base::makeError("resource name may not be empty"));
            continue;
        }
        Reconciler reconciler(session, dryRun.value());
        auto changes = co_await reconciler.run(info);
        if (!changes.ok()) {
            errors.push_back(changes.error());
            continue;
        }
        auto text = printer.value()->print(changes.value().result);
        if (!text.ok()) co_return text.error();
        session.out(text.value());
        explain(session, changes.value());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

} // namespace kubectl
