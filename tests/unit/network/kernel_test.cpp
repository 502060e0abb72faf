// The engine's iptables text in the real kernel: loaded with iptables-restore in a network namespace of
// its own, then read back with iptables-save. Needs root and iptables; skipped with a message elsewhere.
#include "recordings.h"

#include "base/strings.h"
#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"
#include "network/netfilter/rule_set.h"
#include "network/proxy/chains.h"
#include "network/proxy/rules.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <unistd.h>

using namespace network;
using document::Value;

namespace {

std::string output(const std::string& command, int& code) {
    std::string out;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) {
        code = -1;
        return out;
    }
    char buffer[4096];
    std::size_t got = 0;
    while ((got = fread(buffer, 1, sizeof buffer, pipe)) > 0) out.append(buffer, got);
    code = pclose(pipe);
    return out;
}

bool kernelUsable() {
    int code = 0;
    (void)output("unshare -n sh -c 'echo \"*filter\nCOMMIT\" | iptables-restore' 2>/dev/null", code);
    return geteuid() == 0 && code == 0;
}

// Accounting objects are made by another tool than iptables; the lines are compared without them.
std::string comparable(const std::string& text) {
    std::string out;
    for (std::string line : base::splitLines(text)) {
        if (line.empty() || line[0] == '#') continue;
        for (const char* name : {" -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts", " -m nfacct --nfacct-name  localhost_nps_accepted_pkts"})
            line = base::replaceAll(line, name, "");
        if (line[0] == ':') line = line.substr(0, line.find(" ["));
        out += line + "\n";
    }
    return out;
}

// What the kernel says after it has loaded the text; "refused ..." when it has not.
std::string throughKernel(const std::string& text) {
    char path[] = "/tmp/timonel-rules-XXXXXX";
    const int file = mkstemp(path);
    if (file < 0) return "no temporary file";
    std::string rules;
    for (std::string line : base::splitLines(text)) {
        for (const char* name : {" -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts", " -m nfacct --nfacct-name  localhost_nps_accepted_pkts"})
            line = base::replaceAll(line, name, "");
        rules += line + "\n";
    }
    const bool written = write(file, rules.data(), rules.size()) == static_cast<ssize_t>(rules.size());
    close(file);
    int code = 0;
    const std::string out =
        output(std::string("unshare -n sh -c 'iptables-restore < ") + path + " 2>&1 && iptables-save'", code);
    std::remove(path);
    return written && code == 0 ? out : "refused: " + out;
}

struct World {
    sim::Kernel kernel{1};
    Fabric fabric{kernel};
    NamespacePtr host = fabric.createHost("node", *base::IpPrefix::parse("172.30.0.10/24"));
};

Value service(const char* name, const char* ip, Value spec) {
    Value object = Value::object({{"kind", "Service"},
                                  {"metadata", Value::object({{"name", name}, {"namespace", "shop"}})},
                                  {"spec", std::move(spec)}});
    return object.withPath({"spec", "clusterIP"}, ip).withPath({"spec", "ports"}, Value::array({Value::object(
                               {{"port", 80}, {"protocol", "TCP"}, {"nodePort", 30080}, {"name", "http"}})}));
}

std::string proxyText(World& world) {
    proxy::ServiceMap services;
    proxy::addService(services, service("a", "10.96.0.11", Value::object({{"type", "NodePort"}})));
    proxy::addService(services, service("b", "10.96.0.12", Value::object({{"type", "NodePort"}, {"externalTrafficPolicy", "Local"}, {"sessionAffinity", "ClientIP"}})));
    proxy::addService(services, service("c", "10.96.0.13", Value::object({{"type", "ClusterIP"}, {"externalIPs", Value::array({"172.30.0.250"})}})));
    proxy::addService(services, service("none", "10.96.0.14", Value::object({{"type", "NodePort"}})));
    std::vector<Value> slices;
    for (const char* name : {"a", "b", "c"}) {
        const Value endpoint = Value::object({{"addresses", Value::array({"10.244.0.2"})}, {"nodeName", "node"}});
        const Value other = Value::object({{"addresses", Value::array({"10.244.1.2"})}, {"nodeName", "other"}});
        const Value port = Value::object({{"port", 8080}, {"protocol", "TCP"}, {"name", "http"}});
        slices.push_back(Value::object({{"metadata", Value::object({{"name", name}, {"namespace", "shop"}, {"labels", Value::object({{"kubernetes.io/service-name", name}})}})},
                                        {"addressType", "IPv4"}, {"endpoints", Value::array({endpoint, other})}, {"ports", Value::array({port})}}));
    }
    proxy::Config config;
    config.clusterCIDR = "10.244.0.0/16";
    const proxy::EndpointMap endpoints = proxy::endpointsOf(slices, "node");
    proxy::RuleInput input;
    input.config = &config;
    input.node.name = "node";
    input.node.ip = "172.30.0.10";
    input.services = &services;
    input.endpoints = &endpoints;
    proxy::ensureKubeletChains(*world.host);
    REQUIRE(proxy::ensureJumps(*world.host).ok());
    netfilter::RestoreOptions options;
    options.noFlush = true;
    REQUIRE(netfilter::restoreTables(world.host->rules(), proxy::makeRules(input).restore, options).ok());
    return netfilter::saveTables(world.host->rules(), std::nullopt, false);
}

constexpr const char* kAssorted = R"(*filter
-A INPUT -p tcp --dport 8080 -m recent --name r1 --update --seconds 60 --hitcount 4 -j DROP
-A INPUT -m statistic --mode nth --every 3 --packet 1 -j ACCEPT
-A INPUT -m mark --mark 0x4000/0x4000 -j ACCEPT
-A INPUT ! -s 10.0.0.0/8 -i eth+ -p tcp -m multiport --dports 22,443,8000:8100 -m comment --comment "say \"hi\"" -j ACCEPT
-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP
-A INPUT -p icmp --icmp-type echo-request -m limit --limit 5/min -j ACCEPT
-A INPUT -p tcp --sport 1024:65535 --dport :1023 --syn -j REJECT --reject-with tcp-reset
-A FORWARD -i eth0 -o cni0 -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT
-A OUTPUT -j LOG --log-prefix "fw: " --log-level 4
-A OUTPUT -p udp -j REJECT
COMMIT
*nat
-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.1.7:8080
-A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8080
-A POSTROUTING -s 192.168.1.0/24 -o eth0 -j MASQUERADE --random-fully
COMMIT
*mangle
-A PREROUTING -j MARK --or-mark 0x10
-A PREROUTING -j CONNMARK --save-mark
COMMIT
)";

void compare(const std::string& text, const std::string& what) {
    const std::string kernel = throughKernel(text);
    INFO(what);
    CHECK(comparable(kernel) == comparable(text));
}

} // namespace

TEST_CASE("the kernel accepts the engine's rules and gives the same text back") {
    if (!kernelUsable()) {
        WARN("skipped: needs root, unshare and iptables-restore");
        return;
    }
    {
        World world;
        compare(proxyText(world), "kube-proxy's rules");
    }
    {
        World world;
        REQUIRE(netfilter::restoreTables(world.host->rules(), kAssorted, {}).ok());
        compare(netfilter::saveTables(world.host->rules(), std::nullopt, false), "assorted matches and targets");
    }
    const std::string root = recordingsRoot();
    if (root.empty()) return;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(root + "/verdicts-hand"))
        if (entry.path().extension() == ".rules") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    int alike = 0, loaded = 0;
    for (std::size_t i = 0; i < files.size(); i += 3) {
        World world;
        if (!netfilter::restoreTables(world.host->rules(), readWhole(files[i].string()), {}).ok()) continue;
        const std::string text = netfilter::saveTables(world.host->rules(), std::nullopt, false);
        ++loaded;
        const std::string kernel = throughKernel(text);
        const bool same = comparable(kernel) == comparable(text);
        alike += same;
        if (!same) std::cout << files[i].filename() << "\n" << comparable(kernel) << "--\n" << comparable(text) << "\n";
    }
    std::cout << "kernel: " << alike << " of " << loaded << " rule files come back alike\n";
    CHECK(alike == loaded);
}
