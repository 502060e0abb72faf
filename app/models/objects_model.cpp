#include "models/objects_model.h"

#include "sim/time.h"

#include <algorithm>

namespace app {
namespace {

struct ColumnSpec {
    const char* title;
    QString (*read)(const document::Value&);
};

QString path(const document::Value& object, std::initializer_list<const char*> keys) {
    const document::Value* at = &object;
    for (const char* key : keys) at = &(*at)[key];
    if (at->isString()) return qstring(at->asString());
    if (at->isInt()) return QString::number(at->asInt());
    if (at->isBool()) return at->asBool() ? QStringLiteral("true") : QStringLiteral("false");
    return {};
}
QString ratio(const document::Value& o, const char* have, const char* want) {
    return QString::number(o["status"][have].asInt()) + QLatin1Char('/') +
           QString::number(o["spec"][want].asInt());
}
QString ports(const document::Value& service) {
    QStringList list;
    for (const auto& port : service.at("spec", "ports").items()) {
        QString text = QString::number(port["port"].asInt());
        if (port["nodePort"].asInt() != 0) text += QLatin1Char(':') + QString::number(port["nodePort"].asInt());
        list << text + QLatin1Char('/') + qstring(port["protocol"].asString("TCP"));
    }
    return list.join(QLatin1Char(','));
}

const std::vector<ColumnSpec>& columnsOf(const QString& kind) {
    using V = const document::Value&;
    static const std::vector<ColumnSpec> kPods{
        {"Ready", [](V o) { const auto s = podState(o); return QString::number(s.ready) + QLatin1Char('/') + QString::number(s.total); }},
        {"Status", [](V o) { return podState(o).word; }},
        {"Restarts", [](V o) { return QString::number(podState(o).restarts); }},
        {"IP", [](V o) { return path(o, {"status", "podIP"}); }},
        {"Node", [](V o) { return path(o, {"spec", "nodeName"}); }}};
    static const std::vector<ColumnSpec> kReplicated{
        {"Ready", [](V o) { return ratio(o, "readyReplicas", "replicas"); }},
        {"Available", [](V o) { return QString::number(o.at("status", "availableReplicas").asInt()); }}};
    static const std::vector<ColumnSpec> kServices{
        {"Type", [](V o) { return path(o, {"spec", "type"}); }},
        {"Cluster IP", [](V o) { return path(o, {"spec", "clusterIP"}); }},
        {"Ports", [](V o) { return ports(o); }}};
    static const std::vector<ColumnSpec> kNodes{
        {"Status", [](V o) { return QString(nodeReady(o) ? QStringLiteral("Ready") : QStringLiteral("NotReady")) + (o.at("spec", "unschedulable").asBool() ? QStringLiteral(",SchedulingDisabled") : QString()); }},
        {"Version", [](V o) { return path(o, {"status", "nodeInfo", "kubeletVersion"}); }},
        {"CPU", [](V o) { return path(o, {"status", "capacity", "cpu"}); }},
        {"Memory", [](V o) { return path(o, {"status", "capacity", "memory"}); }}};
    static const std::vector<ColumnSpec> kEvents{
        {"Type", [](V o) { return path(o, {"type"}); }},
        {"Reason", [](V o) { return path(o, {"reason"}); }},
        {"Object", [](V o) { return path(o, {"involvedObject", "name"}); }},
        {"Message", [](V o) { return path(o, {"message"}); }}};
    static const std::vector<ColumnSpec> kNamespaces{
        {"Status", [](V o) { return path(o, {"status", "phase"}); }}};
    static const std::vector<ColumnSpec> kClaims{
        {"Status", [](V o) { return path(o, {"status", "phase"}); }},
        {"Volume", [](V o) { return path(o, {"spec", "volumeName"}); }},
        {"Class", [](V o) { return path(o, {"spec", "storageClassName"}); }}};
    static const std::vector<ColumnSpec> kData{
        {"Data", [](V o) { return QString::number(o["data"].size()); }}};
    static const std::vector<ColumnSpec> kNone;
    if (kind == QLatin1String("/pods")) return kPods;
    if (kind == QLatin1String("/services")) return kServices;
    if (kind == QLatin1String("/nodes")) return kNodes;
    if (kind == QLatin1String("/events")) return kEvents;
    if (kind == QLatin1String("/namespaces")) return kNamespaces;
    if (kind == QLatin1String("/persistentvolumeclaims")) return kClaims;
    if (kind == QLatin1String("/configmaps") || kind == QLatin1String("/secrets")) return kData;
    if (kind == QLatin1String("apps/deployments") || kind == QLatin1String("apps/replicasets") ||
        kind == QLatin1String("apps/statefulsets"))
        return kReplicated;
    return kNone;
}
} // namespace

QString ageText(sim::Duration age) {
    // Source: apimachinery pkg/util/duration, HumanDuration.
    const std::int64_t s = age / sim::kSecond;
    const auto n = [](std::int64_t value, char unit) { return QString::number(value) + QLatin1Char(unit); };
    const auto two = [&](std::int64_t a, char ua, std::int64_t b, char ub) {
        return b == 0 ? n(a, ua) : n(a, ua) + n(b, ub);
    };
    if (s < 120) return n(std::max<std::int64_t>(s, 0), 's');
    if (s < 600) return two(s / 60, 'm', s % 60, 's');
    if (s < 3 * 3600) return n(s / 60, 'm');
    if (s < 8 * 3600) return two(s / 3600, 'h', s / 60 % 60, 'm');
    if (s < 48 * 3600) return n(s / 3600, 'h');
    if (s < 8 * 86400) return two(s / 86400, 'd', s / 3600 % 24, 'h');
    return n(s / 86400, 'd');
}

QString objectState(std::string_view kind, const document::Value& object) {
    if (kind == "/pods") return podState(object).state;
    if (object.at("metadata", "deletionTimestamp").isString()) return QStringLiteral("ending");
    if (kind == "/nodes") return nodeReady(object) ? QStringLiteral("ready") : QStringLiteral("failed");
    if (kind == "apps/deployments" || kind == "apps/replicasets" || kind == "apps/statefulsets") {
        const auto want = object.at("spec", "replicas").asInt();
        if (want == 0) return QStringLiteral("done");
        return object.at("status", "readyReplicas").asInt() >= want ? QStringLiteral("ready")
                                                                   : QStringLiteral("waiting");
    }
    if (kind == "apps/daemonsets")
        return object.at("status", "numberReady").asInt() >=
                       object.at("status", "desiredNumberScheduled").asInt()
                   ? QStringLiteral("ready")
                   : QStringLiteral("waiting");
    if (kind == "/events")
        return object["type"].asString() == "Warning" ? QStringLiteral("failed") : QStringLiteral("done");
    return {};
}

ObjectsModel::ObjectsModel(ClusterModel& cluster, QObject* parent)
    : QObject(parent), cluster_(cluster) {
    connect(&cluster, &ClusterModel::updated, this, [this] {
        if (active_) refreshAll();
    });
}

void ObjectsModel::refreshAll() {
    refreshKinds();
    refresh();
}
void ObjectsModel::setActive(bool active) {
    if (active == active_) return;
    active_ = active;
    if (active) refreshAll();
    Q_EMIT activeChanged();
}
void ObjectsModel::setKind(const QString& kind) {
    if (kind == kind_) return;
    kind_ = kind;
    rows_.clear();
    Q_EMIT kindChanged();
    refresh();
}
void ObjectsModel::setNs(const QString& ns) {
    if (ns == ns_) return;
    ns_ = ns;
    Q_EMIT filterChanged();
    Q_EMIT kindChanged(); // the column of namespaces comes or goes
    refresh();
}
void ObjectsModel::setFilter(const QString& filter) {
    if (filter == filter_) return;
    filter_ = filter;
    Q_EMIT filterChanged();
    refresh();
}

QStringList ObjectsModel::columns() const {
    QStringList titles{QStringLiteral("Name")};
    if (ns_.isEmpty()) titles << QStringLiteral("Namespace");
    for (const ColumnSpec& column : columnsOf(kind_)) titles << QLatin1String(column.title);
    return titles << QStringLiteral("Age");
}

void ObjectsModel::refreshKinds() {
    QVector<QVariantMap> rows;
    for (const std::string& kind : cluster_.kinds()) {
        const auto slash = kind.find('/');
        rows << QVariantMap{{QStringLiteral("kind"), QString::fromStdString(kind)},
                            {QStringLiteral("name"), QString::fromStdString(kind.substr(slash + 1))},
                            {QStringLiteral("group"), QString::fromStdString(kind.substr(0, slash))},
                            {QStringLiteral("total"), static_cast<int>(cluster_.objects(kind).size())}};
    }
    std::stable_sort(rows.begin(), rows.end(), [](const QVariantMap& a, const QVariantMap& b) {
        return a.value(QStringLiteral("name")).toString() < b.value(QStringLiteral("name")).toString();
    });
    kinds_.setRows(std::move(rows));
}

QVariantList ObjectsModel::find(const QString& words, int limit) const {
    const QStringList wanted = words.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    QVariantList own, system;
    if (wanted.isEmpty()) return own;
    for (const std::string& kind : cluster_.kinds()) {
        if (kind == "/events" || kind == "events.k8s.io/events" || kind == "coordination.k8s.io/leases") continue;
        const QString word = QString::fromStdString(kind).section(QLatin1Char('/'), 1);
        for (const auto& [key, object] : cluster_.objects(kind)) {
            const QString name = QString::fromStdString(key), whole = word + QLatin1Char(' ') + name.toLower();
            if (!std::all_of(wanted.begin(), wanted.end(), [&](const QString& part) { return whole.contains(part); })) continue;
            const bool ours = !name.startsWith(QLatin1String("kube-")) && !name.contains(QLatin1String("system:"));
            (ours ? own : system) << QVariantMap{{QStringLiteral("kind"), QString::fromStdString(kind)}, {QStringLiteral("key"), name}, {QStringLiteral("word"), word}};
            if (own.size() >= limit) return own;
        }
    }
    return (own + system).mid(0, limit);
}

void ObjectsModel::refresh() {
    constexpr int kMaxRows = 5000;
    QVector<QVariantMap> rows;
    const std::string kind = kind_.toStdString();
    const auto& specs = columnsOf(kind_);
    const std::int64_t now = sim::Kernel::kDefaultEpoch + cluster_.now();
    for (const auto& [key, object] : cluster_.objects(kind)) {
        const auto& meta = object["metadata"];
        const QString ns = qstring(meta["namespace"].asString());
        const QString name = qstring(meta["name"].asString());
        if (!ns_.isEmpty() && !ns.isEmpty() && ns != ns_) continue;
        if (!filter_.isEmpty() && !name.contains(filter_, Qt::CaseInsensitive)) continue;
        QStringList cells{name};
        if (ns_.isEmpty()) cells << ns;
        for (const ColumnSpec& spec : specs) cells << spec.read(object);
        const auto made = sim::parseRfc3339(meta["creationTimestamp"].asString());
        cells << (made ? ageText(now - *made) : QString());
        rows << QVariantMap{{QStringLiteral("key"), QString::fromStdString(key)},
                            {QStringLiteral("cells"), cells},
                            {QStringLiteral("state"), objectState(kind, object)}};
        if (rows.size() >= kMaxRows) break;
    }
    constexpr int kWidest = 60, kWidestName = 30, kWidestNamespace = 14;
    QVariantList widths;
    const QStringList titles = columns();
    for (int column = 0; column < titles.size(); ++column) {
        int widest = static_cast<int>(titles[column].size());
        for (const QVariantMap& row : rows)
            widest = std::max(widest, static_cast<int>(row[QStringLiteral("cells")].toStringList().value(column).size()));
        widths << std::min(widest, column == 0 ? kWidestName : column == 1 && ns_.isEmpty() ? kWidestNamespace : kWidest);
    }
    rows_.setRows(std::move(rows));
    if (widths != widths_) {
        widths_ = widths;
        Q_EMIT widthsChanged();
    }
}

} // namespace app
