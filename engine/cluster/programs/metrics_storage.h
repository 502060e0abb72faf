#pragma once
// What metrics-server remembers: the last two readings of each node and container.
// Source: metrics-server pkg/storage, pkg/scraper/client/resource.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::metrics {

struct Point {
    std::int64_t startedAt = 0, at = 0; // Unix ns
    double cpuSeconds = 0;              // since the start
    std::int64_t memory = 0;            // bytes
};

using Containers = std::map<std::string, Point>;
// The answer of one kubelet's /metrics/resource, or of all of them.
struct Batch {
    std::map<std::string, Point> nodes;
    std::map<std::string, Containers> pods; // "namespace/name"
};
// Adds a kubelet's text to a batch.
void readResourceMetrics(std::string_view node, std::string_view text, std::int64_t now, Batch& batch);

struct Usage {
    std::string cpu, memory; // quantities
    std::int64_t at = 0, window = 0;
};

class Storage {
public:
    explicit Storage(std::int64_t resolution) : resolution_(resolution) {}
    void store(Batch batch);
    bool ready() const { return !previous_.nodes.empty() || !previous_.pods.empty(); }
    std::optional<Usage> node(const std::string& name) const;
    // Of all containers, or nothing while one of them has no two readings.
    std::map<std::string, Usage> pod(const std::string& key) const;

private:
    void storeNodes(std::map<std::string, Point> nodes);
    void storePods(std::map<std::string, Containers> pods);
    std::int64_t resolution_;
    Batch last_, previous_;
};

} // namespace cluster::metrics
