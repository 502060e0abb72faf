#include "models/row_model.h"

#include <QSet>

namespace app {

RowModel::RowModel(const QStringList& roles, QObject* parent)
    : QAbstractListModel(parent), roles_(roles) {
    for (int i = 0; i < roles.size(); ++i) names_[Qt::UserRole + i] = roles[i].toUtf8();
}

int RowModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : count(); }

QVariant RowModel::data(const QModelIndex& index, int role) const {
    const int at = role - Qt::UserRole;
    if (index.row() < 0 || index.row() >= count() || at < 0 || at >= roles_.size()) return {};
    return rows_[index.row()].value(roles_[at]);
}

QVariantMap RowModel::get(int row) const {
    return row >= 0 && row < count() ? rows_[row] : QVariantMap();
}

void RowModel::setRows(QVector<QVariantMap> rows) {
    const QString id = roles_.first();
    QSet<QString> kept;
    for (const QVariantMap& row : rows) kept.insert(row.value(id).toString());
    const int before = count();
    for (int i = count() - 1; i >= 0; --i) {
        if (kept.contains(rows_[i].value(id).toString())) continue;
        beginRemoveRows({}, i, i);
        rows_.removeAt(i);
        endRemoveRows();
    }
    for (int i = 0; i < rows.size(); ++i) {
        const QString key = rows[i].value(id).toString();
        int from = i;
        while (from < count() && rows_[from].value(id).toString() != key) ++from;
        if (from == count()) {
            beginInsertRows({}, i, i);
            rows_.insert(i, rows[i]);
            endInsertRows();
            continue;
        }
        if (from != i) {
            beginMoveRows({}, from, from, {}, i);
            rows_.move(from, i);
            endMoveRows();
        }
        if (rows_[i] != rows[i]) {
            rows_[i] = rows[i];
            Q_EMIT dataChanged(index(i), index(i));
        }
    }
    if (count() > rows.size()) { // repeated ids
        beginRemoveRows({}, static_cast<int>(rows.size()), count() - 1);
        rows_.resize(rows.size());
        endRemoveRows();
    }
    if (count() != before) Q_EMIT countChanged();
}

void RowModel::append(const QVariantMap& row) {
    beginInsertRows({}, count(), count());
    rows_.append(row);
    endInsertRows();
    Q_EMIT countChanged();
}

} // namespace app
