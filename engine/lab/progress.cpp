#include "lab/progress.h"

#include <sqlite3.h>

#include <cstdio>

namespace lab {
namespace {
constexpr int kSchema = 1;
constexpr int kBackups = 5;

struct Statement {
    sqlite3_stmt* handle = nullptr;
    Statement(sqlite3* db, const char* sql) { sqlite3_prepare_v2(db, sql, -1, &handle, nullptr); }
    ~Statement() { sqlite3_finalize(handle); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    void bind(int at, const std::string& text) { sqlite3_bind_text(handle, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT); }
    void bind(int at, double value) { sqlite3_bind_double(handle, at, value); }
    void bind(int at, std::int64_t value) { sqlite3_bind_int64(handle, at, value); }
    bool row() { return sqlite3_step(handle) == SQLITE_ROW; }
    int run() { return sqlite3_step(handle); }
    std::string text(int column) const {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle, column));
        return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle, column)));
    }
};

bool execute(sqlite3* db, const char* sql) { return sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

bool sound(sqlite3* db) {
    Statement check(db, "PRAGMA integrity_check");
    return check.handle != nullptr && check.row() && check.text(0) == "ok";
}

int schemaOf(sqlite3* db) {
    Statement version(db, "PRAGMA user_version");
    return version.handle != nullptr && version.row() ? sqlite3_column_int(version.handle, 0) : -1;
}

// Opens and checks; null when the file cannot be used.
sqlite3* openSound(const std::string& path) {
    sqlite3* db = nullptr;
    const bool opened = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr) == SQLITE_OK;
    if (opened && execute(db, "PRAGMA journal_mode=WAL") && execute(db, "PRAGMA synchronous=FULL") && sound(db)) return db;
    sqlite3_close(db);
    return nullptr;
}

std::string backupPath(const std::string& path, int number) { return path + ".backup-" + std::to_string(number); }

bool fileExists(const std::string& path) {
    if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
        std::fclose(file);
        return true;
    }
    return false;
}

// Backup 1 is the newest. Made when the program starts, from a file that was found sound.
void rotateBackups(sqlite3* db, const std::string& path) {
    for (int i = kBackups; i > 1; --i) std::rename(backupPath(path, i - 1).c_str(), backupPath(path, i).c_str());
    Statement vacuum(db, "VACUUM INTO ?1");
    vacuum.bind(1, backupPath(path, 1));
    vacuum.run();
}

void setAside(const std::string& path) {
    int number = 1;
    while (fileExists(path + ".damaged-" + std::to_string(number))) ++number;
    std::rename(path.c_str(), (path + ".damaged-" + std::to_string(number)).c_str());
    std::remove((path + "-wal").c_str());
    std::remove((path + "-shm").c_str());
}

bool copyFile(const std::string& from, const std::string& to) {
    std::FILE* in = std::fopen(from.c_str(), "rb");
    if (in == nullptr) return false;
    std::FILE* out = std::fopen(to.c_str(), "wb");
    bool good = out != nullptr;
    char buffer[65536];
    std::size_t n = 0;
    while (good && (n = std::fread(buffer, 1, sizeof buffer, in)) > 0) good = std::fwrite(buffer, 1, n, out) == n;
    std::fclose(in);
    if (out != nullptr) good = std::fclose(out) == 0 && good;
    return good;
}

constexpr const char* kTables =
    "BEGIN;"
    "CREATE TABLE IF NOT EXISTS results(id INTEGER PRIMARY KEY, pack TEXT NOT NULL, task TEXT NOT NULL, score REAL NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS results_by_task ON results(pack, task);"
    "CREATE TABLE IF NOT EXISTS attempts(pack TEXT PRIMARY KEY, seed INTEGER NOT NULL, task INTEGER NOT NULL, started INTEGER NOT NULL, flags TEXT NOT NULL, saved INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS journal(pack TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY(pack, position));"
    "CREATE TABLE IF NOT EXISTS settings(key TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "PRAGMA user_version=1;"
    "COMMIT;";
} // namespace

struct Progress::State {
    sqlite3* db = nullptr;
    ~State() { sqlite3_close(db); }
    base::Error failure(const char* what) const { return base::makeError(std::string(what) + ": " + sqlite3_errmsg(db)); }
};

Progress::Progress(std::unique_ptr<State> state) : state_(std::move(state)) {}
Progress::~Progress() = default;

base::Result<std::unique_ptr<Progress>> Progress::open(const std::string& path, std::string* notice) {
    auto state = std::make_unique<State>();
    const bool existed = fileExists(path);
    state->db = openSound(path);
    if (state->db == nullptr && existed) {
        setAside(path);
        for (int i = 1; i <= kBackups && state->db == nullptr; ++i) {
            if (!fileExists(backupPath(path, i)) || !copyFile(backupPath(path, i), path)) continue;
            state->db = openSound(path);
            if (state->db == nullptr) std::remove(path.c_str());
        }
        if (notice != nullptr)
            *notice = state->db != nullptr ? "The progress file was damaged. The newest sound backup is in use; the damaged file was set aside beside it."
                                           : "The progress file was damaged and there was no sound backup. A new one was begun; the damaged file was set aside beside it.";
        if (state->db == nullptr) state->db = openSound(path);
    }
    if (state->db == nullptr) return base::makeError("the progress file cannot be opened or made: " + path);
    if (schemaOf(state->db) > kSchema)
        return base::makeError("the progress file was written by a newer Timonel; update the program to use it: " + path);
    if (!execute(state->db, kTables)) return state->failure("preparing the progress file");
    rotateBackups(state->db, path);
    return std::unique_ptr<Progress>(new Progress(std::move(state)));
}

base::Status Progress::recordResult(const std::string& packId, const TaskResult& result, std::int64_t now) {
    Statement insert(state_->db, "INSERT INTO results(pack, task, score, at) VALUES(?1, ?2, ?3, ?4)");
    insert.bind(1, packId);
    insert.bind(2, result.taskId);
    insert.bind(3, result.score);
    insert.bind(4, now);
    if (insert.run() != SQLITE_DONE) return state_->failure("saving a result");
    return base::okStatus();
}

std::vector<StoredResult> Progress::bestResults() const {
    std::vector<StoredResult> results;
    Statement select(state_->db, "SELECT pack, task, MAX(score), MAX(at), COUNT(*) FROM results GROUP BY pack, task ORDER BY pack, task");
    while (select.row())
        results.push_back({select.text(0), select.text(1), sqlite3_column_double(select.handle, 2), sqlite3_column_int64(select.handle, 3), sqlite3_column_int(select.handle, 4)});
    return results;
}

std::vector<StoredResult> Progress::history(std::size_t limit) const {
    std::vector<StoredResult> results;
    Statement select(state_->db, "SELECT pack, task, score, at FROM results ORDER BY id DESC LIMIT ?1");
    select.bind(1, static_cast<std::int64_t>(limit));
    while (select.row()) results.push_back({select.text(0), select.text(1), sqlite3_column_double(select.handle, 2), sqlite3_column_int64(select.handle, 3), 1});
    return results;
}

base::Status Progress::saveOpenAttempt(const OpenAttempt& attempt) {
    std::string flags;
    for (const std::string& flag : attempt.flaggedTasks) flags += flag + "\n";
    if (!execute(state_->db, "BEGIN IMMEDIATE")) return state_->failure("saving the attempt");
    bool good = true;
    {
        Statement put(state_->db, "INSERT INTO attempts(pack, seed, task, started, flags, saved) VALUES(?1, ?2, ?3, ?4, ?5, (SELECT COALESCE(MAX(saved), 0) + 1 FROM attempts)) "
                                  "ON CONFLICT(pack) DO UPDATE SET seed = ?2, task = ?3, started = ?4, flags = ?5, saved = excluded.saved");
        put.bind(1, attempt.packId);
        put.bind(2, static_cast<std::int64_t>(attempt.seed));
        put.bind(3, static_cast<std::int64_t>(attempt.currentTask));
        put.bind(4, attempt.startedUnix);
        put.bind(5, flags);
        good = put.run() == SQLITE_DONE;
        Statement have(state_->db, "SELECT COUNT(*) FROM journal WHERE pack = ?1");
        have.bind(1, attempt.packId);
        std::int64_t saved = have.row() ? sqlite3_column_int64(have.handle, 0) : 0;
        if (saved > static_cast<std::int64_t>(attempt.journal.size())) { // another attempt began
            Statement drop(state_->db, "DELETE FROM journal WHERE pack = ?1");
            drop.bind(1, attempt.packId);
            good = good && drop.run() == SQLITE_DONE;
            saved = 0;
        }
        for (auto i = static_cast<std::size_t>(saved); good && i < attempt.journal.size(); ++i) {
            const cluster::JournalEntry& entry = attempt.journal[i];
            Statement insert(state_->db, "INSERT INTO journal VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
            insert.bind(1, attempt.packId);
            insert.bind(2, static_cast<std::int64_t>(i));
            insert.bind(3, entry.at);
            insert.bind(4, entry.kind);
            insert.bind(5, entry.target);
            insert.bind(6, entry.data);
            good = insert.run() == SQLITE_DONE;
        }
    }
    if (good && execute(state_->db, "COMMIT")) return base::okStatus();
    const base::Error error = state_->failure("saving the attempt");
    execute(state_->db, "ROLLBACK");
    return error;
}

base::Status Progress::clearOpenAttempt(const std::string& packId) {
    for (const char* sql : {"DELETE FROM attempts WHERE pack = ?1", "DELETE FROM journal WHERE pack = ?1"}) {
        Statement remove(state_->db, sql);
        remove.bind(1, packId);
        if (remove.run() != SQLITE_DONE) return state_->failure("closing the attempt");
    }
    return base::okStatus();
}

std::optional<OpenAttempt> Progress::openAttempt(const std::string& packId) const {
    Statement select(state_->db, "SELECT seed, task, started, flags FROM attempts WHERE pack = ?1");
    select.bind(1, packId);
    if (!select.row()) return std::nullopt;
    OpenAttempt attempt;
    attempt.packId = packId;
    attempt.seed = static_cast<std::uint64_t>(sqlite3_column_int64(select.handle, 0));
    attempt.currentTask = static_cast<std::size_t>(sqlite3_column_int64(select.handle, 1));
    attempt.startedUnix = sqlite3_column_int64(select.handle, 2);
    std::string flags = select.text(3);
    for (std::size_t at = 0; (at = flags.find('\n')) != std::string::npos; flags.erase(0, at + 1)) attempt.flaggedTasks.push_back(flags.substr(0, at));
    Statement journal(state_->db, "SELECT at, kind, target, data FROM journal WHERE pack = ?1 ORDER BY position");
    journal.bind(1, packId);
    while (journal.row()) attempt.journal.push_back({sqlite3_column_int64(journal.handle, 0), journal.text(1), journal.text(2), journal.text(3)});
    return attempt;
}

std::optional<OpenAttempt> Progress::latestOpenAttempt() const {
    Statement select(state_->db, "SELECT pack FROM attempts ORDER BY saved DESC LIMIT 1");
    return select.row() ? openAttempt(select.text(0)) : std::nullopt;
}

base::Status Progress::setSetting(const std::string& key, const std::string& value) {
    Statement put(state_->db, "INSERT INTO settings VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2");
    put.bind(1, key);
    put.bind(2, value);
    if (put.run() != SQLITE_DONE) return state_->failure("saving a setting");
    return base::okStatus();
}

std::string Progress::setting(const std::string& key, const std::string& fallback) const {
    Statement select(state_->db, "SELECT value FROM settings WHERE key = ?1");
    select.bind(1, key);
    return select.row() ? select.text(0) : fallback;
}

} // namespace lab
