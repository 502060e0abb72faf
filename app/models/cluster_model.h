#pragma once
// The window's copy of the cluster: every object of every kind, kept current by batches, and any past
// revision rebuilt from the same list of changes.

#include "engine/engine_thread.h"

#include <QObject>
#include <QString>
#include <QTimer>

#include <map>
#include <string>
#include <vector>

namespace app {

// "apps/deployments" or "/pods" -> "namespace/name" -> object. Ordered: pictures must be stable.
using ObjectMap = std::map<std::string, document::Value, std::less<>>;
using KindMap = std::map<std::string, ObjectMap, std::less<>>;

class ClusterModel : public QObject {
    Q_OBJECT
    Q_PROPERTY(bool live READ live NOTIFY viewChanged)
    Q_PROPERTY(bool loaded READ loaded NOTIFY updated)
    Q_PROPERTY(int podCount READ podCount NOTIFY updated)
    Q_PROPERTY(int readyPodCount READ readyPodCount NOTIFY updated)
    Q_PROPERTY(int failedPodCount READ failedPodCount NOTIFY updated)
    Q_PROPERTY(int nodeCount READ nodeCount NOTIFY updated)
    Q_PROPERTY(int readyNodeCount READ readyNodeCount NOTIFY updated)
    Q_PROPERTY(QStringList namespaces READ namespaces NOTIFY updated)
public:
    explicit ClusterModel(EngineThread& engine, QObject* parent = nullptr);

    const ObjectMap& objects(std::string_view kind) const; // of the revision in view
    std::vector<std::string> kinds() const;
    document::Value object(std::string_view kind, std::string_view key) const;
    bool live() const { return pinned_ == 0; }
    bool loaded() const { return !changes_.empty(); }
    std::uint64_t revisionInView() const { return pinned_ == 0 ? revision_ : pinned_; }
    const std::vector<cluster::ObjectChange>& changes() const { return changes_; }
    sim::Time now() const { return now_; }

    int podCount() const { return counts_.pods; }
    int readyPodCount() const { return counts_.readyPods; }
    int failedPodCount() const { return counts_.failedPods; }
    int nodeCount() const { return counts_.nodes; }
    int readyNodeCount() const { return counts_.readyNodes; }
    QStringList namespaces() const;

    // Shows the state as it was at a time; `returnToNow` follows the engine again.
    void viewTime(sim::Time at);
    Q_INVOKABLE void returnToNow();

Q_SIGNALS:
    void updated();     // objects in view changed (at most once a frame, less often with many pods)
    void viewChanged(); // live <-> past
    void advanced();    // the clock moved
    void restarted();   // another cluster

private:
    void apply(const BatchPtr& batch);
    void announce();
    static void fold(KindMap& into, const cluster::ObjectChange& change);

    quint64 world_ = 0;
    KindMap current_, past_;
    std::vector<cluster::ObjectChange> changes_;
    std::uint64_t revision_ = 0, pinned_ = 0;
    sim::Time now_ = 0;
    struct {
        int pods = 0, readyPods = 0, failedPods = 0, nodes = 0, readyNodes = 0;
    } counts_;
    QTimer settle_;
    // The pods of the last look and whether they counted as ready or failed: most are still the same.
    struct Seen {
        document::Value pod;
        bool ready = false, failed = false;
    };
    std::map<std::string, Seen, std::less<>> seen_;
};

std::string kindKey(const cluster::ObjectChange& change);

// A state name of the design ("ready", "waiting", "failed", "ending", "done", "unknown") and the word
// that kubectl would show.
struct PodState {
    QString state;
    QString word;
    int ready = 0, total = 0, restarts = 0;
};
PodState podState(const document::Value& pod);
bool nodeReady(const document::Value& node);

inline QString qstring(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<int>(text.size()));
}

} // namespace app
