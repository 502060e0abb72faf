// sort, uniq, paste, comm, join, column, fold, expr, base64, checksums, hexdump, xxd, od, strings,
// diff, cmp, jq.

#include "base/hash.h"
#include "base/strings.h"
#include "pki/certificate.h"
#include "shell/coreutils/coreutils.h"
#include "shell/coreutils/regex.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

#define OPTIONS_OR_RETURN(options)                                                                 \
    if (!options.ok()) {                                                                           \
        co_await process.writeError(options.error());                                              \
        co_return 2;                                                                               \
    }

Strings inputsOf(const Options& options) {
    return options.operands.empty() ? Strings{"-"} : options.operands;
}

struct SortKey {
    std::size_t field = 0, character = 0, endField = 0, endCharacter = 0; // field 0: the whole line
    bool numeric = false, general = false, human = false, version = false, reverse = false,
         fold = false, dictionary = false, blanks = false, month = false, own = false;
};

double humanNumber(const std::string& text) {
    char* end = nullptr;
    double value = std::strtod(text.c_str(), &end);
    static constexpr std::string_view kUnits = "KMGTPE";
    const char unit = *end == 'k' ? 'K' : *end;
    const std::size_t power = unit == '\0' ? std::string_view::npos : kUnits.find(unit);
    return power == std::string_view::npos
               ? value
               : value * std::pow(1024.0, static_cast<double>(power + 1));
}

double plainNumber(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    std::size_t end = at;
    if (end < text.size() && text[end] == '-') ++end;
    while (end < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[end])) || text[end] == '.'))
        ++end;
    return std::strtod(text.substr(at, end - at).c_str(), nullptr);
}

int versionCompare(const std::string& a, const std::string& b) {
    std::size_t i = 0, j = 0;
    while (i < a.size() || j < b.size()) {
        while ((i < a.size() && !std::isdigit(static_cast<unsigned char>(a[i]))) ||
               (j < b.size() && !std::isdigit(static_cast<unsigned char>(b[j])))) {
            auto order = [](const std::string& s, std::size_t at) {
                return at >= s.size() || std::isdigit(static_cast<unsigned char>(s[at])) ? 0
                       : std::isalpha(static_cast<unsigned char>(s[at]))                 ? s[at]
                       : s[at] == '~'                                                    ? -1
                                      : s[at] + 256;
            };
            const int x = order(a, i), y = order(b, j);
            if (x != y) return x < y ? -1 : 1;
            if (i < a.size()) ++i;
            if (j < b.size()) ++j;
        }
        std::string x, y;
        while (i < a.size() && std::isdigit(static_cast<unsigned char>(a[i]))) x += a[i++];
        while (j < b.size() && std::isdigit(static_cast<unsigned char>(b[j]))) y += b[j++];
        x.erase(0, x.find_first_not_of('0') == std::string::npos ? x.size()
                                                                 : x.find_first_not_of('0'));
        y.erase(0, y.find_first_not_of('0') == std::string::npos ? y.size()
                                                                 : y.find_first_not_of('0'));
        if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

void keyFlags(SortKey& key, std::string_view flags) {
    for (const char c : flags) {
        key.own = true;
        if (c == 'n') key.numeric = true;
        if (c == 'g') key.general = true;
        if (c == 'h') key.human = true;
        if (c == 'V') key.version = true;
        if (c == 'r') key.reverse = true;
        if (c == 'f') key.fold = true;
        if (c == 'd') key.dictionary = true;
        if (c == 'b') key.blanks = true;
        if (c == 'M') key.month = true;
    }
}

bool parseKey(const std::string& text, SortKey& key) {
    auto part = [&](const std::string& piece, std::size_t& field, std::size_t& character) {
        std::size_t at = 0;
        auto number = [&] {
            std::size_t value = 0;
            while (at < piece.size() && std::isdigit(static_cast<unsigned char>(piece[at])))
                value = std::min<std::size_t>(
                    value * 10 + static_cast<std::size_t>(piece[at++] - '0'), 1000000);
            return value;
        };
        field = number();
        if (at < piece.size() && piece[at] == '.') {
            ++at;
            character = number();
        }
        keyFlags(key, std::string_view(piece).substr(at));
        return field > 0;
    };
    const std::size_t comma = text.find(',');
    if (!part(text.substr(0, comma), key.field, key.character)) return false;
    return comma == std::string::npos ||
           part(text.substr(comma + 1), key.endField, key.endCharacter);
}

std::string keyText(const std::string& line, const SortKey& key, char separator) {
    if (key.field == 0) return line;
    std::vector<std::pair<std::size_t, std::size_t>> fields;
    std::size_t at = 0;
    while (at <= line.size()) {
        std::size_t end;
        if (separator != '\0') {
            end = line.find(separator, at);
            if (end == std::string::npos) end = line.size();
            fields.emplace_back(at, end);
            at = end + 1;
        } else {
            end = at;
            while (end < line.size() && (line[end] == ' ' || line[end] == '\t')) ++end;
            while (end < line.size() && line[end] != ' ' && line[end] != '\t') ++end;
            fields.emplace_back(at, end);
            if (end >= line.size()) break;
            at = end;
        }
    }
    if (key.field > fields.size()) return {};
    std::size_t from = fields[key.field - 1].first;
    if (key.blanks || key.numeric)
        while (from < fields[key.field - 1].second && (line[from] == ' ' || line[from] == '\t'))
            ++from;
    if (key.character > 1) from = std::min(from + key.character - 1, line.size());
    std::size_t to = line.size();
    if (key.endField > 0 && key.endField <= fields.size())
        to = key.endCharacter > 0
                 ? std::min(fields[key.endField - 1].first + key.endCharacter, line.size())
                 : fields[key.endField - 1].second;
    return from < to ? line.substr(from, to - from) : std::string();
}

int compareKey(const std::string& a, const std::string& b, const SortKey& key, char separator) {
    std::string x = keyText(a, key, separator), y = keyText(b, key, separator);
    int order = 0;
    if (key.numeric || key.general || key.human) {
        const double p = key.human     ? humanNumber(x)
                         : key.general ? std::strtod(x.c_str(), nullptr)
                                       : plainNumber(x);
        const double q = key.human     ? humanNumber(y)
                         : key.general ? std::strtod(y.c_str(), nullptr)
                                       : plainNumber(y);
        order = p < q ? -1 : p > q ? 1 : 0;
    } else if (key.version) {
        order = versionCompare(x, y);
    } else if (key.month) {
        static constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
        auto month = [](const std::string& s) {
            const std::size_t at = kMonths.find(base::toUpper(base::trim(s)).substr(0, 3));
            return at == std::string_view::npos || base::trim(s).size() < 3 ? -1
                                                                            : static_cast<int>(at);
        };
        order = month(x) - month(y);
    } else {
        if (key.blanks)
            x.erase(0, x.find_first_not_of(" \t")), y.erase(0, y.find_first_not_of(" \t"));
        if (key.dictionary) {
            auto strip = [](std::string& s) {
                std::erase_if(s, [](char c) {
                    return !std::isalnum(static_cast<unsigned char>(c)) && c != ' ' && c != '\t';
                });
            };
            strip(x);
            strip(y);
        }
        if (key.fold) x = base::toUpper(x), y = base::toUpper(y);
        const int raw = x.compare(y);
        order = raw < 0 ? -1 : raw > 0 ? 1 : 0;
    }
    return key.reverse ? -order : order;
}

sim::Task<int> sortMain(ports::Process& process, Strings argv) {
    Options options(argv, "nrughVfdbMcCmsRzk:t:o:S:T:",
                    {{"numeric-sort", 'n'},
                     {"reverse", 'r'},
                     {"unique", 'u'},
                     {"general-numeric-sort", 'g'},
                     {"human-numeric-sort", 'h'},
                     {"version-sort", 'V'},
                     {"ignore-case", 'f'},
                     {"key", 'k'},
                     {"field-separator", 't'},
                     {"output", 'o'},
                     {"stable", 's'},
                     {"check", 'c'},
                     {"ignore-leading-blanks", 'b'},
                     {"random-sort", 'R'}});
    OPTIONS_OR_RETURN(options)
    SortKey global;
    for (const char c : std::string("nrghVfdbM"))
        if (options.has(c)) keyFlags(global, std::string(1, c));
    std::vector<SortKey> keys;
    for (const std::string& text : options.all('k')) {
        SortKey key;
        if (!parseKey(text, key)) {
            co_await complain(process, "invalid number at field start: invalid count at start of " +
                                           quoted(text));
            co_return 2;
        }
        if (!key.own) {
            const SortKey place = key;
            key = global;
            key.field = place.field;
            key.character = place.character;
            key.endField = place.endField;
            key.endCharacter = place.endCharacter;
        }
        keys.push_back(key);
    }
    if (keys.empty()) keys.push_back(global);
    std::string separator = options.value('t');
    if (separator == "\\t") separator = "\t";
    const char mark = separator.empty() ? '\0' : separator[0];
    const char end = options.has('z') ? '\0' : '\n';
    Strings lines;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            std::string message = "cannot read: " + path + ": " + whole.error().message;
            if (whole.error().message == "Is a directory")
                message = "read failed: " + path + ": Is a directory";
            co_await complain(process, std::move(message));
            co_return 2;
        }
        Strings more = end == '\n' ? base::splitLines(*whole) : base::split(*whole, '\0');
        if (end == '\0' && !more.empty() && more.back().empty()) more.pop_back();
        lines.insert(lines.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    }
    auto byKeys = [&](const std::string& a, const std::string& b) {
        for (const SortKey& key : keys)
            if (const int order = compareKey(a, b, key, mark); order != 0) return order;
        return 0;
    };
    auto less = [&](const std::string& a, const std::string& b) {
        const int order = byKeys(a, b);
        if (order != 0) return order < 0;
        if (options.has('s') || options.has('u')) return false;
        return global.reverse ? a > b : a < b;
    };
    if (options.has('c') || options.has('C')) {
        for (std::size_t i = 1; i < lines.size(); ++i)
            if (less(lines[i], lines[i - 1])) {
                if (options.has('c'))
                    co_await complain(process, inputsOf(options)[0] + ":" + std::to_string(i + 1) +
                                                   ": disorder: " + lines[i]);
                co_return 1;
            }
        co_return 0;
    }
    if (options.has('R')) {
        auto& random = process.kernel().random("shell/shuffle");
        for (std::size_t i = lines.size(); i > 1; --i)
            std::swap(lines[i - 1], lines[random.below(i)]);
    } else {
        std::stable_sort(lines.begin(), lines.end(), less);
    }
    if (options.has('u'))
        lines.erase(std::unique(lines.begin(), lines.end(),
                                [&](const std::string& a, const std::string& b) {
                                    return byKeys(a, b) == 0;
                                }),
                    lines.end());
    std::string text;
    for (const std::string& line : lines) text += line + end;
    if (options.has('o')) {
        const auto written = process.files().write(process.resolve(options.value('o')), text);
        if (!written.ok()) {
            co_await complain(process, "open failed: " + options.value('o') + ": " +
                                           written.error().message);
            co_return 2;
        }
        co_return 0;
    }
    Out out(process);
    out << text;
    const bool written = co_await out.flush();
    co_return written ? 0 : 141;
}

sim::Task<int> shufMain(ports::Process& process, Strings argv) {
    Options options(argv, "n:ei:r", {{"head-count", 'n'}, {"echo", 'e'}, {"input-range", 'i'}});
    OPTIONS_OR_RETURN(options)
    Strings lines;
    if (options.has('e'))
        lines = options.operands;
    else if (options.has('i')) {
        const auto bounds = base::split(options.value('i'), '-');
        const auto low = base::parseInt(bounds[0]).value_or(0),
                   high = bounds.size() > 1 ? base::parseInt(bounds[1]).value_or(0) : 0;
        for (std::int64_t i = low; i <= high && lines.size() < 1000000; ++i)
            lines.push_back(std::to_string(i));
    } else {
        const auto whole = co_await readWhole(process, inputsOf(options)[0]);
        if (whole.ok()) lines = base::splitLines(*whole);
    }
    auto& random = process.kernel().random("shell/shuffle");
    for (std::size_t i = lines.size(); i > 1; --i) std::swap(lines[i - 1], lines[random.below(i)]);
    if (options.has('n'))
        lines.resize(std::min<std::size_t>(
            lines.size(),
            static_cast<std::size_t>(base::parseInt(options.value('n')).value_or(0))));
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> uniqMain(ports::Process& process, Strings argv) {
    Options options(argv, "cdDuif:s:w:z",
                    {{"count", 'c'},
                     {"repeated", 'd'},
                     {"unique", 'u'},
                     {"ignore-case", 'i'},
                     {"skip-fields", 'f'},
                     {"skip-chars", 's'},
                     {"check-chars", 'w'},
                     {"all-repeated", 'D'}});
    OPTIONS_OR_RETURN(options)
    const std::string path = options.operands.empty() ? "-" : options.operands[0];
    const auto whole = co_await readWhole(process, path);
    if (!whole.ok()) {
        co_await complain(process, path + ": " + whole.error().message);
        co_return 1;
    }
    const auto skipFields = base::parseInt(options.value('f', "0")).value_or(0),
               skipChars = base::parseInt(options.value('s', "0")).value_or(0);
    const auto width = base::parseInt(options.value('w', "-1")).value_or(-1);
    auto key = [&](const std::string& line) {
        std::size_t at = 0;
        for (std::int64_t i = 0; i < skipFields; ++i) {
            while (at < line.size() && std::isspace(static_cast<unsigned char>(line[at]))) ++at;
            while (at < line.size() && !std::isspace(static_cast<unsigned char>(line[at]))) ++at;
        }
        std::string text = line.substr(std::min(
            line.size(), at + static_cast<std::size_t>(std::max<std::int64_t>(0, skipChars))));
        if (width >= 0) text.resize(std::min(text.size(), static_cast<std::size_t>(width)));
        return options.has('i') ? base::toLower(text) : text;
    };
    const Strings lines = base::splitLines(*whole);
    std::string text;
    for (std::size_t i = 0; i < lines.size();) {
        std::size_t end = i + 1;
        const std::string first = key(lines[i]);
        while (end < lines.size() && key(lines[end]) == first) ++end;
        const std::size_t count = end - i;
        const bool chosen = options.has('d') || options.has('D') ? count > 1
                            : options.has('u')                   ? count == 1
                                                                 : true;
        if (chosen) {
            char number[32] = "";
            if (options.has('c')) std::snprintf(number, sizeof number, "%7zu ", count);
            for (std::size_t k = 0; k < (options.has('D') ? count : 1); ++k)
                text += number + lines[i + k] + "\n";
        }
        i = end;
    }
    if (options.operands.size() > 1) {
        const auto written = process.files().write(process.resolve(options.operands[1]), text);
        co_return written.ok() ? 0 : 1;
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> pasteMain(ports::Process& process, Strings argv) {
    Options options(argv, "d:sz", {{"delimiters", 'd'}, {"serial", 's'}});
    OPTIONS_OR_RETURN(options)
    const std::string raw = options.value('d', "\t");
    std::string delimiters;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) {
            ++i;
            delimiters += raw[i] == 'n'   ? '\n'
                          : raw[i] == 't' ? '\t'
                          : raw[i] == '0' ? '\x01'
                                          : raw[i];
        } else
            delimiters += raw[i];
    }
    std::vector<Strings> files;
    Strings shared;
    bool inputRead = false;
    std::size_t inputs = 0;
    for (const std::string& path : inputsOf(options)) {
        if (path == "-" && inputRead) {
            files.emplace_back();
            ++inputs;
            continue;
        }
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await complain(process, path + ": " + whole.error().message);
            co_return 1;
        }
        files.push_back(base::splitLines(*whole));
        if (path == "-") inputRead = true, inputs = 1, shared = files.back();
    }
    if (inputs > 1) { // `paste - -`: lines go round
        std::size_t next = 0, index = 0;
        for (std::size_t i = 0; i < files.size(); ++i)
            if (inputsOf(options)[i] == "-") files[i].clear();
        while (next < shared.size()) {
            if (inputsOf(options)[index] == "-") files[index].push_back(shared[next++]);
            index = (index + 1) % files.size();
        }
    }
    std::string text;
    auto separator = [&](std::size_t i) {
        const char c = delimiters.empty() ? '\x01' : delimiters[i % delimiters.size()];
        return c == '\x01' ? std::string() : std::string(1, c);
    };
    if (options.has('s')) {
        for (const Strings& lines : files) {
            for (std::size_t i = 0; i < lines.size(); ++i)
                text += (i > 0 ? separator(i - 1) : "") + lines[i];
            text += "\n";
        }
    } else {
        std::size_t rows = 0;
        for (const Strings& lines : files) rows = std::max(rows, lines.size());
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t i = 0; i < files.size(); ++i)
                text +=
                    (i > 0 ? separator(i - 1) : "") + (row < files[i].size() ? files[i][row] : "");
            text += "\n";
        }
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> commMain(ports::Process& process, Strings argv) {
    Options options(argv, "123", {{"output-delimiter", 'd'}});
    OPTIONS_OR_RETURN(options)
    if (options.operands.size() != 2) {
        co_await process.writeError(
            "comm: missing operand\nTry 'comm --help' for more information.\n");
        co_return 1;
    }
    Strings lists[2];
    for (std::size_t i = 0; i < 2; ++i) {
        const auto whole = co_await readWhole(process, options.operands[i]);
        if (!whole.ok()) {
            co_await complain(process, options.operands[i] + ": " + whole.error().message);
            co_return 1;
        }
        lists[i] = base::splitLines(*whole);
    }
    const bool one = !options.has('1'), two = !options.has('2'), three = !options.has('3');
    const std::string before2 = one ? "\t" : "", before3 = before2 + (two ? "\t" : "");
    std::string text;
    std::size_t i = 0, j = 0;
    while (i < lists[0].size() || j < lists[1].size()) {
        if (j >= lists[1].size() || (i < lists[0].size() && lists[0][i] < lists[1][j])) {
            if (one) text += lists[0][i] + "\n";
            ++i;
        } else if (i >= lists[0].size() || lists[1][j] < lists[0][i]) {
            if (two) text += before2 + lists[1][j] + "\n";
            ++j;
        } else {
            if (three) text += before3 + lists[0][i] + "\n";
            ++i;
            ++j;
        }
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> columnMain(ports::Process& process, Strings argv) {
    Options options(argv,
                    "ts:o:c:xN:", {{"table", 't'}, {"separator", 's'}, {"output-separator", 'o'}});
    OPTIONS_OR_RETURN(options)
    std::string text;
    std::vector<Strings> rows;
    Strings plain;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await complain(process, "cannot open " + path + ": " + whole.error().message);
            co_return 1;
        }
        for (const std::string& line : base::splitLines(*whole)) {
            if (base::trim(line).empty()) continue;
            plain.push_back(line);
            rows.push_back(options.has('s') ? base::split(line, options.value('s')[0])
                                            : base::splitFields(line));
        }
    }
    if (options.has('t')) {
        std::vector<std::size_t> widths;
        for (const Strings& row : rows)
            for (std::size_t i = 0; i < row.size(); ++i) {
                if (i >= widths.size()) widths.push_back(0);
                widths[i] = std::max(widths[i], row[i].size());
            }
        const std::string separator = options.value('o', "  ");
        for (const Strings& row : rows) {
            for (std::size_t i = 0; i < row.size(); ++i)
                text += i + 1 < row.size()
                            ? row[i] + std::string(widths[i] - row[i].size(), ' ') + separator
                            : row[i];
            text += "\n";
        }
    } else {
        std::size_t widest = 0;
        for (const std::string& line : plain) widest = std::max(widest, line.size());
        widest = (widest / 8 + 1) * 8;
        const std::size_t perRow = std::max<std::size_t>(
            1, static_cast<std::size_t>(base::parseInt(options.value('c', "80")).value_or(80)) /
                   widest);
        const std::size_t count = (plain.size() + perRow - 1) / perRow;
        for (std::size_t row = 0; row < count; ++row) {
            for (std::size_t i = row; i < plain.size(); i += count) {
                text += plain[i];
                if (i + count < plain.size())
                    text += std::string((widest - plain[i].size() + 7) / 8, '\t');
            }
            text += "\n";
        }
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> foldMain(ports::Process& process, Strings argv) {
    Options options(argv, "w:sb", {{"width", 'w'}, {"spaces", 's'}});
    OPTIONS_OR_RETURN(options)
    const auto width = static_cast<std::size_t>(
        std::max<std::int64_t>(1, base::parseInt(options.value('w', "80")).value_or(80)));
    std::string text;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await complain(process, path + ": " + whole.error().message);
            co_return 1;
        }
        for (std::string line : base::splitLines(*whole)) {
            while (line.size() > width) {
                std::size_t cut = width;
                if (options.has('s'))
                    if (const std::size_t blank = line.rfind(' ', width - 1);
                        blank != std::string::npos)
                        cut = blank + 1;
                text += line.substr(0, cut) + "\n";
                line.erase(0, cut);
            }
            text += line + "\n";
        }
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

// expr(1): | & comparisons + - * / % : by precedence climbing.
class Expr {
public:
    explicit Expr(Strings words) : words_(std::move(words)) {}
    std::string error;
    std::string run() {
        std::string value = level(0);
        if (error.empty() && at_ < words_.size())
            error = "syntax error: unexpected argument " + quoted(words_[at_]);
        return value;
    }

private:
    static bool null(const std::string& s) {
        return s.empty() || base::parseInt(s).value_or(1) == 0;
    }
    std::string level(int depth) {
        if (depth == 6) return primary();
        std::string left = level(depth + 1);
        static const std::vector<Strings> kOps{
            {"|"},      {"&"},           {"<", "<=", "=", "==", "!=", ">=", ">"},
            {"+", "-"}, {"*", "/", "%"}, {":"}};
        while (error.empty() && at_ < words_.size() &&
               std::find(kOps[static_cast<std::size_t>(depth)].begin(),
                         kOps[static_cast<std::size_t>(depth)].end(),
                         words_[at_]) != kOps[static_cast<std::size_t>(depth)].end()) {
            const std::string op = words_[at_++];
            const std::string right = level(depth + 1);
            left = apply(op, left, right);
        }
        return left;
    }
    std::string apply(const std::string& op, const std::string& a, const std::string& b) {
        if (op == "|") return !null(a) ? a : !null(b) ? b : "0";
        if (op == "&") return !null(a) && !null(b) ? a : "0";
        if (op == ":") return matchText(a, b);
        const auto x = base::parseInt(a), y = base::parseInt(b);
        if (op == "+" || op == "-" || op == "*" || op == "/" || op == "%") {
            if (!x || !y) {
                error = "non-integer argument";
                return {};
            }
            if ((op == "/" || op == "%") && *y == 0) {
                error = "division by zero";
                return {};
            }
            return std::to_string(op == "+"   ? *x + *y
                                  : op == "-" ? *x - *y
                                  : op == "*" ? *x * *y
                                  : op == "/" ? *x / *y
                                              : *x % *y);
        }
        const int order = x && y ? (*x < *y ? -1 : *x > *y ? 1 : 0) : (a < b ? -1 : a > b ? 1 : 0);
        const bool value = op == "<"                 ? order < 0
                           : op == "<="              ? order <= 0
                           : op == "=" || op == "==" ? order == 0
                           : op == "!="              ? order != 0
                           : op == ">="              ? order >= 0
                                                     : order > 0;
        return value ? "1" : "0";
    }
    std::string matchText(const std::string& text, const std::string& pattern) {
        const Regex regex("^\\(" + pattern + "\\)", {});
        RegexMatch match;
        const bool groups = regex.ok() && regex.groupCount() > 1;
        if (!regex.ok() || !regex.search(text, 0, match)) return groups ? "" : "0";
        if (!groups) return std::to_string(match.end());
        return match.groups[2].first < 0
                   ? ""
                   : text.substr(
                         static_cast<std::size_t>(match.groups[2].first),
                         static_cast<std::size_t>(match.groups[2].second - match.groups[2].first));
    }
    std::string primary() {
        if (at_ >= words_.size()) {
            error = words_.empty()
                        ? "missing operand"
                        : "syntax error: missing argument after " + quoted(words_.back());
            return {};
        }
        const std::string word = words_[at_++];
        auto next = [&] { return at_ < words_.size() ? words_[at_++] : std::string(); };
        if (word == "(") {
            std::string value = level(0);
            if (next() != ")") error = "syntax error: expecting ')'";
            return value;
        }
        if (word == "length") return std::to_string(next().size());
        if (word == "substr") {
            const std::string text = next();
            const auto from = base::parseInt(next()).value_or(0),
                       count = base::parseInt(next()).value_or(0);
            return from < 1 || count < 1 || from > static_cast<std::int64_t>(text.size())
                       ? ""
                       : text.substr(static_cast<std::size_t>(from - 1),
                                     static_cast<std::size_t>(count));
        }
        if (word == "index") {
            const std::string text = next();
            const std::size_t at = text.find_first_of(next());
            return at == std::string::npos ? "0" : std::to_string(at + 1);
        }
        if (word == "match") {
            const std::string text = next();
            return matchText(text, next());
        }
        return word;
    }
    Strings words_;
    std::size_t at_ = 0;
};

sim::Task<int> exprMain(ports::Process& process, Strings argv) {
    Expr expr(Strings(argv.begin() + 1, argv.end()));
    const std::string value = expr.run();
    if (!expr.error.empty()) {
        std::string text = "expr: " + expr.error + "\n";
        if (expr.error == "missing operand") text += "Try 'expr --help' for more information.\n";
        co_await process.writeError(std::move(text));
        co_return 2;
    }
    co_await process.writeOut(value + "\n");
    co_return value.empty() || value == "0" ? 1 : 0;
}

sim::Task<int> base64Main(ports::Process& process, Strings argv) {
    Options options(argv, "diw:D", {{"decode", 'd'}, {"ignore-garbage", 'i'}, {"wrap", 'w'}});
    OPTIONS_OR_RETURN(options)
    const std::string path = options.operands.empty() ? "-" : options.operands[0];
    const auto whole = co_await readWhole(process, path);
    if (!whole.ok()) {
        co_await complain(process, path + ": " + whole.error().message);
        co_return 1;
    }
    if (options.has('d') || options.has('D')) {
        // What decodes is written, also before bad input.
        std::string clean;
        bool bad = false;
        for (const char c : *whole) {
            if (c == '\n' || c == '\r') continue;
            if (std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '=')
                clean += c;
            else if (!options.has('i')) {
                bad = true;
                break;
            }
        }
        std::string body = clean.substr(0, clean.size() / 4 * 4);
        const bool cut = body.size() != clean.size();
        auto decoded = base::decodeBase64(body);
        if (decoded) co_await process.writeOut(*decoded);
        if (cut && clean.size() % 4 >= 2) {
            std::string tail = clean.substr(body.size());
            while (tail.size() < 4) tail += '=';
            if (const auto rest = base::decodeBase64(tail)) co_await process.writeOut(*rest);
        }
        if (bad || cut || !decoded) {
            std::string message = "invalid input";
            if (isBusybox(process)) message = "truncated input";
            co_await complain(process, std::move(message));
            co_return 1;
        }
        co_return 0;
    }
    const std::string encoded = base::encodeBase64(*whole);
    const auto width = static_cast<std::size_t>(
        std::max<std::int64_t>(0, base::parseInt(options.value('w', "76")).value_or(76)));
    std::string text;
    if (width == 0)
        text = encoded;
    else
        for (std::size_t i = 0; i < encoded.size(); i += width)
            text += encoded.substr(i, width) + "\n";
    co_await process.writeOut(std::move(text));
    co_return 0;
}

std::string hexRow(std::string_view bytes, std::size_t offset, const char* form) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, form, offset);
    return buffer + std::string(bytes);
}
char printable(char c) {
    return static_cast<unsigned char>(c) >= 32 && static_cast<unsigned char>(c) < 127 ? c : '.';
}

sim::Task<int> hexdumpMain(ports::Process& process, Strings argv) {
    const std::string name = lastComponent(argv[0]);
    Options options(argv, name == "od" ? "A:t:N:cxboj:vd" : "Cvn:s:pruc:l:xbo",
                    {{"canonical", 'C'}});
    OPTIONS_OR_RETURN(options)
    const std::string path = options.operands.empty() ? "-" : options.operands[0];
    const auto whole = co_await readWhole(process, path);
    if (!whole.ok()) {
        co_await complain(process, path + ": " + whole.error().message);
        co_return 1;
    }
    std::string data = *whole;
    if (options.has('s'))
        data.erase(0,
                   std::min<std::size_t>(data.size(), parseSize(options.value('s')).value_or(0)));
    for (const char letter : {'n', 'l', 'N'})
        if (options.has(letter))
            data.resize(
                std::min<std::size_t>(data.size(), parseSize(options.value(letter)).value_or(0)));
    std::string text;
    char b[64];
    if (name == "xxd" && options.has('r')) {
        std::string digits;
        for (const std::string& line : base::splitLines(data)) {
            std::string body =
                options.has('p')
                    ? line
                    : line.substr(line.find(':') == std::string::npos ? 0 : line.find(':') + 1);
            if (const std::size_t tail = body.find("  ");
                tail != std::string::npos && !options.has('p'))
                body.resize(tail);
            for (const char c : body)
                if (std::isxdigit(static_cast<unsigned char>(c))) digits += c;
        }
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
            text += static_cast<char>(std::strtol(digits.substr(i, 2).c_str(), nullptr, 16));
        co_await process.writeOut(std::move(text));
        co_return 0;
    }
    if (name == "xxd" && options.has('p')) {
        const std::string hex = base::encodeHex(data);
        for (std::size_t i = 0; i < hex.size(); i += 60) text += hex.substr(i, 60) + "\n";
    } else if (name == "xxd") {
        for (std::size_t i = 0; i < data.size(); i += 16) {
            std::string row, ascii;
            for (std::size_t k = 0; k < 16; ++k) {
                if (i + k < data.size()) {
                    std::snprintf(b, sizeof b, "%02x", static_cast<unsigned char>(data[i + k]));
                    row += b;
                    ascii += printable(data[i + k]);
                } else
                    row += "  ";
                if (k % 2 == 1) row += " ";
            }
            text += hexRow(": " + row + " " + ascii + "\n", i, "%08zx");
        }
    } else if (name == "od" && options.value('t') != "x1") {
        const bool characters = options.has('c') || options.value('t') == "c";
        for (std::size_t i = 0; i < data.size(); i += 16) {
            std::string row;
            if (characters) {
                for (std::size_t k = i; k < std::min(data.size(), i + 16); ++k) {
                    const auto u = static_cast<unsigned char>(data[k]);
                    const char* special = u == '\n'   ? "\\n"
                                          : u == '\t' ? "\\t"
                                          : u == '\r' ? "\\r"
                                          : u == 0    ? "\\0"
                                                      : nullptr;
                    if (special)
                        std::snprintf(b, sizeof b, "  %s", special);
                    else if (u >= 32 && u < 127)
                        std::snprintf(b, sizeof b, "   %c", u);
                    else
                        std::snprintf(b, sizeof b, " %03o", u);
                    row += b;
                }
            } else {
                for (std::size_t k = i; k < std::min(data.size(), i + 16); k += 2) {
                    const unsigned value =
                        static_cast<unsigned char>(data[k]) |
                        (k + 1 < data.size()
                             ? static_cast<unsigned>(static_cast<unsigned char>(data[k + 1])) << 8
                             : 0);
                    std::snprintf(b, sizeof b, options.has('x') ? " %04x" : " %06o", value);
                    row += b;
                }
            }
            text += hexRow(row + "\n", i, options.value('A') == "n" ? "" : "%07zo");
        }
        if (options.value('A') != "n") text += hexRow("\n", data.size(), "%07zo");
    } else if (name == "od") {
        for (std::size_t i = 0; i < data.size(); i += 16) {
            std::string row;
            for (std::size_t k = i; k < std::min(data.size(), i + 16); ++k)
                std::snprintf(b, sizeof b, " %02x", static_cast<unsigned char>(data[k])), row += b;
            text += hexRow(row + "\n", i, options.value('A') == "n" ? "" : "%07zo");
        }
        if (options.value('A') != "n") text += hexRow("\n", data.size(), "%07zo");
    } else {
        std::string last;
        bool starred = false;
        for (std::size_t i = 0; i < data.size(); i += 16) {
            const std::string piece = data.substr(i, 16);
            if (i > 0 && piece == last && piece.size() == 16 && !options.has('v')) {
                if (!starred) text += "*\n";
                starred = true;
                continue;
            }
            starred = false;
            last = piece;
            std::string row, ascii;
            for (std::size_t k = 0; k < 16; ++k) {
                if (options.has('C')) {
                    if (k < piece.size())
                        std::snprintf(b, sizeof b, "%s%02x", k == 8 ? "  " : " ",
                                      static_cast<unsigned char>(piece[k])),
                            ascii += printable(piece[k]);
                    else
                        std::snprintf(b, sizeof b, "%s  ", k == 8 ? "  " : " ");
                    row += b;
                } else if (k % 2 == 0 && k < piece.size()) {
                    std::snprintf(b, sizeof b, " %02x%02x",
                                  k + 1 < piece.size() ? static_cast<unsigned char>(piece[k + 1])
                                                       : 0,
                                  static_cast<unsigned char>(piece[k]));
                    row += b;
                }
            }
            if (!options.has('C')) row.resize(40, ' ');
            text += options.has('C') ? hexRow(" " + row + "  |" + ascii + "|\n", i, "%08zx")
                                     : hexRow(row + "\n", i, "%07zx");
        }
        if (!data.empty()) text += hexRow("\n", data.size(), options.has('C') ? "%08zx" : "%07zx");
    }
    Out out(process);
    out << text;
    const bool written = co_await out.flush();
    co_return written ? 0 : 141;
}

sim::Task<int> stringsMain(ports::Process& process, Strings argv) {
    Options options(argv, "an:", {{"bytes", 'n'}});
    OPTIONS_OR_RETURN(options)
    const auto least =
        static_cast<std::size_t>(base::parseInt(options.value('n', "4")).value_or(4));
    std::string text;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await process.writeError("strings: '" + path + "': No such file\n");
            co_return 1;
        }
        std::string run;
        for (const char c : *whole + '\0') {
            if (printable(c) == c && (c != '.' || true) && static_cast<unsigned char>(c) >= 32)
                run += c;
            else {
                if (run.size() >= least) text += run + "\n";
                run.clear();
            }
        }
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

// Source: RFC 1321.
std::string md5(std::string data) {
    static const std::uint32_t kShifts[] = {7, 12, 17, 22, 5, 9,  14, 20,
                                            4, 11, 16, 23, 6, 10, 15, 21};
    std::uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const std::uint64_t bits = static_cast<std::uint64_t>(data.size()) * 8;
    data += '\x80';
    while (data.size() % 64 != 56) data += '\0';
    for (int i = 0; i < 8; ++i) data += static_cast<char>(bits >> (8 * i));
    for (std::size_t block = 0; block < data.size(); block += 64) {
        std::uint32_t words[16];
        for (std::size_t i = 0; i < 16; ++i) {
            words[i] = 0;
            for (std::size_t k = 0; k < 4; ++k)
                words[i] |=
                    static_cast<std::uint32_t>(static_cast<unsigned char>(data[block + i * 4 + k]))
                    << (8 * k);
        }
        std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        for (std::uint32_t i = 0; i < 64; ++i) {
            std::uint32_t f, g;
            if (i < 16)
                f = (b & c) | (~b & d), g = i;
            else if (i < 32)
                f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
            else if (i < 48)
                f = b ^ c ^ d, g = (3 * i + 5) % 16;
            else
                f = c ^ (b | ~d), g = (7 * i) % 16;
            const auto constant = static_cast<std::uint32_t>(
                std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 4294967296.0));
            f += a + constant + words[g];
            a = d;
            d = c;
            c = b;
            const std::uint32_t shift = kShifts[i / 16 * 4 + i % 4];
            b += (f << shift) | (f >> (32 - shift));
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
    }
    std::string digest;
    for (const std::uint32_t word : state)
        for (int k = 0; k < 4; ++k) digest += static_cast<char>(word >> (8 * k));
    return digest;
}

sim::Task<int> sumMain(ports::Process& process, Strings argv) {
    const bool isMd5 = lastComponent(argv[0]) == "md5sum";
    Options options(
        argv, "bctz",
        {{"check", 'c'}, {"binary", 'b'}, {"text", 't'}, {"quiet", 'q'}, {"status", 'S'}});
    OPTIONS_OR_RETURN(options)
    int status = 0;
    std::string text;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await complain(process, path + ": " + whole.error().message);
            status = 1;
            continue;
        }
        auto digest = [&](const std::string& bytes) {
            return base::encodeHex(isMd5 ? md5(bytes) : pki::sha256(bytes));
        };
        if (!options.has('c')) {
            text += digest(*whole) + "  " + path + "\n";
            continue;
        }
        for (const std::string& line : base::splitLines(*whole)) {
            const std::size_t blank = line.find(' ');
            if (blank == std::string::npos) continue;
            const std::string name = line.substr(blank + 2);
            const auto content = co_await readWhole(process, name);
            const bool good = content.ok() && digest(*content) == line.substr(0, blank);
            text += name + (good ? ": OK\n" : ": FAILED\n");
            if (!good) status = 1;
        }
    }
    co_await process.writeOut(std::move(text));
    co_return status;
}

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
    OPTIONS_OR_RETURN(options)
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
    OPTIONS_OR_RETURN(options)
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

const CoreutilEntry kTextTools2[] = {
    {"sort", sortMain},   {"shuf", shufMain}, {"uniq", uniqMain},
    {"paste", pasteMain}, {"comm", commMain}, {"column", columnMain},
    {"fold", foldMain},   {"expr", exprMain}, {nullptr, nullptr}};
const CoreutilEntry kBinaryTools[] = {
    {"base64", base64Main}, {"md5sum", sumMain}, {"sha256sum", sumMain},   {"hexdump", hexdumpMain},
    {"xxd", hexdumpMain},   {"od", hexdumpMain}, {"strings", stringsMain}, {nullptr, nullptr}};
const CoreutilEntry kDiffTools[] = {{"diff", diffMain}, {"cmp", cmpMain}, {nullptr, nullptr}};

} // namespace shell
