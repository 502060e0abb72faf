#include "window_context.h"

#include "settings/icon_provider.h"

#include <QFontDatabase>
#include <QGuiApplication>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QQuickStyle>

// The resources of a static library are only linked when somebody asks for them.
static void registerResources() {
    Q_INIT_RESOURCE(qml);
    Q_INIT_RESOURCE(window_assets);
    Q_INIT_RESOURCE(translations);
}

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

// Sentences of the engine that the window shows: lupdate finds them here.
[[maybe_unused]] constexpr const char* kEngineSentences[] = {
    QT_TRANSLATE_NOOP("Progress", "The progress file was damaged. The newest sound backup is in use; the damaged file was set aside beside it."),
    QT_TRANSLATE_NOOP("Progress", "The progress file was damaged and there was no sound backup. A new one was begun; the damaged file was set aside beside it."),
};

} // namespace

WindowContext::WindowContext(const QString& progressPath)
    : cluster_(engine_), transport_(engine_, cluster_), terminals_(engine_, theme_), objects_(cluster_),
      inspector_(engine_, cluster_), networkView_(engine_, cluster_) {
    QString notice;
    if (!progressPath.isEmpty()) {
        std::string said;
        auto progress = lab::Progress::open(progressPath.toStdString(), &said);
        notice = QString::fromStdString(progress.ok() ? said : progress.error().message);
        if (progress.ok()) {
            progress_ = std::move(progress).value();
            writer_ = std::make_unique<JournalWriter>(progressPath.toStdString());
        }
    }
    engine_.setWriter(writer_.get());
    lab_ = std::make_unique<LabController>(engine_, progress_.get(), writer_.get());
    hints_ = std::make_unique<HintBar>(engine_, *lab_);
    reference_ = std::make_unique<Reference>(*lab_);
    preferences_ = std::make_unique<Preferences>(theme_, progress_.get(), qml_);
    lab_->setLanguage(preferences_->language());
    // The engine's own sentences are keys of the catalogue.
    lab_->setNotice(QCoreApplication::translate("Progress", notice.toUtf8().constData()));
    QObject::connect(preferences_.get(), &Preferences::languageChanged, lab_.get(),
                     [this] { lab_->setLanguage(preferences_->language()); });
    TerminalItem::setContext(&terminals_, &theme_);
    ClusterScene::setContext(&cluster_, &theme_);
    Timeline::setContext(&transport_, &theme_);

    network_ = std::make_unique<RefusingFactory>();
    qml_.setNetworkAccessManagerFactory(network_.get());
    qml_.addImageProvider(QStringLiteral("icon"), new IconProvider);
    const char* uri = "Timonel.Engine";
    qmlRegisterType<TerminalItem>(uri, 1, 0, "TerminalItem");
    qmlRegisterType<ClusterScene>(uri, 1, 0, "ClusterScene");
    qmlRegisterType<Timeline>(uri, 1, 0, "Timeline");
    qmlRegisterUncreatableType<RowModel>(uri, 1, 0, "RowModel", QStringLiteral("made by the engine"));
    qmlRegisterSingletonInstance(uri, 1, 0, "Theme", &theme_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Preferences", preferences_.get());
    qmlRegisterSingletonInstance(uri, 1, 0, "Cluster", &cluster_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Transport", &transport_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Terminals", &terminals_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Objects", &objects_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Inspector", &inspector_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Network", &networkView_);
    qmlRegisterSingletonInstance(uri, 1, 0, "Lab", lab_.get());
    qmlRegisterSingletonInstance(uri, 1, 0, "Hints", hints_.get());
    qmlRegisterSingletonInstance(uri, 1, 0, "Reference", reference_.get());
}

WindowContext::~WindowContext() = default;

bool WindowContext::load(const QString& root) {
    qml_.addImportPath(root);
    qml_.load(QUrl(root.startsWith(QLatin1Char('/')) ? QStringLiteral("file://") + root + QStringLiteral("/Timonel/Main.qml") : root + QStringLiteral("/Timonel/Main.qml")));
    return !qml_.rootObjects().isEmpty();
}

void WindowContext::prepareApplication() {
    registerResources();
    QGuiApplication::setApplicationName(QStringLiteral("timonel"));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Timonel"));
    QQuickStyle::setStyle(QStringLiteral("Basic"));
    for (const char* name : {"Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf", "JetBrainsMono-Bold.ttf"})
        QFontDatabase::addApplicationFont(QStringLiteral(":/window/fonts/") + QLatin1String(name));
    QFont font(QStringLiteral("Inter"));
    font.setPixelSize(13);
    QGuiApplication::setFont(font);
}

} // namespace app
