// sed: runs the script over the input. Source: POSIX sed, GNU sed manual.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "shell/coreutils/sed_script.h"

#include <algorithm>
#include <memory>

namespace shell {
namespace {

using sed::Address;
using sed::Command;

constexpr int kMostSteps = 1'000'000; // commands per line: a script that loops on itself ends

class Sed {
public:
    Sed(ports::Process& process, std::vector<Command> commands, bool quiet, bool separate)
        : process_(process), commands_(std::move(commands)), quiet_(quiet), separate_(separate) {}

    bool inPlace = false;
    std::string suffix;
    int status = 0;

    sim::Task<int> run(Strings paths) {
        for (std::size_t i = 0; i < paths.size() && !quit_; ++i) {
            LineReader reader(process_, paths[i]);
            const std::string problem = reader.open();
            if (!problem.empty()) {
                co_await complain(process_, readProblem(paths[i], problem));
                status = problem == "Is a directory" ? (inPlace ? 4 : 2) : 2;
                continue;
            }
            if (inPlace || separate_) {
                number_ = 0;
                for (Command& command : commands_) command.active = false;
            }
            result_.clear();
            const bool lastFile = inPlace || separate_ || i + 1 == paths.size();
            co_await runFile(reader, lastFile, paths, i);
            if (inPlace) {
                const std::string path = process_.resolve(paths[i]);
                const auto stat = process_.files().stat(path);
                if (!suffix.empty())
                    (void)process_.files().write(suffix.find('*') == std::string::npos
                                                     ? path + suffix
                                                     : base::replaceAll(suffix, "*", path),
                                                 *process_.files().read(path));
                const auto written = process_.files().write(path, result_);
                if (!written.ok()) {
                    co_await complain(process_, "couldn't open file " + paths[i] + ": " +
                                                    written.error().message);
                    co_return 4;
                }
                if (stat.ok()) (void)process_.files().chmod(path, stat->mode);
            }
        }
        const bool written = co_await flush();
        co_return written ? status : 141;
    }

private:
    std::string readProblem(const std::string& path, const std::string& problem) const {
        if (problem == "Is a directory")
            return inPlace ? "couldn't edit " + path + ": not a regular file"
                           : "read error on " + path + ": Is a directory";
        return "can't read " + path + ": " + problem;
    }
    sim::Task<bool> flush() {
        if (inPlace || result_.empty()) co_return true;
        std::string text;
        text.swap(result_);
        const auto pipe = process_.output();
        if (!pipe) co_return true;
        const bool written = co_await pipe->write(std::move(text));
        co_return written;
    }

    sim::Task<bool> readLine(LineReader& reader, bool lastFile, const Strings& paths,
                             std::size_t index) {
        if (!haveNext_) {
            haveNext_ = co_await fetch(reader);
            if (!haveNext_) co_return false;
        }
        if (reader.isInput() && result_.size() > 0 && process_.input()->buffered() == 0)
            co_await flush();
        pattern_ = std::move(nextLine_);
        ended_ = nextEnded_;
        haveNext_ = co_await fetch(reader);
        isLast_ = !haveNext_ && lastFile;
        if (!haveNext_ && !lastFile) {
            // The last line of the input is that of the last file that can be read and is not
            // empty.
            isLast_ = true;
            for (std::size_t i = index + 1; i < paths.size(); ++i) {
                const auto stat = process_.files().stat(process_.resolve(paths[i]));
                if (paths[i] == "-" || (stat.ok() && stat->size > 0)) isLast_ = false;
            }
        }
        ++number_;
        co_return true;
    }
    sim::Task<bool> fetch(LineReader& reader) {
        const bool more = co_await reader.next(nextLine_, nextEnded_);
        co_return more;
    }

    sim::Task<void> runFile(LineReader& reader, bool lastFile, const Strings& paths,
                            std::size_t index) {
        haveNext_ = false;
        currentFile_ = paths[index];
        bool restart = false;
        while (!quit_) {
            if (!restart) {
                const bool more = co_await readLine(reader, lastFile, paths, index);
                if (!more) break;
            }
            restart = false;
            co_await cycle(reader, lastFile, paths, index, restart);
            if (result_.size() > 32 * 1024 && !inPlace) {
                const bool written = co_await flush();
                if (!written) quit_ = true;
            }
        }
        if (quit_ && inPlace && haveNext_) {
            result_ += nextLine_ + (nextEnded_ ? "\n" : "");
            result_ += co_await reader.rest();
        }
    }

    void emit(const std::string& text, bool newline = true) {
        if (!result_.empty() && missingNewline_) result_ += '\n';
        missingNewline_ = false;
        result_ += text;
        if (newline)
            result_ += '\n';
        else
            missingNewline_ = true;
    }
    void emitPattern() { emit(pattern_, ended_ || !isLast_ || haveNext_); }
    void writeFile(const std::string& path, const std::string& text) {
        if (path == "/dev/stdout") {
            emit(text);
            return;
        }
        const std::string absolute = process_.resolve(path);
        if (!opened_.count(path)) {
            opened_.insert(path);
            (void)process_.files().write(absolute, "");
        }
        (void)process_.files().append(absolute, text + "\n");
    }
    bool matches(const std::shared_ptr<Regex>& regex) {
        if (regex) lastRegex_ = regex;
        return lastRegex_ && lastRegex_->matches(pattern_);
    }
    bool addressMatches(const Address& address) {
        switch (address.kind) {
        case Address::None: return true;
        case Address::Line: return number_ == address.first;
        case Address::Last: return isLast_;
        case Address::Pattern: return matches(address.regex);
        case Address::Step:
            return address.second <= 0 ? number_ == address.first
                                       : number_ >= address.first &&
                                             (number_ - address.first) % address.second == 0;
        default: return false;
        }
    }
    bool selected(Command& command) {
        if (command.to.kind == Address::None) return addressMatches(command.from);
        if (command.active) {
            bool over = false;
            switch (command.to.kind) {
            case Address::Line:
                if (number_ > command.to.first) { // the range was one line
                    command.active = false;
                    return addressMatches(command.from) ? start(command) : false;
                }
                over = number_ >= command.to.first;
                break;
            case Address::Plus:
            case Address::Multiple: over = number_ >= command.rangeEnd; break;
            default: over = addressMatches(command.to); break;
            }
            if (over) command.active = false;
            return true;
        }
        if (command.from.kind == Address::Zero && number_ == 1) {
            command.active = !addressMatches(command.to);
            return true;
        }
        return addressMatches(command.from) ? start(command) : false;
    }
    bool start(Command& command) {
        command.active = true;
        if (command.to.kind == Address::Line) command.active = command.to.first > number_;
        if (command.to.kind == Address::Plus) command.rangeEnd = number_ + command.to.first;
        if (command.to.kind == Address::Multiple)
            command.rangeEnd = command.to.first <= 0 ? number_
                                                     : (number_ + command.to.first - 1) /
                                                           command.to.first * command.to.first;
        if (command.to.kind == Address::Plus || command.to.kind == Address::Multiple)
            command.active = command.rangeEnd > number_;
        if (command.to.kind == Address::Last && isLast_) command.active = false;
        return true;
    }

    bool substituteLine(Command& command) {
        const auto regex = command.emptyRegex ? lastRegex_ : command.regex;
        if (!regex) return false;
        lastRegex_ = regex;
        std::string out;
        std::size_t at = 0, copied = 0;
        int count = 0;
        bool done = false;
        RegexMatch match;
        while (at <= pattern_.size() && regex->search(pattern_, at, match)) {
            const auto begin = static_cast<std::size_t>(match.begin()),
                       end = static_cast<std::size_t>(match.end());
            // An empty match right after another match does not count.
            if (begin == end && count > 0 && begin == copied && lastEnd_ == begin && done) {
                if (begin >= pattern_.size()) break;
                at = begin + 1;
                lastEnd_ = std::string::npos;
                continue;
            }
            ++count;
            if (count >= std::max(command.number, 1)) {
                out += pattern_.substr(copied, begin - copied);
                out += substitute(command.second, pattern_, match);
                copied = end;
                done = true;
                if (!command.global) break;
            }
            lastEnd_ = end;
            at = end > begin ? end : end + 1;
            if (out.size() > (64u << 20)) break;
        }
        lastEnd_ = std::string::npos;
        if (!done) return false;
        out += copied <= pattern_.size() ? pattern_.substr(copied) : std::string();
        pattern_ = std::move(out);
        return true;
    }

    static std::string listed(const std::string& text) {
        std::string out;
        std::string line;
        for (const char c : text) {
            std::string piece;
            switch (c) {
            case '\\': piece = "\\\\"; break;
            case '\n': piece = "\\n"; break;
            case '\t': piece = "\\t"; break;
            case '\r': piece = "\\r"; break;
            default:
                if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) {
                    const auto u = static_cast<unsigned char>(c);
                    piece = {'\\', static_cast<char>('0' + (u >> 6)),
                             static_cast<char>('0' + ((u >> 3) & 7)),
                             static_cast<char>('0' + (u & 7))};
                } else
                    piece = std::string(1, c);
            }
            if (line.size() + piece.size() > 69) {
                out += line + "\\\n";
                line.clear();
            }
            line += piece;
        }
        return out + line + "$";
    }

    void finishCycle(bool print) {
        if (print && !quiet_) emitPattern();
        for (const std::string& text : appended_) {
            if (missingNewline_) result_ += '\n', missingNewline_ = false;
            result_ += text;
        }
        appended_.clear();
    }

    sim::Task<void> cycle(LineReader& reader, bool lastFile, const Strings& paths,
                          std::size_t index, bool& restart) {
        bool replaced = false;
        int steps = 0;
        for (std::size_t i = 0; i < commands_.size(); ++i) {
            if (++steps > kMostSteps) {
                quit_ = true;
                status = 4;
                co_return;
            }
            Command& command = commands_[i];
            if (command.name == ':') continue;
            const bool chosen = selected(command) != command.negated;
            if (!chosen) {
                if (command.name == '{') i = command.jump - 1;
                continue;
            }
            switch (command.name) {
            case '{': break;
            case 's':
                if (substituteLine(command)) {
                    replaced = true;
                    if (command.print) emitPattern();
                    if (!command.writeTo.empty()) writeFile(command.writeTo, pattern_);
                }
                break;
            case 'y':
                for (char& c : pattern_)
                    if (const std::size_t at = command.text.find(c); at != std::string::npos)
                        c = command.second[at];
                break;
            case 'd': finishCycle(false); co_return;
            case 'D': {
                const std::size_t end = pattern_.find('\n');
                finishCycle(false);
                if (end != std::string::npos) {
                    pattern_.erase(0, end + 1);
                    restart = true;
                }
                co_return;
            }
            case 'p': emitPattern(); break;
            case 'P': emit(pattern_.substr(0, pattern_.find('\n'))); break;
            case 'a': appended_.push_back(command.text); break;
            case 'i': emit(command.text.substr(0, command.text.size() - 1)); break;
            case 'c':
                if (command.to.kind == Address::None || !command.active || command.negated)
                    emit(command.text.substr(0, command.text.size() - 1));
                finishCycle(false);
                co_return;
            case 'n': {
                if (!haveNext_ && !hasMore()) {
                    finishCycle(true);
                    quit_ = isLast_;
                    co_return;
                }
                finishCycle(true);
                const bool more = co_await readLine(reader, lastFile, paths, index);
                if (!more) co_return;
                break;
            }
            case 'N': {
                if (!haveNext_) {
                    finishCycle(true);
                    quit_ = isLast_;
                    co_return;
                }
                std::string before = std::move(pattern_);
                for (const std::string& text : appended_) result_ += text;
                appended_.clear();
                const bool more = co_await readLine(reader, lastFile, paths, index);
                if (!more) co_return;
                pattern_ = before + "\n" + pattern_;
                break;
            }
            case 'g': pattern_ = hold_; break;
            case 'G': pattern_ += "\n" + hold_; break;
            case 'h': hold_ = pattern_; break;
            case 'H': hold_ += "\n" + pattern_; break;
            case 'x': std::swap(hold_, pattern_); break;
            case 'z': pattern_.clear(); break;
            case '=': emit(std::to_string(number_)); break;
            case 'F': emit(currentFile_); break;
            case 'l': emit(listed(pattern_)); break;
            case 'b':
                i = command.jump - 1;
                if (command.jump == 0) i = static_cast<std::size_t>(-1);
                break;
            case 't':
                if (replaced) {
                    replaced = false;
                    i = command.jump - 1;
                }
                break;
            case 'T':
                if (!replaced) i = command.jump - 1;
                replaced = false;
                break;
            case 'r':
                if (const auto content = process_.files().read(process_.resolve(command.text));
                    content.ok())
                    appended_.push_back(*content);
                break;
            case 'w': writeFile(command.text, pattern_); break;
            case 'q':
                finishCycle(true);
                quit_ = true;
                status = command.number;
                co_return;
            case 'Q':
                quit_ = true;
                status = command.number;
                co_return;
            default: break;
            }
        }
        finishCycle(true);
    }
    bool hasMore() const { return false; }

    ports::Process& process_;
    std::vector<Command> commands_;
    bool quiet_, separate_;
    std::string result_, pattern_, hold_, nextLine_, currentFile_;
    bool haveNext_ = false, nextEnded_ = true, ended_ = true, isLast_ = false, quit_ = false,
         missingNewline_ = false;
    std::int64_t number_ = 0;
    std::size_t lastEnd_ = std::string::npos;
    Strings appended_;
    std::set<std::string> opened_;
    std::shared_ptr<Regex> lastRegex_;
};

sim::Task<int> sedMain(ports::Process& process, Strings argv) {
    Options options(argv, "ne:f:Eri::suzl:",
                    {{"quiet", 'n'},
                     {"silent", 'n'},
                     {"expression", 'e'},
                     {"file", 'f'},
                     {"regexp-extended", 'E'},
                     {"in-place", 'i'},
                     {"separate", 's'},
                     {"unbuffered", 'u'},
                     {"null-data", 'z'}});
    const std::string usage =
        "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n";
    if (!options.ok()) {
        std::string text = options.error().substr(0, options.error().find('\n') + 1) + usage;
        co_await process.writeError(std::move(text));
        co_return 1;
    }
    std::string script;
    bool given = false;
    for (const auto& [letter, value] : options.order()) {
        if (letter == 'e') {
            script += (given ? "\n" : "") + value;
            given = true;
        } else if (letter == 'f') {
            const auto content = co_await readWhole(process, value);
            if (!content.ok()) {
                co_await complain(process,
                                  "couldn't open file " + value + ": " + content.error().message);
                co_return 1;
            }
            script += (given ? "\n" : "") + *content;
            given = true;
        }
    }
    if (!given) {
        if (options.operands.empty()) {
            co_await process.writeError(usage);
            co_return 1;
        }
        script = options.operands[0];
        options.operands.erase(options.operands.begin());
    }
    sed::Script parsed = sed::parseScript(script, options.has('E') || options.has('r'));
    const bool quietScript = script.rfind("#n\n", 0) == 0;
    if (!parsed.error.empty()) {
        co_await complain(process, std::move(parsed.error));
        co_return 1;
    }
    Sed editor(process, std::move(parsed.commands), options.has('n') || quietScript,
               options.has('s'));
    editor.inPlace = options.has('i');
    editor.suffix = options.value('i');
    Strings paths = options.operands;
    if (paths.empty()) paths.push_back("-");
    const int status = co_await editor.run(std::move(paths));
    co_return status;
}

} // namespace

const CoreutilEntry kSedTools[] = {{"sed", sedMain}, {nullptr, nullptr}};

} // namespace shell
