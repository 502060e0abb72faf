// Keys, screen and modes of the editor.

#include "shell/editors/vi.h"

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace shell {

sim::Task<int> Vi::key() {
    int c = -1;
    if (!replay_.empty()) {
        c = replay_.front();
        replay_.pop_front();
    } else {
        if (buffered_.empty()) {
            co_await draw();
            const auto pipe = process_.input();
            if (pipe) buffered_ = co_await pipe->read();
            if (buffered_.empty()) {
                finished_ = true;
                status_ = 1;
                co_return -1;
            }
        }
        // Arrow and function keys become their letters.
        if (buffered_[0] == '\x1b' && buffered_.size() > 2 &&
            (buffered_[1] == '[' || buffered_[1] == 'O')) {
            std::size_t end = 2;
            while (end < buffered_.size() && !(buffered_[end] >= 0x40 && buffered_[end] <= 0x7e))
                ++end;
            const std::string sequence = buffered_.substr(2, end - 1);
            buffered_.erase(0, end + 1);
            static const std::map<std::string, int> kKeys{
                {"A", 0x101},  {"B", 0x102},  {"C", 0x103},  {"D", 0x104},
                {"H", 0x105},  {"F", 0x106},  {"1~", 0x105}, {"4~", 0x106},
                {"3~", 0x107}, {"5~", 0x108}, {"6~", 0x109}};
            const auto found = kKeys.find(sequence);
            c = found == kKeys.end() ? 0x1ff : found->second;
        } else {
            c = static_cast<unsigned char>(buffered_[0]);
            buffered_.erase(0, 1);
        }
    }
    if (recording_ && recorded_.size() < 100000) recorded_.push_back(c);
    co_return c;
}

int Vi::textRows() const {
    const auto tty = process_.terminal();
    return std::max(1, (tty ? tty->size.rows : 24) - 1);
}
int Vi::width() const {
    const auto tty = process_.terminal();
    return std::max(10, tty ? tty->size.columns : 80);
}

void Vi::message(std::string text, bool error) {
    message_ = std::move(text);
    messageIsError_ = error;
}

void Vi::scrollToCursor() {
    const int rows = textRows();
    if (cursor_.row < top_ - rows || cursor_.row > top_ + 2 * rows)
        top_ = std::max(0, cursor_.row - rows / 2);
    top_ = std::clamp(top_, std::max(0, cursor_.row - rows + 1), std::max(0, cursor_.row));
}

// A row as it appears, tabs expanded; the cursor's column on the way.
std::string Vi::shownLine(int row, int& cursorColumn) const {
    const std::string& text = lineAt(row);
    std::string out;
    int column = 0;
    std::vector<std::pair<int, int>> marked;
    if (highlight_ && hls_ && !pattern_.empty()) {
        RegexOptions options;
        options.ignoreCase = ignoreCase_;
        const Regex regex(pattern_, options);
        RegexMatch match;
        for (std::size_t at = 0; regex.ok() && at <= text.size() && regex.search(text, at, match);
             at = static_cast<std::size_t>(std::max(match.end(), match.begin() + 1)))
            if (match.end() > match.begin()) marked.emplace_back(match.begin(), match.end());
    }
    Position low = cursor_, high = cursor_;
    if (visualStart_) {
        low = std::min(*visualStart_, cursor_);
        high = std::max(*visualStart_, cursor_);
    }
    bool lit = false;
    for (int i = 0; i <= static_cast<int>(text.size()); ++i) {
        if (row == cursor_.row && i == cursor_.column) cursorColumn = column;
        if (i == static_cast<int>(text.size())) break;
        bool want = false;
        const char* code = "\x1b[43m\x1b[30m";
        for (const auto& [from, to] : marked) want = want || (i >= from && i < to);
        if (visualStart_) {
            bool inside = row >= low.row && row <= high.row;
            if (visualKind_ == 'v')
                inside = inside && !(row == low.row && i < low.column) &&
                         !(row == high.row && i > high.column);
            if (visualKind_ == 0x16)
                inside = inside && i >= std::min(visualStart_->column, cursor_.column) &&
                         i <= std::max(visualStart_->column, cursor_.column);
            if (inside) want = true, code = "\x1b[7m";
        }
        if (want != lit) out += want ? code : "\x1b[0m";
        lit = want;
        const char c = text[static_cast<std::size_t>(i)];
        if (c == '\t' && !list_) {
            const int to = (column / tabStop_ + 1) * tabStop_;
            out += std::string(static_cast<std::size_t>(to - column), ' ');
            column = to;
        } else if (static_cast<unsigned char>(c) < 32 || c == 127) {
            out += '^';
            out += static_cast<char>(c == 127 ? '?' : c + 64);
            column += 2;
        } else {
            out += c;
            column += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0 : 1;
        }
    }
    if (lit) out += "\x1b[0m";
    if (list_) out += "$";
    return out;
}

sim::Task<void> Vi::draw() {
    scrollToCursor();
    const int rows = textRows(), columns = width();
    std::string out = "\x1b[?25l\x1b[H";
    const int gutter = number_ || relative_
                           ? std::max(4, static_cast<int>(std::to_string(lastRow() + 1).size()) + 1)
                           : 0;
    int screenRow = 0, cursorScreenRow = 0, cursorColumn = 0;
    for (int row = top_; screenRow < rows; ++row) {
        if (row > lastRow()) {
            out += "\x1b[94m~\x1b[0m\x1b[K\r\n";
            ++screenRow;
            continue;
        }
        int column = 0;
        std::string text = shownLine(row, column);
        if (gutter > 0) {
            const int shown =
                relative_ && row != cursor_.row ? std::abs(row - cursor_.row) : row + 1;
            std::string label = std::to_string(shown);
            const auto width = static_cast<std::size_t>(gutter - 1);
            if (label.size() < width) label.insert(0, width - label.size(), ' ');
            text = "\x1b[33m" + label + " \x1b[0m" + text;
        }
        // Rows that a long line takes.
        int length = gutter;
        bool escape = false;
        for (const char c : text) {
            if (c == '\x1b') escape = true;
            if (!escape && (static_cast<unsigned char>(c) & 0xC0) != 0x80) ++length;
            if (escape && std::isalpha(static_cast<unsigned char>(c))) escape = false;
        }
        length -= gutter > 0 ? gutter : 0;
        const int taken = std::max(1, (length + columns - 1) / columns);
        if (row == cursor_.row) {
            cursorScreenRow = screenRow + (column + gutter) / columns;
            cursorColumn = (column + gutter) % columns;
        }
        if (screenRow + taken > rows) {
            for (; screenRow < rows; ++screenRow) out += "@\x1b[K\r\n";
            break;
        }
        out += text + "\x1b[K";
        if (length == 0 || length % columns != 0) out += "\r\n";
        screenRow += taken;
    }
    out += "\x1b[" + std::to_string(rows + 1) + ";1H\x1b[K";
    if (messageIsError_) out += "\x1b[97;41m";
    std::string status = message_.empty() ? modeText_ : message_;
    if (status.size() > static_cast<std::size_t>(columns - 1))
        status.resize(static_cast<std::size_t>(columns - 1));
    out += status + "\x1b[0m";
    const std::string place = std::to_string(cursor_.row + 1) + "," +
                              std::to_string(cursor_.column + (lengthOf(cursor_.row) == 0 ? 0 : 1));
    std::string where = lastRow() < rows ? "All"
                        : top_ == 0      ? "Top"
                        : top_ + rows > lastRow()
                            ? "Bot"
                            : std::to_string(top_ * 100 / std::max(1, lastRow() + 1 - rows)) + "%";
    if (columns > 40 && status.size() < static_cast<std::size_t>(columns - 20))
        out += "\x1b[" + std::to_string(rows + 1) + ";" + std::to_string(columns - 17) + "H" +
               place + std::string(place.size() < 14 ? 14 - place.size() : 1, ' ') + where;
    out += "\x1b[" + std::to_string(cursorScreenRow + 1) + ";" + std::to_string(cursorColumn + 1) +
           "H\x1b[?25h";
    co_await process_.writeOut(std::move(out));
}

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
