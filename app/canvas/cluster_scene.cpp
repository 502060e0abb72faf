#include "canvas/cluster_scene.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace app {
namespace {
constexpr double kMinZoom = 0.15, kMaxZoom = 4;
constexpr int kFrame = 16;
}

ClusterModel* ClusterScene::cluster_ = nullptr;
Theme* ClusterScene::theme_ = nullptr;

void ClusterScene::setContext(ClusterModel* cluster, Theme* theme) {
    cluster_ = cluster;
    theme_ = theme;
}

ClusterScene::ClusterScene(QQuickItem* parent) : QQuickPaintedItem(parent) {
    setAcceptedMouseButtons(Qt::LeftButton);
    setAcceptHoverEvents(true);
    setActiveFocusOnTab(true);
    setAntialiasing(true);
    clock_.start();
    frame_.setInterval(kFrame);
    connect(&frame_, &QTimer::timeout, this, &ClusterScene::animate);
    settle_.setSingleShot(true);
    settle_.setInterval(kFrame);
    connect(&settle_, &QTimer::timeout, this, &ClusterScene::relayout);
    connect(cluster_, &ClusterModel::updated, this, [this] {
        if (!settle_.isActive()) settle_.start();
    });
    connect(cluster_, &ClusterModel::restarted, this, [this] {
        motions_.clear();
        fresh_ = fitted_ = true;
    });
    connect(theme_, &Theme::changed, this, [this] { update(); });
    settle_.start();
}

void ClusterScene::setNs(const QString& ns) {
    if (ns == ns_) return;
    ns_ = ns;
    Q_EMIT optionsChanged();
    relayout();
}
void ClusterScene::setShowOwners(bool show) {
    showOwners_ = show;
    Q_EMIT optionsChanged();
    update();
}
void ClusterScene::setShowTraffic(bool show) {
    showTraffic_ = show;
    Q_EMIT optionsChanged();
    update();
}

void ClusterScene::relayout() {
    scene_ = layoutScene(*cluster_, ns_, height() > 0 ? std::max(0.2, width() / height()) : 1);
    const qint64 now = clock_.elapsed() + 1;
    const bool quiet = fresh_ || theme_->reducedMotion() || !cluster_->live();
    for (auto& [key, motion] : motions_)
        if (scene_.pods.count(key) == 0 && motion.leaving == 0) motion.leaving = now;
    for (const auto& [key, pod] : scene_.pods) {
        auto [at, isNew] = motions_.try_emplace(key);
        Motion& motion = at->second;
        if (isNew || motion.leaving != 0) {
            motion = {};
            motion.from = motion.to = pod.center;
            motion.born = quiet ? 0 : now;
        } else if (motion.to != pod.center) {
            motion.from = quiet ? pod.center : positionOf(motion, now);
            motion.to = pod.center;
            motion.moved = quiet ? 0 : now;
        }
        if (!isNew && motion.state != pod.state && !quiet) motion.pulsed = now;
        motion.state = pod.state;
        motion.pod = pod;
    }
    if (!scene_.pods.empty()) fresh_ = false;
    if (fitted_) fit();
    frame_.start();
    Q_EMIT described();
    update();
}

void ClusterScene::animate() {
    const qint64 now = clock_.elapsed() + 1;
    bool active = false;
    for (auto at = motions_.begin(); at != motions_.end();) {
        const Motion& m = at->second;
        if (m.leaving != 0 && now - m.leaving > theme_->quick()) {
            at = motions_.erase(at);
            continue;
        }
        active = active || m.leaving != 0 || (m.born != 0 && now - m.born < theme_->quick()) ||
                 (m.moved != 0 && now - m.moved < theme_->quick()) || (m.pulsed != 0 && now - m.pulsed < theme_->pulse()) ||
                 (m.state == QLatin1String("waiting") && !theme_->reducedMotion());
        ++at;
    }
    update();
    if (!active) frame_.stop();
}

QPointF ClusterScene::positionOf(const Motion& motion, qint64 now) const {
    if (motion.moved == 0 || theme_->quick() == 0) return motion.to;
    const double t = std::clamp(static_cast<double>(now - motion.moved) / theme_->quick(), 0.0, 1.0);
    return motion.from + (motion.to - motion.from) * (1 - std::pow(1 - t, 3));
}

void ClusterScene::fit() {
    fitted_ = true;
    const QRectF bounds = scene_.bounds;
    if (bounds.isEmpty() || width() <= 0 || height() <= 0) return;
    constexpr double kMargin = 24;
    zoom_ = std::clamp(std::min((width() - 2 * kMargin) / bounds.width(), (height() - 2 * kMargin) / bounds.height()), kMinZoom, 1.6);
    pan_ = QPointF(width() / 2, height() / 2) - bounds.center() * zoom_;
    update();
}

void ClusterScene::zoomBy(double factor) {
    const QPointF middle(width() / 2, height() / 2);
    const QPointF anchor = toScene(middle);
    zoom_ = std::clamp(zoom_ * factor, kMinZoom, kMaxZoom);
    pan_ = middle - anchor * zoom_;
    fitted_ = false;
    update();
}

void ClusterScene::select(const QString& kind, const QString& key) {
    if (kind == selectedKind_ && key == selectedKey_) return;
    selectedKind_ = kind;
    selectedKey_ = key;
    Q_EMIT selected(kind, key);
    update();
}

ClusterScene::Hit ClusterScene::hit(const QPointF& point) const {
    for (const auto& [key, pod] : scene_.pods)
        if (QLineF(pod.center, point).length() <= kPodRadius + 3) return {QStringLiteral("/pods"), QString::fromStdString(key)};
    for (const auto* list : {&scene_.groups, &scene_.services})
        for (const auto& chip : *list)
            if (chip.box.contains(point)) return {QString::fromStdString(chip.kind), QString::fromStdString(chip.key)};
    for (const auto& node : scene_.nodes)
        if (node.box.contains(point)) return {QStringLiteral("/nodes"), node.name};
    return {};
}

QString ClusterScene::description() const {
    QStringList lines;
    for (const auto& node : scene_.nodes)
        lines << tr("Node %1, %2").arg(node.name, node.ready ? QStringLiteral("Ready") : QStringLiteral("NotReady"));
    for (const auto& [key, pod] : scene_.pods) lines << tr("Pod %1, %2").arg(pod.name, pod.word);
    return lines.join(QStringLiteral("; "));
}

// Painting ------------------------------------------------------------------------------------------

void ClusterScene::paint(QPainter* painter) {
    const qint64 now = clock_.elapsed() + 1;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->fillRect(boundingRect(), theme_->canvas());
    painter->translate(pan_);
    painter->scale(zoom_, zoom_);
    for (const auto& node : scene_.nodes) paintNode(*painter, node);
    paintLines(*painter, now);
    for (const auto& chip : scene_.groups) paintChip(*painter, chip);
    for (const auto& chip : scene_.services) paintChip(*painter, chip);
    for (const auto& [key, motion] : motions_) paintPod(*painter, motion, now);
}

void ClusterScene::paintBar(QPainter& painter, const QRectF& box, double share, const QString& label) const {
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme_->line());
    painter.drawRoundedRect(box, 2, 2);
    painter.setBrush(share > 0.9 ? theme_->failed() : theme_->accent());
    if (share > 0) painter.drawRoundedRect(QRectF(box.topLeft(), QSizeF(box.width() * std::min(share, 1.0), box.height())), 2, 2);
    QFont font(theme_->sans());
    font.setPixelSize(9);
    painter.setFont(font);
    painter.setPen(theme_->muted());
    painter.drawText(QRectF(box.left(), box.top() - 12, box.width(), 11), Qt::AlignLeft | Qt::AlignVCenter, label);
}

void ClusterScene::paintNode(QPainter& painter, const SceneNode& node) const {
    const bool chosen = selectedKind_ == QLatin1String("/nodes") && selectedKey_ == node.name;
    painter.setBrush(theme_->surface());
    painter.setPen(QPen(chosen ? theme_->accent() : node.ready ? theme_->line() : theme_->failed(), chosen || !node.ready ? 2 : 1));
    painter.drawRoundedRect(node.box, 10, 10);
    if (node.unschedulable) {
        painter.setBrush(QBrush(theme_->line(), Qt::BDiagPattern));
        painter.setPen(Qt::NoPen);
        painter.drawRoundedRect(node.box.adjusted(1, 1, -1, -1), 10, 10);
    }
    QFont font(theme_->mono());
    font.setPixelSize(12);
    font.setBold(true);
    painter.setFont(font);
    painter.setPen(theme_->text());
    glyph(painter, node.ready ? QStringLiteral("ready") : QStringLiteral("failed"), node.box.topLeft() + QPointF(18, 17), 4.5, 0);
    painter.setPen(theme_->text());
    painter.drawText(QRectF(node.box.left() + 28, node.box.top() + 8, node.box.width() - 36, 18), Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(font).elidedText(node.name, Qt::ElideRight, static_cast<int>(node.box.width()) - 36));
    const double half = (node.box.width() - 3 * 14) / 2;
    const double cpu = node.cpuTotal > 0 ? node.cpuRequested / node.cpuTotal : 0;
    const double mem = node.memoryTotal > 0 ? node.memoryRequested / node.memoryTotal : 0;
    paintBar(painter, QRectF(node.box.left() + 14, node.box.top() + 44, half, 4), cpu, QStringLiteral("CPU %1/%2").arg(node.cpuRequested, 0, 'g', 3).arg(node.cpuTotal, 0, 'g', 3));
    paintBar(painter, QRectF(node.box.left() + 28 + half, node.box.top() + 44, half, 4), mem, QStringLiteral("MEM %1 %").arg(static_cast<int>(mem * 100)));
}

void ClusterScene::glyph(QPainter& painter, const QString& state, const QPointF& center, double radius, qint64 now) const {
    const QColor color = theme_->state(state);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    if (state == QLatin1String("ready")) {
        painter.drawEllipse(center, radius, radius);
    } else if (state == QLatin1String("waiting")) {
        const double width = radius * 0.42;
        const QRectF ring(center.x() - radius + width / 2, center.y() - radius + width / 2, 2 * radius - width, 2 * radius - width);
        painter.setBrush(Qt::NoBrush);
        QColor faint = color;
        faint.setAlphaF(0.35);
        painter.setPen(QPen(faint, width));
        painter.drawEllipse(ring);
        painter.setPen(QPen(color, width, Qt::SolidLine, Qt::RoundCap));
        painter.drawArc(ring, theme_->reducedMotion() ? 90 * 16 : static_cast<int>(-(now % 1200) * 360 / 1200) * 16, -90 * 16);
    } else if (state == QLatin1String("failed")) {
        QPainterPath triangle;
        triangle.moveTo(center + QPointF(0, -radius));
        triangle.lineTo(center + QPointF(radius * 0.98, radius * 0.8));
        triangle.lineTo(center + QPointF(-radius * 0.98, radius * 0.8));
        triangle.closeSubpath();
        painter.drawPath(triangle);
    } else if (state == QLatin1String("ending")) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, radius * 0.25, Qt::DashLine));
        painter.drawEllipse(center, radius * 0.75, radius * 0.75);
    } else if (state == QLatin1String("done")) {
        painter.drawRoundedRect(QRectF(center.x() - radius * 0.85, center.y() - radius * 0.85, radius * 1.7, radius * 1.7), 2, 2);
        painter.setPen(QPen(theme_->surface(), radius * 0.22, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(QPolygonF({center + QPointF(-radius * 0.4, 0), center + QPointF(-radius * 0.1, radius * 0.35), center + QPointF(radius * 0.45, -radius * 0.35)}));
    } else {
        painter.setBrush(QBrush(color, Qt::BDiagPattern));
        painter.setPen(QPen(color, 1));
        painter.drawEllipse(center, radius, radius);
    }
}

void ClusterScene::paintPod(QPainter& painter, const Motion& motion, qint64 now) const {
    const ScenePod& pod = motion.pod;
    const QPointF center = positionOf(motion, now);
    double scale = pod.system ? 0.72 : 1;
    const double quick = std::max(1, theme_->quick());
    if (motion.born != 0) {
        const double t = std::clamp(static_cast<double>(now - motion.born) / quick, 0.0, 1.0);
        painter.setOpacity(t);
        scale *= 0.6 + 0.4 * t;
    }
    if (motion.leaving != 0) {
        const double t = std::clamp(static_cast<double>(now - motion.leaving) / quick, 0.0, 1.0);
        painter.setOpacity(1 - t);
        scale *= 1 - t;
    }
    const double radius = kPodRadius * scale;
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
    if (zoom_ >= 2.2) { // near: the name under the glyph
        QFont font(theme_->mono());
        font.setPixelSize(4);
        painter.setFont(font);
        painter.setPen(theme_->muted());
        painter.drawText(QRectF(center.x() - 15, center.y() + radius + 0.5, 30, 5), Qt::AlignCenter,
                         QFontMetrics(font).elidedText(pod.name, Qt::ElideMiddle, 30));
    }
    painter.setOpacity(1);
}

void ClusterScene::paintChip(QPainter& painter, const SceneGroup& chip) const {
    const bool chosen = selectedKind_ == QString::fromStdString(chip.kind) && selectedKey_ == QString::fromStdString(chip.key);
    const bool service = chip.kind == "/services";
    painter.setBrush(theme_->raised());
    painter.setPen(QPen(chosen ? theme_->accent() : theme_->line(), chosen ? 2 : 1));
    painter.drawRoundedRect(chip.box, service ? chip.box.height() / 2 : 6, service ? chip.box.height() / 2 : 6);
    glyph(painter, chip.state, QPointF(chip.box.left() + 17, chip.box.center().y()), 5, clock_.elapsed());
    static const std::map<std::string, QString, std::less<>> kShort{
        {"apps/deployments", QStringLiteral("deploy")}, {"apps/replicasets", QStringLiteral("rs")},
        {"apps/statefulsets", QStringLiteral("sts")}, {"apps/daemonsets", QStringLiteral("ds")}, {"/services", QStringLiteral("svc")}};
    QFont small(theme_->sans());
    small.setPixelSize(9);
    painter.setFont(small);
    painter.setPen(theme_->muted());
    painter.drawText(QRectF(chip.box.left() + 30, chip.box.top() + 4, 80, 11), Qt::AlignLeft | Qt::AlignVCenter, kShort.at(chip.kind));
    painter.drawText(QRectF(chip.box.right() - 52, chip.box.top() + 4, 40, 11), Qt::AlignRight | Qt::AlignVCenter, chip.label);
    QFont name(theme_->mono());
    name.setPixelSize(11);
    painter.setFont(name);
    painter.setPen(theme_->text());
    painter.drawText(QRectF(chip.box.left() + 30, chip.box.top() + 15, chip.box.width() - 42, 15), Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(name).elidedText(chip.name, Qt::ElideMiddle, static_cast<int>(chip.box.width()) - 42));
}

void ClusterScene::paintLines(QPainter& painter, qint64 now) const {
    const auto curve = [&](const QPointF& from, const QPointF& to) {
        QPainterPath path(from);
        const double bend = (to.y() - from.y()) * 0.45;
        path.cubicTo(from + QPointF(0, bend), to - QPointF(0, bend), to);
        painter.drawPath(path);
    };
    painter.setBrush(Qt::NoBrush);
    const auto podAt = [&](const std::string& key, QPointF& out) {
        const auto found = motions_.find(key);
        if (found == motions_.end()) return false;
        out = positionOf(found->second, now);
        return true;
    };
    const bool many = scene_.pods.size() > 400; // then only the selected chip's lines
    const auto wanted = [&](const SceneGroup& chip) {
        return !many || (selectedKind_ == QString::fromStdString(chip.kind) && selectedKey_ == QString::fromStdString(chip.key));
    };
    if (showOwners_) {
        QColor color = theme_->muted();
        color.setAlphaF(0.45);
        painter.setPen(QPen(color, 1));
        for (const auto& chip : scene_.groups) {
            if (!wanted(chip)) continue;
            for (const auto& parent : scene_.groups)
                if (!chip.parent.empty() && parent.kind == "apps/deployments" && parent.key == chip.parent)
                    curve(QPointF(parent.box.center().x(), parent.box.bottom()), QPointF(chip.box.center().x(), chip.box.top()));
            QPointF pod;
            for (const std::string& key : chip.members)
                if (podAt(key, pod)) curve(QPointF(chip.box.center().x(), chip.box.bottom()), pod - QPointF(0, kPodRadius));
        }
    }
    if (showTraffic_) {
        for (const auto& service : scene_.services) {
            if (!wanted(service)) continue;
            QPointF pod;
            for (const std::string& key : service.members) {
                if (!podAt(key, pod)) continue;
                const auto found = scene_.pods.find(key);
                const bool serves = found != scene_.pods.end() && found->second.state == QLatin1String("ready");
                QColor color = serves ? theme_->accent() : theme_->failed();
                color.setAlphaF(serves ? 0.6 : 0.4);
                painter.setPen(QPen(color, 1.2, serves ? Qt::SolidLine : Qt::DashLine));
                curve(QPointF(service.box.center().x(), service.box.top()), pod + QPointF(0, kPodRadius));
            }
        }
    }
}

// Input -----------------------------------------------------------------------------------------------

void ClusterScene::wheelEvent(QWheelEvent* event) {
    const QPointF at = event->position();
    const QPointF anchor = toScene(at);
    zoom_ = std::clamp(zoom_ * std::pow(1.0015, event->angleDelta().y()), kMinZoom, kMaxZoom);
    pan_ = at - anchor * zoom_;
    fitted_ = false;
    update();
}

void ClusterScene::mousePressEvent(QMouseEvent* event) {
    forceActiveFocus();
    dragging_ = true;
    moved_ = false;
    dragFrom_ = event->position();
    panFrom_ = pan_;
}

void ClusterScene::mouseMoveEvent(QMouseEvent* event) {
    if (!dragging_) return;
    const QPointF delta = event->position() - dragFrom_;
    if (!moved_ && delta.manhattanLength() < 4) return;
    moved_ = true;
    fitted_ = false;
    pan_ = panFrom_ + delta;
    update();
}

void ClusterScene::mouseReleaseEvent(QMouseEvent* event) {
    dragging_ = false;
    if (moved_) return;
    const Hit found = hit(toScene(event->position()));
    select(found.kind, found.key);
}

void ClusterScene::mouseDoubleClickEvent(QMouseEvent*) { fit(); }

void ClusterScene::hoverMoveEvent(QHoverEvent* event) {
    const Hit found = hit(toScene(event->position()));
    QString text;
    if (found.kind == QLatin1String("/pods")) {
        const ScenePod& pod = scene_.pods.at(found.key.toStdString());
        text = QStringLiteral("%1\n%2 · %3/%4").arg(pod.name, pod.word).arg(pod.ready).arg(pod.total);
        if (pod.restarts > 0) text += tr(" · %n restart(s)", nullptr, pod.restarts);
    } else if (!found.key.isEmpty() && found.kind != QLatin1String("/nodes")) {
        text = found.key;
    }
    hoverPoint_ = event->position();
    if (text == hoverText_ && text.isEmpty()) return;
    hoverText_ = text;
    Q_EMIT hoverChanged();
}

void ClusterScene::hoverLeaveEvent(QHoverEvent*) {
    hoverText_.clear();
    Q_EMIT hoverChanged();
}

std::vector<ClusterScene::Hit> ClusterScene::order() const {
    std::vector<Hit> all;
    for (const auto& chip : scene_.groups) all.push_back({QString::fromStdString(chip.kind), QString::fromStdString(chip.key)});
    for (const auto& node : scene_.nodes) all.push_back({QStringLiteral("/nodes"), node.name});
    for (const auto& [key, pod] : scene_.pods) all.push_back({QStringLiteral("/pods"), QString::fromStdString(key)});
    for (const auto& chip : scene_.services) all.push_back({QString::fromStdString(chip.kind), QString::fromStdString(chip.key)});
    return all;
}

void ClusterScene::keyPressEvent(QKeyEvent* event) {
    const auto all = order();
    const auto here = std::find_if(all.begin(), all.end(), [&](const Hit& h) { return h.kind == selectedKind_ && h.key == selectedKey_; });
    int step = 0;
    switch (event->key()) {
    case Qt::Key_Right: case Qt::Key_Down: step = 1; break;
    case Qt::Key_Left: case Qt::Key_Up: step = -1; break;
    case Qt::Key_Plus: case Qt::Key_Equal: zoomBy(1.25); return;
    case Qt::Key_Minus: zoomBy(0.8); return;
    case Qt::Key_0: fit(); return;
    case Qt::Key_Escape: select({}, {}); return;
    default: event->ignore(); return;
    }
    if (all.empty()) return;
    const auto count = static_cast<std::ptrdiff_t>(all.size());
    const std::ptrdiff_t at = here == all.end() ? (step > 0 ? 0 : count - 1) : ((here - all.begin()) + step + count) % count;
    select(all[static_cast<std::size_t>(at)].kind, all[static_cast<std::size_t>(at)].key);
}

void ClusterScene::geometryChange(const QRectF& now, const QRectF& before) {
    QQuickPaintedItem::geometryChange(now, before);
    if (fitted_ && !settle_.isActive()) settle_.start();
}

} // namespace app
