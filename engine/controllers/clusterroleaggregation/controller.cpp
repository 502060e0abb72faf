#include "controllers/clusterroleaggregation/controller.h"

#include "api/label_selector.h"
#include "api/objects/meta.h"

namespace controllers {

using document::Value;

namespace {
client::Resource clusterRoles() { return {"rbac.authorization.k8s.io", "v1", "clusterroles"}; }
} // namespace

ClusterRoleAggregationController::ClusterRoleAggregationController(Context context)
    : QueueController(context, "clusterrole-aggregation-controller"), roles_(use(clusterRoles())) {
    roles_.onChange([this](const Value& previous, const Value& current) {
        if (!previous.isNull() && !current.isNull() && previous["rules"] == current["rules"] &&
            api::labelsOf(previous) == api::labelsOf(current) &&
            previous["aggregationRule"] == current["aggregationRule"])
            return;
        for (const auto& [name, role] : roles_.items())
            if (!role["aggregationRule"].isNull()) queue_.add(name);
    });
}

sim::Task<base::Status> ClusterRoleAggregationController::sync(std::string key) {
    const Value role = roles_.get(key);
    if (role.isNull() || role["aggregationRule"].isNull()) co_return base::okStatus();
    document::ArrayBuilder rules;
    std::vector<Value> seen;
    for (const Value& item : role.at("aggregationRule", "clusterRoleSelectors").items()) {
        auto selector = api::LabelSelector::fromObject(item);
        if (!selector.ok()) co_return selector.error();
        for (const auto& [name, other] : roles_.items()) {
            if (name == key || !selector->matches(api::labelsOf(other))) continue;
            for (const Value& rule : other["rules"].items()) {
                bool known = false;
                for (const Value& old : seen) known = known || old == rule;
                if (known) continue;
                seen.push_back(rule);
                rules.push(rule);
            }
        }
    }
    const Value next = rules.size() == 0 ? Value() : std::move(rules).build();
    if (next == role["rules"] || (next.size() == 0 && role["rules"].size() == 0))
        co_return base::okStatus();
    auto written = co_await client_.update(clusterRoles(), "", role.with("rules", next));
    if (!written.ok()) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
