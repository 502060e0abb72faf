#include "commands.h"
#include "window_context.h"

#include <QDir>
#include <QGuiApplication>
#include <QStandardPaths>

#include <cstdio>

namespace app {

int runWindow(const CommonOptions& options, int argc, char** argv) {
    auto blueprint = loadBlueprint(options.blueprint);
    if (!blueprint.ok()) {
        std::fprintf(stderr, "timonel: %s\n", blueprint.error().message.c_str());
        return 2;
    }
    QGuiApplication application(argc, argv);
    WindowContext::prepareApplication();
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    QDir().mkpath(folder);
    WindowContext context(folder + QStringLiteral("/progress.db"));
    context.lab().setFree(std::move(blueprint).value(), options.seed);
    if (!context.load()) {
        std::fputs("timonel: the window could not be opened\n", stderr);
        return 1;
    }
    return QGuiApplication::exec();
}

} // namespace app
