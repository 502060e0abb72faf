#pragma once
// The open terminals: one shell session on a host each, shown as tabs.

#include "engine/engine_thread.h"
#include "models/row_model.h"
#include "settings/theme.h"
#include "terminal/terminal_screen.h"

#include <QObject>

#include <map>
#include <memory>

namespace app {

class Terminals : public QObject {
    Q_OBJECT
    Q_PROPERTY(app::RowModel* tabs READ tabs CONSTANT)
    Q_PROPERTY(int current READ current WRITE setCurrent NOTIFY currentChanged) // session
    Q_PROPERTY(int beside READ beside WRITE setBeside NOTIFY currentChanged)    // split; 0: none
    Q_PROPERTY(QStringList hosts READ hosts NOTIFY hostsChanged)
public:
    Terminals(EngineThread& engine, Theme& theme, QObject* parent = nullptr);

    RowModel* tabs() { return &tabs_; }
    int current() const { return current_; }
    void setCurrent(int session);
    int beside() const { return beside_; }
    void setBeside(int session);
    QStringList hosts() const { return hosts_; }

    Q_INVOKABLE int open(const QString& host);
    Q_INVOKABLE void split(const QString& host);
    Q_INVOKABLE void close(int session);
    Q_INVOKABLE void run(const QString& command); // types it into the current terminal, with Enter

    TerminalScreen* screen(int session) const;
    QVector<QColor> palette() const;
    void type(int session, const QByteArray& bytes);
    void resize(int session, int columns, int rows);

Q_SIGNALS:
    void currentChanged();
    void hostsChanged();
    void output(int session);

private:
    void onBatch(const BatchPtr& batch);
    void onStarted(const QStringList& hosts, const RestoredTerminals& terminals);
    void restore(const RestoredTerminal& terminal);
    void refreshTabs();

    EngineThread& engine_;
    Theme& theme_;
    RowModel tabs_{{QStringLiteral("session"), QStringLiteral("host")}};
    struct Tab {
        QString host;
        std::unique_ptr<TerminalScreen> screen;
    };
    std::map<int, Tab> open_;
    QStringList hosts_;
    int current_ = 0, beside_ = 0;
};

} // namespace app
