#include "lab/progress.h"

#include "base/strings.h"

#include <sqlite3.h>

#include <cstdio>

namespace lab {
namespace {
constexpr int kSchema = 2;
constexpr int kBusyMilliseconds = 5000; // how long one thread waits for another's transaction
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
    void bind(int at, const cluster::Moment& moment) { // three places
        bind(at, moment.at);
        bind(at + 1, static_cast<std::int64_t>(moment.events));
        bind(at + 2, static_cast<std::int64_t>(moment.fingerprint));
    }
    bool row() { return sqlite3_step(handle) == SQLITE_ROW; }
    int run() { return sqlite3_step(handle); }
    std::int64_t number(int column) const { return sqlite3_column_int64(handle, column); }
    cluster::Moment moment(int column) const {
        return {number(column), static_cast<std::uint64_t>(number(column + 1)), static_cast<std::uint64_t>(number(column + 2))};
    }
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
    if (db != nullptr) sqlite3_busy_timeout(db, kBusyMilliseconds);
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

// Schema 1 kept journals that nothing could replay.
constexpr const char* kFromSchema1 = "DROP TABLE IF EXISTS attempts; DROP TABLE IF EXISTS journal;";

constexpr const char* kTables =
    "CREATE TABLE IF NOT EXISTS results(id INTEGER PRIMARY KEY, pack TEXT NOT NULL, task TEXT NOT NULL, score REAL NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS results_by_task ON results(pack, task);"
    "CREATE TABLE IF NOT EXISTS attempts(pack TEXT PRIMARY KEY, seed INTEGER NOT NULL, task INTEGER NOT NULL, started INTEGER NOT NULL, clock INTEGER NOT NULL, "
    "flags TEXT NOT NULL, hints TEXT NOT NULL, version TEXT NOT NULL, saved INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS worlds(pack TEXT NOT NULL, world TEXT NOT NULL, at INTEGER NOT NULL, events INTEGER NOT NULL, fingerprint INTEGER NOT NULL, PRIMARY KEY(pack, world));"
    "CREATE TABLE IF NOT EXISTS journal(pack TEXT NOT NULL, world TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, events INTEGER NOT NULL, "
    "fingerprint INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY(pack, world, position));"
    "CREATE TABLE IF NOT EXISTS settings(key TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "PRAGMA user_version=2;";

bool prepareTables(sqlite3* db) {
    const bool old = schemaOf(db) == 1;
    const bool good = execute(db, "BEGIN IMMEDIATE") && (!old || execute(db, kFromSchema1)) && execute(db, kTables) && execute(db, "COMMIT");
    if (!good) execute(db, "ROLLBACK");
    return good;
}
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
    if (!prepareTables(state->db)) return state->failure("preparing the progress file");
    rotateBackups(state->db, path);
    return std::unique_ptr<Progress>(new Progress(std::move(state)));
}

base::Result<std::unique_ptr<Progress>> Progress::openBeside(const std::string& path) {
    auto state = std::make_unique<State>();
    const bool opened = sqlite3_open_v2(path.c_str(), &state->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr) == SQLITE_OK;
    if (state->db != nullptr) sqlite3_busy_timeout(state->db, kBusyMilliseconds);
    if (!opened || !execute(state->db, "PRAGMA synchronous=FULL")) return state->failure("opening the progress file");
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

base::Status Progress::saveAttempt(const OpenAttempt& attempt) {
    std::string flags, hints;
    for (const std::string& flag : attempt.flaggedTasks) flags += flag + "\n";
    for (const auto& [task, shown] : attempt.hints) hints += task + " " + std::to_string(shown) + "\n";
    Statement put(state_->db, "INSERT INTO attempts(pack, seed, task, started, clock, flags, hints, version, saved) "
                              "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT COALESCE(MAX(saved), 0) + 1 FROM attempts)) "
                              "ON CONFLICT(pack) DO UPDATE SET seed = ?2, task = ?3, started = ?4, clock = ?5, flags = ?6, hints = ?7, version = ?8, saved = excluded.saved");
    put.bind(1, attempt.packId);
    put.bind(2, static_cast<std::int64_t>(attempt.seed));
    put.bind(3, static_cast<std::int64_t>(attempt.currentTask));
    put.bind(4, attempt.startedUnix);
    put.bind(5, attempt.secondsLeft);
    put.bind(6, flags);
    put.bind(7, hints);
    put.bind(8, attempt.version);
    if (put.run() != SQLITE_DONE) return state_->failure("saving the attempt");
    return base::okStatus();
}

base::Status Progress::saveWorld(const std::string& packId, const std::string& world, std::size_t from,
                                 const std::vector<cluster::JournalEntry>& inputs, const cluster::Moment& end) {
    if (!execute(state_->db, "BEGIN IMMEDIATE")) return state_->failure("saving the journal");
    bool good = true;
    {
        Statement drop(state_->db, "DELETE FROM journal WHERE pack = ?1 AND world = ?2 AND position >= ?3");
        drop.bind(1, packId);
        drop.bind(2, world);
        drop.bind(3, static_cast<std::int64_t>(from));
        good = drop.run() == SQLITE_DONE;
    }
    for (std::size_t i = 0; good && i < inputs.size(); ++i) {
        Statement insert(state_->db, "INSERT INTO journal VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        insert.bind(1, packId);
        insert.bind(2, world);
        insert.bind(3, static_cast<std::int64_t>(from + i));
        insert.bind(4, inputs[i].before);
        insert.bind(7, inputs[i].kind);
        insert.bind(8, inputs[i].target);
        insert.bind(9, inputs[i].data);
        good = insert.run() == SQLITE_DONE;
    }
    if (good) {
        Statement put(state_->db, "INSERT INTO worlds VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(pack, world) DO UPDATE SET at = ?3, events = ?4, fingerprint = ?5");
        put.bind(1, packId);
        put.bind(2, world);
        put.bind(3, end);
        good = put.run() == SQLITE_DONE;
    }
    if (good && execute(state_->db, "COMMIT")) return base::okStatus();
    const base::Error error = state_->failure("saving the journal");
    execute(state_->db, "ROLLBACK");
    return error;
}

base::Status Progress::clearAttempt(const std::string& packId) {
    BASE_CHECK(clearWorlds(packId));
    Statement remove(state_->db, "DELETE FROM attempts WHERE pack = ?1");
    remove.bind(1, packId);
    if (remove.run() != SQLITE_DONE) return state_->failure("closing the attempt");
    return base::okStatus();
}

base::Status Progress::clearWorlds(const std::string& packId) {
    for (const char* sql : {"DELETE FROM worlds WHERE pack = ?1", "DELETE FROM journal WHERE pack = ?1"}) {
        Statement remove(state_->db, sql);
        remove.bind(1, packId);
        if (remove.run() != SQLITE_DONE) return state_->failure("closing the clusters of an attempt");
    }
    return base::okStatus();
}

base::Status Progress::clearWorld(const std::string& packId, const std::string& world) {
    for (const char* sql : {"DELETE FROM worlds WHERE pack = ?1 AND world = ?2", "DELETE FROM journal WHERE pack = ?1 AND world = ?2"}) {
        Statement remove(state_->db, sql);
        remove.bind(1, packId);
        remove.bind(2, world);
        if (remove.run() != SQLITE_DONE) return state_->failure("closing a task's cluster");
    }
    return base::okStatus();
}

std::vector<OpenAttempt> Progress::openAttempts() const {
    std::vector<OpenAttempt> list;
    Statement select(state_->db, "SELECT pack, seed, task, started, clock, flags, hints, version FROM attempts ORDER BY saved DESC");
    while (select.row()) {
        OpenAttempt attempt;
        attempt.packId = select.text(0);
        attempt.seed = static_cast<std::uint64_t>(select.number(1));
        attempt.currentTask = static_cast<std::size_t>(select.number(2));
        attempt.startedUnix = select.number(3);
        attempt.secondsLeft = select.number(4);
        for (const std::string& flag : base::splitLines(select.text(5))) attempt.flaggedTasks.push_back(flag);
        for (const std::string& line : base::splitLines(select.text(6))) {
            const auto parts = base::split(line, ' ');
            if (parts.size() == 2) attempt.hints.emplace_back(parts[0], static_cast<int>(base::parseInt(parts[1]).value_or(0)));
        }
        attempt.version = select.text(7);
        list.push_back(std::move(attempt));
    }
    return list;
}

std::optional<OpenAttempt> Progress::openAttempt(const std::string& packId) const {
    for (OpenAttempt& attempt : openAttempts())
        if (attempt.packId == packId) return std::move(attempt);
    return std::nullopt;
}

std::optional<StoredWorld> Progress::world(const std::string& packId, const std::string& world) const {
    Statement select(state_->db, "SELECT at, events, fingerprint FROM worlds WHERE pack = ?1 AND world = ?2");
    select.bind(1, packId);
    select.bind(2, world);
    if (!select.row()) return std::nullopt;
    StoredWorld stored;
    stored.end = select.moment(0);
    Statement journal(state_->db, "SELECT at, events, fingerprint, kind, target, data FROM journal WHERE pack = ?1 AND world = ?2 ORDER BY position");
    journal.bind(1, packId);
    journal.bind(2, world);
    while (journal.row()) stored.inputs.push_back({journal.moment(0), journal.text(3), journal.text(4), journal.text(5)});
    return stored;
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
