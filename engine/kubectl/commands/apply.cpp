// Source: k8s.io/kubectl pkg/cmd/apply/apply.go, patcher.go, prune.go.
#include "api/kinds.h"
#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"
#include "kubectl/commands/applyset.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/commands/deletion.h"
#include "kubectl/commands/patching.h"
#include "kubectl/commands/pruning.h"
#include "kubectl/commands/takeover.h"
#include "kubectl/core/builder.h"
#include "kubectl/printers/printer.h"
#include "kubectl/core/recording.h"

#include <set>

namespace kubectl {

using document::Value;

base::Result<Value> threeWayPatch(const Mapping& mapping, const Value& original, const Value& modified,
                                  const Value& current, std::string& contentType) {
    const api::ResourceInfo* info = mapping.builtin();
    if (info != nullptr && info->type != nullptr) {
        contentType = "application/strategic-merge-patch+json";
        const auto schema = api::mergeSchema(*info);
        return document::makeThreeWayStrategicPatch(original, modified, current, *schema);
    }
    contentType = "application/merge-patch+json";
    for (const char* key : {"apiVersion", "kind"})
        if (!(modified[key] == current[key]))
            return base::makeError("At least one of apiVersion, kind and name was changed");
    return document::makeThreeWayMergePatch(original, modified, current);
}

Value withoutNulls(const Value& value) {
    if (value.isArray()) {
        std::vector<Value> items;
        for (const Value& item : value.items()) items.push_back(withoutNulls(item));
        return Value::array(std::move(items));
    }
    if (!value.isObject()) return value;
    document::ObjectBuilder out;
    for (const document::Member& member : value.members())
        if (!member.value.isNull()) out.set(member.key, withoutNulls(member.value));
    return std::move(out).build();
}

namespace {

constexpr const char* kConflictHelp =
    "\nPlease review the fields above--they currently have other managers. Here\n"
    "are the ways you can resolve this warning:\n"
    "* If you intend to manage all of these fields, please re-run the apply\n"
    "  command with the `--force-conflicts` flag.\n"
    "* If you do not intend to manage all of the fields, please edit your\n"
    "  manifest to remove references to the fields that should keep their\n"
    "  current managers.\n"
    "* You may co-own fields by updating your manifest to match the existing\n"
    "  value; in this case, you'll become the manager if the other manager(s)\n"
    "  stop managing the field (remove it from their configuration).\n"
    "See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

class Apply {
public:
    explicit Apply(Session& session) : s_(session), flags_(session.flags), set_(session) {}

    sim::Task<Outcome> run() {
        tracked_ = !flags_.text("applyset").empty();
        if (tracked_ && !setsEnabled()) co_return base::makeError("unknown flag: --applyset\nSee 'kubectl apply --help' for usage.");
        BASE_CO_CHECK(readFlags());
        if (tracked_) BASE_CO_CHECK(co_await set_.parse());
        BASE_CO_CHECK(validate());
        if (tracked_) {
            BASE_CO_CHECK(co_await set_.validate());
            BASE_CO_CHECK(validateSet());
        }
        BASE_CO_CHECK(validatePrune());
        if (flags_.on("prune") && !tracked_) BASE_CO_CHECK(co_await checkAllowlist(s_));
        BuildOptions options = buildOptions(s_);
        options.args.clear();
        options.validate = validation_ != "Ignore";
        options.all = false;
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        std::vector<base::Error> errors;
        std::vector<Info> infos = built.value().infos();
        if (tracked_) BASE_CO_CHECK(set_.label(infos));
        if (auto broken = built.value().errors(); !broken.empty()) errors.push_back(aggregate(std::move(broken)));
        if (infos.empty() && errors.empty()) co_return base::makeError("no objects passed to apply");
        if (tracked_) BASE_CO_CHECK(co_await set_.begin(infos, mode_, validation_));
        for (const Info& info : infos) {
            auto applied = co_await applyOne(info);
            if (!applied.ok()) errors.push_back(applied.error());
        }
        if (!errors.empty()) co_return aggregate(std::move(errors));
        BASE_CO_CHECK(printObjects());
        if (flags_.on("prune")) BASE_CO_CHECK(co_await prune());
        co_return 0;
    }

private:
    bool setsEnabled() const {
        const auto found = s_.process.env().find("KUBECTL_APPLYSET");
        return found != s_.process.env().end() && base::toLower(found->second) == "true";
    }
    base::Status readFlags() {
        BASE_TRY(mode_, dryRunOf(s_));
        BASE_TRY(validation_, validationOf(s_));
        if (auto cascade = cascadeOf(s_); !cascade.ok()) return cascade.error();
        serverSide_ = flags_.on("server-side");
        manager_ = flags_.text("field-manager");
        if (serverSide_ && !flags_.changed("field-manager")) manager_ = "kubectl";
        output_ = flags_.text("output");
        if (output_.empty() && !flags_.text("template").empty()) output_ = "go-template";
        PrinterOptions check;
        if (auto printer = makePrinter(s_, check); !printer.ok()) return printer.error();
        if (!s_.args.empty())
            return s_.usage("Unexpected args: [" + base::join(s_.args, " ") + "]");
        if (flags_.list("filename").empty() && flags_.text("kustomize").empty())
            return base::makeError("must specify one of -f and -k");
        return base::okStatus();
    }
    base::Status validate() {
        const bool force = flags_.on("force"), all = flags_.on("all");
        if (flags_.on("force-conflicts") && !serverSide_) return base::makeError("--force-conflicts only works with --server-side");
        if (mode_ == DryRun::Client && serverSide_)
            return base::makeError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
        if (serverSide_ && force) return base::makeError("--force cannot be used with --server-side");
        if (mode_ == DryRun::Server && force) return base::makeError("--dry-run=server cannot be used with --force");
        if (all && !flags_.text("selector").empty()) return base::makeError("cannot set --all and --selector at the same time");
        if (tracked_ && !flags_.on("prune")) return base::makeError("--applyset requires --prune");
        return base::okStatus();
    }
    base::Status validateSet() {
        if (flags_.on("force")) return base::makeError("--force cannot be used with --prune");
        for (const char* other : {"all", "selector", "prune-allowlist"})
            if (flags_.changed(other)) return base::makeError("--" + std::string(other) + " is incompatible with --applyset");
        return base::okStatus();
    }
    base::Status validatePrune() {
        const bool prune = flags_.on("prune") && !tracked_, all = flags_.on("all");
        if (prune && flags_.on("force")) return base::makeError("--force cannot be used with --prune");
        if (prune && !all && flags_.text("selector").empty())
            return base::makeError("all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector");
        if (prune && serverSide_) return base::makeError("--prune is in alpha and doesn't currently work on objects created by server-side apply");
        if (!flags_.text("subresource").empty() && !serverSide_)
            return base::makeError("--subresource can only be specified for --server-side");
        return base::okStatus();
    }

    bool printsObjects() const { return !output_.empty() && output_ != "name"; }
    base::Status print(const Value& object, const std::string& operation) {
        if (printsObjects()) {
            printed_.push_back(object);
            return base::okStatus();
        }
        PrinterOptions options;
        options.operation = operation + dryRunSuffix(mode_);
        BASE_TRY(PrinterPtr printer, makePrinter(s_, options));
        BASE_TRY(const std::string text, printer->print(object));
        s_.out(text);
        return base::okStatus();
    }
    base::Status printObjects() {
        if (printed_.empty()) return base::okStatus();
        BASE_TRY(PrinterPtr printer, makePrinter(s_, {}));
        Value object = printed_[0];
        if (printed_.size() > 1)
            object = Value::object({{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", Value::object()},
                                    {"items", Value::array(std::move(printed_))}});
        BASE_TRY(const std::string text, printer->print(object));
        s_.out(text);
        return base::okStatus();
    }

    CallOptions writeOptions() const {
        CallOptions call;
        if (mode_ == DryRun::Server) call.query.set("dryRun", "All");
        call.query.set("fieldManager", manager_);
        call.query.set("fieldValidation", validation_);
        return call;
    }
    void visited(const Value& object, const Info& info) {
        uids_.insert(object.at("metadata", "uid").text());
        if (info.mapping.namespaced) namespaces_.insert(info.ns);
    }

    sim::Task<base::Status> applyOne(Info info) {
        if (info.name.empty())
            if (const std::string prefix = info.object.at("metadata", "generateName").text(); !prefix.empty())
                co_return base::makeError("from " + prefix + ": cannot use generate name with apply");
        if (info.mapping.namespaced) namespaces_.insert(info.ns);
        info.object = recorded(s_, info.object);
        if (serverSide_) co_return co_await applyServerSide(info);
        const Value modified = withLastApplied(info.object, false);
        auto live = co_await fetch(s_, info);
        if (!live.ok() && !api::isNotFound(live.error()))
            co_return addSource("retrieving current configuration of:\n" + info.describe() + "\nfrom server for:",
                                info.source, live.error());
        if (!live.ok()) co_return co_await createOne(info, modified);
        Value current = live.value();
        visited(current, info);
        if (mode_ == DryRun::Client) {
            BASE_CO_CHECK(print(current, "configured"));
            co_return base::okStatus();
        }
        if (!current.at("metadata", "annotations").has(kLastApplied))
            s_.err("Warning: resource " + info.objectName() + " is missing the " + std::string(kLastApplied) +
                   " annotation which is required by kubectl apply. kubectl apply should only be used on resources "
                   "created declaratively by either kubectl create --save-config or kubectl apply. The missing "
                   "annotation will be patched automatically.\n");
        auto patched = co_await patchOne(info, modified, current);
        if (!patched.ok()) co_return patched.error();
        current = patched.value();
        if (!current.at("metadata", "deletionTimestamp").isNull())
            s_.err("Warning: Detected changes to resource " + info.objectName() + " which is currently being deleted.\n");
        co_return print(current, unchanged_ && !printsObjects() ? "unchanged" : "configured");
    }

    sim::Task<base::Status> createOne(Info info, Value modified) {
        Value object = withoutNulls(modified);
        if (object["metadata"].has("resourceVersion"))
            object = object.with("metadata", object["metadata"].without("resourceVersion"));
        if (mode_ != DryRun::Client) {
            CallOptions call = writeOptions();
            call.body = object;
            auto made = co_await s_.call("POST", info.mapping.path(info.ns), std::move(call));
            if (!made.ok()) co_return addSource("creating", info.source, made.error());
            object = made.value();
            visited(object, info);
        }
        co_return print(object, "created");
    }

    // One attempt; conflicts are tried again with a fresh object.
    sim::Task<base::Result<Value>> patchOne(Info info, Value modified, Value current) {
        unchanged_ = false;
        std::string patchText;
        base::Error last;
        for (int attempt = 0; attempt <= 5; ++attempt) {
            const std::string text = current.at("metadata", "annotations")[kLastApplied].text();
            Value original;
            if (!text.empty()) {
                auto parsed = document::readJson(text);
                if (parsed.ok()) original = parsed.value();
            }
            std::string contentType;
            auto patch = threeWayPatch(info.mapping, original, modified, current, contentType);
            if (!patch.ok()) {
                last = base::makeError("creating patch with:\noriginal:\n" + text + "\nmodified:\n" +
                                       document::writeJson(modified, true) + "\n\ncurrent:\n" +
                                       document::writeJson(current, true) + "\n\nfor: " + patch.error().message);
                last = addSource("patching", info.source, last);
                break;
            }
            patchText = document::writeJson(patch.value(), true);
            if (patchText == "{}") {
                unchanged_ = true;
                co_return current;
            }
            CallOptions call = writeOptions();
            call.contentType = contentType;
            call.body = patch.value();
            auto answer = co_await s_.call("PATCH", info.path(), std::move(call));
            if (answer.ok()) co_return answer;
            last = answer.error();
            if (last.code != 409 || attempt == 5) break;
            auto fresh = co_await fetch(s_, info);
            if (!fresh.ok()) co_return fresh.error();
            current = fresh.value();
        }
        if ((last.code == 409 || last.code == 422) && flags_.on("force"))
            co_return co_await recreate(info, modified, current);
        if (last.code != 0) last = addSource("patching", info.source, last);
        co_return addSource("applying patch:\n" + patchText + "\nto:\n" + info.describe() + "\nfor:", info.source, last);
    }

    sim::Task<base::Result<Value>> recreate(Info info, Value modified, Value original) {
        CallOptions remove;
        auto cascade = cascadeOf(s_);
        if (!cascade.ok()) co_return cascade.error();
        remove.body = deleteOptionsBody(flags_.number("grace-period"), cascade.value(), false);
        auto removed = co_await s_.call("DELETE", info.path(), std::move(remove));
        if (!removed.ok()) co_return removed.error();
        std::vector<Info> infos{info};
        std::vector<std::string> uids{original.at("metadata", "uid").text()};
        auto gone = co_await waitUntilDeleted(s_, std::move(infos), std::move(uids), flags_.duration("timeout"));
        if (!gone.ok()) co_return gone.error();
        CallOptions call = writeOptions();
        call.body = withoutNulls(modified);
        auto made = co_await s_.call("POST", info.mapping.path(info.ns), std::move(call));
        if (made.ok()) co_return made;
        // What was there comes back, but the user hears of the failure.
        CallOptions restore = writeOptions();
        restore.body = original.withoutPath({"metadata", "resourceVersion"});
        auto restored = co_await s_.call("POST", info.mapping.path(info.ns), std::move(restore));
        if (restored.ok()) co_return made.error();
        co_return base::makeError("An error occurred force-replacing the existing object with the newly provided one:\n\n" + errorText(made.error()) +
                                  ".\n\nAdditionally, an error occurred attempting to restore the original object:\n\n" + errorText(restored.error()));
    }

    sim::Task<base::Result<Value>> sendServerSide(Info info, std::string subresource) {
        CallOptions call = writeOptions();
        call.contentType = "application/apply-patch+yaml";
        call.query.set("force", flags_.on("force-conflicts") ? "true" : "false");
        call.body = info.object;
        co_return co_await s_.call("PATCH", info.path(subresource), std::move(call));
    }
    // What client-side apply owned becomes the manager's; fields that are gone from the configuration go then.
    sim::Task<Value> takeOver(Info info, Value live) {
        const auto failed = [&](std::string_view what, const base::Error& error) {
            s_.warn(std::string(what) + ". This is non-fatal and will be retried next time you apply. Error: " + errorText(error));
        };
        const ports::Query query = writeOptions().query;
        if (manager_ == "kubectl") {
            auto kept = co_await keepLastApplied(s_, info, live, query);
            if (!kept.ok()) {
                failed("failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply", kept.error());
                co_return live;
            }
            live = kept.value();
        }
        auto taken = co_await takeOverFields(s_, info, live, manager_, query);
        if (!taken.ok()) failed("server rejected managed fields migration to Server-Side Apply", taken.error());
        if (!taken.ok() || taken.value().isNull()) co_return live;
        auto again = co_await sendServerSide(info, "");
        if (again.ok()) co_return again.value();
        failed("failed to re-apply configuration after performing Server-Side Apply migration", again.error());
        co_return taken.value();
    }

    sim::Task<base::Status> applyServerSide(Info info) {
        if (info.name.empty()) co_return base::makeError("name is required");
        auto answer = co_await sendServerSide(info, flags_.text("subresource"));
        if (!answer.ok()) {
            if (answer.error().code == 409) co_return base::makeError(errorText(answer.error()) + kConflictHelp);
            co_return answer.error();
        }
        const Value live = co_await takeOver(info, answer.value());
        visited(live, info);
        if (!live.at("metadata", "deletionTimestamp").isNull())
            s_.err("Warning: Detected changes to resource " + info.objectName() + " which is currently being deleted.\n");
        co_return print(live, "serverside-applied");
    }

    // Deletes what an earlier apply made and this one does not name.
    sim::Task<base::Status> prune() {
        if (!tracked_) warnOfPruning(s_);
        base::Result<std::vector<Prunable>> found = std::vector<Prunable>{};
        if (tracked_) found = co_await set_.leftovers(uids_);
        else found = co_await prunable(s_, namespaces_, uids_);
        if (!found.ok()) co_return found.error();
        auto cascade = cascadeOf(s_);
        if (!cascade.ok()) co_return cascade.error();
        for (const Prunable& item : found.value()) {
            if (mode_ != DryRun::Client) {
                CallOptions remove;
                remove.body = deleteOptionsBody(flags_.number("grace-period"), cascade.value(), mode_ == DryRun::Server);
                const std::string path = item.mapping.path(item.ns, item.object.at("metadata", "name").text());
                auto removed = co_await s_.call("DELETE", path, std::move(remove));
                if (!removed.ok() && api::isNotFound(removed.error())) continue;
                if (!removed.ok()) co_return removed.error();
            }
            PrinterOptions options;
            options.operation = "pruned" + dryRunSuffix(mode_);
            auto printer = makePrinter(s_, options);
            if (!printer.ok()) co_return printer.error();
            auto text = printer.value()->print(item.object);
            if (!text.ok()) co_return text.error();
            s_.out(text.value());
        }
        if (tracked_) co_return co_await set_.finish();
        co_return base::okStatus();
    }

    Session& s_;
    const Flags& flags_;
    ApplySet set_;
    DryRun mode_ = DryRun::None;
    std::string validation_, manager_, output_;
    bool serverSide_ = false, unchanged_ = false, tracked_ = false;
    std::vector<Value> printed_;
    std::set<std::string> uids_, namespaces_;
};

} // namespace

sim::Task<Outcome> runApply(Session& session) {
    Apply apply(session);
    co_return co_await apply.run();
}

} // namespace kubectl
