#pragma once
// The track of the transport: events as ticks, warnings taller, commands as flags, the moment in view.

#include "settings/theme.h"
#include "viewmodels/transport.h"

#include <QQuickPaintedItem>

namespace app {

class Timeline : public QQuickPaintedItem {
    Q_OBJECT
public:
    explicit Timeline(QQuickItem* parent = nullptr);
    static void setContext(Transport* transport, Theme* theme);

    Q_INVOKABLE double timeAt(double x) const;
    Q_INVOKABLE QString textAt(double x) const; // of the mark there; empty: none
    void paint(QPainter* painter) override;

private:
    double from() const; // a sliding window over the last stretch of virtual time
    double span() const;
    double xOf(double seconds) const;

    static Transport* transport_;
    static Theme* theme_;
};

} // namespace app
