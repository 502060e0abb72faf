// Source: k8s.io/kubectl pkg/cmd/clusterinfo.
#include "base/strings.h"
#include "kubectl/commands/commands.h"

namespace kubectl {

using document::Value;

namespace {

std::string serviceLink(const std::string& host, const Value& service) {
    std::string link;
    const Value& ingress = service.at("status", "loadBalancer")["ingress"];
    if (ingress.size() > 0) {
        const Value& first = ingress.items()[0];
        const std::string address = first["ip"].text().empty() ? first["hostname"].text() : first["ip"].text();
        for (const Value& port : service.at("spec", "ports").items()) link += "http://" + address + ":" + port["port"].text() + " ";
        return link;
    }
    std::string name = service.at("metadata", "name").text();
    const Value& ports = service.at("spec", "ports");
    if (ports.size() > 0) {
        const Value& port = ports.items()[0];
        const std::string portName = port["name"].text();
        if (portName == "https" || port["port"].asInt() == 443) name = "https:" + name + ":" + portName;
        else if (!portName.empty()) name += ":" + portName;
    }
    return host + "/api/v1/namespaces/" + service.at("metadata", "namespace").text() + "/services/" + name + "/proxy";
}

} // namespace

sim::Task<Outcome> runClusterInfo(Session& session) {
    auto settings = session.settings();
    if (!settings.ok()) co_return settings.error();
    const std::string host = settings.value().server;
    ports::Query query;
    query.set("labelSelector", "kubernetes.io/cluster-service=true");
    const std::string ns = session.nsGiven() ? session.flags.text("namespace") : "kube-system";
    auto list = co_await session.get("/api/v1/namespaces/" + ns + "/services", query);
    if (list.ok()) {
        session.out("Kubernetes control plane is running at " + host + "\n");
        for (const Value& service : list.value()["items"].items()) {
            std::string name = service.at("metadata", "labels")["kubernetes.io/name"].text();
            if (name.empty()) name = service.at("metadata", "name").text();
            session.out(name + " is running at " + serviceLink(host, service) + "\n");
        }
    }
    session.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    if (!list.ok()) co_return list.error();
    co_return 0;
}

} // namespace kubectl
