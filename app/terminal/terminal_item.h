#pragma once
// The terminal in the window: paints a TerminalScreen, turns keys and mouse into bytes, selection,
// scrollback and search. It talks to a `Terminals` session by number.

#include "terminal/terminal_screen.h"

#include <QFont>
#include <QQuickPaintedItem>
#include <QTimer>

namespace app {

class Terminals;
class Theme;

class TerminalItem : public QQuickPaintedItem {
    Q_OBJECT
    Q_PROPERTY(int session READ session WRITE setSession NOTIFY sessionChanged)
    Q_PROPERTY(double fontSize READ fontSize WRITE setFontSize NOTIFY fontSizeChanged)
    Q_PROPERTY(int scroll READ scroll WRITE setScroll NOTIFY scrollChanged) // lines above the bottom
    Q_PROPERTY(int historySize READ historySize NOTIFY scrollChanged)
    Q_PROPERTY(int visibleRows READ visibleRows NOTIFY scrollChanged)
    Q_PROPERTY(QString search READ search WRITE setSearch NOTIFY searchChanged)
    Q_PROPERTY(QString screenText READ screenText NOTIFY contentChanged) // for screen readers
    Q_PROPERTY(bool hasSelection READ hasSelection NOTIFY selectionChanged)
public:
    explicit TerminalItem(QQuickItem* parent = nullptr);

    static void setContext(Terminals* terminals, Theme* theme);

    int session() const { return session_; }
    void setSession(int session);
    double fontSize() const { return fontSize_; }
    void setFontSize(double pixels);
    int scroll() const { return scroll_; }
    void setScroll(int lines);
    int historySize() const;
    int visibleRows() const;
    QString search() const { return search_; }
    void setSearch(const QString& text);
    QString screenText() const;
    bool hasSelection() const { return anchor_ != head_; }

    Q_INVOKABLE void copy();
    Q_INVOKABLE void paste();
    Q_INVOKABLE bool searchNext(bool backwards); // false: no match
    Q_INVOKABLE void sendText(const QString& text); // as if typed

    void paint(QPainter* painter) override;

Q_SIGNALS:
    void sessionChanged();
    void fontSizeChanged();
    void scrollChanged();
    void searchChanged();
    void contentChanged();
    void selectionChanged();
    void bell();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    QVariant inputMethodQuery(Qt::InputMethodQuery query) const override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void geometryChange(const QRectF& now, const QRectF& before) override;
    void focusInEvent(QFocusEvent*) override { update(); }
    void focusOutEvent(QFocusEvent*) override { update(); }

private:
    struct Position { // row counts from the top of the scrollback
        int row = 0, column = 0;
        bool operator==(const Position&) const = default;
        bool operator<(const Position& other) const {
            return row != other.row ? row < other.row : column < other.column;
        }
    };
    TerminalScreen* screen() const;
    void measure();
    void fit();
    Position positionAt(const QPointF& point) const;
    QString selectedText() const;
    void paintRow(QPainter& painter, int row, double y);
    void send(const QByteArray& bytes);

    static Terminals* terminals_;
    static Theme* theme_;
    int session_ = 0;
    double fontSize_ = 13;
    QFont font_;
    double cellWidth_ = 8, cellHeight_ = 16, ascent_ = 12;
    int scroll_ = 0;
    QString search_;
    Position anchor_, head_, match_;
    int matchLength_ = 0;
    bool selecting_ = false;
};

} // namespace app
