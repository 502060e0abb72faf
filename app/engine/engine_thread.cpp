#include "engine/engine_thread.h"

#include <QStringList>

namespace app {
namespace {
using Clock = std::chrono::steady_clock;
constexpr auto kFrame = std::chrono::milliseconds(16);
// Engine time per frame; the rest of the frame belongs to commands from the window.
constexpr auto kStoreEvery = std::chrono::seconds(1);
constexpr auto kBudget = std::chrono::milliseconds(12);
constexpr std::size_t kEventsPerLook = 32; // events between looks at the wall clock
} // namespace

EngineThread::EngineThread(QObject* parent) : QObject(parent) {
    qRegisterMetaType<app::BatchPtr>();
    qRegisterMetaType<app::RestoredTerminals>();
    thread_ = std::thread([this] { loop(); });
}

EngineThread::~EngineThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void EngineThread::post(Work work) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
    }
    wake_.notify_one();
}

void EngineThread::reset(World& world) {
    store(world, true);
    world.sessions.clear();
    world.restored.clear();
    world.attempt.reset();
    world.recording = {};
    world.firstInput = world.storedInputs = 0;
    world.stored = {};
    sentRevision_ = 0;
    sentRecord_ = 0;
    sentTime_ = -1;
    playing_ = true;
    hold_ = false;
    ++world_;
}

void EngineThread::announce(World& world) {
    QStringList hosts;
    for (const std::string& host : world.cluster()->hosts()) hosts << QString::fromStdString(host);
    RestoredTerminals terminals;
    if (world.attempt)
        for (auto& each : world.attempt->takeRestored()) {
            if (each.closed || !each.session->alive) continue;
            terminals.push_back({each.session->number, QString::fromStdString(each.session->hostName), std::move(each.shown)});
            world.restored.push_back(std::move(each.session));
        }
    Q_EMIT started(world_, hosts, terminals);
}

void EngineThread::startPack(lab::Pack pack, quint64 seed, int task, Recording recording, bool fresh) {
    auto shared = std::make_shared<lab::Pack>(std::move(pack));
    Q_EMIT starting();
    post([this, shared, seed, task, recording, fresh](World& world) {
        reset(world);
        if (writer_ != nullptr && fresh && !recording.pack.empty())
            writer_->post([name = recording.pack](lab::Progress& progress) { return progress.clearWorlds(name); });
        if (!fresh && resume(world, *shared, seed, task, recording)) return announce(world);
        auto attempt = lab::Attempt::begin(std::move(*shared), seed, static_cast<std::size_t>(task));
        if (!attempt.ok()) {
            Q_EMIT failed(QString::fromStdString(attempt.error().message));
            return;
        }
        world.attempt = std::move(attempt).value();
        world.recording = recording;
        world.firstInput = world.storedInputs = world.attempt->firstInput();
        announce(world);
        store(world, true);
    });
}

bool EngineThread::resume(World& world, const lab::Pack& pack, quint64 seed, int task, const Recording& recording) {
    if (writer_ == nullptr || recording.pack.empty()) return false;
    const auto stored = writer_->fetch(recording.pack, recording.world);
    if (!stored) return false;
    auto attempt = lab::Attempt::resume(pack, seed, static_cast<std::size_t>(task), stored->inputs, stored->end,
                                        [this](double share) { Q_EMIT resuming(share); });
    if (!attempt.ok()) {
        writer_->post([recording](lab::Progress& progress) { return progress.clearWorld(recording.pack, recording.world); });
        Q_EMIT resumeFailed(QString::fromStdString(attempt.error().message));
        return false;
    }
    world.attempt = std::move(attempt).value();
    world.recording = recording;
    world.firstInput = world.attempt->firstInput();
    world.storedInputs = world.cluster()->journal().size();
    world.stored = stored->end;
    return true;
}

void EngineThread::forget() {
    post([this](World& world) {
        if (writer_ != nullptr && !world.recording.pack.empty())
            writer_->post([name = world.recording.pack](lab::Progress& progress) { return progress.clearAttempt(name); });
        world.recording = {};
    });
}

// New inputs at once, the mere passing of time once a second.
void EngineThread::store(World& world, bool now) {
    auto* cluster = world.cluster();
    if (cluster == nullptr || world.recording.pack.empty() || writer_ == nullptr) return;
    const auto& journal = cluster->journal();
    const bool inputs = journal.size() > world.storedInputs;
    const auto clock = Clock::now();
    if (!inputs && !now && clock - storedAt_ < kStoreEvery) return;
    const cluster::Moment moment = cluster->moment();
    if (!inputs && moment == world.stored) return;
    storedAt_ = clock;
    world.stored = moment;
    const std::size_t from = world.storedInputs - world.firstInput;
    const std::vector<cluster::JournalEntry> fresh(journal.begin() + static_cast<std::ptrdiff_t>(world.storedInputs), journal.end());
    world.storedInputs = journal.size();
    writer_->post([to = world.recording, from, fresh, moment](lab::Progress& progress) {
        return progress.saveWorld(to.pack, to.world, from, fresh, moment);
    });
}

int EngineThread::openSession(const QString& host, int columns, int rows) {
    const int id = nextSession_++;
    post([id, name = host.toStdString(), columns, rows](World& world) {
        if (auto* cluster = world.cluster())
            world.sessions[id] = cluster->openSession(name, {columns, rows});
    });
    return id;
}

void EngineThread::type(int session, const QByteArray& bytes) {
    post([session, text = bytes.toStdString()](World& world) {
        const auto found = world.sessions.find(session);
        if (found != world.sessions.end() && found->second)
            world.cluster()->type(*found->second, text);
    });
}

void EngineThread::resizeSession(int session, int columns, int rows) {
    post([session, columns, rows](World& world) {
        const auto found = world.sessions.find(session);
        if (found != world.sessions.end() && found->second)
            world.cluster()->resize(*found->second, {columns, rows});
    });
}

int EngineThread::adoptSession(int number) {
    const int id = nextSession_++;
    post([id, number](World& world) {
        for (const auto& session : world.restored)
            if (session->number == number) world.sessions[id] = session;
    });
    return id;
}

void EngineThread::closeSession(int session) {
    post([session](World& world) {
        const auto found = world.sessions.find(session);
        if (found == world.sessions.end()) return;
        if (found->second->alive) world.cluster()->closeSession(*found->second);
        world.sessions.erase(found);
    });
}

void EngineThread::setPlaying(bool playing) {
    hold_ = !playing;
    post([this, playing](World&) { playing_ = playing; });
}
void EngineThread::setPace(double pace) {
    post([this, pace](World&) { pace_ = pace; });
}
void EngineThread::stepEvent() {
    post([this](World& world) {
        playing_ = false;
        if (auto* cluster = world.cluster()) cluster->kernel().step();
    });
}
void EngineThread::jumpToNextChange() {
    post([](World& world) {
        auto* cluster = world.cluster();
        if (cluster == nullptr) return;
        const std::uint64_t before = cluster->revision();
        sim::Kernel& kernel = cluster->kernel();
        kernel.runWhile([cluster, before] { return cluster->revision() == before; },
                        kernel.now() + sim::kHour);
    });
}

bool EngineThread::advance(World& world, double elapsedSeconds) {
    auto* cluster = world.cluster();
    if (cluster == nullptr || !playing_ || hold_) return false;
    sim::Kernel& kernel = cluster->kernel();
    const sim::Time target =
        pace_ <= 0 ? kernel.now() + sim::kHour
                   : kernel.now() + sim::fromSeconds(elapsedSeconds * pace_);
    const auto stop = Clock::now() + kBudget;
    while (kernel.nextEventTime() <= target) {
        for (std::size_t i = 0; i < kEventsPerLook && kernel.nextEventTime() <= target; ++i)
            kernel.step();
        if (hold_ || Clock::now() >= stop) return true; // behind: the clock slows, events are never skipped
    }
    if (pace_ > 0) kernel.runUntil(target);
    return true;
}

void EngineThread::publish(World& world) {
    auto* cluster = world.cluster();
    if (cluster == nullptr) return;
    auto batch = std::make_shared<Batch>();
    for (auto& [id, session] : world.sessions) {
        if (!session) continue;
        std::string bytes = session->screen->tryRead(256 * 1024);
        if (!bytes.empty())
            batch->screens.emplace_back(id, QByteArray(bytes.data(), static_cast<int>(bytes.size())));
        if (!session->alive && session->screen->atEnd()) batch->endedSessions.push_back(id);
    }
    for (int id : batch->endedSessions) world.sessions.erase(id);
    batch->world = world_;
    batch->now = cluster->kernel().now();
    batch->revision = cluster->revision();
    if (batch->revision != sentRevision_) {
        batch->changes = cluster->changes(sentRevision_, 20'000);
        if (!batch->changes.empty()) sentRevision_ = batch->changes.back().revision;
        else sentRevision_ = batch->revision;
    }
    batch->records = cluster->kernel().trace().since(sentRecord_, 5'000);
    if (!batch->records.empty()) sentRecord_ = batch->records.back().id;
    batch->nextAt = cluster->kernel().nextEventTime();
    batch->quiet = batch->nextAt == sim::kForever;
    const bool news = batch->now / (100 * sim::kMillisecond) != sentTime_ / (100 * sim::kMillisecond) ||
                      !batch->screens.empty() || !batch->changes.empty() ||
                      !batch->endedSessions.empty() || !batch->records.empty();
    if (!news) return;
    sentTime_ = batch->now;
    Q_EMIT this->batch(batch);
}

void EngineThread::loop() {
    World world;
    auto last = Clock::now();
    while (true) {
        std::deque<Work> work;
        {
            std::unique_lock lock(mutex_);
            const bool busy = world.cluster() != nullptr && playing_;
            if (queue_.empty() && !stopping_) {
                if (busy) wake_.wait_until(lock, last + kFrame);
                else wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            }
            if (!stopping_) work.swap(queue_);
            else break;
        }
        for (Work& item : work) item(world);
        const auto now = Clock::now();
        const double elapsed = std::min(0.1, std::chrono::duration<double>(now - last).count());
        last = now;
        advance(world, elapsed);
        publish(world);
        store(world, !playing_); // a paused world waits here, with everything on disk
    }
    store(world, true);
}

} // namespace app
