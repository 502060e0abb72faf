// The whole window offscreen: every screen in both languages, all themes and 200 % text, without a
// QML warning and without clipped text.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "screens.h"

#include <cstdio>

QStringList gWarnings;

namespace {
void collect(QtMsgType type, const QMessageLogContext&, const QString& text) {
    if (type == QtDebugMsg || type == QtInfoMsg || !text.contains(QLatin1String(".qml"))) return;
    gWarnings << text;
    if (qEnvironmentVariableIsSet("TIMONEL_QML")) std::fprintf(stderr, "%s\n", text.toUtf8().constData());
}

// Texts that neither wrap nor elide and are wider than their place.
void findClipped(QQuickItem* item, QStringList& found) {
    if (!item->isVisible()) return;
    if (item->inherits("QQuickText")) {
        const double need = item->property("contentWidth").toDouble();
        const bool elides = item->property("elide").toInt() != Qt::ElideNone;
        if (!elides && need > item->width() + 1.5 && item->width() > 0) found << item->property("text").toString();
    }
    for (QQuickItem* child : item->childItems()) findClipped(child, found);
}

} // namespace

TEST_CASE("every screen stands in both languages, all themes and twice the text size") {
    gWarnings.clear();
    WindowFixture fixture;
    REQUIRE(fixture.loaded);
    for (const char* language : {"en", "es"})
        for (const char* theme : {"light", "dark", "contrast"})
            for (double scale : {1.0, 2.0}) {
                fixture.context->preferences().setLanguage(QLatin1String(language));
                fixture.context->preferences().setTheme(QLatin1String(theme));
                fixture.context->preferences().setScale(scale);
                for (const char* screen : {"home", "settings", "author"}) {
                    fixture.show(screen);
                    QStringList clipped;
                    findClipped(fixture.window->contentItem(), clipped);
                    INFO(language << " " << theme << " " << scale << " " << screen << ": " << clipped.join(QStringLiteral(" | ")).toStdString());
                    CHECK(clipped.isEmpty());
                }
            }
    INFO(gWarnings.join(QLatin1Char('\n')).toStdString());
    CHECK(gWarnings.isEmpty());
}

TEST_CASE("a free cluster boots in the window, its terminal answers and its objects appear") {
    gWarnings.clear();
    WindowFixture fixture;
    REQUIRE(fixture.loaded);
    fixture.context->lab().openFree();
    fixture.show("cluster");
    REQUIRE(waitFor([&] { return fixture.context->lab().running(); }));
    auto& terminals = fixture.context->terminals();
    REQUIRE(waitFor([&] { return terminals.screen(terminals.current()) != nullptr && terminals.screen(terminals.current())->lineText(0).contains(QLatin1Char('$')) || terminals.screen(terminals.current())->lineText(0).contains(QLatin1Char('#')); }));
    terminals.run(QStringLiteral("echo $((6*7))"));
    REQUIRE(waitFor([&] {
        for (int row = 0; row < 10; ++row)
            if (terminals.screen(terminals.current())->lineText(row) == QLatin1String("42")) return true;
        return false;
    }));
    settle(200);
    INFO(gWarnings.join(QLatin1Char('\n')).toStdString());
    CHECK(gWarnings.isEmpty());
}

TEST_CASE("pausing stops the clock at once and playing goes on from there") {
    WindowFixture fixture;
    REQUIRE(fixture.loaded);
    auto& context = *fixture.context;
    context.lab().openFree();
    fixture.show("cluster");
    REQUIRE(waitFor([&] { return context.lab().running() && fixture.prompt(); }));
    const auto now = [&] {
        sim::Time time = -1;
        context.engine().ask<sim::Time>([](app::World& world) { return world.cluster()->kernel().now(); }, [&](sim::Time answer) { time = answer; });
        REQUIRE(waitFor([&] { return time >= 0; }));
        return time;
    };
    context.transport().setPace(0);
    settle(200);
    context.transport().setPlaying(false);
    const sim::Time paused = now();
    settle(200);
    CHECK(now() == paused);
    context.transport().setPace(1);
    context.transport().setPlaying(true);
    settle(200);
    CHECK(now() > paused);
}

TEST_CASE("a failed command is explained beside the terminal, in the language of the window, until the next command") {
    WindowFixture fixture;
    REQUIRE(fixture.loaded);
    auto& context = *fixture.context;
    context.preferences().setLanguage(QStringLiteral("es"));
    context.lab().openFree();
    fixture.show("cluster");
    REQUIRE(waitFor([&] { return context.lab().running() && fixture.prompt(); }));
    REQUIRE(fixture.run(QStringLiteral("kubectl create deploy x --image=nginx --dry-run=client -o yaml | sed s/replicas/replica/ > x.yaml; kubectl apply -f x.yaml")));
    REQUIRE(waitFor([&] { return context.hints().shown(); }));
    CHECK(context.hints().suggestion() == QStringLiteral("replicas"));
    CHECK(context.hints().place().startsWith(QStringLiteral("x.yaml, l")));
    CHECK(context.hints().title().contains(QStringLiteral("replica")));
    const QString spanish = context.hints().title();
    context.preferences().setLanguage(QStringLiteral("en"));
    CHECK(context.hints().title() != spanish);
    CHECK(fixture.terminalShows(QStringLiteral("(BadRequest)")));
    REQUIRE(fixture.run(QStringLiteral("true")));
    REQUIRE(waitFor([&] { return !context.hints().shown(); }));
}

int main(int argc, char** argv) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    qputenv("QT_QUICK_BACKEND", "software");
    QGuiApplication application(argc, argv);
    app::WindowContext::prepareApplication();
    qInstallMessageHandler(collect);
    return Catch::Session().run(argc, argv);
}
