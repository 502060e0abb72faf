// edit, create --edit, apply edit-last-applied. Source: k8s.io/kubectl pkg/cmd/util/editor.
#include "kubectl/commands/editing.h"

#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/create_support.h"

#include <algorithm>
#include <map>

namespace kubectl {

using document::Value;

namespace {

enum class Mode { Normal, Create, LastApplied };

constexpr const char* kHeader =
    "# Please edit the object below. Lines beginning with a '#' will be ignored,\n"
    "# and an empty file will abort the edit. If an error occurs while saving this file will be\n"
    "# reopened with the relevant failures.\n"
    "#\n";
constexpr const char* kHeaderApplied =
    "# Please edit the 'last-applied-configuration' annotations below.\n"
    "# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n"
    "#\n";

std::string stripComments(const std::string& text) {
    std::string out;
    for (const std::string& line : base::splitLines(text))
        if (base::trim(line).substr(0, 1) != "#") out += line + "\n";
    return out;
}

bool hasContent(const std::string& text) {
    for (const std::string& line : base::splitLines(text)) {
        const std::string_view body = base::trim(line);
        if (!body.empty() && body[0] != '#') return true;
    }
    return false;
}

std::string hashed(const std::string& text) { return base::replaceAll(text, "\n", "\n# "); }

class Editor {
public:
    Editor(Session& session, Mode mode) : s_(session), flags_(session.flags), mode_(mode) {
        json_ = flags_.text("output") == "json";
    }

    sim::Task<Outcome> run(std::vector<Info> infos) {
        infos_ = infos;
        for (Info& info : infos_)
            if (mode_ == Mode::Normal) info.object = withoutManagedFields(info.object);
        std::string shown = render();
        bool containsError = false;
        while (true) {
            const std::string header = (mode_ == Mode::LastApplied ? kHeaderApplied : kHeader) + reasons_;
            const std::string original = (containsError ? header + stripComments(shown) : json_ ? shown : header + shown);
            std::string text = json_ && !containsError ? shown : original;
            auto edited = co_await launchEditor(s_, text, "kubectl-edit-", file_);
            if (!edited.ok()) co_return edited.error();
            if (containsError && stripComments(edited.value()) == stripComments(text))
                co_return preserved(base::makeError("Edit cancelled, no valid changes were saved."));
            const std::string before = stripComments(text);
            shown = edited.value();
            reasons_.clear();
            auto parsed = parse(shown);
            if (!parsed.ok()) {
                containsError = true;
                const Info& first = infos_[0];
                s_.err("error: " + first.mapping.groupResource() + " " + base::quoteGo(first.name) + " is invalid\n");
                reasons_ = "# " + first.mapping.groupResource() + " " + base::quoteGo(first.name) + " was not valid:\n# * <nil>: Invalid value: \"The edited file failed validation\": " +
                           hashed(parsed.error().message) + "\n#\n";
                continue;
            }
            if (stripComments(shown) == stripComments(render())) {
                s_.err("Edit cancelled, no changes made.\n");
                removeFile();
                co_return 0;
            }
            if (!hasContent(shown)) {
                s_.err("Edit cancelled, saved file was empty.\n");
                removeFile();
                co_return 0;
            }
            bool again = false;
            auto saved = co_await save(parsed.value(), again);
            if (!saved.ok()) co_return preserved(saved.error());
            if (retryable_) {
                s_.err("You can run `kubectl replace -f " + file_ + "` to try this update again.\n");
                co_return exitError(1);
            }
            if (missing_) {
                s_.err("The edits you made on deleted resources have been saved to " + base::quoteGo(file_) + "\n");
                co_return exitError(1);
            }
            if (!again) {
                removeFile();
                co_return 0;
            }
            containsError = true;
        }
    }

private:
    base::Error preserved(base::Error error) {
        if (!file_.empty() && s_.process.files().exists(file_))
            s_.err("A copy of your changes has been stored to " + base::quoteGo(file_) + "\n");
        return error;
    }
    void removeFile() {
        if (!file_.empty()) static_cast<void>(s_.process.files().removeFile(file_).ok());
    }
    std::string render() const {
        Value whole = infos_[0].object;
        if (infos_.size() > 1) {
            std::vector<Value> items;
            for (const Info& info : infos_) items.push_back(info.object);
            whole = Value::object({{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", Value::object()}, {"items", Value::array(std::move(items))}});
        }
        return json_ ? indentedJson(whole) + "\n" : document::writeYaml(whole);
    }

    // The client's own checks: syntax, kind and apiVersion.
    base::Result<std::vector<Value>> parse(const std::string& text) const {
        auto parsed = document::readYaml(stripComments(text));
        if (!parsed.ok()) return base::makeError(document::goErrorText(parsed.error()));
        const Value& value = parsed.value();
        if (!value.isObject()) return base::makeError("invalid object to validate");
        std::vector<std::string> missing;
        if (value["apiVersion"].asString().empty()) missing.emplace_back("apiVersion not set");
        if (value["kind"].asString().empty()) missing.emplace_back("kind not set");
        if (missing.size() == 1) return base::makeError(missing[0]);
        if (missing.size() > 1) return base::makeError("[" + base::join(missing, ", ") + "]");
        if (value["kind"].asString() == "List") return std::vector<Value>(value["items"].items().begin(), value["items"].items().end());
        return std::vector<Value>{value};
    }

    void addError(const base::Error& error, const Info& info, bool& again) {
        const std::string name = info.mapping.groupResource() + " " + base::quoteGo(info.name);
        if (error.reason == "Invalid" || error.code == 422) {
            again = true;
            const auto* detail = dynamic_cast<const api::StatusDetail*>(error.detail.get());
            const Value causes = detail == nullptr ? Value() : Value(detail->status.at("details", "causes"));
            reasons_ += "# " + name + " was not valid" + (causes.size() > 0 ? ":\n" : "\n");
            for (const Value& cause : causes.items()) reasons_ += "# * " + hashed(cause["field"].text() + ": " + cause["message"].text()) + "\n";
            reasons_ += "#\n";
            s_.err("error: " + name + " is invalid\n");
        } else if (error.code == 404) {
            missing_ = true;
            s_.err("error: " + name + " could not be found on the server\n");
        } else {
            retryable_ = true;
            s_.err("error: " + name + " could not be patched: " + errorText(error) + "\n");
        }
    }

    const Info* originalOf(const Value& object) const {
        for (const Info& info : infos_)
            if (info.object.at("metadata", "uid") == object.at("metadata", "uid")) return &info;
        return nullptr;
    }

    sim::Task<base::Status> save(std::vector<Value> objects, bool& again) {
        for (Value object : objects) {
            if (mode_ == Mode::Create) {
                BASE_CO_CHECK(co_await createOne(object));
                continue;
            }
            const Info* original = mode_ == Mode::LastApplied ? &infos_[0] : originalOf(object);
            if (original == nullptr) co_return base::makeError("no original object found for the edited one");
            const Info info = *original;
            if (object == info.object) {
                BASE_CO_CHECK(printResult(s_, object, "skipped", DryRun::None));
                continue;
            }
            if (mode_ == Mode::LastApplied) {
                const Value patch = Value::object({{"metadata", Value::object({{"annotations", Value::object({{kLastApplied, document::writeJson(object, true) + "\n"}})}})}});
                auto answer = co_await patchObject(s_, info, patch, kMergePatch, DryRun::None);
                if (!answer.ok()) co_return answer.error();
                BASE_CO_CHECK(printResult(s_, answer.value(), "edited", DryRun::None));
                continue;
            }
            if (flags_.known("save-config") && flags_.on("save-config")) object = withLastApplied(object, false);
            const bool sameKind = object["apiVersion"] == info.object["apiVersion"] && object["kind"] == info.object["kind"];
            if (!sameKind || !(object.at("metadata", "name") == info.object.at("metadata", "name")))
                co_return base::makeError("At least one of apiVersion, kind and name was changed");
            std::string type;
            auto patch = changePatch(info.mapping, info.object, object, type);
            if (!patch.ok()) co_return patch.error();
            if (flags_.known("output-patch") && flags_.on("output-patch"))
                s_.out("Patch: " + document::writeJson(patch.value(), true) + "\n");
            CallOptions call;
            call.query.set("fieldManager", flags_.text("field-manager"));
            auto validation = validationOf(s_);
            if (!validation.ok()) co_return validation.error();
            call.query.set("fieldValidation", validation.value());
            call.contentType = type;
            call.body = patch.value();
            const std::string subresource = flags_.known("subresource") ? flags_.text("subresource") : "";
            auto answer = co_await s_.call("PATCH", info.path(subresource), std::move(call));
            if (!answer.ok()) {
                addError(answer.error(), info, again);
                continue;
            }
            BASE_CO_CHECK(printResult(s_, answer.value(), "edited", DryRun::None));
        }
        co_return base::okStatus();
    }

    sim::Task<base::Status> createOne(Value object) {
        auto mapping = co_await mappingForObject(s_, object, "edited-file");
        if (!mapping.ok()) co_return mapping.error();
        if (flags_.on("save-config")) object = withLastApplied(object, false);
        CallOptions call;
        call.query.set("fieldManager", "kubectl-create");
        call.body = object;
        const std::string ns = object.at("metadata", "namespace").text();
        const std::string space = ns.empty() ? infos_[0].ns : ns;
        const std::string path = mapping.value().path(space);
        auto answer = co_await s_.call("POST", path, std::move(call));
        if (!answer.ok()) co_return answer.error();
        co_return printResult(s_, answer.value(), "created", DryRun::None);
    }

    Session& s_;
    const Flags& flags_;
    Mode mode_;
    bool json_ = false, retryable_ = false, missing_ = false;
    std::vector<Info> infos_;
    std::string reasons_, file_;
};

std::string randomDigits(Session& session) {
    return std::to_string(session.kernel().random("kubectl/temporary-file").between(100000000, 4294967295));
}

sim::Task<base::Result<std::vector<Info>>> objectsToEdit(Session& session, BuildOptions options) {
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    auto errors = built.value().errors();
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return built.value().infos();
}

} // namespace

sim::Task<base::Result<std::string>> launchEditor(Session& session, std::string text, std::string prefix, std::string& path) {
    ports::FileSystem& files = session.process.files();
    auto& env = session.process.env();
    const bool json = base::trim(text).substr(0, 1) == "{" || session.flags.text("output") == "json";
    if (!path.empty()) static_cast<void>(files.removeFile(path).ok());
    path = "/tmp/" + prefix + randomDigits(session) + (json ? ".json" : ".yaml");
    if (base::Status written = files.write(path, text, 0600); !written.ok()) co_return written.error();
    std::string editor = "vi";
    for (const char* name : {"EDITOR", "KUBE_EDITOR"})
        if (const auto found = env.find(name); found != env.end() && !found->second.empty()) editor = found->second;
    co_await session.flush();
    ports::SpawnOptions options;
    // Words with quotes or other shell characters go through the shell.
    if (editor.find_first_of("\"'\\") != std::string::npos) options.argv = {"/bin/bash", "-c", editor + " " + path};
    else {
        options.argv = base::split(editor, ' ');
        options.argv.push_back(path);
    }
    options.env = env;
    options.cwd = session.process.cwd();
    const bool direct = options.argv[0] != "/bin/bash";
    if (direct && options.argv[0].find('/') == std::string::npos) {
        bool found = false;
        const auto search = env.find("PATH");
        for (const std::string& folder : base::split(search == env.end() ? "/usr/bin:/bin" : search->second, ':'))
            found = found || files.exists(folder + "/" + options.argv[0]);
        if (!found) co_return base::makeError("unable to launch the editor " + base::quoteGo(editor));
    }
    const int code = co_await session.process.runChild(std::move(options));
    if (code == 127) co_return base::makeError("unable to launch the editor " + base::quoteGo(editor));
    if (code != 0) co_return base::makeError("there was a problem with the editor " + base::quoteGo(editor));
    auto edited = files.read(path);
    if (!edited.ok()) co_return edited.error();
    co_return edited.value();
}

sim::Task<Outcome> runEdit(Session& session) {
    const std::string output = session.flags.text("output");
    if (!output.empty() && output != "json" && output != "yaml" && output != "kyaml")
        co_return base::makeError("unable to match a printer suitable for the output format " + base::quoteGo(output) +
                                  ", allowed formats are: json,kyaml,yaml");
    if (auto validation = validationOf(session); !validation.ok()) co_return validation.error();
    BuildOptions options = buildOptions(session);
    options.latest = true;
    options.allowEmptySelectors = true;
    if (session.flags.known("subresource")) options.subresource = session.flags.text("subresource");
    auto infos = co_await objectsToEdit(session, std::move(options));
    if (!infos.ok()) co_return infos.error();
    if (infos.value().empty()) co_return base::makeError("edit cancelled, no objects found");
    Editor editor(session, Mode::Normal);
    co_return co_await editor.run(infos.value());
}

sim::Task<Outcome> editBeforeCreate(Session& session) {
    BuildOptions options = buildOptions(session);
    auto infos = co_await objectsToEdit(session, std::move(options));
    if (!infos.ok()) co_return infos.error();
    for (const Info& info : infos.value()) {
        std::vector<Info> one{info};
        Editor editor(session, Mode::Create);
        auto done = co_await editor.run(one);
        if (!done.ok()) co_return done;
    }
    co_return 0;
}

sim::Task<Outcome> runApplyEditLast(Session& session) {
    BuildOptions options = buildOptions(session);
    options.latest = true;
    options.allowEmptySelectors = true;
    auto infos = co_await objectsToEdit(session, std::move(options));
    if (!infos.ok()) co_return infos.error();
    for (Info info : infos.value()) {
        const std::string text = info.object.at("metadata", "annotations")[kLastApplied].text();
        if (text.empty())
            co_return base::makeError("no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`");
        auto parsed = document::readJson(text);
        if (!parsed.ok()) co_return parsed.error();
        info.object = parsed.value();
        std::vector<Info> one{info};
        Editor editor(session, Mode::LastApplied);
        auto done = co_await editor.run(one);
        if (!done.ok()) co_return done;
    }
    co_return 0;
}

sim::Task<Outcome> runApplyViewLast(Session& session) {
    const std::string output = session.flags.text("output");
    if (output != "json" && output != "yaml")
        co_return session.usage("Unexpected -o output mode: " + output + ", the flag 'output' must be one of yaml|json");
    BuildOptions options = buildOptions(session);
    options.latest = true;
    options.allowEmptySelectors = session.flags.on("all");
    auto infos = co_await objectsToEdit(session, std::move(options));
    if (!infos.ok()) co_return infos.error();
    for (const Info& info : infos.value()) {
        const std::string text = info.object.at("metadata", "annotations")[kLastApplied].text();
        if (text.empty()) continue; // upstream wraps an error that is not there
        auto parsed = document::readJson(text);
        if (!parsed.ok()) co_return parsed.error();
        session.out(output == "json" ? indentJsonText(text, "  ") + "\n" : document::writeYaml(parsed.value()));
    }
    co_return 0;
}

sim::Task<Outcome> runApplySetLast(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    BuildOptions options = buildOptions(session);
    options.args.clear();
    auto infos = co_await objectsToEdit(session, std::move(options));
    if (!infos.ok()) co_return infos.error();
    for (const Info& info : infos.value()) {
        // Encoded as it is: what apply writes has an empty map of annotations besides.
        const Value after = document::writeJson(info.object, true) + "\n";
        auto live = co_await fetch(session, info);
        if (!live.ok()) co_return live.error();
        const Value& before = live.value().at("metadata", "annotations")[kLastApplied];
        if (before.isNull() && !session.flags.on("create-annotation"))
            co_return base::makeError("no last-applied-configuration annotation found on resource: " + info.name + ", to create the annotation, run the command with --create-annotation");
        if (before == after) {
            session.out("set-last-applied " + info.name + ": no changes required.\n");
            continue;
        }
        base::Result<Value> answer = live.value();
        if (mode.value() != DryRun::Client) {
            const Value patch = Value::object({{"metadata", Value::object({{"annotations", Value::object({{kLastApplied, after}})}})}});
            answer = co_await patchObject(session, info, patch, kMergePatch, mode.value());
        }
        if (!answer.ok()) co_return answer.error();
        BASE_CO_CHECK(printResult(session, answer.value(), "configured", mode.value()));
    }
    co_return 0;
}

} // namespace kubectl
