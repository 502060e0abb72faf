// Source: k8s.io/kubectl pkg/cmd/describe/describe.go, pkg/describe/describe.go.
#include "api/status.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/describe/writer.h"

#include <algorithm>
#include <cctype>

namespace kubectl {

using document::Value;

namespace {

enum class Events { kFirst, kLater, kNever }; // asked for before the describer, by it, or not at all
struct Known {
    std::string_view group, kind;
    Describer describer;
    Events events = Events::kFirst;
    std::string_view version = "v1"; // which is asked for, whatever the name or the file said
};

constexpr Known kKnown[] = {
    {"", "Pod", describePod},
    {"", "ReplicationController", describeReplicationController, Events::kLater},
    {"", "Secret", describeSecret, Events::kNever},
    {"", "Service", describeService, Events::kLater},
    {"", "ServiceAccount", describeServiceAccount},
    {"", "Node", describeNode, Events::kLater},
    {"", "LimitRange", describeLimitRange, Events::kNever},
    {"", "ResourceQuota", describeQuota, Events::kNever},
    {"", "PersistentVolume", describePersistentVolume},
    {"", "PersistentVolumeClaim", describePersistentVolumeClaim, Events::kLater},
    {"", "Namespace", describeNamespace, Events::kNever},
    {"", "Endpoints", describeEndpoints},
    {"", "ConfigMap", describeConfigMap},
    {"discovery.k8s.io", "EndpointSlice", describeEndpointSlice},
    {"autoscaling", "HorizontalPodAutoscaler", describeAutoscaler, Events::kFirst, "v2"},
    {"networking.k8s.io", "Ingress", describeIngress},
    {"networking.k8s.io", "IngressClass", describeIngressClass},
    {"networking.k8s.io", "ServiceCIDR", describeServiceCidr},
    {"networking.k8s.io", "IPAddress", describeIpAddress},
    {"networking.k8s.io", "NetworkPolicy", describeNetworkPolicy, Events::kNever},
    {"batch", "Job", describeJob},
    {"batch", "CronJob", describeCronJob},
    {"apps", "StatefulSet", describeStatefulSet, Events::kLater},
    {"apps", "Deployment", describeDeployment},
    {"apps", "DaemonSet", describeDaemonSet, Events::kLater},
    {"apps", "ReplicaSet", describeReplicaSet, Events::kLater},
    {"certificates.k8s.io", "CertificateSigningRequest", describeRequest},
    {"storage.k8s.io", "StorageClass", describeStorageClass},
    {"storage.k8s.io", "CSINode", describeCsiNode},
    {"storage.k8s.io", "VolumeAttributesClass", describeVolumeAttributesClass},
    {"policy", "PodDisruptionBudget", describeBudget},
    {"rbac.authorization.k8s.io", "Role", describeRole, Events::kNever},
    {"rbac.authorization.k8s.io", "ClusterRole", describeRole, Events::kNever},
    {"rbac.authorization.k8s.io", "RoleBinding", describeBinding, Events::kNever},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", describeBinding, Events::kNever},
    {"scheduling.k8s.io", "PriorityClass", describePriorityClass},
};

bool acronym(const std::string& word) {
    const std::string upper = base::toUpper(word);
    return upper == "API" || upper == "URL" || upper == "UID" || upper == "OSB" || upper == "GUID";
}

// "lastTransitionTime" -> "Last Transition Time"
std::string smartLabel(const std::string& field) {
    for (const char c : field)
        if (!std::isalpha(static_cast<unsigned char>(c)) && c != '-') return field;
    std::vector<std::string> words;
    const auto kindOf = [](char c) { return std::islower(static_cast<unsigned char>(c)) ? 1 : std::isupper(static_cast<unsigned char>(c)) ? 2 : 3; };
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (i > 0 && kindOf(field[i]) == kindOf(field[i - 1])) words.back() += field[i];
        else words.emplace_back(1, field[i]);
    }
    // A run of capitals gives its last one to the small letters that follow.
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (kindOf(words[i][0]) == 2 && kindOf(words[i + 1][0]) == 1) {
            words[i + 1] = words[i].back() + words[i + 1];
            words[i].pop_back();
        }
    std::vector<std::string> out;
    for (std::string& word : words) {
        if (word.empty()) continue;
        if (acronym(word)) word = base::toUpper(word);
        else {
            word = base::toLower(word);
            word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
        }
        out.push_back(word);
    }
    return base::join(out, " ");
}

void printContent(DescribeWriter& w, int level, const Value& content, const std::string& prefix) {
    static const std::vector<std::string> kSkip = {".metadata.managedFields", ".metadata.name", ".metadata.namespace",
                                                   ".metadata.labels", ".metadata.annotations"};
    for (const document::Member& member : content.members()) {
        const std::string path = prefix + "." + member.key.text();
        if (std::find(kSkip.begin(), kSkip.end(), path) != kSkip.end()) continue;
        const std::string label = smartLabel(member.key.text());
        if (member.value.isObject()) {
            w.line(level, label + ":");
            printContent(w, level + 1, member.value, path);
        } else if (member.value.isArray()) {
            w.line(level, label + ":");
            for (const Value& item : member.value.items()) {
                if (item.isObject()) printContent(w, level + 1, item, path);
                else w.line(level + 1, item.isNull() ? "<nil>" : textOf(item));
            }
        } else {
            w.field(level, label, member.value.isNull() ? "<nil>" : textOf(member.value));
        }
    }
}

sim::Task<base::Status> describeGeneric(DescribeContext& c) {
    c.w.field(0, "Name", c.name);
    c.w.field(0, "Namespace", c.object.at("metadata", "namespace").asString());
    printLabels(c.w, "Labels", c.object.at("metadata", "labels"));
    printAnnotations(c.w, "Annotations", c.object.at("metadata", "annotations"));
    printContent(c.w, 0, c.object, "");
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace

sim::Task<base::Result<std::vector<Value>>> listAll(Session& session, std::string path, ports::Query query,
                                                    std::int64_t chunk) {
    std::vector<Value> out;
    if (chunk > 0) query.set("limit", std::to_string(chunk));
    while (true) {
        auto list = co_await session.get(path, query);
        if (!list.ok()) co_return list.error();
        for (const Value& item : list.value()["items"].items()) out.push_back(item);
        const std::string token = list.value().at("metadata", "continue").text();
        if (token.empty()) co_return out;
        query.set("continue", token);
    }
}

sim::Task<base::Result<Value>> searchEvents(Session& session, Value object, EventSearch search) {
    const Value& metadata = object["metadata"];
    const std::string ns = metadata["namespace"].text();
    std::string selector = "involvedObject.name=" + metadata["name"].text() + ",involvedObject.namespace=" + ns;
    if (search.withKind) selector += ",involvedObject.kind=" + object["kind"].text();
    if (!search.uid.empty()) selector += ",involvedObject.uid=" + search.uid;
    ports::Query query;
    query.set("fieldSelector", selector);
    const std::string path = ns.empty() ? "/api/v1/events" : "/api/v1/namespaces/" + ns + "/events";
    auto events = co_await listAll(session, path, query, search.chunk);
    if (!events.ok()) co_return events.error();
    co_return Value::array(std::move(events).value());
}

sim::Task<void> loadEvents(DescribeContext& c) {
    if (!c.wantEvents) co_return;
    // Events of a static pod are about the kubelet's pod, not about its mirror.
    const bool pod = c.object["kind"].asString() == "Pod" && c.object["apiVersion"].asString() == "v1";
    EventSearch search{c.object.at("metadata", "uid").text(), !pod, c.chunk};
    const Value& mirror = c.object.at("metadata", "annotations")["kubernetes.io/config.mirror"];
    if (pod && !mirror.isNull()) search.uid = mirror.text();
    const auto events = co_await searchEvents(c.session, c.object, search);
    c.events = events.ok() ? events.value() : Value::array();
    if (!events.ok()) c.eventsError = events.error();
}

void describeEvents(DescribeContext& c) {
    if (c.events.isNull()) return;
    DescribeWriter& w = c.w;
    std::vector<Value> list(c.events.items().begin(), c.events.items().end());
    if (list.empty()) {
        w.field(0, "Events", "<none>");
        return;
    }
    w.flush();
    base::goSort(list, [](const Value& a, const Value& b) {
        return a["lastTimestamp"].asString() < b["lastTimestamp"].asString();
    });
    w.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
    w.line(1, "----\t------\t----\t----\t-------");
    for (const Value& event : list) {
        std::string first = ageOf(w, event["eventTime"].isNull() ? event["firstTimestamp"] : event["eventTime"]);
        std::string interval = first;
        if (const Value& series = event["series"]; !series.isNull())
            interval = ageOf(w, series["lastObservedTime"]) + " (x" + textOf(series["count"]) + " over " + first + ")";
        else if (event["count"].asInt() > 1)
            interval = ageOf(w, event["lastTimestamp"]) + " (x" + textOf(event["count"]) + " over " + first + ")";
        std::string message(base::trim(event["message"].asString()));
        if (const std::string path = event.at("involvedObject", "fieldPath").text(); !path.empty()) message = path + ": " + message;
        w.line(1, event["type"].text() + "\t" + event["reason"].text() + "\t" + interval + "\t" +
                      orDefault(event.at("source", "component").text(), event["reportingComponent"].asString()) + "\t" + message);
    }
}

namespace {

const Known* knownKind(const Mapping& mapping) {
    for (const Known& known : kKnown)
        if (known.group == mapping.group && known.kind == mapping.kind) return &known;
    return nullptr;
}

// A pod that is gone may have left events.
sim::Task<base::Result<std::string>> describeGone(Session& session, Info info, base::Error error, std::int64_t chunk) {
    const Value gone = Value::object({{"metadata", Value::object({{"name", info.name}, {"namespace", info.ns}})}});
    const EventSearch search{"", false, chunk};
    const auto events = co_await searchEvents(session, gone, search);
    if (!events.ok() || events.value().size() == 0) co_return error;
    DescribeWriter w(session.kernel().unixNow());
    DescribeContext context{session, w, gone, info.ns, info.name, events.value()};
    w.line(0, "Pod '" + info.name + "': error '" + errorText(error) + "', but found events.");
    describeEvents(context);
    co_return w.finish();
}

sim::Task<base::Result<std::string>> describeOne(Session& session, Info info) {
    const bool showEvents = session.flags.on("show-events");
    const std::int64_t chunk = session.flags.number("chunk-size");
    const Known* known = knownKind(info.mapping);
    if (known != nullptr) info.mapping.version = std::string(known->version);
    const bool pod = known != nullptr && known->describer == describePod;
    auto fetched = co_await fetch(session, info);
    if (!fetched.ok()) {
        if (pod && showEvents) co_return co_await describeGone(session, info, fetched.error(), chunk);
        co_return fetched.error();
    }
    const Value object = fetched.value();
    DescribeWriter w(session.kernel().unixNow());
    DescribeContext context{session, w, object, info.ns, info.name, {}};
    context.chunk = chunk;
    context.wantEvents = showEvents && (known == nullptr || known->events != Events::kNever);
    if (known == nullptr || known->events == Events::kFirst) co_await loadEvents(context);
    const Describer describer = known != nullptr ? known->describer : describeGeneric;
    base::Status done = co_await describer(context);
    if (!done.ok()) co_return done.error();
    co_return w.finish();
}

// "describe pod we" describes what begins with "we" when there is no "we".
sim::Task<base::Result<bool>> describePrefix(Session& session, const Mapping mapping, std::string ns, std::string prefix) {
    const std::int64_t chunk = session.flags.number("chunk-size");
    auto list = co_await listAll(session, mapping.path(ns), ports::Query(), chunk);
    if (!list.ok()) co_return list.error();
    bool found = false;
    for (const Value& item : list.value()) {
        const std::string name = item.at("metadata", "name").text();
        if (!name.starts_with(prefix)) continue;
        Info info;
        info.mapping = mapping;
        info.ns = item.at("metadata", "namespace").text();
        info.name = name;
        auto text = co_await describeOne(session, info);
        if (!text.ok()) co_return text.error();
        session.out(text.value() + "\n");
        found = true;
    }
    co_return found;
}

// TYPE NAME that was not found: NAME may be the beginning of others.
sim::Task<Outcome> describeMatching(Session& session, base::Error original) {
    const std::string type = session.args[0], prefix = session.args[1];
    if (type.find(',') != std::string::npos) co_return base::makeError("you may only specify a single resource type");
    auto mapper = co_await session.mapper();
    auto ns = session.ns();
    const Mapping* mapping = mapper.ok() ? mapper.value()->find(type) : nullptr;
    if (mapping == nullptr || !ns.ok() || prefix.find('/') != std::string::npos) co_return original;
    const Mapping chosen = *mapping;
    const std::string space = chosen.namespaced ? ns.value() : "";
    auto found = co_await describePrefix(session, chosen, space, prefix);
    if (!found.ok()) co_return found.error();
    if (!found.value()) co_return original;
    co_return 0;
}

// The same complaint about several objects is made once.
void addError(std::vector<base::Error>& errors, std::vector<std::string>& seen, const base::Error& error) {
    const std::string text = errorText(error);
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) return;
    seen.push_back(text);
    errors.push_back(error);
}

} // namespace

sim::Task<Outcome> runDescribe(Session& session) {
    const Flags& flags = session.flags;
    if (session.args.empty() && flags.list("filename").empty() && flags.text("kustomize").empty())
        co_return base::makeError("You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.");
    BuildOptions options = buildOptions(session);
    options.allowEmptySelectors = true;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    const std::vector<Info> infos = built.value().infos();
    std::vector<base::Error> errors = built.value().errors();
    if (errors.size() == 1 && errors[0].code == 404 && session.args.size() == 2)
        co_return co_await describeMatching(session, errors[0]);
    std::vector<std::string> seen;
    bool first = true;
    for (const Info& info : infos) {
        auto text = co_await describeOne(session, info);
        if (!text.ok()) {
            addError(errors, seen, text.error());
            continue;
        }
        if (!first) session.out("\n\n");
        first = false;
        session.out(text.value());
    }
    if (infos.empty() && errors.empty()) {
        auto ns = session.ns();
        if (!flags.on("all-namespaces") && ns.ok()) session.err("No resources found in " + ns.value() + " namespace.\n");
        else session.err("No resources found\n");
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

} // namespace kubectl
