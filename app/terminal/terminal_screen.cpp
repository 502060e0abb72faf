#include "terminal/terminal_screen.h"

#include <Qt>

namespace app {

struct TerminalScreen::Callbacks {
    static TerminalScreen& self(void* user) { return *static_cast<TerminalScreen*>(user); }
    static int moveCursor(VTermPos position, VTermPos, int visible, void* user) {
        self(user).cursor_ = position;
        self(user).cursorVisible_ = visible != 0;
        return 1;
    }
    static int setProperty(VTermProp property, VTermValue* value, void* user) {
        if (property == VTERM_PROP_CURSORVISIBLE) self(user).cursorVisible_ = value->boolean != 0;
        if (property == VTERM_PROP_ALTSCREEN) self(user).alternate_ = value->boolean != 0;
        return 1;
    }
    static int ring(void* user) {
        self(user).bell_ = true;
        return 1;
    }
    static int pushLine(int columns, const VTermScreenCell* cells, void* user) {
        if (self(user).reflowing_) return 1;
        auto& history = self(user).history_;
        history.emplace_back(cells, cells + columns);
        if (history.size() > kHistory) history.pop_front();
        return 1;
    }
    static int popLine(int columns, VTermScreenCell* cells, void* user) {
        auto& history = self(user).history_;
        if (history.empty() || self(user).reflowing_) return 0;
        const QVector<VTermScreenCell>& line = history.back();
        for (int i = 0; i < columns; ++i) {
            if (i < line.size()) {
                cells[i] = line[i];
            } else {
                cells[i] = VTermScreenCell{};
                cells[i].width = 1;
            }
        }
        history.pop_back();
        return 1;
    }
};

TerminalScreen::TerminalScreen(int columns, int rows) : columns_(columns), rows_(rows) {
    terminal_ = vterm_new(rows, columns);
    vterm_set_utf8(terminal_, 1);
    screen_ = vterm_obtain_screen(terminal_);
    static const VTermScreenCallbacks kCallbacks = [] {
        VTermScreenCallbacks callbacks{};
        callbacks.movecursor = Callbacks::moveCursor;
        callbacks.settermprop = Callbacks::setProperty;
        callbacks.bell = Callbacks::ring;
        callbacks.sb_pushline = Callbacks::pushLine;
        callbacks.sb_popline = Callbacks::popLine;
        return callbacks;
    }();
    vterm_screen_set_callbacks(screen_, &kCallbacks, this);
    vterm_screen_enable_altscreen(screen_, 1);
    vterm_screen_reset(screen_, 1);
}

TerminalScreen::~TerminalScreen() { vterm_free(terminal_); }

void TerminalScreen::feed(const QByteArray& bytes) {
    vterm_input_write(terminal_, bytes.constData(), static_cast<std::size_t>(bytes.size()));
    vterm_screen_flush_damage(screen_);
}

void TerminalScreen::resize(int columns, int rows) {
    if (columns != columns_ && !alternate_) return reflow(columns, rows);
    columns_ = columns;
    rows_ = rows;
    vterm_set_size(terminal_, rows, columns);
    vterm_screen_flush_damage(screen_);
}

QByteArray TerminalScreen::takeReplies() {
    QByteArray all;
    char buffer[256];
    while (const std::size_t n = vterm_output_read(terminal_, buffer, sizeof buffer))
        all.append(buffer, static_cast<int>(n));
    return all;
}

QByteArray TerminalScreen::key(int qtKey, Qt::KeyboardModifiers modifiers, const QString& text) {
    int mod = VTERM_MOD_NONE;
    if (modifiers & Qt::ShiftModifier) mod |= VTERM_MOD_SHIFT;
    if (modifiers & Qt::AltModifier) mod |= VTERM_MOD_ALT;
    if (modifiers & Qt::ControlModifier) mod |= VTERM_MOD_CTRL;
    const auto named = [&](VTermKey key) {
        vterm_keyboard_key(terminal_, key, static_cast<VTermModifier>(mod));
        return takeReplies();
    };
    switch (qtKey) {
    case Qt::Key_Return:
    case Qt::Key_Enter: return named(VTERM_KEY_ENTER);
    case Qt::Key_Backspace: return named(VTERM_KEY_BACKSPACE);
    case Qt::Key_Tab:
    case Qt::Key_Backtab: return named(VTERM_KEY_TAB);
    case Qt::Key_Escape: return named(VTERM_KEY_ESCAPE);
    case Qt::Key_Up: return named(VTERM_KEY_UP);
    case Qt::Key_Down: return named(VTERM_KEY_DOWN);
    case Qt::Key_Left: return named(VTERM_KEY_LEFT);
    case Qt::Key_Right: return named(VTERM_KEY_RIGHT);
    case Qt::Key_Home: return named(VTERM_KEY_HOME);
    case Qt::Key_End: return named(VTERM_KEY_END);
    case Qt::Key_Insert: return named(VTERM_KEY_INS);
    case Qt::Key_Delete: return named(VTERM_KEY_DEL);
    case Qt::Key_PageUp: return named(VTERM_KEY_PAGEUP);
    case Qt::Key_PageDown: return named(VTERM_KEY_PAGEDOWN);
    default: break;
    }
    if (qtKey >= Qt::Key_F1 && qtKey <= Qt::Key_F12)
        return named(static_cast<VTermKey>(VTERM_KEY_FUNCTION(1 + qtKey - Qt::Key_F1)));
    if ((mod & VTERM_MOD_CTRL) && qtKey >= Qt::Key_Space && qtKey <= Qt::Key_AsciiTilde) {
        const auto unit = static_cast<uint32_t>(qtKey >= Qt::Key_A && qtKey <= Qt::Key_Z
                                                    ? qtKey - Qt::Key_A + 'a' : qtKey);
        vterm_keyboard_unichar(terminal_, unit, static_cast<VTermModifier>(mod & ~VTERM_MOD_SHIFT));
        return takeReplies();
    }
    for (uint unit : text.toUcs4())
        vterm_keyboard_unichar(terminal_, unit, static_cast<VTermModifier>(mod & VTERM_MOD_ALT));
    return takeReplies();
}

QByteArray TerminalScreen::paste(const QString& text) {
    vterm_keyboard_start_paste(terminal_);
    QByteArray bytes = takeReplies();
    QString clean = text;
    clean.replace(QLatin1String("\r\n"), QLatin1String("\n"));
    clean.replace(QLatin1Char('\n'), QLatin1Char('\r'));
    // Control characters other than tab and newline could act as keys: they are left out.
    for (int i = clean.size() - 1; i >= 0; --i)
        if (clean[i] < QLatin1Char(' ') && clean[i] != QLatin1Char('\r') && clean[i] != QLatin1Char('\t'))
            clean.remove(i, 1);
    bytes += clean.toUtf8();
    vterm_keyboard_end_paste(terminal_);
    return bytes + takeReplies();
}

bool TerminalScreen::takeBell() { return std::exchange(bell_, false); }
void TerminalScreen::setPalette(const QVector<QColor>& sixteen) { palette_ = sixteen; }

QColor TerminalScreen::color(VTermColor color, bool foreground) const {
    if (foreground ? VTERM_COLOR_IS_DEFAULT_FG(&color) : VTERM_COLOR_IS_DEFAULT_BG(&color)) return {};
    if (VTERM_COLOR_IS_INDEXED(&color) && color.indexed.idx < palette_.size())
        return palette_[color.indexed.idx];
    vterm_screen_convert_color_to_rgb(screen_, &color);
    return QColor(color.rgb.red, color.rgb.green, color.rgb.blue);
}

Cell TerminalScreen::convert(const VTermScreenCell& cell) const {
    Cell out;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; ++i) {
        if (cell.chars[i] == static_cast<uint32_t>(-1)) {
            out.width = 0;
            break;
        }
        const auto unit = static_cast<char32_t>(cell.chars[i]);
        out.text += QString::fromUcs4(&unit, 1);
    }
    if (out.width != 0) out.width = cell.width == 0 ? 1 : cell.width;
    out.foreground = color(cell.fg, true);
    out.background = color(cell.bg, false);
    out.bold = cell.attrs.bold;
    out.italic = cell.attrs.italic;
    out.underline = cell.attrs.underline != 0;
    out.reverse = cell.attrs.reverse;
    return out;
}

QVector<Cell> TerminalScreen::line(int row) const {
    QVector<Cell> cells;
    cells.reserve(columns_);
    if (row < 0) {
        const int at = historySize() + row;
        if (at < 0) return cells;
        const auto& line = history_[static_cast<std::size_t>(at)];
        for (int i = 0; i < columns_ && i < line.size(); ++i) cells << convert(line[i]);
        return cells;
    }
    for (int column = 0; column < columns_; ++column) {
        VTermScreenCell cell;
        vterm_screen_get_cell(screen_, VTermPos{row, column}, &cell);
        cells << convert(cell);
    }
    return cells;
}

QString TerminalScreen::lineText(int row) const {
    QString text;
    for (const Cell& cell : line(row))
        if (cell.width > 0) text += cell.text.isEmpty() ? QStringLiteral(" ") : cell.text;
    while (text.endsWith(QLatin1Char(' '))) text.chop(1);
    return text;
}

} // namespace app
