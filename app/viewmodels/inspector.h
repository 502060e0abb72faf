#pragma once
// What is selected, and everything that can be asked of it: summary, YAML, events, the chain of causes.

#include "models/cluster_model.h"
#include "models/row_model.h"

#include <QObject>

namespace app {

class Inspector : public QObject {
    Q_OBJECT
    Q_PROPERTY(QString kind READ kind NOTIFY selectionChanged) // "/pods"
    Q_PROPERTY(QString key READ key NOTIFY selectionChanged)   // "default/web-1"
    Q_PROPERTY(QString title READ title NOTIFY selectionChanged)
    Q_PROPERTY(QString state READ state NOTIFY refreshed)
    Q_PROPERTY(QString word READ word NOTIFY refreshed)
    Q_PROPERTY(QString yaml READ yaml NOTIFY refreshed)
    Q_PROPERTY(bool gone READ gone NOTIFY refreshed)
    Q_PROPERTY(app::RowModel* facts READ facts CONSTANT)
    Q_PROPERTY(app::RowModel* events READ events CONSTANT)
    Q_PROPERTY(app::RowModel* causes READ causes CONSTANT)
public:
    Inspector(EngineThread& engine, ClusterModel& cluster, QObject* parent = nullptr);

    QString kind() const { return kind_; }
    QString key() const { return key_; }
    QString title() const { return key_.section(QLatin1Char('/'), -1); }
    QString state() const;
    QString word() const;
    QString yaml() const { return yaml_; }
    bool gone() const { return !key_.isEmpty() && object_.isNull(); }
    RowModel* facts() { return &facts_; }
    RowModel* events() { return &events_; }
    RowModel* causes() { return &causes_; }

    Q_INVOKABLE void select(const QString& kind, const QString& key);
    Q_INVOKABLE void clear() { select({}, {}); }

Q_SIGNALS:
    void selectionChanged();
    void refreshed();

private:
    void refresh();
    void refreshFacts();
    void refreshEvents();
    void askCauses();

    EngineThread& engine_;
    ClusterModel& cluster_;
    QString kind_, key_, yaml_;
    document::Value object_;
    RowModel facts_{{QStringLiteral("name"), QStringLiteral("value")}};
    RowModel events_{{QStringLiteral("id"), QStringLiteral("age"), QStringLiteral("type"),
                      QStringLiteral("reason"), QStringLiteral("message"), QStringLiteral("times")}};
    RowModel causes_{{QStringLiteral("id"), QStringLiteral("at"), QStringLiteral("kind"),
                      QStringLiteral("text"), QStringLiteral("subject")}};
};

} // namespace app
