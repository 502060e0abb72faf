// Source: k8s.io/kubectl pkg/cmd/expose/expose.go, pkg/polymorphichelpers.
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"
#include "document/yaml.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/commands/overriding.h"
#include "kubectl/core/recording.h"

#include <map>

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

using Protocols = std::map<std::string, std::vector<std::string>>;

base::Result<Value> labelsFrom(const std::string& text) {
    if (text.empty()) return base::makeError("no label spec passed");
    ObjectBuilder labels;
    for (const std::string& part : base::split(text, ',')) {
        const auto pair = base::split(part, '=');
        if (pair.size() != 2) return base::makeError("unexpected label spec: " + part);
        if (pair[0].empty()) return base::makeError("unexpected empty label key");
        labels.set(pair[0], pair[1]);
    }
    return std::move(labels).build();
}

base::Result<Value> selectorOf(const Value& object) {
    const std::string kind = object["kind"].text();
    const Value& spec = object["spec"];
    if (kind == "Pod") {
        if (object.at("metadata", "labels").size() == 0) return base::makeError("the pod has no labels and cannot be exposed");
        return object.at("metadata", "labels");
    }
    if (kind == "Service") {
        if (spec["selector"].size() == 0) return base::makeError("the service has no pod selector set");
        return spec["selector"];
    }
    if (kind == "ReplicationController") return spec["selector"];
    if (spec.at("selector", "matchExpressions").size() > 0)
        return base::makeError("couldn't convert expressions - " + base::quoteGo(document::writeJson(spec.at("selector", "matchExpressions"))) + " to map-based selector format");
    return spec.at("selector", "matchLabels");
}

void portsOf(const Value& object, std::vector<std::string>& ports, Protocols& protocols) {
    const auto take = [&](const Value& item, const char* key) {
        const std::string port = std::to_string(item[key].asInt());
        ports.push_back(port);
        const std::string protocol = item["protocol"].text();
        protocols[port].push_back(protocol.empty() ? "TCP" : protocol);
    };
    const std::string kind = object["kind"].text();
    if (kind == "Service") {
        for (const Value& port : object.at("spec", "ports").items()) take(port, "port");
        return;
    }
    const Value& spec = kind == "Pod" ? object["spec"] : object.at("spec", "template", "spec");
    for (const Value& container : spec["containers"].items())
        for (const Value& port : container["ports"].items()) take(port, "containerPort");
}

base::Result<std::vector<Value>> servicePorts(const std::string& list, const std::string& protocol, const Protocols& protocols) {
    std::vector<Value> out;
    if (list.empty()) return out;
    const auto parts = base::split(list, ',');
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = base::parseInt(parts[i]);
        if (!number) return base::makeError("strconv.Atoi: parsing " + base::quoteGo(parts[i]) + ": invalid syntax");
        std::vector<std::string> wanted{protocol.empty() ? "TCP" : protocol};
        if (protocol.empty())
            if (const auto found = protocols.find(parts[i]); found != protocols.end()) wanted = found->second;
        for (const std::string& one : wanted) {
            ObjectBuilder port;
            std::string name = parts.size() > 1 ? "port-" + std::to_string(i + 1) : "";
            if (wanted.size() > 1) name = "port-" + std::to_string(i + 1) + "-" + base::toLower(one);
            if (!name.empty()) port.set("name", name);
            port.set("port", *number).set("protocol", one).set("targetPort", *number);
            out.push_back(std::move(port).build());
        }
    }
    return out;
}

base::Result<Value> serviceFor(Session& session, const Info& info) {
    const Flags& flags = session.flags;
    Value selector;
    if (!flags.text("selector").empty()) {
        BASE_TRY(selector, labelsFrom(flags.text("selector")));
    } else {
        auto found = selectorOf(info.object);
        if (!found.ok())
            return base::makeError("couldn't retrieve selectors via --selector flag or introspection: " + found.error().message);
        selector = found.value();
    }
    std::vector<std::string> known;
    Protocols protocols;
    portsOf(info.object, known, protocols);
    std::string list = flags.text("port");
    if (list.empty()) {
        if (known.empty() && flags.text("cluster-ip") != "None")
            return base::makeError("couldn't find port via --port flag or introspection");
        list = base::join(known, ",");
    }
    BASE_TRY(std::vector<Value> ports, servicePorts(list, flags.text("protocol"), protocols));
    if (const std::string target = flags.text("target-port"); !target.empty())
        for (Value& port : ports) port = port.with("targetPort", intOrString(target));
    Value labels = info.object.at("metadata", "labels");
    if (!flags.text("labels").empty()) {
        BASE_TRY(labels, labelsFrom(flags.text("labels")));
    }
    ObjectBuilder spec;
    spec.set("selector", selector);
    if (!ports.empty()) spec.set("ports", Value::array(std::move(ports)));
    if (!flags.text("external-ip").empty()) spec.set("externalIPs", Value::strings({flags.text("external-ip")}));
    if (!flags.text("type").empty()) spec.set("type", flags.text("type"));
    if (flags.text("type") == "LoadBalancer" && !flags.text("load-balancer-ip").empty()) spec.set("loadBalancerIP", flags.text("load-balancer-ip"));
    if (const std::string affinity = flags.text("session-affinity"); !affinity.empty()) {
        if (affinity != "None" && affinity != "ClientIP") return base::makeError("unknown session affinity: " + affinity);
        spec.set("sessionAffinity", affinity);
    }
    if (!flags.text("cluster-ip").empty()) spec.set("clusterIP", flags.text("cluster-ip"));
    const std::string name = flags.text("name").empty() ? info.name.substr(0, 63) : flags.text("name");
    Value service = makeObject("v1", "Service", name).with("spec", std::move(spec).build());
    if (labels.size() > 0) service = service.withPath({"metadata", "labels"}, labels);
    return overridden(session, service);
}

bool exposable(const Mapping& mapping) {
    for (const char* kind : {"ReplicationController", "Service", "Pod", "Deployment", "ReplicaSet"})
        if (mapping.kind == kind) return true;
    return false;
}

sim::Task<base::Status> exposeOne(Session& session, Info info, DryRun mode, std::string ns) {
    if (!exposable(info.mapping))
        co_return base::makeError("cannot expose a " + info.mapping.kind + (info.mapping.group.empty() ? "" : "." + info.mapping.group));
    auto service = serviceFor(session, info);
    if (!service.ok()) co_return service.error();
    Value object = recorded(session, service.value());
    if (mode == DryRun::Client) {
        if (session.nsGiven()) object = object.withPath({"metadata", "namespace"}, ns);
    } else {
        if (session.flags.on("save-config")) object = withLastApplied(object, true);
        CallOptions call;
        if (mode == DryRun::Server) call.query.set("dryRun", "All");
        call.query.set("fieldManager", session.flags.text("field-manager"));
        call.body = object;
        auto made = co_await session.call("POST", "/api/v1/namespaces/" + ns + "/services", std::move(call));
        if (!made.ok()) co_return made.error();
        object = made.value();
    }
    co_return printResult(session, object, "exposed", mode, true);
}

} // namespace

sim::Task<Outcome> runExpose(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    BuildOptions options = buildOptions(session);
    options.labelSelector.clear();
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    Session* s = &session;
    Visit visit([s, how = mode.value(), where = ns.value()](Info info) { return exposeOne(*s, std::move(info), how, where); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    co_return 0;
}

} // namespace kubectl
