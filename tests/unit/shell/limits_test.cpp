// What must not hang or exhaust the host.

#include "world.h"

#include <catch2/catch.hpp>

TEST_CASE("a fork bomb runs into a limit and the machine goes on") {
    shelltest::World world;
    const auto bomb = world.run({"bash", "-c", ":(){ :|:& };:"}, "/work", "", 20 * sim::kSecond);
    CHECK(bomb.error.size() < (8u << 20));
    world.kernel.runUntil(world.kernel.now() + 5 * sim::kSecond);
    for (const auto& process : world.host->processes().all())
        world.host->processes().signal(process->hostPid(), ports::kSigKill);
    CHECK(world.bash("echo alive").output == "alive\n");
}

TEST_CASE("an endless loop lets time pass and can be cut off") {
    shelltest::World world;
    const auto loop = world.run({"bash", "-c", "while :; do :; done"}, "/work", "", sim::kSecond);
    CHECK(loop.code == -1);
    CHECK(world.bash("timeout 1 bash -c 'while :; do :; done'; echo $?").output == "124\n");
    CHECK(world.bash("timeout 1 yes > /dev/null; echo $?").output == "124\n");
    CHECK(world.bash("yes | head -1; echo ${PIPESTATUS[0]}").output == "y\n141\n");
}

TEST_CASE("endless recursion ends with an error") {
    shelltest::World world;
    const auto answer = world.bash("f() { f; }; f; echo after");
    CHECK(answer.error == "bash: line 1: f: maximum function nesting level exceeded (500)\n");
    CHECK(answer.code == 1);
    CHECK(world.bash("eval \"$(printf '(%.0s' {1..5000})\"").code != 0);
    CHECK(world.bash("echo $(( " + std::string(5000, '(') + " ))").code != 0);
}

TEST_CASE("a session keeps variables, functions and the directory, and prints errors as bash -c") {
    shelltest::World world;
    auto spec = world.spec({"session"}, "/work");
    auto started = world.host->processes().start(std::move(spec));
    REQUIRE(started.ok());
    auto run = [&](const std::string& text) {
        auto command = world.session->submit(text);
        world.kernel.runWhile(base::Function<bool()>([&] { return !command->done; }),
                              world.kernel.now() + 100 * sim::kSecond);
        REQUIRE(command->done);
        return command;
    };
    CHECK(run("export NS=demo; x=1; f() { echo \"f $1\"; }; cd /tmp")->exitCode == 0);
    CHECK(run("echo $NS $x $(f 2) $PWD")->output == "demo 1 f 2 /tmp\n");
    const auto failed = run("echo out; nosuch; echo err >&2; exit 4");
    CHECK(failed->output == "out\n");
    CHECK(failed->error == "bash: line 1: nosuch: command not found\nerr\n");
    CHECK(failed->exitCode == 4);
    CHECK(run("echo )")->error ==
          "bash: -c: line 1: syntax error near unexpected token `)'\nbash: -c: line 1: `echo )'\n");
    auto endless = world.session->submit("sleep 100000");
    world.kernel.runUntil(world.kernel.now() + sim::kSecond);
    CHECK_FALSE(endless->done);
    world.session->cancelCurrent();
    world.kernel.runUntil(world.kernel.now() + sim::kSecond);
    CHECK(endless->done);
    CHECK(endless->exitCode == 124);
    CHECK(run("echo still $NS")->output == "still demo\n");
}

TEST_CASE("a hundred thousand rounds of a loop are bounded") {
    shelltest::World world;
    CHECK(world.bash("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i").output ==
          "20000\n");
}
