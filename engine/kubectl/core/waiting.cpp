#include "kubectl/core/waiting.h"

#include "api/status.h"
#include "kubectl/core/watch.h"

namespace kubectl {

using document::Value;

base::Error waitTimeout(const Info& info) {
    return base::makeError("timed out waiting for the condition on " + info.mapping.plural + "/" + info.name);
}

sim::Task<base::Result<bool>> followObject(Session& session, Info info, ObjectTest& done, sim::Time deadline,
                                           bool missingIsDone, std::string uid) {
    co_await session.flush();
    while (true) {
        CallOptions call;
        call.query.set("fieldSelector", "metadata.name=" + info.name);
        auto listed = co_await session.call("GET", info.mapping.path(info.ns), std::move(call));
        if (!listed.ok()) co_return listed.error();
        const Value& items = listed.value()["items"];
        if (items.size() == 0 && missingIsDone) co_return true;
        if (items.size() > 0) {
            const Value object = items[0].with("kind", info.mapping.kind).with("apiVersion", info.mapping.apiVersion());
            if (missingIsDone) {
                if (!uid.empty() && object.at("metadata", "uid").asString() != uid) co_return true;
            } else {
                auto met = done(object);
                if (!met.ok() || met.value()) co_return met;
            }
        }
        if (session.kernel().now() >= deadline) co_return waitTimeout(info);
        WatchOptions watch;
        watch.path = info.mapping.path(info.ns);
        watch.fieldSelector = "metadata.name=" + info.name;
        watch.resourceVersion = listed.value().at("metadata", "resourceVersion").text();
        auto events = co_await openWatch(session, std::move(watch));
        if (!events.ok()) co_return events.error();
        while (true) {
            auto event = co_await events.value()->popUntil(deadline);
            if (!event && session.kernel().now() >= deadline) co_return waitTimeout(info);
            if (!event || event->type == "ERROR") break; // listed again
            if (event->type == "BOOKMARK") continue;
            if (event->type == "DELETED" && missingIsDone) co_return true;
            if (missingIsDone) continue;
            if (event->type == "DELETED") continue;
            auto met = done(event->object);
            if (!met.ok() || met.value()) co_return met;
        }
    }
}

} // namespace kubectl
