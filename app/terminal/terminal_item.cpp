#include "terminal/terminal_item.h"

#include "settings/theme.h"
#include "viewmodels/terminals.h"

#include <QClipboard>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace app {

Terminals* TerminalItem::terminals_ = nullptr;
Theme* TerminalItem::theme_ = nullptr;

void TerminalItem::setContext(Terminals* terminals, Theme* theme) {
    terminals_ = terminals;
    theme_ = theme;
}

TerminalItem::TerminalItem(QQuickItem* parent) : QQuickPaintedItem(parent) {
    setFlag(ItemAcceptsInputMethod);
    setAcceptedMouseButtons(Qt::LeftButton | Qt::MiddleButton);
    setActiveFocusOnTab(true);
    setOpaquePainting(true);
    measure();
    connect(theme_, &Theme::changed, this, [this] {
        measure();
        fit();
        update();
    });
    connect(terminals_, &Terminals::output, this, [this](int session) {
        if (session != session_) return;
        if (auto* s = screen(); s != nullptr && s->takeBell()) Q_EMIT bell();
        Q_EMIT contentChanged();
        Q_EMIT scrollChanged();
        update();
    });
}

TerminalScreen* TerminalItem::screen() const { return terminals_->screen(session_); }

void TerminalItem::setSession(int session) {
    if (session == session_) return;
    session_ = session;
    scroll_ = 0;
    anchor_ = head_ = {};
    fit();
    Q_EMIT sessionChanged();
    Q_EMIT scrollChanged();
    update();
}

void TerminalItem::setFontSize(double pixels) {
    pixels = std::clamp(pixels, 8.0, 40.0);
    if (pixels == fontSize_) return;
    fontSize_ = pixels;
    measure();
    fit();
    Q_EMIT fontSizeChanged();
    update();
}

void TerminalItem::measure() {
    font_ = QFont(theme_->mono());
    font_.setStyleHint(QFont::Monospace);
    font_.setPixelSize(static_cast<int>(std::lround(fontSize_)));
    font_.setKerning(false);
    const QFontMetricsF metrics(font_);
    cellWidth_ = metrics.horizontalAdvance(QLatin1Char('M'));
    cellHeight_ = std::ceil(metrics.height() * 1.08);
    ascent_ = metrics.ascent() + (cellHeight_ - metrics.height()) / 2;
}

void TerminalItem::fit() {
    auto* s = screen();
    if (s == nullptr || width() < cellWidth_ || height() < cellHeight_) return;
    const int columns = std::max(2, static_cast<int>((width() - 16) / cellWidth_));
    const int rows = std::max(2, static_cast<int>((height() - 12) / cellHeight_));
    if (columns != s->columns() || rows != s->rows()) terminals_->resize(session_, columns, rows);
}

void TerminalItem::geometryChange(const QRectF& now, const QRectF& before) {
    QQuickPaintedItem::geometryChange(now, before);
    fit();
}

int TerminalItem::historySize() const { return screen() != nullptr ? screen()->historySize() : 0; }
int TerminalItem::visibleRows() const { return screen() != nullptr ? screen()->rows() : 1; }

void TerminalItem::setScroll(int lines) {
    lines = std::clamp(lines, 0, historySize());
    if (lines == scroll_) return;
    scroll_ = lines;
    Q_EMIT scrollChanged();
    update();
}

QString TerminalItem::screenText() const {
    QString text;
    if (auto* s = screen())
        for (int row = 0; row < s->rows(); ++row) text += s->lineText(row) + QLatin1Char('\n');
    return text;
}

void TerminalItem::paint(QPainter* painter) {
    painter->fillRect(0, 0, static_cast<int>(width()) + 1, static_cast<int>(height()) + 1, theme_->surface());
    auto* s = screen();
    if (s == nullptr) return;
    s->setPalette(terminals_->palette());
    painter->setRenderHint(QPainter::TextAntialiasing);
    for (int row = 0; row < s->rows(); ++row) paintRow(*painter, row, 6 + row * cellHeight_);
    if (scroll_ == 0 && s->cursorVisible()) {
        const QPoint at = s->cursor();
        const QRectF box(8 + at.x() * cellWidth_, 6 + at.y() * cellHeight_, cellWidth_, cellHeight_);
        if (hasActiveFocus()) {
            painter->fillRect(box, theme_->accent());
            const QVector<Cell> cells = s->line(at.y());
            if (at.x() < cells.size() && !cells[at.x()].text.isEmpty()) {
                painter->setPen(theme_->onAccent());
                painter->setFont(font_);
                painter->drawText(QPointF(box.x(), box.y() + ascent_), cells[at.x()].text);
            }
        } else {
            painter->setPen(theme_->accent());
            painter->drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
        }
    }
}

void TerminalItem::paintRow(QPainter& painter, int row, double y) {
    auto* s = screen();
    const QVector<Cell> cells = s->line(row - scroll_);
    const int absolute = s->historySize() + row - scroll_;
    const Position from = std::min(anchor_, head_), to = std::max(anchor_, head_);
    for (int column = 0; column < cells.size(); ++column) {
        const Cell& cell = cells[column];
        if (cell.width == 0) continue;
        QColor foreground = cell.foreground.isValid() ? cell.foreground : theme_->text();
        QColor background = cell.background;
        if (cell.reverse) {
            const QColor back = background.isValid() ? background : theme_->surface();
            background = foreground;
            foreground = back;
        }
        const Position here{absolute, column};
        if (hasSelection() && !(here < from) && here < to) background = theme_->selected();
        if (matchLength_ > 0 && absolute == match_.row && column >= match_.column &&
            column < match_.column + matchLength_) {
            background = theme_->waiting();
            foreground = theme_->surface();
        }
        const QRectF box(8 + column * cellWidth_, y, cellWidth_ * cell.width, cellHeight_);
        if (background.isValid()) painter.fillRect(box, background);
        if (cell.text.isEmpty() || cell.text == QLatin1String(" ")) continue;
        font_.setBold(cell.bold);
        font_.setItalic(cell.italic);
        painter.setFont(font_);
        painter.setPen(foreground);
        painter.drawText(QPointF(box.x(), y + ascent_), cell.text);
        if (cell.underline)
            painter.drawLine(QPointF(box.left(), y + ascent_ + 2), QPointF(box.right(), y + ascent_ + 2));
    }
    font_.setBold(false);
    font_.setItalic(false);
}

void TerminalItem::send(const QByteArray& bytes) {
    if (bytes.isEmpty()) return;
    setScroll(0);
    terminals_->type(session_, bytes);
}

void TerminalItem::sendText(const QString& text) { send(text.toUtf8()); }

void TerminalItem::keyPressEvent(QKeyEvent* event) {
    const auto mods = event->modifiers();
    const bool ctrlShift = (mods & Qt::ControlModifier) && (mods & Qt::ShiftModifier);
    event->accept();
    if (ctrlShift && event->key() == Qt::Key_C) return copy();
    if (ctrlShift && event->key() == Qt::Key_V) return paste();
    if ((mods & Qt::ShiftModifier) && event->key() == Qt::Key_PageUp) return setScroll(scroll_ + visibleRows() - 1);
    if ((mods & Qt::ShiftModifier) && event->key() == Qt::Key_PageDown) return setScroll(scroll_ - visibleRows() + 1);
    // The window's own shortcuts (palette, tabs, screens) pass by.
    const bool windowKey = ctrlShift || ((mods & Qt::ControlModifier) &&
        (event->key() == Qt::Key_Tab || event->key() == Qt::Key_Backtab || event->key() == Qt::Key_PageUp ||
         event->key() == Qt::Key_PageDown || event->key() == Qt::Key_Comma)) ||
        ((mods & Qt::AltModifier) && event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9) ||
        event->key() == Qt::Key_F6;
    if (windowKey) {
        event->ignore();
        return;
    }
    if (auto* s = screen()) {
        anchor_ = head_ = {};
        send(s->key(event->key(), mods, event->text()));
    }
}

void TerminalItem::inputMethodEvent(QInputMethodEvent* event) {
    sendText(event->commitString());
    event->accept();
}
QVariant TerminalItem::inputMethodQuery(Qt::InputMethodQuery query) const {
    return query == Qt::ImEnabled ? QVariant(true) : QQuickPaintedItem::inputMethodQuery(query);
}

TerminalItem::Position TerminalItem::positionAt(const QPointF& point) const {
    auto* s = screen();
    if (s == nullptr) return {};
    const int row = std::clamp(static_cast<int>((point.y() - 6) / cellHeight_), 0, s->rows() - 1);
    const int column = std::clamp(static_cast<int>(std::lround((point.x() - 8) / cellWidth_)), 0, s->columns());
    return {s->historySize() + row - scroll_, column};
}

void TerminalItem::mousePressEvent(QMouseEvent* event) {
    forceActiveFocus();
    if (event->button() == Qt::MiddleButton) return paste();
    anchor_ = head_ = positionAt(event->position());
    selecting_ = true;
    Q_EMIT selectionChanged();
    update();
}
void TerminalItem::mouseMoveEvent(QMouseEvent* event) {
    if (!selecting_) return;
    head_ = positionAt(event->position());
    Q_EMIT selectionChanged();
    update();
}
void TerminalItem::mouseReleaseEvent(QMouseEvent*) { selecting_ = false; }

void TerminalItem::mouseDoubleClickEvent(QMouseEvent* event) {
    auto* s = screen();
    if (s == nullptr) return;
    const Position at = positionAt(event->position());
    const QString line = s->lineText(at.row - s->historySize());
    const auto isWord = [&](int i) {
        return i >= 0 && i < line.size() &&
               (line[i].isLetterOrNumber() || QStringLiteral("-_./:@").contains(line[i]));
    };
    int from = at.column, to = at.column;
    while (isWord(from - 1)) --from;
    while (isWord(to)) ++to;
    anchor_ = {at.row, from};
    head_ = {at.row, to};
    Q_EMIT selectionChanged();
    update();
}

void TerminalItem::wheelEvent(QWheelEvent* event) {
    const int lines = static_cast<int>(std::lround(event->angleDelta().y() / 40.0));
    if ((event->modifiers() & Qt::ControlModifier) != 0) {
        setFontSize(fontSize_ + (lines > 0 ? 1 : -1));
        return;
    }
    auto* s = screen();
    if (s != nullptr && s->alternate()) { // editors and pagers: wheel moves the text
        for (int i = 0; i < std::abs(lines); ++i)
            send(s->key(lines > 0 ? Qt::Key_Up : Qt::Key_Down, Qt::NoModifier, {}));
        return;
    }
    setScroll(scroll_ + lines);
}

QString TerminalItem::selectedText() const {
    auto* s = screen();
    if (s == nullptr || !hasSelection()) return {};
    const Position from = std::min(anchor_, head_), to = std::max(anchor_, head_);
    QStringList lines;
    for (int row = from.row; row <= to.row; ++row) {
        QString text = s->lineText(row - s->historySize());
        if (row == to.row) text = text.left(to.column);
        if (row == from.row) text = text.mid(from.column);
        lines << text;
    }
    return lines.join(QLatin1Char('\n'));
}

void TerminalItem::copy() {
    if (const QString text = selectedText(); !text.isEmpty()) QGuiApplication::clipboard()->setText(text);
}
void TerminalItem::paste() {
    if (auto* s = screen()) send(s->paste(QGuiApplication::clipboard()->text()));
}

void TerminalItem::setSearch(const QString& text) {
    if (text == search_) return;
    search_ = text;
    matchLength_ = 0;
    match_ = {INT_MAX, 0};
    Q_EMIT searchChanged();
    if (!search_.isEmpty()) searchNext(true);
    update();
}

bool TerminalItem::searchNext(bool backwards) {
    auto* s = screen();
    if (s == nullptr || search_.isEmpty()) return false;
    const int total = s->historySize() + s->rows();
    const int step = backwards ? -1 : 1;
    int row = match_.row == INT_MAX ? total - 1 : match_.row + step;
    for (int tried = 0; tried < total; ++tried, row += step) {
        row = (row + total) % total;
        const int at = s->lineText(row - s->historySize()).indexOf(search_, 0, Qt::CaseInsensitive);
        if (at < 0) continue;
        match_ = {row, at};
        matchLength_ = static_cast<int>(search_.size());
        setScroll(std::max(0, s->historySize() - row + s->rows() / 2));
        if (row >= s->historySize()) setScroll(0);
        update();
        return true;
    }
    matchLength_ = 0;
    update();
    return false;
}

} // namespace app
