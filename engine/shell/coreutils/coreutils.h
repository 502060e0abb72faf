#pragma once
// What the core utilities share: options as getopt_long(3) reads them, input by lines, buffered
// output, error texts.

#include "ports/program.h"
#include "shell/programs.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shell {

using Strings = std::vector<std::string>;

struct LongOption {
    const char* name;
    char letter; // the short form it stands for
};

// Options and operands of a command line. `spec` lists letters; ':' after one: it takes a value,
// '+' first: options end at the first operand.
class Options {
public:
    Options(const Strings& argv, std::string_view spec, const std::vector<LongOption>& longs = {});
    bool ok() const { return error_.empty(); }
    // "ls: invalid option -- 'z'\nTry 'ls --help' for more information.\n"
    const std::string& error() const { return error_; }
    bool has(char letter) const { return values_.count(letter) > 0; }
    std::string value(char letter, std::string fallback = {}) const;
    Strings all(char letter) const;
    const std::vector<std::pair<char, std::string>>& order() const { return order_; }
    Strings operands;

private:
    void parseLong(const Strings& argv, std::size_t& at, std::string_view spec,
                   const std::vector<LongOption>& longs);
    bool parseShort(const Strings& argv, std::size_t& at, std::string_view spec);
    void fail(const std::string& program, std::string message);
    std::map<char, Strings> values_;
    std::vector<std::pair<char, std::string>> order_;
    std::string error_;
};

// Ends a program with its own complaint about its options.
#define OPTIONS_OR_RETURN(options, status)                                                         \
    if (!options.ok()) {                                                                           \
        co_await process.writeError(options.error());                                              \
        co_return status;                                                                          \
    }

// Collects output; writes it when it is much or when asked.
class Out {
public:
    explicit Out(ports::Process& process, bool toError = false)
        : process_(process), toError_(toError) {}
    Out& operator<<(std::string_view text) {
        buffer_ += text;
        return *this;
    }
    bool full() const { return buffer_.size() >= 32 * 1024; }
    // False when nobody reads any more: end with 141 then.
    sim::Task<bool> flush();
    bool broken() const { return broken_; }

private:
    ports::Process& process_;
    bool toError_;
    bool broken_ = false;
    std::string buffer_;
};

// Lines of standard input ("-") or of a file.
class LineReader {
public:
    LineReader(ports::Process& process, std::string path, char delimiter = '\n');
    // "cat: x: No such file or directory" without the program's name, empty when it is open.
    std::string open();
    // False at the end. `ended` tells whether the line had its newline. Flushes `out` before it
    // waits.
    sim::Task<bool> next(std::string& line, bool& ended, Out* out = nullptr);
    // Everything that is left.
    sim::Task<std::string> rest();
    // Gives back what was read ahead to standard input is not possible; a file may be read again.
    bool isInput() const { return pipe_ != nullptr; }
    bool isZeros() const { return zeros_; } // /dev/zero, of which a reader gets one block
    // The program keeps all that it reads: zeros without an end fill its memory.
    void keepAll() { endless_ = zeros_; }

private:
    ports::Process& process_;
    std::string path_;
    char delimiter_;
    void grow(std::string piece);
    sim::Task<void> readMore();
    std::string buffer_;
    std::size_t at_ = 0;
    std::int64_t dropped_ = 0; // of a line that no memory could hold
    bool ended_ = false;
    bool zeros_ = false, endless_ = false;
    std::shared_ptr<sim::Pipe> pipe_;
};

// The whole of a file or of standard input ("-"); the error is the C library's text.
sim::Task<base::Result<std::string>> readWhole(ports::Process& process, std::string path);
// Complains "name: path: reason" of what cannot be read.
sim::Task<std::optional<std::string>> readOrComplain(ports::Process& process, std::string path);
// The same as readWhole for programs that keep their whole input in memory.
sim::Task<base::Result<std::string>> readIntoMemory(ports::Process& process, std::string path);
sim::Task<void> complain(ports::Process& process,
                         std::string message); // "name: message\n" on stderr
std::string programName(ports::Process& process);
std::string quoted(std::string_view name);        // 'name' as GNU's quoteaf
std::string shellQuoted(const std::string& name); // only when needed, as ls does on terminals
std::string joinPath(std::string_view folder, std::string_view name);
std::string lastComponent(std::string_view path);
std::string modeText(const ports::FileStat& stat); // -rw-r--r--
std::string humanSize(std::uint64_t bytes, bool si = false);
std::optional<std::uint64_t> parseSize(std::string_view text);  // 10, 1K, 2M, 1kB
std::optional<sim::Duration> parseSleep(std::string_view text); // 1.5, 2m
std::string userName(ports::Process& process, std::uint32_t uid);
std::string groupName(ports::Process& process, std::uint32_t gid);
std::optional<std::uint32_t> userId(ports::Process& process, const std::string& name);
std::optional<std::uint32_t> groupId(ports::Process& process, const std::string& name);
// Names of files, or "-" for standard input.
inline Strings inputsOf(const Options& options) {
    return options.operands.empty() ? Strings{"-"} : options.operands;
}
std::string tryHelp(ports::Process& process, std::string message);
sim::Task<int> reportProblems(ports::Process& process, Strings problems, std::string shown);
bool targetIsDirectory(ports::Process& process, const Options& options);
sim::Task<int> needOperands(ports::Process& process, const Options& options, std::size_t count);
std::uint64_t blocksOf(const ports::FileStat& stat);
std::string octal(std::uint32_t mode, int width);
std::string formatStat(ports::Process& process, const std::string& path,
                       const ports::FileStat& stat, const std::string& format, bool escapes);
bool isBusybox(ports::Process& process); // this command is an applet of BusyBox
std::string strftimeUtc(const std::string& pattern, std::int64_t unixNanoseconds);
std::optional<std::int64_t> parseDate(std::string_view text, std::int64_t now);
bool applyMode(std::string_view text, std::uint32_t& mode, bool directory,
               std::uint32_t umask = 022);

using ProgramMain = sim::Task<int> (*)(ports::Process& process, Strings argv);
struct CoreutilEntry {
    const char* name;
    ProgramMain run;
};
extern const CoreutilEntry kAwkTools[];
extern const CoreutilEntry kBinaryTools[];
extern const CoreutilEntry kColumnTools[];
extern const CoreutilEntry kCopyTools[];
extern const CoreutilEntry kDateTools[];
extern const CoreutilEntry kDiffTools[];
extern const CoreutilEntry kEditorTools[];
extern const CoreutilEntry kExprTools[];
extern const CoreutilEntry kExtraTools[];
extern const CoreutilEntry kFileTools[];
extern const CoreutilEntry kFilterTools[];
extern const CoreutilEntry kFindTools[];
extern const CoreutilEntry kSearchTools[];
extern const CoreutilEntry kJsonTools[];
extern const CoreutilEntry kListTools[];
extern const CoreutilEntry kPagerTools[];
extern const CoreutilEntry kPathTools[];
extern const CoreutilEntry kRunTools[];
extern const CoreutilEntry kSedTools[];
extern const CoreutilEntry kSortTools[];
extern const CoreutilEntry kStatTools[];
extern const CoreutilEntry kSystemTools[];
extern const CoreutilEntry kTextTools[];
void addCoreutils(std::vector<NamedProgram>& programs);

} // namespace shell
