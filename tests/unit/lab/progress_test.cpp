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
        attempt.secondsLeft = 3599;
        attempt.flaggedTasks = {"a"};
        attempt.hints = {{"a", 2}};
        attempt.version = "1.0";
        REQUIRE((*progress)->saveAttempt(attempt).ok());
        const cluster::JournalEntry first{{5, 1, 11}, "keys", "1", std::string("k\0x", 3)}, second{{6, 2, UINT64_MAX}, "keys", "1", "y"};
        REQUIRE((*progress)->saveWorld("p", "a", 0, {first}, {7, 3, 13}).ok());
        REQUIRE((*progress)->saveWorld("p", "a", 1, {second}, {8, 4, 14}).ok());
        REQUIRE((*progress)->saveWorld("p", "b", 0, {}, {1, 1, 1}).ok());
    }
    auto progress = lab::Progress::open(folder.file(), nullptr);
    REQUIRE(progress.ok());
    const auto best = (*progress)->bestResults();
    REQUIRE(best.size() == 1);
    REQUIRE(best[0].score == 100);
    REQUIRE(best[0].attempts == 2);
    REQUIRE((*progress)->setting("language", "en") == "es");
    const auto attempts = (*progress)->openAttempts();
    REQUIRE(attempts.size() == 1);
    CHECK(attempts[0].seed == 7);
    CHECK(attempts[0].secondsLeft == 3599);
    CHECK(attempts[0].flaggedTasks == std::vector<std::string>{"a"});
    CHECK(attempts[0].hints == std::vector<std::pair<std::string, int>>{{"a", 2}});
    CHECK(attempts[0].version == "1.0");
    const auto world = (*progress)->world("p", "a");
    REQUIRE(world.has_value());
    CHECK(world->end == cluster::Moment{8, 4, 14});
    REQUIRE(world->inputs.size() == 2);
    CHECK(world->inputs[0].data.size() == 3);
    CHECK(world->inputs[1].before == cluster::Moment{6, 2, UINT64_MAX});
    REQUIRE((*progress)->clearAttempt("p").ok());
    CHECK((*progress)->openAttempts().empty());
    CHECK_FALSE((*progress)->world("p", "a").has_value());
    CHECK((*progress)->bestResults().size() == 1);
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
