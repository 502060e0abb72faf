// Source: k8s.io/kubectl pkg/cmd/patch/patch.go.
#include "api/kinds.h"
#include "base/strings.h"
#include "document/patch.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/recording.h"

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

} // namespace

sim::Task<Outcome> runPatch(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    const std::string text = flags.text("patch"), file = flags.text("patch-file");
    if (!text.empty() && !file.empty()) co_return base::makeError("cannot specify --patch and --patch-file together");
    if (text.empty() && file.empty()) co_return base::makeError("must specify --patch or --patch-file containing the contents of the patch");
    if (flags.on("local") && !session.args.empty()) co_return base::makeError("cannot specify --local and server resources");
    if (flags.on("local") && mode.value() == DryRun::Server)
        co_return base::makeError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
    const std::string type = base::toLower(flags.text("type"));
    if (type != "json" && type != "merge" && type != "strategic")
        co_return base::makeError("--type must be one of [json merge strategic], not " + base::quoteGo(flags.text("type")));
    std::string body = text;
    if (!file.empty()) {
        base::Result<std::string> read = std::string{};
        if (file == "-") read = co_await session.readInput();
        else read = session.readFile(file);
        if (!read.ok()) co_return base::makeError("unable to read patch file: " + read.error().message);
        body = read.value();
    }
    // What begins like JSON goes to the server unread.
    const bool json = base::trim(body).starts_with("{");
    auto parsed = document::readYaml(body);
    if (!parsed.ok() && !json) co_return base::makeError("unable to parse " + base::quoteGo(text) + ": " + document::goErrorText(parsed.error()));
    const Value patch = parsed.ok() ? parsed.value() : Value();
    BuildOptions options = buildOptions(session);
    options.local = flags.on("local");
    options.subresource = flags.text("subresource");
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    const std::string contentType = type == "json" ? kJsonPatch : type == "merge" ? kMergePatch : kStrategicPatch;
    std::vector<base::Error> errors;
    int count = 0;
    for (const Found& item : built.value().items) {
        if (!item.info) {
            errors.push_back(item.error);
            continue;
        }
        ++count;
        const Info info = *item.info;
        base::Result<Value> answer = Value();
        if (flags.on("local") || mode.value() == DryRun::Client) {
            answer = patchedLocally(info.mapping, info.object, patch, type);
        } else {
            const std::string subresource = flags.text("subresource");
            if (parsed.ok()) answer = co_await patchObject(session, info, patch, contentType, mode.value(), subresource);
            else answer = co_await sendText(session, info.path(subresource), body, contentType, mode.value());
            if (!answer.ok() && answer.error().code == 415)
                answer = base::makeError(contentType + " is not supported by " + (info.mapping.group.empty() ? "/" : info.mapping.group + "/") +
                                         info.mapping.version + ", Kind=" + info.mapping.kind + ": " + errorText(answer.error()));
        }
        if (!answer.ok()) {
            errors.push_back(answer.error());
            continue;
        }
        const bool changed = !(info.object == answer.value());
        if (recording(session) && !flags.on("local") && mode.value() != DryRun::Client) {
            const Value note = document::makeMergePatch(answer.value(), recorded(session, answer.value()));
            auto noted = co_await patchObject(session, info, note, kMergePatch, mode.value(), flags.text("subresource"));
            if (noted.ok()) answer = noted.value();
        }
        base::Status printed = printResult(session, answer.value(), changed ? "patched" : "patched (no change)", DryRun::None); // no suffix
        if (!printed.ok()) errors.push_back(printed.error());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    if (count == 0) co_return base::makeError("no objects passed to patch");
    co_return 0;
}

} // namespace kubectl
