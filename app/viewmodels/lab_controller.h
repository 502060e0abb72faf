#pragma once
// What the learner is doing: which pack, which task, hints, checks, the exam clock and its report.

#include "engine/engine_thread.h"
#include "lab/progress.h"
#include "models/row_model.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>
#include <QUrl>

#include <atomic>
#include <thread>

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
    Q_PROPERTY(bool freeOpen READ freeOpen NOTIFY progressChanged)     // a free cluster goes on where it was left
    Q_PROPERTY(QVariantMap recommended READ recommended NOTIFY progressChanged)
    Q_PROPERTY(bool busy READ busy NOTIFY busyChanged)
    Q_PROPERTY(double resuming READ resuming NOTIFY resumingChanged) // share of a journal that is replayed; -1: none
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
    Q_PROPERTY(QStringList authorLines READ authorLines NOTIFY authorChanged) // of its pack.yaml
    Q_PROPERTY(QString authorTitle READ authorTitle NOTIFY authorChanged)     // empty: nothing read yet
    Q_PROPERTY(QString authorSummary READ authorSummary NOTIFY authorChanged)
    Q_PROPERTY(app::RowModel* proof READ proof CONSTANT) // a row per task and solution, a cell per seed
    Q_PROPERTY(double proving READ proving NOTIFY provingChanged) // share done; -1: no proof runs
    Q_PROPERTY(int proofFailures READ proofFailures NOTIFY provingChanged)
public:
    LabController(EngineThread& engine, lab::Progress* progress, JournalWriter* writer, QObject* parent = nullptr);
    ~LabController() override;

    // What a free cluster is made of; bench unless the program was told otherwise.
    void setFree(cluster::Blueprint blueprint, quint64 seed);
    void setLanguage(const QString& language);
    QString language() const { return language_; }
    RowModel* packs() { return &packsModel_; }
    RowModel* tasks() { return &tasks_; }
    RowModel* checks() { return &checks_; }
    RowModel* report() { return &report_; }
    RowModel* proof() { return &proof_; }
    QVariantList skills() const;
    QVariantMap resume() const;
    bool freeOpen() const;
    QVariantMap recommended() const;
    bool busy() const { return busy_; }
    double resuming() const { return resuming_; }
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
    QStringList authorLines() const { return authorLines_; }
    QString authorTitle() const { return authorRead_ ? (authorPack_.title.en.empty() ? authorFolder_.section(QLatin1Char('/'), -1) : in(authorPack_.title)) : QString(); }
    QString authorSummary() const;
    double proving() const { return proving_; }
    int proofFailures() const { return proofFailures_; }

    Q_INVOKABLE void openFree(bool anew = false); // goes on with the one that was left
    Q_INVOKABLE void openPack(const QString& id); // goes on with an open attempt
    Q_INVOKABLE void startOver(const QString& id);
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
    Q_INVOKABLE void stopProof();
    Q_INVOKABLE void playAuthorPack();

Q_SIGNALS:
    void languageChanged();
    void progressChanged();
    void busyChanged();
    void resumingChanged();
    void packChanged();
    void taskChanged();
    void hintsChanged();
    void checked();
    void tick();
    void noticeChanged();
    void authorChanged();
    void provingChanged();
    void opened(); // the cluster of a pack or a free lab is ready

private:
    void setBusy(bool busy);
    void start(lab::Pack pack, bool recorded = true);
    void goOn(lab::Pack pack, const lab::OpenAttempt& attempt);
    void show(bool fresh); // the pack and task that are set now
    Recording recording() const;
    quint64 seed() const;
    void saveAttempt();
    std::map<std::string, double> scoresOf(const lab::OpenAttempt& attempt) const;
    bool complete(const lab::Pack& pack, const lab::OpenAttempt& attempt) const;
    const lab::Pack* findPack(const std::string& id) const;
    void applyResult(const lab::TaskResult& result);
    void refreshPacks();
    void refreshTasks();
    void refreshChecks();
    void onTick();
    void reread();
    void addProof(const lab::ProofRow& row, double share);
    const lab::Task* task() const;
    QString in(const lab::Text& text) const { return QString::fromStdString(text.in(language_.toStdString())); }

    EngineThread& engine_;
    lab::Progress* progress_;
    JournalWriter* writer_;
    std::vector<lab::Pack> packs_;
    lab::Pack pack_, authorPack_;
    std::shared_ptr<const cluster::Blueprint> freeBlueprint_;
    quint64 freeSeed_ = 1;
    QString language_ = QStringLiteral("en"), notice_;
    bool busy_ = false, running_ = false, finished_ = false, checking_ = false;
    bool recorded_ = false; // the attempt goes on after a restart
    double resuming_ = -1;
    qint64 startedAt_ = 0;
    QString resumedVersion_; // that stored what is being resumed
    int taskIndex_ = 0, secondsLeft_ = -1;
    std::map<std::string, int> revealed_;
    std::map<std::string, lab::TaskResult> results_;
    std::set<std::string> flags_;
    lab::ExamResult exam_;
    QVariantList problems_;
    QString authorFolder_;
    QStringList authorLines_;
    bool authorRead_ = false;
    QFileSystemWatcher authorFiles_;
    std::thread prover_;
    std::atomic<bool> stopProof_ = false;
    double proving_ = -1;
    int proofFailures_ = 0, proofRun_ = 0;
    QTimer second_, watchStep_;
    RowModel packsModel_, tasks_, checks_, report_, proof_;
};

} // namespace app
