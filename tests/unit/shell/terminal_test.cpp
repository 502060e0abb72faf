// The interactive shell and the editors: keys in, the screen as a terminal shows it.

#ifdef TIMONEL_HAVE_VTERM
#include "ports/tty.h"
#include "world.h"

#include <catch2/catch.hpp>
#include <vterm.h>

namespace {

class Terminal {
public:
    Terminal(shelltest::World& world, std::vector<std::string> argv)
        : world_(world), tty_(world.kernel, {80, 24}) {
        vterm_ = vterm_new(24, 80);
        vterm_set_utf8(vterm_, 1);
        screen_ = vterm_obtain_screen(vterm_);
        vterm_screen_enable_altscreen(screen_, 1);
        vterm_screen_reset(screen_, 1);
        auto spec = world.spec(std::move(argv), "/work");
        spec.input = tty_.input();
        spec.output = spec.error = tty_.output();
        spec.terminal = tty_.terminal();
        auto started = world.host->processes().start(
            std::move(spec), [this](machine::ProcessEnd end) { code = end.code; });
        REQUIRE(started.ok());
        pid_ = *started;
        settle();
    }
    ~Terminal() {
        world_.host->processes().signal(pid_, ports::kSigKill);
        vterm_free(vterm_);
    }

    void type(const std::string& keys, sim::Duration wait = 2 * sim::kSecond) {
        REQUIRE(tty_.keyboard()->tryWrite(keys) == keys.size());
        settle(wait);
    }
    void settle(sim::Duration wait = sim::kSecond) {
        world_.kernel.runUntil(world_.kernel.now() + wait);
        const std::string out = tty_.screen()->tryRead();
        vterm_input_write(vterm_, out.data(), out.size());
    }
    std::string row(int number) {
        std::string text;
        for (int column = 0; column < 80; ++column) {
            VTermScreenCell cell;
            vterm_screen_get_cell(screen_, {number, column}, &cell);
            text += cell.chars[0] == 0 ? ' ' : static_cast<char>(cell.chars[0]);
        }
        while (!text.empty() && text.back() == ' ') text.pop_back();
        return text;
    }
    std::string all() {
        std::string text;
        for (int i = 0; i < 24; ++i) text += row(i) + "\n";
        while (text.size() > 1 && text[text.size() - 2] == '\n') text.pop_back();
        return text;
    }
    std::string last() { // last row that holds something
        std::string text = all();
        text.pop_back();
        return text.substr(text.rfind('\n') + 1);
    }

    int code = -1;

private:
    shelltest::World& world_;
    ports::Tty tty_;
    VTerm* vterm_;
    VTermScreen* screen_;
    int pid_ = 0;
};

} // namespace

TEST_CASE("a typed command runs and the prompt returns") {
    shelltest::World world;
    Terminal terminal(world, {"bash"});
    CHECK(terminal.last() == "bash-5.2#");
    terminal.type("echo hello\r");
    CHECK(terminal.all() == "bash-5.2# echo hello\nhello\nbash-5.2#\n");
    terminal.type("PS1='\\u@\\h:\\w\\$ '\r");
    CHECK(terminal.last() == "root@one:/work#");
    terminal.type("exit 3\r");
    CHECK(terminal.code == 3);
}

TEST_CASE("the line editor edits, remembers, searches and yanks") {
    shelltest::World world;
    Terminal terminal(world, {"bash"});
    terminal.type("echo ac\x02"
                  "b\r");
    CHECK(terminal.all().find("\nabc\n") != std::string::npos);
    terminal.type("echo second\r");
    terminal.type("\x1b[A\x1b[A\x05!x\x15"
                  "echo first\r");
    CHECK(terminal.all().find("\nfirst\n") != std::string::npos);
    terminal.type("\x12"
                  "sec\r");
    CHECK(terminal.all().find("echo second\nsecond\nbash-5.2#") != std::string::npos);
    terminal.type("one two\x17\x17"
                  "echo \x19\r");
    CHECK(terminal.all().find("\none two\n") != std::string::npos);
    terminal.type("echo a\x1b.\r");
    CHECK(terminal.all().find("\natwo\n") != std::string::npos);
}

TEST_CASE("Tab completes commands, files and variables") {
    shelltest::World world;
    Terminal terminal(world, {"bash"});
    terminal.type("touch longname.txt; mkdir folder\r");
    terminal.type("cat long\t");
    CHECK(terminal.last() == "bash-5.2# cat longname.txt");
    terminal.type("\x15"
                  "whoa\t\r");
    CHECK(terminal.all().find("\nroot\n") != std::string::npos);
    terminal.type("cd fol\t");
    CHECK(terminal.last() == "bash-5.2# cd folder/");
    terminal.type("\x15"
                  "echo $HOM\t\r");
    CHECK(terminal.all().find("\n/root\n") != std::string::npos);
}

TEST_CASE("Ctrl-C ends a loop and a program, Ctrl-Z stops and fg goes on") {
    shelltest::World world;
    Terminal terminal(world, {"bash"});
    terminal.type("while true; do :; done\r");
    terminal.type("\x03");
    CHECK(terminal.last() == "bash-5.2#");
    terminal.type("sleep 1000\r");
    terminal.type("\x03");
    terminal.type("echo $?\r");
    CHECK(terminal.all().find("\n130\n") != std::string::npos);
    terminal.type("sleep 30\r");
    terminal.type("\x1a");
    CHECK(terminal.all().find("[1]+  Stopped") != std::string::npos);
    terminal.type("jobs\r");
    terminal.type("fg\r", 60 * sim::kSecond);
    CHECK(terminal.last() == "bash-5.2#");
    terminal.type("sleep 5 &\r");
    terminal.type("", 10 * sim::kSecond);
    terminal.type("\r");
    CHECK(terminal.all().find("Done                    sleep 5") != std::string::npos);
}

TEST_CASE("input that goes on prompts for more; errors name the shell") {
    shelltest::World world;
    Terminal terminal(world, {"bash"});
    terminal.type("for i in 1 2; do\r");
    CHECK(terminal.last() == ">");
    terminal.type("echo $i; done\r");
    CHECK(terminal.all().find("\n1\n2\n") != std::string::npos);
    terminal.type("nosuch\r");
    CHECK(terminal.all().find("\nbash: nosuch: command not found\n") != std::string::npos);
    terminal.type("echo )\r");
    CHECK(terminal.all().find("bash: syntax error near unexpected token `)'") != std::string::npos);
    terminal.type("cat\r");
    terminal.type("line\r");
    terminal.type("\x04");
    CHECK(terminal.all().find("\nline\nline\nbash-5.2#") != std::string::npos);
}

TEST_CASE("vi edits a file") {
    shelltest::World world;
    REQUIRE(world.host->files()->write("/work/f", "one\ntwo three\nfour\n").ok());
    Terminal terminal(world, {"vi", "f"});
    CHECK(terminal.row(0) == "one");
    CHECK(terminal.row(3) == "~");
    CHECK(terminal.row(23).find("\"f\" 3L, 19B") == 0);
    terminal.type("ddp"); // two three, one, four
    CHECK(terminal.row(0) == "two three");
    CHECK(terminal.row(1) == "one");
    terminal.type("ggwcwTHREE\x1b");
    CHECK(terminal.row(0) == "two THREE");
    terminal.type("Gonew\x1byyp");
    terminal.type(":%s/new/NEW/g\r");
    terminal.type("ggxu");
    terminal.type("/four\rA!\x1b"
                  "kJ");
    terminal.type(":w\r");
    CHECK(world.host->files()->read("/work/f").value() == "two THREE\none four!\nNEW\nNEW\n");
    terminal.type("ggVjd:wq\r");
    CHECK(terminal.code == 0);
    CHECK(world.host->files()->read("/work/f").value() == "NEW\nNEW\n");
}

TEST_CASE("vi repeats, counts, undoes and knows text objects") {
    shelltest::World world;
    REQUIRE(
        world.host->files()->write("/work/f", "a: \"x y\"\nfoo(bar, baz)\n1\n2\n3\n4\n5\n").ok());
    Terminal terminal(world, {"vim", "f"});
    terminal.type("ci\"new\x1b");
    CHECK(terminal.row(0) == "a: \"new\"");
    terminal.type("jfbdi(");
    CHECK(terminal.row(1) == "foo()");
    terminal.type("u");
    CHECK(terminal.row(1) == "foo(bar, baz)");
    terminal.type("\x12");
    CHECK(terminal.row(1) == "foo()");
    terminal.type("j3dd");
    CHECK(terminal.row(2) == "4");
    terminal.type("ix\x1bj.");
    CHECK(terminal.row(3) == "x5");
    terminal.type(":set nu\r");
    CHECK(terminal.row(0) == "  1 a: \"new\"");
    terminal.type(":q\r");
    CHECK(terminal.row(23).find("E37: No write since last change (add ! to override)") == 0);
    terminal.type(":q!\r");
    CHECK(terminal.code == 0);
}
#endif

TEST_CASE("sh prompts and complains as dash, ash as BusyBox does") {
    shelltest::World world;
    Terminal dash(world, {"sh"});
    CHECK(dash.last() == "#");
    dash.type("nosuch\r");
    CHECK(dash.all().find("sh: 1: nosuch: not found") != std::string::npos);
    Terminal ash(world, {"ash"});
    CHECK(ash.last() == "/work #");
    ash.type("cd /nosuch\r");
    CHECK(ash.all().find("ash: cd: can't cd to /nosuch: No such file or directory") != std::string::npos);
    ash.type("echo x > /nosuch/y\r");
    CHECK(ash.all().find("ash: can't create /nosuch/y: nonexistent directory") != std::string::npos);
}
