#include "scheduler/plugins/plugins.h"

#include <algorithm>

namespace scheduler {
namespace {

constexpr std::int64_t kMegabyte = 1024 * 1024;
constexpr std::int64_t kMinThreshold = 23 * kMegabyte, kMaxPerContainer = 1000 * kMegabyte;

std::string withTag(std::string_view name) {
    const std::size_t colon = name.rfind(':'), slash = name.rfind('/');
    const bool tagged =
        colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
    return tagged ? std::string(name) : std::string(name) + ":latest";
}

struct Spread : StateData {
    std::map<std::string, std::int64_t> nodesWith; // image -> number of nodes
    std::int64_t nodes = 1;
};

class ImageLocality : public Plugin {
public:
    const char* name() const override { return "ImageLocality"; }
    std::int64_t weight() const override { return 1; }
    Status preScore(CycleState& state, const PodInfo& pod, const Snapshot&,
                    const Snapshot& all) override {
        auto data = std::make_shared<Spread>();
        data->nodes = static_cast<std::int64_t>(all.size());
        for (const document::Value& container : pod.pod.at("spec", "containers").items()) {
            const std::string image = withTag(container["image"].asString());
            if (data->nodesWith.contains(image)) continue;
            std::int64_t count = 0;
            for (const auto& node : all) count += node->images.contains(image) ? 1 : 0;
            data->nodesWith[image] = count;
        }
        state.put(name(), data);
        return {};
    }
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) override {
        const Spread* spread = state.get<Spread>(name());
        std::int64_t sum = 0, containers = 0;
        for (const document::Value& container : pod.pod.at("spec", "containers").items()) {
            ++containers;
            const std::string image = withTag(container["image"].asString());
            const auto place = node.images.find(image);
            if (place != node.images.end())
                sum += place->second * spread->nodesWith.at(image) /
                       std::max<std::int64_t>(1, spread->nodes);
        }
        const std::int64_t most = kMaxPerContainer * std::max<std::int64_t>(1, containers);
        sum = std::clamp(sum, kMinThreshold, most);
        return kMaxNodeScore * (sum - kMinThreshold) / (most - kMinThreshold);
    }
};

} // namespace

PluginPtr makeImageLocality() { return std::make_unique<ImageLocality>(); }

} // namespace scheduler
