#pragma once
// The network from the inside: the walk of a chosen connection hop by hop, and the iptables rules of a
// node as chains with counters, the rules that decided lit.

#include "models/cluster_model.h"
#include "models/row_model.h"

#include <QMap>
#include <QObject>

namespace app {

class NetworkView : public QObject {
    Q_OBJECT
    Q_PROPERTY(QStringList sources READ sources NOTIFY endpointsChanged)      // "pod/default/web", "node/node01"
    Q_PROPERTY(QStringList destinations READ destinations NOTIFY endpointsChanged) // "10.96.0.1:443 · default/kubernetes"
    Q_PROPERTY(QString result READ result NOTIFY walkChanged)
    Q_PROPERTY(QString resultState READ resultState NOTIFY walkChanged)
    Q_PROPERTY(int currentHop READ currentHop WRITE setCurrentHop NOTIFY hopChanged)
    Q_PROPERTY(QString node READ node WRITE setNode NOTIFY rulesChanged)
    Q_PROPERTY(QString table READ table WRITE setTable NOTIFY rulesChanged)
    Q_PROPERTY(QString chain READ chain WRITE setChain NOTIFY rulesChanged)
    Q_PROPERTY(QVariantList chains READ chains NOTIFY rulesChanged) // {name, note}
    Q_PROPERTY(app::RowModel* hops READ hops CONSTANT)
    Q_PROPERTY(app::RowModel* rules READ rules CONSTANT)
    Q_PROPERTY(app::RowModel* recent READ recent CONSTANT)
public:
    NetworkView(EngineThread& engine, ClusterModel& cluster, QObject* parent = nullptr);

    QStringList sources() const { return sources_; }
    QStringList destinations() const { return destinations_; }
    QString result() const { return result_; }
    QString resultState() const;
    int currentHop() const { return currentHop_; }
    void setCurrentHop(int hop);
    QString node() const { return node_; }
    void setNode(const QString& node);
    QString table() const { return table_; }
    void setTable(const QString& table);
    QString chain() const { return chain_; }
    void setChain(const QString& chain);
    QVariantList chains() const;
    RowModel* hops() { return &hops_; }
    RowModel* rules() { return &rules_; }
    RowModel* recent() { return &recent_; }

    Q_INVOKABLE void walk(const QString& source, const QString& destination, const QString& protocol);
    Q_INVOKABLE void showRecent(int index); // a connection that a program made
    Q_INVOKABLE void refresh();             // rules and recent connections

Q_SIGNALS:
    void endpointsChanged();
    void walkChanged();
    void hopChanged();
    void rulesChanged();

private:
    void refreshEndpoints();
    void showWalk(const document::Value& walk);
    void parseRules(const QString& text);
    void refreshRules();

    EngineThread& engine_;
    ClusterModel& cluster_;
    QStringList sources_, destinations_, chains_;
    QString result_, node_, table_ = QStringLiteral("nat"), chain_;
    int currentHop_ = 0;
    struct Rule {
        QString table, chain, text;
        qlonglong packets = 0, bytes = 0;
    };
    std::vector<Rule> parsed_;
    QMap<QString, QString> notes_; // chain -> what the rule that leads to it says about it
    std::vector<document::Value> walks_;
    QSet<QString> lit_; // "table chain rule" of the walk in view
    RowModel hops_{{QStringLiteral("id"), QStringLiteral("where"), QStringLiteral("device"), QStringLiteral("table"),
                    QStringLiteral("chain"), QStringLiteral("rule"), QStringLiteral("verdict"),
                    QStringLiteral("before"), QStringLiteral("after"), QStringLiteral("rewritten")}};
    RowModel rules_{{QStringLiteral("id"), QStringLiteral("text"), QStringLiteral("packets"), QStringLiteral("bytes"),
                     QStringLiteral("comment"), QStringLiteral("target"), QStringLiteral("jump"), QStringLiteral("lit"), QStringLiteral("policy")}};
    RowModel recent_{{QStringLiteral("id"), QStringLiteral("text"), QStringLiteral("result"), QStringLiteral("at")}};
};

} // namespace app
