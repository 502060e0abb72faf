#pragma once
// What the learner is doing: which pack, which task, hints, checks, the exam clock and its report.

#include "engine/engine_thread.h"
#include "lab/progress.h"
#include "models/row_model.h"

#include <QObject>
#include <QTimer>
#include <QUrl>

#include <map>
#include <set>

namespace app {

class LabController : public QObject {
    Q_OBJECT
    Q_PROPERTY(QString language READ language NOTIFY languageChanged)
    Q_PROPERTY(app::RowModel* packs READ packs CONSTANT)
    Q_PROPERTY(app::RowModel* tasks READ tasks CONSTANT)
    Q_PROPERTY(app::RowModel* checks READ checks CONSTANT)
    Q_PROPERTY(app::RowModel* report READ report CONSTANT)
    Q_PROPERTY(QVariantList skills READ skills NOTIFY progressChanged) // {domain, score, done, total}
    Q_PROPERTY(QVariantMap resume READ resume NOTIFY progressChanged)  // where one left; empty: nothing
    Q_PROPERTY(QVariantMap recommended READ recommended NOTIFY progressChanged)
    Q_PROPERTY(bool busy READ busy NOTIFY busyChanged)
    Q_PROPERTY(bool running READ running NOTIFY packChanged)
    Q_PROPERTY(QString packId READ packId NOTIFY packChanged)
    Q_PROPERTY(QString packTitle READ packTitle NOTIFY packChanged)
    Q_PROPERTY(QString packKind READ packKind NOTIFY packChanged) // lesson, drill, exam, free
    Q_PROPERTY(bool strict READ strict NOTIFY packChanged)
    Q_PROPERTY(int taskIndex READ taskIndex WRITE setTaskIndex NOTIFY taskChanged)
    Q_PROPERTY(int taskCount READ taskCount NOTIFY packChanged)
    Q_PROPERTY(QString taskTitle READ taskTitle NOTIFY taskChanged)
    Q_PROPERTY(QString taskHost READ taskHost NOTIFY taskChanged)
    Q_PROPERTY(double taskWeight READ taskWeight NOTIFY taskChanged)
    Q_PROPERTY(QVariantList taskBlocks READ taskBlocks NOTIFY taskChanged)
    Q_PROPERTY(QVariantList explanation READ explanation NOTIFY taskChanged)
    Q_PROPERTY(QVariantList hints READ hints NOTIFY hintsChanged) // those revealed
    Q_PROPERTY(int hintsLeft READ hintsLeft NOTIFY hintsChanged)
    Q_PROPERTY(int checksPassed READ checksPassed NOTIFY checked)
    Q_PROPERTY(double score READ score NOTIFY checked) // -1: not checked yet
    Q_PROPERTY(bool flagged READ flagged NOTIFY taskChanged)
    Q_PROPERTY(int secondsLeft READ secondsLeft NOTIFY tick) // exam; -1: no clock
    Q_PROPERTY(bool finished READ finished NOTIFY packChanged)
    Q_PROPERTY(double examScore READ examScore NOTIFY packChanged)
    Q_PROPERTY(bool examPassed READ examPassed NOTIFY packChanged)
    Q_PROPERTY(QString notice READ notice NOTIFY noticeChanged)
    Q_PROPERTY(QVariantList problems READ problems NOTIFY authorChanged) // of the author's pack
    Q_PROPERTY(app::RowModel* proof READ proof CONSTANT)
public:
    LabController(EngineThread& engine, lab::Progress* progress, QObject* parent = nullptr);

    void setLanguage(const QString& language);
    QString language() const { return language_; }
    RowModel* packs() { return &packsModel_; }
    RowModel* tasks() { return &tasks_; }
    RowModel* checks() { return &checks_; }
    RowModel* report() { return &report_; }
    RowModel* proof() { return &proof_; }
    QVariantList skills() const;
    QVariantMap resume() const;
    QVariantMap recommended() const;
    bool busy() const { return busy_; }
    bool running() const { return running_; }
    QString packId() const { return QString::fromStdString(pack_.id); }
    QString packTitle() const;
    QString packKind() const;
    bool strict() const { return pack_.strict; }
    int taskIndex() const { return taskIndex_; }
    void setTaskIndex(int index);
    int taskCount() const { return static_cast<int>(pack_.tasks.size()); }
    QString taskTitle() const;
    QString taskHost() const;
    double taskWeight() const;
    QVariantList taskBlocks() const;
    QVariantList explanation() const;
    QVariantList hints() const;
    int hintsLeft() const;
    int checksPassed() const;
    double score() const;
    bool flagged() const;
    int secondsLeft() const { return secondsLeft_; }
    bool finished() const { return finished_; }
    double examScore() const { return exam_.score; }
    bool examPassed() const { return exam_.passed; }
    QString notice() const { return notice_; }
    void setNotice(const QString& notice);
    QVariantList problems() const { return problems_; }

    Q_INVOKABLE void openFree();
    Q_INVOKABLE void openPack(const QString& id);
    Q_INVOKABLE void leave();
    Q_INVOKABLE void revealHint();
    Q_INVOKABLE void check();
    Q_INVOKABLE void resetTask();
    Q_INVOKABLE void toggleFlag();
    Q_INVOKABLE void finish(); // grades the whole exam
    Q_INVOKABLE void dismissNotice() { setNotice({}); }
    Q_INVOKABLE QVariantList solutionOf(int task) const; // code blocks of the reference, when allowed
    Q_INVOKABLE void readFolder(const QUrl& folder);     // author: check a pack on disk
    Q_INVOKABLE void prove();
    Q_INVOKABLE void playAuthorPack();

Q_SIGNALS:
    void languageChanged();
    void progressChanged();
    void busyChanged();
    void packChanged();
    void taskChanged();
    void hintsChanged();
    void checked();
    void tick();
    void noticeChanged();
    void authorChanged();
    void opened(); // the cluster of a pack or a free lab is ready

private:
    void setBusy(bool busy);
    void start(lab::Pack pack);
    void applyResult(const lab::TaskResult& result);
    void refreshPacks();
    void refreshTasks();
    void refreshChecks();
    void onTick();
    const lab::Task* task() const;
    QString in(const lab::Text& text) const { return QString::fromStdString(text.in(language_.toStdString())); }

    EngineThread& engine_;
    lab::Progress* progress_;
    std::vector<lab::Pack> packs_;
    lab::Pack pack_, authorPack_;
    QString language_ = QStringLiteral("en"), notice_;
    bool busy_ = false, running_ = false, finished_ = false, checking_ = false;
    int taskIndex_ = 0, secondsLeft_ = -1;
    std::map<std::string, int> revealed_;
    std::map<std::string, lab::TaskResult> results_;
    std::set<std::string> flags_;
    lab::ExamResult exam_;
    QVariantList problems_;
    QTimer second_, watchStep_;
    RowModel packsModel_, tasks_, checks_, report_, proof_;
};

} // namespace app
