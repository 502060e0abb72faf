#include "viewmodels/reference.h"

namespace app {

Reference::Reference(LabController& lab, QObject* parent) : QObject(parent), lab_(lab) {
    connect(&lab, &LabController::languageChanged, this, [this] {
        search();
        refresh();
    });
    search();
}

void Reference::setQuery(const QString& query) {
    if (query == query_) return;
    query_ = query;
    search();
    Q_EMIT queryChanged();
    Q_EMIT searchingChanged();
}

void Reference::search() {
    constexpr std::size_t kMost = 100;
    QVector<QVariantMap> rows;
    for (const lab::ReferenceHit& hit :
         lab::searchReference(query_.toStdString(), lab_.language().toStdString(), kMost)) {
        const QString path = QString::fromStdString(hit.path), field = QString::fromStdString(hit.field);
        rows.push_back({{QStringLiteral("id"), path + QLatin1Char('#') + field},
                        {QStringLiteral("path"), path},
                        {QStringLiteral("field"), field},
                        {QStringLiteral("title"), QString::fromStdString(hit.title)},
                        {QStringLiteral("text"), in(hit.text)}});
    }
    hits_.setRows(std::move(rows));
}

void Reference::open(const QString& path, const QString& field) {
    if (!path_.isEmpty() && path_ != path) history_.push_back(path_);
    show(path, field);
}

void Reference::openCrumb(int index) {
    if (index < 0) {
        history_.clear();
        show({}, {});
        return;
    }
    open(crumbs().mid(0, index + 1).join(QLatin1Char('.')));
}

void Reference::back() { show(history_.isEmpty() ? QString() : history_.takeLast(), {}); }

void Reference::show(const QString& path, const QString& field) {
    auto page = lab::referencePage(path.toStdString());
    if (!path.isEmpty() && !page) return;
    page_ = std::move(page);
    path_ = path;
    field_ = field;
    refresh();
}

void Reference::refresh() {
    QVector<QVariantMap> rows;
    if (page_)
        for (const lab::ReferenceField& field : page_->fields)
            rows.push_back({{QStringLiteral("name"), QString::fromStdString(field.name)},
                            {QStringLiteral("type"), QString::fromStdString(field.type)},
                            {QStringLiteral("path"), QString::fromStdString(field.path)},
                            {QStringLiteral("required_"), field.required},
                            {QStringLiteral("text"), in(field.text)}});
    fields_.clear(); // another page: nothing of the old one moves
    fields_.setRows(std::move(rows));
    Q_EMIT pageChanged();
    Q_EMIT searchingChanged();
}

QString Reference::title() const {
    if (!page_) return {};
    const QStringList parts = crumbs();
    return parts.size() == 1 ? QString::fromStdString(page_->kind) : parts.last();
}

QString Reference::detail() const {
    if (!page_) return {};
    if (crumbs().size() > 1) return QString::fromStdString(page_->type);
    QStringList parts{QString::fromStdString(page_->apiVersion)};
    for (const std::string& name : page_->shortNames) parts.push_back(QString::fromStdString(name));
    parts.push_back(page_->namespaced ? tr("namespaced") : tr("cluster-wide"));
    return parts.join(QStringLiteral(" · "));
}

QString Reference::text() const { return page_ ? in(page_->text) : QString(); }

QString Reference::command() const { return page_ ? QStringLiteral("kubectl explain ") + path_ : QString(); }

} // namespace app
