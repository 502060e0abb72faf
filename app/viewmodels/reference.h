#pragma once
// The reference pane: pages of kinds and fields in the learner's language, a search, and the way back.

#include "lab/reference.h"
#include "models/row_model.h"
#include "viewmodels/lab_controller.h"

#include <QObject>

namespace app {

class Reference : public QObject {
    Q_OBJECT
    Q_PROPERTY(QString query READ query WRITE setQuery NOTIFY queryChanged)
    Q_PROPERTY(app::RowModel* hits READ hits CONSTANT) // what the query finds; without one, the kinds
    Q_PROPERTY(bool searching READ searching NOTIFY searchingChanged) // the list is wanted, not the page
    Q_PROPERTY(QString path READ path NOTIFY pageChanged) // "deployments.spec"; empty: no page open
    Q_PROPERTY(QStringList crumbs READ crumbs NOTIFY pageChanged)
    Q_PROPERTY(QString title READ title NOTIFY pageChanged)
    Q_PROPERTY(QString detail READ detail NOTIFY pageChanged) // "apps/v1 · deploy"
    Q_PROPERTY(QString text READ text NOTIFY pageChanged)
    Q_PROPERTY(QString field READ field NOTIFY pageChanged) // to bring into sight; may be empty
    Q_PROPERTY(QString command READ command NOTIFY pageChanged) // kubectl explain ...
    Q_PROPERTY(app::RowModel* fields READ fields CONSTANT)
public:
    explicit Reference(LabController& lab, QObject* parent = nullptr);

    QString query() const { return query_; }
    void setQuery(const QString& query);
    bool searching() const { return !query_.isEmpty() || path_.isEmpty(); }
    RowModel* hits() { return &hits_; }
    RowModel* fields() { return &fields_; }
    QString path() const { return path_; }
    QStringList crumbs() const { return path_.isEmpty() ? QStringList() : path_.split(QLatin1Char('.')); }
    QString title() const;
    QString detail() const;
    QString text() const;
    QString field() const { return field_; }
    QString command() const;

    Q_INVOKABLE void open(const QString& path, const QString& field = {});
    Q_INVOKABLE void openCrumb(int index); // -1: the list
    Q_INVOKABLE void back();               // to the page before, at last to the list

Q_SIGNALS:
    void queryChanged();
    void pageChanged();
    void searchingChanged();

private:
    void show(const QString& path, const QString& field);
    void refresh();
    void search();
    QString in(const lab::Text& text) const { return QString::fromStdString(text.in(lab_.language().toStdString())); }

    LabController& lab_;
    QString query_, path_, field_;
    QStringList history_;
    std::optional<lab::ReferencePage> page_;
    RowModel hits_{{QStringLiteral("id"), QStringLiteral("path"), QStringLiteral("field"), QStringLiteral("title"), QStringLiteral("text")}};
    RowModel fields_{{QStringLiteral("name"), QStringLiteral("type"), QStringLiteral("path"), QStringLiteral("required_"), QStringLiteral("text")}};
};

} // namespace app
