#include "base/strings.h"
#include "machine/process/process.h"
#include "ports/busybox.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace shell {

Options::Options(const Strings& argv, std::string_view spec, const std::vector<LongOption>& longs) {
    const bool stopAtOperand = !spec.empty() && spec[0] == '+';
    if (stopAtOperand) spec.remove_prefix(1);
    bool onlyOperands = false;
    for (std::size_t at = 1; at < argv.size() && error_.empty(); ++at) {
        const std::string& word = argv[at];
        if (onlyOperands || word.size() < 2 || word[0] != '-') {
            operands.push_back(word);
            if (stopAtOperand) onlyOperands = true;
        } else if (word == "--") {
            onlyOperands = true;
        } else if (word[1] == '-') {
            parseLong(argv, at, spec, longs);
        } else {
            parseShort(argv, at, spec);
        }
    }
}

void Options::fail(const std::string& program, std::string message) {
    error_ = program + ": " + std::move(message) + "\nTry '" + program +
             " --help' for more information.\n";
}

void Options::parseLong(const Strings& argv, std::size_t& at, std::string_view spec,
                        const std::vector<LongOption>& longs) {
    const std::string word = argv[at].substr(2);
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const LongOption* found = nullptr;
    int matches = 0;
    for (const LongOption& option : longs) {
        if (name == option.name) {
            found = &option;
            matches = 1;
            break;
        }
        if (std::string_view(option.name).substr(0, name.size()) == name) {
            if (found == nullptr || found->letter != option.letter) ++matches;
            found = &option;
        }
    }
    const std::string program = lastComponent(argv[0]);
    if (matches == 0) {
        fail(program, "unrecognized option '--" + name + "'");
        return;
    }
    if (matches > 1) {
        fail(program, "option '--" + name + "' is ambiguous");
        return;
    }
    const std::size_t place = spec.find(found->letter);
    const bool takes =
        place != std::string_view::npos && place + 1 < spec.size() && spec[place + 1] == ':';
    const bool optional = takes && place + 2 < spec.size() && spec[place + 2] == ':';
    std::string value;
    if (equals != std::string::npos) {
        if (!takes) {
            fail(program, std::string("option '--") + found->name + "' doesn't allow an argument");
            return;
        }
        value = word.substr(equals + 1);
    } else if (takes && !optional) {
        if (at + 1 >= argv.size()) {
            fail(program, std::string("option '--") + found->name + "' requires an argument");
            return;
        }
        value = argv[++at];
    }
    values_[found->letter].push_back(value);
    order_.emplace_back(found->letter, value);
}

bool Options::parseShort(const Strings& argv, std::size_t& at, std::string_view spec) {
    const std::string word = argv[at];
    for (std::size_t i = 1; i < word.size(); ++i) {
        const char letter = word[i];
        const std::size_t place = letter == ':' ? std::string_view::npos : spec.find(letter);
        if (place == std::string_view::npos) {
            fail(lastComponent(argv[0]), std::string("invalid option -- '") + letter + "'");
            return false;
        }
        std::string value;
        const bool takes = place + 1 < spec.size() && spec[place + 1] == ':';
        const bool optional = takes && place + 2 < spec.size() && spec[place + 2] == ':';
        if (takes) {
            value = word.substr(i + 1);
            if (value.empty() && !optional) {
                if (at + 1 >= argv.size()) {
                    fail(lastComponent(argv[0]),
                         std::string("option requires an argument -- '") + letter + "'");
                    return false;
                }
                value = argv[++at];
            }
        }
        values_[letter].push_back(value);
        order_.emplace_back(letter, value);
        if (takes) break;
    }
    return true;
}

std::string Options::value(char letter, std::string fallback) const {
    const auto found = values_.find(letter);
    return found == values_.end() ? fallback : found->second.back();
}

Strings Options::all(char letter) const {
    const auto found = values_.find(letter);
    return found == values_.end() ? Strings{} : found->second;
}

sim::Task<bool> Out::flush() {
    if (buffer_.empty() || broken_) {
        buffer_.clear();
        co_return !broken_;
    }
    std::string text;
    text.swap(buffer_);
    const auto pipe = toError_ ? process_.error() : process_.output();
    if (!pipe) co_return true;
    const std::size_t size = text.size();
    const bool written = co_await pipe->write(std::move(text));
    if (!written) broken_ = true;
    // Endless output takes time, so that the world goes on beside it.
    if (size >= 16 * 1024) {
        machine::consume(process_, static_cast<sim::Duration>(size));
        co_await sim::sleepFor(process_.kernel(), static_cast<sim::Duration>(size));
    }
    co_return written;
}

LineReader::LineReader(ports::Process& process, std::string path, char delimiter)
    : process_(process), path_(std::move(path)), delimiter_(delimiter) {}

std::string LineReader::open() {
    if (path_ == "-" || path_ == "/dev/stdin" || path_ == "/dev/fd/0" ||
        path_ == "/proc/self/fd/0") {
        pipe_ = process_.input();
        if (!pipe_) ended_ = true;
        return {};
    }
    if (path_ == "/dev/null") {
        ended_ = true;
        return {};
    }
    const std::string absolute = process_.resolve(path_);
    const auto stat = process_.files().stat(absolute);
    if (stat.ok() && stat->type == ports::FileType::Directory) return "Is a directory";
    auto content = process_.files().read(absolute);
    if (!content.ok()) return content.error().message;
    buffer_ = std::move(*content);
    ended_ = true;
    zeros_ = stat.ok() && stat->type == ports::FileType::CharDevice && buffer_.starts_with('\0');
    return {};
}

// A program that reads an endless line fills its memory. More than a little of it is only counted.
void LineReader::grow(std::string piece) {
    constexpr std::size_t kKept = 32 << 20, kNoticed = 1 << 20;
    if (piece.empty()) ended_ = true;
    if (buffer_.size() > kKept) dropped_ += static_cast<std::int64_t>(piece.size());
    else buffer_ += piece;
    if (buffer_.size() > kNoticed) process_.holdMemory(static_cast<std::int64_t>(buffer_.size()) + dropped_);
}

sim::Task<void> LineReader::readMore() {
    if (!endless_) {
        std::string piece = co_await pipe_->read();
        grow(std::move(piece));
        co_return;
    }
    // Zeros arrive at a gigabyte per second.
    constexpr std::int64_t kStep = 16 << 20;
    co_await sim::sleepFor(process_.kernel(), kStep);
    dropped_ += kStep;
    process_.holdMemory(dropped_);
}

sim::Task<bool> LineReader::next(std::string& line, bool& ended, Out* out) {
    std::size_t searched = at_;
    while (true) {
        const std::size_t end = buffer_.find(delimiter_, searched);
        if (end != std::string::npos) {
            line.assign(buffer_, at_, end - at_);
            at_ = end + 1;
            ended = true;
            co_return true;
        }
        if (ended_ && !endless_) {
            if (at_ >= buffer_.size()) co_return false;
            line.assign(buffer_, at_);
            at_ = buffer_.size();
            ended = false;
            co_return true;
        }
        if (at_ > 0) {
            buffer_.erase(0, at_);
            at_ = 0;
        }
        searched = buffer_.size();
        if (out != nullptr && (endless_ || pipe_->buffered() == 0)) co_await out->flush();
        co_await readMore();
    }
}

sim::Task<std::string> LineReader::rest() {
    while (!ended_ || endless_) co_await readMore();
    std::string text = buffer_.substr(at_);
    at_ = buffer_.size();
    co_return text;
}

static sim::Task<base::Result<std::string>> readAll(ports::Process& process, std::string path,
                                                    bool keep) {
    LineReader reader(process, std::move(path));
    const std::string problem = reader.open();
    if (!problem.empty()) co_return base::makeError(problem);
    if (keep) reader.keepAll();
    std::string text = co_await reader.rest();
    co_return base::Result<std::string>(std::move(text));
}

sim::Task<base::Result<std::string>> readWhole(ports::Process& process, std::string path) {
    return readAll(process, std::move(path), false);
}

sim::Task<base::Result<std::string>> readIntoMemory(ports::Process& process, std::string path) {
    return readAll(process, std::move(path), true);
}

sim::Task<std::optional<std::string>> readOrComplain(ports::Process& process, std::string path) {
    auto whole = co_await readWhole(process, path);
    if (whole.ok()) {
        std::optional<std::string> text(std::move(*whole));
        co_return text;
    }
    co_await complain(process, path + ": " + whole.error().message);
    co_return std::nullopt;
}

std::string programName(ports::Process& process) {
    return process.argv().empty() ? "" : process.argv()[0];
}

// BusyBox says the same in fewer words: mostly the file and the reason, else "can't do 'file'".
static std::string busyboxWording(std::string_view program, std::string message) {
    struct Wording {
        std::string_view program, coreutils, busybox;
        bool quotes;
    };
    static constexpr Wording kWordings[] = {
        {"touch", "cannot touch ", "", false},    {"chmod", "cannot access ", "", false},
        {"chown", "cannot access ", "", false},   {"head", "cannot open ", "", false},
        {"rmdir", "failed to remove ", "", true}, {"mv", "cannot stat ", "can't rename ", true},
        {"", "cannot ", "can't ", true}};
    constexpr std::string_view kReading = " for reading";
    if (const std::size_t at = message.find(kReading); at != std::string::npos)
        message.erase(at, kReading.size());
    for (const Wording& wording : kWordings) {
        if (!wording.program.empty() && wording.program != program) continue;
        if (!message.starts_with(wording.coreutils)) continue;
        message.replace(0, wording.coreutils.size(), wording.busybox);
        const std::size_t end = message.find("': ");
        if (!wording.quotes && message.starts_with('\'') && end != std::string::npos)
            message = message.substr(1, end - 1) + message.substr(end + 1);
        break;
    }
    return message;
}

sim::Task<void> complain(ports::Process& process, std::string message) {
    if (isBusybox(process))
        message = busyboxWording(lastComponent(programName(process)), std::move(message));
    std::string text = programName(process) + ": " + std::move(message) + "\n";
    co_await process.writeError(std::move(text));
}

std::string quoted(std::string_view name) {
    std::string out = "'";
    for (const char c : name) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

std::string shellQuoted(const std::string& name) {
    if (!name.empty() && name.find_first_of(" \t\n'\"\\|&;()<>!*[]?^$`#~{}=") == std::string::npos)
        return name;
    if (name.find('\'') != std::string::npos && name.find_first_of("\"$`\\!") == std::string::npos)
        return "\"" + name + "\"";
    return quoted(name);
}

std::string joinPath(std::string_view folder, std::string_view name) {
    if (folder.empty()) return std::string(name);
    return std::string(folder) + (folder.back() == '/' ? "" : "/") + std::string(name);
}

std::string lastComponent(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    return std::string(
        slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1));
}

std::string modeText(const ports::FileStat& stat) {
    static constexpr char kTypes[] = {'-', 'd', 'l', 'p', 's', 'c', 'b'};
    std::string text(1, kTypes[static_cast<int>(stat.type)]);
    for (int shift = 6; shift >= 0; shift -= 3) {
        const std::uint32_t bits = (stat.mode >> shift) & 7;
        text += (bits & 4) ? 'r' : '-';
        text += (bits & 2) ? 'w' : '-';
        const bool special = (shift == 6 && (stat.mode & 04000)) ||
                             (shift == 3 && (stat.mode & 02000)) ||
                             (shift == 0 && (stat.mode & 01000));
        const char set = shift == 0 ? 't' : 's';
        text += special ? ((bits & 1) ? set : static_cast<char>(set - 32)) : (bits & 1) ? 'x' : '-';
    }
    return text;
}

std::string humanSize(std::uint64_t bytes, bool si) {
    const double base = si ? 1000 : 1024;
    if (static_cast<double>(bytes) < base) return std::to_string(bytes);
    double value = static_cast<double>(bytes);
    const char* units = si ? "kMGTPE" : "KMGTPE";
    int unit = -1;
    while (value >= base && unit < 5) {
        value /= base;
        ++unit;
    }
    // Rounded up, one decimal below ten. Source: gnulib human.c (ceiling).
    char buffer[32];
    const double tenths = value * 10;
    double up = static_cast<double>(static_cast<std::uint64_t>(tenths));
    if (tenths > up) up += 1;
    if (up < 100) {
        std::snprintf(buffer, sizeof buffer, "%.1f%c", up / 10, units[unit]);
    } else {
        double whole = static_cast<double>(static_cast<std::uint64_t>(value));
        if (value > whole) whole += 1;
        std::snprintf(buffer, sizeof buffer, "%.0f%c", whole, units[unit]);
    }
    return buffer;
}

std::optional<std::uint64_t> parseSize(std::string_view text) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (digits == 0 || digits > 18) return std::nullopt;
    std::uint64_t value = std::strtoull(std::string(text.substr(0, digits)).c_str(), nullptr, 10);
    const std::string_view unit = text.substr(digits);
    if (unit.empty()) return value;
    if (unit == "b") return value * 512;
    if (unit == "c") return value;
    static constexpr std::string_view kUnits = "KMGTPE";
    const std::size_t power = kUnits.find(unit[0] == 'k' ? 'K' : unit[0] == 'm' ? 'M' : unit[0]);
    if (power == std::string_view::npos) return std::nullopt;
    std::uint64_t factor = 1024;
    if (unit.size() == 2 && unit[1] == 'B')
        factor = 1000;
    else if (unit.size() != 1 && unit.substr(1) != "iB")
        return std::nullopt;
    for (std::size_t i = 0; i <= power; ++i) value *= factor;
    return value;
}

std::optional<sim::Duration> parseSleep(std::string_view text) {
    const std::string copy(text);
    if (copy == "inf" || copy == "infinity") return INT64_MAX / 4;
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (end == copy.c_str() || value < 0) return std::nullopt;
    double factor = 1;
    const std::string_view unit = end;
    if (unit == "m")
        factor = 60;
    else if (unit == "h")
        factor = 3600;
    else if (unit == "d")
        factor = 86400;
    else if (!unit.empty() && unit != "s")
        return std::nullopt;
    const double seconds = std::min(value * factor, 4e9);
    return sim::fromSeconds(seconds);
}

std::string tryHelp(ports::Process& process, std::string message) {
    const std::string name = lastComponent(programName(process));
    return name + ": " + std::move(message) + "\nTry '" + name + " --help' for more information.\n";
}

sim::Task<int> reportProblems(ports::Process& process, Strings problems, std::string shown) {
    const int status = problems.empty() ? 0 : 1;
    if (!shown.empty()) co_await process.writeOut(std::move(shown));
    for (std::string& problem : problems) co_await complain(process, std::move(problem));
    co_return status;
}

bool targetIsDirectory(ports::Process& process, const Options& options) {
    return !options.has('T') &&
           process.files().isDirectory(process.resolve(options.operands.back()));
}

sim::Task<int> needOperands(ports::Process& process, const Options& options, std::size_t count) {
    if (options.operands.empty()) {
        {
            std::string hoisted =
                tryHelp(process, count > 1 && options.has('t') == false ? "missing file operand"
                                                                        : "missing operand");
            co_await process.writeError(std::move(hoisted));
        }
        co_return 1;
    }
    if (options.operands.size() < count) {
        co_await process.writeError(tryHelp(process, "missing destination file operand after " +
                                                         quoted(options.operands[0])));
        co_return 1;
    }
    co_return 0;
}

std::uint64_t blocksOf(const ports::FileStat& stat) {
    if (stat.type == ports::FileType::Directory) return 4;
    return stat.type == ports::FileType::Regular ? (stat.size + 4095) / 4096 * 4 : 0;
}

std::string octal(std::uint32_t mode, int width) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "%0*o", width, mode);
    return buffer;
}

namespace {
std::optional<Strings> accountLine(ports::Process& process, const char* file, std::size_t field,
                                   const std::string& value) {
    const auto content = process.files().read(file);
    if (!content.ok()) return std::nullopt;
    for (const std::string& line : base::splitLines(*content)) {
        auto fields = base::split(line, ':');
        if (fields.size() > std::max<std::size_t>(field, 2) && fields[field] == value)
            return fields;
    }
    return std::nullopt;
}
} // namespace

std::string userName(ports::Process& process, std::uint32_t uid) {
    const auto line = accountLine(process, "/etc/passwd", 2, std::to_string(uid));
    return line ? (*line)[0] : uid == 0 ? "root" : std::to_string(uid);
}
std::string groupName(ports::Process& process, std::uint32_t gid) {
    const auto line = accountLine(process, "/etc/group", 2, std::to_string(gid));
    return line ? (*line)[0] : gid == 0 ? "root" : std::to_string(gid);
}
std::optional<std::uint32_t> userId(ports::Process& process, const std::string& name) {
    if (const auto line = accountLine(process, "/etc/passwd", 0, name))
        return static_cast<std::uint32_t>(base::parseInt((*line)[2]).value_or(0));
    if (const auto number = base::parseInt(name); number && *number >= 0)
        return static_cast<std::uint32_t>(*number);
    if (name == "root") return 0;
    return std::nullopt;
}
std::optional<std::uint32_t> groupId(ports::Process& process, const std::string& name) {
    if (const auto line = accountLine(process, "/etc/group", 0, name))
        return static_cast<std::uint32_t>(base::parseInt((*line)[2]).value_or(0));
    if (const auto number = base::parseInt(name); number && *number >= 0)
        return static_cast<std::uint32_t>(*number);
    if (name == "root") return 0;
    return std::nullopt;
}

bool isBusybox(ports::Process& process) {
    return ports::isBusybox(process, lastComponent(programName(process)));
}

// Symbolic and octal modes. Source: chmod(1).
bool applyMode(std::string_view text, std::uint32_t& mode, bool directory, std::uint32_t umask) {
    if (!text.empty() && text.find_first_not_of("01234567") == std::string_view::npos) {
        if (text.size() > 5) return false;
        mode =
            static_cast<std::uint32_t>(std::strtoul(std::string(text).c_str(), nullptr, 8)) & 07777;
        return true;
    }
    for (const std::string& clause : base::split(text, ',')) {
        std::size_t at = 0;
        std::uint32_t who = 0;
        for (; at < clause.size(); ++at) {
            if (clause[at] == 'u')
                who |= 04700;
            else if (clause[at] == 'g')
                who |= 02070;
            else if (clause[at] == 'o')
                who |= 01007;
            else if (clause[at] == 'a')
                who |= 07777;
            else
                break;
        }
        const bool implied = who == 0;
        if (implied) who = 07777 & ~umask;
        if (at >= clause.size()) return false;
        while (at < clause.size()) {
            const char op = clause[at++];
            if (op != '+' && op != '-' && op != '=') return false;
            std::uint32_t bits = 0;
            for (;
                 at < clause.size() && clause[at] != '+' && clause[at] != '-' && clause[at] != '=';
                 ++at) {
                switch (clause[at]) {
                case 'r': bits |= 0444; break;
                case 'w': bits |= 0222; break;
                case 'x': bits |= 0111; break;
                case 'X':
                    if (directory || (mode & 0111)) bits |= 0111;
                    break;
                case 's': bits |= 06000; break;
                case 't': bits |= 01000; break;
                case 'u': bits |= ((mode >> 6) & 7) * 0111; break;
                case 'g': bits |= ((mode >> 3) & 7) * 0111; break;
                case 'o': bits |= (mode & 7) * 0111; break;
                default: return false;
                }
            }
            bits &= who;
            if (op == '+') mode |= bits;
            if (op == '-') mode &= ~bits;
            if (op == '=') mode = (mode & ~(who & 0777)) | bits;
        }
    }
    return true;
}

namespace {
class FunctionProgram : public ports::Program {
public:
    explicit FunctionProgram(ProgramMain main) : main_(main) {}
    ports::IdleUse idleUse() const override { return {0, 768LL << 10}; }
    sim::Task<int> run(ports::Process& process) override {
        Strings argv = process.argv();
        const int status = co_await main_(process, std::move(argv));
        co_return status;
    }

private:
    ProgramMain main_;
};
} // namespace

void addCoreutils(std::vector<NamedProgram>& programs) {
    for (const CoreutilEntry* table :
         {kAwkTools,    kBinaryTools, kColumnTools, kCopyTools,   kDateTools,   kDiffTools,
          kEditorTools, kExprTools,   kExtraTools,  kFileTools,   kFilterTools, kFindTools,
          kSearchTools, kJsonTools,   kListTools,   kPagerTools,  kPathTools,   kRunTools,
          kSedTools,    kSortTools,   kStatTools,   kSystemTools, kTextTools})
        for (; table->name != nullptr; ++table)
            programs.push_back({table->name, std::make_shared<FunctionProgram>(table->run)});
}

} // namespace shell
