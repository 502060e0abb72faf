#include "settings/icon_provider.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

namespace app {

QPixmap IconProvider::requestPixmap(const QString& id, QSize* size, const QSize& requestedSize) {
    const QString name = id.section(QLatin1Char('/'), 0, 0), color = id.section(QLatin1Char('/'), 1);
    const QSize wanted = requestedSize.isValid() && !requestedSize.isEmpty() ? requestedSize : QSize(20, 20);
    if (size != nullptr) *size = wanted;
    QPixmap pixmap(wanted);
    pixmap.fill(Qt::transparent);
    QFile file(QStringLiteral(":/window/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) return pixmap;
    QByteArray svg = file.readAll();
    svg.replace("currentColor", "#" + color.toUtf8());
    svg.replace("stroke-width=\"2\"", "stroke-width=\"1.75\"");
    QSvgRenderer renderer(svg);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    return pixmap;
}

} // namespace app
