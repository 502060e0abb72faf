#include "viewmodels/transport.h"

#include <algorithm>
#include <cmath>

namespace app {
namespace {
constexpr int kMaxMarks = 4000;
constexpr int kMarksPerSecond = 4; // redraws of the track
}

Transport::Transport(EngineThread& engine, ClusterModel& cluster, QObject* parent)
    : QObject(parent), engine_(engine), cluster_(cluster) {
    connect(&engine, &EngineThread::batch, this, &Transport::onBatch);
    // A pause that is asked for while a cluster starts holds when it has.
    connect(&engine, &EngineThread::starting, this, [this] {
        playing_ = true;
        Q_EMIT changed();
    });
    connect(&cluster, &ClusterModel::viewChanged, this, &Transport::changed);
    connect(&cluster, &ClusterModel::advanced, this, &Transport::moved);
    marksTimer_.setSingleShot(true);
    marksTimer_.setInterval(1000 / kMarksPerSecond);
    connect(&marksTimer_, &QTimer::timeout, this, &Transport::marksChanged);
}

void Transport::setPlaying(bool playing) {
    if (playing == playing_) return;
    playing_ = playing;
    engine_.setPlaying(playing);
    Q_EMIT changed();
}

void Transport::setPace(double pace) {
    if (pace == pace_) return;
    pace_ = pace;
    engine_.setPace(pace);
    Q_EMIT changed();
}

double Transport::seconds() const { return live() ? newestSeconds() : viewed_; }

QString Transport::clock() const {
    const auto total = static_cast<qint64>(std::floor(seconds()));
    return QStringLiteral("%1:%2:%3")
        .arg(total / 3600, 2, 10, QLatin1Char('0'))
        .arg(total / 60 % 60, 2, 10, QLatin1Char('0'))
        .arg(total % 60, 2, 10, QLatin1Char('0'));
}

void Transport::step() {
    engine_.stepEvent();
    playing_ = false;
    Q_EMIT changed();
}
void Transport::jump() { engine_.jumpToNextChange(); }

void Transport::scrub(double seconds) {
    if (seconds >= newestSeconds()) return returnToNow();
    viewed_ = std::max(0.0, seconds);
    cluster_.viewTime(sim::fromSeconds(viewed_));
    Q_EMIT moved();
    Q_EMIT changed();
}

void Transport::back() {
    const double here = seconds();
    for (auto mark = marks_.crbegin(); mark != marks_.crend(); ++mark)
        if (mark->at < here - 0.001) return scrub(mark->at);
    scrub(0);
}

void Transport::forward() {
    const double here = seconds();
    for (const Mark& mark : marks_)
        if (mark.at > here + 0.001) return scrub(mark.at);
    returnToNow();
}

void Transport::returnToNow() {
    cluster_.returnToNow();
    Q_EMIT moved();
}

void Transport::onBatch(const BatchPtr& batch) {
    if (batch->world != world_) {
        world_ = batch->world;
        marks_.clear();
        engine_.setPace(pace_);
        Q_EMIT changed();
        Q_EMIT marksChanged();
    }
    bool added = false;
    const auto mark = [&](sim::Time at, Mark::Kind kind, QString text) {
        marks_.push_back({sim::toSeconds(at), kind, std::move(text)});
        added = true;
    };
    for (const auto& record : batch->records)
        if (record.kind == "command") mark(record.at, Mark::Command, QString::fromStdString(record.text));
    for (const auto& change : batch->changes) {
        if (change.plural != "events" || change.type == "DELETED") continue;
        const bool warning = change.object["type"].asString() == "Warning";
        mark(change.at, warning ? Mark::Warning : Mark::Event,
             qstring(change.object["reason"].asString()) + QStringLiteral(": ") +
                 qstring(change.object["message"].asString()));
    }
    if (marks_.size() > kMaxMarks) marks_.erase(marks_.begin(), marks_.end() - kMaxMarks);
    if (added && !marksTimer_.isActive()) marksTimer_.start();
}

} // namespace app
