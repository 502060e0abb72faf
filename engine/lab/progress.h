#pragma once
// What a learner has done, in SQLite: a result is acknowledged only after it is on disk (WAL,
// synchronous=FULL), so a kill at any instant loses none.

#include "base/result.h"
#include "lab/attempt.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lab {

struct StoredResult {
    std::string packId, taskId;
    double score = 0;
    std::int64_t unixSeconds = 0;
    int attempts = 0;
};

struct OpenAttempt { // to continue after a restart: the journal is replayed
    std::string packId;
    std::uint64_t seed = 0;
    std::size_t currentTask = 0;
    std::int64_t startedUnix = 0;
    std::vector<std::string> flaggedTasks;
    std::vector<cluster::JournalEntry> journal;
};

class Progress {
public:
    // Damaged file: it is set aside as PATH.damaged-N, the newest sound backup or an empty one is
    // opened and `notice` says so. A newer schema is refused.
    static base::Result<std::unique_ptr<Progress>> open(const std::string& path, std::string* notice);
    ~Progress();

    base::Status recordResult(const std::string& packId, const TaskResult& result, std::int64_t now);
    std::vector<StoredResult> bestResults() const; // best score per task
    std::vector<StoredResult> history(std::size_t limit) const;
    base::Status saveOpenAttempt(const OpenAttempt& attempt);
    base::Status clearOpenAttempt(const std::string& packId);
    std::optional<OpenAttempt> openAttempt(const std::string& packId) const;
    std::optional<OpenAttempt> latestOpenAttempt() const;
    base::Status setSetting(const std::string& key, const std::string& value);
    std::string setting(const std::string& key, const std::string& fallback) const;

private:
    struct State;
    explicit Progress(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace lab
