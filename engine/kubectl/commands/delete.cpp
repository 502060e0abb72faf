// Source: k8s.io/kubectl pkg/cmd/delete/delete.go, pkg/cmd/wait/delete.go.
#include "api/wire_json.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/deletion.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/builder.h"
#include "kubectl/core/waiting.h"
#include "kubectl/core/refusals.h"
#include "kubectl/printers/printer.h"

namespace kubectl {

using document::Value;

base::Result<std::string> cascadeOf(Session& session) {
    const std::string text = session.flags.text("cascade");
    const auto warn = [&](const std::string& instead) {
        session.err("warning: --cascade=" + text + " is deprecated (boolean value) and can be replaced with --cascade=" + instead + ".\n");
    };
    if (text == "background" || text.empty()) return std::string("Background");
    if (text == "foreground") return std::string("Foreground");
    if (text == "orphan") return std::string("Orphan");
    if (auto flag = parseBoolFlag(text); flag.ok()) {
        warn(flag.value() ? "background" : "orphan");
        return std::string(flag.value() ? "Background" : "Orphan");
    }
    return base::makeError("invalid cascade value (" + text + "). Must be \"background\", \"foreground\", or \"orphan\"");
}

Value deleteOptionsBody(std::int64_t grace, const std::string& propagation, bool dryRun) {
    document::ObjectBuilder body;
    body.set("kind", "DeleteOptions").set("apiVersion", "v1");
    if (grace >= 0) body.set("gracePeriodSeconds", grace);
    body.set("propagationPolicy", propagation);
    if (dryRun) body.set("dryRun", Value::array({"All"}));
    return std::move(body).build();
}

namespace {

struct Plan {
    std::int64_t grace = -1;
    bool force = false, wait = true, ignoreMissing = false, warnClusterScope = false;
    std::string propagation, output;
    DryRun mode = DryRun::None;
    sim::Duration timeout = 0;
};

std::string kindText(const Info& info) {
    const std::string kind = base::toLower(info.mapping.kind);
    return info.mapping.group.empty() ? kind : kind + "." + info.mapping.group;
}

std::string deletedLine(const Info& info, const Plan& plan) {
    if (plan.output == "name") return kindText(info) + "/" + info.name + "\n";
    std::string text = plan.grace == 0 ? "force deleted" : "deleted";
    if (info.mapping.namespaced) text += " from " + info.ns + " namespace";
    return kindText(info) + " \"" + info.name + "\" " + text + dryRunSuffix(plan.mode) + "\n";
}

base::Result<Plan> makePlan(Session& session) {
    const Flags& flags = session.flags;
    Plan plan;
    plan.grace = flags.number("grace-period");
    plan.force = flags.on("force");
    plan.wait = flags.on("wait");
    plan.output = flags.text("output");
    plan.timeout = flags.duration("timeout");
    plan.ignoreMissing = flags.on("ignore-not-found");
    const bool selecting = flags.on("all") || !flags.text("selector").empty() || !flags.text("field-selector").empty();
    if (selecting && !flags.changed("ignore-not-found")) plan.ignoreMissing = true;
    BASE_TRY(plan.propagation, cascadeOf(session));
    if (flags.on("now")) {
        if (plan.grace != -1) return base::makeError("--now and --grace-period cannot be specified together");
        plan.grace = 1;
    }
    if (plan.grace == 0 && !plan.force) {
        // No accidental loss of data: zero becomes one unless forced.
        plan.grace = 1;
        plan.wait = true;
    }
    if (plan.force && plan.grace < 0) plan.grace = 0;
    plan.warnClusterScope = session.nsGiven() && !flags.on("all-namespaces");
    BASE_TRY(plan.mode, dryRunOf(session));
    if (!plan.output.empty() && plan.output != "name")
        return base::makeError("unexpected -o output mode: " + plan.output + ". We only support '-o name'");
    if (flags.on("all") && (!flags.text("selector").empty() || !flags.text("field-selector").empty()))
        return base::makeError("setting 'all' parameter but found a non empty selector. ");
    return plan;
}

sim::Task<bool> confirmed(Session& session, std::vector<Info> infos) {
    session.out("You are about to delete the following " + std::to_string(infos.size()) + " resource(s):\n");
    for (const Info& info : infos) session.out(kindText(info) + "/" + info.name + "\n");
    session.out("Do you want to continue? (y/N): ");
    auto text = co_await session.readInput();
    co_return text.ok() && base::toLower(base::trim(base::split(text.value(), '\n')[0])) == "y";
}

sim::Task<Outcome> deleteRaw(Session& session) {
    std::string body;
    const auto files = session.flags.list("filename");
    if (session.flags.on("interactive")) co_return base::makeError("--interactive can not be used with --raw");
    if (files.size() > 1) co_return base::makeError("--raw can only use a single local file or stdin");
    if (session.flags.on("recursive")) co_return base::makeError("--raw and --recursive are mutually exclusive");
    if (!session.flags.text("output").empty()) co_return base::makeError("--raw and --output are mutually exclusive");
    BASE_CO_CHECK(checkRawPath(session.flags.text("raw")));
    if (!files.empty()) {
        base::Result<std::string> text = std::string{};
        if (files[0] == "-") text = co_await session.readInput();
        else text = session.readFile(files[0]);
        if (!text.ok()) co_return text.error();
        body = text.value();
    }
    CallOptions call;
    call.text = body;
    auto answer = co_await session.call("DELETE", session.flags.text("raw"), std::move(call));
    if (!answer.ok()) co_return answer.error();
    session.out(api::writeAnswerJson(answer.value()) + "\n");
    co_return 0;
}

} // namespace

sim::Task<Outcome> waitUntilDeleted(Session& session, std::vector<Info> infos, std::vector<std::string> uids,
                                    sim::Duration timeout) {
    const sim::Time deadline = session.kernel().now() + (timeout == 0 ? 168 * sim::kHour : timeout);
    std::vector<base::Error> errors;
    for (std::size_t i = 0; i < infos.size(); ++i) {
        ObjectTest never([](const Value&) -> base::Result<bool> { return false; });
        auto gone = co_await followObject(session, infos[i], never, deadline, true, uids[i]);
        if (!gone.ok() && (gone.error().code == 403 || gone.error().code == 405)) co_return 0;
        if (!gone.ok()) {
            errors.push_back(gone.error());
            if (session.kernel().now() >= deadline) break;
        }
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

sim::Task<Outcome> runDelete(Session& session) {
    if (!session.flags.text("raw").empty()) co_return co_await deleteRaw(session);
    auto made = makePlan(session);
    if (!made.ok()) co_return made.error();
    Plan plan = made.value();
    BuildOptions options = buildOptions(session);
    options.requireObject = false;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    if (plan.grace == 0 && plan.force)
        session.warn("Immediate deletion does not wait for confirmation that the running resource has been "
                     "terminated. The resource may continue to run on the cluster indefinitely.");
    if (plan.grace > 0 && plan.force)
        co_return base::makeError("--force and --grace-period greater than 0 cannot be specified together");
    if (session.flags.on("interactive")) {
        std::vector<Info> infos = built.value().infos();
        if (infos.empty()) {
            session.out("No resources found\n");
            co_return 0;
        }
        if (!co_await confirmed(session, infos)) {
            session.out("deletion is cancelled\n");
            co_return 0;
        }
    }
    std::vector<base::Error> errors;
    std::vector<Info> deleted;
    std::vector<std::string> uids;
    int found = 0;
    for (const Found& item : built.value().items) {
        if (!item.info) {
            if (!(plan.ignoreMissing && item.error.code == 404)) errors.push_back(item.error);
            continue;
        }
        const Info& info = *item.info;
        ++found;
        if (plan.warnClusterScope && !info.mapping.namespaced) {
            session.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
            plan.warnClusterScope = false;
        }
        if (plan.mode == DryRun::Client) {
            session.out(deletedLine(info, plan));
            continue;
        }
        if (base::Status named = checkName(info); !named.ok()) {
            errors.push_back(named.error());
            continue;
        }
        CallOptions call;
        call.body = deleteOptionsBody(plan.grace, plan.propagation, plan.mode == DryRun::Server);
        auto answer = co_await session.call("DELETE", info.path(), std::move(call));
        if (!answer.ok()) {
            if (plan.ignoreMissing && answer.error().code == 404) {
                --found;
                continue;
            }
            errors.push_back(addSource("deleting", info.source, answer.error()));
            continue;
        }
        session.out(deletedLine(info, plan));
        deleted.push_back(info);
        uids.push_back(answer.value()["kind"].asString() == "Status" ? answer.value().at("details", "uid").text()
                                                                     : answer.value().at("metadata", "uid").text());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    if (found == 0) {
        if (!plan.ignoreMissing || built.value().items.empty() || session.flags.on("all") || built.value().targetsSingleItems == false)
            session.out("No resources found\n");
        co_return 0;
    }
    if (!plan.wait || plan.mode != DryRun::None) co_return 0;
    co_return co_await waitUntilDeleted(session, std::move(deleted), std::move(uids), plan.timeout);
}

} // namespace kubectl
