#include "controllers/nodeipam/controller.h"

#include "api/objects/meta.h"
#include "base/strings.h"

namespace controllers {

using document::Value;

NodeIpamController::NodeIpamController(Context context)
    : QueueController(context, "cidrAllocator", 1), nodes_(use(client::nodesResource())) {
    nodes_.onChange([this](const Value& previous, const Value& current) {
        const std::string name = api::nameOf(current.isNull() ? previous : current);
        if (current.isNull()) {
            used_.erase(name);
            return;
        }
        for (const Value& range : current.at("spec", "podCIDRs").items())
            used_[name].insert(range.text());
        if (current.at("spec", "podCIDRs").size() == 0) queue_.add(name);
    });
}

std::string NodeIpamController::allocate(const base::IpPrefix& cluster) {
    const bool v4 = cluster.address.isV4();
    const int length = v4 ? options_.nodeCIDRMaskSize : options_.nodeCIDRMaskSizeIPv6;
    const int bits = (v4 ? 32 : 128) - length;
    if (length < cluster.length) return {};
    const std::uint64_t count = std::uint64_t{1} << std::min(20, length - cluster.length);
    // Only IPv4 ranges and short IPv6 ones can be stepped by a 64-bit offset.
    if (bits >= 64) return {};
    for (std::uint64_t i = 0; i < count; ++i) {
        const base::IpPrefix range{cluster.network().next(i << bits), length};
        const std::string text = range.text();
        bool taken = false;
        for (const auto& [node, ranges] : used_) taken = taken || ranges.contains(text);
        if (options_.serviceClusterIPRange &&
            (range.contains(options_.serviceClusterIPRange->address) ||
             options_.serviceClusterIPRange->contains(range.address)))
            taken = true;
        if (!taken) return text;
    }
    return {};
}

sim::Task<base::Status> NodeIpamController::sync(std::string key) {
    const Value node = nodes_.get(key);
    if (node.isNull() || node.at("spec", "podCIDRs").size() > 0 || !options_.allocateNodeCIDRs)
        co_return base::okStatus();
    document::ArrayBuilder ranges;
    for (const base::IpPrefix& cluster : options_.clusterCIDRs) {
        const std::string range = allocate(cluster);
        if (range.empty()) {
            Value reference = Value::object({{"kind", "Node"}, {"name", key}, {"uid", key}});
            recorder_.record(std::move(reference), "Normal", "CIDRNotAvailable",
                             "Node " + key + " status is now: CIDRNotAvailable");
            co_return base::makeError(
                "failed to allocate cidr from cluster cidr: CIDR allocation failed; there are no "
                "remaining CIDRs left to allocate in the accepted range");
        }
        used_[key].insert(range);
        ranges.push(range);
    }
    if (ranges.size() == 0) co_return base::okStatus();
    const Value list = std::move(ranges).build();
    const Value spec = Value::object({{"podCIDR", list[0]}, {"podCIDRs", list}});
    const Value patch = Value::object({{"spec", spec}});
    auto patched = co_await client_.patch(client::nodesResource(), "", key,
                                          "application/strategic-merge-patch+json", patch);
    if (!patched.ok()) {
        used_.erase(key);
        co_return patched.error();
    }
    nodes_.put(*patched);
    co_return base::okStatus();
}

NodeTtlController::NodeTtlController(Context context)
    : QueueController(context, "ttl-controller", 1), nodes_(use(client::nodesResource())) {
    nodes_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() && !api::annotationsOf(current).has("node.alpha.kubernetes.io/ttl"))
            queue_.add(api::nameOf(current));
    });
}

sim::Task<base::Status> NodeTtlController::sync(std::string key) {
    const Value node = nodes_.get(key);
    // Small clusters cache nothing; the steps of larger ones follow upstream's table.
    const std::size_t count = nodes_.items().size();
    const char* ttl = count <= 100    ? "0"
                      : count <= 500  ? "15"
                      : count <= 1000 ? "30"
                      : count <= 2000 ? "60"
                                      : "300";
    if (node.isNull() || api::annotationOf(node, "node.alpha.kubernetes.io/ttl") == ttl)
        co_return base::okStatus();
    const Value annotations = Value::object({{"node.alpha.kubernetes.io/ttl", ttl}});
    const Value metadata = Value::object({{"annotations", annotations}});
    const Value patch = Value::object({{"metadata", metadata}});
    auto patched = co_await client_.patch(client::nodesResource(), "", key,
                                          "application/strategic-merge-patch+json", patch);
    if (!patched.ok()) co_return patched.error();
    co_return base::okStatus();
}

} // namespace controllers
