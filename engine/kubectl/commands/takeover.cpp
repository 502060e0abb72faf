#include "kubectl/commands/takeover.h"

#include "kubectl/commands/create_support.h"

#include <set>

namespace kubectl {

using document::Value;

namespace {

bool ownsLastApplied(const Value& entry, std::string_view operation) {
    return entry["operation"].asString() == operation &&
           entry.at("fieldsV1", "f:metadata", "f:annotations").has("f:" + std::string(kLastApplied));
}

// The fields of both tries.
Value united(const Value& a, const Value& b) {
    Value out = a;
    for (const document::Member& member : b.members())
        out = out.with(member.key.view(), out.has(member.key.view()) ? united(out[member.key.view()], member.value) : member.value);
    return out;
}

using Entries = std::vector<Value>;

bool isUpdateOf(const Value& entry, const std::string& manager) {
    return entry["manager"].asString() == manager && entry["operation"].asString() == "Update" && entry["subresource"].text().empty();
}

Entries::iterator firstUpdate(Entries& entries, const std::string& manager, const std::string& version) {
    auto at = entries.begin();
    while (at != entries.end() && !(isUpdateOf(*at, manager) && (version.empty() || (*at)["apiVersion"].text() == version))) ++at;
    return at;
}

// The entries once `to` owns by apply what `from` owned by updates.
Entries transferred(Entries entries, const std::string& from, const std::string& to) {
    auto target = entries.begin();
    while (target != entries.end() && !((*target)["manager"].asString() == to && (*target)["operation"].asString() == "Apply" &&
                                        (*target)["subresource"].text().empty()))
        ++target;
    if (target == entries.end()) {
        target = firstUpdate(entries, from, "");
        if (target == entries.end()) return entries;
        *target = target->with("operation", "Apply").with("manager", to);
    }
    const auto source = firstUpdate(entries, from, (*target)["apiVersion"].text());
    if (source != entries.end()) *target = target->with("fieldsV1", united((*target)["fieldsV1"], (*source)["fieldsV1"]));
    std::erase_if(entries, [&](const Value& entry) { return isUpdateOf(entry, from); });
    return entries;
}

} // namespace

sim::Task<base::Result<Value>> keepLastApplied(Session& session, Info info, Value live, ports::Query query) {
    const Value& metadata = live["metadata"];
    if (!metadata["annotations"].has(kLastApplied)) co_return live;
    for (const Value& entry : metadata["managedFields"].items())
        if (ownsLastApplied(entry, "Apply")) co_return live;
    Value own = Value::object({{"name", metadata["name"]}, {"annotations", Value::object({{kLastApplied, metadata["annotations"][kLastApplied]}})}});
    if (metadata.has("namespace")) own = own.with("namespace", metadata["namespace"]);
    CallOptions call;
    call.contentType = "application/apply-patch+yaml";
    call.query = std::move(query);
    call.query.set("fieldManager", "kubectl-last-applied");
    call.body = Value::object({{"apiVersion", info.mapping.apiVersion()}, {"kind", info.mapping.kind}, {"metadata", own}});
    co_return co_await session.call("PATCH", info.path(), std::move(call));
}

sim::Task<base::Result<Value>> takeOverFields(Session& session, Info info, Value live, std::string manager, ports::Query query) {
    base::Result<Value> answer = Value();
    for (int attempt = 0; attempt < 5; ++attempt) {
        const Value& managed = live.at("metadata", "managedFields");
        std::set<std::string> managers;
        for (const Value& entry : managed.items())
            if (ownsLastApplied(entry, "Update")) managers.insert(entry["manager"].text());
        Entries entries(managed.items().begin(), managed.items().end());
        for (const std::string& from : managers) entries = transferred(std::move(entries), from, manager);
        const Value wanted = Value::array(std::move(entries));
        if (managers.empty() || wanted == managed) co_return Value();
        CallOptions call;
        call.contentType = "application/json-patch+json";
        call.query = query;
        call.query.set("fieldManager", manager);
        // Written over itself, the version makes the server refuse when somebody else was quicker.
        call.body = Value::array({Value::object({{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", wanted}}),
                                  Value::object({{"op", "replace"}, {"path", "/metadata/resourceVersion"},
                                                 {"value", live.at("metadata", "resourceVersion")}})});
        answer = co_await session.call("PATCH", info.path(), std::move(call));
        if (answer.ok() || answer.error().code != 409) co_return answer;
        auto fresh = co_await fetch(session, info);
        if (!fresh.ok()) co_return fresh.error();
        live = fresh.value();
    }
    co_return answer;
}

} // namespace kubectl
