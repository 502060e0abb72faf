#include "viewmodels/terminals.h"

namespace app {

Terminals::Terminals(EngineThread& engine, Theme& theme, QObject* parent)
    : QObject(parent), engine_(engine), theme_(theme) {
    connect(&engine, &EngineThread::batch, this, &Terminals::onBatch);
    connect(&engine, &EngineThread::started, this,
            [this](quint64, const QStringList& hosts, const RestoredTerminals& terminals) { onStarted(hosts, terminals); });
}

void Terminals::onStarted(const QStringList& hosts, const RestoredTerminals& terminals) {
    open_.clear();
    current_ = beside_ = 0;
    hosts_ = hosts;
    Q_EMIT hostsChanged();
    for (const RestoredTerminal& terminal : terminals) restore(terminal);
    if (terminals.empty() && !hosts.isEmpty()) setCurrent(open(hosts.first()));
    refreshTabs();
    Q_EMIT currentChanged();
}

int Terminals::open(const QString& host) {
    constexpr int kColumns = 100, kRows = 30; // until the view has measured itself
    const int session = engine_.openSession(host, kColumns, kRows);
    open_[session] = {host, std::make_unique<TerminalScreen>(kColumns, kRows)};
    refreshTabs();
    setCurrent(session);
    return session;
}

// Shows again what the screen has shown; the answers that it gave to programs are in the journal.
void Terminals::restore(const RestoredTerminal& terminal) {
    if (terminal.shown.empty()) return;
    const int session = engine_.adoptSession(terminal.number);
    auto screen = std::make_unique<TerminalScreen>(terminal.shown.front().size.columns, terminal.shown.front().size.rows);
    for (const auto& stretch : terminal.shown) {
        if (stretch.size.columns != screen->columns() || stretch.size.rows != screen->rows()) screen->resize(stretch.size.columns, stretch.size.rows);
        screen->feed(QByteArray(stretch.bytes.data(), static_cast<int>(stretch.bytes.size())));
        screen->takeReplies();
    }
    open_[session] = {terminal.host, std::move(screen)};
    if (current_ == 0) current_ = session;
}

void Terminals::split(const QString& host) {
    const int left = current_;
    const int right = open(host);
    setCurrent(left);
    setBeside(right);
}

void Terminals::close(int session) {
    engine_.closeSession(session);
    open_.erase(session);
    if (beside_ == session) beside_ = 0;
    if (current_ == session) {
        current_ = beside_ != 0 ? beside_ : open_.empty() ? 0 : open_.begin()->first;
        if (current_ == beside_) beside_ = 0;
    }
    refreshTabs();
    Q_EMIT currentChanged();
    if (open_.empty() && !hosts_.isEmpty()) open(hosts_.first());
}

void Terminals::setCurrent(int session) {
    if (session == current_ || !open_.count(session)) return;
    current_ = session;
    if (beside_ == session) beside_ = 0;
    Q_EMIT currentChanged();
}
void Terminals::setBeside(int session) {
    if (session == beside_ || session == current_) return;
    beside_ = session;
    Q_EMIT currentChanged();
}

void Terminals::run(const QString& command) {
    if (current_ != 0) type(current_, command.toUtf8() + '\r');
}

TerminalScreen* Terminals::screen(int session) const {
    const auto found = open_.find(session);
    return found == open_.end() ? nullptr : found->second.screen.get();
}

// Sixteen colours per theme, readable on the terminal's background (contrast at least 4.5:1).
QVector<QColor> Terminals::palette() const {
    static const auto make = [](std::initializer_list<const char*> names) {
        QVector<QColor> colors;
        for (const char* name : names) colors << QColor(QLatin1String(name));
        return colors;
    };
    static const auto kLight = make({"#14202B", "#B3261E", "#1A7F4B", "#8A5A00", "#2463B5", "#6B4BB8", "#0B6E8F", "#5B6976",
                                     "#4E5F6E", "#C5352C", "#1F8A53", "#946200", "#2F6FC4", "#7A58CC", "#0F7A9D", "#14202B"});
    static const auto kDark = make({"#93A3B1", "#FF7B72", "#5BD08F", "#F0B849", "#7FB6FF", "#B79CFF", "#4FC3E0", "#E7EEF4",
                                    "#9DB0BF", "#FF9A92", "#7CE0A8", "#FFD075", "#A3CBFF", "#CDB8FF", "#7AD6EC", "#FFFFFF"});
    return theme_.mode() == QLatin1String("light") ? kLight : kDark;
}

void Terminals::type(int session, const QByteArray& bytes) { engine_.type(session, bytes); }

void Terminals::resize(int session, int columns, int rows) {
    if (auto* s = screen(session)) {
        s->resize(columns, rows);
        engine_.resizeSession(session, columns, rows);
    }
}

void Terminals::onBatch(const BatchPtr& batch) {
    for (const auto& [session, bytes] : batch->screens) {
        auto* s = screen(session);
        if (s == nullptr) continue;
        s->feed(bytes);
        if (const QByteArray replies = s->takeReplies(); !replies.isEmpty()) engine_.type(session, replies);
        Q_EMIT output(session);
    }
    for (int session : batch->endedSessions) close(session);
}

void Terminals::refreshTabs() {
    QVector<QVariantMap> rows;
    for (const auto& [session, tab] : open_)
        rows << QVariantMap{{QStringLiteral("session"), session}, {QStringLiteral("host"), tab.host}};
    tabs_.setRows(std::move(rows));
}

} // namespace app
