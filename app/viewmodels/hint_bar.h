#pragma once
// Explains the learner's last failed command, in the learner's language, beside the terminal.

#include "engine/engine_thread.h"
#include "lab/explain.h"
#include "viewmodels/lab_controller.h"

#include <QObject>

#include <vector>

namespace app {

class HintBar : public QObject {
    Q_OBJECT
    Q_PROPERTY(bool shown READ shown NOTIFY changed)
    Q_PROPERTY(int count READ count NOTIFY changed) // a manifest may have several mistakes
    Q_PROPERTY(int index READ index WRITE setIndex NOTIFY changed)
    Q_PROPERTY(QString title READ title NOTIFY changed)
    Q_PROPERTY(QString text READ text NOTIFY changed)
    Q_PROPERTY(QString place READ place NOTIFY changed) // "web.yaml:6"
    Q_PROPERTY(QString lineText READ lineText NOTIFY changed)
    Q_PROPERTY(QString field READ field NOTIFY changed)
    Q_PROPERTY(QString documentation READ documentation NOTIFY changed)
    Q_PROPERTY(QString suggestion READ suggestion NOTIFY changed)
public:
    HintBar(EngineThread& engine, LabController& lab, QObject* parent = nullptr);

    bool shown() const { return !found_.empty(); }
    int count() const { return static_cast<int>(found_.size()); }
    int index() const { return index_; }
    void setIndex(int index);
    QString title() const { return in(&lab::Explanation::title); }
    QString text() const { return in(&lab::Explanation::text); }
    QString place() const;
    QString lineText() const;
    QString field() const;
    QString documentation() const { return in(&lab::Explanation::documentation); }
    QString suggestion() const;

    Q_INVOKABLE void dismiss();

Q_SIGNALS:
    void changed();

private:
    void onBatch(const BatchPtr& batch);
    void ask(const sim::TraceRecord& failure);
    QString in(lab::Text lab::Explanation::*text) const;

    EngineThread& engine_;
    LabController& lab_;
    quint64 world_ = 0;
    quint64 asked_ = 0; // answers to an older question are dropped
    std::vector<lab::Explanation> found_;
    int index_ = 0;
};

} // namespace app
