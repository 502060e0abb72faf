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

struct Known {
    std::string_view group, kind;
    Describer describer;
    bool pods = false; // events of pods are searched without the kind
};

constexpr Known kKnown[] = {
    {"", "Pod", describePod, true},
    {"", "ReplicationController", describeReplicationController},
    {"", "Secret", describeSecret},
    {"", "Service", describeService},
    {"", "ServiceAccount", describeServiceAccount},
    {"", "Node", describeNode},
    {"", "LimitRange", describeLimitRange},
    {"", "ResourceQuota", describeQuota},
    {"", "PersistentVolume", describePersistentVolume},
    {"", "PersistentVolumeClaim", describePersistentVolumeClaim},
    {"", "Namespace", describeNamespace},
    {"", "Endpoints", describeEndpoints},
    {"", "ConfigMap", describeConfigMap},
    {"discovery.k8s.io", "EndpointSlice", describeEndpointSlice},
    {"autoscaling", "HorizontalPodAutoscaler", describeAutoscaler},
    {"networking.k8s.io", "Ingress", describeIngress},
    {"networking.k8s.io", "IngressClass", describeIngressClass},
    {"networking.k8s.io", "ServiceCIDR", describeServiceCidr},
    {"networking.k8s.io", "IPAddress", describeIpAddress},
    {"networking.k8s.io", "NetworkPolicy", describeNetworkPolicy},
    {"batch", "Job", describeJob},
    {"batch", "CronJob", describeCronJob},
    {"apps", "StatefulSet", describeStatefulSet},
    {"apps", "Deployment", describeDeployment},
    {"apps", "DaemonSet", describeDaemonSet},
    {"apps", "ReplicaSet", describeReplicaSet},
    {"certificates.k8s.io", "CertificateSigningRequest", describeRequest},
    {"storage.k8s.io", "StorageClass", describeStorageClass},
    {"storage.k8s.io", "CSINode", describeCsiNode},
    {"storage.k8s.io", "VolumeAttributesClass", describeVolumeAttributesClass},
    {"policy", "PodDisruptionBudget", describeBudget},
    {"rbac.authorization.k8s.io", "Role", describeRole},
    {"rbac.authorization.k8s.io", "ClusterRole", describeRole},
    {"rbac.authorization.k8s.io", "RoleBinding", describeBinding},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", describeBinding},
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

sim::Task<base::Result<std::vector<Value>>> listAll(Session& session, std::string path, ports::Query query) {
    std::vector<Value> out;
    query.set("limit", "500");
    while (true) {
        auto list = co_await session.get(path, query);
        if (!list.ok()) co_return list.error();
        for (const Value& item : list.value()["items"].items()) out.push_back(item);
        const std::string token = list.value().at("metadata", "continue").text();
        if (token.empty()) co_return out;
        query.set("continue", token);
    }
}

sim::Task<Value> searchEvents(Session& session, Value object, std::string uid, bool withKind) {
    const Value& metadata = object["metadata"];
    const std::string ns = metadata["namespace"].text();
    std::string selector = "involvedObject.name=" + metadata["name"].text() + ",involvedObject.namespace=" + ns;
    if (withKind) selector += ",involvedObject.kind=" + object["kind"].text();
    if (!uid.empty()) selector += ",involvedObject.uid=" + uid;
    ports::Query query;
    query.set("fieldSelector", selector);
    const std::string path = ns.empty() ? "/api/v1/events" : "/api/v1/namespaces/" + ns + "/events";
    auto events = co_await listAll(session, path, query);
    if (!events.ok()) co_return Value::array();
    co_return Value::array(std::move(events).value());
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

sim::Task<base::Result<std::string>> describeOne(Session& session, Info info, bool showEvents) {
    auto fetched = co_await fetch(session, info);
    DescribeWriter w(session.kernel().unixNow());
    if (!fetched.ok()) {
        if (info.mapping.kind == "Pod" && showEvents) {
            const Value gone = Value::object({{"metadata", Value::object({{"name", info.name}, {"namespace", info.ns}})}});
            const Value events = co_await searchEvents(session, gone, "", false);
            if (events.size() > 0) {
                DescribeContext context{session, w, gone, info.ns, info.name, events};
                w.line(0, "Pod '" + info.name + "': error '" + errorText(fetched.error()) + "', but found events.");
                describeEvents(context);
                co_return w.finish();
            }
        }
        co_return fetched.error();
    }
    const Value object = fetched.value();
    Describer describer = describeGeneric;
    bool withKind = true;
    for (const Known& known : kKnown)
        if (known.group == info.mapping.group && known.kind == info.mapping.kind) {
            describer = known.describer;
            withKind = !known.pods;
        }
    DescribeContext context{session, w, object, info.ns, info.name, {}};
    if (showEvents) {
        std::string uid = object.at("metadata", "uid").text();
        if (const Value& mirror = object.at("metadata", "annotations")["kubernetes.io/config.mirror"]; !mirror.isNull() && !withKind) uid = mirror.text();
        context.events = co_await searchEvents(session, object, uid, withKind);
    }
    base::Status done = co_await describer(context);
    if (!done.ok()) co_return done.error();
    co_return w.finish();
}

// "describe pod we" describes what begins with "we" when there is no "we".
sim::Task<base::Result<bool>> describePrefix(Session& session, const Mapping mapping, std::string ns, std::string prefix, bool events) {
    auto list = co_await listAll(session, mapping.path(ns), ports::Query());
    if (!list.ok()) co_return list.error();
    bool found = false;
    for (const Value& item : list.value()) {
        const std::string name = item.at("metadata", "name").text();
        if (name.compare(0, prefix.size(), prefix) != 0) continue;
        Info info;
        info.mapping = mapping;
        info.ns = item.at("metadata", "namespace").text();
        info.name = name;
        auto text = co_await describeOne(session, info, events);
        if (!text.ok()) co_return text.error();
        if (found) session.out("\n\n");
        session.out(text.value());
        found = true;
    }
    co_return found;
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
    const bool events = flags.on("show-events");
    const std::vector<Info> infos = built.value().infos();
    std::vector<base::Error> errors = built.value().errors();
    // A single name that does not exist may be the beginning of others.
    if (errors.size() == 1 && errors[0].code == 404 && session.args.size() == 2 && flags.list("filename").empty()) {
        auto mapper = co_await session.mapper();
        auto ns = session.ns();
        const Mapping* mapping = mapper.ok() ? mapper.value()->find(session.args[0]) : nullptr;
        if (mapping != nullptr && ns.ok() && session.args[1].find('/') == std::string::npos) {
            const Mapping chosen = *mapping;
            const std::string prefix = session.args[1];
            const std::string space = chosen.namespaced ? ns.value() : "";
            auto found = co_await describePrefix(session, chosen, space, prefix, events);
            if (found.ok() && found.value()) co_return 0;
        }
        co_return errors[0];
    }
    bool first = true;
    for (const Info& info : infos) {
        auto text = co_await describeOne(session, info, events);
        if (!text.ok()) {
            errors.push_back(text.error());
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
