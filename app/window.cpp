#include "canvas/cluster_scene.h"
#include "commands.h"
#include "models/objects_model.h"
#include "settings/icon_provider.h"
#include "settings/preferences.h"
#include "terminal/terminal_item.h"
#include "viewmodels/inspector.h"
#include "viewmodels/lab_controller.h"
#include "viewmodels/network_view.h"
#include "viewmodels/terminals.h"
#include "viewmodels/transport.h"

#include <QDir>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QQmlApplicationEngine>
#include <QQmlNetworkAccessManagerFactory>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QStandardPaths>

#include <cstdio>

namespace app {
namespace {

// The window never talks to a network: every request of the QML engine is refused.
class RefusingManager : public QNetworkAccessManager {
public:
    using QNetworkAccessManager::QNetworkAccessManager;

protected:
    QNetworkReply* createRequest(Operation operation, const QNetworkRequest&, QIODevice* data) override {
        return QNetworkAccessManager::createRequest(operation, QNetworkRequest(QUrl(QStringLiteral("refused:"))), data);
    }
};
class RefusingFactory : public QQmlNetworkAccessManagerFactory {
public:
    QNetworkAccessManager* create(QObject* parent) override { return new RefusingManager(parent); }
};

std::unique_ptr<lab::Progress> openProgress(QString& notice) {
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    QDir().mkpath(folder);
    std::string said;
    auto progress = lab::Progress::open((folder + QStringLiteral("/progress.db")).toStdString(), &said);
    notice = QString::fromStdString(progress.ok() ? said : progress.error().message);
    return progress.ok() ? std::move(progress).value() : nullptr;
}

void loadFonts() {
    for (const char* name : {"Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf", "JetBrainsMono-Bold.ttf"})
        QFontDatabase::addApplicationFont(QStringLiteral(":/window/fonts/") + QLatin1String(name));
    QFont font(QStringLiteral("Inter"));
    font.setPixelSize(13);
    QGuiApplication::setFont(font);
}
} // namespace

int runWindow(const CommonOptions&, int argc, char** argv) {
    QGuiApplication application(argc, argv);
    QGuiApplication::setApplicationName(QStringLiteral("timonel"));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Timonel"));
    QQuickStyle::setStyle(QStringLiteral("Basic"));
    loadFonts();

    QString notice;
    const auto progress = openProgress(notice);
    QQmlApplicationEngine engine;
    RefusingFactory network;
    engine.setNetworkAccessManagerFactory(&network);
    engine.addImageProvider(QStringLiteral("icon"), new IconProvider);
    engine.addImportPath(QStringLiteral("qrc:/qml"));

    EngineThread engineThread;
    Theme theme;
    Preferences preferences(theme, progress.get(), engine);
    ClusterModel cluster(engineThread);
    Transport transport(engineThread, cluster);
    Terminals terminals(engineThread, theme);
    ObjectsModel objects(cluster);
    Inspector inspector(engineThread, cluster);
    NetworkView networkView(engineThread, cluster);
    LabController lab(engineThread, progress.get());
    lab.setLanguage(preferences.language());
    lab.setNotice(notice);
    QObject::connect(&preferences, &Preferences::languageChanged, &lab, [&] { lab.setLanguage(preferences.language()); });
    TerminalItem::setContext(&terminals, &theme);
    ClusterScene::setContext(&cluster, &theme);

    const char* uri = "Timonel.Engine";
    qmlRegisterType<TerminalItem>(uri, 1, 0, "TerminalItem");
    qmlRegisterType<ClusterScene>(uri, 1, 0, "ClusterScene");
    qmlRegisterUncreatableType<RowModel>(uri, 1, 0, "RowModel", QStringLiteral("made by the engine"));
    qmlRegisterSingletonInstance(uri, 1, 0, "Theme", &theme);
    qmlRegisterSingletonInstance(uri, 1, 0, "Preferences", &preferences);
    qmlRegisterSingletonInstance(uri, 1, 0, "Cluster", &cluster);
    qmlRegisterSingletonInstance(uri, 1, 0, "Transport", &transport);
    qmlRegisterSingletonInstance(uri, 1, 0, "Terminals", &terminals);
    qmlRegisterSingletonInstance(uri, 1, 0, "Objects", &objects);
    qmlRegisterSingletonInstance(uri, 1, 0, "Inspector", &inspector);
    qmlRegisterSingletonInstance(uri, 1, 0, "Network", &networkView);
    qmlRegisterSingletonInstance(uri, 1, 0, "Lab", &lab);

    engine.load(QUrl(QStringLiteral("qrc:/qml/Timonel/Main.qml")));
    if (engine.rootObjects().isEmpty()) {
        std::fputs("timonel: the window could not be opened\n", stderr);
        return 1;
    }
    return QGuiApplication::exec();
}

} // namespace app
