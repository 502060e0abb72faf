#pragma once
// The engine on its own thread. The window posts work; the engine answers with immutable batches, at
// most one per frame. Nothing else of the engine is touched from the window's thread.

#include "base/function.h"
#include "cluster/facade.h"
#include "engine/journal_writer.h"
#include "lab/attempt.h"

#include <QByteArray>
#include <QObject>
#include <QString>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace app {

// What the engine tells the window once per frame.
struct Batch {
    quint64 world = 0; // grows with every new cluster: batches of an older one are dropped
    sim::Time now = 0;
    std::uint64_t revision = 0;
    bool quiet = false; // nothing is scheduled before `nextAt`
    sim::Time nextAt = 0;
    std::vector<cluster::ObjectChange> changes;
    std::vector<sim::TraceRecord> records;
    std::vector<std::pair<int, QByteArray>> screens; // session id, bytes for its terminal
    std::vector<int> endedSessions;
};
using BatchPtr = std::shared_ptr<const Batch>;

// Where the inputs of a world are stored.
struct Recording {
    std::string pack, world; // empty pack: nowhere
};

// A terminal of a resumed world, for the window to show as it was.
struct RestoredTerminal {
    int number = 0; // of the session in its cluster
    QString host;
    std::vector<cluster::RestoredSession::Stretch> shown;
};
using RestoredTerminals = std::vector<RestoredTerminal>;

// Lives on the engine's thread.
struct World {
    std::unique_ptr<lab::Attempt> attempt;
    std::map<int, std::shared_ptr<cluster::Session>> sessions;
    std::vector<std::shared_ptr<cluster::Session>> restored; // wait to be adopted by a tab
    Recording recording;
    std::size_t firstInput = 0, storedInputs = 0; // positions in the cluster's journal
    cluster::Moment stored;
    cluster::Cluster* cluster() const { return attempt ? &attempt->cluster() : nullptr; }
};

class EngineThread : public QObject {
    Q_OBJECT
public:
    explicit EngineThread(QObject* parent = nullptr);
    ~EngineThread() override;
    void setWriter(JournalWriter* writer) { writer_ = writer; } // before anything is started

    // Answers with `started` or `failed`. A pack without tasks is a free cluster.
    // Goes on from the stored journal of `recording` where there is one and `fresh` is not asked for;
    // one that this program cannot replay is reported by `resumeFailed`, and the pack begins anew.
    void startPack(lab::Pack pack, quint64 seed, int task, Recording recording = {}, bool fresh = true);
    void forget(); // the attempt has ended: its journal is not needed any more

    int openSession(const QString& host, int columns, int rows);
    int adoptSession(int number); // of a resumed world
    void type(int session, const QByteArray& bytes);
    void resizeSession(int session, int columns, int rows);
    void closeSession(int session);

    void setPlaying(bool playing);
    void setPace(double pace); // virtual seconds per real second; 0 = as fast as possible
    void stepEvent();
    void jumpToNextChange();

    // Runs on the engine's thread between events; `done` runs on the window's thread.
    using Work = base::Function<void(World&)>;
    void post(Work work);
    template <typename Result>
    void ask(base::Function<Result(World&)> work, base::Function<void(Result)> done) {
        auto ask = std::make_shared<base::Function<Result(World&)>>(std::move(work));
        auto answer = std::make_shared<base::Function<void(Result)>>(std::move(done));
        post([this, ask, answer](World& world) {
            auto result = std::make_shared<Result>((*ask)(world));
            QMetaObject::invokeMethod(
                this, [answer, result] { (*answer)(std::move(*result)); }, Qt::QueuedConnection);
        });
    }

Q_SIGNALS:
    void batch(app::BatchPtr batch);
    void starting(); // a world that plays was asked for; what is asked for now comes after it
    void started(quint64 world, const QStringList& hosts, const app::RestoredTerminals& terminals);
    void failed(const QString& message);
    void resumeFailed(const QString& message);
    void resuming(double share);

private:
    void loop();
    bool advance(World& world, double elapsedSeconds);
    void publish(World& world);
    bool resume(World& world, const lab::Pack& pack, quint64 seed, int task, const Recording& recording);
    void reset(World& world);
    void announce(World& world);
    void store(World& world, bool now);

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Work> queue_;
    bool stopping_ = false;
    std::atomic<bool> hold_ = false; // a pause is on its way: the running stretch ends at once
    int nextSession_ = 1; // window's thread

    // Engine's thread only.
    bool playing_ = true;
    double pace_ = 1;
    quint64 world_ = 0;
    std::uint64_t sentRevision_ = 0;
    sim::CauseId sentRecord_ = 0;
    sim::Time sentTime_ = -1;
    std::chrono::steady_clock::time_point storedAt_;
    JournalWriter* writer_ = nullptr;

    std::thread thread_; // last: starts when everything else is ready
};

} // namespace app

Q_DECLARE_METATYPE(app::BatchPtr)
Q_DECLARE_METATYPE(app::RestoredTerminals)
