#include "viewmodels/lab_controller.h"

#include "viewmodels/markdown.h"

#include <QDateTime>

#include <algorithm>

namespace app {
namespace {
constexpr quint64 kSeed = 1;
constexpr const char* kFree = "(free)"; // in the place of a pack's id: none can be called so

QString kindName(lab::PackKind kind) {
    switch (kind) {
    case lab::PackKind::Lesson: return QStringLiteral("lesson");
    case lab::PackKind::Exam: return QStringLiteral("exam");
    case lab::PackKind::Drill: break;
    }
    return QStringLiteral("drill");
}

QVariantMap checkRow(const lab::CheckResult& check, const QString& language, bool guard) {
    const auto in = [tongue = language.toStdString()](const lab::Text& text) { return QString::fromStdString(text.in(tongue)); };
    return {{QStringLiteral("id"), QString::fromStdString(check.id)},
            {QStringLiteral("title"), in(check.title)},
            {QStringLiteral("passed"), check.passed},
            {QStringLiteral("guard"), guard},
            {QStringLiteral("expected"), in(check.expected)},
            {QStringLiteral("observed"), in(check.observed)},
            {QStringLiteral("cause"), QString::fromStdString(check.cause)},
            {QStringLiteral("causeAt"), sim::toSeconds(check.causeAt)}};
}
QStringList roles(const char* text) { return QString::fromLatin1(text).split(QLatin1Char(' ')); }
} // namespace

LabController::LabController(EngineThread& engine, lab::Progress* progress, JournalWriter* writer, QObject* parent)
    : QObject(parent), engine_(engine), progress_(progress), writer_(writer), packs_(lab::builtinPacks()),
      packsModel_(roles("id title summary kind tasks done score minutes open")),
      tasks_(roles("id number title domain weight host score flagged current")),
      checks_(roles("id title passed guard expected observed cause causeAt")),
      report_(roles("id number title weight score checks task")),
      proof_(roles("id task solution expected cells ok detail")) {
    if (auto bench = cluster::builtinBlueprint("bench"); bench.ok()) setFree(std::move(bench).value(), kSeed);
    connect(&engine, &EngineThread::started, this, [this] {
        setBusy(false);
        resuming_ = -1;
        Q_EMIT resumingChanged();
        running_ = true;
        Q_EMIT packChanged();
        Q_EMIT taskChanged();
        refreshPacks(); // now it can be continued
        Q_EMIT opened();
    });
    connect(&engine, &EngineThread::resuming, this, [this](double share) {
        resuming_ = share;
        Q_EMIT resumingChanged();
    });
    connect(&engine, &EngineThread::resumeFailed, this, [this](const QString& why) {
        setNotice(tr("“%1” was left open in Timonel %2 and cannot be continued in this version (%3): %4. It begins anew; every saved result is kept.")
                      .arg(in(pack_.title), resumedVersion_, QStringLiteral(TIMONEL_VERSION), why));
        if (pack_.minutes > 0) secondsLeft_ = pack_.minutes * 60;
        startedAt_ = QDateTime::currentSecsSinceEpoch();
        revealed_.clear();
        flags_.clear();
        saveAttempt();
    });
    if (writer_ != nullptr)
        connect(writer_, &JournalWriter::failed, this, [this](const QString& why) {
            setNotice(tr("Your work goes on, but it cannot be saved for a restart: %1").arg(why));
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
    connect(&authorFiles_, &QFileSystemWatcher::fileChanged, this, &LabController::reread);
    connect(&authorFiles_, &QFileSystemWatcher::directoryChanged, this, &LabController::reread);
    refreshPacks();
}

LabController::~LabController() { stopProof(); }

void LabController::setFree(cluster::Blueprint blueprint, quint64 seed) {
    freeBlueprint_ = std::make_shared<const cluster::Blueprint>(std::move(blueprint));
    freeSeed_ = seed;
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
    std::set<std::string> open;
    if (progress_ != nullptr)
        for (const auto& attempt : progress_->openAttempts())
            if (const lab::Pack* pack = findPack(attempt.packId); pack != nullptr && !complete(*pack, attempt)) open.insert(attempt.packId);
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
                            {QStringLiteral("minutes"), pack.minutes},
                            {QStringLiteral("open"), open.count(pack.id) != 0}};
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
    for (const auto& attempt : progress_->openAttempts()) {
        const lab::Pack* pack = findPack(attempt.packId);
        if (pack == nullptr || complete(*pack, attempt)) continue;
        const std::size_t task = std::min(attempt.currentTask, pack->tasks.size() - 1);
        int done = 0;
        for (const auto& [id, score] : scoresOf(attempt)) done += score >= 99.99;
        return {{QStringLiteral("id"), QString::fromStdString(pack->id)},
                {QStringLiteral("title"), in(pack->title)},
                {QStringLiteral("kind"), kindName(pack->kind)},
                {QStringLiteral("task"), in(pack->tasks[task].title)},
                {QStringLiteral("number"), static_cast<int>(task) + 1},
                {QStringLiteral("tasks"), static_cast<int>(pack->tasks.size())},
                {QStringLiteral("done"), done},
                {QStringLiteral("secondsLeft"), static_cast<int>(attempt.secondsLeft)}};
    }
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

void LabController::openFree(bool anew) {
    if (!anew && pack_.id == kFree && (running_ || busy_)) {
        Q_EMIT opened();
        return;
    }
    lab::Pack free;
    free.id = kFree;
    free.title = {"Free cluster", "Clúster libre"};
    free.ownBlueprint = freeBlueprint_;
    const auto left = progress_ != nullptr && !anew ? progress_->openAttempt(kFree) : std::nullopt;
    if (left) goOn(std::move(free), *left);
    else start(std::move(free));
}

bool LabController::freeOpen() const { return progress_ != nullptr && progress_->openAttempt(kFree).has_value(); }

const lab::Pack* LabController::findPack(const std::string& id) const {
    for (const auto& pack : packs_)
        if (pack.id == id) return &pack;
    return nullptr;
}

// Scores of this attempt: its latest result per task.
std::map<std::string, double> LabController::scoresOf(const lab::OpenAttempt& attempt) const {
    constexpr std::size_t kResults = 1000;
    std::map<std::string, double> scores;
    if (progress_ == nullptr) return scores;
    for (const auto& result : progress_->history(kResults)) // the newest first
        if (result.packId == attempt.packId && result.unixSeconds >= attempt.startedUnix) scores.try_emplace(result.taskId, result.score);
    return scores;
}

bool LabController::complete(const lab::Pack& pack, const lab::OpenAttempt& attempt) const {
    if (pack.tasks.empty() || (finished_ && pack_.id == pack.id)) return true; // handed in; its journal is on the way out
    if (pack.kind == lab::PackKind::Exam) return false; // ends when it is handed in
    const auto scores = scoresOf(attempt);
    return std::all_of(pack.tasks.begin(), pack.tasks.end(), [&](const lab::Task& task) {
        const auto found = scores.find(task.id);
        return found != scores.end() && found->second >= 99.99;
    });
}

void LabController::openPack(const QString& id) {
    const lab::Pack* pack = findPack(id.toStdString());
    if (pack == nullptr) return;
    if (pack_.id == pack->id && (running_ || busy_) && !finished_) { // it is open already
        Q_EMIT opened();
        return;
    }
    const auto attempt = progress_ != nullptr ? progress_->openAttempt(pack->id) : std::nullopt;
    if (attempt && !complete(*pack, *attempt)) goOn(*pack, *attempt);
    else start(*pack);
}

void LabController::startOver(const QString& id) {
    if (const lab::Pack* pack = findPack(id.toStdString())) start(*pack);
}

void LabController::start(lab::Pack pack, bool recorded) {
    pack_ = std::move(pack);
    recorded_ = recorded;
    taskIndex_ = 0;
    startedAt_ = QDateTime::currentSecsSinceEpoch();
    results_.clear();
    revealed_.clear();
    flags_.clear();
    secondsLeft_ = pack_.minutes > 0 ? pack_.minutes * 60 : -1;
    show(true);
}

void LabController::goOn(lab::Pack pack, const lab::OpenAttempt& attempt) {
    pack_ = std::move(pack);
    recorded_ = true;
    taskIndex_ = pack_.tasks.empty() ? 0 : static_cast<int>(std::min(attempt.currentTask, pack_.tasks.size() - 1));
    startedAt_ = attempt.startedUnix;
    resumedVersion_ = QString::fromStdString(attempt.version);
    secondsLeft_ = pack_.minutes > 0 ? static_cast<int>(std::max<std::int64_t>(1, attempt.secondsLeft)) : -1;
    flags_ = {attempt.flaggedTasks.begin(), attempt.flaggedTasks.end()};
    results_.clear();
    revealed_.clear();
    for (const auto& each : pack_.tasks)
        for (const auto& [task, shown] : attempt.hints)
            if (task == each.id) revealed_[task] = std::clamp(shown, 0, static_cast<int>(each.hints.size()));
    for (const auto& [task, score] : scoresOf(attempt)) {
        results_[task].taskId = task;
        results_[task].score = score;
    }
    show(false);
}

void LabController::show(bool fresh) {
    finished_ = false;
    exam_ = {};
    running_ = false;
    setBusy(true);
    refreshTasks();
    refreshChecks();
    Q_EMIT packChanged();
    Q_EMIT taskChanged();
    Q_EMIT hintsChanged();
    Q_EMIT checked();
    Q_EMIT tick();
    saveAttempt();
    engine_.startPack(pack_, seed(), taskIndex_, recording(), fresh);
}

Recording LabController::recording() const {
    if (!recorded_) return {};
    if (pack_.id == kFree) return {kFree, pack_.ownBlueprint->name + " " + std::to_string(freeSeed_)};
    return {pack_.id, pack_.isolated && task() != nullptr ? task()->id : std::string()};
}

quint64 LabController::seed() const { return pack_.id == kFree ? freeSeed_ : kSeed; }

// Off the window's thread: a slow disk must not cost a frame.
void LabController::saveAttempt() {
    if (writer_ == nullptr || !recorded_ || pack_.id.empty() || finished_) return;
    lab::OpenAttempt attempt;
    attempt.packId = pack_.id;
    attempt.seed = seed();
    attempt.currentTask = static_cast<std::size_t>(taskIndex_);
    attempt.startedUnix = startedAt_;
    attempt.secondsLeft = secondsLeft_;
    attempt.flaggedTasks = {flags_.begin(), flags_.end()};
    attempt.hints = {revealed_.begin(), revealed_.end()};
    attempt.version = TIMONEL_VERSION;
    writer_->post([attempt](lab::Progress& progress) { return progress.saveAttempt(attempt); });
}

void LabController::leave() {
    saveAttempt();
    pack_ = {};
    recorded_ = false;
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
QString LabController::packKind() const { return pack_.tasks.empty() ? QStringLiteral("free") : kindName(pack_.kind); }
QString LabController::taskTitle() const { return task() ? in(task()->title) : QString(); }
QString LabController::taskHost() const { return task() ? QString::fromStdString(task()->host) : QString(); }
double LabController::taskWeight() const { return task() ? task()->weight : 0; }
QVariantList LabController::taskBlocks() const { return task() ? markdownBlocks(in(task()->body)) : QVariantList(); }
QVariantList LabController::explanation() const { return task() ? markdownBlocks(in(task()->explanation)) : QVariantList(); }

void LabController::setTaskIndex(int index) {
    if (index < 0 || index >= taskCount() || index == taskIndex_) return;
    taskIndex_ = index;
    saveAttempt();
    if (pack_.isolated) { // another task, another cluster; one that was left open goes on
        running_ = false;
        setBusy(true);
        engine_.startPack(pack_, seed(), index, recording(), !recorded_);
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
    saveAttempt();
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
    saveAttempt();
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
            recorded_ = false;
            engine_.forget();
            QVector<QVariantMap> rows;
            for (std::size_t i = 0; i < result.tasks.size() && i < pack_.tasks.size(); ++i) {
                results_[result.tasks[i].taskId] = result.tasks[i];
                if (progress_ != nullptr) {
                    const auto stored = progress_->recordResult(pack_.id, result.tasks[i], QDateTime::currentSecsSinceEpoch());
                    if (!stored.ok()) setNotice(tr("The result could not be saved: %1").arg(QString::fromStdString(stored.error().message)));
                }
                QVariantList checks;
                for (const auto& check : result.tasks[i].checks) checks << checkRow(check, language_, false);
                for (const auto& guard : result.tasks[i].guards)
                    if (!guard.passed) checks << checkRow(guard, language_, true);
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
            for (const auto& check : found->second.checks) rows << checkRow(check, language_, false);
            for (const auto& guard : found->second.guards)
                if (!guard.passed) rows << checkRow(guard, language_, true);
        }
    checks_.setRows(std::move(rows));
}

void LabController::onTick() {
    if (secondsLeft_ <= 0 || !running_ || finished_) return;
    --secondsLeft_;
    saveAttempt();
    Q_EMIT tick();
    if (secondsLeft_ == 0) finish();
}

} // namespace app
