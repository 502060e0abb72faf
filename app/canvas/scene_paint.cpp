// How the cluster picture is drawn. Boxes zoom; letters keep a readable size and leave when there is
// no room for them; glyphs come from a cache, so that a thousand pods cost a thousand small copies.
#include "canvas/cluster_scene.h"

#include <QPainter>
#include <QPainterPath>
#include <QQuickWindow>

#include <algorithm>
#include <cmath>

namespace app {
namespace {

constexpr int kTurns = 24; // pictures of a waiting ring's turn
constexpr qint64 kTurnTime = 1200;

QPainterPath curve(const QPointF& from, const QPointF& to) {
    QPainterPath path(from);
    const double bend = (to.y() - from.y()) * 0.45;
    path.cubicTo(from + QPointF(0, bend), to - QPointF(0, bend), to);
    return path;
}

const QString& shortKind(const std::string& kind) {
    static const std::map<std::string, QString, std::less<>> kShort{
        {"apps/deployments", QStringLiteral("deploy")}, {"apps/replicasets", QStringLiteral("rs")},
        {"apps/statefulsets", QStringLiteral("sts")}, {"apps/daemonsets", QStringLiteral("ds")}, {"/services", QStringLiteral("svc")}};
    return kShort.at(kind);
}

} // namespace

void ClusterScene::paint(QPainter* painter) {
    const qint64 now = clock_.elapsed() + 1;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->fillRect(boundingRect(), theme_->canvas());
    paintLines(*painter, now); // behind the trays
    for (const auto& node : scene_.nodes) paintNode(*painter, node);
    for (const auto* list : {&scene_.groups, &scene_.services})
        for (const auto& chip : *list)
            if (isSelected(chip)) paintMembers(*painter, chip, list == &scene_.services, now);
    for (const auto& chip : scene_.groups) paintChip(*painter, chip, now);
    for (const auto& chip : scene_.services) paintChip(*painter, chip, now);
    for (const auto& [key, motion] : motions_) paintPod(*painter, motion, now);
}

void ClusterScene::paintText(QPainter& painter, const QRectF& box, const QString& text, double size, const QColor& color, int align,
                             bool code, bool bold) const {
    QFont font(code ? theme_->mono() : theme_->sans());
    font.setPixelSize(static_cast<int>(std::lround(size * theme_->scale() * std::clamp(zoom_, 1.0, 1.4))));
    font.setBold(bold);
    const QFontMetrics metrics(font);
    if (box.height() < metrics.height() * 0.8 || box.width() < 2.0 * metrics.averageCharWidth()) return;
    painter.setFont(font);
    painter.setPen(color);
    painter.drawText(box, align | Qt::AlignVCenter, metrics.elidedText(text, code ? Qt::ElideMiddle : Qt::ElideRight, static_cast<int>(box.width())));
}

void ClusterScene::paintBar(QPainter& painter, const QRectF& box, double share) const {
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme_->track());
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2);
    painter.setBrush(share > 0.9 ? theme_->failed() : theme_->accent());
    if (share > 0)
        painter.drawRoundedRect(QRectF(box.topLeft(), QSizeF(std::max(box.height(), box.width() * std::min(share, 1.0)), box.height())), box.height() / 2, box.height() / 2);
}

void ClusterScene::paintNode(QPainter& painter, const SceneNode& node) {
    const bool chosen = selectedKind_ == QLatin1String("/nodes") && selectedKey_ == node.name;
    const QRectF box = toView(node.box);
    painter.setBrush(theme_->surface());
    painter.setPen(QPen(chosen ? theme_->accent() : node.ready ? theme_->line() : theme_->failed(), chosen || !node.ready ? 2 : 1));
    painter.drawRoundedRect(box, 10, 10);
    if (node.unschedulable) {
        painter.setBrush(QBrush(theme_->line(), Qt::BDiagPattern));
        painter.setPen(Qt::NoPen);
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 10, 10);
    }
    const double head = node.head * zoom_, inset = std::clamp(14 * zoom_, 6.0, 16.0), bar = std::max(3.0, 4 * zoom_);
    const double inner = box.width() - 2 * inset, half = (inner - inset) / 2;
    // From below: the bars, their labels where there is room, and the name in what is left.
    const double barTop = box.top() + head - bar - std::max(2.0, 6 * zoom_);
    const double letters = 11.5 * theme_->scale() * std::clamp(zoom_, 1.0, 1.4) + 3;
    const bool labels = head - bar > 2.6 * letters;
    const double nameHeight = barTop - (labels ? letters : 0) - box.top() - 2;
    const double dot = std::clamp(4.5 * zoom_, 3.0, 6.0);
    glyph(painter, node.ready ? QStringLiteral("ready") : QStringLiteral("failed"), QPointF(box.left() + inset + dot, box.top() + 1 + nameHeight / 2), dot, 0);
    const double nameLeft = box.left() + inset + 2 * dot + 6;
    paintText(painter, QRectF(nameLeft, box.top() + 1, box.right() - inset - nameLeft, nameHeight), node.name, 13, theme_->text(), Qt::AlignLeft, true, true);
    constexpr double kGiB = 1073741824.0;
    const double cpu = node.cpuTotal > 0 ? node.cpuRequested / node.cpuTotal : 0, memory = node.memoryTotal > 0 ? node.memoryRequested / node.memoryTotal : 0;
    paintBar(painter, QRectF(box.left() + inset, barTop, half, bar), cpu);
    paintBar(painter, QRectF(box.left() + 2 * inset + half, barTop, half, bar), memory);
    if (!labels) return;
    const QString used = QStringLiteral("CPU %1/%2").arg(node.cpuRequested, 0, 'g', 3).arg(node.cpuTotal, 0, 'g', 3);
    QString held = QStringLiteral("MEM %1/%2 Gi").arg(node.memoryRequested / kGiB, 0, 'f', 1).arg(node.memoryTotal / kGiB, 0, 'f', 0);
    if (half < 8.2 * letters * 0.8) held = QStringLiteral("MEM %1 %").arg(static_cast<int>(std::lround(memory * 100)));
    paintText(painter, QRectF(box.left() + inset, barTop - letters - 2, half, letters + 1), used, 11, theme_->muted(), Qt::AlignLeft, false);
    paintText(painter, QRectF(box.left() + 2 * inset + half, barTop - letters - 2, half, letters + 1), held, 11, theme_->muted(), Qt::AlignLeft, false);
}

QPixmap ClusterScene::drawGlyph(const QString& state, double radius, int turn, double ratio) const {
    const double margin = 1.5, side = 2 * (radius + margin);
    QPixmap pixmap(static_cast<int>(std::ceil(side * ratio)), static_cast<int>(std::ceil(side * ratio)));
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(radius + margin, radius + margin);
    const QColor color = theme_->state(state);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    if (state == QLatin1String("ready")) {
        painter.drawEllipse(QPointF(), radius, radius);
    } else if (state == QLatin1String("waiting")) {
        const double width = radius * 0.42;
        const QRectF ring(-radius + width / 2, -radius + width / 2, 2 * radius - width, 2 * radius - width);
        painter.setBrush(Qt::NoBrush);
        QColor faint = color;
        faint.setAlphaF(0.35);
        painter.setPen(QPen(faint, width));
        painter.drawEllipse(ring);
        painter.setPen(QPen(color, width, Qt::SolidLine, Qt::RoundCap));
        painter.drawArc(ring, 90 * 16 - turn * 360 * 16 / kTurns, -90 * 16);
    } else if (state == QLatin1String("failed")) {
        QPainterPath triangle;
        triangle.moveTo(0, -radius);
        triangle.lineTo(radius * 0.98, radius * 0.8);
        triangle.lineTo(-radius * 0.98, radius * 0.8);
        triangle.closeSubpath();
        painter.drawPath(triangle);
    } else if (state == QLatin1String("ending")) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, std::max(1.0, radius * 0.25), Qt::DashLine));
        painter.drawEllipse(QPointF(), radius * 0.75, radius * 0.75);
    } else if (state == QLatin1String("done")) {
        painter.drawRoundedRect(QRectF(-radius * 0.85, -radius * 0.85, radius * 1.7, radius * 1.7), 2, 2);
        painter.setPen(QPen(theme_->surface(), radius * 0.22, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(QPolygonF({QPointF(-radius * 0.4, 0), QPointF(-radius * 0.1, radius * 0.35), QPointF(radius * 0.45, -radius * 0.35)}));
    } else {
        painter.setBrush(QBrush(color, Qt::BDiagPattern));
        painter.setPen(QPen(color, 1));
        painter.drawEllipse(QPointF(), radius, radius);
    }
    return pixmap;
}

void ClusterScene::glyph(QPainter& painter, const QString& state, const QPointF& center, double radius, qint64 now) {
    constexpr int kMostGlyphs = 2000;
    radius = std::round(radius * 4) / 4; // few sizes, so that the cache stays small
    if (radius <= 0) return;
    const double ratio = window() != nullptr ? window()->effectiveDevicePixelRatio() : 1;
    const int turn = state == QLatin1String("waiting") && !theme_->reducedMotion() ? static_cast<int>(now % kTurnTime * kTurns / kTurnTime) : 0;
    const QString key = state + QLatin1Char(' ') + QString::number(static_cast<int>(radius * 4)) + QLatin1Char(' ') + QString::number(turn);
    auto found = glyphs_.constFind(key);
    if (found == glyphs_.constEnd()) {
        if (glyphs_.size() > kMostGlyphs) glyphs_.clear();
        found = glyphs_.insert(key, drawGlyph(state, radius, turn, ratio));
    }
    const double half = radius + 1.5;
    painter.drawPixmap(QPointF(center.x() - half, center.y() - half), *found);
}

void ClusterScene::paintPod(QPainter& painter, const Motion& motion, qint64 now) {
    const ScenePod& pod = motion.pod;
    const QPointF center = toView(positionOf(motion, now));
    if (!boundingRect().adjusted(-40, -40, 40, 40).contains(center)) return;
    double scale = pod.system ? 0.72 : 1, opacity = 1;
    const double quick = std::max(1, theme_->quick());
    if (motion.born != 0 && now - motion.born < quick) {
        const double t = std::clamp(static_cast<double>(now - motion.born) / quick, 0.0, 1.0);
        opacity = t;
        scale *= 0.6 + 0.4 * t;
    }
    if (motion.leaving != 0) {
        const double t = std::clamp(static_cast<double>(now - motion.leaving) / quick, 0.0, 1.0);
        opacity = 1 - t;
        scale *= 1 - t;
    }
    const double radius = std::max(1.5, kPodRadius * scale * zoom_);
    if (opacity < 1) painter.setOpacity(opacity);
    if (motion.pulsed != 0 && now - motion.pulsed < theme_->pulse()) {
        const double t = static_cast<double>(now - motion.pulsed) / std::max(1, theme_->pulse());
        QColor halo = theme_->state(pod.state);
        halo.setAlphaF(0.5 * (1 - t));
        painter.setPen(Qt::NoPen);
        painter.setBrush(halo);
        painter.drawEllipse(center, radius * (1 + t), radius * (1 + t));
    }
    glyph(painter, pod.state, center, radius, now);
    if (selectedKind_ == QLatin1String("/pods") && selectedKey_ == QString::fromStdString(pod.key)) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme_->accent(), 2));
        painter.drawEllipse(center, radius + 4, radius + 4);
    }
    if (zoom_ >= 2.2) // near: the name under the glyph
        paintText(painter, QRectF(center.x() - 15 * zoom_, center.y() + radius, 30 * zoom_, 15 * theme_->scale() * 1.4), pod.name, 9, theme_->muted(), Qt::AlignHCenter, true);
    if (opacity < 1) painter.setOpacity(1);
}

void ClusterScene::paintChip(QPainter& painter, const SceneGroup& chip, qint64 now) {
    const bool chosen = isSelected(chip), service = chip.kind == "/services";
    const QRectF box = toView(chip.box);
    painter.setBrush(theme_->raised());
    painter.setPen(QPen(chosen ? theme_->accent() : theme_->line(), chosen ? 2 : 1));
    painter.drawRoundedRect(box, service ? box.height() / 2 : 6, service ? box.height() / 2 : 6);
    const double inset = std::clamp(12 * zoom_, 6.0, 18.0), dot = std::clamp(5 * zoom_, 3.0, 8.0);
    glyph(painter, chip.state, QPointF(box.left() + inset + dot, box.center().y()), dot, now);
    const double left = box.left() + inset + 2 * dot + 8, right = box.right() - inset;
    const double small = 11 * theme_->scale() * std::clamp(zoom_, 1.0, 1.4) * 1.25;
    if (box.height() > 2.3 * small) {
        const double top = box.center().y() - small * 1.05;
        paintText(painter, QRectF(left, top, right - left, small), shortKind(chip.kind), 10.5, theme_->muted(), Qt::AlignLeft, false);
        paintText(painter, QRectF(left, top, right - left, small), chip.label, 10.5, theme_->muted(), Qt::AlignRight, false);
        paintText(painter, QRectF(left, box.center().y() - small * 0.05, right - left, small * 1.15), chip.name, 12, theme_->text(), Qt::AlignLeft, true);
    } else {
        const double share = chip.label.isEmpty() ? 0 : 5.0 * small;
        paintText(painter, QRectF(left, box.top(), right - left - (right - left > 2 * share ? share : 0), box.height()), chip.name, 11.5, theme_->text(), Qt::AlignLeft, true);
        if (right - left > 2 * share) paintText(painter, QRectF(right - share, box.top(), share, box.height()), chip.label, 10.5, theme_->muted(), Qt::AlignRight, false);
    }
}

// One line from a chip to each tray that holds pods of it; the trays hide what lies behind them.
void ClusterScene::paintLines(QPainter& painter, qint64 now) const {
    painter.setBrush(Qt::NoBrush);
    struct Share {
        double x = 0;
        int pods = 0, serving = 0;
    };
    const auto shares = [&](const SceneGroup& chip) {
        std::map<QString, Share> byNode;
        for (const std::string& key : chip.members) {
            const auto motion = motions_.find(key);
            const auto pod = scene_.pods.find(key);
            if (motion == motions_.end() || pod == scene_.pods.end()) continue;
            Share& share = byNode[pod->second.node];
            share.x += positionOf(motion->second, now).x();
            ++share.pods;
            share.serving += pod->second.state == QLatin1String("ready");
        }
        return byNode;
    };
    const auto tray = [&](const QString& name) -> const SceneNode* {
        for (const auto& node : scene_.nodes)
            if (node.name == name) return &node;
        return nullptr;
    };
    if (showOwners_) {
        QColor color = theme_->muted();
        color.setAlphaF(0.55);
        painter.setPen(QPen(color, 1.2));
        for (const auto& chip : scene_.groups) {
            const QPointF foot(chip.box.center().x(), chip.box.bottom());
            for (const auto& parent : scene_.groups)
                if (!chip.parent.empty() && parent.kind == "apps/deployments" && parent.key == chip.parent)
                    painter.drawPath(curve(toView(QPointF(parent.box.center().x(), parent.box.bottom())), toView(QPointF(chip.box.center().x(), chip.box.top()))));
            for (const auto& [name, share] : shares(chip))
                if (const SceneNode* node = tray(name)) painter.drawPath(curve(toView(foot), toView(QPointF(share.x / share.pods, node->box.top()))));
        }
    }
    if (!showTraffic_) return;
    for (const auto& service : scene_.services)
        for (const auto& [name, share] : shares(service)) {
            const SceneNode* node = tray(name);
            if (node == nullptr) continue;
            QColor color = share.serving > 0 ? theme_->accent() : theme_->failed();
            color.setAlphaF(0.7);
            painter.setPen(QPen(color, 1.4, share.serving > 0 ? Qt::SolidLine : Qt::DashLine));
            painter.drawPath(curve(toView(QPointF(service.box.center().x(), service.box.top())), toView(QPointF(share.x / share.pods, node->box.bottom()))));
        }
}

// Of the chosen chip, a line to every single pod, above the trays.
void ClusterScene::paintMembers(QPainter& painter, const SceneGroup& chip, bool service, qint64 now) const {
    painter.setBrush(Qt::NoBrush);
    for (const std::string& key : chip.members) {
        const auto motion = motions_.find(key);
        if (motion == motions_.end()) continue;
        const bool serves = motion->second.state == QLatin1String("ready");
        QColor color = serves || !service ? theme_->accent() : theme_->failed();
        color.setAlphaF(0.8);
        painter.setPen(QPen(color, 1.4, serves || !service ? Qt::SolidLine : Qt::DashLine));
        const QPointF pod = positionOf(motion->second, now);
        const double side = service ? kPodRadius : -kPodRadius;
        painter.drawPath(curve(toView(QPointF(chip.box.center().x(), service ? chip.box.top() : chip.box.bottom())), toView(pod + QPointF(0, side))));
    }
}

} // namespace app
