#pragma once
// What a learner has done, in SQLite: a result is acknowledged only after it is on disk (WAL,
// synchronous=FULL), so a kill at any instant loses none.

#include "base/result.h"
#include "lab/attempt.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lab {

struct StoredResult {
    std::string packId, taskId;
    double score = 0;
    std::int64_t unixSeconds = 0;
    int attempts = 0;
};

struct OpenAttempt { // to continue after a restart
    std::string packId;
    std::uint64_t seed = 0;
    std::size_t currentTask = 0;
    std::int64_t startedUnix = 0;
    std::int64_t secondsLeft = -1; // of the exam clock; -1: none
    std::vector<std::string> flaggedTasks;
    std::vector<std::pair<std::string, int>> hints; // task, how many were shown
    std::string version; // of the program that wrote it
};

// One cluster of an open attempt; a pack whose tasks are isolated has one per task.
struct StoredWorld {
    std::vector<cluster::JournalEntry> inputs;
    cluster::Moment end; // where it stood when it was last stored
};

class Progress {
public:
    // Damaged file: it is set aside as PATH.damaged-N, the newest sound backup or an empty one is
    // opened and `notice` says so. A newer schema is refused.
    static base::Result<std::unique_ptr<Progress>> open(const std::string& path, std::string* notice);
    // A second connection to a file that is open already, for another thread.
    static base::Result<std::unique_ptr<Progress>> openBeside(const std::string& path);
    ~Progress();

    base::Status recordResult(const std::string& packId, const TaskResult& result, std::int64_t now);
    std::vector<StoredResult> bestResults() const; // best score per task
    std::vector<StoredResult> history(std::size_t limit) const;
    base::Status saveAttempt(const OpenAttempt& attempt);
    // Stores `inputs` from position `from` on (what lay there is replaced) and where the world stands
    // after them, as one transaction.
    base::Status saveWorld(const std::string& packId, const std::string& world, std::size_t from,
                           const std::vector<cluster::JournalEntry>& inputs, const cluster::Moment& end);
    base::Status clearAttempt(const std::string& packId); // its worlds too
    base::Status clearWorlds(const std::string& packId); // the attempt stays, its clusters begin anew
    base::Status clearWorld(const std::string& packId, const std::string& world);
    std::optional<OpenAttempt> openAttempt(const std::string& packId) const;
    std::optional<StoredWorld> world(const std::string& packId, const std::string& world) const;
    std::vector<OpenAttempt> openAttempts() const; // the latest first
    base::Status setSetting(const std::string& key, const std::string& value);
    std::string setting(const std::string& key, const std::string& fallback) const;

private:
    struct State;
    explicit Progress(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace lab
