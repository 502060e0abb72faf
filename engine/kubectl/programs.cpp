#include "kubectl/programs.h"

#include "base/strings.h"
#include "kubectl/cli/complete.h"
#include "kubectl/cli/kuberc.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/failure.h"

#include <algorithm>

namespace kubectl {
namespace {

struct Verb {
    std::string_view path;
    Handler handler;
};

constexpr Verb kVerbs[] = {
#define KUBECTL_VERB(path, handler) {path, handler},
#include "kubectl/verbs.inc"
#undef KUBECTL_VERB
};

Handler handlerOf(const CommandSpec& command) {
    for (const Verb& verb : kVerbs)
        if (verb.path == command.path) return verb.handler;
    if (command.path.starts_with("create ") && command.children.empty()) return runCreateKind;
    return nullptr;
}

sim::Task<int> finish(Session& session, Outcome outcome) {
    int code = 0;
    if (outcome.ok()) {
        code = outcome.value();
    } else {
        const Verdict verdict = judge(outcome.error());
        session.err(verdict.text);
        recordFailure(session.process, outcome.error(), verdict.text, verdict.code);
        code = session.command().path == "diff" ? verdict.code + 1 : verdict.code;
    }
    co_await session.flush();
    co_return code;
}

// Commands that only hold others: their help, and an error for words that name none.
// Source: k8s.io/kubectl pkg/cmd/util DefaultSubCommandRun.
sim::Task<Outcome> runGroup(Session& session) {
    const std::string& path = session.command().path;
    const bool toOut = path.empty() || path == "certificate" || path == "rollout" ||
                       path == "alpha" || path == "alpha kuberc";
    if (!toOut || path == "rollout") {
        if (!session.args.empty())
            co_return session.usage("unknown command " + base::quoteGo(base::join(session.args, " ")));
    }
    if (toOut) session.out(helpText(session.command()));
    else session.err(helpText(session.command()));
    co_return path.empty() || path == "certificate" || path == "alpha" || path == "alpha kuberc" ? 0 : 1;
}

// "kubectl-foo-bar" on the PATH serves "kubectl foo bar". Source: pkg/cmd/cmd.go HandlePluginCommand.
std::string findPlugin(ports::Process& process, const std::vector<std::string>& args, std::size_t& used) {
    std::vector<std::string> words;
    for (const std::string& arg : args) {
        if (!arg.empty() && arg[0] == '-') break;
        words.push_back(base::replaceAll(arg, "-", "_"));
    }
    const auto path = process.env().find("PATH");
    const auto folders = base::split(path == process.env().end() ? "/usr/local/bin:/usr/bin:/bin" : path->second, ':');
    for (std::size_t count = words.size(); count > 0; --count) {
        const std::string name = "kubectl-" + base::join({words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count)}, "-");
        for (const std::string& folder : folders) {
            const std::string full = folder + "/" + name;
            if (!process.files().exists(full) || !process.files().access(full, 1)) continue;
            used = count;
            return full;
        }
    }
    return {};
}

sim::Task<int> runUnknown(ports::Process& process, std::vector<std::string> args, base::Error error) {
    std::size_t used = 0;
    const std::string plugin = findPlugin(process, args, used);
    if (!plugin.empty()) {
        ports::SpawnOptions options;
        options.argv.push_back(plugin);
        options.argv.insert(options.argv.end(), args.begin() + static_cast<std::ptrdiff_t>(used), args.end());
        options.env = process.env();
        options.cwd = process.cwd();
        co_return co_await process.runChild(std::move(options));
    }
    std::string text = judge(error).text;
    if (error.reason == "UnknownCommand" && !args.empty() && args[0].size() > 1 && args[0][0] == '-')
        text = "Error: flags cannot be placed before plugin name: " + args[0] + "\n";
    recordFailure(process, error, text, 1);
    co_await process.writeError(std::move(text));
    co_return 1;
}

// The hidden profiling flags. Source: pkg/cmd/profiling.go.
base::Status checkProfile(const Session& session) {
    if (!session.flags.globalChanged("profile")) return base::okStatus();
    const std::string profile = session.flags.text("profile");
    for (const char* known : {"none", "cpu", "block", "mutex", "goroutine", "threadcreate", "heap", "allocs"})
        if (profile == known) return base::okStatus();
    return base::makeError("unknown profile '" + profile + "'");
}

class Kubectl : public ports::Program {
public:
    sim::Task<int> run(ports::Process& process) override {
        std::vector<std::string> args(process.argv().begin() + (process.argv().empty() ? 0 : 1), process.argv().end());
        if (!args.empty() && (args[0] == "__complete" || args[0] == "__completeNoDesc")) {
            const bool descriptions = args[0] == "__complete";
            args.erase(args.begin());
            co_return co_await runComplete(process, std::move(args), descriptions);
        }
        std::string notice;
        auto preferred = applyKuberc(process, args, notice);
        if (!preferred.ok()) notice += "error occurred while applying preferences " + preferred.error().message + "\n";
        if (!notice.empty()) co_await process.writeError(notice);
        if (!preferred.ok()) co_return 1;
        args = preferred.value();
        bool help = false;
        if (!args.empty() && args[0] == "help") {
            help = true;
            args.erase(args.begin());
        }
        auto parsed = parseCommandLine(args);
        if (help && !parsed.ok() && parsed.error().reason == "UnknownCommand") {
            const UnknownTopic unknown = unknownTopic(args);
            co_await process.writeError(unknown.error);
            co_await process.writeOut(unknown.text);
            co_return 0;
        }
        if (!parsed.ok() && parsed.error().reason == "UnknownCommand")
            co_return co_await runUnknown(process, args, parsed.error());
        if (!parsed.ok()) {
            std::string text = judge(parsed.error()).text;
            const bool diff = !args.empty() && args[0] == "diff";
            recordFailure(process, parsed.error(), text, 1);
            co_await process.writeError(std::move(text));
            co_return diff ? 2 : 1;
        }
        Session session(process, std::move(parsed).value());
        session.err(session.line.notice);
        if (session.line.help || help) {
            session.out(helpText(session.command()));
            co_await session.flush();
            co_return 0;
        }
        if (base::Status known = checkProfile(session); !known.ok()) {
            Outcome unknown = known.error();
            co_return co_await finish(session, std::move(unknown));
        }
        Handler handler = handlerOf(session.command());
        if (handler == nullptr && session.command().children.empty()) {
            Outcome missing = base::makeError("this lab does not model '" + session.command().fullPath() + "'");
            co_return co_await finish(session, std::move(missing));
        }
        if (base::Status input = co_await session.readNamedInput(); !input.ok()) {
            Outcome unread = input.error();
            co_return co_await finish(session, std::move(unread));
        }
        Outcome outcome = co_await (handler != nullptr ? handler : runGroup)(session);
        co_return co_await finish(session, std::move(outcome));
    }
};

} // namespace

std::vector<NamedProgram> programs() {
    std::vector<NamedProgram> out;
    out.push_back({"kubectl", std::make_shared<Kubectl>()});
    return out;
}

} // namespace kubectl
