// diff, cmp.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>

namespace shell {
namespace {

// diff: longest common subsequence by Myers, bounded.
struct Hunk {
    std::size_t fromA, toA, fromB, toB; // half-open line ranges
};

std::vector<Hunk> differences(const Strings& a, const Strings& b) {
    std::size_t head = 0, tail = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
    while (tail < a.size() - head && tail < b.size() - head &&
           a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    const std::int64_t n = static_cast<std::int64_t>(a.size() - head - tail),
                       m = static_cast<std::int64_t>(b.size() - head - tail);
    std::vector<Hunk> hunks;
    if (n == 0 && m == 0) return hunks;
    const std::int64_t limit = std::min<std::int64_t>(n + m, 4000);
    std::vector<std::vector<std::int64_t>> trace;
    std::vector<std::int64_t> v(static_cast<std::size_t>(2 * limit + 3), 0);
    std::int64_t found = -1;
    for (std::int64_t d = 0; d <= limit && found < 0; ++d) {
        trace.push_back(v);
        for (std::int64_t k = -d; k <= d; k += 2) {
            const auto at = [&](std::int64_t i) -> std::int64_t& {
                return v[static_cast<std::size_t>(i + limit + 1)];
            };
            std::int64_t x =
                k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
            std::int64_t y = x - k;
            while (x < n && y < m &&
                   a[head + static_cast<std::size_t>(x)] == b[head + static_cast<std::size_t>(y)])
                ++x, ++y;
            at(k) = x;
            if (x >= n && y >= m) {
                found = d;
                break;
            }
        }
    }
    if (found < 0) {
        hunks.push_back({head, a.size() - tail, head, b.size() - tail});
        return hunks;
    }
    std::vector<bool> gone(static_cast<std::size_t>(n), false),
        fresh(static_cast<std::size_t>(m), false);
    std::int64_t x = n, y = m;
    for (std::int64_t d = found; d > 0; --d) {
        const auto& before = trace[static_cast<std::size_t>(d)];
        const auto at = [&](std::int64_t i) {
            return before[static_cast<std::size_t>(i + limit + 1)];
        };
        const std::int64_t k = x - y;
        const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
        const std::int64_t previousK = down ? k + 1 : k - 1;
        const std::int64_t px = at(previousK), py = px - previousK;
        if (down)
            fresh[static_cast<std::size_t>(py)] = true;
        else
            gone[static_cast<std::size_t>(px)] = true;
        x = px;
        y = py;
    }
    std::int64_t i = 0, j = 0;
    while (i < n || j < m) {
        if ((i < n && gone[static_cast<std::size_t>(i)]) ||
            (j < m && fresh[static_cast<std::size_t>(j)])) {
            Hunk hunk{head + static_cast<std::size_t>(i), 0, head + static_cast<std::size_t>(j), 0};
            while (i < n && gone[static_cast<std::size_t>(i)]) ++i;
            while (j < m && fresh[static_cast<std::size_t>(j)]) ++j;
            hunk.toA = head + static_cast<std::size_t>(i);
            hunk.toB = head + static_cast<std::size_t>(j);
            hunks.push_back(hunk);
        } else {
            ++i;
            ++j;
        }
    }
    return hunks;
}

struct Side {
    Strings lines;
    bool ended = true;
};

Side sideOf(const std::string& text) {
    return {base::splitLines(text), text.empty() || text.back() == '\n'};
}

std::string lineOf(const Side& side, std::size_t i, const std::string& prefix) {
    const bool unended = !side.ended && i + 1 == side.lines.size();
    return prefix + side.lines[i] + "\n" + (unended ? "\\ No newline at end of file\n" : "");
}

std::string unified(const Side& a, const Side& b, const std::vector<Hunk>& hunks,
                    std::size_t context) {
    std::string out;
    auto range = [](std::size_t from, std::size_t to) {
        const std::size_t count = to - from;
        return count == 1
                   ? std::to_string(from + 1)
                   : std::to_string(count == 0 ? from : from + 1) + "," + std::to_string(count);
    };
    for (std::size_t first = 0; first < hunks.size();) {
        std::size_t last = first;
        while (last + 1 < hunks.size() && hunks[last + 1].fromA - hunks[last].toA <= 2 * context)
            ++last;
        const std::size_t fromA = hunks[first].fromA > context ? hunks[first].fromA - context : 0;
        const std::size_t fromB = hunks[first].fromB > context ? hunks[first].fromB - context : 0;
        const std::size_t before = std::min(hunks[first].fromA - fromA, hunks[first].fromB - fromB);
        const std::size_t startA = hunks[first].fromA - before,
                          startB = hunks[first].fromB - before;
        const std::size_t after =
            std::min({context, a.lines.size() - hunks[last].toA, b.lines.size() - hunks[last].toB});
        out += "@@ -" + range(startA, hunks[last].toA + after) + " +" +
               range(startB, hunks[last].toB + after) + " @@\n";
        std::size_t at = startA;
        for (std::size_t h = first; h <= last; ++h) {
            for (; at < hunks[h].fromA; ++at) out += lineOf(a, at, " ");
            for (std::size_t i = hunks[h].fromA; i < hunks[h].toA; ++i) out += lineOf(a, i, "-");
            for (std::size_t i = hunks[h].fromB; i < hunks[h].toB; ++i) out += lineOf(b, i, "+");
            at = hunks[h].toA;
        }
        for (std::size_t i = 0; i < after; ++i) out += lineOf(a, at++, " ");
        first = last + 1;
    }
    return out;
}

std::string normalDiff(const Side& a, const Side& b, const std::vector<Hunk>& hunks) {
    std::string out;
    auto range = [](std::size_t from, std::size_t to) {
        return to - from <= 1 ? std::to_string(to > from ? from + 1 : from)
                              : std::to_string(from + 1) + "," + std::to_string(to);
    };
    for (const Hunk& hunk : hunks) {
        const bool gone = hunk.toA > hunk.fromA, fresh = hunk.toB > hunk.fromB;
        out += range(hunk.fromA, hunk.toA) +
               (gone && fresh ? "c"
                : gone        ? "d"
                              : "a") +
               range(hunk.fromB, hunk.toB) + "\n";
        for (std::size_t i = hunk.fromA; i < hunk.toA; ++i) out += lineOf(a, i, "< ");
        if (gone && fresh) out += "---\n";
        for (std::size_t i = hunk.fromB; i < hunk.toB; ++i) out += lineOf(b, i, "> ");
    }
    return out;
}

sim::Task<int> diffPair(ports::Process& process, const Options& options, std::string left,
                        std::string right, Out& out, std::string header) {
    std::string texts[2];
    const std::string paths[2] = {left, right};
    bool missing = false;
    for (int i = 0; i < 2; ++i) {
        auto whole = co_await readWhole(process, paths[i]);
        if (!whole.ok()) {
            if (options.has('N')) continue;
            co_await complain(process, paths[i] + ": " + whole.error().message);
            missing = true;
            continue;
        }
        texts[i] = std::move(*whole);
    }
    if (missing) co_return 2;
    if (texts[0] == texts[1]) {
        if (options.has('s')) out << "Files " << left << " and " << right << " are identical\n";
        co_return 0;
    }
    if (options.has('q')) {
        out << "Files " << left << " and " << right << " differ\n";
        co_return 1;
    }
    if (texts[0].find('\0') != std::string::npos || texts[1].find('\0') != std::string::npos) {
        out << "Binary files " << left << " and " << right << " differ\n";
        co_return 1;
    }
    Side a = sideOf(texts[0]), b = sideOf(texts[1]);
    Side x = a, y = b;
    for (Side* side : {&x, &y})
        for (std::string& line : side->lines) {
            if (options.has('w'))
                std::erase_if(line,
                              [](char c) { return std::isspace(static_cast<unsigned char>(c)); });
            else if (options.has('b'))
                line = base::join(base::splitFields(line), " ");
            if (options.has('i')) line = base::toLower(line);
        }
    if (!a.ended && !x.lines.empty()) x.lines.back() += "\x01";
    if (!b.ended && !y.lines.empty()) y.lines.back() += "\x01";
    const auto hunks = differences(x.lines, y.lines);
    if (hunks.empty()) co_return 0;
    out << header;
    if (options.has('u') || options.has('U')) {
        const Strings labels = options.all('L');
        for (int i = 0; i < 2; ++i) {
            const auto stat = process.files().stat(process.resolve(paths[i]));
            const std::int64_t when = stat.ok()         ? stat->modified
                                      : paths[i] == "-" ? process.kernel().unixNow()
                                                        : 0;
            out << (i == 0 ? "--- " : "+++ ");
            if (static_cast<std::size_t>(i) < labels.size())
                out << labels[static_cast<std::size_t>(i)] << "\n";
            else
                out << paths[i] << "\t" << strftimeUtc("%Y-%m-%d %H:%M:%S.%N +0000", when) << "\n";
        }
        out << unified(
            a, b, hunks,
            static_cast<std::size_t>(base::parseInt(options.value('U', "3")).value_or(3)));
    } else {
        out << normalDiff(a, b, hunks);
    }
    co_return 1;
}

sim::Task<int> diffFolders(ports::Process& process, const Options& options, std::string left,
                           std::string right, Out& out, int depth) {
    int status = 0;
    std::map<std::string, int> names;
    for (int i = 0; i < 2; ++i)
        if (const auto entries = process.files().list(process.resolve(i == 0 ? left : right));
            entries.ok())
            for (const auto& entry : *entries)
                if (entry.name != "." && entry.name != "..") names[entry.name] |= i + 1;
    for (const auto& [name, where] : names) {
        const std::string a = joinPath(left, name), b = joinPath(right, name);
        if (where != 3 && !options.has('N')) {
            out << "Only in " << (where == 1 ? left : right) << ": " << name << "\n";
            status = std::max(status, 1);
            continue;
        }
        const bool folderA = process.files().isDirectory(process.resolve(a)),
                   folderB = process.files().isDirectory(process.resolve(b));
        int inner = 0;
        if (folderA && folderB) {
            if (options.has('r') && depth < 100)
                inner = co_await diffFolders(process, options, a, b, out, depth + 1);
            else
                out << "Common subdirectories: " << a << " and " << b << "\n";
        } else {
            std::string header = "diff";
            for (std::size_t i = 1; i < process.argv().size(); ++i)
                if (process.argv()[i].size() > 1 && process.argv()[i][0] == '-')
                    header += " " + process.argv()[i];
            header += " " + a + " " + b + "\n";
            inner = co_await diffPair(process, options, a, b, out, header);
        }
        status = std::max(status, inner);
    }
    co_return status;
}

sim::Task<int> diffMain(ports::Process& process, Strings argv) {
    Options options(argv, "uU:rqNsbwBiaL:cyt",
                    {{"unified", 'u'},
                     {"recursive", 'r'},
                     {"brief", 'q'},
                     {"new-file", 'N'},
                     {"report-identical-files", 's'},
                     {"label", 'L'},
                     {"ignore-all-space", 'w'},
                     {"ignore-space-change", 'b'},
                     {"ignore-case", 'i'},
                     {"text", 'a'},
                     {"color", 'K'}});
    OPTIONS_OR_RETURN(options, 2)
    if (options.operands.size() != 2) {
        std::string text = "diff: missing operand after '" +
                           (options.operands.empty() ? std::string("diff") : options.operands[0]) +
                           "'\ndiff: Try 'diff --help' for more information.\n";
        co_await process.writeError(std::move(text));
        co_return 2;
    }
    std::string left = options.operands[0], right = options.operands[1];
    const bool folderA = process.files().isDirectory(process.resolve(left)),
               folderB = process.files().isDirectory(process.resolve(right));
    Out out(process);
    int status = 0;
    if (folderA && folderB) {
        status = co_await diffFolders(process, options, left, right, out, 0);
    } else {
        if (folderA && right != "-") left = joinPath(left, lastComponent(right));
        if (folderB && left != "-") right = joinPath(right, lastComponent(left));
        status = co_await diffPair(process, options, left, right, out, "");
    }
    const bool written = co_await out.flush();
    co_return written ? status : 141;
}

sim::Task<int> cmpMain(ports::Process& process, Strings argv) {
    Options options(argv, "slbn:i:", {{"silent", 's'}, {"quiet", 's'}, {"verbose", 'l'}});
    OPTIONS_OR_RETURN(options, 2)
    if (options.operands.empty()) {
        co_await process.writeError(
            "cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.\n");
        co_return 2;
    }
    if (options.operands.size() < 2) options.operands.push_back("-");
    std::string texts[2];
    for (std::size_t i = 0; i < 2; ++i) {
        auto whole = co_await readWhole(process, options.operands[i]);
        if (!whole.ok()) {
            if (!options.has('s'))
                co_await complain(process, options.operands[i] + ": " + whole.error().message);
            co_return 2;
        }
        texts[i] = std::move(*whole);
    }
    std::size_t line = 1;
    for (std::size_t i = 0; i < std::min(texts[0].size(), texts[1].size()); ++i) {
        if (texts[0][i] != texts[1][i]) {
            if (!options.has('s'))
                co_await process.writeOut(options.operands[0] + " " + options.operands[1] +
                                          " differ: char " + std::to_string(i + 1) + ", line " +
                                          std::to_string(line) + "\n");
            co_return 1;
        }
        line += texts[0][i] == '\n';
    }
    if (texts[0].size() == texts[1].size()) co_return 0;
    const std::size_t shorter = texts[0].size() < texts[1].size() ? 0 : 1;
    if (!options.has('s')) {
        std::string text = "cmp: EOF on " + options.operands[shorter];
        if (texts[shorter].empty())
            text += " which is empty\n";
        else
            text += " after byte " + std::to_string(texts[shorter].size()) +
                    (texts[shorter].back() == '\n' ? ", line " + std::to_string(line - 1)
                                                   : ", in line " + std::to_string(line)) +
                    "\n";
        co_await process.writeError(std::move(text));
    }
    co_return 1;
}

} // namespace

const CoreutilEntry kDiffTools[] = {{"diff", diffMain}, {"cmp", cmpMain}, {nullptr, nullptr}};

} // namespace shell
