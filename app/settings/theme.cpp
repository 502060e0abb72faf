#include "settings/theme.h"

#include <algorithm>

namespace app {

void Theme::setMode(const QString& mode) {
    static const QStringList known{QStringLiteral("light"), QStringLiteral("dark"),
                                   QStringLiteral("contrast")};
    if (mode == mode_ || !known.contains(mode)) return;
    mode_ = mode;
    Q_EMIT changed();
}

void Theme::setScale(double scale) {
    scale = std::clamp(scale, 1.0, 2.0);
    if (scale == scale_) return;
    scale_ = scale;
    Q_EMIT changed();
}

void Theme::setReducedMotion(bool reduced) {
    if (reduced == reducedMotion_) return;
    reducedMotion_ = reduced;
    Q_EMIT changed();
}

QColor Theme::state(const QString& name) const {
    if (name == QLatin1String("ready")) return ready();
    if (name == QLatin1String("waiting")) return waiting();
    if (name == QLatin1String("failed")) return failed();
    if (name == QLatin1String("ending")) return ending();
    if (name == QLatin1String("done")) return done();
    return unknown();
}

} // namespace app
