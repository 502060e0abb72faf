// Services. Source: pkg/cmd/create create_service.go.
#include "base/strings.h"
#include "kubectl/commands/create_support.h"

#include <cctype>

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

std::string portNameProblem(std::string_view name) {
    std::vector<std::string> problems;
    if (name.size() > 15) problems.emplace_back("must be no more than 15 characters");
    bool plain = true, letter = false;
    for (const char c : name) {
        plain = plain && (std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-');
        letter = letter || std::isalpha(static_cast<unsigned char>(c));
    }
    if (!plain) problems.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    if (!letter) problems.emplace_back("must contain at least one letter (a-z)");
    if (name.find("--") != std::string_view::npos) problems.emplace_back("must not contain consecutive hyphens");
    if (!name.empty() && (name.front() == '-' || name.back() == '-')) problems.emplace_back("must not begin or end with a hyphen");
    return base::join(problems, ",");
}

bool isSubdomain(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (const std::string& part : base::split(name, '.')) {
        if (part.empty() || part.front() == '-' || part.back() == '-') return false;
        for (const char c : part)
            if (!(std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-')) return false;
    }
    return true;
}

base::Result<Value> servicePort(const std::string& text, std::int64_t nodePort) {
    const auto parts = base::split(text, ':');
    const auto number = base::parseInt(parts[0]);
    if (!number || *number < 0 || parts[0].empty() || parts[0][0] == '+')
        return base::makeError("strconv.ParseUint: parsing " + base::quoteGo(parts[0]) + ": invalid syntax");
    if (*number > 65535) return base::makeError("strconv.ParseUint: parsing " + base::quoteGo(parts[0]) + ": value out of range");
    ObjectBuilder port;
    port.set("name", base::replaceAll(text, ":", "-")).set("port", *number).set("protocol", "TCP");
    Value target(*number);
    if (parts.size() > 1) {
        if (auto wanted = base::parseInt(parts[1])) {
            if (*wanted < 1 || *wanted > 65535) return base::makeError("must be between 1 and 65535, inclusive");
            target = Value(*wanted);
        } else {
            if (const std::string problem = portNameProblem(parts[1]); !problem.empty()) return base::makeError(problem);
            target = Value(parts[1]);
        }
    }
    port.set("targetPort", target);
    if (nodePort != 0) port.set("nodePort", nodePort);
    return std::move(port).build();
}

} // namespace

base::Result<Value> generateService(Session& session, std::string name) {
    const std::string& command = session.command().name;
    const std::string type = command == "clusterip" ? "ClusterIP" : command == "nodeport" ? "NodePort"
                             : command == "loadbalancer" ? "LoadBalancer" : "ExternalName";
    const Flags& flags = session.flags;
    const std::string clusterIp = flags.known("clusterip") ? flags.text("clusterip") : "";
    const auto tcp = flags.known("tcp") ? flags.list("tcp") : std::vector<std::string>{};
    if (clusterIp != "None" && tcp.empty() && type != "ExternalName")
        return base::makeError("at least one tcp port specifier must be provided");
    if (type == "ExternalName" && !isSubdomain(flags.text("external-name")))
        return base::makeError("invalid service external name " + flags.text("external-name"));
    std::vector<Value> ports;
    for (const std::string& text : tcp) {
        BASE_TRY(Value port, servicePort(text, flags.known("node-port") ? flags.number("node-port") : 0));
        ports.push_back(std::move(port));
    }
    const Value labels = Value::object({{"app", name}});
    ObjectBuilder spec;
    spec.set("type", type).set("selector", labels);
    if (!ports.empty()) spec.set("ports", Value::array(std::move(ports)));
    if (type == "ExternalName") spec.set("externalName", flags.text("external-name"));
    if (!clusterIp.empty()) spec.set("clusterIP", clusterIp);
    return makeObject("v1", "Service", name).withPath({"metadata", "labels"}, labels).with("spec", std::move(spec).build());
}

} // namespace kubectl
