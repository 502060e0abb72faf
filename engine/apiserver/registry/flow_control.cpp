// What the server's flow control writes back: does a schema name a priority level that exists?
// Source: apiserver pkg/util/flowcontrol apf_controller.go.
#include "apiserver/core.h"
#include "apiserver/registry/strategies.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

constexpr const char* kGroup = "flowcontrol.apiserver.k8s.io";
constexpr const char* kConsumer = "api-priority-and-fairness-config-consumer-v1";

Value danglingCondition(Core& core, const Value& schema) {
    const std::string level = schema.at("spec", "priorityLevelConfiguration", "name").text();
    const bool found = !core.lookup(kGroup, "prioritylevelconfigurations", "", level).isNull();
    const std::string text = "This FlowSchema references the PriorityLevelConfiguration object named " +
                             base::quoteGo(level) + (found ? " and it exists" : " but there is no such object");
    return Value::object({{"type", "Dangling"},
                          {"status", found ? "False" : "True"},
                          {"lastTransitionTime", core.now()},
                          {"reason", found ? "Found" : "NotFound"},
                          {"message", text}});
}

Value appliedRecord(Core& core) {
    const Value leaf = Value::object();
    document::ObjectBuilder item;
    for (const char* key : {".", "f:lastTransitionTime", "f:message", "f:reason", "f:status", "f:type"})
        item.set(key, leaf);
    const Value conditions = Value::object({{"k:{\"type\":\"Dangling\"}", std::move(item).build()}});
    return Value::object({{"manager", kConsumer},
                          {"operation", "Apply"},
                          {"apiVersion", std::string(kGroup) + "/v1"},
                          {"time", core.now()},
                          {"fieldsType", "FieldsV1"},
                          {"fieldsV1", Value::object({{"f:status", Value::object({{"f:conditions", conditions}})}})},
                          {"subresource", "status"}});
}

void updateSchema(Core& core, const api::ResourceInfo& resource, const std::string& name) {
    auto stored = readStored(core, resource, "", name);
    if (!stored.ok() || !stored.value()) return;
    const Value& schema = stored.value()->value;
    const Value wanted = danglingCondition(core, schema);
    document::ArrayBuilder conditions, records;
    for (const Value& condition : schema.at("status", "conditions").items()) {
        if (condition["type"].asString() != "Dangling") conditions.push(condition);
        else if (condition["status"] == wanted["status"] && condition["message"] == wanted["message"]) return;
    }
    conditions.push(wanted);
    records.push(appliedRecord(core));
    for (const Value& record : schema.at("metadata", "managedFields").items())
        if (record["manager"].asString() != kConsumer) records.push(record);
    Value next = schema.withPath({"status", "conditions"}, std::move(conditions).build());
    next = withMeta(next, "managedFields", std::move(records).build());
    (void)writeStored(core, resource, next, stored.value()->revision);
}

sim::Task<void> follow(Core* core) {
    co_await sim::sleepFor(core->kernel, 50 * sim::kMillisecond);
    const api::ResourceInfo* resource = core->kinds.find(kGroup, "v1", "flowschemas");
    if (resource == nullptr) co_return;
    for (const Value& schema : core->all(kGroup, "flowschemas"))
        updateSchema(*core, *resource, std::string(metaText(schema, "name")));
}

} // namespace

void flowControlWritten(Core& core, const Value& object, const Value& old) {
    if (!old.isNull() && object["spec"] == old["spec"]) return;
    core.scope.spawn(follow(&core), "flow-control");
}

void flowControlRemoved(Core& core, const Value&) { core.scope.spawn(follow(&core), "flow-control"); }

} // namespace apiserver
