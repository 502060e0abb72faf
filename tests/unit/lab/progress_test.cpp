#include <catch2/catch.hpp>

#include "lab/progress.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace {
struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "timonel-progress-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file() const { return (path / "progress.db").string(); }
};
lab::TaskResult result(const std::string& task, double score) {
    lab::TaskResult r;
    r.taskId = task;
    r.score = score;
    return r;
}
} // namespace

TEST_CASE("results, settings and open attempts survive a restart") {
    Folder folder;
    {
        auto progress = lab::Progress::open(folder.file(), nullptr);
        REQUIRE(progress.ok());
        REQUIRE((*progress)->recordResult("p", result("a", 50), 10).ok());
        REQUIRE((*progress)->recordResult("p", result("a", 100), 20).ok());
        REQUIRE((*progress)->setSetting("language", "es").ok());
        lab::OpenAttempt attempt;
        attempt.packId = "p";
        attempt.seed = 7;
        attempt.flaggedTasks = {"a"};
        attempt.journal.push_back({5, "keys", "controlplane", std::string("k\0x", 3)});
        REQUIRE((*progress)->saveOpenAttempt(attempt).ok());
    }
    auto progress = lab::Progress::open(folder.file(), nullptr);
    REQUIRE(progress.ok());
    const auto best = (*progress)->bestResults();
    REQUIRE(best.size() == 1);
    REQUIRE(best[0].score == 100);
    REQUIRE(best[0].attempts == 2);
    REQUIRE((*progress)->setting("language", "en") == "es");
    const auto attempt = (*progress)->latestOpenAttempt();
    REQUIRE(attempt.has_value());
    REQUIRE(attempt->seed == 7);
    REQUIRE(attempt->flaggedTasks == std::vector<std::string>{"a"});
    REQUIRE(attempt->journal.size() == 1);
    REQUIRE(attempt->journal[0].data.size() == 3);
}

TEST_CASE("a damaged file is set aside and the newest sound backup is used") {
    Folder folder;
    {
        auto progress = lab::Progress::open(folder.file(), nullptr);
        REQUIRE((*progress)->recordResult("p", result("a", 80), 10).ok());
    }
    { REQUIRE(lab::Progress::open(folder.file(), nullptr).ok()); } // makes a backup with the result
    {
        std::ofstream damage(folder.file(), std::ios::binary | std::ios::trunc);
        damage << "this is not a database, and it is long enough to be looked at closely by anyone";
    }
    std::string notice;
    auto progress = lab::Progress::open(folder.file(), &notice);
    REQUIRE(progress.ok());
    REQUIRE(notice.find("damaged") != std::string::npos);
    REQUIRE((*progress)->bestResults().size() == 1);
    REQUIRE(std::filesystem::exists(folder.file() + ".damaged-1"));
}

TEST_CASE("a file of a newer schema is refused and left alone") {
    Folder folder;
    { REQUIRE(lab::Progress::open(folder.file(), nullptr).ok()); }
    const std::string command = "python3 -c \"import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('PRAGMA user_version=99'); d.commit()\" " + folder.file();
    REQUIRE(std::system(command.c_str()) == 0);
    const auto refused = lab::Progress::open(folder.file(), nullptr);
    REQUIRE_FALSE(refused.ok());
    REQUIRE(refused.error().message.find("newer") != std::string::npos);
}

TEST_CASE("a kill at any instant loses no acknowledged result") {
    Folder folder;
    { REQUIRE(lab::Progress::open(folder.file(), nullptr).ok()); }
    int expected = 0;
    for (int round = 0; round < 8; ++round) {
        int pipeEnds[2];
        REQUIRE(pipe(pipeEnds) == 0);
        const pid_t child = fork();
        if (child == 0) {
            auto progress = lab::Progress::open(folder.file(), nullptr);
            for (int i = 0; progress.ok(); ++i)
                if ((*progress)->recordResult("p", result("t" + std::to_string(round) + "-" + std::to_string(i), 100), i).ok() && write(pipeEnds[1], "x", 1) != 1) break;
            _exit(0);
        }
        close(pipeEnds[1]);
        char byte;
        for (int i = 0; i < 5 + round * 3; ++i) REQUIRE(read(pipeEnds[0], &byte, 1) == 1);
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        expected += 5 + round * 3;
        while (read(pipeEnds[0], &byte, 1) == 1) ++expected;
        close(pipeEnds[0]);
    }
    auto progress = lab::Progress::open(folder.file(), nullptr);
    REQUIRE(progress.ok());
    REQUIRE(static_cast<int>((*progress)->bestResults().size()) >= expected);
}
