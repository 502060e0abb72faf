#include "base/strings.h"
#include "kubectl/describe/writer.h"

#include <set>

namespace kubectl {

using document::Value;

namespace {

// Addresses of the ready endpoints, three at most. `port` null: any.
std::string endpointsText(const std::vector<Value>& slices, const std::string& port) {
    if (slices.empty()) return "<none>";
    std::vector<std::string> list;
    std::size_t count = 0;
    bool more = false;
    const auto addAll = [&](const Value& slice, const Value& item) {
        for (const Value& endpoint : slice["endpoints"].items()) {
            if (list.size() == 3) more = true;
            const Value& ready = endpoint.at("conditions", "ready");
            if (!ready.isNull() && !ready.asBool()) continue;
            std::string address = endpoint["addresses"][0].text();
            if (!item.isNull()) {
                if (address.find(':') != std::string::npos) address = "[" + address + "]";
                address += ":" + textOf(item["port"]);
            }
            if (!more) list.push_back(std::move(address));
            ++count;
        }
    };
    for (const Value& slice : slices) {
        if (slice["ports"].size() == 0) addAll(slice, Value());
        for (const Value& item : slice["ports"].items())
            if (item["name"].text() == port) addAll(slice, item);
    }
    const std::string text = base::join(list, ",");
    return more ? text + " + " + std::to_string(count - 3) + " more..." : text;
}

sim::Task<base::Result<std::vector<Value>>> slicesOf(Session& session, std::string ns, std::string service) {
    ports::Query query;
    query.set("labelSelector", "kubernetes.io/service-name=" + service);
    co_return co_await listAll(session, "/apis/discovery.k8s.io/v1/namespaces/" + ns + "/endpointslices", query, 0);
}

void describeMeta(DescribeContext& c, bool ns) {
    c.w.field(0, "Name", c.name);
    if (ns) c.w.field(0, "Namespace", c.ns);
    printLabels(c.w, "Labels", c.object.at("metadata", "labels"));
    printAnnotations(c.w, "Annotations", c.object.at("metadata", "annotations"));
}

} // namespace

sim::Task<base::Status> describeService(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    auto slices = co_await slicesOf(c.session, c.ns, c.name);
    co_await loadEvents(c);
    const std::vector<Value> endpoints = slices.ok() ? slices.value() : std::vector<Value>{};
    describeMeta(c, true);
    w.field(0, "Selector", pairsText(spec["selector"]));
    w.field(0, "Type", spec["type"].asString());
    if (!spec["ipFamilyPolicy"].isNull()) w.field(0, "IP Family Policy", spec["ipFamilyPolicy"].asString());
    w.field(0, "IP Families", orDefault(joined(spec["ipFamilies"], ","), "<none>"));
    w.field(0, "IP", spec["clusterIP"].asString());
    w.field(0, "IPs", orDefault(joined(spec["clusterIPs"], ","), "<none>"));
    if (spec["externalIPs"].size() > 0) w.field(0, "External IPs", joined(spec["externalIPs"], ","));
    if (!spec["loadBalancerIP"].asString().empty()) w.field(0, "Desired LoadBalancer IP", spec["loadBalancerIP"].asString());
    if (!spec["externalName"].asString().empty()) w.field(0, "External Name", spec["externalName"].asString());
    std::vector<std::string> ingress;
    for (const Value& item : status.at("loadBalancer", "ingress").items())
        ingress.push_back(item["ip"].asString().empty() ? item["hostname"].text() : item["ip"].text() + (item["ipMode"].isNull() ? "" : " (" + item["ipMode"].text() + ")"));
    if (!ingress.empty()) w.field(0, "LoadBalancer Ingress", base::join(ingress, ", "));
    for (const Value& port : spec["ports"].items()) {
        const std::string name = orDefault(port["name"].text(), "<unset>"), protocol = port["protocol"].text();
        w.line(0, "Port:\t" + name + "\t" + textOf(port["port"]) + "/" + protocol);
        w.line(0, "TargetPort:\t" + textOf(port["targetPort"]) + "/" + protocol);
        if (port["nodePort"].asInt() != 0) w.line(0, "NodePort:\t" + name + "\t" + textOf(port["nodePort"]) + "/" + protocol);
        w.field(0, "Endpoints", endpointsText(endpoints, port["name"].text()));
    }
    w.field(0, "Session Affinity", spec["sessionAffinity"].asString());
    if (!spec["externalTrafficPolicy"].asString().empty()) w.field(0, "External Traffic Policy", spec["externalTrafficPolicy"].asString());
    if (!spec["internalTrafficPolicy"].isNull()) w.field(0, "Internal Traffic Policy", spec["internalTrafficPolicy"].asString());
    if (spec["healthCheckNodePort"].asInt() != 0) w.field(0, "HealthCheck NodePort", textOf(spec["healthCheckNodePort"]));
    if (spec["loadBalancerSourceRanges"].size() > 0) w.field(0, "LoadBalancer Source Ranges", joined(spec["loadBalancerSourceRanges"], ","));
    if (!spec["trafficDistribution"].isNull()) w.field(0, "Traffic Distribution", spec["trafficDistribution"].asString());
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeEndpoints(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, true);
    w.line(0, "Subsets:");
    for (const Value& subset : c.object["subsets"].items()) {
        for (const auto& [key, title] : {std::pair{"addresses", "Addresses"}, {"notReadyAddresses", "NotReadyAddresses"}}) {
            std::vector<std::string> list;
            for (const Value& item : subset[key].items()) list.push_back(item["ip"].text());
            w.field(1, title, orDefault(base::join(list, ","), "<none>"));
        }
        if (subset["ports"].size() > 0) {
            w.line(1, "Ports:");
            w.line(2, "Name\tPort\tProtocol");
            w.line(2, "----\t----\t--------");
            for (const Value& port : subset["ports"].items())
                w.line(2, orDefault(port["name"].text(), "<unset>") + "\t" + textOf(port["port"]) + "\t" + port["protocol"].text());
        }
        w.line(0, "");
    }
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeEndpointSlice(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, true);
    w.field(0, "AddressType", c.object["addressType"].asString());
    if (c.object["ports"].size() == 0) {
        w.line(0, "Ports: <unset>");
    } else {
        w.line(0, "Ports:");
        w.line(1, "Name\tPort\tProtocol");
        w.line(1, "----\t----\t--------");
        for (const Value& port : c.object["ports"].items())
            w.line(1, orDefault(port["name"].text(), "<unset>") + "\t" + orDefault(textOf(port["port"]), "<unset>") + "\t" + port["protocol"].text());
    }
    if (c.object["endpoints"].size() == 0) w.line(0, "Endpoints: <none>");
    else w.line(0, "Endpoints:");
    for (const Value& endpoint : c.object["endpoints"].items()) {
        w.field(1, "- Addresses", orDefault(joined(endpoint["addresses"], ", "), "<none>"));
        w.line(2, "Conditions:");
        w.field(3, "Ready", orDefault(textOf(endpoint.at("conditions", "ready")), "<unset>"));
        w.field(2, "Hostname", orDefault(endpoint["hostname"].text(), "<unset>"));
        if (const Value& target = endpoint["targetRef"]; !target.isNull()) w.field(2, "TargetRef", target["kind"].text() + "/" + target["name"].text());
        w.field(2, "NodeName", orDefault(endpoint["nodeName"].text(), "<unset>"));
        w.field(2, "Zone", orDefault(endpoint["zone"].text(), "<unset>"));
    }
    describeEvents(c);
    co_return base::okStatus();
}

namespace {

sim::Task<std::string> backendText(DescribeContext& c, Value backend) {
    if (const Value& service = backend["service"]; !service.isNull()) {
        const std::string name = service["name"].text();
        const Value& port = service["port"];
        const std::string shown = name + ":" + (port["number"].asInt() != 0 ? textOf(port["number"]) : port["name"].text());
        auto slices = co_await slicesOf(c.session, c.ns, name);
        if (!slices.ok()) co_return shown + " (<error: " + errorText(slices.error()) + ">)";
        auto found = co_await c.session.get("/api/v1/namespaces/" + c.ns + "/services/" + name);
        if (!found.ok()) co_return shown + " (<error: " + errorText(found.error()) + ">)";
        std::string portName;
        for (const Value& item : found.value().at("spec", "ports").items())
            if ((port["number"].asInt() != 0 && item["port"] == port["number"]) || (!port["name"].asString().empty() && item["name"] == port["name"]))
                portName = item["name"].text();
        co_return shown + " (" + endpointsText(slices.value(), portName) + ")";
    }
    if (const Value& resource = backend["resource"]; !resource.isNull())
        co_return "APIGroup: " + orDefault(resource["apiGroup"].text(), "<none>") + ", Kind: " + resource["kind"].text() + ", Name: " + resource["name"].text();
    co_return std::string{};
}

} // namespace

sim::Task<base::Status> describeIngress(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value& spec = c.object["spec"];
    w.field(0, "Name", c.name);
    printLabels(w, "Labels", c.object.at("metadata", "labels"));
    w.field(0, "Namespace", c.ns);
    std::set<std::string> addresses;
    for (const Value& item : c.object.at("status", "loadBalancer", "ingress").items())
        addresses.insert(item["ip"].asString().empty() ? item["hostname"].text() : item["ip"].text());
    w.field(0, "Address", base::join({addresses.begin(), addresses.end()}, ","));
    w.field(0, "Ingress Class", orDefault(spec["ingressClassName"].text(), "<none>"));
    std::string fallback = "<default>";
    if (!spec["defaultBackend"].isNull()) fallback = co_await backendText(c, spec["defaultBackend"]);
    w.field(0, "Default backend", fallback);
    if (spec["tls"].size() > 0) w.line(0, "TLS:");
    for (const Value& tls : spec["tls"].items()) {
        const std::string hosts = joined(tls["hosts"], ",");
        w.line(1, tls["secretName"].asString().empty() ? "SNI routes " + hosts : tls["secretName"].text() + " terminates " + hosts);
    }
    w.line(0, "Rules:\n  Host\tPath\tBackends");
    w.line(1, "----\t----\t--------");
    int count = 0;
    for (const Value& rule : spec["rules"].items()) {
        if (rule["http"].isNull()) continue;
        ++count;
        w.line(1, orDefault(rule["host"].text(), "*") + "\t");
        for (const Value& path : rule.at("http", "paths").items()) {
            const std::string text = co_await backendText(c, path["backend"]);
            w.line(2, "\t" + path["path"].text() + " \t" + text);
        }
    }
    if (count == 0) w.line(1, "*\t*\t" + fallback);
    printAnnotations(w, "Annotations", c.object.at("metadata", "annotations"));
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeIngressClass(DescribeContext& c) {
    describeMeta(c, false);
    c.w.field(0, "Controller", c.object.at("spec", "controller").asString());
    if (const Value& parameters = c.object.at("spec", "parameters"); !parameters.isNull()) {
        c.w.line(0, "Parameters:");
        if (!parameters["apiGroup"].isNull()) c.w.field(1, "APIGroup", parameters["apiGroup"].asString());
        c.w.field(1, "Kind", parameters["kind"].asString());
        c.w.field(1, "Name", parameters["name"].asString());
    }
    describeEvents(c);
    co_return base::okStatus();
}

namespace {

void describePeers(DescribeWriter& w, const Value& rules, bool ingress) {
    const std::string indent = "    ";
    const std::string direction = ingress ? "From" : "To";
    if (rules.size() == 0) {
        w.line(0, indent + "<none> (Selected pods are isolated for " + (ingress ? "ingress" : "egress") + " connectivity)");
        return;
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Value& rule = rules[i];
        if (rule["ports"].size() == 0) w.line(0, indent + "To Port: <any> (traffic allowed to all ports)");
        for (const Value& port : rule["ports"].items()) {
            const std::string protocol = orDefault(port["protocol"].text(), "TCP");
            const std::string number = port["port"].isNull() ? "<nil>" : textOf(port["port"]);
            if (port["endPort"].isNull()) w.line(0, indent + "To Port: " + number + "/" + protocol);
            else w.line(0, indent + "To Port Range: " + number + "-" + textOf(port["endPort"]) + "/" + protocol);
        }
        const Value& peers = ingress ? rule["from"] : rule["to"];
        if (peers.size() == 0) w.line(0, indent + direction + ": <any> (traffic not restricted by " + (ingress ? "source" : "destination") + ")");
        for (const Value& peer : peers.items()) {
            w.line(0, indent + direction + ":");
            if (!peer["namespaceSelector"].isNull()) w.line(1, indent + "NamespaceSelector: " + selectorText(peer["namespaceSelector"]));
            if (!peer["podSelector"].isNull()) w.line(1, indent + "PodSelector: " + selectorText(peer["podSelector"]));
            if (peer["namespaceSelector"].isNull() && peer["podSelector"].isNull() && !peer["ipBlock"].isNull()) {
                w.line(1, indent + "IPBlock:");
                w.line(2, indent + "CIDR: " + peer.at("ipBlock", "cidr").text());
                w.line(2, indent + "Except: " + joined(peer.at("ipBlock", "except"), ", "));
            }
        }
        if (i + 1 < rules.size()) w.line(0, indent + "----------");
    }
}

} // namespace

sim::Task<base::Status> describeNetworkPolicy(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value& spec = c.object["spec"];
    w.field(0, "Name", c.name);
    w.field(0, "Namespace", c.ns);
    const std::string created = c.object.at("metadata", "creationTimestamp").text();
    w.field(0, "Created on", created.size() < 20 ? created : created.substr(0, 10) + " " + created.substr(11, 8) + " +0000 UTC");
    printLabels(w, "Labels", c.object.at("metadata", "labels"));
    printAnnotations(w, "Annotations", c.object.at("metadata", "annotations"));
    w.line(0, "Spec:");
    const Value& pods = spec["podSelector"];
    w.write(1, "PodSelector: ");
    if (pods["matchLabels"].size() == 0 && pods["matchExpressions"].size() == 0) w.line(2, "<none> (Allowing the specific traffic to all pods in this namespace)");
    else w.line(2, selectorText(pods));
    bool ingress = false, egress = false;
    for (const Value& type : spec["policyTypes"].items()) {
        ingress = ingress || type.asString() == "Ingress";
        egress = egress || type.asString() == "Egress";
    }
    w.line(1, ingress ? "Allowing ingress traffic:" : "Not affecting ingress traffic");
    if (ingress) describePeers(w, spec["ingress"], true);
    w.line(1, egress ? "Allowing egress traffic:" : "Not affecting egress traffic");
    if (egress) describePeers(w, spec["egress"], false);
    w.line(1, "Policy Types: " + orDefault(joined(spec["policyTypes"], ", "), "<none>"));
    co_return base::okStatus();
}

sim::Task<base::Status> describeServiceCidr(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, false);
    w.field(0, "CIDRs", joined(c.object.at("spec", "cidrs"), ", "));
    const Value& conditions = c.object.at("status", "conditions");
    if (conditions.size() > 0) {
        w.line(0, "Status:\nConditions:");
        w.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t------------------\t------\t-------");
        for (const Value& item : conditions.items())
            w.line(1, item["type"].text() + "\t" + item["status"].text() + "\t" + longTime(item["lastTransitionTime"]) + "\t" + item["reason"].text() + "\t" + item["message"].text());
    }
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeIpAddress(DescribeContext& c) {
    describeMeta(c, false);
    if (const Value& parent = c.object.at("spec", "parentRef"); !parent.isNull()) {
        c.w.line(0, "Parent Reference:");
        for (const auto& [key, title] : {std::pair{"group", "Group"}, {"resource", "Resource"}, {"namespace", "Namespace"}, {"name", "Name"}})
            c.w.field(1, title, parent[key].asString());
    }
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
