// Pictures of every screen for a look with one's own eyes: hidden, run on demand.
//   TIMONEL_GALLERY=/some/folder test_window "[gallery]"
// TIMONEL_GALLERY_STYLE="es dark 2" picks language, theme and text size; TIMONEL_GALLERY_ONLY a part of the names.
#include <catch2/catch.hpp>

#include "screens.h"

#include <QDir>
#include <QImage>

namespace {

QString setting(const char* name, const char* fallback) {
    return qEnvironmentVariableIsSet(name) ? qEnvironmentVariable(name) : QLatin1String(fallback);
}

struct Gallery {
    WindowFixture fixture;
    QString folder = setting("TIMONEL_GALLERY", "/tmp/gallery"), style = setting("TIMONEL_GALLERY_STYLE", "en light 1");
    QString only = setting("TIMONEL_GALLERY_ONLY", "");

    explicit Gallery(const QString& file = {}, bool welcomed = true) : fixture(file, welcomed) {
        REQUIRE(fixture.loaded);
        QDir().mkpath(folder);
        const QStringList parts = style.split(QLatin1Char(' '));
        auto& preferences = fixture.context->preferences();
        preferences.setLanguage(parts.value(0));
        preferences.setTheme(parts.value(1));
        preferences.setScale(parts.value(2).toDouble());
        preferences.setReducedMotion(true);
        settle(100);
    }
    bool wanted(const char* part) const { return only.isEmpty() || only.contains(QLatin1String(part)); }
    void shoot(const QString& name) {
        settle(250);
        const QString path = folder + QLatin1Char('/') + name + QLatin1Char('_') + QString(style).replace(QLatin1Char(' '), QLatin1Char('-')) + QStringLiteral(".png");
        REQUIRE(fixture.window->grabWindow().save(path));
    }
    void view(const char* name) {
        fixture.child("workspace")->setProperty("view", QLatin1String(name));
        settle(50);
    }
    void open(const char* kind) { // a pack of that kind
        auto& lab = fixture.context->lab();
        for (int i = 0; i < lab.packs()->count(); ++i)
            if (lab.packs()->get(i).value(QStringLiteral("kind")).toString() == QLatin1String(kind)) {
                lab.openPack(lab.packs()->get(i).value(QStringLiteral("id")).toString());
                break;
            }
        fixture.show("work");
        REQUIRE(waitFor([&] { return lab.running(); }));
        REQUIRE(waitFor([&] { return fixture.prompt(); }));
    }
};

} // namespace

TEST_CASE("pictures of the first run, home, settings and author", "[.][gallery]") {
    {
        Gallery gallery({}, false);
        if (gallery.wanted("welcome")) gallery.shoot(QStringLiteral("01-welcome"));
    }
    Gallery gallery;
    auto& lab = gallery.fixture.context->lab();
    gallery.fixture.show("home");
    if (gallery.wanted("home")) gallery.shoot(QStringLiteral("02-home"));
    gallery.fixture.show("settings");
    if (gallery.wanted("settings")) gallery.shoot(QStringLiteral("03-settings"));
    gallery.fixture.show("author");
    if (gallery.wanted("author")) {
        gallery.shoot(QStringLiteral("04-author-empty"));
        QTemporaryDir folder;
        QFile pack(folder.filePath(QStringLiteral("pack.yaml")));
        REQUIRE(pack.open(QIODevice::WriteOnly));
        pack.write("format: 1\nid: My Pack\nkind: drill\ntitle: {en: T}\ntasks:\n- id: a\n  colour: red\n");
        pack.close();
        lab.readFolder(QUrl::fromLocalFile(folder.path()));
        gallery.shoot(QStringLiteral("05-author-problems"));
        lab.readFolder(QUrl::fromLocalFile(QStringLiteral(TIMONEL_SOURCE_DIR "/scenarios/20-six-repairs")));
        gallery.shoot(QStringLiteral("06-author-sound"));
        lab.prove();
        settle(200);
        gallery.shoot(QStringLiteral("07-author-proving"));
        waitFor([&] { return lab.proving() < 0; });
        gallery.shoot(QStringLiteral("08-author-proved"));
    }
    if (gallery.wanted("palette")) {
        gallery.fixture.show("home");
        QMetaObject::invokeMethod(gallery.fixture.child("palette"), "open");
        gallery.shoot(QStringLiteral("09-palette"));
    }
}

TEST_CASE("pictures of lesson, drill, exam and report", "[.][gallery]") {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("progress.db"));
    Gallery gallery(file);
    auto& lab = gallery.fixture.context->lab();
    if (gallery.wanted("lesson")) {
        gallery.fixture.show("work");
        gallery.open("lesson");
        settle(2500);
        gallery.shoot(QStringLiteral("10-lesson"));
        lab.revealHint();
        gallery.fixture.run(QStringLiteral("kubectl run hello --image=nginx:1.27"));
        settle(4000);
        gallery.shoot(QStringLiteral("11-lesson-done"));
    }
    if (gallery.wanted("drill")) {
        gallery.open("drill");
        gallery.shoot(QStringLiteral("12-drill"));
        lab.revealHint();
        lab.check();
        settle(800);
        gallery.shoot(QStringLiteral("13-drill-results"));
        gallery.fixture.show("home");
        gallery.shoot(QStringLiteral("14-home-continue"));
        gallery.fixture.show("work");
    }
    if (gallery.wanted("exam")) {
        gallery.open("exam");
        gallery.shoot(QStringLiteral("15-exam"));
        lab.toggleFlag();
        lab.finish();
        REQUIRE(waitFor([&] { return lab.finished(); }));
        settle(300);
        gallery.shoot(QStringLiteral("16-report"));
    }
}

TEST_CASE("pictures of a free cluster", "[.][gallery]") {
    Gallery gallery;
    auto& context = *gallery.fixture.context;
    context.lab().openFree();
    gallery.fixture.show("cluster");
    if (gallery.wanted("boot")) gallery.shoot(QStringLiteral("20-booting"));
    REQUIRE(waitFor([&] { return context.lab().running() && gallery.fixture.prompt(); }));
    if (gallery.wanted("cluster")) gallery.shoot(QStringLiteral("21-cluster-fresh"));
    gallery.fixture.run(QStringLiteral("k create deployment web --image=nginx:1.27 --replicas=5; k expose deploy web --port=80"));
    gallery.fixture.run(QStringLiteral("k create deployment api --image=nginx:1.72 --replicas=2; k run job --image=busybox -- sleep 2"));
    settle(4000);
    gallery.fixture.run(QStringLiteral("k get pods -o wide"));
    if (gallery.wanted("cluster")) {
        gallery.shoot(QStringLiteral("22-cluster"));
        for (const auto& [key, pod] : context.cluster().objects("/pods"))
            if (key.rfind("default/api", 0) == 0) context.inspector().select(QStringLiteral("/pods"), QString::fromStdString(key));
        for (const char* page : {"summary", "yaml", "events", "why"}) {
            gallery.fixture.child("inspector")->setProperty("page", QLatin1String(page));
            gallery.shoot(QStringLiteral("23-inspector-") + QLatin1String(page));
        }
    }
    gallery.view("objects");
    context.inspector().clear();
    if (gallery.wanted("objects")) gallery.shoot(QStringLiteral("24-objects"));
    if (gallery.wanted("reference")) {
        gallery.view("reference");
        gallery.shoot(QStringLiteral("33-reference-kinds"));
        context.reference().setQuery(QStringLiteral("probe"));
        gallery.fixture.child("referenceSearch")->setProperty("text", QStringLiteral("probe"));
        gallery.shoot(QStringLiteral("34-reference-found"));
        gallery.fixture.child("referenceSearch")->setProperty("text", QString());
        context.reference().open(QStringLiteral("deployments.spec.template.spec.containers"), QStringLiteral("readinessProbe"));
        REQUIRE(context.reference().path() == QStringLiteral("deployments.spec.template.spec.containers"));
        gallery.shoot(QStringLiteral("35-reference-page"));
    }
    gallery.view("network");
    settle(500);
    if (gallery.wanted("network")) {
        gallery.shoot(QStringLiteral("25-network"));
        QString target;
        for (const QString& each : context.network().destinations())
            if (each.contains(QLatin1String("web"))) target = each;
        context.network().walk(QStringLiteral("node/node01"), target, QStringLiteral("tcp"));
        settle(500);
        gallery.shoot(QStringLiteral("26-network-walk"));
    }
    gallery.view("why");
    if (gallery.wanted("why")) {
        gallery.shoot(QStringLiteral("27-why-empty"));
        for (const auto& [key, pod] : context.cluster().objects("/pods"))
            if (key.rfind("default/web", 0) == 0) context.inspector().select(QStringLiteral("/pods"), QString::fromStdString(key));
        gallery.shoot(QStringLiteral("28-why"));
        context.inspector().clear();
    }
    gallery.view("cluster");
    if (gallery.wanted("hint")) {
        gallery.fixture.run(QStringLiteral("k create deploy x --image=nginx:1.27 --dry-run=client -o yaml | sed 's/replicas/replica/' > x.yaml"));
        gallery.fixture.run(QStringLiteral("k apply -f x.yaml"));
        settle(300);
        gallery.shoot(QStringLiteral("29-hint"));
    }
    if (gallery.wanted("split")) {
        context.terminals().split(QStringLiteral("node01"));
        settle(500);
        gallery.shoot(QStringLiteral("30-split"));
    }
    if (gallery.wanted("past")) {
        context.transport().scrub(30);
        gallery.shoot(QStringLiteral("31-past"));
        context.transport().returnToNow();
    }
    if (gallery.wanted("terminal")) {
        gallery.fixture.show("terminal");
        context.lab().setNotice(QStringLiteral("The progress file was damaged. The newest sound backup is in use; the damaged file was set aside beside it."));
        gallery.shoot(QStringLiteral("32-terminal-notice"));
        context.lab().dismissNotice();
    }
    if (gallery.wanted("home-free")) {
        gallery.fixture.show("home");
        gallery.shoot(QStringLiteral("36-home-free"));
    }
}

TEST_CASE("pictures of a thousand pods", "[.][gallery]") {
    Gallery gallery;
    if (!gallery.wanted("large")) return;
    auto& context = *gallery.fixture.context;
    context.lab().setFree(largeBlueprint(12), 1);
    context.lab().openFree();
    gallery.fixture.show("cluster");
    REQUIRE(waitFor([&] { return context.lab().running() && gallery.fixture.prompt(); }));
    context.terminals().run(QStringLiteral("k create deploy big --image=nginx:1.27 --replicas=1000"));
    context.transport().setPace(5);
    settle(3000);
    gallery.shoot(QStringLiteral("40-large-converging"));
    waitFor([&] { return context.cluster().readyPodCount() > 1000; });
    gallery.shoot(QStringLiteral("41-large"));
    gallery.view("objects");
    gallery.shoot(QStringLiteral("42-large-objects"));
}
