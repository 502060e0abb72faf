#pragma once
// Where everything of the cluster picture stands, in scene units. Positions depend only on names and
// counts, so a thing stays where it is while others come and go.

#include "models/cluster_model.h"

#include <QPointF>
#include <QRectF>

#include <map>
#include <string>
#include <vector>

namespace app {

struct SceneNode {
    QString name;
    QRectF box;
    bool ready = false, unschedulable = false, controlPlane = false;
    double cpuRequested = 0, cpuTotal = 0;       // cores
    double memoryRequested = 0, memoryTotal = 0; // bytes
    double head = 0;                             // height of the part above the pods
};

struct ScenePod {
    std::string key;
    QString name, ns, state, word, owner; // owner: "ReplicaSet/web-1"
    QPointF center;
    QString node;
    int restarts = 0, ready = 0, total = 0;
    bool system = false;
    // What the rest was read from, and what the layout needs of it.
    document::Value object;
    QString wantedNode;
    std::string ownerKey;        // "default ReplicaSet/web-1"
    double cpu = 0, memory = 0;  // requested
};

struct SceneGroup { // a workload or a service, drawn as a chip
    std::string kind, key;
    QString name, label, state;
    QRectF box;
    std::vector<std::string> members; // pod keys
    std::string parent;               // key of the owning chip ("apps/deployments default/web")
};

struct SceneData {
    std::vector<SceneNode> nodes;
    std::map<std::string, ScenePod> pods;
    std::vector<SceneGroup> groups, services;
    QRectF bounds;
};

// `ns` empty: all namespaces; kube-system pods are always drawn, smaller. `aspect` is width / height of
// the view: the number of trays in a row is the one that shows everything largest.
// `text`: how much larger than normal letters are; trays and chips give them room.
SceneData layoutScene(const ClusterModel& cluster, const QString& ns, double aspect, double text);
// The same in two steps: what is there, and where it stands; the second may be done again. Pods whose
// object is still the one that `before` knows are not read again.
SceneData collectScene(const ClusterModel& cluster, const QString& ns, const SceneData& before);
void arrangeScene(const ClusterModel& cluster, SceneData& scene, double aspect, double text);

constexpr double kPodRadius = 11;

} // namespace app
