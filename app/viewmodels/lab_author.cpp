// The author's side of the lab: reading a pack from disk, its problems, its proof.
#include "viewmodels/lab_controller.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>

#include <algorithm>

namespace app {
namespace {
constexpr qint64 kMaxPackBytes = 20 * 1024 * 1024;
constexpr int kMaxFiles = 2000;
constexpr int kSeeds = 5;

QVariantMap problem(const QString& place, const QString& message) {
    const QStringList parts = place.split(QLatin1Char(':'));
    return {{QStringLiteral("place"), place}, {QStringLiteral("line"), parts.value(1).toInt()}, {QStringLiteral("message"), message}};
}
} // namespace

void LabController::readFolder(const QUrl& folder) {
    authorFolder_ = QDir::cleanPath(folder.isLocalFile() ? folder.toLocalFile() : folder.toString());
    reread();
}

// Again whenever a file of the pack is saved: an editor stays beside the window.
void LabController::reread() {
    const QDir root(authorFolder_);
    if (authorFolder_.isEmpty()) return;
    if (!authorFiles_.files().isEmpty()) authorFiles_.removePaths(authorFiles_.files());
    if (!authorFiles_.directories().isEmpty()) authorFiles_.removePaths(authorFiles_.directories());
    lab::PackFiles files;
    qint64 total = 0;
    problems_.clear();
    authorLines_.clear();
    if (!root.exists()) problems_ << problem(authorFolder_, tr("There is no such folder."));
    QStringList watched;
    QDirIterator walk(root.path(), QDir::Files | QDir::NoSymLinks, QDirIterator::Subdirectories);
    while (root.exists() && walk.hasNext()) {
        QFile file(walk.next());
        total += file.size();
        if (total > kMaxPackBytes || files.size() >= kMaxFiles) {
            problems_ << problem(file.fileName(), tr("A pack has at most 20 MiB in 2000 files."));
            break;
        }
        if (!file.open(QIODevice::ReadOnly)) {
            problems_ << problem(file.fileName(), file.errorString());
            break;
        }
        watched << file.fileName();
        files[root.relativeFilePath(file.fileName()).toStdString()] = file.readAll().toStdString();
    }
    if (root.exists()) authorFiles_.addPaths(watched << root.path());
    auto read = lab::readPack(files, root.dirName().toStdString());
    if (root.exists())
        for (const auto& each : read.problems) problems_ << problem(QString::fromStdString(each.place), QString::fromStdString(each.message));
    if (const auto main = files.find("pack.yaml"); main != files.end()) authorLines_ = QString::fromStdString(main->second).split(QLatin1Char('\n'));
    while (!authorLines_.isEmpty() && authorLines_.last().isEmpty()) authorLines_.removeLast();
    authorPack_ = std::move(read.pack);
    authorRead_ = true;
    stopProof();
    proof_.clear();
    proofFailures_ = 0;
    Q_EMIT authorChanged();
    Q_EMIT provingChanged();
}

QString LabController::authorSummary() const {
    if (!authorRead_ || !problems_.isEmpty()) return {};
    int checks = 0, solutions = 0;
    for (const auto& task : authorPack_.tasks) {
        checks += static_cast<int>(task.checks.size());
        solutions += static_cast<int>(task.references.size() + task.wrong.size());
    }
    return tr("%n task(s)", nullptr, static_cast<int>(authorPack_.tasks.size())) + QStringLiteral(" · ") + tr("%n check(s)", nullptr, checks) +
           QStringLiteral(" · ") + tr("%n solution(s)", nullptr, solutions);
}

void LabController::playAuthorPack() {
    if (problems_.isEmpty() && !authorPack_.id.empty()) start(authorPack_, false);
}

// Clusters of its own on a thread of its own: the lab that is open is not touched.
void LabController::prove() {
    if (!problems_.isEmpty() || authorPack_.id.empty()) return;
    stopProof();
    proof_.clear();
    proofFailures_ = 0;
    proving_ = 0;
    stopProof_ = false;
    Q_EMIT provingChanged();
    prover_ = std::thread([this, pack = authorPack_, run = ++proofRun_] {
        std::vector<std::uint64_t> seeds;
        for (int seed = 1; seed <= kSeeds; ++seed) seeds.push_back(static_cast<std::uint64_t>(seed));
        std::size_t done = 0;
        lab::provePack(pack, seeds, [&](const lab::ProofRow& row, std::size_t total) {
            ++done;
            const double share = static_cast<double>(done) / static_cast<double>(total);
            QMetaObject::invokeMethod(this, [this, run, row, share] { if (run == proofRun_) addProof(row, share); }, Qt::QueuedConnection);
            return !stopProof_;
        });
    });
}

void LabController::stopProof() {
    stopProof_ = true;
    if (prover_.joinable()) prover_.join();
    if (proving_ < 0) return;
    proving_ = -1;
    Q_EMIT provingChanged();
}

void LabController::addProof(const lab::ProofRow& row, double share) {
    if (stopProof_) return;
    const QString id = QString::fromStdString(row.task + "/" + row.solution);
    QVector<QVariantMap> rows;
    for (int i = 0; i < proof_.count(); ++i) rows << proof_.get(i);
    auto at = std::find_if(rows.begin(), rows.end(), [&](const QVariantMap& each) { return each[QStringLiteral("id")] == id; });
    if (at == rows.end()) {
        rows << QVariantMap{{QStringLiteral("id"), id},
                            {QStringLiteral("task"), QString::fromStdString(row.task)},
                            {QStringLiteral("solution"), QString::fromStdString(row.solution)},
                            {QStringLiteral("expected"), row.expected},
                            {QStringLiteral("ok"), true},
                            {QStringLiteral("cells"), QVariantList()},
                            {QStringLiteral("detail"), QString()}};
        at = rows.end() - 1;
    }
    QVariantList cells = (*at)[QStringLiteral("cells")].toList();
    cells << QVariantMap{{QStringLiteral("seed"), static_cast<qulonglong>(row.seed)}, {QStringLiteral("got"), row.got}, {QStringLiteral("ok"), row.ok()}};
    (*at)[QStringLiteral("cells")] = cells;
    if (!row.ok()) {
        ++proofFailures_;
        (*at)[QStringLiteral("ok")] = false;
        (*at)[QStringLiteral("detail")] = tr("Seed %1: %2").arg(row.seed).arg(QString::fromStdString(row.detail));
    }
    proof_.setRows(std::move(rows));
    proving_ = share >= 1 ? -1 : share;
    Q_EMIT provingChanged();
}

} // namespace app
