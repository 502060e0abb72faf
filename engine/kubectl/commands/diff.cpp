// Source: k8s.io/kubectl pkg/cmd/diff.
#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/commands/patching.h"
#include "kubectl/commands/pruning.h"
#include "kubectl/core/builder.h"
#include "kubectl/printers/printer.h"

#include <set>

namespace kubectl {

using document::Value;

namespace {

// Values of secrets are not shown, only whether they differ.
void maskSecrets(Value& from, Value& to) {
    document::ObjectBuilder before, after;
    const Value old = from["data"], now = to["data"];
    for (const document::Member& member : old.members()) {
        const bool changed = now.has(member.key.view()) && !(now[member.key.view()] == member.value);
        before.set(member.key, changed ? "*** (before)" : "***");
    }
    for (const document::Member& member : now.members()) {
        const bool changed = old.has(member.key.view()) && !(old[member.key.view()] == member.value);
        after.set(member.key, changed ? "*** (after)" : "***");
    }
    if (old.isObject()) from = from.with("data", std::move(before).build());
    if (now.isObject()) to = to.with("data", std::move(after).build());
}

std::string fileNameOf(const Mapping& mapping, const std::string& ns, const std::string& name) {
    return (mapping.group.empty() ? "" : mapping.group + ".") + mapping.version + "." + mapping.kind + "." + ns + "." + name;
}

class Diff {
public:
    explicit Diff(Session& session) : s_(session), flags_(session.flags) {}

    sim::Task<Outcome> run() {
        BASE_CO_CHECK(check());
        makeFolders();
        Outcome outcome = co_await compare();
        for (const std::string& folder : {live_, merged_})
            if (base::Status removed = s_.process.files().removeAll(folder); !removed.ok()) break;
        co_return outcome;
    }

private:
    base::Status check() {
        if (!s_.args.empty()) return s_.usage("Unexpected args: [" + base::join(s_.args, " ") + "]");
        if (flags_.list("filename").empty() && flags_.text("kustomize").empty())
            return base::makeError("must specify one of -f and -k");
        serverSide_ = flags_.on("server-side");
        manager_ = flags_.text("field-manager");
        if (serverSide_ && !flags_.changed("field-manager")) manager_ = "kubectl";
        if (flags_.on("force-conflicts") && !serverSide_)
            return base::makeError("--force-conflicts only works with --server-side");
        return base::okStatus();
    }
    void makeFolders() {
        sim::Random& random = s_.kernel().random("kubectl/temporary-file");
        const auto temporary = s_.process.env().find("TMPDIR");
        const std::string root = temporary == s_.process.env().end() || temporary->second.empty() ? "/tmp" : temporary->second;
        live_ = root + "/LIVE-" + std::to_string(random.between(100000000, 4294967295));
        merged_ = root + "/MERGED-" + std::to_string(random.between(100000000, 4294967295));
    }

    sim::Task<Outcome> compare() {
        for (const std::string& folder : {live_, merged_}) BASE_CO_CHECK(s_.process.files().makeDirectories(folder, 0700));
        std::set<std::string> uids, namespaces;
        BuildOptions options = buildOptions(s_);
        options.args.clear();
        options.all = false;
        options.continueOnError = false;
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        for (const Found& item : built.value().items) {
            if (!item.info) co_return item.error;
            const Info info = *item.info;
            if (info.mapping.namespaced) namespaces.insert(info.ns);
            auto compared = co_await compareOne(info);
            if (!compared.ok()) co_return compared.error();
            uids.insert(compared.value());
        }
        if (flags_.on("prune")) {
            warnOfPruning(s_);
            auto pruned = co_await prunable(s_, namespaces, uids);
            if (!pruned.ok()) co_return pruned.error();
            for (const Prunable& item : pruned.value())
                BASE_CO_CHECK(write(live_, fileNameOf(item.mapping, item.ns, item.object.at("metadata", "name").text()), item.object));
        }
        co_return co_await runProgram();
    }

    // The live object's uid.
    sim::Task<base::Result<std::string>> compareOne(Info info) {
        Value live, merged;
        for (int attempt = 1; attempt <= 4; ++attempt) {
            auto found = co_await fetch(s_, info);
            if (!found.ok() && !api::isNotFound(found.error())) co_return found.error();
            live = found.ok() ? found.value() : Value();
            auto made = co_await mergedOf(info, live, attempt == 4);
            if (made.ok()) {
                merged = made.value();
                break;
            }
            if (made.error().code != 409 || attempt == 4) co_return made.error();
        }
        const std::string uid = live.at("metadata", "uid").text();
        if (!flags_.on("show-managed-fields")) {
            if (!live.isNull()) live = withoutManagedFields(live);
            merged = withoutManagedFields(merged);
        }
        if (merged["apiVersion"].asString() == "v1" && merged["kind"].asString() == "Secret") maskSecrets(live, merged);
        const std::string name = fileNameOf(info.mapping, info.ns, info.name);
        const std::string before = live.isNull() ? std::string() : document::writeYaml(live);
        BASE_CO_CHECK(s_.process.files().write(live_ + "/" + name, before, 0700));
        BASE_CO_CHECK(write(merged_, name, merged));
        co_return uid;
    }

    // What an apply would leave behind.
    sim::Task<base::Result<Value>> mergedOf(Info info, Value live, bool force) {
        CallOptions call;
        call.query.set("dryRun", "All");
        call.query.set("fieldManager", manager_);
        if (serverSide_) {
            if (info.name.empty()) co_return base::makeError("name is required");
            call.query.set("force", flags_.on("force-conflicts") ? "true" : "false");
            call.contentType = "application/apply-patch+yaml";
            call.body = info.object;
            co_return co_await s_.call("PATCH", info.path(), std::move(call));
        }
        if (live.isNull()) {
            call.body = withoutNulls(info.object);
            co_return co_await s_.call("POST", info.mapping.path(info.ns), std::move(call));
        }
        // The annotation is not part of the comparison.
        Value modified = info.object;
        if (modified.at("metadata", "annotations").has(kLastApplied))
            modified = modified.withoutPath({"metadata", "annotations", kLastApplied});
        if (modified.at("metadata", "annotations").isNull())
            modified = modified.withPath({"metadata", "annotations"}, Value::object());
        const std::string text = live.at("metadata", "annotations")[kLastApplied].text();
        Value original;
        if (auto parsed = document::readJson(text); !text.empty() && parsed.ok()) original = parsed.value();
        std::string contentType;
        auto patch = threeWayPatch(info.mapping, original, modified, live, contentType);
        if (!patch.ok()) co_return patch.error();
        if (patch.value().size() == 0) co_return live;
        Value body = patch.value();
        if (!force) body = body.withPath({"metadata", "resourceVersion"}, live.at("metadata", "resourceVersion"));
        call.contentType = contentType;
        call.body = body;
        co_return co_await s_.call("PATCH", info.path(), std::move(call));
    }

    base::Status write(const std::string& folder, const std::string& name, const Value& object) {
        return s_.process.files().write(folder + "/" + name, document::writeYaml(object), 0700);
    }

    std::vector<std::string> commandLine() const {
        const auto chosen = s_.process.env().find("KUBECTL_EXTERNAL_DIFF");
        if (chosen == s_.process.env().end() || chosen->second.empty()) return {"diff", "-u", "-N", live_, merged_};
        // Words with other characters than these are dropped.
        const auto plain = [](const std::string& word) {
            return word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-=") == std::string::npos;
        };
        const auto words = base::split(chosen->second, ' ');
        std::vector<std::string> out{words[0]};
        for (std::size_t i = 1; i < words.size(); ++i)
            if (!words[i].empty() && plain(words[i])) out.push_back(words[i]);
        out.push_back(live_);
        out.push_back(merged_);
        return out;
    }
    sim::Task<Outcome> runProgram() {
        ports::SpawnOptions options;
        options.argv = commandLine();
        options.env = s_.process.env();
        options.cwd = s_.process.cwd();
        const std::string program = options.argv[0];
        co_await s_.flush();
        const int code = co_await s_.process.runChild(std::move(options));
        if (code <= 1) co_return code;
        co_return base::makeError("failed to run " + base::quoteGo(program) + ": exit status " + std::to_string(code));
    }

    Session& s_;
    const Flags& flags_;
    std::string live_, merged_, manager_;
    bool serverSide_ = false;
};

} // namespace

sim::Task<Outcome> runDiff(Session& session) {
    Diff diff(session);
    co_return co_await diff.run();
}

} // namespace kubectl
