#pragma once
// The virtual clock and everything that obeys it: pace, pause, step, jump, scrub. Events and commands
// are marks on its track.

#include "models/cluster_model.h"
#include "models/row_model.h"

#include <QObject>
#include <QTimer>

#include <vector>

namespace app {

class Transport : public QObject {
    Q_OBJECT
    Q_PROPERTY(bool playing READ playing WRITE setPlaying NOTIFY changed)
    Q_PROPERTY(double pace READ pace WRITE setPace NOTIFY changed) // 0: as fast as possible
    Q_PROPERTY(bool live READ live NOTIFY changed)
    Q_PROPERTY(double seconds READ seconds NOTIFY moved)         // of the moment in view
    Q_PROPERTY(double newestSeconds READ newestSeconds NOTIFY moved)
    Q_PROPERTY(QString clock READ clock NOTIFY moved)            // 00:04:12
public:
    Transport(EngineThread& engine, ClusterModel& cluster, QObject* parent = nullptr);

    bool playing() const { return playing_; }
    void setPlaying(bool playing);
    double pace() const { return pace_; }
    void setPace(double pace);
    bool live() const { return cluster_.live(); }
    double seconds() const;
    double newestSeconds() const { return sim::toSeconds(cluster_.now()); }
    QString clock() const;
    struct Mark {
        enum Kind { Event, Warning, Command };
        double at = 0;
        Kind kind = Event;
        QString text;
    };
    const std::vector<Mark>& marks() const { return marks_; } // in order of time

    Q_INVOKABLE void step();
    Q_INVOKABLE void jump();
    Q_INVOKABLE void scrub(double seconds); // shows the picture of that instant
    Q_INVOKABLE void back();                // to the mark before the moment in view
    Q_INVOKABLE void forward();
    Q_INVOKABLE void returnToNow();

Q_SIGNALS:
    void changed();
    void moved();
    void marksChanged();

private:
    void onBatch(const BatchPtr& batch);

    EngineThread& engine_;
    ClusterModel& cluster_;
    bool playing_ = true;
    double pace_ = 1, viewed_ = 0;
    quint64 world_ = 0;
    std::vector<Mark> marks_;
    QTimer marksTimer_;
};

} // namespace app
