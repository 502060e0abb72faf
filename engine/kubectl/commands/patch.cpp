// Source: k8s.io/kubectl pkg/cmd/patch/patch.go.
#include "api/kinds.h"
#include "base/strings.h"
#include "document/patch.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/recording.h"

#include <optional>

namespace kubectl {

using document::Value;

namespace {

base::Result<Value> patchedLocally(const Mapping& mapping, const Value& object, const Value& patch, const std::string& type) {
    if (type == "json") return document::applyJsonPatch(object, patch);
    if (type == "merge") return document::applyMergePatch(object, patch);
    const api::ResourceInfo* info = mapping.builtin();
    if (info == nullptr)
        return base::makeError("strategic merge patch is not supported for " + mapping.gvkText() + " locally, try --type merge");
    const auto schema = api::mergeSchema(*info);
    return document::applyStrategicPatch(object, patch, *schema);
}

sim::Task<base::Result<Value>> sendText(Session& session, std::string path, std::string text, std::string contentType, DryRun mode) {
    CallOptions call;
    if (mode == DryRun::Server) call.query.set("dryRun", "All");
    call.query.set("fieldManager", session.flags.text("field-manager"));
    call.contentType = contentType;
    call.text = text;
    co_return co_await session.call("PATCH", path, std::move(call));
}

struct PatchPlan {
    DryRun mode = DryRun::None;
    std::string type, subresource;
    std::string body;                   // as it was given
    std::optional<Value> patch;         // nothing: the server is to say what is wrong with the body
    bool local = false;

    std::string contentType() const { return type == "json" ? kJsonPatch : type == "merge" ? kMergePatch : kStrategicPatch; }
};

base::Status checkPatchFlags(Session& session, const PatchPlan& plan) {
    const Flags& flags = session.flags;
    const std::string text = flags.text("patch"), file = flags.text("patch-file");
    if (!text.empty() && !file.empty()) return base::makeError("cannot specify --patch and --patch-file together");
    if (text.empty() && file.empty()) return base::makeError("must specify --patch or --patch-file containing the contents of the patch");
    if (plan.local && !session.args.empty()) return base::makeError("cannot specify --local and server resources");
    if (plan.local && plan.mode == DryRun::Server)
        return base::makeError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
    if (plan.type != "json" && plan.type != "merge" && plan.type != "strategic")
        return base::makeError("--type must be one of [json merge strategic], not " + base::quoteGo(flags.text("type")));
    return base::okStatus();
}

sim::Task<base::Status> readPatch(Session& session, PatchPlan& plan) {
    const std::string text = session.flags.text("patch"), file = session.flags.text("patch-file");
    plan.body = text;
    if (!file.empty()) {
        base::Result<std::string> read = std::string{};
        if (file == "-") read = co_await session.readInput();
        else read = session.readFile(file);
        if (!read.ok()) co_return base::makeError("unable to read patch file: " + read.error().message);
        plan.body = read.value();
    }
    auto parsed = document::readYaml(plan.body);
    if (parsed.ok()) plan.patch = parsed.value();
    // What begins like JSON goes to the server unread.
    if (!parsed.ok() && !base::trim(plan.body).starts_with("{"))
        co_return base::makeError("unable to parse " + base::quoteGo(text) + ": " + document::goErrorText(parsed.error()));
    co_return base::okStatus();
}

sim::Task<base::Result<Value>> patchedByServer(Session& session, const Info& info, const PatchPlan& plan) {
    const std::string type = plan.contentType();
    base::Result<Value> answer = Value();
    if (plan.patch) answer = co_await patchObject(session, info, *plan.patch, type, plan.mode, plan.subresource);
    else answer = co_await sendText(session, info.path(plan.subresource), plan.body, type, plan.mode);
    if (!answer.ok() && answer.error().code == 415)
        co_return base::makeError(type + " is not supported by " + (info.mapping.group.empty() ? "/" : info.mapping.group + "/") +
                                  info.mapping.version + ", Kind=" + info.mapping.kind + ": " + errorText(answer.error()));
    co_return answer;
}

sim::Task<base::Status> patchOne(Session& session, Info info, const PatchPlan& plan) {
    const bool here = plan.local || plan.mode == DryRun::Client;
    base::Result<Value> answer = Value();
    if (here) answer = patchedLocally(info.mapping, info.object, plan.patch.value_or(Value()), plan.type);
    else answer = co_await patchedByServer(session, info, plan);
    if (!answer.ok()) co_return answer.error();
    const bool changed = !(info.object == answer.value());
    if (recording(session) && !here) {
        const Value note = document::makeMergePatch(answer.value(), recorded(session, answer.value()));
        auto noted = co_await patchObject(session, info, note, kMergePatch, plan.mode, plan.subresource);
        if (noted.ok()) answer = noted.value();
    }
    co_return printResult(session, answer.value(), changed ? "patched" : "patched (no change)", DryRun::None); // no suffix
}

} // namespace

sim::Task<Outcome> runPatch(Session& session) {
    const Flags& flags = session.flags;
    PatchPlan plan;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    plan.mode = mode.value();
    plan.type = base::toLower(flags.text("type"));
    plan.local = flags.on("local");
    plan.subresource = flags.text("subresource");
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    BASE_CO_CHECK(checkPatchFlags(session, plan));
    BASE_CO_CHECK(co_await readPatch(session, plan));
    BuildOptions options = buildOptions(session);
    options.local = plan.local;
    options.subresource = plan.subresource;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    const bool none = built.value().items.empty();
    Visit visit([&session, &plan](Info info) { return patchOne(session, std::move(info), plan); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    if (none) co_return base::makeError("no objects passed to patch");
    co_return 0;
}

} // namespace kubectl
