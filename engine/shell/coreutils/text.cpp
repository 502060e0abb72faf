// cat, head, tail, wc, tee, seq, yes.

#include "base/strings.h"
#include "machine/process/process.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

constexpr int kSigPipeStatus = 141;

sim::Task<int> catMain(ports::Process& process, Strings argv) {
    Options options(argv, "AbeEnstTuv",
                    {{"number", 'n'},
                     {"show-ends", 'E'},
                     {"show-tabs", 'T'},
                     {"squeeze-blank", 's'},
                     {"number-nonblank", 'b'},
                     {"show-all", 'A'},
                     {"show-nonprinting", 'v'}});
    OPTIONS_OR_RETURN(options, 1)
    const bool ends = options.has('E') || options.has('A') || options.has('e');
    const bool tabs = options.has('T') || options.has('A') || options.has('t');
    const bool visible =
        options.has('v') || options.has('A') || options.has('e') || options.has('t');
    const bool numbers = options.has('n') && !options.has('b');
    const bool plain =
        !ends && !tabs && !visible && !numbers && !options.has('b') && !options.has('s');
    Out out(process);
    int status = 0, number = 0;
    bool lastBlank = false;
    for (const std::string& path : inputsOf(options)) {
        LineReader reader(process, path);
        const std::string problem = reader.open();
        if (!problem.empty()) {
            co_await out.flush();
            std::string said = isBusybox(process) ? "cannot open " + quoted(path) : path;
            co_await complain(process, std::move(said) + ": " + problem);
            status = 1;
            continue;
        }
        if (plain && reader.isInput()) {
            while (true) {
                std::string piece = co_await process.input()->read();
                if (piece.empty()) break;
                out << piece;
                const bool written = co_await out.flush();
                if (!written) co_return kSigPipeStatus;
            }
            continue;
        }
        std::string line;
        bool ended = false;
        while (true) {
            const bool more = co_await reader.next(line, ended, &out);
            if (!more) break;
            if (plain) {
                out << line << (ended ? "\n" : "");
            } else {
                const bool blank = line.empty();
                if (options.has('s') && blank && lastBlank) continue;
                lastBlank = blank;
                if (numbers || (options.has('b') && !blank)) {
                    char buffer[32];
                    std::snprintf(buffer, sizeof buffer, "%6d\t", ++number);
                    out << buffer;
                }
                std::string shown;
                for (const char c : line) {
                    const auto u = static_cast<unsigned char>(c);
                    if (c == '\t' && tabs)
                        shown += "^I";
                    else if (visible && u < 32 && c != '\t')
                        shown += std::string("^") + static_cast<char>(c + 64);
                    else if (visible && u == 127)
                        shown += "^?";
                    else if (visible && u > 127) {
                        const int low = u & 0x7F;
                        shown += "M-";
                        if (low < 32)
                            shown += std::string("^") + static_cast<char>(low + 64);
                        else if (low == 127)
                            shown += "^?";
                        else
                            shown += static_cast<char>(low);
                    } else
                        shown += c;
                }
                out << shown << (ends && ended ? "$" : "") << (ended ? "\n" : "");
            }
            if (!out.full()) continue;
            const bool written = co_await out.flush();
            if (!written) co_return kSigPipeStatus;
        }
    }
    const bool written = co_await out.flush();
    co_return written ? status : kSigPipeStatus;
}

std::string headerFor(const std::string& path, bool& first) {
    const std::string text = std::string(first ? "" : "\n") + "==> " +
                             (path == "-" ? "standard input" : path) + " <==\n";
    first = false;
    return text;
}

// -5 as -n 5, as head and tail still take it.
void oldCount(Strings& argv, bool plusToo) {
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "--") return;
        if (word == "-n" || word == "-c") {
            ++i;
            continue;
        }
        if (word.size() > 1 && word[0] == '-' &&
            std::isdigit(static_cast<unsigned char>(word[1]))) {
            std::size_t end = 1;
            while (end < word.size() && std::isdigit(static_cast<unsigned char>(word[end]))) ++end;
            const std::string number = word.substr(1, end - 1), rest = word.substr(end);
            argv[i] = "-n" + number;
            if (!rest.empty())
                argv.insert(argv.begin() + static_cast<std::ptrdiff_t>(i) + 1, "-" + rest);
            return;
        }
        if (plusToo && i == 1 && word.size() > 1 && word[0] == '+' &&
            std::isdigit(static_cast<unsigned char>(word[1]))) {
            argv[i] = "-n" + word;
            return;
        }
    }
}

sim::Task<int> headMain(ports::Process& process, Strings argv) {
    oldCount(argv, false);
    Options options(
        argv, "n:c:qvz",
        {{"lines", 'n'}, {"bytes", 'c'}, {"quiet", 'q'}, {"silent", 'q'}, {"verbose", 'v'}});
    OPTIONS_OR_RETURN(options, 1)
    const bool bytes = options.has('c');
    std::string text = options.value(bytes ? 'c' : 'n', "10");
    const bool allBut = !text.empty() && text[0] == '-';
    const auto count =
        parseSize(allBut ? std::string_view(text).substr(1) : std::string_view(text));
    if (!count) {
        {
            std::string hoisted = std::string("invalid number of ") + (bytes ? "bytes" : "lines") +
                                  ": " + quoted(text);
            co_await complain(process, std::move(hoisted));
        }
        co_return 1;
    }
    Out out(process);
    int status = 0;
    bool first = true;
    const Strings inputs = inputsOf(options);
    for (const std::string& path : inputs) {
        LineReader reader(process, path);
        const std::string problem = reader.open();
        if (!problem.empty()) {
            co_await out.flush();
            {
                std::string hoisted =
                    problem == "Is a directory"
                        ? "error reading " + quoted(path) + ": " + problem
                        : "cannot open " + quoted(path) + " for reading: " + problem;
                co_await complain(process, std::move(hoisted));
            }
            status = 1;
            continue;
        }
        if ((inputs.size() > 1 || options.has('v')) && !options.has('q'))
            out << headerFor(path, first);
        if (bytes && !allBut && reader.isZeros()) {
            constexpr std::uint64_t kMost = 512 << 20; // so much of nothing is enough
            const std::string zeros(64 * 1024, '\0');
            for (std::uint64_t left = std::min<std::uint64_t>(*count, kMost); left > 0;) {
                const std::size_t size = std::min<std::uint64_t>(left, zeros.size());
                out << std::string_view(zeros).substr(0, size);
                left -= size;
                const bool written = co_await out.flush();
                if (!written) co_return kSigPipeStatus;
            }
            continue;
        }
        if (bytes || allBut) {
            std::string whole = co_await reader.rest();
            if (bytes) {
                out << std::string_view(whole).substr(
                    0,
                    allBut ? whole.size() - std::min<std::size_t>(*count, whole.size()) : *count);
            } else {
                auto lines = base::splitLines(whole);
                for (std::size_t i = 0; i + *count < lines.size(); ++i) out << lines[i] << "\n";
            }
            continue;
        }
        std::string line;
        bool ended = false;
        for (std::uint64_t i = 0; i < *count; ++i) {
            const bool more = co_await reader.next(line, ended, &out);
            if (!more) break;
            out << line << (ended ? "\n" : "");
            if (!out.full()) continue;
            const bool written = co_await out.flush();
            if (!written) co_return kSigPipeStatus;
        }
    }
    const bool written = co_await out.flush();
    // What is left unread breaks the writer's pipe, as the end of this process does.
    if (auto pipe = process.input(); pipe && options.operands.empty() && !process.isTerminal(0))
        (void)pipe;
    co_return written ? status : kSigPipeStatus;
}

sim::Task<int> followFile(ports::Process& process, Strings paths, std::vector<std::uint64_t> sizes,
                          bool retry, bool headers) {
    std::size_t last = paths.empty() ? 0 : paths.size() - 1;
    while (true) {
        bool any = false;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const std::string path = process.resolve(paths[i]);
            const auto stat = process.files().stat(path);
            if (!stat.ok()) {
                if (retry) sizes[i] = 0;
                continue;
            }
            any = true;
            if (stat->size < sizes[i]) {
                co_await complain(process, paths[i] + ": file truncated");
                sizes[i] = 0;
            }
            if (stat->size == sizes[i]) continue;
            const auto fresh = process.files().readAt(path, sizes[i], stat->size - sizes[i]);
            if (!fresh.ok()) continue;
            sizes[i] += fresh->size();
            std::string text = headers && last != i ? "\n==> " + paths[i] + " <==\n" : "";
            last = i;
            const auto pipe = process.output();
            if (!pipe) co_return kSigPipeStatus;
            text += *fresh;
            const bool written = co_await pipe->write(std::move(text));
            if (!written) co_return kSigPipeStatus;
        }
        (void)any;
        co_await sim::sleepFor(process.kernel(), 250 * sim::kMillisecond);
        if (auto pipe = process.output(); pipe && pipe->readClosed()) co_return kSigPipeStatus;
    }
}

sim::Task<int> tailMain(ports::Process& process, Strings argv) {
    oldCount(argv, true);
    Options options(argv, "n:c:fFqvs:r",
                    {{"lines", 'n'},
                     {"bytes", 'c'},
                     {"follow", 'f'},
                     {"quiet", 'q'},
                     {"verbose", 'v'},
                     {"retry", 'r'},
                     {"sleep-interval", 's'}});
    OPTIONS_OR_RETURN(options, 1)
    const bool bytes = options.has('c');
    const std::string text = options.value(bytes ? 'c' : 'n', "10");
    const bool fromStart = !text.empty() && text[0] == '+';
    const auto count =
        parseSize(fromStart || (!text.empty() && text[0] == '-') ? std::string_view(text).substr(1)
                                                                 : std::string_view(text));
    if (!count) {
        {
            std::string hoisted = std::string("invalid number of ") + (bytes ? "bytes" : "lines") +
                                  ": " + quoted(text);
            co_await complain(process, std::move(hoisted));
        }
        co_return 1;
    }
    Out out(process);
    int status = 0;
    bool first = true;
    const Strings inputs = inputsOf(options);
    Strings followed;
    std::vector<std::uint64_t> sizes;
    for (const std::string& path : inputs) {
        auto whole = co_await readIntoMemory(process, path);
        if (!whole.ok()) {
            co_await out.flush();
            {
                std::string hoisted =
                    whole.error().message == "Is a directory"
                        ? "error reading " + quoted(path) + ": Is a directory"
                        : "cannot open " + quoted(path) + " for reading: " + whole.error().message;
                co_await complain(process, std::move(hoisted));
            }
            status = 1;
            if (options.has('F')) {
                followed.push_back(path);
                sizes.push_back(0);
            }
            continue;
        }
        if ((inputs.size() > 1 || options.has('v')) && !options.has('q'))
            out << headerFor(path, first);
        std::size_t from = 0;
        if (bytes) {
            from = fromStart ? std::min<std::size_t>(*count > 0 ? *count - 1 : 0, whole->size())
                             : whole->size() - std::min<std::size_t>(*count, whole->size());
        } else if (fromStart) {
            for (std::uint64_t i = 1; i < *count && from < whole->size(); ++i) {
                const std::size_t end = whole->find('\n', from);
                from = end == std::string::npos ? whole->size() : end + 1;
            }
        } else {
            from = whole->size();
            std::uint64_t lines = 0;
            while (from > 0) {
                if ((*whole)[from - 1] == '\n' && from != whole->size() && ++lines >= *count) break;
                --from;
            }
            if (*count == 0) from = whole->size();
            if (*count > 0 && lines < *count) from = 0;
        }
        out << std::string_view(*whole).substr(from);
        if (path != "-") {
            followed.push_back(path);
            sizes.push_back(whole->size());
        }
    }
    const bool written = co_await out.flush();
    if (!written) co_return kSigPipeStatus;
    if ((options.has('f') || options.has('F')) && !followed.empty()) {
        const int ended = co_await followFile(process, followed, sizes, options.has('F'),
                                              inputs.size() > 1 && !options.has('q'));
        co_return ended;
    }
    if (options.has('f') && followed.empty() && status != 0)
        co_await complain(process, "no files remaining");
    co_return status;
}

sim::Task<int> wcMain(ports::Process& process, Strings argv) {
    Options options(
        argv, "lwcmL",
        {{"lines", 'l'}, {"words", 'w'}, {"bytes", 'c'}, {"chars", 'm'}, {"max-line-length", 'L'}});
    OPTIONS_OR_RETURN(options, 1)
    const bool all = !options.has('l') && !options.has('w') && !options.has('c') &&
                     !options.has('m') && !options.has('L');
    struct Row {
        std::array<std::uint64_t, 5> counts{};
        std::string name;
    };
    std::vector<Row> rows;
    Row total;
    int status = 0;
    bool fromInput = false;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        Row row;
        row.name = options.operands.empty() ? "" : path;
        fromInput = fromInput || path == "-";
        if (!whole.ok()) {
            co_await complain(process, path + ": " + whole.error().message);
            status = 1;
            if (whole.error().message != "Is a directory") continue;
        } else {
            bool inWord = false;
            std::uint64_t length = 0;
            for (const char c : *whole) {
                const bool space = std::isspace(static_cast<unsigned char>(c));
                if (!space && !inWord) ++row.counts[1];
                inWord = !space;
                if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++row.counts[2], ++length;
                if (c == '\n') {
                    ++row.counts[0];
                    row.counts[4] = std::max(row.counts[4], length - 1);
                    length = 0;
                }
            }
            row.counts[4] = std::max(row.counts[4], length);
            row.counts[3] = whole->size();
        }
        for (std::size_t i = 0; i < 4; ++i) total.counts[i] += row.counts[i];
        total.counts[4] = std::max(total.counts[4], row.counts[4]);
        rows.push_back(std::move(row));
    }
    if (options.operands.size() > 1) {
        total.name = "total";
        rows.push_back(total);
    }
    std::vector<std::size_t> columns;
    if (all || options.has('l')) columns.push_back(0);
    if (all || options.has('w')) columns.push_back(1);
    if (options.has('m')) columns.push_back(2);
    if (all || options.has('c')) columns.push_back(3);
    if (options.has('L')) columns.push_back(4);
    // As wide as the total size needs; 7 where sizes are not known beforehand.
    std::size_t width = std::to_string(total.counts[3]).size();
    if (fromInput) width = 7;
    if (columns.size() == 1 && options.operands.size() <= 1) width = 1;
    Out out(process);
    for (const Row& row : rows) {
        std::string line;
        for (const std::size_t column : columns) {
            const std::string number = std::to_string(row.counts[column]);
            if (!line.empty()) line += ' ';
            line += std::string(number.size() < width ? width - number.size() : 0, ' ') + number;
        }
        out << line << (row.name.empty() ? "" : " ") << row.name << "\n";
    }
    co_await out.flush();
    co_return status;
}

sim::Task<int> teeMain(ports::Process& process, Strings argv) {
    Options options(argv, "aip", {{"append", 'a'}, {"ignore-interrupts", 'i'}});
    OPTIONS_OR_RETURN(options, 1)
    int status = 0;
    Strings paths;
    for (const std::string& path : options.operands) {
        if (path == "/dev/stderr" || path == "/dev/stdout" || path == "-" || path == "/dev/null") {
            paths.push_back(path);
            continue;
        }
        const std::string absolute = process.resolve(path);
        const auto opened = options.has('a') ? process.files().append(absolute, "")
                                             : process.files().write(absolute, "");
        if (!opened.ok()) {
            co_await complain(process, path + ": " + opened.error().message);
            status = 1;
        } else {
            paths.push_back(absolute);
        }
    }
    while (true) {
        std::string piece;
        if (auto pipe = process.input()) piece = co_await pipe->read();
        if (piece.empty()) break;
        for (const std::string& path : paths) {
            if (path == "/dev/stderr")
                co_await process.writeError(piece);
            else if (path == "/dev/stdout" || path == "-")
                co_await process.writeOut(piece);
            else if (path != "/dev/null")
                (void)process.files().append(path, piece);
        }
        const auto pipe = process.output();
        if (!pipe) continue;
        const bool written = co_await pipe->write(std::move(piece));
        if (!written) co_return kSigPipeStatus;
    }
    co_return status;
}

sim::Task<int> seqMain(ports::Process& process, Strings argv) {
    std::string separator = "\n", format;
    bool equalWidth = false;
    Strings numbers;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "-w" || word == "--equal-width")
            equalWidth = true;
        else if (word == "-s" && i + 1 < argv.size())
            separator = argv[++i];
        else if (word.rfind("-s", 0) == 0 && word.size() > 2)
            separator = word.substr(2);
        else if (word == "-f" && i + 1 < argv.size())
            format = argv[++i];
        else if (word.size() > 1 && word[0] == '-' &&
                 !std::isdigit(static_cast<unsigned char>(word[1])) && word[1] != '.') {
            co_await process.writeError("seq: invalid option -- '" + std::string(1, word[1]) +
                                        "'\nTry 'seq --help' for more information.\n");
            co_return 1;
        } else
            numbers.push_back(word);
    }
    if (numbers.empty() || numbers.size() > 3) {
        {
            std::string hoisted =
                numbers.empty() ? "seq: missing operand\nTry 'seq --help' for more information.\n"
                                : "seq: extra operand " + quoted(numbers[3]) +
                                      "\nTry 'seq --help' for more information.\n";
            co_await process.writeError(std::move(hoisted));
        }
        co_return 1;
    }
    double values[3] = {1, 1, 1};
    int precision = 0;
    std::size_t widest = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        char* end = nullptr;
        values[i] = std::strtod(numbers[i].c_str(), &end);
        if (*end != '\0' || numbers[i].empty()) {
            co_await process.writeError(
                "seq: invalid floating point argument: " + quoted(numbers[i]) +
                "\nTry 'seq --help' for more information.\n");
            co_return 1;
        }
        const std::size_t dot = numbers[i].find('.');
        if (dot != std::string::npos && i + 1 != numbers.size() + 1)
            precision = std::max(precision, static_cast<int>(numbers[i].size() - dot - 1));
    }
    const double first = numbers.size() > 1 ? values[0] : 1;
    const double step = numbers.size() > 2 ? values[1] : 1;
    const double last = values[numbers.size() - 1];
    if (step == 0) {
        co_await process.writeError("seq: invalid Zero increment value: " + quoted(numbers[1]) +
                                    "\nTry 'seq --help' for more information.\n");
        co_return 1;
    }
    auto shown = [&](double value) {
        char buffer[64];
        if (!format.empty()) {
            std::string safe = format;
            const std::size_t at = safe.find('%');
            if (at != std::string::npos && safe.find('%', at + 1) == std::string::npos &&
                safe.find_first_of("efgEFG", at) != std::string::npos)
                std::snprintf(buffer, sizeof buffer, safe.c_str(), value);
            else
                std::snprintf(buffer, sizeof buffer, "%g", value);
        } else {
            std::snprintf(buffer, sizeof buffer, "%.*f", precision, value);
        }
        return std::string(buffer);
    };
    widest = std::max(shown(first).size(), shown(last).size());
    Out out(process);
    const double count = std::floor((last - first) / step + 1e-10);
    for (double i = 0; i <= count; ++i) {
        std::string text = shown(first + i * step);
        if (equalWidth && text.size() < widest)
            text.insert(text[0] == '-' ? 1 : 0, widest - text.size(), '0');
        if (i > 0) out << separator;
        out << text;
        if (!out.full()) continue;
        const bool flushed = co_await out.flush();
        if (!flushed) co_return kSigPipeStatus;
    }
    if (count >= 0) out << "\n";
    const bool written = co_await out.flush();
    co_return written ? 0 : kSigPipeStatus;
}

sim::Task<int> yesMain(ports::Process& process, Strings argv) {
    Strings words(argv.begin() + 1, argv.end());
    const std::string line = (words.empty() ? "y" : base::join(words, " ")) + "\n";
    std::string block;
    while (block.size() < 16 * 1024) block += line;
    while (true) {
        const auto pipe = process.output();
        if (!pipe) co_return kSigPipeStatus;
        const bool written = co_await pipe->write(block);
        if (!written) co_return kSigPipeStatus;
        // The copy into the pipe included, which a reader such as /dev/null makes it wait for.
        machine::consume(process, 36 * sim::kMicrosecond);
        co_await sim::sleepFor(process.kernel(), 20 * sim::kMicrosecond);
    }
}

} // namespace

const CoreutilEntry kTextTools[] = {{"cat", catMain}, {"head", headMain}, {"tail", tailMain},
                                    {"wc", wcMain},   {"tee", teeMain},   {"seq", seqMain},
                                    {"yes", yesMain}, {nullptr, nullptr}};

} // namespace shell
