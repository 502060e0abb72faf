#include "viewmodels/lab_controller.h"

#include "viewmodels/markdown.h"

#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QFile>

namespace app {
namespace {
constexpr quint64 kSeed = 1;
constexpr qint64 kMaxPackBytes = 20 * 1024 * 1024;

QString kindName(lab::PackKind kind) {
    switch (kind) {
    case lab::PackKind::Lesson: return QStringLiteral("lesson");
    case lab::PackKind::Exam: return QStringLiteral("exam");
    case lab::PackKind::Drill: break;
    }
    return QStringLiteral("drill");
}

QVariantMap checkRow(const lab::CheckResult& check, const QString& title, bool guard) {
    return {{QStringLiteral("id"), QString::fromStdString(check.id)},
            {QStringLiteral("title"), title},
            {QStringLiteral("passed"), check.passed},
            {QStringLiteral("guard"), guard},
            {QStringLiteral("expected"), QString::fromStdString(check.expected)},
            {QStringLiteral("observed"), QString::fromStdString(check.observed)},
            {QStringLiteral("cause"), QString::fromStdString(check.cause)},
            {QStringLiteral("causeAt"), sim::toSeconds(check.causeAt)}};
}
QStringList roles(const char* text) { return QString::fromLatin1(text).split(QLatin1Char(' ')); }
} // namespace

LabController::LabController(EngineThread& engine, lab::Progress* progress, QObject* parent)
    : QObject(parent), engine_(engine), progress_(progress), packs_(lab::builtinPacks()),
      packsModel_(roles("id title summary kind tasks done score minutes")),
      tasks_(roles("id number title domain weight host score flagged current")),
      checks_(roles("id title passed guard expected observed cause causeAt")),
      report_(roles("id number title weight score checks task")),
      proof_(roles("id task solution seed expected got ok detail")) {
    connect(&engine, &EngineThread::started, this, [this] {
        setBusy(false);
        running_ = true;
        Q_EMIT packChanged();
        Q_EMIT taskChanged();
        Q_EMIT opened();
    });
    connect(&engine, &EngineThread::failed, this, [this](const QString& message) {
        setBusy(false);
        setNotice(message);
    });
    second_.setInterval(1000);
    connect(&second_, &QTimer::timeout, this, &LabController::onTick);
    second_.start();
    // A lesson's step notices by itself when it is done.
    watchStep_.setInterval(1500);
    connect(&watchStep_, &QTimer::timeout, this, [this] {
        if (running_ && pack_.kind == lab::PackKind::Lesson && score() < 100) check();
    });
    watchStep_.start();
    refreshPacks();
}

void LabController::setLanguage(const QString& language) {
    if (language == language_) return;
    language_ = language;
    refreshPacks();
    refreshTasks();
    refreshChecks();
    Q_EMIT languageChanged();
    Q_EMIT packChanged();
    Q_EMIT taskChanged();
    Q_EMIT hintsChanged();
    Q_EMIT progressChanged();
}

void LabController::setBusy(bool busy) {
    if (busy == busy_) return;
    busy_ = busy;
    Q_EMIT busyChanged();
}

void LabController::setNotice(const QString& notice) {
    notice_ = notice;
    Q_EMIT noticeChanged();
}

void LabController::refreshPacks() {
    std::map<std::string, double> best;
    if (progress_ != nullptr)
        for (const auto& result : progress_->bestResults()) best[result.packId + "/" + result.taskId] = result.score;
    QVector<QVariantMap> rows;
    for (const auto& pack : packs_) {
        int done = 0;
        double total = 0;
        for (const auto& task : pack.tasks) {
            const auto found = best.find(pack.id + "/" + task.id);
            if (found == best.end()) continue;
            done += found->second >= 99.99;
            total += found->second;
        }
        rows << QVariantMap{{QStringLiteral("id"), QString::fromStdString(pack.id)},
                            {QStringLiteral("title"), in(pack.title)},
                            {QStringLiteral("summary"), in(pack.summary)},
                            {QStringLiteral("kind"), kindName(pack.kind)},
                            {QStringLiteral("tasks"), static_cast<int>(pack.tasks.size())},
                            {QStringLiteral("done"), done},
                            {QStringLiteral("score"), pack.tasks.empty() ? 0 : total / static_cast<double>(pack.tasks.size())},
                            {QStringLiteral("minutes"), pack.minutes}};
    }
    packsModel_.setRows(std::move(rows));
    Q_EMIT progressChanged();
}

QVariantList LabController::skills() const {
    std::map<std::string, double> best;
    if (progress_ != nullptr)
        for (const auto& result : progress_->bestResults()) best[result.packId + "/" + result.taskId] = result.score;
    QVariantList list;
    for (const char* domain : {"troubleshooting", "architecture", "services", "workloads", "storage"}) {
        int total = 0, done = 0;
        double sum = 0;
        for (const auto& pack : packs_)
            for (const auto& task : pack.tasks) {
                if (task.domain != domain) continue;
                ++total;
                const auto found = best.find(pack.id + "/" + task.id);
                if (found == best.end()) continue;
                sum += found->second;
                done += found->second >= 99.99;
            }
        list << QVariantMap{{QStringLiteral("domain"), QLatin1String(domain)},
                            {QStringLiteral("score"), total == 0 ? 0 : sum / total / 100},
                            {QStringLiteral("done"), done},
                            {QStringLiteral("total"), total}};
    }
    return list;
}

QVariantMap LabController::resume() const {
    if (progress_ == nullptr) return {};
    const auto history = progress_->history(1);
    if (history.empty()) return {};
    for (const auto& pack : packs_)
        if (pack.id == history.front().packId)
            return {{QStringLiteral("id"), QString::fromStdString(pack.id)},
                    {QStringLiteral("title"), in(pack.title)},
                    {QStringLiteral("kind"), kindName(pack.kind)}};
    return {};
}

QVariantMap LabController::recommended() const {
    // The first drill task, in pack order, whose best score is not full; weakest domain first.
    std::map<std::string, double> best;
    if (progress_ != nullptr)
        for (const auto& result : progress_->bestResults()) best[result.packId + "/" + result.taskId] = result.score;
    for (const auto wanted : {lab::PackKind::Lesson, lab::PackKind::Drill, lab::PackKind::Exam})
        for (const auto& pack : packs_) {
            if (pack.kind != wanted) continue;
            for (const auto& task : pack.tasks) {
                const auto found = best.find(pack.id + "/" + task.id);
                if (found != best.end() && found->second >= 99.99) continue;
                return {{QStringLiteral("id"), QString::fromStdString(pack.id)},
                        {QStringLiteral("title"), in(pack.title)},
                        {QStringLiteral("kind"), kindName(pack.kind)},
                        {QStringLiteral("task"), in(task.title)},
                        {QStringLiteral("tried"), found != best.end()},
                        {QStringLiteral("domain"), QString::fromStdString(task.domain)}};
            }
        }
    return {};
}

void LabController::openFree() {
    pack_ = {};
    finished_ = false;
    results_.clear();
    secondsLeft_ = -1;
    setBusy(true);
    refreshTasks();
    Q_EMIT packChanged();
    engine_.startFree(QStringLiteral("bench"), kSeed);
}

void LabController::openPack(const QString& id) {
    for (const auto& pack : packs_)
        if (pack.id == id.toStdString()) return start(pack);
}

void LabController::start(lab::Pack pack) {
    pack_ = std::move(pack);
    taskIndex_ = 0;
    finished_ = false;
    results_.clear();
    revealed_.clear();
    flags_.clear();
    exam_ = {};
    secondsLeft_ = pack_.minutes > 0 ? pack_.minutes * 60 : -1;
    running_ = false;
    setBusy(true);
    refreshTasks();
    refreshChecks();
    Q_EMIT packChanged();
    Q_EMIT taskChanged();
    Q_EMIT hintsChanged();
    Q_EMIT checked();
    Q_EMIT tick();
    engine_.startPack(pack_, kSeed, 0);
}

void LabController::leave() {
    pack_ = {};
    running_ = false;
    secondsLeft_ = -1;
    refreshTasks();
    Q_EMIT packChanged();
    Q_EMIT taskChanged();
}

const lab::Task* LabController::task() const {
    return taskIndex_ < taskCount() ? &pack_.tasks[static_cast<std::size_t>(taskIndex_)] : nullptr;
}

QString LabController::packTitle() const { return in(pack_.title); }
QString LabController::packKind() const { return pack_.id.empty() ? QStringLiteral("free") : kindName(pack_.kind); }
QString LabController::taskTitle() const { return task() ? in(task()->title) : QString(); }
QString LabController::taskHost() const { return task() ? QString::fromStdString(task()->host) : QString(); }
double LabController::taskWeight() const { return task() ? task()->weight : 0; }
QVariantList LabController::taskBlocks() const { return task() ? markdownBlocks(in(task()->body)) : QVariantList(); }
QVariantList LabController::explanation() const { return task() ? markdownBlocks(in(task()->explanation)) : QVariantList(); }

void LabController::setTaskIndex(int index) {
    if (index < 0 || index >= taskCount() || index == taskIndex_) return;
    taskIndex_ = index;
    if (pack_.isolated) { // another task, another cluster
        running_ = false;
        setBusy(true);
        engine_.startPack(pack_, kSeed, index);
    }
    refreshTasks();
    refreshChecks();
    Q_EMIT taskChanged();
    Q_EMIT hintsChanged();
    Q_EMIT checked();
}

QVariantList LabController::hints() const {
    QVariantList list;
    if (task() == nullptr) return list;
    const auto found = revealed_.find(task()->id);
    const int shown = found == revealed_.end() ? 0 : found->second;
    for (int i = 0; i < shown; ++i) list << in(task()->hints[static_cast<std::size_t>(i)]);
    return list;
}
int LabController::hintsLeft() const {
    return task() == nullptr || pack_.strict ? 0 : static_cast<int>(task()->hints.size()) - static_cast<int>(hints().size());
}
void LabController::revealHint() {
    if (hintsLeft() <= 0) return;
    ++revealed_[task()->id];
    Q_EMIT hintsChanged();
}

int LabController::checksPassed() const {
    int passed = 0;
    if (task() != nullptr)
        if (const auto found = results_.find(task()->id); found != results_.end())
            for (const auto& check : found->second.checks) passed += check.passed;
    return passed;
}
double LabController::score() const {
    if (task() == nullptr) return -1;
    const auto found = results_.find(task()->id);
    return found == results_.end() ? -1 : found->second.score;
}
bool LabController::flagged() const { return task() != nullptr && flags_.count(task()->id) != 0; }

void LabController::toggleFlag() {
    if (task() == nullptr) return;
    if (!flags_.insert(task()->id).second) flags_.erase(task()->id);
    refreshTasks();
    Q_EMIT taskChanged();
}

void LabController::check() {
    if (!running_ || checking_ || task() == nullptr || (pack_.strict && !finished_)) return;
    checking_ = true;
    engine_.ask<lab::TaskResult>(
        [index = static_cast<std::size_t>(taskIndex_)](World& world) {
            return world.attempt ? world.attempt->grade(index) : lab::TaskResult{};
        },
        [this](lab::TaskResult result) {
            checking_ = false;
            applyResult(result);
        });
}

void LabController::applyResult(const lab::TaskResult& result) {
    if (result.taskId.empty()) return;
    const auto before = results_.find(result.taskId);
    const bool better = before == results_.end() || before->second.score < result.score;
    results_[result.taskId] = result;
    if (progress_ != nullptr && (pack_.kind != lab::PackKind::Lesson || (better && result.score >= 99.99))) {
        const auto stored = progress_->recordResult(pack_.id, result, QDateTime::currentSecsSinceEpoch());
        if (!stored.ok()) setNotice(tr("The result could not be saved: %1").arg(QString::fromStdString(stored.error().message)));
    }
    refreshTasks();
    refreshChecks();
    refreshPacks();
    Q_EMIT checked();
}

void LabController::resetTask() {
    if (!running_ || task() == nullptr || pack_.strict) return;
    engine_.ask<std::string>(
        [index = static_cast<std::size_t>(taskIndex_)](World& world) -> std::string {
            if (!world.attempt) return {};
            const auto status = world.attempt->resetTask(index);
            return status.ok() ? std::string() : status.error().message;
        },
        [this](std::string failure) {
            if (!failure.empty()) setNotice(QString::fromStdString(failure));
            if (task() != nullptr) results_.erase(task()->id);
            refreshChecks();
            Q_EMIT checked();
        });
}

void LabController::finish() {
    if (!running_ || finished_) return;
    setBusy(true);
    engine_.ask<lab::ExamResult>(
        [](World& world) { return world.attempt ? world.attempt->gradeAll() : lab::ExamResult{}; },
        [this](lab::ExamResult result) {
            exam_ = result;
            finished_ = true;
            QVector<QVariantMap> rows;
            for (std::size_t i = 0; i < result.tasks.size() && i < pack_.tasks.size(); ++i) {
                results_[result.tasks[i].taskId] = result.tasks[i];
                if (progress_ != nullptr) {
                    const auto stored = progress_->recordResult(pack_.id, result.tasks[i], QDateTime::currentSecsSinceEpoch());
                    if (!stored.ok()) setNotice(tr("The result could not be saved: %1").arg(QString::fromStdString(stored.error().message)));
                }
                QVariantList checks;
                for (const auto& check : result.tasks[i].checks) checks << checkRow(check, in(check.title), false);
                for (const auto& guard : result.tasks[i].guards)
                    if (!guard.passed) checks << checkRow(guard, in(guard.title), true);
                rows << QVariantMap{{QStringLiteral("id"), QString::fromStdString(result.tasks[i].taskId)},
                                    {QStringLiteral("number"), static_cast<int>(i) + 1},
                                    {QStringLiteral("title"), in(pack_.tasks[i].title)},
                                    {QStringLiteral("weight"), pack_.tasks[i].weight},
                                    {QStringLiteral("score"), result.tasks[i].score},
                                    {QStringLiteral("checks"), checks},
                                    {QStringLiteral("task"), static_cast<int>(i)}};
            }
            report_.setRows(std::move(rows));
            setBusy(false);
            refreshTasks();
            refreshChecks();
            refreshPacks();
            Q_EMIT packChanged();
            Q_EMIT checked();
        });
}

QVariantList LabController::solutionOf(int index) const {
    QVariantList blocks;
    if (index < 0 || index >= taskCount() || (pack_.strict && !finished_)) return blocks;
    const lab::Task& chosen = pack_.tasks[static_cast<std::size_t>(index)];
    blocks << markdownBlocks(in(chosen.explanation));
    for (const auto& reference : chosen.references)
        for (const auto& step : reference.steps)
            blocks << QVariantMap{{QStringLiteral("type"), QStringLiteral("code")},
                                  {QStringLiteral("text"), QString::fromStdString(step.kind == "file" ? "# " + step.path + "\n" + step.text : step.text)},
                                  {QStringLiteral("language"), QStringLiteral("sh")}};
    return blocks;
}

void LabController::refreshTasks() {
    QVector<QVariantMap> rows;
    for (int i = 0; i < taskCount(); ++i) {
        const lab::Task& each = pack_.tasks[static_cast<std::size_t>(i)];
        const auto found = results_.find(each.id);
        rows << QVariantMap{{QStringLiteral("id"), QString::fromStdString(each.id)},
                            {QStringLiteral("number"), i + 1},
                            {QStringLiteral("title"), in(each.title)},
                            {QStringLiteral("domain"), QString::fromStdString(each.domain)},
                            {QStringLiteral("weight"), each.weight},
                            {QStringLiteral("host"), QString::fromStdString(each.host)},
                            {QStringLiteral("score"), found == results_.end() || (pack_.strict && !finished_) ? -1.0 : found->second.score},
                            {QStringLiteral("flagged"), flags_.count(each.id) != 0},
                            {QStringLiteral("current"), i == taskIndex_}};
    }
    tasks_.setRows(std::move(rows));
}

void LabController::refreshChecks() {
    QVector<QVariantMap> rows;
    if (task() != nullptr)
        if (const auto found = results_.find(task()->id); found != results_.end()) {
            for (const auto& check : found->second.checks) rows << checkRow(check, in(check.title), false);
            for (const auto& guard : found->second.guards)
                if (!guard.passed) rows << checkRow(guard, in(guard.title), true);
        }
    checks_.setRows(std::move(rows));
}

void LabController::onTick() {
    if (secondsLeft_ <= 0 || !running_ || finished_) return;
    --secondsLeft_;
    Q_EMIT tick();
    if (secondsLeft_ == 0) finish();
}

void LabController::readFolder(const QUrl& folder) {
    const QDir root(folder.isLocalFile() ? folder.toLocalFile() : folder.toString());
    lab::PackFiles files;
    qint64 total = 0;
    problems_.clear();
    QDirIterator walk(root.path(), QDir::Files | QDir::NoSymLinks, QDirIterator::Subdirectories);
    while (walk.hasNext()) {
        QFile file(walk.next());
        total += file.size();
        if (total > kMaxPackBytes || !file.open(QIODevice::ReadOnly)) {
            problems_ << QVariantMap{{QStringLiteral("place"), file.fileName()},
                                     {QStringLiteral("message"), total > kMaxPackBytes ? tr("The pack is larger than 20 MiB.") : file.errorString()}};
            break;
        }
        files[root.relativeFilePath(file.fileName()).toStdString()] = file.readAll().toStdString();
    }
    auto read = lab::readPack(files, root.dirName().toStdString());
    for (const auto& problem : read.problems)
        problems_ << QVariantMap{{QStringLiteral("place"), QString::fromStdString(problem.place)},
                                 {QStringLiteral("message"), QString::fromStdString(problem.message)}};
    authorPack_ = std::move(read.pack);
    proof_.clear();
    Q_EMIT authorChanged();
}

void LabController::playAuthorPack() {
    if (problems_.isEmpty() && !authorPack_.id.empty()) start(authorPack_);
}

void LabController::prove() {
    if (!problems_.isEmpty() || authorPack_.id.empty()) return;
    setBusy(true);
    using Rows = std::vector<lab::ProofRow>;
    auto pack = std::make_shared<lab::Pack>(authorPack_);
    engine_.ask<Rows>([pack](World&) { return lab::provePack(*pack, {1, 2, 3, 4, 5}); },
                      [this](Rows proven) {
                          QVector<QVariantMap> rows;
                          int number = 0;
                          for (const auto& row : proven)
                              rows << QVariantMap{{QStringLiteral("id"), QString::number(number++)},
                                                  {QStringLiteral("task"), QString::fromStdString(row.task)},
                                                  {QStringLiteral("solution"), QString::fromStdString(row.solution)},
                                                  {QStringLiteral("seed"), static_cast<qulonglong>(row.seed)},
                                                  {QStringLiteral("expected"), row.expected},
                                                  {QStringLiteral("got"), row.got},
                                                  {QStringLiteral("ok"), row.ok()},
                                                  {QStringLiteral("detail"), QString::fromStdString(row.detail)}};
                          proof_.setRows(std::move(rows));
                          setBusy(false);
                          Q_EMIT authorChanged();
                      });
}

} // namespace app
