// The command line of the editor, and the programs vi, vim, view, nano.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "shell/editors/vi.h"

#include <algorithm>
#include <cctype>

namespace shell {

sim::Task<std::optional<std::string>> Vi::readLine(std::string prompt, std::string start) {
    std::string text = std::move(start);
    while (!finished_) {
        const std::string shown = prompt + text;
        message(shown);
        int c = 0;
        if (replay_.empty() && buffered_.empty()) {
            co_await draw();
            co_await process_.writeOut("\x1b[" + std::to_string(textRows() + 1) + ";" +
                                       std::to_string(std::min<std::size_t>(
                                           shown.size() + 1, static_cast<std::size_t>(width()))) +
                                       "H");
            const auto pipe = process_.input();
            if (pipe) buffered_ = co_await pipe->read();
            if (buffered_.empty()) {
                finished_ = true;
                status_ = 1;
                break;
            }
        }
        c = co_await key();
        if (c < 0 || c == 0x1b || c == 0x03) break;
        if (c == '\r' || c == '\n') {
            message("");
            co_return text;
        }
        if (c == 0x7f || c == 0x08) {
            if (text.empty()) break;
            text.pop_back();
        } else if (c == 0x15) {
            text.clear();
        } else if (c == 0x17) {
            while (!text.empty() && text.back() == ' ') text.pop_back();
            while (!text.empty() && text.back() != ' ') text.pop_back();
        } else if (c == 0x16) {
            const int literal = co_await key();
            text += static_cast<char>(literal);
        } else if (c >= 32 && c < 256) {
            text += static_cast<char>(c);
        }
    }
    message("");
    co_return std::nullopt;
}

sim::Task<void> Vi::commandLine(std::string start) {
    const auto text = co_await readLine(":", std::move(start));
    if (text && !text->empty()) co_await execute(*text);
}

bool Vi::parseAddress(const std::string& text, std::size_t& at, int& row) {
    if (at >= text.size()) return false;
    bool found = true;
    if (std::isdigit(static_cast<unsigned char>(text[at]))) {
        int value = 0;
        while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])))
            value = std::min(value * 10 + (text[at++] - '0'), 10'000'000);
        row = value - 1;
    } else if (text[at] == '.') {
        row = cursor_.row;
        ++at;
    } else if (text[at] == '$') {
        row = lastRow();
        ++at;
    } else if (text[at] == '\'' && at + 1 < text.size()) {
        const auto mark = marks_.find(text[at + 1]);
        if (mark == marks_.end()) {
            message("E20: Mark not set", true);
            return false;
        }
        row = mark->second.row;
        at += 2;
    } else if (text[at] == '/' || text[at] == '?') {
        const char delimiter = text[at];
        const std::size_t end = text.find(delimiter, at + 1);
        const std::string pattern =
            text.substr(at + 1, end == std::string::npos ? std::string::npos : end - at - 1);
        at = end == std::string::npos ? text.size() : end + 1;
        if (!pattern.empty()) pattern_ = pattern;
        Position place;
        if (!search(pattern_, delimiter == '/', cursor_, place)) return false;
        row = place.row;
    } else {
        row = cursor_.row;
        found = text[at] == '+' || text[at] == '-';
    }
    while (found && at < text.size() && (text[at] == '+' || text[at] == '-')) {
        const int sign = text[at++] == '+' ? 1 : -1;
        int value = 0;
        bool any = false;
        while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])))
            value = std::min(value * 10 + (text[at++] - '0'), 10'000'000), any = true;
        row += sign * (any ? value : 1);
    }
    return found;
}

bool Vi::parseRange(const std::string& text, std::size_t& at, int& from, int& to, bool& ranged) {
    while (at < text.size() && (text[at] == ' ' || text[at] == ':')) ++at;
    from = to = cursor_.row;
    if (at < text.size() && text[at] == '%') {
        ++at;
        from = 0;
        to = lastRow();
        ranged = true;
        return true;
    }
    int row = 0;
    if (parseAddress(text, at, row)) {
        from = to = row;
        ranged = true;
    }
    if (at < text.size() && (text[at] == ',' || text[at] == ';')) {
        ++at;
        ranged = true;
        if (parseAddress(text, at, row))
            to = row;
        else
            to = cursor_.row;
    }
    if (from > lastRow() || to > lastRow()) {
        if (at < text.size()) {
            message("E16: Invalid range", true);
            return false;
        }
        to = from = lastRow();
    }
    if (to < from) std::swap(from, to);
    from = std::max(0, from);
    to = std::max(0, to);
    return messageIsError_ == false || ranged;
}

void Vi::substituteLines(const std::string& argument, int from, int to) {
    if (argument.empty()) {
        message("E35: No previous regular expression", true);
        return;
    }
    const char delimiter = argument[0];
    std::vector<std::string> pieces(1);
    for (std::size_t i = 1; i < argument.size(); ++i) {
        if (argument[i] == '\\' && i + 1 < argument.size()) {
            if (argument[i + 1] == delimiter)
                pieces.back() += delimiter;
            else
                pieces.back() += argument.substr(i, 2);
            ++i;
        } else if (argument[i] == delimiter && pieces.size() < 3) {
            pieces.emplace_back();
        } else {
            pieces.back() += argument[i];
        }
    }
    pieces.resize(3);
    if (!pieces[0].empty()) pattern_ = pieces[0];
    RegexOptions options;
    options.ignoreCase = ignoreCase_ || pieces[2].find('i') != std::string::npos;
    const Regex regex(pattern_, options);
    if (!regex.ok()) {
        message("E486: Pattern not found: " + pattern_, true);
        return;
    }
    const bool all = pieces[2].find('g') != std::string::npos,
               silent = pieces[2].find('e') != std::string::npos,
               countOnly = pieces[2].find('n') != std::string::npos;
    const std::string replacement = base::replaceAll(pieces[1], "\\r", "\\n");
    std::vector<std::string> result;
    int hits = 0, rows = 0, lastHit = cursor_.row;
    for (int row = from; row <= std::min(to, lastRow()); ++row) {
        const std::string& text = lineAt(row);
        std::string out;
        std::size_t at = 0, copied = 0;
        int here = 0;
        RegexMatch match;
        while (at <= text.size() && regex.search(text, at, match)) {
            const auto begin = static_cast<std::size_t>(match.begin()),
                       end = static_cast<std::size_t>(match.end());
            out += text.substr(copied, begin - copied) + substitute(replacement, text, match);
            copied = end;
            ++here;
            at = end > begin ? end : end + 1;
            if (!all) break;
        }
        if (here > 0) {
            out += copied <= text.size() ? text.substr(copied) : "";
            hits += here;
            ++rows;
            for (std::string& piece : base::split(out, '\n')) result.push_back(std::move(piece));
            lastHit = from + static_cast<int>(result.size()) - 1;
        } else {
            result.push_back(text);
        }
    }
    if (hits == 0) {
        if (!silent) message("E486: Pattern not found: " + pattern_, true);
        return;
    }
    highlight_ = true;
    if (countOnly) {
        message(std::to_string(hits) + (hits == 1 ? " match" : " matches") + " on " +
                std::to_string(rows) + (rows == 1 ? " line" : " lines"));
        return;
    }
    remember();
    lines_.erase(lines_.begin() + from, lines_.begin() + std::min(to, lastRow()) + 1);
    lines_.insert(lines_.begin() + from, result.begin(), result.end());
    cursor_ = {std::min(lastHit, lastRow()), 0};
    cursor_.column = firstNonBlank(cursor_.row);
    if (hits > 2)
        message(std::to_string(hits) + " substitutions on " + std::to_string(rows) +
                (rows == 1 ? " line" : " lines"));
}

void Vi::globalCommand(const std::string& argument, int from, int to, bool inverted,
                       std::vector<int>& rows, std::string& command) {
    if (argument.empty()) return;
    const std::size_t end = argument.find(argument[0], 1);
    const std::string pattern =
        argument.substr(1, end == std::string::npos ? std::string::npos : end - 1);
    command = end == std::string::npos ? "p" : argument.substr(end + 1);
    if (!pattern.empty()) pattern_ = pattern;
    RegexOptions options;
    options.ignoreCase = ignoreCase_;
    const Regex regex(pattern_, options);
    for (int row = from; row <= to && regex.ok(); ++row)
        if (regex.matches(lineAt(row)) != inverted) rows.push_back(row);
    if (rows.empty()) message("E486: Pattern not found: " + pattern_, true);
}

void Vi::set(const std::string& argument) {
    struct Switch {
        const char* name;
        const char* brief;
        bool Vi::*field;
    };
    static constexpr Switch kSwitches[] = {
        {"number", "nu", &Vi::number_},         {"relativenumber", "rnu", &Vi::relative_},
        {"expandtab", "et", &Vi::expandTab_},   {"autoindent", "ai", &Vi::autoIndent_},
        {"ignorecase", "ic", &Vi::ignoreCase_}, {"hlsearch", "hls", &Vi::hls_},
        {"list", "list", &Vi::list_},           {"paste", "paste", &Vi::paste_},
        {"smartcase", "scs", &Vi::smartCase_}};
    for (const std::string& word : base::splitFields(argument)) {
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        if (equals != std::string::npos) {
            const auto value = base::parseInt(word.substr(equals + 1));
            if (!value &&
                (name == "ts" || name == "sw" || name == "tabstop" || name == "shiftwidth")) {
                message("E521: Number required after =: " + word, true);
                return;
            }
            if (name == "ts" || name == "tabstop")
                tabStop_ = static_cast<int>(std::clamp<std::int64_t>(*value, 1, 64));
            else if (name == "sw" || name == "shiftwidth")
                shiftWidth_ = static_cast<int>(
                    std::clamp<std::int64_t>(*value == 0 ? tabStop_ : *value, 1, 64));
            continue;
        }
        const bool off = name.rfind("no", 0) == 0 && name != "number" && name != "nu";
        std::string plain = off ? name.substr(2) : name;
        const bool toggle = !plain.empty() && plain.back() == '!';
        if (toggle) plain.pop_back();
        bool known = false;
        for (const Switch& each : kSwitches)
            if (plain == each.name || plain == each.brief) {
                this->*each.field = toggle ? !(this->*each.field) : !off;
                known = true;
            }
        static const std::set<std::string> kAccepted{
            "cursorline",  "cul",       "cursorcolumn", "cuc",      "wrap",       "ruler",
            "showmode",    "incsearch", "is",           "syntax",   "compatible", "cp",
            "nocp",        "mouse",     "smartindent",  "si",       "cindent",    "backup",
            "swapfile",    "swf",       "modifiable",   "wrapscan", "ws",         "sts",
            "softtabstop", "showcmd",   "sc",           "smarttab", "sta",        "spell",
            "ff",          "ft"};
        if (!known && kAccepted.count(plain) == 0) {
            message("E518: Unknown option: " + word, true);
            return;
        }
    }
}

sim::Task<void> Vi::execute(std::string text) {
    // "a | b" runs both, outside patterns.
    std::size_t at = 0;
    int from = 0, to = 0;
    bool ranged = false;
    if (!parseRange(text, at, from, to, ranged)) co_return;
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size()) {
        if (ranged) {
            marks_['\''] = cursor_;
            cursor_ = {std::clamp(to, 0, lastRow()), 0};
            cursor_.column = firstNonBlank(cursor_.row);
        }
        co_return;
    }
    std::string name;
    if (text[at] == '!' || text[at] == '>' || text[at] == '<' || text[at] == '&' || text[at] == '=')
        name = std::string(1, text[at++]);
    else if (text[at] == 's' && at + 1 < text.size() &&
             !std::isalnum(static_cast<unsigned char>(text[at + 1])) && text[at + 1] != ' ')
        name = std::string(1, text[at++]);
    else if ((text[at] == 'g' || text[at] == 'v') && at + 1 < text.size() &&
             !std::isalnum(static_cast<unsigned char>(text[at + 1])))
        name = std::string(1, text[at++]);
    else
        while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])))
            name += text[at++];
    bool bang = false;
    if (at < text.size() && text[at] == '!' && name != "!") {
        bang = true;
        ++at;
    }
    const std::string argument = name == "s" || name == "g" || name == "v"
                                     ? text.substr(at)
                                     : std::string(base::trim(std::string_view(text).substr(at)));
    co_await exCommand(name, argument, bang, from, to, ranged);
}

sim::Task<void> Vi::exCommand(std::string name, std::string argument, bool bang, int from, int to,
                              bool ranged) {
    auto is = [&](std::string_view full, std::size_t least) {
        return name.size() >= least && full.substr(0, name.size()) == name;
    };
    if (is("write", 1) || name == "wq" || name == "x" || name == "xit" || name == "exit" ||
        name == "wqa" || name == "wa" || name == "xa" || name == "wqall") {
        const bool quit = name != "wa" && !is("write", 1);
        if (readOnly_ && !bang && argument.empty() && (modified_ || name[0] == 'w')) {
            message("E45: 'readonly' option is set (add ! to override)", true);
            co_return;
        }
        if ((name[0] != 'x' && name != "exit") || modified_ || isNew_) {
            if (ranged && !argument.empty()) {
                std::string part;
                for (int row = from; row <= to; ++row) part += lineAt(row) + "\n";
                (void)process_.files().write(process_.resolve(argument), part);
                message("\"" + argument + "\" " + std::to_string(to - from + 1) + "L, " +
                        std::to_string(part.size()) + "B written");
                co_return;
            }
            if (!argument.empty() && !bang && argument != path_ &&
                process_.files().exists(process_.resolve(argument))) {
                message("E13: File exists (add ! to override)", true);
                co_return;
            }
            const bool saved = co_await save(argument, false);
            if (!saved) co_return;
        }
        if (quit) finished_ = true;
    } else if (name == "q" || name == "quit" || name == "qa" || name == "qall" || name == "cq") {
        if (modified_ && !bang && name != "cq") {
            message("E37: No write since last change (add ! to override)", true);
            co_return;
        }
        if (name == "cq") status_ = 1;
        finished_ = true;
    } else if (is("edit", 1)) {
        if (modified_ && !bang) {
            message("E37: No write since last change (add ! to override)", true);
            co_return;
        }
        load(argument.empty() ? path_ : argument);
    } else if (is("read", 1)) {
        std::string content;
        if (bang || (!argument.empty() && argument[0] == '!')) {
            ports::SpawnOptions spawn;
            spawn.argv = {"sh", "-c", bang ? argument : argument.substr(1)};
            spawn.env = process_.env();
            spawn.cwd = process_.cwd();
            auto output = std::make_shared<sim::Pipe>(4u << 20);
            spawn.output = spawn.error = output;
            co_await process_.runChild(std::move(spawn));
            content = output->tryRead();
        } else {
            const auto file = process_.files().read(process_.resolve(argument));
            if (!file.ok()) {
                message("E484: Can't open file " + argument, true);
                co_return;
            }
            content = *file;
        }
        remember();
        const auto fresh = base::splitLines(content);
        const int place = (ranged ? to : cursor_.row) + 1;
        lines_.insert(lines_.begin() + std::min(place, lastRow() + 1), fresh.begin(), fresh.end());
        cursor_ = {std::min(place, lastRow()), 0};
    } else if (name == "s" || is("substitute", 3)) {
        substituteLines(argument, from, to);
    } else if (name == "g" || name == "v" || name == "global" || name == "vglobal") {
        std::vector<int> rows;
        std::string command;
        globalCommand(argument, ranged ? from : 0, ranged ? to : lastRow(), name[0] == 'v' || bang,
                      rows, command);
        int shift = 0;
        for (const int row : rows) {
            if (row + shift < 0 || row + shift > lastRow()) continue;
            cursor_ = {row + shift, 0};
            const int before = lastRow();
            co_await execute(command);
            shift += lastRow() - before;
            if (lines_.size() == 1 && lines_[0].empty() && before == 0) break;
        }
    } else if (is("delete", 1)) {
        applyLines('d', from, to);
    } else if (is("yank", 1)) {
        applyLines('y', from, to);
    } else if (name == "pu" || name == "put") {
        cursor_.row = to;
        put(true, 1);
    } else if (is("join", 1)) {
        cursor_.row = from;
        join(std::max(2, to - from + 1), true);
    } else if (name == ">" || name == "<") {
        indent(from, to, name == ">");
    } else if (is("move", 1) || name == "t" || is("copy", 2)) {
        std::size_t at = 0;
        int target = -1;
        if (argument == "0")
            target = -1;
        else if (!parseAddress(argument, at, target))
            co_return;
        remember();
        std::vector<std::string> part(lines_.begin() + from, lines_.begin() + to + 1);
        if (name[0] == 'm') {
            lines_.erase(lines_.begin() + from, lines_.begin() + to + 1);
            if (target > to)
                target -= to - from + 1;
            else if (target >= from)
                target = from - 1;
        }
        lines_.insert(lines_.begin() + std::clamp(target + 1, 0, static_cast<int>(lines_.size())),
                      part.begin(), part.end());
        cursor_.row = target + static_cast<int>(part.size());
        clamp();
    } else if (is("normal", 4)) {
        const std::deque<int> saved = replay_;
        const bool wasReplaying = replaying_;
        for (int row = from; row <= (ranged ? to : from) && row <= lastRow(); ++row) {
            cursor_ = {row, 0};
            replay_.clear();
            for (const char c : argument) replay_.push_back(static_cast<unsigned char>(c));
            replay_.push_back(0x1b);
            replaying_ = true;
            while (replay_.size() > 1 && !finished_) co_await normal();
        }
        replay_ = saved;
        replaying_ = wasReplaying;
    } else if (name == "set" || name == "se" || name == "setlocal") {
        set(argument);
    } else if (is("undo", 1)) {
        undo();
    } else if (is("redo", 3)) {
        redo();
    } else if (is("nohlsearch", 3)) {
        highlight_ = false;
    } else if (name == "n" || name == "next" || name == "prev" || name == "N" || name == "bn" ||
               name == "bp") {
        const bool forward = name[0] == 'n' || name == "bn";
        if (forward ? fileIndex_ + 1 >= files_.size() : fileIndex_ == 0)
            message(forward ? "E165: Cannot go beyond last file"
                            : "E164: Cannot go before first file",
                    true);
        else if (modified_ && !bang)
            message("E37: No write since last change (add ! to override)", true);
        else
            load(files_[forward ? ++fileIndex_ : --fileIndex_]);
    } else if (is("file", 1)) {
        if (!argument.empty()) path_ = argument;
        message("\"" + path_ + "\" " + std::to_string(lastRow() + 1) + " lines");
    } else if (name == "retab") {
        remember();
        for (std::string& each : lines_)
            each =
                base::replaceAll(each, "\t", std::string(static_cast<std::size_t>(tabStop_), ' '));
    } else if (name == "sort") {
        remember();
        std::sort(lines_.begin() + (ranged ? from : 0),
                  lines_.begin() + (ranged ? to : lastRow()) + 1);
    } else if (name == "=") {
        message(std::to_string(ranged ? to + 1 : lastRow() + 1));
    } else if (name == "!") {
        ports::SpawnOptions spawn;
        spawn.argv = {"sh", "-c", argument};
        spawn.env = process_.env();
        spawn.cwd = process_.cwd();
        if (ranged) {
            std::string part;
            for (int row = from; row <= to; ++row) part += lineAt(row) + "\n";
            auto input = std::make_shared<sim::Pipe>(part.size() + 1),
                 output = std::make_shared<sim::Pipe>(4u << 20);
            input->tryWrite(part);
            input->closeWrite();
            spawn.input = input;
            spawn.output = spawn.error = output;
            co_await process_.runChild(std::move(spawn));
            const auto fresh = base::splitLines(output->tryRead());
            remember();
            lines_.erase(lines_.begin() + from, lines_.begin() + to + 1);
            lines_.insert(lines_.begin() + from, fresh.begin(), fresh.end());
            if (lines_.empty()) lines_.push_back("");
            clamp();
            co_return;
        }
        co_await process_.writeOut("\x1b[?1049l\r\n");
        if (const auto tty = process_.terminal()) tty->raw = false;
        co_await process_.runChild(std::move(spawn));
        co_await process_.writeOut("\nPress ENTER or type command to continue");
        if (const auto tty = process_.terminal()) tty->raw = true;
        if (const auto pipe = process_.input()) buffered_ = co_await pipe->read();
        buffered_.clear();
        co_await process_.writeOut("\x1b[?1049h\x1b[2J");
    } else if (name == "syntax" || name == "syn" || name == "filetype" || name == "colorscheme" ||
               name == "colo" || name == "map" || name == "nnoremap" || name == "inoremap" ||
               name == "noremap" || name == "autocmd" || name == "au" || name == "let" ||
               name == "highlight" || name == "hi" || name == "p" || name == "print" ||
               name == "help" || name == "h") {
        if (name[0] == 'h' && name != "hi" && name != "highlight")
            message("E433: No tags file", true);
    } else {
        message("E492: Not an editor command: " + name + (argument.empty() ? "" : " " + argument),
                true);
    }
    clamp();
    wanted_ = cursor_.column;
}

namespace {

sim::Task<int> viMain(ports::Process& process, Strings argv) {
    bool readOnly = lastComponent(argv[0]) == "view";
    Strings files;
    std::string command;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "--version") {
            co_await process.writeOut("VIM - Vi IMproved 9.0 (2022 Jun 28)\n");
            co_return 0;
        }
        if (word == "-R")
            readOnly = true;
        else if (word == "-c" && i + 1 < argv.size())
            command = argv[++i];
        else if (word.size() > 1 && word[0] == '+')
            command = word.substr(1);
        else if (word == "+")
            command = "$";
        else if (word.size() < 2 || word[0] != '-')
            files.push_back(word);
    }
    Vi editor(process, readOnly);
    const int status = co_await editor.run(std::move(files), std::move(command));
    co_return status;
}

} // namespace

const CoreutilEntry kEditorTools[] = {
    {"vi", viMain}, {"vim", viMain}, {"view", viMain}, {nullptr, nullptr}};

} // namespace shell
