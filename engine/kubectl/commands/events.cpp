// Source: k8s.io/kubectl pkg/cmd/events.
#include "base/go_sort.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/watch.h"
#include "kubectl/describe/writer.h"
#include "kubectl/printers/printer.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

std::string eventTime(const Value& event) {
    if (!event["series"].isNull()) return event["series"]["lastObservedTime"].text();
    if (!event["lastTimestamp"].isNull()) return event["lastTimestamp"].text();
    return event["eventTime"].text();
}

std::string eventRow(Session& session, const Value& event) {
    const DescribeWriter w(session.kernel().unixNow());
    const std::string first = ageOf(w, event["eventTime"].isNull() ? event["firstTimestamp"] : event["eventTime"]);
    std::string interval = first;
    if (const Value& series = event["series"]; !series.isNull())
        interval = ageOf(w, series["lastObservedTime"]) + " (x" + textOf(series["count"]) + " over " + first + ")";
    else if (event["count"].asInt() > 1)
        interval = ageOf(w, event["lastTimestamp"]) + " (x" + textOf(event["count"]) + " over " + first + ")";
    std::string row;
    if (session.flags.on("all-namespaces")) row += event.at("metadata", "namespace").text() + "\t";
    const Value& object = event["involvedObject"];
    return row + interval + "\t" + event["type"].text() + "\t" + event["reason"].text() + "\t" + object["kind"].text() + "/" +
           object["name"].text() + "\t" + std::string(base::trim(event["message"].asString())) + "\n";
}

std::string heading(Session& session) {
    if (session.flags.on("no-headers")) return {};
    return std::string(session.flags.on("all-namespaces") ? "NAMESPACE\t" : "") + "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n";
}

bool chosen(Session& session, const Value& event) {
    const auto types = session.flags.list("types");
    if (types.empty()) return true;
    return std::any_of(types.begin(), types.end(),
                       [&](const std::string& type) { return base::toLower(type) == base::toLower(event["type"].text()); });
}

sim::Task<Outcome> follow(Session& session, std::string path, std::string selector) {
    WatchOptions options;
    options.path = path;
    options.fieldSelector = selector;
    auto channel = co_await openWatch(session, options);
    if (!channel.ok()) co_return channel.error();
    std::string head = heading(session);
    while (true) {
        auto next = co_await channel.value()->pop();
        if (!next) co_return 0;
        if (next->type == "DELETED" || !chosen(session, next->object)) continue;
        session.out(alignTable(head + eventRow(session, next->object)));
        head.clear();
        co_await session.flush();
    }
}

} // namespace

sim::Task<Outcome> runEvents(Session& session) {
    const Flags& flags = session.flags;
    for (const std::string& type : flags.list("types"))
        if (base::toLower(type) != "normal" && base::toLower(type) != "warning")
            co_return base::makeError("valid --types are Normal or Warning");
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    std::string selector;
    if (const std::string target = flags.text("for"); !target.empty()) {
        const auto parts = base::split(target, '/');
        if (parts.size() > 2) co_return base::makeError("arguments in resource/name form may not have more than one slash");
        if (parts.size() != 2) co_return base::makeError("--for must be in resource/name form");
        std::vector<std::string> types{base::toLower(parts[0])};
        auto mapper = co_await session.mapperFor(std::move(types));
        if (!mapper.ok()) co_return mapper.error();
        const Mapping* mapping = mapper.value()->find(base::toLower(parts[0]));
        if (mapping == nullptr) co_return exitError(1, "the server doesn't have a resource type " + base::quoteGo(parts[0]));
        if (!parts[1].empty()) selector = "involvedObject.kind=" + mapping->kind + ",involvedObject.apiVersion=" + mapping->apiVersion() + ",involvedObject.name=" + parts[1];
    }
    const bool everywhere = flags.on("all-namespaces");
    const std::string path = everywhere ? "/api/v1/events" : "/api/v1/namespaces/" + ns.value() + "/events";
    if (flags.on("watch")) co_return co_await follow(session, path, selector);
    ports::Query query;
    if (!selector.empty()) query.set("fieldSelector", selector);
    auto events = co_await listAll(session, path, query);
    if (!events.ok()) co_return events.error();
    std::vector<Value> list = std::move(events).value();
    std::erase_if(list, [&](const Value& event) { return !chosen(session, event); });
    if (list.empty()) {
        session.err(everywhere ? std::string("No events found.\n") : "No events found in " + ns.value() + " namespace.\n");
        co_return 0;
    }
    base::goSort(list, [](const Value& a, const Value& b) { return eventTime(a) < eventTime(b); });
    if (!flags.text("output").empty()) {
        PrinterOptions options;
        auto printer = makePrinter(session, options);
        if (!printer.ok()) co_return printer.error();
        document::ObjectBuilder out;
        out.set("apiVersion", "v1").set("kind", "EventList").set("metadata", Value::object()).set("items", Value::array(std::move(list)));
        auto text = printer.value()->print(std::move(out).build());
        if (!text.ok()) co_return text.error();
        session.out(text.value());
        co_return 0;
    }
    std::string table = heading(session);
    for (const Value& event : list) table += eventRow(session, event);
    session.out(alignTable(table));
    co_return 0;
}

} // namespace kubectl
