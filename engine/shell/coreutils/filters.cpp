// tac, rev, nl, cut, tr.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdio>

namespace shell {
namespace {

constexpr int kSigPipeStatus = 141;

sim::Task<int> tacMain(ports::Process& process, Strings argv) {
    Options options(argv, "");
    OPTIONS_OR_RETURN(options, 1)
    Out out(process);
    int status = 0;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readIntoMemory(process, path);
        if (!whole.ok()) {
            co_await complain(process, "failed to open " + quoted(path) +
                                           " for reading: " + whole.error().message);
            status = 1;
            continue;
        }
        auto lines = base::splitLines(*whole);
        const bool ended = whole->empty() || whole->back() == '\n';
        for (std::size_t i = lines.size(); i-- > 0;)
            out << lines[i] << (i + 1 == lines.size() && !ended ? "" : "\n");
    }
    co_await out.flush();
    co_return status;
}

sim::Task<int> revMain(ports::Process& process, Strings argv) {
    Options options(argv, "");
    OPTIONS_OR_RETURN(options, 1)
    Out out(process);
    for (const std::string& path : inputsOf(options)) {
        LineReader reader(process, path);
        const std::string problem = reader.open();
        if (!problem.empty()) {
            co_await complain(process, "cannot open " + path + ": " + problem);
            co_return 1;
        }
        std::string line;
        bool ended = false;
        while (true) {
            const bool more = co_await reader.next(line, ended, &out);
            if (!more) break;
            std::reverse(line.begin(), line.end());
            out << line << (ended ? "\n" : "");
        }
    }
    co_await out.flush();
    co_return 0;
}

sim::Task<int> nlMain(ports::Process& process, Strings argv) {
    Options options(argv, "b:w:s:v:n:i:",
                    {{"body-numbering", 'b'},
                     {"number-width", 'w'},
                     {"number-separator", 's'},
                     {"starting-line-number", 'v'}});
    OPTIONS_OR_RETURN(options, 1)
    const bool all = options.value('b', "t") == "a";
    const int width = static_cast<int>(base::parseInt(options.value('w', "6")).value_or(6));
    auto number = base::parseInt(options.value('v', "1")).value_or(1);
    const std::string separator = options.value('s', "\t"), form = options.value('n', "rn");
    Out out(process);
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await complain(process, path + ": " + whole.error().message);
            co_return 1;
        }
        for (const std::string& line : base::splitLines(*whole)) {
            if (line.empty() && !all) {
                out << std::string(static_cast<std::size_t>(width) + separator.size(), ' ') << "\n";
                continue;
            }
            char buffer[64];
            std::snprintf(buffer, sizeof buffer,
                          form == "ln"   ? "%-*lld"
                          : form == "rz" ? "%0*lld"
                                         : "%*lld",
                          width, static_cast<long long>(number));
            number += base::parseInt(options.value('i', "1")).value_or(1);
            out << buffer << separator << line << "\n";
        }
    }
    co_await out.flush();
    co_return 0;
}

// "1,3-5,7-" as predicate over 1-based positions.
struct Ranges {
    std::vector<std::pair<std::size_t, std::size_t>> list;
    bool contains(std::size_t n) const {
        for (const auto& [from, to] : list)
            if (n >= from && n <= to) return true;
        return false;
    }
};

std::optional<Ranges> parseRanges(const std::string& text) {
    Ranges ranges;
    for (const std::string& piece : base::split(text, ',')) {
        const std::size_t dash = piece.find('-');
        auto number = [](const std::string& s, std::size_t fallback) -> std::optional<std::size_t> {
            if (s.empty()) return fallback;
            const auto value = base::parseInt(s);
            if (!value || *value < 1) return std::nullopt;
            return static_cast<std::size_t>(*value);
        };
        const auto from = number(piece.substr(0, dash), 1);
        const auto to = dash == std::string::npos ? from : number(piece.substr(dash + 1), SIZE_MAX);
        if (!from || !to || piece.empty() || piece == "-") return std::nullopt;
        ranges.list.emplace_back(*from, *to);
    }
    return ranges;
}

sim::Task<int> cutMain(ports::Process& process, Strings argv) {
    Options options(argv, "b:c:d:f:snCo:",
                    {{"bytes", 'b'},
                     {"characters", 'c'},
                     {"delimiter", 'd'},
                     {"fields", 'f'},
                     {"only-delimited", 's'},
                     {"complement", 'C'},
                     {"output-delimiter", 'o'}});
    OPTIONS_OR_RETURN(options, 1)
    const char mode = options.has('f')   ? 'f'
                      : options.has('c') ? 'c'
                      : options.has('b') ? 'b'
                                         : '\0';
    if (mode == '\0') {
        co_await process.writeError("cut: you must specify a list of bytes, characters, or "
                                    "fields\nTry 'cut --help' for more information.\n");
        co_return 1;
    }
    const auto ranges = parseRanges(options.value(mode));
    if (!ranges) {
        const std::string list = options.value(mode);
        {
            std::string hoisted = mode == 'f'
                                      ? (list == "0" || list.rfind("0,", 0) == 0
                                             ? std::string("cut: fields are numbered from 1\nTry "
                                                           "'cut --help' for more information.\n")
                                             : "cut: invalid field value " + quoted(list) +
                                                   "\nTry 'cut --help' for more information.\n")
                                      : "cut: invalid byte or character range\nTry 'cut --help' "
                                        "for more information.\n";
            co_await process.writeError(std::move(hoisted));
        }
        co_return 1;
    }
    std::string delimiter = options.value('d', "\t");
    if (delimiter.size() > 1) {
        co_await process.writeError("cut: the delimiter must be a single character\nTry 'cut "
                                    "--help' for more information.\n");
        co_return 1;
    }
    if (delimiter.empty()) delimiter = std::string(1, '\0');
    const bool complement = options.has('C');
    const std::string outDelimiter = options.value('o', mode == 'f' ? delimiter : "");
    Out out(process);
    int status = 0;
    for (const std::string& path : inputsOf(options)) {
        LineReader reader(process, path);
        const std::string problem = reader.open();
        if (!problem.empty()) {
            co_await complain(process, path + ": " + problem);
            status = 1;
            continue;
        }
        std::string line;
        bool ended = false;
        while (true) {
            const bool more = co_await reader.next(line, ended, &out);
            if (!more) break;
            std::string result;
            if (mode == 'f') {
                if (line.find(delimiter[0]) == std::string::npos) {
                    if (options.has('s')) continue;
                    result = line;
                } else {
                    bool first = true;
                    std::size_t index = 0;
                    for (const std::string& field : base::split(line, delimiter[0])) {
                        if (ranges->contains(++index) == complement) continue;
                        if (!first) result += outDelimiter;
                        first = false;
                        result += field;
                    }
                }
            } else {
                std::size_t index = 0;
                for (std::size_t i = 0; i < line.size();) {
                    std::size_t length = 1;
                    if (mode == 'c')
                        while (i + length < line.size() &&
                               (static_cast<unsigned char>(line[i + length]) & 0xC0) == 0x80)
                            ++length;
                    if (ranges->contains(++index) != complement) result.append(line, i, length);
                    i += length;
                }
            }
            out << result << "\n";
            if (!out.full()) continue;
            const bool written = co_await out.flush();
            if (!written) co_return kSigPipeStatus;
        }
    }
    const bool written = co_await out.flush();
    co_return written ? status : kSigPipeStatus;
}

// Sets of tr. Source: tr(1).
std::string expandSet(const std::string& text, std::size_t fill) {
    std::string plain;
    std::vector<bool> literal;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        bool escaped = false;
        if (c == '\\' && i + 1 < text.size()) {
            escaped = true;
            c = text[++i];
            if (c >= '0' && c <= '7') {
                int value = 0, digits = 0;
                while (digits < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7')
                    value = value * 8 + (text[i++] - '0'), ++digits;
                --i;
                c = static_cast<char>(value);
            } else {
                static constexpr std::string_view kFrom = "abfnrtv", kTo = "\a\b\f\n\r\t\v";
                const std::size_t at = kFrom.find(c);
                if (at != std::string_view::npos) c = kTo[at];
            }
        }
        plain += c;
        literal.push_back(escaped);
    }
    std::string out;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (plain[i] == '[' && !literal[i] && i + 1 < plain.size() && plain[i + 1] == ':') {
            const std::size_t end = plain.find(":]", i + 2);
            if (end != std::string::npos) {
                const std::string name = plain.substr(i + 2, end - i - 2);
                for (int c = 0; c < 256; ++c) {
                    const bool in = (name == "alpha" && std::isalpha(c)) ||
                                    (name == "digit" && std::isdigit(c)) ||
                                    (name == "alnum" && std::isalnum(c)) ||
                                    (name == "upper" && std::isupper(c)) ||
                                    (name == "lower" && std::islower(c)) ||
                                    (name == "space" && std::isspace(c)) ||
                                    (name == "punct" && std::ispunct(c)) ||
                                    (name == "blank" && (c == ' ' || c == '\t')) ||
                                    (name == "cntrl" && std::iscntrl(c)) ||
                                    (name == "print" && std::isprint(c)) ||
                                    (name == "graph" && std::isgraph(c)) ||
                                    (name == "xdigit" && std::isxdigit(c));
                    if (in && c < 128) out += static_cast<char>(c);
                }
                i = end + 1;
                continue;
            }
        }
        if (plain[i] == '[' && i + 3 < plain.size() && plain[i + 2] == '*') {
            const std::size_t end = plain.find(']', i + 3);
            if (end != std::string::npos) {
                const auto count = base::parseInt(plain.substr(i + 3, end - i - 3)).value_or(0);
                out.append(count > 0
                               ? static_cast<std::size_t>(std::min<std::int64_t>(count, 100000))
                           : fill > out.size() ? fill - out.size()
                                               : 0,
                           plain[i + 1]);
                i = end;
                continue;
            }
        }
        if (i + 2 < plain.size() && plain[i + 1] == '-' && !literal[i + 1]) {
            for (int c = static_cast<unsigned char>(plain[i]);
                 c <= static_cast<unsigned char>(plain[i + 2]); ++c)
                out += static_cast<char>(c);
            i += 2;
            continue;
        }
        out += plain[i];
    }
    return out;
}

sim::Task<int> trMain(ports::Process& process, Strings argv) {
    Options options(
        argv, "+cCdst",
        {{"complement", 'c'}, {"delete", 'd'}, {"squeeze-repeats", 's'}, {"truncate-set1", 't'}});
    OPTIONS_OR_RETURN(options, 1)
    const bool deleting = options.has('d'), squeezing = options.has('s'),
               complement = options.has('c') || options.has('C');
    const std::size_t count = options.operands.size();
    if (count == 0) {
        co_await process.writeError("tr: missing operand\nTry 'tr --help' for more information.\n");
        co_return 1;
    }
    if (count == 1 && !deleting && !squeezing) {
        co_await process.writeError("tr: missing operand after " + quoted(options.operands[0]) +
                                    "\nTwo strings must be given when translating.\nTry 'tr "
                                    "--help' for more information.\n");
        co_return 1;
    }
    std::string first = expandSet(options.operands[0], 0);
    if (complement) {
        std::bitset<256> in;
        for (const char c : first) in.set(static_cast<unsigned char>(c));
        first.clear();
        for (int c = 0; c < 256; ++c)
            if (!in.test(static_cast<std::size_t>(c))) first += static_cast<char>(c);
    }
    std::string second = count > 1 ? expandSet(options.operands[1], first.size()) : "";
    std::array<int, 256> map;
    for (int i = 0; i < 256; ++i) map[static_cast<std::size_t>(i)] = i;
    std::bitset<256> remove, squeeze;
    if (deleting) {
        for (const char c : first) remove.set(static_cast<unsigned char>(c));
        if (squeezing)
            for (const char c : second) squeeze.set(static_cast<unsigned char>(c));
    } else if (!second.empty()) {
        for (std::size_t i = 0; i < first.size(); ++i) {
            if (i >= second.size() && options.has('t')) break;
            map[static_cast<unsigned char>(first[i])] =
                static_cast<unsigned char>(second[std::min(i, second.size() - 1)]);
        }
        if (squeezing)
            for (const char c : second) squeeze.set(static_cast<unsigned char>(c));
    } else {
        for (const char c : first) squeeze.set(static_cast<unsigned char>(c));
    }
    int last = -1;
    Out out(process);
    while (process.input()) {
        const std::string piece = co_await process.input()->read();
        if (piece.empty()) break;
        std::string text;
        for (const char raw : piece) {
            const auto c = static_cast<unsigned char>(raw);
            if (remove.test(c)) continue;
            const int to = map[c];
            if (squeeze.test(static_cast<std::size_t>(to)) && to == last) continue;
            last = to;
            text += static_cast<char>(to);
        }
        out << text;
        const bool written = co_await out.flush();
        if (!written) co_return kSigPipeStatus;
    }
    co_return 0;
}

} // namespace

const CoreutilEntry kFilterTools[] = {{"tac", tacMain}, {"rev", revMain}, {"nl", nlMain},
                                      {"cut", cutMain}, {"tr", trMain},   {nullptr, nullptr}};

} // namespace shell
