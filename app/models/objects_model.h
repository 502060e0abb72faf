#pragma once
// The list of one kind: which kinds there are, and the rows of the chosen one with its columns.

#include "models/cluster_model.h"
#include "models/row_model.h"

#include <QObject>

namespace app {

class ObjectsModel : public QObject {
    Q_OBJECT
    Q_PROPERTY(QString kind READ kind WRITE setKind NOTIFY kindChanged)
    Q_PROPERTY(QString ns READ ns WRITE setNs NOTIFY filterChanged)      // empty: all
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY filterChanged)
    Q_PROPERTY(bool active READ active WRITE setActive NOTIFY activeChanged) // somebody looks at it
    Q_PROPERTY(QStringList columns READ columns NOTIFY kindChanged)
    Q_PROPERTY(QVariantList widths READ widths NOTIFY widthsChanged) // characters that each column needs
    Q_PROPERTY(app::RowModel* rows READ rows CONSTANT)
    Q_PROPERTY(app::RowModel* kinds READ kinds CONSTANT)
public:
    explicit ObjectsModel(ClusterModel& cluster, QObject* parent = nullptr);
    bool active() const { return active_; }
    void setActive(bool active);
    Q_INVOKABLE void refreshAll();
    // Objects of any kind whose kind and name hold every word, those of the learner first: {kind, key}.
    Q_INVOKABLE QVariantList find(const QString& words, int limit) const;

    QString kind() const { return kind_; }
    void setKind(const QString& kind);
    QString ns() const { return ns_; }
    void setNs(const QString& ns);
    QString filter() const { return filter_; }
    void setFilter(const QString& filter);
    QStringList columns() const;
    QVariantList widths() const { return widths_; }
    RowModel* rows() { return &rows_; }
    RowModel* kinds() { return &kinds_; }

Q_SIGNALS:
    void activeChanged();
    void kindChanged();
    void filterChanged();
    void widthsChanged();

private:
    void refresh();
    void refreshKinds();

    ClusterModel& cluster_;
    bool active_ = false;
    QString kind_ = QStringLiteral("/pods");
    QString ns_, filter_;
    QVariantList widths_;
    RowModel rows_{{QStringLiteral("key"), QStringLiteral("cells"), QStringLiteral("state")}};
    RowModel kinds_{{QStringLiteral("kind"), QStringLiteral("name"), QStringLiteral("group"),
                     QStringLiteral("total")}};
};

QString ageText(sim::Duration age); // as kubectl: 45s, 3m10s, 5d
// State name of any object for lists and pictures; empty where a kind has none.
QString objectState(std::string_view kind, const document::Value& object);

} // namespace app
