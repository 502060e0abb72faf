#include "kubectl/cli/complete.h"

#include "base/strings.h"
#include "kubectl/core/builder.h"
#include "kubectl/core/session.h"

#include <algorithm>
#include <set>

namespace kubectl {

using document::Value;

namespace {

enum Directive : int { kDefault = 0, kError = 1, kNoSpace = 2, kNoFiles = 4 };

struct Answer {
    std::vector<std::pair<std::string, std::string>> words; // with descriptions
    int directive = kNoFiles;
    void add(const std::string& word, const std::string& text = {}) { words.emplace_back(word, text); }
};

bool oneOf(std::string_view word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// Flags and arguments before the word at the cursor.
struct Typed {
    const CommandSpec* command = nullptr;
    std::vector<std::string> args;          // of the command, without flags
    std::vector<std::string> given;         // names of flags
    std::string container, ns;
    const FlagSpec* pending = nullptr;      // the word at the cursor is its value
    bool afterDash = false;
};

const FlagSpec* flagOf(const CommandSpec& command, const std::string& word) {
    if (word.starts_with("--")) return command.findFlag(word.substr(2, word.find('=') - 2));
    return word.size() == 2 ? command.findShort(word[1]) : nullptr;
}

Typed readWords(std::vector<std::string> words) {
    Typed out;
    std::vector<std::string> rest = words;
    out.command = findByWords(rest);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const std::string& word = rest[i];
        if (word == "--") {
            out.afterDash = true;
            break;
        }
        if (word.size() < 2 || word[0] != '-') {
            out.args.push_back(word);
            continue;
        }
        const FlagSpec* flag = flagOf(*out.command, word);
        if (flag == nullptr) continue;
        out.given.push_back(flag->name);
        if (word.find('=') != std::string::npos || !flag->noValue.empty()) continue;
        if (i + 1 == rest.size()) out.pending = flag;
        else ++i;
    }
    return out;
}

class Completer {
public:
    Completer(Session& session, Typed typed, std::string word)
        : s_(session), typed_(std::move(typed)), word_(std::move(word)) {}

    sim::Task<Answer> run() {
        if (typed_.afterDash) co_return Answer{{}, kDefault};
        if (typed_.pending != nullptr) {
            co_await flagValues(*typed_.pending, "");
            co_return std::move(out_);
        }
        if (word_.starts_with("-")) {
            const auto equals = word_.find('=');
            const FlagSpec* flag = equals == std::string::npos ? nullptr : flagOf(*typed_.command, word_.substr(0, equals));
            if (flag != nullptr) {
                const std::string head = word_.substr(0, equals + 1);
                word_.erase(0, equals + 1);
                co_await flagValues(*flag, head);
            } else {
                flags();
            }
            co_return std::move(out_);
        }
        co_await arguments();
        co_return std::move(out_);
    }

private:
    void offer(const std::string& word, const std::string& text = {}) {
        if (word.starts_with(word_)) out_.add(word, text);
    }
    void flags() {
        std::set<std::string> seen;
        const auto list = [&](const CommandSpec& command) {
            for (const FlagSpec& flag : command.flags) {
                if (flag.hidden || !flag.deprecated.empty() || !seen.insert(flag.name).second) continue;
                const bool repeats = flag.type == "stringArray" || flag.type == "stringSlice";
                const bool given = std::find(typed_.given.begin(), typed_.given.end(), flag.name) != typed_.given.end();
                if (given && !repeats) continue;
                const bool value = flag.noValue.empty();
                offer("--" + flag.name + (value ? "=" : ""));
                if (!flag.shorthand.empty() && word_.size() < 2) offer("-" + flag.shorthand);
            }
        };
        list(*typed_.command);
        list(rootCommand());
        const bool one = out_.words.size() == 1 && out_.words[0].first.ends_with('=');
        out_.directive = kNoFiles | (one ? kNoSpace : 0);
    }

    sim::Task<void> flagValues(const FlagSpec& flag, std::string head) {
        const std::string name = flag.name, path = typed_.command->path;
        if (name == "namespace") co_await names("namespaces", "");
        else if (name == "context") configEntries("contexts");
        else if (name == "cluster") configEntries("clusters");
        else if (name == "user") configEntries("users");
        else if (name == "container") co_await containers();
        else if (name == "output") outputs();
        else if (name == "dry-run") for (const char* mode : {"client", "none", "server"}) offer(mode);
        else if (name == "validate") for (const char* mode : {"ignore", "strict", "warn"}) offer(mode);
        else if (name == "cascade") for (const char* mode : {"background", "foreground", "orphan"}) offer(mode);
        else if (name == "restart") for (const char* mode : {"Always", "Never", "OnFailure"}) offer(mode);
        else if (name == "profile" && path == "debug")
            for (const char* mode : {"baseline", "general", "legacy", "netadmin", "restricted", "sysadmin"}) offer(mode);
        else if (name == "serviceaccount") co_await names("serviceaccounts", "");
        else if (name == "clusterrole") co_await names("clusterroles", "");
        else if (name == "role") co_await names("roles", "");
        else out_.directive = flag.type == "bool" ? kNoFiles : kDefault;
        for (auto& item : out_.words) item.first = head + item.first;
    }
    void outputs() {
        const std::string& path = typed_.command->path;
        if (path == "explain") for (const char* format : {"plaintext", "plaintext-openapiv2"}) offer(format);
        else if (path == "version") for (const char* format : {"json", "yaml"}) offer(format);
        else if (path == "api-resources" ) for (const char* format : {"json", "kyaml", "name", "wide", "yaml"}) offer(format);
        else
            for (const char* format : {"custom-columns", "custom-columns-file", "go-template", "go-template-file", "json", "jsonpath",
                                       "jsonpath-as-json", "jsonpath-file", "kyaml", "name", "template", "templatefile", "wide", "yaml"}) {
                const bool getOnly = std::string_view(format).starts_with("custom") || std::string_view(format) == "wide";
                if (!getOnly || path == "get" || path == "events") offer(format);
            }
    }
    void configEntries(const char* list) {
        auto config = s_.kubeconfig();
        if (!config.ok()) return;
        const auto& entries = std::string_view(list) == "contexts"   ? config.value().contexts
                              : std::string_view(list) == "clusters" ? config.value().clusters
                                                                     : config.value().users;
        for (const auto& [name, entry] : entries) offer(name);
    }

    // Live objects, with what stands before each ("deployment/").
    sim::Task<void> names(std::string kind, std::string before) {
        auto mapper = co_await s_.mapper();
        if (!mapper.ok()) co_return;
        const Mapping* mapping = mapper.value()->find(kind);
        if (mapping == nullptr) co_return;
        auto ns = s_.ns();
        if (!ns.ok()) co_return;
        CallOptions call;
        call.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
        const std::string space = mapping->namespaced ? ns.value() : std::string();
        const std::string path = mapping->path(space);
        auto list = co_await s_.call("GET", path, std::move(call));
        if (!list.ok()) co_return;
        for (const Value& item : list.value()["items"].items()) {
            const std::string name = before + item.at("metadata", "name").text();
            const bool used = std::find(typed_.args.begin(), typed_.args.end(), name) != typed_.args.end();
            if (!used) offer(name);
        }
    }
    sim::Task<void> kinds(std::string verb) {
        auto mapper = co_await s_.mapper();
        if (!mapper.ok()) co_return;
        std::set<std::string> seen;
        for (const Mapping& mapping : mapper.value()->all()) {
            if (!mapping.preferred || (!verb.empty() && !mapping.hasVerb(verb))) continue;
            // A plural that an earlier group has needs its group.
            if (seen.insert(mapping.plural).second) offer(mapping.plural);
            else offer(mapping.groupResource());
        }
    }
    sim::Task<void> containers() {
        std::string pod = typed_.args.empty() ? "" : typed_.args.back();
        if (pod.find('/') != std::string::npos) {
            const auto parts = base::split(pod, '/');
            if (!parts[0].starts_with("po")) co_return;
            pod = parts.back();
        }
        auto ns = s_.ns();
        if (pod.empty() || !ns.ok()) co_return;
        auto object = co_await s_.get("/api/v1/namespaces/" + ns.value() + "/pods/" + pod);
        if (!object.ok()) co_return;
        for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
            for (const Value& container : object.value()["spec"][list].items()) offer(container["name"].text());
    }

    // "TYPE NAME..." or "TYPE/NAME".
    sim::Task<void> typesAndNames(std::string verb) {
        const auto slash = word_.find('/');
        if (slash != std::string::npos) {
            const std::string type = word_.substr(0, slash);
            co_await names(type, type + "/");
            co_return;
        }
        if (typed_.args.empty()) {
            const auto comma = word_.rfind(',');
            if (comma == std::string::npos) {
                co_await kinds(verb);
                co_return;
            }
            const std::string before = word_.substr(0, comma + 1);
            word_.erase(0, comma + 1);
            co_await kinds(verb);
            for (auto& item : out_.words) item.first = before + item.first;
            co_return;
        }
        if (typed_.args[0].find('/') == std::string::npos) co_await names(typed_.args[0], "");
    }
    sim::Task<void> specificTypes(std::vector<std::string> types) {
        const auto slash = word_.find('/');
        if (slash != std::string::npos) {
            const std::string type = word_.substr(0, slash);
            co_await names(type, type + "/");
        } else if (typed_.args.empty()) {
            for (const std::string& type : types) offer(type);
        } else {
            co_await names(typed_.args[0], "");
        }
    }
    sim::Task<void> podsOr(std::vector<std::string> types) {
        const auto slash = word_.find('/');
        if (slash != std::string::npos) {
            const std::string type = word_.substr(0, slash);
            co_await names(type, type + "/");
            co_return;
        }
        co_await names("pods", "");
        for (const std::string& type : types) offer(type + "/");
        if (out_.words.size() == 1 && out_.words[0].first.ends_with('/')) out_.directive |= kNoSpace;
    }

    sim::Task<void> arguments() {
        const CommandSpec& command = *typed_.command;
        const std::string path = command.path;
        if (!command.children.empty() && typed_.args.empty()) {
            std::vector<const CommandSpec*> children;
            for (const auto& child : command.children) children.push_back(child.get());
            std::sort(children.begin(), children.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
            for (const CommandSpec* child : children) offer(child->name, child->summary);
            if (path.empty()) offer("help", "Help about any command");
            if (!oneOf(path, {"apply", "create", "cluster-info"}) || !out_.words.empty()) co_return;
        }
        const bool first = typed_.args.empty();
        const std::vector<std::string> types = typesOf(path);
        if (oneOf(path, {"get", "describe"})) co_await typesAndNames("get");
        else if (path == "delete") co_await typesAndNames("delete");
        else if (oneOf(path, {"label", "annotate", "patch", "edit"})) co_await typesAndNames("patch");
        else if (path == "wait" || path == "events") co_await typesAndNames("watch");
        else if (oneOf(path, {"logs", "attach", "exec", "port-forward", "debug"}) && first) co_await podTargets(path);
        else if (path == "cp") { co_await names("pods", ""); out_.directive = kDefault | kNoSpace; }
        else if (path == "top pod" && first) co_await names("pods", "");
        else if (oneOf(path, {"top node", "cordon", "drain", "uncordon"}) && first) co_await names("nodes", "");
        else if (!types.empty()) co_await specificTypes(types);
        else if (path.starts_with("set ")) co_await typesAndNames("patch");
        else if (path == "explain" && first) co_await kinds("");
        else if (oneOf(path, {"certificate approve", "certificate deny"})) co_await names("certificatesigningrequests", "");
        else if (oneOf(path, {"config use-context", "config set-context", "config delete-context", "config rename-context"}) && first)
            configEntries("contexts");
        else if (oneOf(path, {"config set-cluster", "config delete-cluster"}) && first) configEntries("clusters");
        else if (oneOf(path, {"config set-credentials", "config delete-user"}) && first) configEntries("users");
        else if (path == "completion" && first) for (const char* shell : {"bash", "fish", "powershell", "zsh"}) offer(shell);
        else if (path == "kustomize") out_.directive = kDefault;
        else if (oneOf(path, {"apply", "create", "replace"}) || path.starts_with("create ")) out_.directive = kNoFiles;
    }
    // The only kinds that a command takes; empty: it is not one of those.
    static std::vector<std::string> typesOf(const std::string& path) {
        if (path == "taint") return {"node"};
        if (oneOf(path, {"rollout history", "rollout restart", "rollout status", "rollout undo"}))
            return {"daemonset", "deployment", "statefulset"};
        if (oneOf(path, {"rollout pause", "rollout resume"})) return {"deployment"};
        if (oneOf(path, {"scale", "autoscale"})) return {"deployment", "replicaset", "replicationcontroller", "statefulset"};
        if (path == "expose") return {"deployment", "pod", "replicaset", "replicationcontroller", "service"};
        return {};
    }
    sim::Task<void> podTargets(std::string path) {
        std::vector<std::string> types;
        if (path == "logs") types = {"daemonsets", "deployments", "jobs", "replicasets", "services", "statefulsets"};
        else if (path == "port-forward") types = {"deployments", "services"};
        co_await podsOr(types);
    }

    Session& s_;
    Typed typed_;
    std::string word_;
    Answer out_;
};

// -n and the like work while completing, too.
CommandLine lineFor(const std::vector<std::string>& words, const CommandSpec& command) {
    CommandLine line(command);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--") break;
        if (words[i].size() < 2 || words[i][0] != '-') continue;
        const FlagSpec* flag = flagOf(command, words[i]);
        if (flag == nullptr || !oneOf(flag->name, {"namespace", "context", "cluster", "user", "kubeconfig", "server", "token"})) continue;
        const auto equals = words[i].find('=');
        if (equals != std::string::npos) line.flags.set(flag->name, words[i].substr(equals + 1));
        else if (i + 1 < words.size()) line.flags.set(flag->name, words[++i]);
    }
    return line;
}

sim::Task<Answer> answer(ports::Process& process, std::vector<std::string> words) {
    const std::string word = words.empty() ? "" : words.back();
    if (!words.empty()) words.pop_back();
    Typed typed = readWords(words);
    CommandLine line = lineFor(words, *typed.command);
    Session session(process, std::move(line));
    Completer completer(session, std::move(typed), word);
    co_return co_await completer.run();
}

class Provider : public shell::CompletionProvider {
public:
    sim::Task<shell::CompletionAnswer> complete(ports::Process& process, shell::CompletionRequest request) override {
        shell::CompletionAnswer out;
        ports::SpawnOptions options;
        options.argv = {"kubectl", "__completeNoDesc"};
        options.argv.insert(options.argv.end(), request.words.begin() + 1, request.words.end());
        options.env = request.env;
        options.cwd = request.cwd;
        options.input = std::make_shared<sim::Pipe>();
        options.input->closeWrite();
        options.output = std::make_shared<sim::Pipe>(4u << 20);
        options.error = std::make_shared<sim::Pipe>(1u << 20);
        const auto output = options.output;
        const int code = co_await process.runChild(std::move(options));
        if (code != 0) {
            out.files = true;
            co_return out;
        }
        for (const std::string& line : base::splitLines(output->tryRead())) {
            if (!line.starts_with(':')) {
                out.candidates.push_back(line);
                continue;
            }
            const auto directive = base::parseInt(line.substr(1)).value_or(0);
            out.noSpace = (directive & kNoSpace) != 0;
            out.files = (directive & kNoFiles) == 0;
        }
        co_return out;
    }
};

} // namespace

sim::Task<int> runComplete(ports::Process& process, std::vector<std::string> words, bool descriptions) {
    Answer found = co_await answer(process, std::move(words));
    std::string text;
    for (const auto& [word, description] : found.words)
        text += word + (descriptions && !description.empty() ? "\t" + description : "") + "\n";
    text += ":" + std::to_string(found.directive) + "\n";
    co_await process.writeOut(std::move(text));
    co_await process.writeError("Completion ended with directive: " + std::to_string(found.directive) + "\n");
    co_return 0;
}

shell::CompletionProviders completionProviders() {
    shell::CompletionProviders out;
    out["kubectl"] = std::make_shared<Provider>();
    return out;
}

} // namespace kubectl
