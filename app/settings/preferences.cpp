#include "settings/preferences.h"

#include <QCoreApplication>
#include <QGuiApplication>
#include <QLocale>
#include <QPalette>

namespace app {
namespace {
QString systemTheme() {
    const QPalette palette = QGuiApplication::palette();
    return palette.color(QPalette::Window).lightness() < 128 ? QStringLiteral("dark") : QStringLiteral("light");
}
} // namespace

Preferences::Preferences(Theme& theme, lab::Progress* store, QQmlEngine& engine, QObject* parent)
    : QObject(parent), theme_(theme), store_(store), engine_(engine) {
    const auto read = [&](const char* key, const QString& fallback) {
        return store_ == nullptr ? fallback : QString::fromStdString(store_->setting(key, fallback.toStdString()));
    };
    const QString system = QLocale::system().language() == QLocale::Spanish ? QStringLiteral("es") : QStringLiteral("en");
    language_ = read("language", system) == QLatin1String("es") ? QStringLiteral("es") : QStringLiteral("en");
    setTheme(read("theme", QStringLiteral("system")));
    theme_.setScale(read("scale", QStringLiteral("1")).toDouble());
    theme_.setReducedMotion(read("reducedMotion", QString()) == QLatin1String("1"));
    welcomed_ = read("welcomed", QString()) == QLatin1String("1");
    applyLanguage();
}

void Preferences::store(const char* key, const QString& value) {
    // A preference that cannot be saved still holds for this session.
    if (store_ != nullptr) (void)store_->setSetting(key, value.toStdString());
    Q_EMIT changed();
}

void Preferences::applyLanguage() {
    QCoreApplication::removeTranslator(&translator_);
    // English has a catalogue too: its plurals.
    if (translator_.load(QStringLiteral(":/translations/timonel_%1.qm").arg(language_)))
        QCoreApplication::installTranslator(&translator_);
    engine_.retranslate();
}

void Preferences::setLanguage(const QString& language) {
    if (language == language_ || (language != QLatin1String("en") && language != QLatin1String("es"))) return;
    language_ = language;
    applyLanguage();
    store("language", language);
    Q_EMIT languageChanged();
}

void Preferences::setTheme(const QString& name) {
    static const QStringList kNames{QStringLiteral("light"), QStringLiteral("dark"), QStringLiteral("contrast")};
    const QString known = kNames.contains(name) ? name : QStringLiteral("system");
    if (known == themeName_ && known != QLatin1String("system")) return;
    themeName_ = known;
    theme_.setMode(known == QLatin1String("system") ? systemTheme() : known);
    store("theme", known);
}
void Preferences::setScale(double scale) {
    theme_.setScale(scale);
    store("scale", QString::number(theme_.scale()));
}
void Preferences::setReducedMotion(bool reduced) {
    theme_.setReducedMotion(reduced);
    store("reducedMotion", reduced ? QStringLiteral("1") : QString());
}
void Preferences::setWelcomed(bool welcomed) {
    welcomed_ = welcomed;
    store("welcomed", welcomed ? QStringLiteral("1") : QString());
}

} // namespace app
