// The window is closed, or killed, and opened again.
#include <catch2/catch.hpp>

#include "screens.h"

#include <QFile>

namespace {

QString packOf(app::LabController& lab, const char* kind) {
    for (int i = 0; i < lab.packs()->count(); ++i)
        if (lab.packs()->get(i).value(QStringLiteral("kind")).toString() == QLatin1String(kind)) return lab.packs()->get(i).value(QStringLiteral("id")).toString();
    return {};
}

cluster::Moment momentOf(WindowFixture& fixture) {
    bool done = false;
    cluster::Moment moment;
    fixture.context->engine().ask<cluster::Moment>(
        [](app::World& world) { return world.cluster() == nullptr ? cluster::Moment{} : world.cluster()->moment(); },
        [&](cluster::Moment answer) {
            moment = answer;
            done = true;
        });
    REQUIRE(waitFor([&] { return done; }));
    return moment;
}

std::vector<QString> lines(app::Terminals& terminals, int session) {
    std::vector<QString> all;
    const auto* screen = terminals.screen(session);
    for (int row = -screen->historySize(); row < screen->rows(); ++row) all.push_back(screen->lineText(row));
    return all;
}

void open(WindowFixture& fixture, const char* kind) {
    auto& lab = fixture.context->lab();
    lab.openPack(packOf(lab, kind));
    fixture.show("work");
    REQUIRE(waitFor([&] { return lab.running(); }));
    REQUIRE(waitFor([&] { return fixture.prompt(); }));
}

} // namespace

TEST_CASE("an exam goes on with its cluster, clock, flags and screens after the window was closed") {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("progress.db"));
    cluster::Moment before;
    std::vector<QString> shown;
    int secondsLeft = 0;
    {
        WindowFixture fixture(file);
        REQUIRE(fixture.loaded);
        open(fixture, "exam");
        auto& context = *fixture.context;
        context.lab().setTaskIndex(2);
        context.lab().toggleFlag();
        REQUIRE(fixture.run(QStringLiteral("seq 1 200; kubectl create configmap tides -n harbor --from-literal=level=high")));
        context.transport().setPlaying(false);
        settle(1200);
        before = momentOf(fixture);
        shown = lines(context.terminals(), context.terminals().current());
        secondsLeft = context.lab().secondsLeft();
        CHECK(secondsLeft > 0);
    }
    WindowFixture fixture(file);
    REQUIRE(fixture.loaded);
    auto& lab = fixture.context->lab();
    CHECK(lab.resume().value(QStringLiteral("kind")) == QStringLiteral("exam"));
    CHECK(lab.resume().value(QStringLiteral("number")).toInt() == 3);
    lab.openPack(lab.resume().value(QStringLiteral("id")).toString());
    fixture.context->transport().setPlaying(false);
    REQUIRE(waitFor([&] { return lab.running(); }));
    CHECK(lab.taskIndex() == 2);
    CHECK(lab.flagged());
    CHECK(lab.secondsLeft() <= secondsLeft);
    CHECK(lab.secondsLeft() > 0);
    CHECK(lab.notice().isEmpty());
    const cluster::Moment after = momentOf(fixture);
    CHECK(after.events >= before.events);
    auto& terminals = fixture.context->terminals();
    REQUIRE(terminals.screen(terminals.current()) != nullptr);
    CHECK(lines(terminals, terminals.current()) == shown);
    CHECK_FALSE(fixture.context->transport().playing());
    fixture.context->transport().setPlaying(true);
    CHECK(fixture.run(QStringLiteral("kubectl get configmap tides -n harbor -o jsonpath='level is {.data.level}'; echo")));
    CHECK(fixture.terminalShows(QStringLiteral("level is high")));
    // Handed in, it is over.
    lab.finish();
    REQUIRE(waitFor([&] { return lab.finished(); }));
    CHECK(lab.resume().isEmpty());
    REQUIRE(waitFor([&] {
        auto progress = ::lab::Progress::openBeside(file.toStdString());
        return progress.ok() && (*progress)->openAttempts().empty();
    }));
}

TEST_CASE("each cluster of a drill with isolated tasks is kept") {
    WindowFixture fixture;
    REQUIRE(fixture.loaded);
    open(fixture, "drill");
    auto& lab = fixture.context->lab();
    REQUIRE(fixture.run(QStringLiteral("touch /root/first-task")));
    lab.setTaskIndex(1);
    REQUIRE(waitFor([&] { return lab.running() && fixture.prompt(); }));
    REQUIRE(fixture.run(QStringLiteral("ls /root/first-task")));
    CHECK(fixture.terminalShows(QStringLiteral("No such file")));
    lab.setTaskIndex(0);
    REQUIRE(waitFor([&] { return lab.running() && fixture.prompt(); }));
    CHECK(fixture.terminalShows(QStringLiteral("touch /root/first-task")));
    REQUIRE(fixture.run(QStringLiteral("ls /root/")));
    CHECK(fixture.terminalShows(QStringLiteral("first-task")));
    lab.startOver(lab.packId());
    REQUIRE(waitFor([&] { return lab.running() && fixture.prompt(); }));
    REQUIRE(fixture.run(QStringLiteral("ls /root/")));
    CHECK_FALSE(fixture.terminalShows(QStringLiteral("first-task")));
}

TEST_CASE("a free cluster goes on after the window was closed, until it is started over") {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("progress.db"));
    const auto open = [](WindowFixture& fixture, bool anew) {
        auto& lab = fixture.context->lab();
        lab.openFree(anew);
        fixture.show("cluster");
        REQUIRE(waitFor([&] { return lab.running() && fixture.prompt(); }));
    };
    {
        WindowFixture fixture(file);
        CHECK_FALSE(fixture.context->lab().freeOpen());
        open(fixture, false);
        CHECK(fixture.context->lab().packKind() == QStringLiteral("free"));
        REQUIRE(fixture.run(QStringLiteral("kubectl create namespace mine; echo kept > /root/note")));
    }
    WindowFixture fixture(file);
    auto& lab = fixture.context->lab();
    CHECK(lab.freeOpen());
    open(fixture, false);
    CHECK(lab.notice().isEmpty());
    CHECK(fixture.terminalShows(QStringLiteral("namespace/mine created")));
    REQUIRE(fixture.run(QStringLiteral("cat /root/note; kubectl get ns mine")));
    CHECK(fixture.terminalShows(QStringLiteral("kept")));
    open(fixture, true);
    REQUIRE(fixture.run(QStringLiteral("kubectl get ns mine")));
    CHECK(fixture.terminalShows(QStringLiteral("namespaces \"mine\" not found")));
}

TEST_CASE("a journal that cannot be replayed is reported, results are kept and the pack begins anew") {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("progress.db"));
    std::string pack;
    {
        WindowFixture fixture(file);
        open(fixture, "drill");
        pack = fixture.context->lab().packId().toStdString();
        fixture.context->lab().check();
        REQUIRE(waitFor([&] { return fixture.context->lab().score() >= 0; }));
    }
    {
        auto progress = lab::Progress::open(file.toStdString(), nullptr);
        REQUIRE(progress.ok());
        auto attempt = (*progress)->openAttempt(pack);
        REQUIRE(attempt.has_value());
        attempt->version = "0.0.1";
        REQUIRE((*progress)->saveAttempt(*attempt).ok());
        const std::string task = lab::builtinPacks()[1].tasks[0].id;
        auto stored = (*progress)->world(pack, task);
        REQUIRE(stored.has_value());
        stored->end.fingerprint ^= 1;
        REQUIRE((*progress)->saveWorld(pack, task, stored->inputs.size(), {}, stored->end).ok());
    }
    WindowFixture fixture(file);
    auto& lab = fixture.context->lab();
    open(fixture, "drill");
    CHECK(lab.notice().contains(QStringLiteral("0.0.1")));
    auto progress = lab::Progress::openBeside(file.toStdString());
    REQUIRE(progress.ok());
    CHECK((*progress)->bestResults().size() == 1);
}

TEST_CASE("settings that make no sense give the defaults, and a damaged progress file is reported in the learner's language") {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("progress.db"));
    {
        auto progress = lab::Progress::open(file.toStdString(), nullptr);
        REQUIRE(progress.ok());
        for (const auto& [key, value] : std::map<std::string, std::string>{{"scale", "enormous"}, {"theme", "plaid"}, {"language", "es"}, {"reducedMotion", "7"}})
            REQUIRE((*progress)->setSetting(key, value).ok());
    }
    {
        WindowFixture fixture(file);
        REQUIRE(fixture.loaded);
        CHECK(fixture.context->preferences().scale() == 1.0);
        CHECK(fixture.context->preferences().theme() == QStringLiteral("system"));
        CHECK(fixture.context->preferences().language() == QStringLiteral("es"));
        CHECK_FALSE(fixture.context->preferences().reducedMotion());
    }
    {
        QFile damage(file);
        REQUIRE(damage.open(QIODevice::WriteOnly | QIODevice::Truncate));
        damage.write(QByteArray(9000, 'x'));
    }
    WindowFixture fixture(file);
    REQUIRE(fixture.loaded);
    CHECK(fixture.context->lab().notice().contains(QStringLiteral("dañado")));
    CHECK(QFile::exists(file + QStringLiteral(".damaged-1")));
}
