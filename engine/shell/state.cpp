// Parameters, assignments and arithmetic of a shell.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/shell.h"

#include <cctype>

namespace shell {

std::optional<std::string> Shell::specialVariable(const std::string& key) {
    switch (key[0]) {
    case 'R':
        if (key == "RANDOM") return std::to_string(kernel().random("shell/random").below(32768));
        break;
    case 'S':
        if (key == "SECONDS")
            return std::to_string((kernel().now() - startedAt) / sim::kSecond + secondsOffset);
        if (key == "SRANDOM")
            return std::to_string(kernel().random("shell/random").below(4294967296ull));
        if (key == "SHELLOPTS") return std::string("braceexpand:hashall:interactive-comments");
        break;
    case 'L':
        if (key == "LINENO") return std::to_string(line);
        if (key == "LINES" && process_->terminal())
            return std::to_string(process_->terminal()->size.rows);
        break;
    case 'C':
        if (key == "COLUMNS" && process_->terminal() && options.interactive)
            return std::to_string(process_->terminal()->size.columns);
        break;
    case 'E':
        if (key == "EPOCHSECONDS") return std::to_string(kernel().unixNow() / sim::kSecond);
        if (key == "EPOCHREALTIME") {
            std::string micro = std::to_string(kernel().unixNow() % sim::kSecond / 1000);
            micro.insert(0, 6 - micro.size(), '0');
            return std::to_string(kernel().unixNow() / sim::kSecond) + "." + micro;
        }
        break;
    case 'B':
        if (key == "BASHPID") return std::to_string(process_->pid());
        if (key == "BASH_SUBSHELL") return std::to_string(subshellLevel);
        if (key == "BASH_COMMAND") return currentCommand;
        if (key == "BASHOPTS") {
            std::string out;
            for (const std::string& option : options.shopt)
                out += (out.empty() ? "" : ":") + option;
            return out;
        }
        if (key == "BASH_SOURCE")
            return calls.empty() ? std::nullopt : std::optional(calls.back().source);
        if (key == "BASH_LINENO")
            return calls.empty() ? std::string("0") : std::to_string(calls.back().line);
        break;
    case 'F':
        if (key == "FUNCNAME")
            return calls.empty() ? std::nullopt : std::optional(calls.back().name);
        break;
    case 'G':
        if (key == "GROUPS") return std::to_string(process_->gid());
        break;
    case 'H':
        if (key == "HISTCMD") return std::to_string(historyBase + static_cast<int>(history.size()));
        break;
    case 'P':
        if (key == "PIPESTATUS") return std::to_string(pipeStatus.empty() ? 0 : pipeStatus[0]);
        break;
    case 'D':
        if (key == "DIRSTACK") return cwd;
        break;
    case '_':
        if (key == "_") return lastArgument;
        break;
    default: break;
    }
    return std::nullopt;
}

// Arrays that the shell keeps itself.
void Shell::refreshArray(const std::string& key) {
    const bool frames = key == "FUNCNAME" || key == "BASH_SOURCE" || key == "BASH_LINENO";
    if (!frames && key != "PIPESTATUS" && key != "DIRSTACK") return;
    if (frames && calls.empty()) {
        variables.unset(key);
        return;
    }
    Variable& variable = variables.make(key);
    variable.isIndexed = variable.isSet = true;
    variable.indexed.clear();
    std::int64_t index = 0;
    if (key == "PIPESTATUS")
        for (const int status : pipeStatus) variable.indexed[index++] = std::to_string(status);
    if (key == "DIRSTACK") {
        variable.indexed[index++] = cwd;
        for (auto it = directoryStack.rbegin(); it != directoryStack.rend(); ++it)
            variable.indexed[index++] = *it;
    }
    if (!frames) return;
    for (auto it = calls.rbegin(); it != calls.rend(); ++it)
        variable.indexed[index++] = key == "FUNCNAME"      ? it->name
                                    : key == "BASH_SOURCE" ? it->source
                                                           : std::to_string(it->line);
    variable.indexed[index] = key == "FUNCNAME" ? "main" : key == "BASH_SOURCE" ? name : "0";
}

std::optional<std::string> Shell::parameter(const std::string& key) {
    if (key.size() == 1 && !std::isalpha(static_cast<unsigned char>(key[0])) && key[0] != '_') {
        switch (key[0]) {
        case '?': return std::to_string(lastStatus);
        case '$': return std::to_string(process_->pid());
        case '#': return std::to_string(positional.size());
        case '!':
            return lastBackground == 0 ? std::nullopt
                                       : std::optional(std::to_string(lastBackground));
        case '0': return name;
        case '-': {
            std::string flags;
            if (options.allExport) flags += 'a';
            if (options.errExit) flags += 'e';
            if (options.noGlob) flags += 'f';
            flags += 'h';
            if (options.interactive) flags += 'i';
            if (options.monitor) flags += 'm';
            if (options.noUnset) flags += 'u';
            if (options.verbose) flags += 'v';
            if (options.trace) flags += 'x';
            flags += 'B';
            if (options.noClobber) flags += 'C';
            if (options.interactive) flags += 'H';
            if (options.commandString) flags += 'c';
            return flags;
        }
        default: break;
        }
    }
    if (!key.empty() && std::isdigit(static_cast<unsigned char>(key[0]))) {
        const auto index = base::parseInt(key).value_or(0);
        if (index == 0) return name;
        if (index > static_cast<std::int64_t>(positional.size())) return std::nullopt;
        return positional[static_cast<std::size_t>(index - 1)];
    }
    refreshArray(key);
    if (const Variable* found = variables.find(key)) {
        if (found->isSet || found->isArray()) return found->scalar();
        return std::nullopt;
    }
    return specialVariable(key);
}

bool Shell::assignScalarTo(Variable& variable, std::string value, bool append) {
    if (variable.integer) {
        bool ok = true;
        std::string message;
        const std::int64_t number = arithmetic(value, ok, message);
        if (!ok) {
            error = message;
            return false;
        }
        const std::int64_t before = append ? base::parseInt(variable.value).value_or(0) : 0;
        value = std::to_string(before + number);
    } else if (append) {
        value = variable.scalar().value_or("") + value;
    }
    if (variable.lower) value = base::toLower(value);
    if (variable.upper) value = base::toUpper(value);
    if (variable.isIndexed) {
        variable.indexed[0] = std::move(value);
    } else if (variable.isKeyed) {
        variable.keyed["0"] = std::move(value);
    } else {
        variable.value = std::move(value);
    }
    variable.isSet = true;
    return true;
}

bool Shell::assign(const std::string& key, std::string value, bool append) {
    const std::string target = variables.resolveName(key);
    if (const std::size_t open = target.find('[');
        open != std::string::npos && target.back() == ']')
        return assignElement(target.substr(0, open),
                             target.substr(open + 1, target.size() - open - 2), std::move(value),
                             append);
    Variable& variable = variables.make(key);
    if (variable.readOnly) {
        error = target + ": readonly variable";
        return false;
    }
    if (target == "SECONDS")
        secondsOffset =
            base::parseInt(value).value_or(0) - (kernel().now() - startedAt) / sim::kSecond;
    if (target == "PATH") hashed.clear();
    if (target == "OPTIND") optPosition = 0;
    if (options.allExport) variable.exported = true;
    const bool special = target == "SECONDS" || target == "RANDOM";
    const bool done = assignScalarTo(variable, std::move(value), append);
    if (special) variables.unset(target);
    return done;
}

bool Shell::assignElement(const std::string& key, const std::string& subscript, std::string value,
                          bool append) {
    Variable& variable = variables.make(key);
    if (variable.readOnly) {
        error = key + ": readonly variable";
        return false;
    }
    auto adjust = [&](const std::string& before) {
        if (variable.integer) {
            bool ok = true;
            std::string message;
            const std::int64_t number = arithmetic(value, ok, message);
            value = std::to_string((append ? base::parseInt(before).value_or(0) : 0) + number);
        } else if (append) {
            value = before + value;
        }
    };
    if (variable.isKeyed) {
        adjust(variable.keyed[subscript]);
        variable.keyed[subscript] = std::move(value);
        variable.isSet = true;
        return true;
    }
    bool ok = true;
    std::string message;
    std::int64_t index = arithmetic(subscript, ok, message);
    if (!ok) {
        error = message;
        return false;
    }
    if (!variable.isIndexed) {
        variable.isIndexed = true;
        if (variable.isSet) variable.indexed[0] = std::move(variable.value);
        variable.value.clear();
    }
    if (index < 0 && !variable.indexed.empty()) index += variable.indexed.rbegin()->first + 1;
    if (index < 0) {
        error = key + "[" + subscript + "]: bad array subscript";
        return false;
    }
    adjust(variable.indexed.count(index) > 0 ? variable.indexed[index] : std::string());
    variable.indexed[index] = std::move(value);
    variable.isSet = true;
    return true;
}

sim::Task<bool> Shell::runAssignment(const Assignment& assignment, bool local, Variable* into) {
    (void)into;
    const std::string& key = assignment.name;
    if (assignment.isArray) {
        if (local && !variables.isLocal(key)) variables.makeLocal(key);
        {
            Variable& variable = variables.make(key);
            if (variable.readOnly) {
                error = key + ": readonly variable";
                co_return false;
            }
        }
        // The values are expanded before the array changes: a=("${a[@]}" more).
        std::vector<std::pair<std::optional<std::string>, std::string>> values;
        std::vector<bool> appends;
        for (const ArrayElement& element : assignment.elements) {
            if (element.subscript) {
                const std::string subscript = co_await expandText(*element.subscript);
                const std::string value = co_await expandText(element.value);
                values.emplace_back(subscript, value);
                appends.push_back(element.append);
            } else {
                std::vector<Word> one{element.value};
                Strings fields = co_await expandWords(one);
                for (std::string& field : fields) {
                    values.emplace_back(std::nullopt, std::move(field));
                    appends.push_back(false);
                }
            }
            if (expansionFailed) co_return true;
        }
        Variable& variable = variables.make(key);
        if (!assignment.append) {
            variable.indexed.clear();
            variable.keyed.clear();
            variable.value.clear();
        }
        if (!variable.isKeyed && !variable.isIndexed) {
            variable.isIndexed = true;
            if (assignment.append && variable.isSet) variable.indexed[0] = variable.value;
        }
        variable.isSet = true;
        std::int64_t next = variable.indexed.empty() ? 0 : variable.indexed.rbegin()->first + 1;
        std::string pendingKey;
        bool haveKey = false;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (variable.isKeyed && !values[i].first) { // m=(k v k v)
                if (haveKey) variable.keyed[pendingKey] = values[i].second;
                pendingKey = values[i].second;
                haveKey = !haveKey;
                continue;
            }
            const std::string subscript = values[i].first ? *values[i].first : std::to_string(next);
            if (!assignElement(key, subscript, values[i].second, appends[i])) co_return false;
            if (!variable.isKeyed) {
                bool ok = true;
                std::string message;
                next = arithmetic(subscript, ok, message) + 1;
            }
        }
        if (haveKey) variable.keyed[pendingKey] = "";
        co_return true;
    }
    std::string value = co_await expandText(assignment.value);
    if (expansionFailed) co_return true;
    if (assignment.subscript) {
        const std::string subscript = co_await expandText(*assignment.subscript);
        if (expansionFailed) co_return true;
        co_return assignElement(key, subscript, std::move(value), assignment.append);
    }
    if (local && !variables.isLocal(key)) variables.makeLocal(key);
    co_return assign(key, std::move(value), assignment.append);
}

namespace {
class ShellArithmetic : public ArithmeticVariables {
public:
    explicit ShellArithmetic(Shell& shell) : shell_(shell) {}
    std::optional<std::string> read(const std::string& name,
                                    const std::string* subscript) override {
        if (subscript == nullptr) return shell_.parameter(name);
        shell_.parameter(name);
        const Variable* variable = shell_.variables.find(name);
        if (variable == nullptr) return std::nullopt;
        if (variable->isKeyed) {
            std::string key = *subscript;
            if (key.size() > 1 && (key.front() == '"' || key.front() == '\'') &&
                key.back() == key.front())
                key = key.substr(1, key.size() - 2);
            const auto found = variable->keyed.find(key);
            return found == variable->keyed.end() ? std::nullopt : std::optional(found->second);
        }
        auto index = evaluateArithmetic(*subscript, *this, 1);
        if (!variable->isIndexed) return index.value == 0 ? variable->scalar() : std::nullopt;
        if (index.value < 0 && !variable->indexed.empty())
            index.value += variable->indexed.rbegin()->first + 1;
        const auto found = variable->indexed.find(index.value);
        return found == variable->indexed.end() ? std::nullopt : std::optional(found->second);
    }
    bool write(const std::string& name, const std::string* subscript, std::int64_t value) override {
        if (subscript != nullptr)
            return shell_.assignElement(name, *subscript, std::to_string(value), false);
        return shell_.assign(name, std::to_string(value));
    }
    bool unsetIsError() const override { return shell_.options.noUnset; }

private:
    Shell& shell_;
};
} // namespace

std::int64_t Shell::arithmetic(std::string_view text, bool& ok, std::string& message) {
    ShellArithmetic access(*this);
    ArithmeticResult result = evaluateArithmetic(text, access);
    ok = result.ok;
    message = std::move(result.error);
    return result.value;
}

std::map<std::string, std::string> Shell::childEnvironment() const {
    auto environment = variables.environment();
    environment["PWD"] = cwd;
    for (const auto& [key, value] : environment)
        if (key == "BASH_FUNC") break;
    return environment;
}

// Input.
std::shared_ptr<sim::Pipe> Shell::inputPipe(int descriptor) {
    const auto found = fds.find(descriptor);
    if (found == fds.end() || found->second->kind() == OpenFile::Null) return nullptr;
    return found->second->pipeFor(*process_);
}

sim::Task<std::string> Shell::readSome(int descriptor, std::size_t limit, sim::Time deadline,
                                       bool& timedOut) {
    timedOut = false;
    const auto pipe = inputPipe(descriptor);
    if (!pipe) co_return std::string();
    while (pipe->buffered() == 0) {
        if (pipe->writeClosed() || pipe->readClosed() || family->interrupted)
            co_return std::string();
        if (pipe->endPending()) {
            pipe->takeEnd();
            co_return std::string();
        }
        if (!pendingSignals_.empty() && !inTrap) co_await runPendingTraps();
        const bool woken = co_await pipe->readable().waitUntil(deadline);
        if (!woken && pipe->buffered() == 0 && kernel().now() >= deadline) {
            timedOut = true;
            co_return std::string();
        }
    }
    co_return pipe->tryRead(limit);
}

} // namespace shell
