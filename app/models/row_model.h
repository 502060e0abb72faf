#pragma once
// A list of rows with named roles for QML. `setRows` changes only what differs, so views keep their
// place and animate what really came or went.

#include <QAbstractListModel>
#include <QHash>
#include <QVariantMap>

namespace app {

class RowModel : public QAbstractListModel {
    Q_OBJECT
    Q_PROPERTY(int count READ count NOTIFY countChanged)
public:
    // The first role identifies a row.
    explicit RowModel(const QStringList& roles, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override { return names_; }
    int count() const { return static_cast<int>(rows_.size()); }
    Q_INVOKABLE QVariantMap get(int row) const;

    void setRows(QVector<QVariantMap> rows);
    void append(const QVariantMap& row);
    void clear() { setRows({}); }

Q_SIGNALS:
    void countChanged();

private:
    QStringList roles_;
    QHash<int, QByteArray> names_;
    QVector<QVariantMap> rows_;
};

} // namespace app
