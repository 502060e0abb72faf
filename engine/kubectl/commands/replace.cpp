// Source: k8s.io/kubectl pkg/cmd/replace/replace.go.
#include "api/status.h"
#include "api/wire_json.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/commands/deletion.h"
#include "kubectl/core/refusals.h"
#include "kubectl/core/recording.h"

namespace kubectl {

using document::Value;

namespace {

sim::Task<Outcome> replaceRaw(Session& session) {
    const auto files = session.flags.list("filename");
    if (files.size() != 1) co_return base::makeError("--raw can only use a single local file or stdin");
    if (files[0].starts_with("http://") || files[0].starts_with("https://")) co_return base::makeError("--raw cannot read from a url");
    if (session.flags.on("recursive")) co_return base::makeError("--raw and --recursive are mutually exclusive");
    if (!session.flags.text("output").empty()) co_return base::makeError("--raw and --output are mutually exclusive");
    BASE_CO_CHECK(checkRawPath(session.flags.text("raw")));
    base::Result<std::string> body = std::string{};
    if (files[0] == "-") body = co_await session.readInput();
    else body = session.readFile(files[0]);
    if (!body.ok()) co_return body.error();
    CallOptions call;
    call.text = body.value();
    auto answer = co_await session.call("PUT", session.flags.text("raw"), std::move(call));
    if (!answer.ok()) co_return answer.error();
    session.out(api::writeAnswerJson(answer.value()) + "\n");
    co_return 0;
}

// As the client's helper: the live version is filled in where the manifest has none.
sim::Task<base::Result<Value>> putObject(Session& session, Info info, DryRun mode, std::string validation) {
    const std::string subresource = session.flags.text("subresource");
    Value object = info.object;
    if (object.at("metadata", "resourceVersion").asString().empty()) {
        BASE_CO_CHECK(checkName(info));
        auto live = co_await fetch(session, info);
        if (live.ok()) object = object.withPath({"metadata", "resourceVersion"}, live.value().at("metadata", "resourceVersion"));
        else if (api::isNotFound(live.error())) co_return live.error();
    }
    CallOptions call;
    if (mode == DryRun::Server) call.query.set("dryRun", "All");
    call.query.set("fieldManager", session.flags.text("field-manager"));
    call.query.set("fieldValidation", validation);
    call.body = object;
    co_return co_await session.call("PUT", info.path(subresource), std::move(call));
}

sim::Task<Outcome> forceReplace(Session& session, std::vector<Info> infos, std::string validation) {
    auto cascade = cascadeOf(session);
    if (!cascade.ok()) co_return cascade.error();
    std::int64_t grace = session.flags.number("grace-period");
    if (grace < 0) grace = 0;
    std::vector<Info> deleted;
    std::vector<std::string> uids;
    for (const Info& info : infos) {
        CallOptions call;
        call.body = deleteOptionsBody(grace, cascade.value(), false);
        auto answer = co_await session.call("DELETE", info.path(), std::move(call));
        if (!answer.ok() && api::isNotFound(answer.error())) continue;
        if (!answer.ok()) co_return addSource("deleting", info.source, answer.error());
        if (session.flags.text("output") != "name") {
            const std::string kind = base::toLower(info.mapping.kind) + (info.mapping.group.empty() ? "" : "." + info.mapping.group);
            session.out(kind + " \"" + info.name + "\" deleted" +
                        (info.mapping.namespaced ? " from " + info.ns + " namespace" : "") + "\n");
        }
        deleted.push_back(info);
        uids.push_back("");
    }
    const sim::Duration timeout = session.flags.duration("timeout") == 0 ? 5 * sim::kMinute : session.flags.duration("timeout");
    auto gone = co_await waitUntilDeleted(session, std::move(deleted), std::move(uids), timeout);
    if (!gone.ok()) co_return gone.error();
    for (const Info& info : infos) {
        CallOptions call;
        call.query.set("fieldManager", session.flags.text("field-manager"));
        call.query.set("fieldValidation", validation);
        const Value object = recorded(session, refreshedLastApplied(info.object, session.flags.on("save-config")));
        // What is made has no version yet.
        call.body = object.withoutPath({"metadata", "resourceVersion"});
        auto made = co_await session.call("POST", info.mapping.path(info.ns), std::move(call));
        if (!made.ok()) co_return made.error();
        BASE_CO_CHECK(printResult(session, made.value(), "replaced", DryRun::None));
    }
    co_return 0;
}

sim::Task<base::Status> replaceOne(Session& session, Info info, DryRun mode, std::string validation) {
    info.object = recorded(session, refreshedLastApplied(info.object, session.flags.on("save-config")));
    base::Result<Value> answer = info.object;
    if (mode != DryRun::Client) answer = co_await putObject(session, info, mode, validation);
    if (!answer.ok()) co_return addSource("replacing", info.source, answer.error());
    co_return printResult(session, answer.value(), "replaced", mode);
}

} // namespace

sim::Task<Outcome> runReplace(Session& session) {
    const Flags& flags = session.flags;
    auto validation = validationOf(session);
    if (!validation.ok()) co_return validation.error();
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    if (flags.list("filename").empty() && flags.text("kustomize").empty()) co_return base::makeError("must specify one of -f and -k");
    const bool force = flags.on("force");
    if (flags.number("grace-period") >= 0 && !force) co_return base::makeError("--grace-period must have --force specified");
    if (flags.duration("timeout") != 0 && !force) co_return base::makeError("--timeout must have --force specified");
    if (force && mode.value() != DryRun::None) co_return base::makeError("--dry-run can not be used when --force is set");
    if (!flags.text("raw").empty()) co_return co_await replaceRaw(session);
    BuildOptions options = buildOptions(session);
    options.args.clear(); // nobody looks at them
    options.validate = validation.value() != "Ignore";
    options.requireObject = !force;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    if (force) {
        std::vector<base::Error> errors = built.value().errors();
        if (!errors.empty()) co_return aggregate(std::move(errors));
        const std::vector<Info> infos = built.value().infos();
        if (infos.empty()) co_return base::makeError("no objects passed to replace");
        co_return co_await forceReplace(session, infos, validation.value());
    }
    Session* s = &session;
    Visit visit([s, how = mode.value(), checks = validation.value()](Info info) { return replaceOne(*s, std::move(info), how, checks); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    co_return 0;
}

} // namespace kubectl
