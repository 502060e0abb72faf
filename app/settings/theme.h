#pragma once
// Design tokens (colours, sizes, motion) as one object that QML and the painted items read.

#include <QColor>
#include <QObject>
#include <QString>

namespace app {

class Theme : public QObject {
    Q_OBJECT
    Q_PROPERTY(QString mode READ mode WRITE setMode NOTIFY changed) // light, dark, contrast
    Q_PROPERTY(double scale READ scale WRITE setScale NOTIFY changed) // 1 .. 2
    Q_PROPERTY(bool reducedMotion READ reducedMotion WRITE setReducedMotion NOTIFY changed)
    Q_PROPERTY(QColor canvas READ canvas NOTIFY changed)
    Q_PROPERTY(QColor surface READ surface NOTIFY changed)
    Q_PROPERTY(QColor raised READ raised NOTIFY changed)
    Q_PROPERTY(QColor line READ line NOTIFY changed)
    Q_PROPERTY(QColor text READ text NOTIFY changed)
    Q_PROPERTY(QColor muted READ muted NOTIFY changed)
    Q_PROPERTY(QColor accent READ accent NOTIFY changed)
    Q_PROPERTY(QColor onAccent READ onAccent NOTIFY changed)
    Q_PROPERTY(QColor ready READ ready NOTIFY changed)
    Q_PROPERTY(QColor waiting READ waiting NOTIFY changed)
    Q_PROPERTY(QColor failed READ failed NOTIFY changed)
    Q_PROPERTY(QColor ending READ ending NOTIFY changed)
    Q_PROPERTY(QColor done READ done NOTIFY changed)
    Q_PROPERTY(QColor unknown READ unknown NOTIFY changed)
    Q_PROPERTY(QColor hover READ hover NOTIFY changed)
    Q_PROPERTY(QColor selected READ selected NOTIFY changed)
    Q_PROPERTY(QColor track READ track NOTIFY changed) // the empty part of bars and rings
    Q_PROPERTY(QString sans READ sans CONSTANT)
    Q_PROPERTY(QString mono READ mono CONSTANT)
    Q_PROPERTY(int quick READ quick NOTIFY changed) // milliseconds of a short animation
    Q_PROPERTY(int pulse READ pulse NOTIFY changed)
public:
    explicit Theme(QObject* parent = nullptr) : QObject(parent) {}

    QString mode() const { return mode_; }
    void setMode(const QString& mode);
    double scale() const { return scale_; }
    void setScale(double scale);
    bool reducedMotion() const { return reducedMotion_; }
    void setReducedMotion(bool reduced);

    QColor canvas() const { return pick("#F5F7F9", "#0E151B", "#000000"); }
    QColor surface() const { return pick("#FFFFFF", "#141D25", "#000000"); }
    QColor raised() const { return pick("#FFFFFF", "#1C2731", "#101010"); }
    QColor line() const { return pick("#D3DAE1", "#2E3C48", "#FFFFFF"); }
    QColor text() const { return pick("#14202B", "#E7EEF4", "#FFFFFF"); }
    QColor muted() const { return pick("#4E5F6E", "#9DB0BF", "#E0E0E0"); }
    QColor accent() const { return pick("#0B6E8F", "#4FC3E0", "#6FE3FF"); }
    QColor onAccent() const { return pick("#FFFFFF", "#06222B", "#000000"); }
    QColor ready() const { return pick("#1A7F4B", "#5BD08F", "#7CFFB2"); }
    QColor waiting() const { return pick("#8A5A00", "#F0B849", "#FFD75E"); }
    QColor failed() const { return pick("#B3261E", "#FF7B72", "#FF9A92"); }
    QColor ending() const { return pick("#6B4BB8", "#B79CFF", "#D6C4FF"); }
    QColor done() const { return pick("#2463B5", "#7FB6FF", "#A9CDFF"); }
    QColor unknown() const { return pick("#5B6976", "#93A3B1", "#D0D0D0"); }
    QColor hover() const { return pick("#EAEFF3", "#22303B", "#303030"); }
    QColor selected() const { return pick("#DCEEF4", "#17384a", "#004455"); }
    QColor track() const { return pick("#D3DAE1", "#2E3C48", "#4A4A4A"); }
    QString sans() const { return QStringLiteral("Inter"); }
    QString mono() const { return QStringLiteral("JetBrains Mono"); }
    int quick() const { return reducedMotion_ ? 0 : 160; }
    int pulse() const { return reducedMotion_ ? 0 : 400; }

    // Text size in pixels at the current scale (12, 13, 15, 20, 28).
    Q_INVOKABLE double px(double size) const { return size * scale_; }
    // "ready", "waiting", ... -> its colour.
    Q_INVOKABLE QColor state(const QString& name) const;

Q_SIGNALS:
    void changed();

private:
    QColor pick(const char* light, const char* dark, const char* contrast) const {
        if (mode_ == QLatin1String("dark")) return QColor(QLatin1String(dark));
        return QColor(QLatin1String(mode_ == QLatin1String("contrast") ? contrast : light));
    }
    QString mode_ = QStringLiteral("light");
    double scale_ = 1;
    bool reducedMotion_ = false;
};

} // namespace app
