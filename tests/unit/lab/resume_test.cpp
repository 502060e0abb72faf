// An attempt goes on after the program was killed: the journal makes the same world again.
#include <catch2/catch.hpp>

#include "lab/progress.h"

#include <algorithm>
#include <filesystem>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "timonel-resume-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file() const { return (path / "progress.db").string(); }
};

lab::Pack packOf(lab::PackKind kind) {
    for (lab::Pack& pack : lab::builtinPacks())
        if (pack.kind == kind) return std::move(pack);
    FAIL("there is no such built-in pack");
    return {};
}

std::unique_ptr<lab::Attempt> begin(const lab::Pack& pack, std::uint64_t seed) {
    auto attempt = lab::Attempt::begin(pack, seed);
    REQUIRE(attempt.ok());
    return std::move(*attempt);
}

void pass(cluster::Cluster& world, sim::Duration time) { world.kernel().runUntil(world.kernel().now() + time); }

std::vector<cluster::JournalEntry> inputsOf(lab::Attempt& attempt) {
    const auto& journal = attempt.cluster().journal();
    return {journal.begin() + static_cast<std::ptrdiff_t>(attempt.firstInput()), journal.end()};
}

std::string textOf(const cluster::RestoredSession& session) {
    std::string all;
    for (const auto& stretch : session.shown) all += stretch.bytes;
    return all;
}

// Everything that a window can do to a world: terminals, frames of any length, checks, single events.
void work(lab::Attempt& attempt, std::vector<std::string>& screens) {
    cluster::Cluster& world = attempt.cluster();
    const auto one = world.openSession("controlplane", {100, 30}), two = world.openSession("node01", {80, 24});
    const auto read = [&] {
        screens.resize(2);
        screens[0] += one->screen->tryRead();
        screens[1] += two->screen->tryRead();
    };
    pass(world, 16'666'667);
    world.type(*one, "kubectl create deployment web --image=nginx:1.27 --rep");
    world.type(*two, "while true; do echo spam spam spam; done\r");
    pass(world, 3'333'333);
    world.resize(*one, {120, 40});
    for (int i = 0; i < 5; ++i) world.kernel().step();
    read();
    world.type(*one, "licas=3\r");
    pass(world, 900 * sim::kMillisecond);
    world.type(*two, "\x03");
    read();
    attempt.grade(0);
    world.type(*one, "seq 1 30000; kubectl get pods -w\r");
    for (int frame = 0; frame < 40; ++frame) {
        pass(world, 16 * sim::kMillisecond);
        if (frame % 7 == 0) read();
    }
    world.closeSession(*two);
    pass(world, 7 * sim::kSecond);
    read();
}

} // namespace

TEST_CASE("the same journal makes the same world and the same screens") {
    for (const auto kind : {lab::PackKind::Lesson, lab::PackKind::Exam}) {
        const lab::Pack pack = packOf(kind);
        auto attempt = begin(pack, 5);
        std::vector<std::string> screens;
        work(*attempt, screens);
        const cluster::Moment end = attempt->cluster().moment();
        auto again = lab::Attempt::resume(pack, 5, 0, inputsOf(*attempt), end);
        INFO((again.ok() ? std::string() : again.error().message));
        REQUIRE(again.ok());
        CHECK((*again)->cluster().moment() == end);
        CHECK((*again)->cluster().revision() == attempt->cluster().revision());
        const auto restored = (*again)->takeRestored();
        REQUIRE(restored.size() == 2);
        CHECK(textOf(restored[0]) == screens[0]);
        CHECK(restored[0].shown.size() == 2);
        CHECK(restored[0].shown[1].size == ports::TerminalSize{120, 40});
        CHECK(restored[0].session->alive);
        CHECK(restored[1].closed);
        // And both go on alike.
        for (auto* each : {attempt.get(), again->get()}) pass(each->cluster(), sim::kMinute);
        CHECK((*again)->cluster().moment() == attempt->cluster().moment());
        CHECK((*again)->grade(0).score == attempt->grade(0).score);
    }
}

TEST_CASE("a journal of another world is refused and says so") {
    const lab::Pack pack = packOf(lab::PackKind::Lesson);
    auto attempt = begin(pack, 5);
    const auto session = attempt->cluster().openSession("controlplane", {100, 30});
    pass(attempt->cluster(), sim::kSecond);
    attempt->cluster().type(*session, "date\r");
    pass(attempt->cluster(), sim::kSecond);
    const cluster::Moment end = attempt->cluster().moment();
    CHECK_FALSE(lab::Attempt::resume(pack, 6, 0, inputsOf(*attempt), end).ok());
    auto damaged = inputsOf(*attempt);
    damaged[1].before.fingerprint ^= 1;
    const auto refused = lab::Attempt::resume(pack, 5, 0, damaged, end);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("input 2 of 2") != std::string::npos);
    CHECK(refused.error().reason == "JournalDiverged");
    damaged = inputsOf(*attempt);
    damaged[0].kind = "teleport";
    CHECK_FALSE(lab::Attempt::resume(pack, 5, 0, damaged, end).ok());
}

namespace {

struct Acknowledged {
    cluster::Moment moment;
    std::int64_t inputs = 0;
    std::int64_t results = 0;
};

// The program until it is killed: types, checks, stores, and acknowledges only what is on disk.
[[noreturn]] void learn(const std::string& file, const lab::Pack& pack, int pipeEnd) {
    auto opened = lab::Progress::open(file, nullptr);
    if (!opened.ok()) _exit(1);
    lab::Progress& progress = **opened;
    auto begun = lab::Attempt::begin(pack, 9);
    if (!begun.ok()) _exit(1);
    lab::Attempt& attempt = **begun;
    cluster::Cluster& world = attempt.cluster();
    lab::OpenAttempt open;
    open.packId = pack.id;
    open.seed = 9;
    std::int64_t results = 0;
    std::size_t stored = attempt.firstInput();
    const auto session = world.openSession("controlplane", {100, 30});
    const char* keys[] = {"kubectl get pods -A\r", "kubectl crea", "te namespace n\r", "\x03", "cd /etc; ls\r", "kubectl run p --image=nginx:1.27\r"};
    for (int i = 0;; ++i) {
        world.type(*session, keys[i % 6]);
        pass(world, (i * 37 % 211) * sim::kMillisecond + 1);
        if (i % 5 == 4 && progress.recordResult(pack.id, attempt.grade(0), i).ok()) ++results;
        open.secondsLeft = 3600 - i;
        const auto& journal = world.journal();
        const std::vector<cluster::JournalEntry> fresh(journal.begin() + static_cast<std::ptrdiff_t>(stored), journal.end());
        const cluster::Moment now = world.moment();
        if (!progress.saveAttempt(open).ok() || !progress.saveWorld(pack.id, "", stored - attempt.firstInput(), fresh, now).ok()) _exit(1);
        stored = journal.size();
        const Acknowledged said{now, static_cast<std::int64_t>(stored - attempt.firstInput()), results};
        if (write(pipeEnd, &said, sizeof said) != static_cast<ssize_t>(sizeof said)) _exit(0);
    }
}

} // namespace

TEST_CASE("killed at any instant, an attempt goes on from what was acknowledged and no result is lost") {
    const lab::Pack pack = packOf(lab::PackKind::Exam);
    std::int64_t resultsBefore = 0;
    Folder folder;
    for (int round = 0; round < 5; ++round) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            learn(folder.file(), pack, ends[1]);
        }
        close(ends[1]);
        Acknowledged last;
        for (int i = 0; i < 3 + round * 7; ++i) REQUIRE(read(ends[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last));
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        for (Acknowledged next; read(ends[0], &next, sizeof next) == static_cast<ssize_t>(sizeof next);) last = next;
        close(ends[0]);

        auto progress = lab::Progress::open(folder.file(), nullptr);
        REQUIRE(progress.ok());
        REQUIRE((*progress)->openAttempt(pack.id).has_value());
        const auto stored = (*progress)->world(pack.id, "");
        REQUIRE(stored.has_value());
        CHECK(static_cast<std::int64_t>(stored->inputs.size()) >= last.inputs);
        CHECK(stored->end.events >= last.moment.events);
        if (stored->end.events == last.moment.events) CHECK(stored->end == last.moment);
        const auto history = (*progress)->history(100'000);
        CHECK(static_cast<std::int64_t>(history.size()) >= resultsBefore + last.results);
        resultsBefore = static_cast<std::int64_t>(history.size());
        const auto attempt = lab::Attempt::resume(pack, 9, 0, stored->inputs, stored->end);
        INFO((attempt.ok() ? std::string() : attempt.error().message));
        REQUIRE(attempt.ok());
        CHECK((*attempt)->cluster().moment() == stored->end);
        REQUIRE((*progress)->clearAttempt(pack.id).ok());
    }
}
