// Wrapping a terminal's text anew when its width changes. The library cuts lines; here they are joined
// to what was printed, broken at the new width and drawn again.
#include "terminal/terminal_screen.h"

#include <algorithm>

namespace app {
namespace {

bool blank(const VTermScreenCell& cell) { return cell.chars[0] == 0; }
bool isTail(const VTermScreenCell& cell) { return cell.chars[0] == static_cast<uint32_t>(-1); } // of a wide character

void append(QByteArray& out, const VTermColor& color, bool foreground) {
    if (foreground ? VTERM_COLOR_IS_DEFAULT_FG(&color) : VTERM_COLOR_IS_DEFAULT_BG(&color)) return;
    out += foreground ? ";38" : ";48";
    if (VTERM_COLOR_IS_INDEXED(&color)) out += ";5;" + QByteArray::number(color.indexed.idx);
    else out += ";2;" + QByteArray::number(color.rgb.red) + ";" + QByteArray::number(color.rgb.green) + ";" + QByteArray::number(color.rgb.blue);
}

QByteArray pen(const VTermScreenCell& cell) {
    QByteArray out("\x1b[0");
    if (cell.attrs.bold) out += ";1";
    if (cell.attrs.italic) out += ";3";
    if (cell.attrs.underline) out += ";4";
    if (cell.attrs.reverse) out += ";7";
    append(out, cell.fg, true);
    append(out, cell.bg, false);
    return out + "m";
}

} // namespace

// A row whose last column was printed in goes on in the next one.
std::vector<TerminalScreen::Line> TerminalScreen::logicalLines(Place& cursor) const {
    std::vector<Line> lines;
    bool joined = false;
    const auto add = [&](Line row, bool holdsCursor) {
        const bool full = !row.isEmpty() && row.size() >= columns_ && !blank(row.last());
        if (!full)
            while (!row.isEmpty() && blank(row.last())) row.removeLast();
        if (!joined) lines.emplace_back();
        Line& line = lines.back();
        if (holdsCursor) cursor = {static_cast<int>(lines.size()) - 1, static_cast<int>(line.size()) + cursor_.col};
        line += row;
        joined = full;
    };
    for (const Line& row : history_) add(row, false);
    int used = cursor_.row; // the last row with anything in it
    for (int row = rows_ - 1; row > used; --row)
        for (int column = 0; column < columns_; ++column) {
            VTermScreenCell cell;
            vterm_screen_get_cell(screen_, VTermPos{row, column}, &cell);
            if (!blank(cell)) used = std::max(used, row);
        }
    for (int row = 0; row <= used; ++row) {
        Line cells(columns_);
        for (int column = 0; column < columns_; ++column) vterm_screen_get_cell(screen_, VTermPos{row, column}, &cells[column]);
        add(std::move(cells), row == cursor_.row);
    }
    return lines;
}

QByteArray TerminalScreen::redraw(const std::vector<Line>& lines, std::size_t from) const {
    QByteArray out("\x1b[0m\x1b[H\x1b[2J");
    for (std::size_t i = from; i < lines.size(); ++i) {
        if (i > from) out += "\r\n";
        QByteArray last;
        for (const VTermScreenCell& cell : lines[i]) {
            if (isTail(cell)) continue;
            if (const QByteArray now = pen(cell); now != last) out += last = now;
            if (blank(cell)) out += ' ';
            for (int part = 0; part < VTERM_MAX_CHARS_PER_CELL && cell.chars[part] != 0; ++part) {
                const auto unit = static_cast<char32_t>(cell.chars[part]);
                out += QString::fromUcs4(&unit, 1).toUtf8();
            }
        }
        out += "\x1b[0m";
    }
    return out;
}

void TerminalScreen::reflow(int columns, int rows) {
    Place cursor;
    const std::vector<Line> logical = logicalLines(cursor);
    std::vector<Line> wrapped;
    Place at; // of the cursor, wrapped
    for (std::size_t i = 0; i < logical.size(); ++i) {
        const Line& line = logical[i];
        int begin = 0;
        do {
            int end = std::min(begin + columns, static_cast<int>(line.size()));
            if (end < line.size() && end > begin + 1 && isTail(line[end])) --end; // wide characters stay whole
            const bool lastPart = end >= line.size();
            if (static_cast<int>(i) == cursor.line && cursor.column >= begin && (cursor.column < end || lastPart))
                at = {static_cast<int>(wrapped.size()), std::min(cursor.column - begin, columns - 1)};
            wrapped.push_back(line.mid(begin, end - begin));
            begin = end;
        } while (begin < line.size());
    }
    const int total = static_cast<int>(wrapped.size());
    const int first = std::clamp(total - rows, 0, std::max(0, at.line));
    history_.clear();
    for (int i = std::max(0, first - kHistory); i < first; ++i) history_.push_back(wrapped[static_cast<std::size_t>(i)]);
    reflowing_ = true;
    columns_ = columns;
    rows_ = rows;
    vterm_set_size(terminal_, rows, columns);
    wrapped.resize(static_cast<std::size_t>(std::min(total, first + rows)));
    const QByteArray bytes = redraw(wrapped, static_cast<std::size_t>(first)) + "\x1b[" + QByteArray::number(at.line - first + 1) + ";" +
                             QByteArray::number(at.column + 1) + "H";
    vterm_input_write(terminal_, bytes.constData(), static_cast<std::size_t>(bytes.size()));
    vterm_screen_flush_damage(screen_);
    reflowing_ = false;
}

} // namespace app
