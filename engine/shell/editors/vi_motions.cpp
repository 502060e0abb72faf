// Motions, operators and visual mode.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "shell/editors/vi.h"

#include <algorithm>
#include <cctype>

namespace shell {

void Vi::applyLines(char op, int from, int to) {
    from = std::clamp(from, 0, lastRow());
    to = std::clamp(to, from, lastRow());
    std::string text;
    for (int row = from; row <= to; ++row) text += lineAt(row) + "\n";
    const int count = to - from + 1;
    if (op == 'y') {
        store(std::move(text), true, true);
        if (count > 2) message(std::to_string(count) + " lines yanked");
        cursor_.row = from;
        return;
    }
    if (op == '>' || op == '<') {
        indent(from, to, op == '>');
        return;
    }
    remember();
    if (op == '=') {
        for (int row = std::max(1, from); row <= to; ++row)
            lines_[static_cast<std::size_t>(row)] =
                indentOf(row - 1) + lineAt(row).substr(std::min(
                                        lineAt(row).size(), lineAt(row).find_first_not_of(" \t")));
        return;
    }
    if (op == 'U' || op == 'u' || op == '~') {
        for (int row = from; row <= to; ++row)
            lines_[static_cast<std::size_t>(row)] =
                op == 'u' ? base::toLower(lineAt(row)) : base::toUpper(lineAt(row));
        return;
    }
    store(std::move(text), true, false);
    lines_.erase(lines_.begin() + from, lines_.begin() + to + 1);
    if (lines_.empty()) lines_.push_back("");
    cursor_.row = std::min(from, lastRow());
    cursor_.column = firstNonBlank(cursor_.row);
    if (count > 2) message(std::to_string(count) + " fewer lines");
    if (lines_.size() == 1 && lines_[0].empty() && count > 1) message("--No lines in buffer--");
}

void Vi::apply(char op, Motion motion) {
    if (motion.to < motion.from) std::swap(motion.from, motion.to);
    if (motion.linewise) {
        applyLines(op, motion.from.row, motion.to.row);
        return;
    }
    if (motion.inclusive && motion.to.column < lengthOf(motion.to.row)) ++motion.to.column;
    motion.to.column = std::min(motion.to.column, lengthOf(motion.to.row));
    if (op == '>' || op == '<' || op == '=') {
        applyLines(op, motion.from.row, motion.to.row);
        return;
    }
    std::string text = textBetween(motion.from, motion.to);
    if (op == 'y') {
        store(std::move(text), false, true);
        cursor_ = motion.from;
        return;
    }
    remember();
    if (op == 'U' || op == 'u' || op == '~') {
        for (char& c : text) {
            const auto u = static_cast<unsigned char>(c);
            c = static_cast<char>(op == 'U'         ? std::toupper(u)
                                  : op == 'u'       ? std::tolower(u)
                                  : std::isupper(u) ? std::tolower(u)
                                                    : std::toupper(u));
        }
        erase(motion.from, motion.to);
        insertText(text);
        cursor_ = motion.from;
        return;
    }
    store(std::move(text), false, false);
    erase(motion.from, motion.to);
    if (op != 'c') clamp();
}

sim::Task<void> Vi::changeLines(int from, int to) {
    remember();
    std::string text;
    for (int row = from; row <= to; ++row) text += lineAt(row) + "\n";
    store(std::move(text), true, false);
    const std::string blank = autoIndent_ ? indentOf(from) : "";
    lines_.erase(lines_.begin() + from + 1, lines_.begin() + to + 1);
    lines_[static_cast<std::size_t>(from)] = blank;
    cursor_ = {from, static_cast<int>(blank.size())};
    co_await insert();
}

// f, t, F, T and the search keys read one more thing.
sim::Task<bool> Vi::readTarget(int c, int& target) {
    target = 0;
    if (c != 'f' && c != 't' && c != 'F' && c != 'T' && c != '\'' && c != '`' && c != 'r' &&
        c != 'm' && c != '"' && c != 'g' && c != 'z')
        co_return true;
    target = co_await key();
    co_return target >= 0 && target != 0x1b;
}

sim::Task<Vi::Motion> Vi::readMotion(int c, int count, bool counted, bool forOperator) {
    Motion motion;
    motion.from = motion.to = cursor_;
    motion.ok = true;
    Position& to = motion.to;
    const int rows = textRows();
    switch (c) {
    case 'h':
    case 0x104:
    case 0x7f:
    case 0x08: to.column = std::max(0, to.column - count); break;
    case 'l':
    case 0x103:
    case ' ':
        to.column = std::min(to.column + count,
                             std::max(0, lengthOf(to.row) - (forOperator || visualStart_ ? 0 : 1)));
        break;
    case 'j':
    case 0x102:
    case 0x0e:
    case 'k':
    case 0x101:
    case 0x10: {
        const bool down = c == 'j' || c == 0x102 || c == 0x0e;
        if (down ? to.row == lastRow() : to.row == 0) motion.ok = false;
        to.row = std::clamp(to.row + (down ? count : -count), 0, lastRow());
        to.column = std::min(wanted_, std::max(0, lengthOf(to.row) - 1));
        motion.linewise = true;
        break;
    }
    case '+':
    case '\r':
    case '\n':
    case '-':
        to.row = std::clamp(to.row + (c == '-' ? -count : count), 0, lastRow());
        to.column = firstNonBlank(to.row);
        motion.linewise = true;
        break;
    case '0':
    case 0x105: to.column = 0; break;
    case '^': to.column = firstNonBlank(to.row); break;
    case '_':
        to.row = std::min(lastRow(), to.row + count - 1);
        to.column = firstNonBlank(to.row);
        motion.linewise = true;
        break;
    case '$':
    case 0x106:
        to.row = std::min(lastRow(), to.row + count - 1);
        to.column = std::max(0, lengthOf(to.row) - 1);
        motion.inclusive = lengthOf(to.row) > 0;
        if (!forOperator) wanted_ = 100000;
        break;
    case '|': to.column = std::min(count - 1, lengthOf(to.row)); break;
    case 'w':
    case 'W':
        for (int i = 0; i < count; ++i) to = wordForward(to, c == 'W');
        // An operator does not reach over the end of the line.
        if (forOperator && to.row > motion.from.row && to.column <= firstNonBlank(to.row))
            to = {to.row - 1, lengthOf(to.row - 1)};
        if (!forOperator && to.column >= lengthOf(to.row))
            to.column = std::max(0, lengthOf(to.row) - 1);
        break;
    case 'b':
    case 'B':
        for (int i = 0; i < count; ++i) to = wordBackward(to, c == 'B');
        break;
    case 'e':
    case 'E':
        for (int i = 0; i < count; ++i) to = wordEnd(to, c == 'E');
        motion.inclusive = true;
        break;
    case 'G':
        to.row = counted ? std::clamp(count - 1, 0, lastRow()) : lastRow();
        to.column = firstNonBlank(to.row);
        motion.linewise = true;
        break;
    case 'H':
        to.row = std::min(lastRow(), top_ + count - 1);
        to.column = firstNonBlank(to.row);
        motion.linewise = true;
        break;
    case 'M':
        to.row = std::min(lastRow(), top_ + std::min(rows, lastRow() - top_ + 1) / 2);
        to.column = firstNonBlank(to.row);
        motion.linewise = true;
        break;
    case 'L':
        to.row = std::max(0, std::min(lastRow(), top_ + rows - 1) - count + 1);
        to.column = firstNonBlank(to.row);
        motion.linewise = true;
        break;
    case '{':
    case '}':
        for (int i = 0; i < count; ++i) {
            const int way = c == '}' ? 1 : -1;
            while (to.row + way >= 0 && to.row + way <= lastRow() && lineAt(to.row).empty())
                to.row += way;
            while (to.row + way >= 0 && to.row + way <= lastRow() && !lineAt(to.row).empty())
                to.row += way;
        }
        to.column = c == '}' && to.row == lastRow() ? std::max(0, lengthOf(to.row) - 1) : 0;
        break;
    case '%': {
        const auto match = matchingBracket(cursor_);
        motion.ok = match.has_value();
        if (match) to = *match;
        motion.inclusive = true;
        break;
    }
    case 'n':
    case 'N':
    case '*':
    case '#': {
        if (c == '*' || c == '#') {
            int from = cursor_.column, end = cursor_.column;
            if (charClass(cursor_, false) == 0) {
                motion.ok = false;
                break;
            }
            const int kind = charClass(cursor_, false);
            while (from > 0 && charClass({cursor_.row, from - 1}, false) == kind) --from;
            while (end + 1 < lengthOf(cursor_.row) &&
                   charClass({cursor_.row, end + 1}, false) == kind)
                ++end;
            pattern_ = "\\<" +
                       base::replaceAll(line().substr(static_cast<std::size_t>(from),
                                                      static_cast<std::size_t>(end - from + 1)),
                                        ".", "\\.") +
                       "\\>";
            searchForward_ = c == '*';
        }
        const Position before = cursor_;
        searchNext(c != 'N', count);
        to = cursor_;
        cursor_ = before;
        motion.ok = !(to == before);
        break;
    }
    case '/':
    case '?': {
        auto text = co_await readLine(std::string(1, static_cast<char>(c)), "");
        if (!text) {
            motion.ok = false;
            break;
        }
        if (!text->empty()) pattern_ = *text;
        searchForward_ = c == '/';
        const Position before = cursor_;
        searchNext(true, count);
        to = cursor_;
        cursor_ = before;
        motion.ok = !(to == before);
        break;
    }
    case 'f':
    case 't':
    case 'F':
    case 'T':
    case ';':
    case ',': {
        int which = c, target = findChar_;
        if (c == ';' || c == ',') {
            which = findKey_;
            if (c == ',') which = std::isupper(which) ? std::tolower(which) : std::toupper(which);
        } else {
            const bool read = co_await readTarget(c, target);
            if (!read) {
                motion.ok = false;
                break;
            }
            findKey_ = c;
            findChar_ = target;
        }
        const bool forward = which == 'f' || which == 't', till = which == 't' || which == 'T';
        int column = to.column;
        if (c == ';' && till) column += forward ? 1 : -1;
        for (int i = 0; i < count && motion.ok; ++i) {
            do column += forward ? 1 : -1;
            while (column >= 0 && column < lengthOf(to.row) &&
                   lineAt(to.row)[static_cast<std::size_t>(column)] != target);
            motion.ok = column >= 0 && column < lengthOf(to.row);
        }
        if (motion.ok) to.column = till ? column + (forward ? -1 : 1) : column;
        motion.inclusive = forward;
        break;
    }
    case '\'':
    case '`': {
        int target = 0;
        const bool read = co_await readTarget(c, target);
        const auto mark = marks_.find(static_cast<char>(target == '`' ? '\'' : target));
        motion.ok = read && mark != marks_.end();
        if (!motion.ok)
            message("E20: Mark not set", true);
        else {
            to = mark->second;
            to.row = std::min(to.row, lastRow());
            if (c == '\'') to.column = firstNonBlank(to.row), motion.linewise = true;
        }
        break;
    }
    case 'g': {
        const int second = co_await key();
        if (second == 'g') {
            to.row = counted ? std::clamp(count - 1, 0, lastRow()) : 0;
            to.column = firstNonBlank(to.row);
            motion.linewise = true;
        } else if (second == 'e')
            to = wordBackward(to, false);
        else if (second == '_')
            to.column = std::max(0, static_cast<int>(base::trimRight(lineAt(to.row)).size()) - 1),
            motion.inclusive = true;
        else if (second == 'j' || second == 'k')
            to.row = std::clamp(to.row + (second == 'j' ? count : -count), 0, lastRow());
        else if (second == 'J') {
            join(count, false);
            motion.to = cursor_;
        } else if ((second == 'U' || second == 'u' || second == '~') && !forOperator) {
            const int third = co_await key();
            if (third == second)
                applyLines(static_cast<char>(second), cursor_.row, cursor_.row);
            else {
                const Motion inner = co_await readMotion(third, 1, false, true);
                if (inner.ok) apply(static_cast<char>(second), inner);
            }
            motion.to = cursor_;
        } else
            motion.ok = false;
        break;
    }
    default: motion.ok = false; break;
    }
    co_return motion;
}

// d, c, y, >, <, = and their motion or text object.
sim::Task<void> Vi::operate(char op, int count) {
    int c = co_await key();
    int inner = 0;
    bool counted = false;
    while (c >= '0' && c <= '9' && (c != '0' || inner > 0)) {
        inner = std::min(inner * 10 + c - '0', 100000);
        counted = true;
        c = co_await key();
    }
    const int times = count * std::max(1, inner);
    if (c < 0 || c == 0x1b) co_return;
    if (c == op) {
        const int to = std::min(lastRow(), cursor_.row + times - 1);
        if (op == 'c')
            co_await changeLines(cursor_.row, to);
        else {
            const int column = cursor_.column;
            applyLines(op, cursor_.row, to);
            if (op == 'y') cursor_.column = column;
        }
        co_return;
    }
    Motion motion;
    if (c == 'i' || c == 'a') {
        const int kind = co_await key();
        motion = textObject(c == 'a', kind);
    } else {
        if (op == 'c' && (c == 'w' || c == 'W') && charClass(cursor_, c == 'W') != 0)
            c = c == 'w' ? 'e' : 'E';
        // "cw" on a single character stays on it.
        if (op == 'c' && (c == 'e' || c == 'E') && times == 1) {
            Position next = cursor_;
            const bool single = cursor_.column + 1 >= lengthOf(cursor_.row) ||
                                charClass({cursor_.row, cursor_.column + 1}, c == 'E') !=
                                    charClass(cursor_, c == 'E');
            if (single) motion = {true, false, true, cursor_, next};
        }
        if (!motion.ok) motion = co_await readMotion(c, times, counted || count > 1, true);
    }
    if (!motion.ok) co_return;
    if (op == 'c') {
        if (motion.linewise) {
            co_await changeLines(std::min(motion.from.row, motion.to.row),
                                 std::max(motion.from.row, motion.to.row));
            co_return;
        }
        apply('c', motion);
        co_await insert();
        co_return;
    }
    apply(op, motion);
}

sim::Task<void> Vi::visual(char kind) {
    visualStart_ = cursor_;
    visualKind_ = kind;
    while (!finished_ && visualStart_) {
        modeText_ = visualKind_ == 'V'   ? "-- VISUAL LINE --"
                    : visualKind_ == 'v' ? "-- VISUAL --"
                                         : "-- VISUAL BLOCK --";
        message("");
        int c = co_await key();
        int count = 0;
        while (c >= '0' && c <= '9' && (c != '0' || count > 0)) {
            count = std::min(count * 10 + c - '0', 100000);
            c = co_await key();
        }
        if (c < 0 || c == 0x1b || c == 0x03 || c == visualKind_) break;
        if (c == 'v' || c == 'V' || c == 0x16) {
            visualKind_ = static_cast<char>(c);
            continue;
        }
        if (c == 'o') {
            std::swap(cursor_, *visualStart_);
            continue;
        }
        Position from = std::min(*visualStart_, cursor_), to = std::max(*visualStart_, cursor_);
        if (c == ':') {
            marks_['<'] = from;
            marks_['>'] = to;
            visualStart_.reset();
            modeText_.clear();
            co_await commandLine("'<,'>");
            co_return;
        }
        if (c == 'i' || c == 'a') {
            const int object = co_await key();
            const Motion motion = textObject(c == 'a', object);
            if (motion.ok) {
                visualStart_ = motion.from;
                cursor_ = motion.to;
                if (!motion.inclusive && cursor_.column > 0) --cursor_.column;
            }
            continue;
        }
        static constexpr std::string_view kOperators = "dxyc><=~uUsXDYJrIA";
        if (c < 128 && kOperators.find(static_cast<char>(c)) != std::string_view::npos) {
            const char block = visualKind_;
            const int left = std::min(from.column, to.column),
                      right = std::max(visualStart_->column, cursor_.column);
            const int blockLeft = std::min(visualStart_->column, cursor_.column);
            visualStart_.reset();
            modeText_.clear();
            char op = static_cast<char>(c == 'x' || c == 'X' || c == 'D' ? 'd'
                                        : c == 's'                       ? 'c'
                                        : c == 'Y'                       ? 'y'
                                                                         : c);
            if (op == 'J') {
                cursor_ = from;
                join(to.row - from.row + 1, true);
            } else if (block == 0x16 && (op == 'd' || op == 'I' || op == 'A' || op == 'c' ||
                                         op == 'y' || op == 'r')) {
                const int with = op == 'r' ? co_await key() : 0;
                remember();
                std::string taken;
                const int rowFrom = from.row, rowTo = to.row;
                for (int row = rowFrom; row <= rowTo; ++row) {
                    std::string& text = lines_[static_cast<std::size_t>(row)];
                    const auto at = static_cast<std::size_t>(
                        std::min(blockLeft, static_cast<int>(text.size())));
                    const auto count2 = static_cast<std::size_t>(
                        std::max(0, std::min(right + 1, static_cast<int>(text.size())) -
                                        static_cast<int>(at)));
                    taken += text.substr(at, count2) + "\n";
                    if (op == 'd' || op == 'c') text.erase(at, count2);
                    if (op == 'r')
                        text.replace(at, count2, std::string(count2, static_cast<char>(with)));
                }
                (void)left;
                if (op != 'I' && op != 'A' && op != 'r')
                    store(taken.substr(0, taken.size() - 1), false, op == 'y');
                cursor_ = {rowFrom, op == 'A' ? std::min(right + 1, lengthOf(rowFrom))
                                              : std::min(blockLeft, lengthOf(rowFrom))};
                if (op == 'I' || op == 'A' || op == 'c') {
                    const int column = cursor_.column;
                    const std::string before = line();
                    co_await insert();
                    if (lines_[static_cast<std::size_t>(rowFrom)].size() > before.size()) {
                        const std::string added = lines_[static_cast<std::size_t>(rowFrom)].substr(
                            static_cast<std::size_t>(column),
                            lines_[static_cast<std::size_t>(rowFrom)].size() - before.size());
                        for (int row = rowFrom + 1; row <= std::min(rowTo, lastRow()); ++row) {
                            std::string& text = lines_[static_cast<std::size_t>(row)];
                            if (static_cast<int>(text.size()) < column) {
                                if (op != 'A') continue;
                                text.resize(static_cast<std::size_t>(column), ' ');
                            }
                            text.insert(static_cast<std::size_t>(column), added);
                        }
                    }
                }
                clamp();
            } else if (op == 'r') {
                const int with = co_await key();
                remember();
                for (Position at = from; !(to < at);) {
                    if (at.column < lengthOf(at.row))
                        lines_[static_cast<std::size_t>(at.row)]
                              [static_cast<std::size_t>(at.column)] = static_cast<char>(with);
                    if (!step(at, 1)) break;
                }
                cursor_ = from;
            } else if (block == 'V' || op == '>' || op == '<' || op == '=') {
                if (op == 'c')
                    co_await changeLines(from.row, to.row);
                else
                    applyLines(op, from.row, to.row);
            } else {
                apply(op, {true, false, true, from, to});
                if (op == 'c') co_await insert();
            }
            clamp();
            co_return;
        }
        if (c == 'p' || c == 'P') {
            const Register saved = registers_['"'];
            visualStart_.reset();
            if (visualKind_ == 'V')
                applyLines('d', from.row, to.row);
            else
                apply('d', {true, false, true, from, to});
            registers_['"'] = saved;
            put(false, 1);
            break;
        }
        if (c == '"') {
            register_ = static_cast<char>(co_await key());
            continue;
        }
        const bool scrolled = co_await scrollKey(c, std::max(1, count));
        if (scrolled) continue;
        const Motion motion = co_await readMotion(c, std::max(1, count), count > 0, false);
        if (motion.ok) {
            cursor_ = motion.to;
            if (!motion.linewise && c != '$') wanted_ = cursor_.column;
        }
        clamp();
    }
    visualStart_.reset();
    modeText_.clear();
    clamp();
}

} // namespace shell
