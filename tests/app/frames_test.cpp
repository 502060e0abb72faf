// How smooth the window is while a thousand pods converge: hidden, run on demand; prints its figures.
//   test_window "[frames]"
#include <catch2/catch.hpp>

#include "screens.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace {

// Processor time of this thread in milliseconds: what a frame costs, however busy the machine is. A frame
// at 60 Hz has 16.7 ms.
double threadMilliseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::vector<double> gBusy; // of every round of the event loop

void wait(int milliseconds) { // sleeping between events, as the program does
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) {
        const double before = threadMilliseconds();
        QGuiApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 5);
        gBusy.push_back(threadMilliseconds() - before);
    }
}

double busy(double share) {
    std::sort(gBusy.begin(), gBusy.end());
    return gBusy.empty() ? 0 : gBusy[static_cast<std::size_t>(share * static_cast<double>(gBusy.size() - 1))];
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
    gBusy.clear();
    const double before = threadMilliseconds();
    while (context.cluster().readyPodCount() < 1000 && whole.elapsed() < 120'000) wait(50);
    const double seconds = static_cast<double>(whole.elapsed()) / 1000;
    std::printf("converging: %.1f s real, %.1f s virtual, %d frames, %.1f ms of processor time per frame\n", seconds, context.transport().newestSeconds(),
                frames, (threadMilliseconds() - before) / std::max(1, frames));
    std::printf("window's thread, ms per round: median %.1f p90 %.1f p99 %.1f max %.1f\n", busy(0.5), busy(0.9), busy(0.99), busy(1));
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
