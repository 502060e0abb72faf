#pragma once
// What the user chose, kept in the progress file: language, theme, scale, motion.

#include "lab/progress.h"
#include "settings/theme.h"

#include <QObject>
#include <QQmlEngine>
#include <QTranslator>

namespace app {

class Preferences : public QObject {
    Q_OBJECT
    Q_PROPERTY(QString language READ language WRITE setLanguage NOTIFY languageChanged) // en, es
    Q_PROPERTY(QString theme READ theme WRITE setTheme NOTIFY changed) // system, light, dark, contrast
    Q_PROPERTY(double scale READ scale WRITE setScale NOTIFY changed)
    Q_PROPERTY(bool reducedMotion READ reducedMotion WRITE setReducedMotion NOTIFY changed)
    Q_PROPERTY(bool welcomed READ welcomed WRITE setWelcomed NOTIFY changed)
public:
    Preferences(Theme& theme, lab::Progress* store, QQmlEngine& engine, QObject* parent = nullptr);

    QString language() const { return language_; }
    void setLanguage(const QString& language);
    QString theme() const { return themeName_; }
    void setTheme(const QString& name);
    double scale() const { return theme_.scale(); }
    void setScale(double scale);
    bool reducedMotion() const { return theme_.reducedMotion(); }
    void setReducedMotion(bool reduced);
    bool welcomed() const { return welcomed_; }
    void setWelcomed(bool welcomed);

Q_SIGNALS:
    void changed();
    void languageChanged();

private:
    void store(const char* key, const QString& value);
    void applyLanguage();

    Theme& theme_;
    lab::Progress* store_;
    QQmlEngine& engine_;
    QTranslator translator_;
    QString language_ = QStringLiteral("en"), themeName_ = QStringLiteral("system");
    bool welcomed_ = false;
};

} // namespace app
