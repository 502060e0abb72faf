#pragma once
// image://icon/<name>/<rrggbb>: a line icon in a colour.

#include <QQuickImageProvider>

namespace app {

class IconProvider : public QQuickImageProvider {
public:
    IconProvider() : QQuickImageProvider(QQuickImageProvider::Pixmap) {}
    QPixmap requestPixmap(const QString& id, QSize* size, const QSize& requestedSize) override;
};

} // namespace app
