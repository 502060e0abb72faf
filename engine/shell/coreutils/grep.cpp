// grep, egrep, fgrep.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "shell/coreutils/regex.h"
#include "shell/pattern.h"

#include <algorithm>
#include <deque>

namespace shell {
namespace {

struct GrepJob {
    std::vector<Regex> patterns;
    bool invert = false, countOnly = false, listNames = false, listWithout = false, numbers = false,
         quiet = false;
    bool onlyMatching = false, withNames = false, silent = false, color = false, byteOffset = false,
         text = false;
    std::int64_t most = INT64_MAX;
    std::size_t before = 0, after = 0;
    bool anyMatch = false, anyError = false;
    bool firstGroup = true;

    bool matches(std::string_view line) const {
        for (const Regex& pattern : patterns)
            if (pattern.matches(line)) return true;
        return false;
    }
    bool next(std::string_view line, std::size_t from, RegexMatch& best) const {
        bool found = false;
        for (const Regex& pattern : patterns) {
            RegexMatch match;
            if (!pattern.search(line, from, match)) continue;
            if (!found || match.begin() < best.begin() ||
                (match.begin() == best.begin() && match.end() > best.end()))
                best = match;
            found = true;
        }
        return found;
    }
};

std::string grepPrefix(const GrepJob& job, const std::string& name, std::uint64_t number,
                       char mark) {
    std::string out;
    const std::string separator =
        job.color ? std::string("\x1b[36m\x1b[K") + mark + "\x1b[m\x1b[K" : std::string(1, mark);
    if (job.withNames)
        out += (job.color ? "\x1b[35m\x1b[K" + name + "\x1b[m\x1b[K" : name) + separator;
    if (job.numbers)
        out += (job.color ? "\x1b[32m\x1b[K" + std::to_string(number) + "\x1b[m\x1b[K"
                          : std::to_string(number)) +
               separator;
    return out;
}

std::string highlighted(const GrepJob& job, const std::string& line) {
    std::string out;
    std::size_t at = 0;
    RegexMatch match;
    while (at <= line.size() && job.next(line, at, match)) {
        const auto begin = static_cast<std::size_t>(match.begin()),
                   end = static_cast<std::size_t>(match.end());
        out += line.substr(at, begin - at);
        if (end > begin) {
            out += "\x1b[01;31m\x1b[K" + line.substr(begin, end - begin) + "\x1b[m\x1b[K";
            at = end;
        } else {
            if (begin < line.size()) out += line[begin];
            at = begin + 1;
        }
    }
    if (at < line.size()) out += line.substr(at);
    return out;
}

sim::Task<int> grepFile(ports::Process& process, GrepJob& job, std::string path, Out& out) {
    LineReader reader(process, path);
    const std::string problem = reader.open();
    const std::string shown = path == "-" ? "(standard input)" : path;
    if (!problem.empty()) {
        if (!job.silent) {
            co_await out.flush();
            co_await complain(process, path + ": " + problem);
        }
        if (problem != "Is a directory") job.anyError = true;
        co_return 0;
    }
    std::string line;
    bool ended = false, binary = false;
    std::uint64_t number = 0, lastShown = 0;
    std::int64_t count = 0;
    std::size_t trailing = 0;
    std::deque<std::string> earlier;
    while (count < job.most || trailing > 0) {
        const bool more = co_await reader.next(line, ended, &out);
        if (!more) break;
        ++number;
        if (!job.text && line.find('\0') != std::string::npos) binary = true;
        const bool hit = count < job.most && job.matches(line) != job.invert;
        if (!hit) {
            if (trailing > 0) {
                --trailing;
                out << grepPrefix(job, shown, number, '-') << line << "\n";
                lastShown = number;
            } else if (job.before > 0) {
                earlier.push_back(line);
                if (earlier.size() > job.before) earlier.pop_front();
            }
            continue;
        }
        job.anyMatch = true;
        ++count;
        if (job.quiet) co_return 1;
        if (job.listNames || job.listWithout) break;
        if (job.countOnly) continue;
        if (binary) {
            out << "grep: " << shown << ": binary file matches\n";
            break;
        }
        if (job.before + job.after > 0 && !job.onlyMatching) {
            const std::uint64_t first = number - earlier.size();
            if (!job.firstGroup && first > lastShown + 1) out << "--\n";
            if (lastShown == 0 && !job.firstGroup && first <= 1) out << "--\n";
            job.firstGroup = false;
        }
        std::uint64_t at = number - earlier.size();
        for (const std::string& previous : earlier)
            out << grepPrefix(job, shown, at++, '-') << previous << "\n";
        earlier.clear();
        lastShown = number;
        trailing = job.after;
        if (job.onlyMatching) {
            std::size_t from = 0;
            RegexMatch match;
            while (!job.invert && from <= line.size() && job.next(line, from, match)) {
                const auto begin = static_cast<std::size_t>(match.begin()),
                           end = static_cast<std::size_t>(match.end());
                if (end > begin) {
                    const std::string piece = line.substr(begin, end - begin);
                    out << grepPrefix(job, shown, number, ':')
                        << (job.color ? "\x1b[01;31m\x1b[K" + piece + "\x1b[m\x1b[K" : piece)
                        << "\n";
                }
                from = end > begin ? end : end + 1;
            }
        } else {
            out << grepPrefix(job, shown, number, ':')
                << (job.color && !job.invert ? highlighted(job, line) : line) << "\n";
        }
        if (out.full()) {
            const bool written = co_await out.flush();
            if (!written) co_return 1;
        }
    }
    if (job.countOnly) {
        if (job.withNames) out << shown << ":";
        out << std::to_string(count) << "\n";
    }
    if ((job.listNames && count > 0) || (job.listWithout && count == 0)) out << shown << "\n";
    co_return 0;
}

void collectTree(ports::Process& process, const std::string& path, const Options& options,
                 Strings& out, int depth) {
    const auto stat = process.files().stat(process.resolve(path));
    if (depth > 60 || out.size() > 100000) return;
    if (!stat.ok() || stat->type != ports::FileType::Directory) {
        for (const std::string& pattern : options.all('X'))
            if (depth > 0 && matchPattern(pattern, lastComponent(path))) return;
        const Strings only = options.all('N');
        bool wanted = only.empty() || depth == 0;
        for (const std::string& pattern : only)
            wanted = wanted || matchPattern(pattern, lastComponent(path));
        if (wanted) out.push_back(path);
        return;
    }
    for (const std::string& pattern : options.all('Y'))
        if (matchPattern(pattern, lastComponent(path))) return;
    auto entries = process.files().list(process.resolve(path));
    if (!entries.ok()) return;
    for (const auto& entry : *entries) {
        if (entry.name == "." || entry.name == ".." || entry.type == ports::FileType::Symlink)
            continue;
        collectTree(process,
                    path == "." && depth == 0 && options.operands.empty()
                        ? entry.name
                        : joinPath(path, entry.name),
                    options, out, depth + 1);
    }
}

sim::Task<int> grepMain(ports::Process& process, Strings argv) {
    // -5 is context.
    for (std::string& word : argv)
        if (word.size() > 1 && word[0] == '-' &&
            word.find_first_not_of("0123456789", 1) == std::string::npos)
            word = "-C" + word.substr(1);
    const std::string name = lastComponent(argv[0]);
    Options options(argv, "EFGPe:f:ivwxcK::lLm:noqshHrRA:B:C:azbUN:X:Y:",
                    {{"extended-regexp", 'E'},
                     {"fixed-strings", 'F'},
                     {"basic-regexp", 'G'},
                     {"perl-regexp", 'P'},
                     {"regexp", 'e'},
                     {"file", 'f'},
                     {"ignore-case", 'i'},
                     {"invert-match", 'v'},
                     {"word-regexp", 'w'},
                     {"line-regexp", 'x'},
                     {"count", 'c'},
                     {"color", 'K'},
                     {"colour", 'K'},
                     {"files-with-matches", 'l'},
                     {"files-without-match", 'L'},
                     {"max-count", 'm'},
                     {"line-number", 'n'},
                     {"only-matching", 'o'},
                     {"quiet", 'q'},
                     {"silent", 'q'},
                     {"no-messages", 's'},
                     {"no-filename", 'h'},
                     {"with-filename", 'H'},
                     {"recursive", 'r'},
                     {"dereference-recursive", 'R'},
                     {"after-context", 'A'},
                     {"before-context", 'B'},
                     {"context", 'C'},
                     {"text", 'a'},
                     {"include", 'N'},
                     {"exclude", 'X'},
                     {"exclude-dir", 'Y'},
                     {"line-buffered", 'U'},
                     {"byte-offset", 'b'}});
    if (!options.ok()) {
        std::string text = options.error();
        text =
            text.substr(0, text.find('\n') + 1) +
            "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n";
        co_await process.writeError(std::move(text));
        co_return 2;
    }
    Strings sources = options.all('e');
    for (const std::string& file : options.all('f')) {
        const auto content = co_await readWhole(process, file);
        if (!content.ok()) {
            co_await complain(process, file + ": " + content.error().message);
            co_return 2;
        }
        for (std::string& line : base::splitLines(*content)) sources.push_back(std::move(line));
    }
    if (!options.has('e') && !options.has('f')) {
        if (options.operands.empty()) {
            co_await process.writeError("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep "
                                        "--help' for more information.\n");
            co_return 2;
        }
        sources.push_back(options.operands[0]);
        options.operands.erase(options.operands.begin());
    }
    GrepJob job;
    RegexOptions regex;
    regex.extended = options.has('E') || name == "egrep";
    regex.fixed = options.has('F') || name == "fgrep";
    regex.perl = options.has('P');
    regex.ignoreCase = options.has('i');
    regex.wholeWord = options.has('w');
    regex.wholeLine = options.has('x');
    for (const std::string& source : sources)
        for (const std::string& line : base::split(source, '\n')) {
            job.patterns.emplace_back(line, regex);
            if (!job.patterns.back().ok()) {
                co_await complain(process, job.patterns.back().error());
                co_return 2;
            }
        }
    job.invert = options.has('v');
    job.countOnly = options.has('c');
    job.listNames = options.has('l');
    job.listWithout = options.has('L');
    job.numbers = options.has('n');
    job.onlyMatching = options.has('o');
    job.quiet = options.has('q');
    job.silent = options.has('s') || job.quiet;
    job.text = options.has('a');
    job.most = base::parseInt(options.value('m', "-1")).value_or(-1);
    if (job.most < 0) job.most = INT64_MAX;
    const std::string both = options.value('C', "0");
    for (const char letter : {'A', 'B', 'C'})
        if (options.has(letter) && !base::parseInt(options.value(letter))) {
            co_await complain(process, options.value(letter) + ": invalid context length argument");
            co_return 2;
        }
    job.after = static_cast<std::size_t>(base::parseInt(options.value('A', both)).value_or(0));
    job.before = static_cast<std::size_t>(base::parseInt(options.value('B', both)).value_or(0));
    if (options.has('K')) {
        const std::string when = options.value('K');
        job.color = when == "always" || ((when.empty() || when == "auto") && process.isTerminal(1));
    }
    const bool recursive = options.has('r') || options.has('R');
    Strings paths = options.operands;
    if (paths.empty()) paths.push_back(recursive ? "." : "-");
    if (recursive) {
        Strings found;
        for (const std::string& path : paths) collectTree(process, path, options, found, 0);
        paths = std::move(found);
    }
    job.withNames = options.has('H') || (!options.has('h') && (paths.size() > 1 || recursive));
    if (options.operands.size() == 1 && recursive &&
        !process.files().isDirectory(process.resolve(options.operands[0])) && !options.has('H'))
        job.withNames = false;
    Out out(process);
    for (const std::string& path : paths) {
        const int stop = co_await grepFile(process, job, path, out);
        if (stop != 0) break;
    }
    const bool written = co_await out.flush();
    if (!written) co_return 141;
    if (job.anyError && !(job.quiet && job.anyMatch)) co_return 2;
    co_return job.anyMatch ? 0 : 1;
}

sim::Task<int> egrepMain(ports::Process& process, Strings argv) {
    const int status = co_await grepMain(process, std::move(argv));
    co_return status;
}

} // namespace

const CoreutilEntry kSearchTools[] = {
    {"grep", grepMain}, {"egrep", egrepMain}, {"fgrep", egrepMain}, {nullptr, nullptr}};

} // namespace shell
