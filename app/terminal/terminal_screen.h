#pragma once
// The screen of one terminal: libvterm interprets bytes, this keeps scrollback and selection text.
// Escape sequences can change nothing outside the picture: titles and clipboard requests are ignored.

#include <QByteArray>
#include <QColor>
#include <QPoint>
#include <QString>
#include <QVector>

#include <deque>
#include <vector>
#include <vterm.h>

namespace app {

struct Cell {
    QString text; // empty: blank; wide characters are followed by a cell with width 0
    QColor foreground, background; // invalid: the theme's
    bool bold = false, italic = false, underline = false, reverse = false;
    int width = 1;
};

class TerminalScreen {
public:
    TerminalScreen(int columns, int rows);
    ~TerminalScreen();
    TerminalScreen(const TerminalScreen&) = delete;
    TerminalScreen& operator=(const TerminalScreen&) = delete;

    void feed(const QByteArray& bytes);
    void resize(int columns, int rows); // lines that were wrapped are wrapped anew: no text is lost
    // Bytes that keys produce; empty when nothing.
    QByteArray key(int qtKey, Qt::KeyboardModifiers modifiers, const QString& text);
    QByteArray paste(const QString& text);
    QByteArray takeReplies(); // answers to status requests of programs

    int columns() const { return columns_; }
    int rows() const { return rows_; }
    int historySize() const { return static_cast<int>(history_.size()); }
    // Row 0 is the top of the visible screen, negative rows lie in the scrollback.
    QVector<Cell> line(int row) const;
    QString lineText(int row) const;
    QPoint cursor() const { return {cursor_.col, cursor_.row}; }
    bool cursorVisible() const { return cursorVisible_; }
    bool alternate() const { return alternate_; }
    bool takeBell();
    void setPalette(const QVector<QColor>& sixteen);

private:
    struct Callbacks;
    static constexpr int kHistory = 10'000;
    using Line = QVector<VTermScreenCell>;
    struct Place { // in a list of lines
        int line = 0, column = 0;
    };
    std::vector<Line> logicalLines(Place& cursor) const;
    void reflow(int columns, int rows);
    QByteArray redraw(const std::vector<Line>& lines, std::size_t from) const;
    Cell convert(const VTermScreenCell& cell) const;
    QColor color(VTermColor color, bool foreground) const;

    VTerm* terminal_ = nullptr;
    VTermScreen* screen_ = nullptr;
    int columns_, rows_;
    VTermPos cursor_{0, 0};
    bool cursorVisible_ = true, alternate_ = false, bell_ = false;
    bool reflowing_ = false; // lines do not enter or leave the scrollback by themselves
    std::deque<QVector<VTermScreenCell>> history_;
    QVector<QColor> palette_;
};

} // namespace app
