#include "engine/journal_writer.h"

namespace app {

JournalWriter::JournalWriter(std::string path, QObject* parent) : QObject(parent), path_(std::move(path)) {
    thread_ = std::thread([this] { loop(); });
}

JournalWriter::~JournalWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void JournalWriter::post(Work work) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
    }
    wake_.notify_one();
}

void JournalWriter::flush() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return queue_.empty() && !busy_; });
}

std::optional<lab::StoredWorld> JournalWriter::fetch(const std::string& pack, const std::string& world) {
    std::optional<lab::StoredWorld> found;
    post([&found, &pack, &world](lab::Progress& progress) {
        found = progress.world(pack, world);
        return base::okStatus();
    });
    flush();
    return found;
}

void JournalWriter::loop() {
    auto opened = lab::Progress::openBeside(path_);
    bool told = false;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        std::deque<Work> work;
        work.swap(queue_);
        busy_ = true;
        lock.unlock();
        for (Work& item : work) {
            const base::Status status = opened.ok() ? item(**opened) : base::Status(opened.error());
            if (!status.ok() && !told) Q_EMIT failed(QString::fromStdString(status.error().message));
            told = !status.ok();
        }
        lock.lock();
        busy_ = false;
        if (queue_.empty()) idle_.notify_all();
    }
}

} // namespace app
