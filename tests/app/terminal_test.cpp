#include <catch2/catch.hpp>

#include "terminal/terminal_screen.h"

namespace {
QStringList textOf(const app::TerminalScreen& screen) {
    QStringList lines;
    for (int row = -screen.historySize(); row < screen.rows(); ++row) lines << screen.lineText(row);
    while (!lines.isEmpty() && lines.last().isEmpty()) lines.removeLast();
    return lines;
}
} // namespace

TEST_CASE("a terminal made narrower and wide again has lost no text") {
    app::TerminalScreen screen(40, 6);
    for (int i = 0; i < 20; ++i) screen.feed("line " + QByteArray::number(i) + " abcdefghijklmnopqrstuvwxyz 0123456789 end\r\n");
    screen.feed("\x1b[31mred \xe2\x96\xa0 \x1b[0mprompt# ");
    const QStringList before = textOf(screen);
    const QPoint cursor = screen.cursor();
    for (int width : {17, 100, 23, 5, 61}) {
        screen.resize(width, 6);
        // A space at the end of a row cannot be told from an empty column.
        const QString joined = textOf(screen).join(QString()).remove(QLatin1Char(' '));
        CHECK(joined.contains(QStringLiteral("line0abcdefghijklmnopqrstuvwxyz0123456789endline1")));
        CHECK(joined.contains(QStringLiteral("prompt#")));
    }
    screen.resize(40, 6);
    CHECK(textOf(screen) == before);
    CHECK(screen.cursor() == cursor);
    const auto cells = screen.line(screen.cursor().y());
    CHECK(cells[0].foreground.isValid());
    CHECK_FALSE(cells[7].foreground.isValid());
    screen.feed("typed");
    CHECK(textOf(screen).last().endsWith(QStringLiteral("prompt# typed")));
}
