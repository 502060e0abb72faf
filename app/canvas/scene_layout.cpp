#include "canvas/scene_layout.h"

#include "models/objects_model.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace app {
namespace {
constexpr double kGap = 26, kTrayPadding = 14, kTrayHead = 62, kPodPitch = 30, kChipHeight = 38;
constexpr double kChipWidth = 176, kChipGap = 14, kBandGap = 52;

double cores(const document::Value& quantity) {
    const QString text = quantity.isInt() ? QString::number(quantity.asInt()) : qstring(quantity.asString());
    return text.endsWith(QLatin1Char('m')) ? text.chopped(1).toDouble() / 1000 : text.toDouble();
}
double memory(const document::Value& quantity) {
    QString text = quantity.isInt() ? QString::number(quantity.asInt()) : qstring(quantity.asString());
    static const std::vector<std::pair<QString, double>> kUnits{
        {QStringLiteral("Ki"), 1024.0}, {QStringLiteral("Mi"), 1048576.0}, {QStringLiteral("Gi"), 1073741824.0},
        {QStringLiteral("Ti"), 1099511627776.0}, {QStringLiteral("k"), 1e3}, {QStringLiteral("M"), 1e6}, {QStringLiteral("G"), 1e9}};
    for (const auto& [unit, factor] : kUnits)
        if (text.endsWith(unit)) return text.chopped(static_cast<int>(unit.size())).toDouble() * factor;
    return text.toDouble();
}

bool selects(const document::Value& selector, const document::Value& labels) {
    if (selector.size() == 0) return false;
    for (const auto& wanted : selector.members())
        if (labels[wanted.key.view()].asString() != wanted.value.asString()) return false;
    return true;
}

QString controllerOf(const document::Value& object) {
    for (const auto& owner : object.at("metadata", "ownerReferences").items())
        if (owner["controller"].asBool())
            return qstring(owner["kind"].asString()) + QLatin1Char('/') + qstring(owner["name"].asString());
    return {};
}

// Pods of each node in drawing order; those without a node stand under the empty name.
using NodePods = std::map<QString, std::vector<ScenePod*>>;

NodePods podsByNode(SceneData& scene) {
    NodePods byNode;
    for (auto& [key, pod] : scene.pods) byNode[pod.wantedNode].push_back(&pod);
    for (auto& [name, pods] : byNode)
        std::sort(pods.begin(), pods.end(), [](const ScenePod* a, const ScenePod* b) {
            return std::tie(a->system, a->owner, a->name) < std::tie(b->system, b->owner, b->name);
        });
    return byNode;
}

struct Grid { // of trays
    int columns = 6; // pods in a row of a tray
    int perRow = 3;
    double width = 0, height = 0; // of a tray
    double text = 1;
    double head() const { return kTrayHead * (0.4 + 0.6 * text); }
    double chipWidth() const { return kChipWidth * (0.4 + 0.6 * text); }
    double chipHeight() const { return kChipHeight * text; }
    int chipsPerRow(double across) const { return std::max(1, static_cast<int>((across + kChipGap) / (chipWidth() + kChipGap))); }
    double span() const { return perRow * (width + kGap) - kGap; }
};

double bandHeight(std::size_t count, const Grid& grid) {
    return count == 0 ? 0 : std::ceil(static_cast<double>(count) / grid.chipsPerRow(grid.span())) * (grid.chipHeight() + 12);
}

Grid chooseGrid(const NodePods& byNode, std::size_t nodes, std::size_t chips, double aspect, double text) {
    std::size_t most = 6;
    for (const auto& [name, pods] : byNode)
        if (!name.isEmpty()) most = std::max(most, pods.size());
    Grid grid;
    grid.text = text;
    grid.columns = std::max(6, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(most) * 1.8))));
    grid.width = std::max(grid.columns * kPodPitch + 2 * kTrayPadding, 190 * (0.4 + 0.6 * text));
    grid.height = grid.head() + std::ceil(static_cast<double>(most) / grid.columns) * kPodPitch + kTrayPadding;
    const double waiting = byNode.count(QString()) != 0 ? 4 * kPodPitch + kGap : 0;
    double best = 0;
    const Grid shape = grid;
    for (int perRow = 1; perRow <= static_cast<int>(std::min<std::size_t>(nodes, 100)); ++perRow) {
        Grid trial = shape;
        trial.perRow = perRow;
        const double rows = std::ceil(static_cast<double>(nodes) / perRow);
        const double height = rows * (grid.height + kGap) + bandHeight(chips, trial) + 2 * kBandGap;
        const double scale = std::min(aspect / (trial.span() + waiting), 1 / height);
        if (scale > best * 1.001) {
            best = scale;
            grid = trial;
        }
    }
    return grid;
}

void placeNodes(const ClusterModel& cluster, SceneData& scene, NodePods& byNode, const Grid& grid, double top) {
    const auto& nodes = cluster.objects("/nodes");
    const int columns = grid.columns, perRow = grid.perRow;
    const double width = grid.width, height = grid.height;
    int index = 0;
    for (const auto& [name, node] : nodes) {
        SceneNode tray;
        tray.name = QString::fromStdString(name);
        tray.box = QRectF(index % perRow * (width + kGap), top + index / perRow * (height + kGap), width, height);
        tray.head = grid.head();
        tray.ready = nodeReady(node);
        tray.unschedulable = node.at("spec", "unschedulable").asBool();
        tray.controlPlane = node.at("metadata", "labels").has("node-role.kubernetes.io/control-plane");
        tray.cpuTotal = cores(node.at("status", "allocatable", "cpu"));
        tray.memoryTotal = memory(node.at("status", "allocatable", "memory"));
        int slot = 0;
        for (ScenePod* pod : byNode[tray.name]) {
            pod->center = QPointF(tray.box.left() + kTrayPadding + (slot % columns + 0.5) * kPodPitch,
                                  tray.box.top() + grid.head() + (slot / columns + 0.5) * kPodPitch);
            pod->node = tray.name;
            ++slot;
            tray.cpuRequested += pod->cpu;
            tray.memoryRequested += pod->memory;
        }
        scene.nodes.push_back(std::move(tray));
        scene.bounds |= scene.nodes.back().box;
        ++index;
    }
    // Pods without a node wait beside the trays, no deeper than these.
    auto& waiting = byNode[QString()];
    const double left = scene.bounds.right() + kGap;
    const int deep = std::max(3, static_cast<int>((scene.bounds.bottom() - top) / kPodPitch));
    const int across = std::max(4, (static_cast<int>(waiting.size()) + deep - 1) / deep);
    for (std::size_t slot = 0; slot < waiting.size(); ++slot) {
        const int column = static_cast<int>(slot) % across, row = static_cast<int>(slot) / across;
        waiting[slot]->center = QPointF(left + (column + 0.5) * kPodPitch, top + (row + 0.5) * kPodPitch);
    }
    if (!waiting.empty()) scene.bounds |= QRectF(left, top, across * kPodPitch, deep * kPodPitch);
}

void placeChips(std::vector<SceneGroup>& chips, double top, double across, const Grid& grid) {
    const int perRow = grid.chipsPerRow(across);
    for (std::size_t i = 0; i < chips.size(); ++i) {
        const auto column = static_cast<int>(i) % perRow, row = static_cast<int>(i) / perRow;
        chips[i].box = QRectF(column * (grid.chipWidth() + kChipGap), top + row * (grid.chipHeight() + 12), grid.chipWidth(), grid.chipHeight());
    }
}

ScenePod readPod(const std::string& key, const document::Value& pod) {
    ScenePod item;
    const PodState state = podState(pod);
    item.key = key;
    item.name = qstring(pod.at("metadata", "name").asString());
    item.ns = qstring(pod.at("metadata", "namespace").asString());
    item.system = item.ns == QLatin1String("kube-system");
    item.state = state.state;
    item.word = state.word;
    item.ready = state.ready;
    item.total = state.total;
    item.restarts = state.restarts;
    item.owner = controllerOf(pod);
    item.object = pod;
    item.wantedNode = qstring(pod.at("spec", "nodeName").asString());
    item.ownerKey = (item.ns + QLatin1Char(' ') + item.owner).toStdString();
    for (const auto& container : pod.at("spec", "containers").items()) {
        item.cpu += cores(container.at("resources", "requests", "cpu"));
        item.memory += memory(container.at("resources", "requests", "memory"));
    }
    return item;
}
} // namespace

SceneData layoutScene(const ClusterModel& cluster, const QString& ns, double aspect, double text) {
    SceneData scene = collectScene(cluster, ns, {});
    arrangeScene(cluster, scene, aspect, text);
    return scene;
}

SceneData collectScene(const ClusterModel& cluster, const QString& ns, const SceneData& before) {
    SceneData scene;
    std::map<std::string, std::vector<std::string>> byOwner; // "ns ReplicaSet/web" -> pods
    for (const auto& [key, pod] : cluster.objects("/pods")) {
        const auto known = before.pods.find(key);
        ScenePod item = known != before.pods.end() && known->second.object.sameAs(pod) ? known->second : readPod(key, pod);
        item.node.clear(); // places are given anew
        item.center = {};
        if (!ns.isEmpty() && item.ns != ns && !item.system) continue;
        byOwner[item.ownerKey].push_back(key);
        scene.pods.emplace_hint(scene.pods.end(), key, std::move(item));
    }
    const auto visible = [&](const std::string& key) {
        const QString where = QString::fromStdString(key).section(QLatin1Char('/'), 0, 0);
        return where != QLatin1String("kube-system") && (ns.isEmpty() || where == ns);
    };
    const auto addGroups = [&](const char* kind, const char* word) {
        for (const auto& [key, object] : cluster.objects(kind)) {
            if (!visible(key)) continue;
            const bool daemons = std::string_view(kind) == "apps/daemonsets";
            const auto want = daemons ? object.at("status", "desiredNumberScheduled").asInt() : object.at("spec", "replicas").asInt();
            const auto have = object.at("status", daemons ? "numberReady" : "readyReplicas").asInt();
            if (std::string_view(kind) == "apps/replicasets" && want == 0 && have == 0) continue;
            SceneGroup chip;
            chip.kind = kind;
            chip.key = key;
            chip.name = qstring(object.at("metadata", "name").asString());
            chip.label = QStringLiteral("%1/%2").arg(have).arg(want);
            chip.state = objectState(kind, object);
            const QString ownerKey = qstring(object.at("metadata", "namespace").asString()) + QLatin1Char(' ') +
                                     QLatin1String(word) + QLatin1Char('/') + chip.name;
            if (const auto found = byOwner.find(ownerKey.toStdString()); found != byOwner.end()) chip.members = found->second;
            const QString parent = controllerOf(object);
            if (parent.startsWith(QLatin1String("Deployment/")))
                chip.parent = key.substr(0, key.find('/') + 1) + parent.mid(11).toStdString();
            scene.groups.push_back(std::move(chip));
        }
    };
    addGroups("apps/deployments", "Deployment");
    addGroups("apps/replicasets", "ReplicaSet");
    addGroups("apps/statefulsets", "StatefulSet");
    addGroups("apps/daemonsets", "DaemonSet");
    for (const auto& [key, service] : cluster.objects("/services")) {
        if (!visible(key)) continue;
        SceneGroup chip;
        chip.kind = "/services";
        chip.key = key;
        chip.name = qstring(service.at("metadata", "name").asString());
        const auto& selector = service.at("spec", "selector");
        const std::string prefix = key.substr(0, key.find('/') + 1);
        int ready = 0;
        for (const auto& [podKey, pod] : scene.pods) {
            if (podKey.compare(0, prefix.size(), prefix) != 0) continue;
            if (!selects(selector, pod.object.at("metadata", "labels"))) continue;
            chip.members.push_back(podKey);
            ready += pod.state == QLatin1String("ready");
        }
        chip.label = selector.size() == 0 ? QString() : QStringLiteral("%1/%2").arg(ready).arg(chip.members.size());
        chip.state = selector.size() == 0 ? QStringLiteral("done") : ready > 0 ? QStringLiteral("ready") : QStringLiteral("failed");
        scene.services.push_back(std::move(chip));
    }
    return scene;
}

void arrangeScene(const ClusterModel& cluster, SceneData& scene, double aspect, double text) {
    scene.nodes.clear();
    scene.bounds = {};
    std::vector<SceneGroup> owners, sets;
    for (auto& group : scene.groups) (group.kind == "apps/replicasets" ? sets : owners).push_back(std::move(group));
    NodePods byNode = podsByNode(scene);
    const Grid grid = chooseGrid(byNode, cluster.objects("/nodes").size(), owners.size() + sets.size() + scene.services.size(), aspect, text);
    const double span = grid.span();
    placeChips(owners, 0, span, grid);
    double top = bandHeight(owners.size(), grid);
    if (!sets.empty()) {
        placeChips(sets, top + (owners.empty() ? 0 : 18), span, grid);
        top += bandHeight(sets.size(), grid) + 18;
    }
    for (const auto& chip : owners) scene.bounds |= chip.box;
    for (const auto& chip : sets) scene.bounds |= chip.box;
    placeNodes(cluster, scene, byNode, grid, top == 0 ? 0 : top + kBandGap - 12);
    placeChips(scene.services, scene.bounds.bottom() + kBandGap, std::max(span, scene.bounds.width()), grid);
    for (const auto& chip : scene.services) scene.bounds |= chip.box;
    scene.groups = std::move(owners);
    scene.groups.insert(scene.groups.end(), sets.begin(), sets.end());
}

} // namespace app
