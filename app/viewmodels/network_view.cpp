#include "viewmodels/network_view.h"

#include <QRegularExpression>
#include <QSet>

namespace app {
namespace {
// Comments are for people: they stand apart from the rule.
const QRegularExpression& commentPattern() {
    static const QRegularExpression kComment(QStringLiteral("-m comment --comment (?:\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S+)) ?"));
    return kComment;
}
} // namespace

NetworkView::NetworkView(EngineThread& engine, ClusterModel& cluster, QObject* parent)
    : QObject(parent), engine_(engine), cluster_(cluster) {
    connect(&cluster, &ClusterModel::restarted, this, [this] {
        node_.clear();
        parsed_.clear();
        walks_.clear();
        hops_.clear();
        rules_.clear();
        recent_.clear();
        result_.clear();
        Q_EMIT walkChanged();
    });
}

void NetworkView::refreshEndpoints() {
    QStringList sources, destinations;
    for (const auto& [key, node] : cluster_.objects("/nodes")) sources << QStringLiteral("node/") + QString::fromStdString(key);
    for (const auto& [key, pod] : cluster_.objects("/pods"))
        if (pod.at("status", "phase").asString() == "Running" && !pod.at("spec", "hostNetwork").asBool())
            sources << QStringLiteral("pod/") + QString::fromStdString(key);
    sources << QStringLiteral("outside");
    for (const auto& [key, service] : cluster_.objects("/services")) {
        const QString ip = qstring(service.at("spec", "clusterIP").asString());
        if (ip.isEmpty() || ip == QLatin1String("None")) continue;
        for (const auto& port : service.at("spec", "ports").items())
            destinations << QStringLiteral("%1:%2 · %3").arg(ip).arg(port["port"].asInt()).arg(QString::fromStdString(key));
        for (const auto& port : service.at("spec", "ports").items())
            if (port["nodePort"].asInt() != 0)
                for (const auto& [name, node] : cluster_.objects("/nodes"))
                    for (const auto& address : node.at("status", "addresses").items())
                        if (address["type"].asString() == "InternalIP")
                            destinations << QStringLiteral("%1:%2 · %3 (%4)").arg(qstring(address["address"].asString()))
                                                .arg(port["nodePort"].asInt()).arg(QString::fromStdString(key), QString::fromStdString(name));
    }
    for (const auto& [key, pod] : cluster_.objects("/pods")) {
        const QString ip = qstring(pod.at("status", "podIP").asString());
        for (const auto& container : pod.at("spec", "containers").items())
            for (const auto& port : container["ports"].items())
                if (!ip.isEmpty())
                    destinations << QStringLiteral("%1:%2 · %3").arg(ip).arg(port["containerPort"].asInt()).arg(QString::fromStdString(key));
    }
    if (sources == sources_ && destinations == destinations_) return;
    sources_ = sources;
    destinations_ = destinations;
    if (node_.isEmpty() && !sources_.isEmpty() && sources_.first().startsWith(QLatin1String("node/")))
        node_ = sources_.first().mid(5);
    Q_EMIT endpointsChanged();
}

QString NetworkView::resultState() const {
    if (result_.isEmpty()) return {};
    return result_ == QLatin1String("connected") || result_ == QLatin1String("delivered") ? QStringLiteral("ready")
                                                                                          : QStringLiteral("failed");
}

void NetworkView::walk(const QString& source, const QString& destination, const QString& protocol) {
    const QString address = destination.section(QLatin1Char(' '), 0, 0);
    const auto ip = base::IpAddress::parse(address.section(QLatin1Char(':'), 0, -2).toStdString());
    if (!ip) {
        result_ = tr("Not an address: %1").arg(address);
        Q_EMIT walkChanged();
        return;
    }
    const base::Endpoint to{*ip, static_cast<std::uint16_t>(address.section(QLatin1Char(':'), -1).toUInt())};
    engine_.ask<document::Value>(
        [from = source.toStdString(), to, proto = protocol.toStdString()](World& world) {
            return world.cluster() != nullptr ? world.cluster()->walk(from, to, proto) : document::Value();
        },
        [this](document::Value walk) { showWalk(walk); });
}

void NetworkView::showRecent(int index) {
    if (index >= 0 && index < static_cast<int>(walks_.size())) showWalk(walks_[static_cast<std::size_t>(index)]);
}

void NetworkView::showWalk(const document::Value& walk) {
    QVector<QVariantMap> rows;
    lit_.clear();
    const auto packet = [](const document::Value& header) {
        const QString from = qstring(header["src"].asString()), to = qstring(header["dst"].asString());
        return from.isEmpty() && to.isEmpty() ? QString() : from + QStringLiteral(" → ") + to;
    };
    static const QRegularExpression kAppended(QStringLiteral("^-A \\S+ "));
    int number = 0;
    for (const auto& hop : walk["hops"].items()) {
        const QString before = packet(hop["before"]), after = packet(hop["after"]);
        lit_ << qstring(hop["chain"].asString()) + QLatin1Char(' ') + qstring(hop["rule"].asString());
        rows << QVariantMap{{QStringLiteral("id"), QString::number(number++)},
                            {QStringLiteral("where"), qstring(hop["where"].asString())},
                            {QStringLiteral("device"), qstring(hop["device"].asString())},
                            {QStringLiteral("table"), qstring(hop["table"].asString())},
                            {QStringLiteral("chain"), qstring(hop["chain"].asString())},
                            {QStringLiteral("rule"), qstring(hop["rule"].asString()).remove(commentPattern()).remove(kAppended)},
                            {QStringLiteral("verdict"), qstring(hop["verdict"].asString())},
                            {QStringLiteral("before"), before},
                            {QStringLiteral("after"), after},
                            {QStringLiteral("rewritten"), !after.isEmpty() && before != after}};
    }
    hops_.clear();
    hops_.setRows(std::move(rows));
    result_ = qstring(walk["result"].asString());
    currentHop_ = 0;
    refreshRules();
    Q_EMIT walkChanged();
    Q_EMIT hopChanged();
}

void NetworkView::setCurrentHop(int hop) {
    hop = std::clamp(hop, 0, std::max(0, hops_.count() - 1));
    currentHop_ = hop;
    const QVariantMap row = hops_.get(hop);
    const QString chain = row.value(QStringLiteral("chain")).toString();
    const QString where = row.value(QStringLiteral("where")).toString();
    const QString table = row.value(QStringLiteral("table")).toString();
    if (!chain.isEmpty()) {
        const QString node = where.section(QLatin1Char('/'), -1);
        if (sources_.contains(QStringLiteral("node/") + node) && node != node_) setNode(node);
        if (!table.isEmpty()) setTable(table);
        setChain(chain);
    }
    Q_EMIT hopChanged();
}

void NetworkView::setNode(const QString& node) {
    if (node == node_) return;
    node_ = node;
    refresh();
    Q_EMIT rulesChanged();
}

QVariantList NetworkView::chains() const {
    QVariantList list;
    for (const QString& chain : chains_) list << QVariantMap{{QStringLiteral("name"), chain}, {QStringLiteral("note"), notes_.value(chain)}};
    return list;
}

void NetworkView::setTable(const QString& table) {
    if (table == table_) return;
    table_ = table;
    chain_.clear();
    refreshRules();
}

void NetworkView::setChain(const QString& chain) {
    if (chain == chain_) return;
    chain_ = chain;
    refreshRules();
}

void NetworkView::refresh() {
    refreshEndpoints();
    struct Answer {
        std::string rules;
        std::vector<document::Value> walks;
    };
    engine_.ask<Answer>(
        [node = node_.toStdString()](World& world) -> Answer {
            if (world.cluster() == nullptr || node.empty()) return {};
            return {world.cluster()->iptablesText(node), world.cluster()->recentWalks(50)};
        },
        [this](Answer answer) {
            parseRules(QString::fromStdString(answer.rules));
            walks_ = std::move(answer.walks);
            QVector<QVariantMap> rows;
            for (std::size_t i = 0; i < walks_.size(); ++i) {
                const auto& walk = walks_[i];
                const auto& first = walk["hops"][0]["before"];
                rows << QVariantMap{{QStringLiteral("id"), QString::number(i)},
                                    {QStringLiteral("text"), qstring(walk["program"].asString()) + QStringLiteral("  ") +
                                         qstring(first["src"].asString()) + QStringLiteral(" → ") + qstring(first["dst"].asString())},
                                    {QStringLiteral("result"), qstring(walk["result"].asString())},
                                    {QStringLiteral("at"), walk["at"].asDouble()}};
            }
            recent_.setRows(std::move(rows));
        });
}

// Source: iptables-save(8): "*table", ":CHAIN POLICY [packets:bytes]", "[packets:bytes] -A CHAIN ...".
void NetworkView::parseRules(const QString& text) {
    static const QRegularExpression kRule(QStringLiteral("^(?:\\[(\\d+):(\\d+)\\] )?-A (\\S+) ?(.*)$"));
    static const QRegularExpression kChain(QStringLiteral("^:(\\S+) (\\S+) \\[(\\d+):(\\d+)\\]"));
    parsed_.clear();
    QString table;
    for (const QString& line : text.split(QLatin1Char('\n'))) {
        if (line.startsWith(QLatin1Char('*'))) table = line.mid(1).trimmed();
        if (const auto chain = kChain.match(line); chain.hasMatch())
            parsed_.push_back({table, chain.captured(1), QStringLiteral(":") + chain.captured(2),
                               chain.captured(3).toLongLong(), chain.captured(4).toLongLong()});
        if (const auto rule = kRule.match(line); rule.hasMatch())
            parsed_.push_back({table, rule.captured(3), rule.captured(4), rule.captured(1).toLongLong(),
                               rule.captured(2).toLongLong()});
    }
    refreshRules();
}

void NetworkView::refreshRules() {
    static const QRegularExpression kTarget(QStringLiteral("(?:-j|-g) (\\S+)"));
    const QRegularExpression& kComment = commentPattern();
    notes_.clear();
    for (const Rule& rule : parsed_) {
        const auto comment = kComment.match(rule.text);
        const QString said = comment.captured(1) + comment.captured(2), target = kTarget.match(rule.text).captured(1);
        if (rule.table == table_ && target.startsWith(QLatin1String("KUBE-S")) && !said.isEmpty() && !notes_.contains(target))
            notes_[target] = QString(said).remove(QStringLiteral(" cluster IP")).section(QStringLiteral(" -> "), 0, 1);
    }
    QStringList chains;
    for (const Rule& rule : parsed_)
        if (rule.table == table_ && !chains.contains(rule.chain)) chains << rule.chain;
    if (!chains.contains(chain_)) chain_ = chains.contains(QStringLiteral("KUBE-SERVICES")) ? QStringLiteral("KUBE-SERVICES") : chains.value(0);
    chains_ = chains;
    QVector<QVariantMap> rows;
    int number = 0;
    for (const Rule& rule : parsed_) {
        if (rule.table != table_ || rule.chain != chain_) continue;
        const bool policy = rule.text.startsWith(QLatin1Char(':'));
        if (policy && rule.text == QLatin1String(":-")) continue;
        const QString target = kTarget.match(rule.text).captured(1);
        rows << QVariantMap{{QStringLiteral("id"), QString::number(number++)},
                            {QStringLiteral("text"), policy ? rule.text.mid(1) : QString(rule.text).remove(kComment).trimmed()},
                            {QStringLiteral("comment"), kComment.match(rule.text).captured(1) + kComment.match(rule.text).captured(2)},
                            {QStringLiteral("packets"), rule.packets},
                            {QStringLiteral("bytes"), rule.bytes},
                            {QStringLiteral("target"), target},
                            {QStringLiteral("jump"), chains.contains(target)},
                            {QStringLiteral("lit"), lit_.contains(rule.chain + QLatin1Char(' ') + rule.text) ||
                                 lit_.contains(rule.chain + QStringLiteral(" -A ") + rule.chain + QLatin1Char(' ') + rule.text)},
                            {QStringLiteral("policy"), policy}};
    }
    rules_.setRows(std::move(rows));
    Q_EMIT rulesChanged();
}

} // namespace app
