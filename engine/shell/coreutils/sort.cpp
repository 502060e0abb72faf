// sort, shuf, uniq, comm.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

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
    OPTIONS_OR_RETURN(options, 2)
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
        const auto whole = co_await readIntoMemory(process, path);
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
    OPTIONS_OR_RETURN(options, 1)
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
    OPTIONS_OR_RETURN(options, 1)
    const std::string path = options.operands.empty() ? "-" : options.operands[0];
    const auto whole = co_await readOrComplain(process, path);
    if (!whole) co_return 1;
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

sim::Task<int> commMain(ports::Process& process, Strings argv) {
    Options options(argv, "123", {{"output-delimiter", 'd'}});
    OPTIONS_OR_RETURN(options, 1)
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

} // namespace

const CoreutilEntry kSortTools[] = {{"sort", sortMain},
                                    {"shuf", shufMain},
                                    {"uniq", uniqMain},
                                    {"comm", commMain},
                                    {nullptr, nullptr}};

} // namespace shell
