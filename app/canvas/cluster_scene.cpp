#include "canvas/cluster_scene.h"

#include <QAccessible>

#include <algorithm>
#include <cmath>

namespace app {
namespace {
constexpr double kMinZoom = 0.15, kMaxZoom = 4;
constexpr int kFrame = 16;
constexpr double kMargin = 24, kReadable = 0.8;
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
    connect(theme_, &Theme::changed, this, [this] {
        glyphs_.clear();
        settle_.start();
    });
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
    if (!isVisible()) return; // it is laid out when somebody looks
    const double aspect = height() > 0 ? std::max(0.2, width() / std::max(1.0, height() - bottomMargin())) : 1;
    scene_ = collectScene(*cluster_, ns_, scene_);
    arrangeScene(*cluster_, scene_, aspect, theme_->scale());
    // Seen from afar, heads and chips grow, so that names can still be read.
    if (const double zoom = fittingZoom(); zoom < kReadable) arrangeScene(*cluster_, scene_, aspect, theme_->scale() * std::min(4.0, kReadable / zoom));
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
    if (QAccessible::isActive()) Q_EMIT described();
    update();
}

void ClusterScene::itemChange(ItemChange change, const ItemChangeData& data) {
    QQuickPaintedItem::itemChange(change, data);
    if (change == ItemVisibleHasChanged && data.boolValue) settle_.start();
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

double ClusterScene::bottomMargin() const { return 44 * theme_->scale(); } // the tool bar's

double ClusterScene::fittingZoom() const {
    const QRectF bounds = scene_.bounds;
    if (bounds.isEmpty() || width() <= 0 || height() <= 0) return 1;
    return std::clamp(std::min((width() - 2 * kMargin) / bounds.width(), (height() - 2 * kMargin - bottomMargin()) / bounds.height()), kMinZoom, 1.6);
}

void ClusterScene::fit() {
    fitted_ = true;
    if (scene_.bounds.isEmpty() || width() <= 0 || height() <= 0) return;
    zoom_ = fittingZoom();
    pan_ = QPointF(width() / 2, (height() - bottomMargin()) / 2) - scene_.bounds.center() * zoom_;
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
