#pragma once
// Everything behind the QML: the engine's thread, the models and the view models, registered as the
// module Timonel.Engine. The program makes one; tests make their own with a progress file of theirs.

#include "canvas/cluster_scene.h"
#include "canvas/timeline.h"
#include "models/objects_model.h"
#include "settings/preferences.h"
#include "terminal/terminal_item.h"
#include "viewmodels/hint_bar.h"
#include "viewmodels/inspector.h"
#include "viewmodels/lab_controller.h"
#include "viewmodels/network_view.h"
#include "viewmodels/reference.h"
#include "viewmodels/terminals.h"
#include "viewmodels/transport.h"

#include <QQmlApplicationEngine>
#include <QQmlNetworkAccessManagerFactory>

#include <memory>

namespace app {

class WindowContext {
public:
    // `progressPath` empty: nothing is kept.
    explicit WindowContext(const QString& progressPath);
    ~WindowContext();
    // False when the QML could not be loaded. Tests may take it from the source tree.
    bool load(const QString& root = QStringLiteral("qrc:/qml"));

    QQmlApplicationEngine& qml() { return qml_; }
    Theme& theme() { return theme_; }
    Preferences& preferences() { return *preferences_; }
    LabController& lab() { return *lab_; }
    Terminals& terminals() { return terminals_; }
    EngineThread& engine() { return engine_; }
    Transport& transport() { return transport_; }
    ClusterModel& cluster() { return cluster_; }
    Inspector& inspector() { return inspector_; }
    NetworkView& network() { return networkView_; }
    ObjectsModel& objects() { return objects_; }
    HintBar& hints() { return *hints_; }
    Reference& reference() { return *reference_; }

    static void prepareApplication(); // fonts and style, after QGuiApplication

private:
    std::unique_ptr<lab::Progress> progress_;
    std::unique_ptr<JournalWriter> writer_; // outlives the engine, which gives it the last of its journal
    std::unique_ptr<QQmlNetworkAccessManagerFactory> network_;
    Theme theme_;
    EngineThread engine_;
    ClusterModel cluster_;
    Transport transport_;
    Terminals terminals_;
    ObjectsModel objects_;
    Inspector inspector_;
    NetworkView networkView_;
    std::unique_ptr<LabController> lab_;
    std::unique_ptr<HintBar> hints_;
    std::unique_ptr<Reference> reference_;
    QQmlApplicationEngine qml_; // dies first: its items refer to all of the above
    std::unique_ptr<Preferences> preferences_;
};

} // namespace app
