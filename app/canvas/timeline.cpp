#include "canvas/timeline.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace app {
namespace {
constexpr double kMargin = 6, kReach = 5, kShortest = 60, kLongest = 600;
}

Transport* Timeline::transport_ = nullptr;
Theme* Timeline::theme_ = nullptr;

void Timeline::setContext(Transport* transport, Theme* theme) {
    transport_ = transport;
    theme_ = theme;
}

Timeline::Timeline(QQuickItem* parent) : QQuickPaintedItem(parent) {
    setAntialiasing(true);
    setActiveFocusOnTab(true);
    for (const auto signal : {&Transport::moved, &Transport::changed, &Transport::marksChanged}) connect(transport_, signal, this, [this] { update(); });
    connect(theme_, &Theme::changed, this, [this] { update(); });
}

double Timeline::span() const { return std::clamp(transport_->newestSeconds(), kShortest, kLongest); }
double Timeline::from() const { return std::max(0.0, transport_->newestSeconds() - span()); }
double Timeline::xOf(double seconds) const { return kMargin + (seconds - from()) / span() * (width() - 2 * kMargin); }
double Timeline::timeAt(double x) const { return std::max(0.0, from() + (x - kMargin) / std::max(1.0, width() - 2 * kMargin) * span()); }

QString Timeline::textAt(double x) const {
    const Transport::Mark* best = nullptr;
    for (const auto& mark : transport_->marks()) {
        if (std::abs(xOf(mark.at) - x) > kReach) continue;
        if (best == nullptr || mark.kind >= best->kind) best = &mark;
    }
    return best == nullptr ? QString() : best->text.section(QLatin1Char('\n'), 0, 0).left(120);
}

void Timeline::paint(QPainter* painter) {
    const double middle = std::round(height() / 2);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->fillRect(QRectF(0, middle - 1, width(), 2), theme_->line());
    const double begin = from();
    for (const auto& mark : transport_->marks()) {
        if (mark.at < begin) continue;
        const double x = std::round(xOf(mark.at));
        if (mark.kind == Transport::Mark::Event) painter->fillRect(QRectF(x, middle - 3, 1, 6), theme_->muted());
        else if (mark.kind == Transport::Mark::Warning) painter->fillRect(QRectF(x - 1, middle - 7, 2, 14), theme_->failed());
    }
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme_->accent());
    for (const auto& mark : transport_->marks()) {
        if (mark.at < begin || mark.kind != Transport::Mark::Command) continue;
        const double x = std::round(xOf(mark.at));
        painter->drawPolygon(QPolygonF({QPointF(x - 4, middle - 14), QPointF(x + 4, middle - 14), QPointF(x, middle - 6)}));
    }
    const double here = std::clamp(xOf(transport_->seconds()), 0.0, width());
    painter->setBrush(transport_->live() ? theme_->accent() : theme_->waiting());
    painter->drawRoundedRect(QRectF(here - 1.5, 6, 3, height() - 12), 1.5, 1.5);
}

} // namespace app
