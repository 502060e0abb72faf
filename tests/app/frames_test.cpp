// How smooth the window is while a thousand pods converge: hidden, run on demand; prints its figures.
//   test_window "[frames]"
#include <catch2/catch.hpp>

#include "screens.h"

#include <QAbstractEventDispatcher>

#include <algorithm>
#include <cstdio>

namespace {

// Time that the window's thread is busy between two waits for events: a frame at 60 Hz has 16.7 ms.
struct Stalls {
    QElapsedTimer clock;
    std::vector<double> busy; // milliseconds
    QMetaObject::Connection woke, slept;
    qint64 since = 0;
    Stalls() {
        clock.start();
        auto* dispatcher = QAbstractEventDispatcher::instance();
        woke = QObject::connect(dispatcher, &QAbstractEventDispatcher::awake, [this] { since = clock.nsecsElapsed(); });
        slept = QObject::connect(dispatcher, &QAbstractEventDispatcher::aboutToBlock, [this] { add(); });
    }
    ~Stalls() {
        QObject::disconnect(woke);
        QObject::disconnect(slept);
    }
    void add() {
        if (since != 0) busy.push_back(static_cast<double>(clock.nsecsElapsed() - since) / 1e6);
        since = 0;
    }
    double at(double share) {
        std::sort(busy.begin(), busy.end());
        return busy.empty() ? 0 : busy[static_cast<std::size_t>(share * static_cast<double>(busy.size() - 1))];
    }
};

void wait(int milliseconds) { // sleeping between events, as the program does
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QGuiApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 5);
}

} // namespace

TEST_CASE("frames while a thousand pods converge", "[.][frames]") {
    WindowFixture fixture;
    REQUIRE(fixture.loaded);
    auto& context = *fixture.context;
    context.lab().setFree(largeBlueprint(12), 1);
    context.lab().openFree();
    fixture.show("cluster");
    REQUIRE(waitFor([&] { return context.lab().running() && fixture.prompt(); }));
    context.terminals().run(QStringLiteral("k create deploy big --image=nginx:1.27 --replicas=1000"));
    int frames = 0;
    QObject::connect(fixture.window, &QQuickWindow::frameSwapped, fixture.window, [&] { ++frames; });
    QElapsedTimer whole;
    whole.start();
    Stalls stalls;
    while (context.cluster().readyPodCount() < 1000 && whole.elapsed() < 120'000) wait(50);
    const double seconds = static_cast<double>(whole.elapsed()) / 1000;
    std::printf("converging: %.1f s real, %.1f s virtual, %d frames (%.1f/s), busy ms: median %.1f p90 %.1f p99 %.1f max %.1f\n", seconds,
                context.transport().newestSeconds(), frames, frames / seconds, stalls.at(0.5), stalls.at(0.9), stalls.at(0.99), stalls.at(1));
    // Pause: from the click to the last instant that moved.
    context.terminals().run(QStringLiteral("k scale deploy big --replicas=500"));
    wait(400);
    QElapsedTimer pause;
    pause.start();
    context.transport().setPlaying(false);
    double last = context.transport().newestSeconds();
    qint64 moved = 0;
    while (pause.elapsed() < 500) {
        wait(2);
        if (context.transport().newestSeconds() != last) moved = pause.elapsed();
        last = context.transport().newestSeconds();
    }
    std::printf("pause: the clock stood still after %lld ms\n", static_cast<long long>(moved));
}
