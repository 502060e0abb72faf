#pragma once
// Writes journals and attempts to disk on a thread of its own, so that neither the engine nor the
// window waits for a disk. Work is done in the order given.

#include "base/function.h"
#include "lab/progress.h"

#include <QObject>
#include <QString>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace app {

class JournalWriter : public QObject {
    Q_OBJECT
public:
    explicit JournalWriter(std::string path, QObject* parent = nullptr);
    ~JournalWriter() override; // what was posted is written first

    using Work = base::Function<base::Status(lab::Progress&)>;
    void post(Work work); // from any thread
    void flush();         // returns when everything posted so far is on disk
    // What is stored of a world, everything posted so far included.
    std::optional<lab::StoredWorld> fetch(const std::string& pack, const std::string& world);

Q_SIGNALS:
    void failed(const QString& message); // once, until a write succeeds again

private:
    void loop();

    std::string path_;
    std::mutex mutex_;
    std::condition_variable wake_, idle_;
    std::deque<Work> queue_;
    bool stopping_ = false, busy_ = false;
    std::thread thread_; // last: starts when everything else is ready
};

} // namespace app
