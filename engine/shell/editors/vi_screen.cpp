// Keys as they come from the terminal, and the screen.

#include "shell/coreutils/coreutils.h"
#include "shell/editors/vi.h"

#include <algorithm>
#include <cctype>

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

} // namespace shell
