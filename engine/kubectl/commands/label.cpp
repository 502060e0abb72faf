// label and annotate. Source: k8s.io/kubectl pkg/cmd/label/label.go, pkg/cmd/annotate/annotate.go.
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/recording.h"

#include <algorithm>
#include <map>

namespace kubectl {

using document::Value;

namespace {

class Marker {
public:
    Marker(Session& session, bool annotations)
        : s_(session), flags_(session.flags), annotations_(annotations), key_(annotations ? "annotations" : "labels") {}

    sim::Task<Outcome> run() {
        BASE_CO_CHECK(complete());
        BuildOptions options = buildOptions(s_);
        options.args = resources_;
        options.local = flags_.on("local");
        options.latest = true;
        options.allowEmptySelectors = flags_.on("all");
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        const bool single = built.value().singleItemImplied;
        version_ = flags_.text("resource-version");
        if (!single && !version_.empty()) co_return base::makeError("--resource-version may only be used with a single resource");
        Visit visit([this, single](Info info) { return change(std::move(info), single); });
        BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
        co_return 0;
    }

private:
    base::Status complete() {
        BASE_TRY(mode_, dryRunOf(s_));
        if (auto printer = makePrinter(s_, {}); !printer.ok()) return printer.error();
        BASE_TRY(const ResourcesAndChanges split, splitChanges(s_.args, annotations_ ? "annotation" : "label"));
        resources_ = split.resources;
        for (const std::string& change : split.changes) BASE_CHECK(parse(change));
        for (const std::string& name : remove_)
            if (set_.contains(name))
                return base::makeError(annotations_ ? "can not both modify and remove the following annotation(s) in the same command: " + name
                                                    : "can not both modify and remove a label in the same command");
        if (flags_.on("list") && !flags_.text("output").empty()) return base::makeError("--list and --output may not be specified together");
        const bool files = !flags_.list("filename").empty() || !flags_.text("kustomize").empty();
        if (flags_.on("all") && !flags_.text("selector").empty()) return base::makeError("cannot set --all and --selector at the same time");
        if (flags_.on("all") && !flags_.text("field-selector").empty()) return base::makeError("cannot set --all and --field-selector at the same time");
        if (flags_.on("local")) {
            if (mode_ == DryRun::Server) return base::makeError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
            const std::string file = annotations_ ? "rsrc" : "pod";
            if (!resources_.empty())
                return base::makeError("can only use local files by -f " + file + ".yaml or --filename=" + file + ".json when --local=true is set");
            if (!files) return base::makeError("one or more files must be specified as -f " + file + ".yaml or --filename=" + file + ".json");
        } else if (resources_.empty() && !files) {
            return base::makeError("one or more resources must be specified as <resource> <name> or <resource>/<name>");
        }
        if (set_.empty() && remove_.empty() && !flags_.on("list"))
            return base::makeError(annotations_ ? "at least one annotation update is required" : "at least one label update is required");
        return base::okStatus();
    }
    base::Status parse(const std::string& change) {
        const auto equals = change.find('=');
        if (equals == std::string::npos) {
            remove_.push_back(change.substr(0, change.size() - 1));
            return base::okStatus();
        }
        if (annotations_) {
            if (equals == 0) return base::makeError("invalid annotation format: " + change);
            set_[change.substr(0, equals)] = change.substr(equals + 1);
            return base::okStatus();
        }
        if (change.find('=', equals + 1) != std::string::npos) return base::makeError("invalid label spec: " + change);
        const std::string value = change.substr(equals + 1);
        if (const std::string problem = labelValueProblem(value); !problem.empty())
            return base::makeError("invalid label value: " + base::quoteGo(change) + ": " + problem);
        set_[change.substr(0, equals)] = value;
        return base::okStatus();
    }

    base::Status checkOverwrites(const Value& current) const {
        if (flags_.on("overwrite")) return base::okStatus();
        std::vector<base::Error> errors;
        std::string list;
        for (const auto& [key, value] : set_) {
            const Value& before = current[key];
            if (before.isNull() || before.asString() == value) continue;
            if (annotations_ && key == "kubernetes.io/change-cause") continue;
            if (!list.empty()) list += "; ";
            list += "'" + key + "' already has a value (" + before.text() + ")";
            errors.push_back(base::makeError("'" + key + "' already has a value (" + before.text() + "), and --overwrite is false"));
        }
        if (errors.empty()) return base::okStatus();
        if (annotations_) return base::makeError("--overwrite is false but found the following declared annotation(s): " + list);
        return aggregate(std::move(errors));
    }

    Value changed(const Value& object) const {
        Value map = object.at("metadata", key_);
        if (map.isNull()) map = Value::object();
        for (const auto& [key, value] : set_) map = map.with(key, value);
        for (const std::string& key : remove_) map = map.without(key);
        // Labels that were never there become an empty map: that is a change, too.
        Value out = object.withPath({"metadata", key_}, map);
        if (annotations_ && map.size() == 0) out = object.withoutPath({"metadata", key_});
        if (!version_.empty()) out = out.withPath({"metadata", "resourceVersion"}, version_);
        return out;
    }

    std::string message(const Value& before, const Value& after) const {
        if (annotations_) return "annotated";
        if (before == after) return "not labeled";
        const bool shrunk = document::writeJson(after).size() < document::writeJson(before).size();
        return !flags_.on("overwrite") && shrunk ? "unlabeled" : "labeled";
    }

    sim::Task<base::Status> change(Info info, bool single) {
        Value before = info.object;
        if (!version_.empty()) before = before.withoutPath({"metadata", "resourceVersion"});
        const Value& map = before.at("metadata", key_);
        const bool send = mode_ != DryRun::Client && !flags_.on("local") && !flags_.on("list");
        if (send && !annotations_)
            for (const std::string& key : remove_)
                if (!map.has(key)) s_.out("label " + base::quoteGo(key) + " not found.\n");
        BASE_CO_CHECK(checkOverwrites(map));
        Value after = changed(before);
        if (send) after = recorded(s_, after);
        const std::string operation = message(before, after);
        if (send) {
            const Value patch = document::makeMergePatch(before, after);
            auto answer = co_await patchObject(s_, info, patch, kMergePatch, mode_);
            if (!answer.ok()) co_return answer.error();
            if (annotations_) after = answer.value();
        }
        if (flags_.on("list")) {
            if (!single) s_.out("Listing " + std::string(key_) + " for " + info.mapping.kind + "." + info.mapping.group + "/" + info.name + ":\n");
            for (const document::Member& member : after.at("metadata", key_).members())
                s_.out((single ? "" : " ") + member.key.text() + "=" + member.value.text() + "\n");
            co_return base::okStatus();
        }
        co_return printResult(s_, after, operation, mode_);
    }

    Session& s_;
    const Flags& flags_;
    bool annotations_;
    const char* key_;
    DryRun mode_ = DryRun::None;
    std::vector<std::string> resources_, remove_;
    std::map<std::string, std::string> set_;
    std::string version_;
};

} // namespace

sim::Task<Outcome> runLabel(Session& session) {
    Marker marker(session, false);
    co_return co_await marker.run();
}
sim::Task<Outcome> runAnnotate(Session& session) {
    Marker marker(session, true);
    co_return co_await marker.run();
}

} // namespace kubectl
