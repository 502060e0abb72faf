// paste, column, fold.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>

namespace shell {
namespace {

sim::Task<int> pasteMain(ports::Process& process, Strings argv) {
    Options options(argv, "d:sz", {{"delimiters", 'd'}, {"serial", 's'}});
    OPTIONS_OR_RETURN(options, 1)
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

sim::Task<int> columnMain(ports::Process& process, Strings argv) {
    Options options(argv,
                    "ts:o:c:xN:", {{"table", 't'}, {"separator", 's'}, {"output-separator", 'o'}});
    OPTIONS_OR_RETURN(options, 1)
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
    OPTIONS_OR_RETURN(options, 1)
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

} // namespace

const CoreutilEntry kColumnTools[] = {
    {"paste", pasteMain}, {"column", columnMain}, {"fold", foldMain}, {nullptr, nullptr}};

} // namespace shell
