#include "kubectl/cli/flags.h"

#include "base/strings.h"
#include "sim/time.h"

#include <algorithm>

namespace kubectl {

base::Result<std::int64_t> parseIntFlag(std::string_view text, int bits) {
    const std::string quoted = base::quoteGo(text);
    // Base 0: 0x, 0o, 0b prefixes and underscores; strconv.ParseInt.
    std::string_view digits = text;
    bool negative = false;
    if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
        negative = digits[0] == '-';
        digits.remove_prefix(1);
    }
    int radix = 10;
    if (digits.size() > 1 && digits[0] == '0') {
        const char mark = digits[1];
        if (mark == 'x' || mark == 'X') radix = 16;
        else if (mark == 'b' || mark == 'B') radix = 2;
        else if (mark == 'o' || mark == 'O') radix = 8;
        digits.remove_prefix(radix == 10 ? 1 : 2);
        if (radix == 10) radix = 8;
    }
    const base::Error syntax = base::makeError("strconv.ParseInt: parsing " + quoted + ": invalid syntax");
    if (digits.empty()) return syntax;
    __int128 number = 0;
    for (char c : digits) {
        int digit = 99;
        if (c >= '0' && c <= '9') digit = c - '0';
        else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
        if (digit >= radix) return syntax;
        if (number < (static_cast<__int128>(1) << 70)) number = number * radix + digit;
    }
    if (negative) number = -number;
    const __int128 limit = static_cast<__int128>(1) << (bits - 1);
    if (number >= limit || number < -limit)
        return base::makeError("strconv.ParseInt: parsing " + quoted + ": value out of range");
    return static_cast<std::int64_t>(number);
}

base::Result<bool> parseBoolFlag(std::string_view text) {
    for (std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
        if (text == yes) return true;
    for (std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
        if (text == no) return false;
    return base::makeError("strconv.ParseBool: parsing " + base::quoteGo(text) + ": invalid syntax");
}

base::Result<std::int64_t> parseDurationFlag(std::string_view text) {
    if (auto parsed = sim::parseGoDuration(text)) return *parsed;
    const std::string quoted = base::quoteGo(text);
    std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    const std::size_t start = at;
    while (at < text.size() && ((text[at] >= '0' && text[at] <= '9') || text[at] == '.')) ++at;
    if (at == start || text.empty()) return base::makeError("time: invalid duration " + quoted);
    const std::size_t unit = at;
    while (at < text.size() && text[at] != '.' && !(text[at] >= '0' && text[at] <= '9')) ++at;
    if (at == unit) return base::makeError("time: missing unit in duration " + quoted);
    const std::string name(text.substr(unit, at - unit));
    for (std::string_view known : {"ns", "us", "ms", "s", "m", "h"})
        if (name == known) return parseDurationFlag(text.substr(at)).ok()
                                      ? base::makeError("time: invalid duration " + quoted)
                                      : base::makeError("time: invalid duration " + quoted);
    return base::makeError("time: unknown unit " + base::quoteGo(name) + " in duration " + quoted);
}

std::vector<std::string> splitCsv(std::string_view text) {
    std::vector<std::string> out;
    if (text.empty()) return out;
    std::string cell;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') { cell += '"'; ++i; }
            else if (c == '"') quoted = false;
            else cell += c;
        } else if (c == '"' && cell.empty()) quoted = true;
        else if (c == ',') { out.push_back(cell); cell.clear(); }
        else cell += c;
    }
    out.push_back(cell);
    return out;
}

std::string Flags::text(std::string_view name) const {
    const auto found = values_.find(name);
    if (found != values_.end()) return found->second.back();
    const FlagSpec* flag = command_->findFlag(name);
    return flag == nullptr ? std::string{} : flag->defaultText;
}
bool Flags::globalChanged(std::string_view name) const {
    for (const FlagSpec& own : command_->flags)
        if (own.name == name && command_->parent != nullptr) return false;
    return changed(name);
}
bool Flags::on(std::string_view name) const { return parseBoolFlag(text(name)).valueOr(false); }
std::int64_t Flags::number(std::string_view name) const {
    return parseIntFlag(text(name), 64).valueOr(0);
}
std::int64_t Flags::duration(std::string_view name) const {
    return sim::parseGoDuration(text(name)).value_or(0);
}
std::vector<std::string> Flags::list(std::string_view name) const {
    const auto found = values_.find(name);
    std::vector<std::string> out;
    const FlagSpec* flag = command_->findFlag(name);
    if (found == values_.end()) {
        if (flag == nullptr || flag->defaultText.size() < 3) return out;
        return splitCsv(flag->defaultText.substr(1, flag->defaultText.size() - 2));
    }
    if (flag != nullptr && flag->type == "stringArray") return found->second;
    for (const std::string& value : found->second)
        for (std::string& item : splitCsv(value)) out.push_back(std::move(item));
    return out;
}
void Flags::set(std::string_view name, std::string value) {
    values_[std::string(name)] = {std::move(value)};
}

base::Status Flags::give(const FlagSpec& flag, const std::string& value) {
    base::Error problem;
    const auto check = [&](auto result) {
        if (!result.ok()) problem = result.error();
    };
    if (flag.type == "bool" || flag.type == "tristate") check(parseBoolFlag(value));
    else if (flag.type == "int" || flag.type == "int64") check(parseIntFlag(value, 64));
    else if (flag.type == "int32" || flag.type == "level") check(parseIntFlag(value, 32));
    else if (flag.type == "duration") check(parseDurationFlag(value));
    else if (flag.type == "stringToString") {
        for (const std::string& pair : splitCsv(value))
            if (pair.find('=') == std::string::npos)
                problem = base::makeError(pair + " must be formatted as key=value");
    } else if (flag.type == "mapStringString") {
        for (const std::string& pair : base::split(value, ','))
            if (!value.empty() && pair.find('=') == std::string::npos) problem = base::makeError("malformed pair, expect string=string");
    }
    if (!problem.message.empty()) {
        const std::string shown =
            flag.shorthand.empty() ? "--" + flag.name : "-" + flag.shorthand + ", --" + flag.name;
        return base::makeError("invalid argument " + base::quoteGo(value) + " for " +
                               base::quoteGo(shown) + " flag: " + problem.message);
    }
    values_[flag.name].push_back(value);
    return base::okStatus();
}

namespace {

bool takesNext(const CommandSpec& command, const std::string& arg) {
    if (arg.size() > 2 && arg.compare(0, 2, "--") == 0) {
        if (arg.find('=') != std::string::npos) return false;
        const FlagSpec* flag = command.findFlag(std::string_view(arg).substr(2));
        return flag == nullptr ? arg != "--help" : flag->noValue.empty();
    }
    if (arg.size() == 2 && arg[0] == '-' && arg[1] != '-') {
        const FlagSpec* flag = command.findShort(arg[1]);
        return flag == nullptr ? arg[1] != 'h' : flag->noValue.empty();
    }
    return false;
}

} // namespace

// Source: cobra Command.Find, stripFlags and argsMinusFirstX.
const CommandSpec* findByWords(std::vector<std::string>& args) {
    const CommandSpec* at = &rootCommand();
    while (true) {
        std::size_t word = args.size();
        for (std::size_t i = 0; i < args.size(); ++i) {
            const std::string& arg = args[i];
            if (arg == "--") break;
            if (arg.size() > 1 && arg[0] == '-') {
                if (takesNext(*at, arg)) ++i;
                continue;
            }
            if (arg.empty()) continue;
            word = i;
            break;
        }
        if (word == args.size()) return at;
        const CommandSpec* next = at->child(args[word]);
        if (next == nullptr) return at;
        args.erase(args.begin() + static_cast<std::ptrdiff_t>(word));
        at = next;
    }
}

std::string suggestions(std::string_view typed) {
    std::vector<std::string> found;
    const std::string lower = base::toLower(typed);
    for (const CommandGroup& group : commandGroups())
        for (const std::string& name : group.names) {
            const CommandSpec* command = rootCommand().child(name);
            if (command == nullptr || name == "options") continue;
            const bool close = base::editDistance(lower, name) <= 2;
            const bool prefix = name.compare(0, lower.size(), lower) == 0;
            const bool explicitly = std::find(command->suggestFor.begin(), command->suggestFor.end(),
                                              lower) != command->suggestFor.end();
            if (close || prefix || explicitly) found.push_back(name);
        }
    if (found.empty()) return {};
    std::string out = "\n\nDid you mean this?\n";
    for (const std::string& name : found) out += "\t" + name + "\n";
    return out;
}

namespace {

class Parser {
public:
    Parser(CommandLine& line, const std::vector<std::string>& args) : line_(line), args_(args) {}

    base::Status run() {
        while (at_ < args_.size()) {
            const std::string& arg = args_[at_++];
            if (arg == "--") {
                line_.argsAtDash = static_cast<int>(line_.args.size());
                line_.args.insert(line_.args.end(), args_.begin() + static_cast<std::ptrdiff_t>(at_),
                                  args_.end());
                break;
            }
            if (arg.size() < 2 || arg[0] != '-') {
                line_.args.push_back(arg);
                continue;
            }
            base::Status parsed = arg[1] == '-' ? parseLong(arg) : parseShort(arg);
            if (!parsed.ok()) return parsed;
        }
        return base::okStatus();
    }

private:
    base::Status give(const FlagSpec& flag, const std::string& value) {
        base::Status set = line_.flags.give(flag, value);
        if (set.ok() && !flag.deprecated.empty())
            line_.notice += "Flag --" + flag.name + " has been deprecated, " + flag.deprecated + "\n";
        return set;
    }
    base::Status parseLong(const std::string& arg) {
        const std::string_view body = std::string_view(arg).substr(2);
        if (body.empty() || body[0] == '-' || body[0] == '=')
            return base::makeError("bad flag syntax: " + arg);
        const auto equals = body.find('=');
        const std::string name(body.substr(0, equals));
        const FlagSpec* flag = line_.command->findFlag(name);
        if (flag == nullptr) {
            if (name == "help") {
                line_.help = true;
                return base::okStatus();
            }
            return base::makeError("unknown flag: --" + name);
        }
        if (equals != std::string_view::npos) return give(*flag, std::string(body.substr(equals + 1)));
        if (!flag->noValue.empty()) return give(*flag, flag->noValue);
        if (at_ >= args_.size()) return base::makeError("flag needs an argument: " + arg);
        return give(*flag, args_[at_++]);
    }
    base::Status parseShort(const std::string& arg) {
        std::string_view rest = std::string_view(arg).substr(1);
        while (!rest.empty()) {
            const char letter = rest[0];
            const FlagSpec* flag = line_.command->findShort(letter);
            if (flag == nullptr) {
                if (letter == 'h') {
                    line_.help = true;
                    return base::okStatus();
                }
                return base::makeError(std::string("unknown shorthand flag: '") + letter + "' in " +
                                       "-" + std::string(rest));
            }
            if (rest.size() > 2 && rest[1] == '=') return give(*flag, std::string(rest.substr(2)));
            if (!flag->noValue.empty()) {
                BASE_CHECK(give(*flag, flag->noValue));
                rest.remove_prefix(1);
                continue;
            }
            if (rest.size() > 1) return give(*flag, std::string(rest.substr(1)));
            if (at_ >= args_.size())
                return base::makeError(std::string("flag needs an argument: '") + letter + "' in -" +
                                       std::string(rest));
            return give(*flag, args_[at_++]);
        }
        return base::okStatus();
    }

    CommandLine& line_;
    const std::vector<std::string>& args_;
    std::size_t at_ = 0;
};

} // namespace

std::vector<std::string> CommandLine::argsBeforeDash() const {
    if (argsAtDash < 0) return args;
    return {args.begin(), args.begin() + argsAtDash};
}
std::vector<std::string> CommandLine::argsAfterDash() const {
    if (argsAtDash < 0) return {};
    return {args.begin() + argsAtDash, args.end()};
}

base::Result<CommandLine> parseCommandLine(const std::vector<std::string>& given) {
    std::vector<std::string> args = given;
    const CommandSpec* command = findByWords(args);
    CommandLine line(*command);
    // The root refuses unknown words before it parses its flags.
    if (command->parent == nullptr)
        for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
            if (args[i].size() > 1 && args[i][0] == '-') {
                if (takesNext(*command, args[i])) ++i;
                continue;
            }
            if (args[i].empty()) continue;
            base::Error unknown = base::makeError("unknown command " + base::quoteGo(args[i]) +
                                                  " for \"kubectl\"" + suggestions(args[i]));
            unknown.reason = "UnknownCommand";
            return unknown;
        }
    if (base::Status parsed = Parser(line, args).run(); !parsed.ok()) {
        const std::string named = "'" + command->fullPath();
        if (command->path == "options") return base::makeError(parsed.error().message + "\nRun " + named + "' without flags.");
        const char* rest = command->path == "diff" ? " -h' for help and examples" : " --help' for usage.";
        return base::makeError(parsed.error().message + "\nSee " + named + rest);
    }
    if (line.help) return line;
    std::vector<std::string> missing;
    for (const std::string& name : command->required)
        if (!line.flags.changed(name)) missing.push_back("\"" + name + "\"");
    std::sort(missing.begin(), missing.end());
    if (!missing.empty()) {
        const std::string names = base::join(missing, ", ");
        return base::makeError("required flag(s) " + names + " not set");
    }
    return line;
}

} // namespace kubectl
