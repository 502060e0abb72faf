// The loop of an interactive shell: prompts, history, completion, keyboard signals.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"
#include "shell/line_editor/line_editor.h"
#include "shell/pattern.h"
#include "shell/shell_program.h"

#include <algorithm>
#include <set>

namespace shell {
namespace {

constexpr std::size_t kHistorySize = 1000;

// PS1 and friends. Source: Bash Reference Manual, Controlling the Prompt.
std::string promptEscapes(Shell& shell, const std::string& text) {
    std::string out;
    const std::int64_t now = shell.kernel().unixNow();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        const std::string host = shell.process().hostname();
        switch (c) {
        case 'u': out += userName(shell.process(), shell.process().uid()); break;
        case 'h': out += host.substr(0, host.find('.')); break;
        case 'H': out += host; break;
        case 'w':
        case 'W': {
            const std::string home = shell.variables.get("HOME").value_or("");
            std::string path = shell.cwd;
            if (!home.empty() && home != "/" && (path == home || path.rfind(home + "/", 0) == 0))
                path = "~" + path.substr(home.size());
            if (c == 'W' && path != "/" && path != "~") path = path.substr(path.rfind('/') + 1);
            out += path;
            break;
        }
        case '$': out += shell.process().uid() == 0 ? '#' : '$'; break;
        case 'n': out += '\n'; break;
        case 'r': break;
        case 'e': out += '\x1b'; break;
        case 'a': out += '\a'; break;
        case '[': out += '\x01'; break;
        case ']': out += '\x02'; break;
        case 's': out += "bash"; break;
        case 'v': out += "5.2"; break;
        case 'V': out += "5.2.15"; break;
        case 't': out += strftimeUtc("%H:%M:%S", now); break;
        case 'T': out += strftimeUtc("%I:%M:%S", now); break;
        case '@': out += strftimeUtc("%I:%M %p", now); break;
        case 'A': out += strftimeUtc("%H:%M", now); break;
        case 'd': out += strftimeUtc("%a %b %d", now); break;
        case 'D':
            if (i + 1 < text.size() && text[i + 1] == '{') {
                const std::size_t end = text.find('}', i);
                if (end == std::string::npos) break;
                out += strftimeUtc(text.substr(i + 2, end - i - 2), now);
                i = end;
            }
            break;
        case 'j': out += std::to_string(shell.jobs.size()); break;
        case '!':
            out += std::to_string(shell.historyBase + static_cast<int>(shell.history.size()));
            break;
        case '#': out += std::to_string(shell.history.size() + 1); break;
        case '\\': out += '\\'; break;
        default:
            if (c >= '0' && c <= '7') {
                int value = 0, digits = 0;
                while (digits < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7')
                    value = value * 8 + (text[i++] - '0'), ++digits;
                --i;
                out += static_cast<char>(value);
            } else {
                out += '\\';
                out += c;
            }
        }
    }
    return out;
}

sim::Task<std::string> expandPrompt(std::shared_ptr<Shell> shell, std::string variable,
                                    std::string fallback) {
    const std::string source = shell->variables.get(variable).value_or(fallback);
    std::string text = promptEscapes(*shell, source);
    if (text.find_first_of("$`") != std::string::npos) {
        // "\$" has become a plain sign by now: a dollar before a blank stays.
        const int status = shell->lastStatus;
        const Word word = Parser::parseExpansions(text, 1, false);
        std::string expanded = co_await shell->expandText(word);
        shell->lastStatus = status;
        if (!shell->expansionFailed) text = std::move(expanded);
        shell->expansionFailed = false;
    }
    co_return text;
}

// Splits the command under the cursor into words as far as completion needs it.
struct LineWords {
    Strings words;
    std::size_t start = 0; // of the last word in the line
    char quote = 0;
};
LineWords splitForCompletion(const std::string& text) {
    LineWords out;
    std::string word;
    bool open = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (out.quote != 0) {
            if (c == out.quote)
                out.quote = 0;
            else
                word += c;
            continue;
        }
        if (!open && !std::isspace(static_cast<unsigned char>(c))) {
            open = true;
            start = i;
        }
        if (c == '\\' && i + 1 < text.size()) {
            word += text[++i];
        } else if (c == '\'' || c == '"') {
            out.quote = c;
        } else if (c == ';' || c == '|' || c == '&' || c == '(' || c == '`') {
            out.words.clear();
            word.clear();
            open = false;
        } else if (std::isspace(static_cast<unsigned char>(c))) {
            if (open) out.words.push_back(std::exchange(word, {}));
            open = false;
        } else if (c == '>' || c == '<') {
            word.clear();
            open = false;
            out.words.push_back(">");
        } else {
            word += c;
        }
    }
    out.start = open ? start : text.size();
    out.words.push_back(word);
    return out;
}

std::string quoteForLine(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view(" \t'\"\\|&;()<>!{}*[]?$`").find(c) != std::string_view::npos)
            out += '\\';
        out += c;
    }
    return out;
}

class ShellCompleter : public Completer {
public:
    explicit ShellCompleter(std::shared_ptr<Shell> shell) : shell_(std::move(shell)) {}

    sim::Task<Completions> complete(std::string line, std::size_t cursor) override {
        LineWords parsed = splitForCompletion(line.substr(0, cursor));
        Completions out;
        out.start = parsed.start;
        const std::string word = parsed.words.back();
        // NAME=value before a command and keywords do not hide the command.
        while (parsed.words.size() > 1 &&
               (parsed.words[0].find('=') != std::string::npos || isKeyword(parsed.words[0]) ||
                parsed.words[0] == "sudo" || parsed.words[0] == "watch" ||
                parsed.words[0] == "time"))
            parsed.words.erase(parsed.words.begin());
        if (word.size() > 1 && word[0] == '$') {
            for (const std::string& name : shell_->variables.names())
                if (("$" + name).rfind(word, 0) == 0) out.candidates.push_back("$" + name);
            co_return out;
        }
        const bool files = parsed.words.size() > 1 && parsed.words[parsed.words.size() - 2] == ">";
        if (parsed.words.size() == 1 && word.find('/') == std::string::npos) {
            commands(word, out);
            co_return out;
        }
        if (!files && parsed.words.size() > 1) {
            const bool answered = co_await byProvider(parsed, out);
            if (answered) co_return out;
        }
        paths(word, parsed, out);
        co_return out;
    }

private:
    void commands(const std::string& prefix, Completions& out) {
        std::set<std::string> names;
        auto add = [&](const std::string& name) {
            if (name.rfind(prefix, 0) == 0) names.insert(name);
        };
        for (const std::string& name : allBuiltins()) add(name);
        for (const auto& [name, value] : shell_->aliases) add(name);
        for (const auto& [name, body] : shell_->functions) add(name);
        for (const char* name : {"if", "then", "else", "elif", "fi", "for", "while", "until", "do",
                                 "done", "case", "esac", "function", "select", "time"})
            add(name);
        for (const std::string& folder : base::split(shell_->variables.text("PATH"), ':'))
            if (const auto entries = shell_->files().list(folder); entries.ok())
                for (const auto& entry : *entries)
                    if (entry.name.rfind(prefix, 0) == 0 &&
                        shell_->files().access(folder + "/" + entry.name, 1))
                        names.insert(entry.name);
        out.candidates.assign(names.begin(), names.end());
    }

    sim::Task<bool> byProvider(const LineWords& parsed, Completions& out) {
        std::string command = parsed.words[0];
        Strings words = parsed.words;
        if (const auto alias = shell_->aliases.find(command); alias != shell_->aliases.end()) {
            Strings expanded = base::splitFields(alias->second);
            words.erase(words.begin());
            words.insert(words.begin(), expanded.begin(), expanded.end());
            if (words.empty()) co_return false;
            command = words[0];
        }
        const std::string prefix = parsed.words.back();
        if (const auto listed = shell_->completions.find(command);
            listed != shell_->completions.end()) {
            for (const std::string& word : listed->second)
                if (word.rfind(prefix, 0) == 0) out.candidates.push_back(word);
            co_return true;
        }
        if (!shell_->providers) co_return false;
        const auto provider = shell_->providers->find(command);
        if (provider == shell_->providers->end()) co_return false;
        CompletionRequest request;
        request.words = std::move(words);
        request.current = request.words.size() - 1;
        request.env = shell_->childEnvironment();
        request.cwd = shell_->cwd;
        const auto helper = provider->second;
        CompletionAnswer answer = co_await helper->complete(shell_->process(), std::move(request));
        for (const std::string& candidate : answer.candidates)
            if (candidate.rfind(prefix, 0) == 0) out.candidates.push_back(quoteForLine(candidate));
        out.labels.clear();
        out.noSpace = answer.noSpace || (out.candidates.size() == 1 && !out.candidates[0].empty() &&
                                         out.candidates[0].back() == '=');
        co_return !answer.files;
    }

    void paths(const std::string& word, const LineWords& parsed, Completions& out) {
        std::string prefix = word;
        std::string home;
        if (!prefix.empty() && prefix[0] == '~' && (prefix.size() == 1 || prefix[1] == '/')) {
            home = shell_->variables.get("HOME").value_or("/root");
            prefix = home + prefix.substr(1);
        }
        const std::size_t equals = prefix.rfind('=');
        std::string before;
        if (equals != std::string::npos && prefix[0] == '-') {
            before = prefix.substr(0, equals + 1);
            prefix.erase(0, equals + 1);
        }
        const std::size_t slash = prefix.rfind('/');
        const std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
        const std::string stem = slash == std::string::npos ? prefix : prefix.substr(slash + 1);
        const auto entries =
            shell_->files().list(shell_->logicalPath(folder.empty() ? "." : folder));
        if (!entries.ok()) return;
        const bool foldersOnly =
            parsed.words.size() > 1 &&
            (parsed.words[0] == "cd" || parsed.words[0] == "rmdir" || parsed.words[0] == "pushd");
        for (const auto& entry : *entries) {
            if (entry.name == "." || entry.name == ".." || entry.name.rfind(stem, 0) != 0 ||
                (stem.empty() && entry.name[0] == '.'))
                continue;
            const bool isFolder =
                shell_->files().isDirectory(shell_->logicalPath(folder + entry.name));
            if (foldersOnly && !isFolder) continue;
            std::string full = folder + entry.name;
            if (!home.empty()) full = "~" + full.substr(home.size());
            out.candidates.push_back(
                before + (home.empty() ? quoteForLine(full) : "~" + quoteForLine(full.substr(1))) +
                (isFolder ? "/" : ""));
            out.labels.push_back(entry.name + (isFolder ? "/" : ""));
        }
        out.noSpace = false;
    }

    std::shared_ptr<Shell> shell_;
};

// !!, !n, !-n, !prefix, !$. Nothing: no such event.
std::optional<std::string> expandHistory(const Shell& shell, const std::string& line, bool& changed,
                                         std::string& missing) {
    std::string out;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '\'' && quote != '"') quote = quote == '\'' ? 0 : '\'';
        if (c == '"' && quote != '\'') quote = quote == '"' ? 0 : '"';
        if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            out += c;
            out += line[++i];
            continue;
        }
        const char next = i + 1 < line.size() ? line[i + 1] : '\0';
        const bool special = c == '!' && quote != '\'' && next != '\0' &&
                             std::string_view(" \t\n=(\"").find(next) == std::string_view::npos;
        if (!special) {
            out += c;
            continue;
        }
        const auto& history = shell.history;
        std::string event;
        std::size_t end = i + 1;
        if (next == '!') {
            ++end;
            if (!history.empty()) event = history.back();
        } else if (next == '$') {
            ++end;
            if (!history.empty()) {
                const auto words = base::splitFields(history.back());
                if (!words.empty()) event = words.back();
            }
        } else {
            while (end < line.size() && !std::isspace(static_cast<unsigned char>(line[end])) &&
                   std::string_view(";|&\"'").find(line[end]) == std::string_view::npos)
                ++end;
            const std::string word = line.substr(i + 1, end - i - 1);
            if (const auto number = base::parseInt(word)) {
                const std::int64_t index = *number < 0
                                               ? static_cast<std::int64_t>(history.size()) + *number
                                               : *number - shell.historyBase;
                if (index >= 0 && index < static_cast<std::int64_t>(history.size()))
                    event = history[static_cast<std::size_t>(index)];
            } else {
                for (auto it = history.rbegin(); it != history.rend() && event.empty(); ++it)
                    if (it->rfind(word, 0) == 0) event = *it;
            }
        }
        if (event.empty()) {
            missing = line.substr(i, end - i);
            return std::nullopt;
        }
        out += event;
        changed = true;
        i = end - 1;
    }
    return out;
}

void remember(Shell& shell, const std::string& text) {
    std::string line = text;
    while (!line.empty() && line.back() == '\n') line.pop_back();
    if (base::trim(line).empty()) return;
    const std::string control = shell.variables.text("HISTCONTROL");
    if ((control.find("ignorespace") != std::string::npos ||
         control.find("ignoreboth") != std::string::npos) &&
        line[0] == ' ')
        return;
    if ((control.find("ignoredups") != std::string::npos ||
         control.find("ignoreboth") != std::string::npos) &&
        !shell.history.empty() && shell.history.back() == line)
        return;
    shell.history.push_back(line);
    if (shell.history.size() > kHistorySize) {
        shell.history.erase(shell.history.begin());
        ++shell.historyBase;
    }
}

void saveHistory(Shell& shell) {
    std::string text;
    for (const std::string& line : shell.history) text += line + "\n";
    (void)shell.files().write(
        shell.variables.get("HISTFILE").value_or(shell.variables.text("HOME") + "/.bash_history"),
        text, 0600);
}

// The keyboard's signals go to the foreground job.
struct KeySignals {
    explicit KeySignals(std::shared_ptr<Shell> owner)
        : shell(std::move(owner)), terminal(shell->process().terminal()) {
        previous = std::move(terminal->keySignal);
        std::weak_ptr<Shell> weak = shell;
        terminal->keySignal = [weak](int number) {
            if (const auto alive = weak.lock()) deliver(*alive, number);
        };
    }
    ~KeySignals() { terminal->keySignal = std::move(previous); }

    static void deliver(Shell& shell, int number) {
        if (shell.foreground) {
            const auto job = shell.foreground;
            shell.killJob(*job, number);
            if (number == ports::kSigTstp && !job->codes.empty()) job->stopped = true;
        }
        if (number == ports::kSigInt || number == ports::kSigHup) {
            shell.family->interrupted = true;
            if (const auto pipe = shell.process().input()) pipe->readable().notify();
        }
        shell.family->wakeUp.notify();
    }

    std::shared_ptr<Shell> shell;
    std::shared_ptr<ports::Terminal> terminal;
    base::Function<void(int)> previous;
};

// What happens from here on is an effect of this command.
void noteCommand(Shell& shell, const std::string& text) {
    const std::string_view entered = base::trim(text);
    if (entered.empty()) return;
    sim::Kernel& kernel = shell.process().kernel();
    kernel.trace().setCurrent(kernel.trace().record(kernel.now(), "command", std::string(entered), shell.process().hostname()));
}

sim::Task<void> runEntered(std::shared_ptr<Shell> shell, std::string text) {
    shell->family->interrupted = false;
    shell->foreground = std::make_shared<Job>();
    co_await shell->runText(std::move(text), shell->name, true);
    shell->foreground = nullptr;
    if (shell->flow == Flow::Abort || (shell->flow != Flow::None && shell->flow != Flow::Exit)) {
        if (shell->family->interrupted) co_await shell->err("\n");
        shell->flow = Flow::None;
    }
    if (shell->family->interrupted) shell->lastStatus = 130;
    shell->family->interrupted = false;
    shell->functionDepth = shell->loopDepth = shell->conditionDepth = shell->sourceDepth = 0;
    shell->line = 0;
}

} // namespace

sim::Task<int> runInteractive(std::shared_ptr<Shell> shell) {
    KeySignals keys(shell);
    if (!shell->options.login && shell->name.find('/') != std::string::npos)
        shell->name = shell->name.substr(shell->name.rfind('/') + 1);
    for (const int number : {ports::kSigInt, ports::kSigTerm, ports::kSigTstp})
        shell->process().handleSignal(number);
    const auto saved =
        shell->files().read(shell->variables.get("HISTFILE")
                                .value_or(shell->variables.text("HOME") + "/.bash_history"));
    if (saved.ok()) shell->history = base::splitLines(*saved);
    ShellCompleter completer(shell);
    LineEditor editor(shell->process(), shell->history, &completer);
    std::string pending;
    while (shell->flow != Flow::Exit) {
        if (pending.empty()) {
            co_await shell->notifyJobs();
            if (const auto hook = shell->variables.get("PROMPT_COMMAND"); hook && !hook->empty()) {
                const int status = shell->lastStatus;
                co_await shell->runText(*hook, shell->name, true);
                shell->lastStatus = status;
            }
        }
        std::string variable = "PS2", usual = "> ";
        if (pending.empty()) {
            const Dialect dialect = shell->options.dialect;
            variable = "PS1";
            usual = dialect == Dialect::Bash ? "\\s-\\v\\$ " : dialect == Dialect::Ash ? "\\w \\$ " : "\\$ ";
        }
        const std::string prompt = co_await expandPrompt(shell, std::move(variable), std::move(usual));
        std::string line;
        const LineEditor::End end = co_await editor.read(prompt, line);
        if (end == LineEditor::End::Interrupted) {
            pending.clear();
            shell->lastStatus = 130;
            continue;
        }
        if (end == LineEditor::End::EndOfInput) {
            if (!pending.empty()) {
                co_await shell->err(shell->name + ": syntax error: unexpected end of file\n");
                pending.clear();
                if (!editor.hungUp()) continue;
            }
            bool stopped = false;
            for (const auto& job : shell->jobs) stopped = stopped || job->stopped;
            if (stopped && !editor.hungUp() && !shell->inTrap) {
                co_await shell->err("There are stopped jobs.\n");
                shell->inTrap = true; // asked once
                continue;
            }
            shell->inTrap = false;
            std::string word = "exit\n";
            if (shell->options.login) word = "logout\n";
            co_await shell->err(std::move(word));
            break;
        }
        if (shell->options.histExpand && line.find('!') != std::string::npos) {
            bool changed = false;
            std::string missing;
            auto expanded = expandHistory(*shell, line, changed, missing);
            if (!expanded) {
                co_await shell->err(shell->name + ": " + missing + ": event not found\n");
                continue;
            }
            if (changed) {
                co_await shell->out(*expanded + "\n");
                line = *expanded;
            }
        }
        pending += line + "\n";
        ParserOptions options;
        options.aliases = &shell->aliases;
        Parser probe(pending, options);
        ListPtr list;
        ParseStatus status;
        bool openDocument = false;
        while ((status = probe.next(list)) == ParseStatus::Ok)
            openDocument = openDocument || !probe.warnings().empty();
        const bool continued = pending.size() > 1 && pending[pending.size() - 2] == '\\' &&
                               (pending.size() < 3 || pending[pending.size() - 3] != '\\');
        if (status == ParseStatus::Incomplete || openDocument || continued) continue;
        const std::string text = std::exchange(pending, {});
        remember(*shell, text);
        noteCommand(*shell, text);
        co_await runEntered(shell, text);
    }
    saveHistory(*shell);
    shell->flow = Flow::None;
    co_await shell->finish();
    for (const auto& job : shell->jobs)
        if (!job->done()) shell->killJob(*job, ports::kSigHup);
    co_return shell->lastStatus;
}

} // namespace shell
