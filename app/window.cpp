#include "commands.h"
#include "window_context.h"

#include <QDir>
#include <QGuiApplication>
#include <QStandardPaths>

#include <cstdio>

namespace app {

int runWindow(const CommonOptions&, int argc, char** argv) {
    QGuiApplication application(argc, argv);
    WindowContext::prepareApplication();
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    QDir().mkpath(folder);
    WindowContext context(folder + QStringLiteral("/progress.db"));
    if (!context.load()) {
        std::fputs("timonel: the window could not be opened\n", stderr);
        return 1;
    }
    return QGuiApplication::exec();
}

} // namespace app
