// Keys, screen and modes of the editor.

#include "shell/editors/vi.h"

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace shell {

// Files.
bool Vi::load(const std::string& path) {
    path_ = path;
    lines_ = {""};
    undo_.clear();
    redo_.clear();
    cursor_ = {};
    top_ = 0;
    modified_ = isNew_ = unended_ = false;
    if (path.empty()) return true;
    const std::string absolute = process_.resolve(path);
    if (process_.files().isDirectory(absolute)) {
        message("\"" + path + "\" is a directory", false);
        return false;
    }
    const auto content = process_.files().read(absolute);
    if (!content.ok()) {
        if (content.error().message == "Permission denied")
            message("\"" + path + "\" [Permission Denied]", true);
        else {
            isNew_ = true;
            message("\"" + path + "\" [New]");
        }
        return true;
    }
    lines_ = base::splitLines(*content);
    unended_ = !content->empty() && content->back() != '\n';
    if (lines_.empty()) lines_.push_back("");
    const std::size_t count = content->empty() ? 0 : lines_.size();
    const bool locked = readOnly_ || !process_.files().access(absolute, 2);
    message("\"" + path + "\" " + (locked ? "[readonly] " : "") + (unended_ ? "[noeol] " : "") +
            std::to_string(count) + "L, " + std::to_string(content->size()) + "B");
    return true;
}

sim::Task<bool> Vi::save(std::string path, bool quiet) {
    if (path.empty()) path = path_;
    if (path.empty()) {
        message("E32: No file name", true);
        co_return false;
    }
    std::string text;
    for (const std::string& each : lines_) text += each + "\n";
    if (unended_ && !text.empty()) text.pop_back();
    const std::string absolute = process_.resolve(path);
    const bool fresh = !process_.files().exists(absolute);
    const std::size_t size = text.size();
    const auto written = process_.files().write(absolute, std::move(text));
    if (!written.ok()) {
        message("\"" + path + "\" E212: Can't open file for writing", true);
        co_return false;
    }
    if (path == path_ || path_.empty()) {
        path_ = path;
        modified_ = false;
    }
    if (!quiet)
        message("\"" + path + "\" " + (fresh ? "[New] " : "") + std::to_string(lines_.size()) +
                "L, " + std::to_string(size) + "B written");
    co_return true;
}

// Insert mode, until Escape.
sim::Task<void> Vi::insert() {
    modeText_ = paste_ ? "-- INSERT (paste) --" : "-- INSERT --";
    message("");
    bool pasting = false;
    while (!finished_) {
        const int c = co_await key();
        if (c < 0 || c == 0x1b || c == 0x03) break;
        if (c == 0x1ff) { // bracketed paste and unknown keys
            pasting = !pasting;
            continue;
        }
        switch (c) {
        case '\r':
        case '\n': {
            const std::string blank =
                autoIndent_ && !paste_ && !pasting ? indentOf(cursor_.row) : "";
            insertText("\n" + blank);
            break;
        }
        case 0x7f:
        case 0x08:
            if (cursor_.column > 0) {
                Position from = cursor_;
                --from.column;
                while (from.column > 0 &&
                       (static_cast<unsigned char>(line()[static_cast<std::size_t>(from.column)]) &
                        0xC0) == 0x80)
                    --from.column;
                erase(from, cursor_);
            } else if (cursor_.row > 0) {
                const Position from{cursor_.row - 1, lengthOf(cursor_.row - 1)};
                erase(from, cursor_);
            }
            break;
        case 0x107:
            if (cursor_.column < lengthOf(cursor_.row))
                erase(cursor_, {cursor_.row, cursor_.column + 1});
            break;
        case 0x17: {
            const Position from = wordBackward(cursor_, false);
            if (from.row == cursor_.row) erase(from, cursor_);
            break;
        }
        case 0x15: erase({cursor_.row, 0}, cursor_); break;
        case '\t':
            if (expandTab_ && !pasting) {
                const int size = shiftWidth_ > 0 && shiftWidth_ < tabStop_ ? shiftWidth_ : tabStop_;
                insertText(
                    std::string(static_cast<std::size_t>(size - cursor_.column % size), ' '));
            } else {
                insertText("\t");
            }
            break;
        case 0x101:
            --cursor_.row;
            clamp(true);
            break;
        case 0x102:
            ++cursor_.row;
            clamp(true);
            break;
        case 0x103:
            ++cursor_.column;
            clamp(true);
            break;
        case 0x104:
            --cursor_.column;
            clamp(true);
            break;
        case 0x105: cursor_.column = 0; break;
        case 0x106: cursor_.column = lengthOf(cursor_.row); break;
        default:
            if (c >= 32 && c < 256) insertText(std::string(1, static_cast<char>(c)));
            break;
        }
    }
    modeText_.clear();
    if (cursor_.column > 0) --cursor_.column;
    clamp();
    wanted_ = cursor_.column;
}

sim::Task<bool> Vi::scrollKey(int c, int count) {
    const int rows = textRows();
    switch (c) {
    case 0x06:
    case 0x109:
        top_ = std::min(lastRow(), top_ + rows - 2);
        cursor_.row = std::max(cursor_.row, top_);
        break;
    case 0x02:
    case 0x108:
        top_ = std::max(0, top_ - rows + 2);
        cursor_.row = std::min(cursor_.row, top_ + rows - 1);
        break;
    case 0x04:
        cursor_.row += rows / 2;
        top_ = std::min(std::max(0, lastRow() - rows + 1), top_ + rows / 2);
        break;
    case 0x15:
        cursor_.row -= rows / 2;
        top_ = std::max(0, top_ - rows / 2);
        break;
    case 0x05:
        top_ = std::min(lastRow(), top_ + count);
        cursor_.row = std::max(cursor_.row, top_);
        break;
    case 0x19:
        top_ = std::max(0, top_ - count);
        cursor_.row = std::min(cursor_.row, top_ + rows - 1);
        break;
    case 'z': {
        const int second = co_await key();
        if (second == 'z' || second == '.') top_ = std::max(0, cursor_.row - rows / 2);
        if (second == 't' || second == '\r') top_ = cursor_.row;
        if (second == 'b' || second == '-') top_ = std::max(0, cursor_.row - rows + 1);
        break;
    }
    default: co_return false;
    }
    clamp();
    co_return true;
}

// Keys that change text. True when the key was one of them.
sim::Task<bool> Vi::editKey(int c, int count, bool counted) {
    switch (c) {
    case 'i':
    case 0x1fe:
        remember();
        co_await insert();
        break;
    case 'I':
        remember();
        cursor_.column = line().empty() ? 0 : firstNonBlank(cursor_.row);
        co_await insert();
        break;
    case 'a':
        remember();
        if (lengthOf(cursor_.row) > 0) ++cursor_.column;
        co_await insert();
        break;
    case 'A':
        remember();
        cursor_.column = lengthOf(cursor_.row);
        co_await insert();
        break;
    case 'o':
    case 'O': {
        remember();
        const std::string blank = autoIndent_ && !paste_ ? indentOf(cursor_.row) : "";
        const int row = cursor_.row + (c == 'o' ? 1 : 0);
        lines_.insert(lines_.begin() + row, blank);
        cursor_ = {row, static_cast<int>(blank.size())};
        co_await insert();
        break;
    }
    case 'x':
    case 0x107:
        if (lengthOf(cursor_.row) > 0)
            apply('d', {true,
                        false,
                        false,
                        cursor_,
                        {cursor_.row, std::min(lengthOf(cursor_.row), cursor_.column + count)}});
        break;
    case 'X':
        if (cursor_.column > 0)
            apply(
                'd',
                {true, false, false, {cursor_.row, std::max(0, cursor_.column - count)}, cursor_});
        break;
    case 's':
        apply('c', {true,
                    false,
                    false,
                    cursor_,
                    {cursor_.row, std::min(lengthOf(cursor_.row), cursor_.column + count)}});
        co_await insert();
        break;
    case 'S':
        co_await changeLines(cursor_.row, std::min(lastRow(), cursor_.row + count - 1));
        break;
    case 'D':
        apply('d', {true, false, false, cursor_, {cursor_.row, lengthOf(cursor_.row)}});
        break;
    case 'C':
        apply('c', {true, false, false, cursor_, {cursor_.row, lengthOf(cursor_.row)}});
        co_await insert();
        break;
    case 'Y': applyLines('y', cursor_.row, std::min(lastRow(), cursor_.row + count - 1)); break;
    case 'J': join(count, true); break;
    case 'p': put(true, count); break;
    case 'P': put(false, count); break;
    case '~':
        remember();
        for (int i = 0; i < count && cursor_.column < lengthOf(cursor_.row);
             ++i, ++cursor_.column) {
            char& each = line()[static_cast<std::size_t>(cursor_.column)];
            const auto u = static_cast<unsigned char>(each);
            each = static_cast<char>(std::isupper(u) ? std::tolower(u) : std::toupper(u));
        }
        clamp();
        break;
    case 'r': {
        const int with = co_await key();
        if (with < 0 || with == 0x1b || cursor_.column + count > lengthOf(cursor_.row)) break;
        remember();
        if (with == '\r') {
            erase(cursor_, {cursor_.row, cursor_.column + count});
            insertText("\n");
        } else {
            for (int i = 0; i < count; ++i)
                line()[static_cast<std::size_t>(cursor_.column + i)] = static_cast<char>(with);
            cursor_.column += count - 1;
        }
        break;
    }
    case 'R': {
        remember();
        modeText_ = "-- REPLACE --";
        while (!finished_) {
            const int with = co_await key();
            if (with < 0 || with == 0x1b) break;
            if (with == '\r')
                insertText("\n");
            else if (with == 0x7f)
                cursor_.column = std::max(0, cursor_.column - 1);
            else if (with >= 32 && with < 256) {
                if (cursor_.column < lengthOf(cursor_.row))
                    line()[static_cast<std::size_t>(cursor_.column)] = static_cast<char>(with);
                else
                    line() += static_cast<char>(with);
                ++cursor_.column;
            }
        }
        modeText_.clear();
        --cursor_.column;
        clamp();
        break;
    }
    case 'd':
    case 'c':
    case '>':
    case '<':
    case '=': co_await operate(static_cast<char>(c), count); break;
    case 0x01:
    case 0x18: { // Ctrl-A, Ctrl-X: the number at or after the cursor
        std::size_t at = static_cast<std::size_t>(cursor_.column);
        while (at < line().size() && !std::isdigit(static_cast<unsigned char>(line()[at]))) ++at;
        if (at >= line().size()) break;
        while (at > 0 && std::isdigit(static_cast<unsigned char>(line()[at - 1]))) --at;
        if (at > 0 && line()[at - 1] == '-') --at;
        std::size_t end = at + 1;
        while (end < line().size() && std::isdigit(static_cast<unsigned char>(line()[end]))) ++end;
        remember();
        const std::string number = std::to_string(
            base::parseInt(line().substr(at, end - at)).value_or(0) + (c == 0x01 ? count : -count));
        line().replace(at, end - at, number);
        cursor_.column = static_cast<int>(at + number.size()) - 1;
        break;
    }
    default: co_return false;
    }
    (void)counted;
    co_return true;
}

sim::Task<void> Vi::normalKey(int c, int count, bool counted) {
    switch (c) {
    case 'y': co_await operate('y', count); co_return;
    case 'u':
        for (int i = 0; i < count; ++i) undo();
        co_return;
    case 0x12:
        for (int i = 0; i < count; ++i) redo();
        co_return;
    case ':': {
        std::string start;
        if (counted) start = ".,.+" + std::to_string(count - 1);
        co_await commandLine(std::move(start));
        co_return;
    }
    case 'v':
    case 'V':
    case 0x16: co_await visual(static_cast<char>(c)); co_return;
    case 'm': {
        const int name = co_await key();
        marks_[static_cast<char>(name)] = cursor_;
        co_return;
    }
    case 'Z': {
        const int second = co_await key();
        if (second == 'Z') co_await execute("x");
        if (second == 'Q') co_await execute("q!");
        co_return;
    }
    case 0x0c: co_return;
    case 0x07:
        message("\"" + (path_.empty() ? std::string("[No Name]") : path_) + "\"" +
                (modified_ ? " [Modified]" : "") + " " + std::to_string(lastRow() + 1) +
                " lines --" + std::to_string((cursor_.row + 1) * 100 / (lastRow() + 1)) + "%--");
        co_return;
    case 'K':
    case 'Q':
    case 0x1b:
    case 0x1a: co_return;
    case 0x03: message("Type  :qa  and press <Enter> to exit Vim"); co_return;
    default: break;
    }
    const bool scrolled = co_await scrollKey(c, count);
    if (scrolled) co_return;
    const Position before = cursor_;
    const Motion motion = co_await readMotion(c, count, counted, false);
    if (!motion.ok) co_return;
    if (c == 'G' || c == 'g' || c == '/' || c == '?' || c == 'n' || c == 'N' || c == '%' ||
        c == '*' || c == '#')
        marks_['\''] = before;
    cursor_ = motion.to;
    clamp();
    const bool vertical =
        c == 'j' || c == 'k' || c == 0x101 || c == 0x102 || c == '$' || c == 0x106;
    if (!vertical) wanted_ = cursor_.column;
}

sim::Task<void> Vi::normal() {
    recording_ = !replaying_;
    recorded_.clear();
    int c = co_await key();
    message_ = "";
    messageIsError_ = false;
    int count = 0;
    bool counted = false;
    while (true) {
        if (c == '"') {
            register_ = static_cast<char>(co_await key());
            c = co_await key();
        } else if (c >= '0' && c <= '9' && (c != '0' || counted)) {
            count = std::min(count * 10 + c - '0', 100000);
            counted = true;
            c = co_await key();
        } else {
            break;
        }
    }
    if (c < 0) co_return;
    if (c == '.' && !replaying_) {
        recording_ = false;
        if (lastChange_.empty()) co_return;
        replay_.assign(lastChange_.begin(), lastChange_.end());
        replaying_ = true;
        while (!replay_.empty() && !finished_) co_await normal();
        replaying_ = false;
        co_return;
    }
    const bool edited = co_await editKey(c, std::max(1, count), counted);
    recording_ = false;
    if (edited) {
        if (!replaying_) lastChange_ = recorded_;
        wanted_ = cursor_.column;
        co_return;
    }
    co_await normalKey(c, std::max(1, count), counted);
    if (c != 'y') register_ = '"';
}

sim::Task<int> Vi::run(std::vector<std::string> files, std::string firstCommand) {
    files_ = std::move(files);
    const auto tty = process_.terminal();
    if (!process_.isTerminal(1))
        co_await process_.writeError("Vim: Warning: Output is not to a terminal\n");
    if (!process_.isTerminal(0))
        co_await process_.writeError("Vim: Warning: Input is not from a terminal\n");
    if (!tty || !process_.isTerminal(0)) {
        // Commands from a pipe are keys, as in vim; at the end of them vim gives up.
        if (!process_.input()) co_return 1;
    }
    const auto home = process_.env().find("HOME");
    load(files_.empty() ? "" : files_[0]);
    const std::string loaded = message_;
    if (home != process_.env().end())
        if (const auto rc = process_.files().read(home->second + "/.vimrc"); rc.ok())
            for (const std::string& each : base::splitLines(*rc))
                if (each.rfind("\"", 0) != 0) co_await execute(each);
    message(loaded);
    if (!firstCommand.empty()) co_await execute(firstCommand);
    const bool wasRaw = tty && tty->raw;
    if (tty) tty->raw = true;
    co_await process_.writeOut("\x1b[?1049h\x1b[2J");
    while (!finished_) co_await normal();
    const auto rows = std::to_string(textRows() + 1);
    co_await process_.writeOut("\x1b[" + rows + ";1H\x1b[K\x1b[?1049l\x1b[?25h");
    if (tty) tty->raw = wasRaw;
    if (status_ == 1 && !process_.isTerminal(0))
        co_await process_.writeError("Vim: Error reading input, exiting...\nVim: Finished.\n");
    co_return status_;
}

} // namespace shell
