#include "viewmodels/inspector.h"

#include "document/yaml.h"
#include "models/objects_model.h"

namespace app {

Inspector::Inspector(EngineThread& engine, ClusterModel& cluster, QObject* parent)
    : QObject(parent), engine_(engine), cluster_(cluster) {
    connect(&cluster, &ClusterModel::updated, this, &Inspector::refresh);
    connect(&cluster, &ClusterModel::restarted, this, &Inspector::clear);
}

void Inspector::select(const QString& kind, const QString& key) {
    if (kind == kind_ && key == key_) return;
    kind_ = kind;
    key_ = key;
    object_ = {};
    Q_EMIT selectionChanged();
    refresh();
}

QString Inspector::state() const { return objectState(kind_.toStdString(), object_); }

QString Inspector::word() const {
    if (kind_ == QLatin1String("/pods") && !object_.isNull()) return podState(object_).word;
    if (kind_ == QLatin1String("/nodes") && !object_.isNull())
        return nodeReady(object_) ? QStringLiteral("Ready") : QStringLiteral("NotReady");
    return {};
}

void Inspector::refresh() {
    if (key_.isEmpty()) {
        facts_.clear();
        events_.clear();
        causes_.clear();
        yaml_.clear();
        Q_EMIT refreshed();
        return;
    }
    const document::Value now = cluster_.object(kind_.toStdString(), key_.toStdString());
    const bool changed = !now.sameAs(object_);
    object_ = now;
    refreshEvents();
    if (!changed) return;
    yaml_ = object_.isNull()
                ? QString()
                : QString::fromStdString(document::writeYaml(object_.withoutPath({"metadata", "managedFields"})));
    refreshFacts();
    askCauses();
    Q_EMIT refreshed();
}

void Inspector::refreshFacts() {
    QVector<QVariantMap> rows;
    const auto add = [&](const QString& name, const QString& value) {
        if (!value.isEmpty())
            rows << QVariantMap{{QStringLiteral("name"), name}, {QStringLiteral("value"), value}};
    };
    const auto read = [&](std::initializer_list<const char*> keys) {
        const document::Value* at = &object_;
        for (const char* key : keys) at = &(*at)[key];
        return at->isInt() ? QString::number(at->asInt()) : qstring(at->asString());
    };
    add(tr("Namespace"), read({"metadata", "namespace"}));
    add(tr("Created"), read({"metadata", "creationTimestamp"}));
    for (const auto& owner : object_.at("metadata", "ownerReferences").items())
        add(tr("Controlled by"), qstring(owner["kind"].asString()) + QLatin1Char('/') + qstring(owner["name"].asString()));
    add(tr("Node"), read({"spec", "nodeName"}));
    add(tr("Pod IP"), read({"status", "podIP"}));
    add(tr("Cluster IP"), read({"spec", "clusterIP"}));
    add(tr("Type"), read({"spec", "type"}));
    add(tr("Replicas wanted"), read({"spec", "replicas"}));
    add(tr("Replicas ready"), read({"status", "readyReplicas"}));
    for (const auto& container : object_.at("spec", "containers").items())
        add(tr("Image of %1").arg(qstring(container["name"].asString())), qstring(container["image"].asString()));
    QStringList labels;
    for (const auto& label : object_.at("metadata", "labels").members())
        labels << qstring(label.key.view()) + QLatin1Char('=') + qstring(label.value.asString());
    add(tr("Labels"), labels.join(QLatin1Char('\n')));
    for (const auto& condition : object_.at("status", "conditions").items())
        add(qstring(condition["type"].asString()),
            qstring(condition["status"].asString()) +
                (condition["reason"].asString().empty() ? QString()
                                                        : QStringLiteral(" · ") + qstring(condition["reason"].asString())));
    facts_.setRows(std::move(rows));
}

void Inspector::refreshEvents() {
    QVector<QVariantMap> rows;
    const QString name = title();
    const QString ns = key_.contains(QLatin1Char('/')) ? key_.section(QLatin1Char('/'), 0, 0) : QString();
    const std::string wantedUid = object_.at("metadata", "uid").text();
    for (const auto& [key, event] : cluster_.objects("/events")) {
        const auto& about = event["involvedObject"];
        if (qstring(about["name"].asString()) != name) continue;
        if (!wantedUid.empty() && !about["uid"].asString().empty() && about["uid"].asString() != wantedUid &&
            kind_ != QLatin1String("/nodes"))
            continue;
        if (!ns.isEmpty() && qstring(event.at("metadata", "namespace").asString()) != ns) continue;
        const std::string_view last = event["lastTimestamp"].asString().empty()
                                          ? event["eventTime"].asString()
                                          : event["lastTimestamp"].asString();
        const auto at = sim::parseRfc3339(last);
        rows << QVariantMap{
            {QStringLiteral("id"), QString::fromStdString(key)},
            {QStringLiteral("age"), at ? ageText(sim::Kernel::kDefaultEpoch + cluster_.now() - *at) : QString()},
            {QStringLiteral("type"), qstring(event["type"].asString())},
            {QStringLiteral("reason"), qstring(event["reason"].asString())},
            {QStringLiteral("message"), qstring(event["message"].asString())},
            {QStringLiteral("times"), static_cast<int>(std::max<std::int64_t>(1, event["count"].asInt()))},
            {QStringLiteral("sort"), at ? static_cast<qlonglong>(*at) : 0}};
    }
    std::stable_sort(rows.begin(), rows.end(), [](const QVariantMap& a, const QVariantMap& b) {
        return a.value(QStringLiteral("sort")).toLongLong() > b.value(QStringLiteral("sort")).toLongLong();
    });
    events_.setRows(std::move(rows));
}

void Inspector::askCauses() {
    const QString kind = kind_, key = key_;
    const std::string group = kind.section(QLatin1Char('/'), 0, 0).toStdString();
    const std::string plural = kind.section(QLatin1Char('/'), 1).toStdString();
    const std::string ns = key.contains(QLatin1Char('/')) ? key.section(QLatin1Char('/'), 0, 0).toStdString() : "";
    const std::string name = key.section(QLatin1Char('/'), -1).toStdString();
    using Chain = std::vector<sim::TraceRecord>;
    engine_.ask<Chain>(
        [group, plural, ns, name](World& world) -> Chain {
            auto* cluster = world.cluster();
            if (cluster == nullptr) return {};
            return cluster->kernel().trace().chain(cluster->causeOf(group, plural, ns, name));
        },
        [this, kind, key](Chain chain) {
            if (kind != kind_ || key != key_) return;
            QVector<QVariantMap> rows;
            for (const auto& record : chain) {
                if (record.kind == "input") continue; // the command says it better than its keys
                rows << QVariantMap{{QStringLiteral("id"), QString::number(record.id)},
                                    {QStringLiteral("at"), sim::toSeconds(record.at)},
                                    {QStringLiteral("kind"), QString::fromStdString(record.kind)},
                                    {QStringLiteral("text"), QString::fromStdString(record.text)},
                                    {QStringLiteral("subject"), QString::fromStdString(record.subject)}};
            }
            causes_.setRows(std::move(rows));
        });
}

} // namespace app
