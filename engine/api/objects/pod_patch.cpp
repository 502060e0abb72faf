#include "api/objects/pod_patch.h"

namespace api {

using document::Value;

Value conditionPatch(const Value& pod, const Value& condition) {
    document::ArrayBuilder order;
    bool known = false;
    for (const Value& item : pod.at("status", "conditions").items()) {
        order.push(Value::object({{"type", item["type"]}}));
        known = known || item["type"] == condition["type"];
    }
    if (!known) order.push(Value::object({{"type", condition["type"]}}));
    return Value::object({{"$setElementOrder/conditions", std::move(order).build()},
                          {"conditions", Value::array({condition})}});
}

} // namespace api
