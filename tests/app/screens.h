#pragma once
// What tests of the window share: a window on a progress file of its own, and waiting for the engine.

#include "window_context.h"

#include <QElapsedTimer>
#include <QGuiApplication>
#include <QQuickItem>
#include <QQuickWindow>
#include <QTemporaryDir>

extern QStringList gWarnings; // of the QML engine

inline void settle(int milliseconds) {
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QGuiApplication::processEvents(QEventLoop::AllEvents, 10);
}

// Until the condition holds; false when it did not within a bound that only stops a broken run.
template <typename F>
bool waitFor(F condition) {
    for (int i = 0; i < 3000 && !condition(); ++i) settle(10);
    return condition();
}

struct WindowFixture {
    QTemporaryDir own;
    QString file;
    std::unique_ptr<app::WindowContext> context;
    QQuickWindow* window = nullptr;

    explicit WindowFixture(QString progressFile = {}, bool welcomed = true)
        : file(progressFile.isEmpty() ? own.filePath(QStringLiteral("progress.db")) : progressFile) {
        context = std::make_unique<app::WindowContext>(file);
        if (welcomed) context->preferences().setWelcomed(true);
        loaded = qEnvironmentVariableIsSet("TIMONEL_QML") ? context->load(qEnvironmentVariable("TIMONEL_QML")) : context->load();
        if (!loaded) return;
        window = qobject_cast<QQuickWindow*>(context->qml().rootObjects().first());
        settle(50);
    }
    bool loaded = false;

    void show(const char* screen) {
        window->setProperty("screen_", QLatin1String(screen));
        settle(60);
    }
    QObject* child(const char* name) const { return window->findChild<QObject*>(QLatin1String(name)); }
    bool terminalShows(const QString& text) const {
        auto& terminals = context->terminals();
        const auto* screen = terminals.screen(terminals.current());
        for (int row = screen == nullptr ? 0 : -screen->historySize(); screen != nullptr && row < screen->rows(); ++row)
            if (screen->lineText(row).contains(text)) return true;
        return false;
    }
    bool prompt() const {
        auto& terminals = context->terminals();
        const auto* screen = terminals.screen(terminals.current());
        if (screen == nullptr) return false;
        const QString line = screen->lineText(screen->cursor().y());
        return line.endsWith(QLatin1Char('#')) || line.endsWith(QLatin1Char('$'));
    }
    int cursorRow() const {
        const auto* screen = context->terminals().screen(context->terminals().current());
        return screen == nullptr ? -1 : screen->historySize() + screen->cursor().y();
    }
    // Types a command and waits for the next prompt, which is on a later line than this one.
    bool run(const QString& command) {
        const int before = cursorRow();
        context->terminals().run(command);
        return waitFor([&] { return cursorRow() > before && prompt(); });
    }
};

// One control plane and many workers with room for a thousand pods.
inline cluster::Blueprint largeBlueprint(int workers) {
    std::string yaml = "name: large\nnodes:\n- {name: controlplane, address: 172.30.0.10, controlPlane: true, podCIDR: 10.244.0.0/24}\n";
    for (int i = 1; i <= workers; ++i)
        yaml += "- {name: node" + std::string(i < 10 ? "0" : "") + std::to_string(i) + ", address: 172.30.0." + std::to_string(10 + i) + ", podCIDR: 10.244." +
                std::to_string(i) + ".0/24, cpus: 16, memory: 64Gi}\n";
    auto read = cluster::readBlueprint(yaml, "large");
    const auto bench = cluster::builtinBlueprint("bench");
    if (!read.ok() || !bench.ok()) return {};
    read->images = bench->images;
    return std::move(*read);
}
