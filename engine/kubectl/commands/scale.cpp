// Source: k8s.io/kubectl pkg/cmd/scale/scale.go, pkg/scale/scale.go.
#include "base/strings.h"
#include "document/patch.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/recording.h"

namespace kubectl {

using document::Value;

namespace {

sim::Task<base::Status> scaleOne(Session& session, Info info, DryRun mode) {
    const Flags& flags = session.flags;
    const std::int64_t wanted = flags.number("replicas"), expected = flags.number("current-replicas");
    const std::string version = flags.text("resource-version");
    CallOptions call;
    if (mode == DryRun::Server) call.query.set("dryRun", "All");
    const std::string path = info.path("scale");
    if (expected == -1 && version.empty()) {
        call.contentType = kMergePatch;
        call.body = Value::object({{"spec", Value::object({{"replicas", wanted}})}});
        auto answer = co_await session.call("PATCH", path, std::move(call));
        if (!answer.ok()) co_return answer.error();
        co_return base::okStatus();
    }
    auto current = co_await session.get(path);
    if (!current.ok()) co_return current.error();
    const std::int64_t replicas = current.value().at("spec", "replicas").asInt();
    const std::string live = current.value().at("metadata", "resourceVersion").text();
    if (expected != -1 && replicas != expected)
        co_return base::makeError("Expected replicas to be " + std::to_string(expected) + ", was " + std::to_string(replicas));
    if (!version.empty() && version != live) co_return base::makeError("Expected resource version to be " + version + ", was " + live);
    call.body = current.value().withPath({"spec", "replicas"}, wanted);
    auto answer = co_await session.call("PUT", path, std::move(call));
    if (!answer.ok()) co_return answer.error();
    co_return base::okStatus();
}

} // namespace

sim::Task<Outcome> runScale(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    if (flags.number("replicas") < 0)
        co_return base::makeError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
    if (flags.number("current-replicas") < -1) co_return base::makeError("The --current-replicas must specify an integer of -1 or greater");
    BuildOptions options = buildOptions(session);
    options.allowEmptySelectors = flags.on("all");
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    std::vector<base::Error> errors = built.value().errors();
    const std::vector<Info> infos = built.value().infos();
    if (!flags.text("resource-version").empty() && infos.size() > 1)
        co_return base::makeError("cannot use --resource-version with multiple resources");
    if (infos.empty()) {
        if (!errors.empty()) co_return aggregate(std::move(errors));
        co_return base::makeError("no objects passed to scale");
    }
    for (const Info& info : infos) {
        if (mode.value() != DryRun::Client) BASE_CO_CHECK(co_await scaleOne(session, info, mode.value()));
        if (recording(session) && mode.value() != DryRun::Client) {
            const Value patch = document::makeMergePatch(info.object, recorded(session, info.object));
            auto noted = co_await patchObject(session, info, patch, kMergePatch, DryRun::None);
            static_cast<void>(noted.ok()); // nobody hears of it
        }
        BASE_CO_CHECK(printResult(session, info.object, "scaled", mode.value()));
        if (flags.duration("timeout") == 0 || mode.value() != DryRun::None) continue;
        const sim::Time deadline = session.kernel().now() + flags.duration("timeout");
        while (true) {
            auto scale = co_await session.get(info.path("scale"));
            if (scale.ok() && scale.value().at("status", "replicas") == scale.value().at("spec", "replicas")) break;
            if (session.kernel().now() >= deadline) co_return base::makeError("timed out waiting for " + base::quoteGo(info.name) + " to be synced");
            co_await session.flush();
            co_await sim::sleepFor(session.kernel(), sim::kSecond);
        }
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

} // namespace kubectl
