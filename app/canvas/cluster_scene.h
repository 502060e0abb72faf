#pragma once
// The cluster as one painted item: trays of nodes, pods as glyphs, workloads and services as chips,
// ownership and traffic as lines. Zoom and pan, click to select, changes animate.

#include "canvas/scene_layout.h"
#include "settings/theme.h"

#include <QElapsedTimer>
#include <QHash>
#include <QPixmap>
#include <QQuickPaintedItem>
#include <QTimer>

namespace app {

class ClusterScene : public QQuickPaintedItem {
    Q_OBJECT
    Q_PROPERTY(QString ns READ ns WRITE setNs NOTIFY optionsChanged)
    Q_PROPERTY(bool showOwners READ showOwners WRITE setShowOwners NOTIFY optionsChanged)
    Q_PROPERTY(bool showTraffic READ showTraffic WRITE setShowTraffic NOTIFY optionsChanged)
    Q_PROPERTY(QString selectedKind READ selectedKind NOTIFY selected)
    Q_PROPERTY(QString selectedKey READ selectedKey NOTIFY selected)
    Q_PROPERTY(QString hoverText READ hoverText NOTIFY hoverChanged)
    Q_PROPERTY(QPointF hoverPoint READ hoverPoint NOTIFY hoverChanged)
    Q_PROPERTY(QString description READ description NOTIFY described) // for screen readers
public:
    explicit ClusterScene(QQuickItem* parent = nullptr);
    static void setContext(ClusterModel* cluster, Theme* theme);

    QString ns() const { return ns_; }
    void setNs(const QString& ns);
    bool showOwners() const { return showOwners_; }
    void setShowOwners(bool show);
    bool showTraffic() const { return showTraffic_; }
    void setShowTraffic(bool show);
    QString selectedKind() const { return selectedKind_; }
    QString selectedKey() const { return selectedKey_; }
    QString hoverText() const { return hoverText_; }
    QPointF hoverPoint() const { return hoverPoint_; }
    QString description() const;

    Q_INVOKABLE void fit();
    Q_INVOKABLE void zoomBy(double factor);
    Q_INVOKABLE void select(const QString& kind, const QString& key);

    void paint(QPainter* painter) override;

Q_SIGNALS:
    void optionsChanged();
    void selected(const QString& kind, const QString& key);
    void hoverChanged();
    void described();

protected:
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void hoverMoveEvent(QHoverEvent* event) override;
    void hoverLeaveEvent(QHoverEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void geometryChange(const QRectF& now, const QRectF& before) override;

private:
    struct Motion { // of one pod
        QPointF from, to;
        qint64 moved = 0, born = 0, pulsed = 0, leaving = 0; // milliseconds of clock_; 0: not
        QString state;
        ScenePod pod;
    };
    struct Hit {
        QString kind, key;
    };
    void relayout();
    double fittingZoom() const;
    double bottomMargin() const;
    void animate();
    QPointF toScene(const QPointF& point) const { return (point - pan_) / zoom_; }
    Hit hit(const QPointF& scenePoint) const;
    QPointF positionOf(const Motion& motion, qint64 now) const;
    // Painting, in scene_paint.cpp. Everything is placed in pixels of the item: letters keep their size.
    QPointF toView(const QPointF& point) const { return pan_ + point * zoom_; }
    QRectF toView(const QRectF& box) const { return {toView(box.topLeft()), box.size() * zoom_}; }
    void paintNode(QPainter& painter, const SceneNode& node);
    void paintBar(QPainter& painter, const QRectF& box, double share) const;
    void paintPod(QPainter& painter, const Motion& motion, qint64 now);
    void paintChip(QPainter& painter, const SceneGroup& chip, qint64 now);
    void paintLines(QPainter& painter, qint64 now) const;
    void paintMembers(QPainter& painter, const SceneGroup& chip, bool service, qint64 now) const;
    void paintText(QPainter& painter, const QRectF& box, const QString& text, double size, const QColor& color, int align, bool code, bool bold = false) const;
    void glyph(QPainter& painter, const QString& state, const QPointF& center, double radius, qint64 now);
    QPixmap drawGlyph(const QString& state, double radius, int turn, double ratio) const;
    bool isSelected(const SceneGroup& chip) const { return selectedKind_ == QString::fromStdString(chip.kind) && selectedKey_ == QString::fromStdString(chip.key); }
    void itemChange(ItemChange change, const ItemChangeData& data) override;
    std::vector<Hit> order() const; // keyboard order

    static ClusterModel* cluster_;
    static Theme* theme_;
    SceneData scene_;
    std::map<std::string, Motion> motions_;
    QElapsedTimer clock_;
    QTimer frame_, settle_;
    QHash<QString, QPixmap> glyphs_; // by state, size and turn
    QString ns_, selectedKind_, selectedKey_, hoverText_;
    QPointF hoverPoint_, pan_{24, 24}, dragFrom_, panFrom_;
    double zoom_ = 1;
    bool showOwners_ = true, showTraffic_ = true, fitted_ = true, dragging_ = false, moved_ = false, fresh_ = true;
};

} // namespace app
