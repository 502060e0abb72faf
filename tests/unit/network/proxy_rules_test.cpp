// kube-proxy's rules against those that the real one wrote for the same objects.
#include "recordings.h"

#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"
#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"
#include "network/netfilter/rule_set.h"
#include "network/proxy/chains.h"
#include "network/proxy/rules.h"

#include <algorithm>
#include <iostream>

using namespace network;
using document::Value;

namespace {

// Lines without dates; the rules of chains that many services share are sorted, since the real proxy
// walks its map of services in random order.
std::vector<std::string> comparable(const std::string& text) {
    std::vector<std::string> out, shared;
    for (const std::string& line : base::splitLines(text)) {
        if (line.empty() || line[0] == '#') continue;
        bool isShared = false;
        for (const char* chain : {"-A KUBE-SERVICES ", "-A KUBE-NODEPORTS ", "-A KUBE-EXTERNAL-SERVICES ",
                                  "-A KUBE-PROXY-FIREWALL "})
            isShared |= line.rfind(chain, 0) == 0;
        if (isShared) {
            shared.push_back(line);
            continue;
        }
        if (!shared.empty()) {
            std::sort(shared.begin(), shared.end());
            out.insert(out.end(), shared.begin(), shared.end());
            shared.clear();
        }
        out.push_back(line);
    }
    return out;
}

std::string render(const std::vector<Value>& objects, const proxy::Config& config, const std::string& node) {
    sim::Kernel kernel(1);
    Fabric fabric(kernel);
    NamespacePtr host =
        fabric.createHost(node, *base::IpPrefix::parse(node == "controlplane" ? "172.30.0.10/24" : "172.30.0.11/24"));
    proxy::ServiceMap services;
    std::vector<Value> slices;
    proxy::RuleInput input;
    for (const Value& object : objects) {
        const std::string kind = object["kind"].text();
        if (kind == "Service") proxy::addService(services, object);
        if (kind == "EndpointSlice") slices.push_back(object);
        if (kind == "Node" && object.at("metadata", "name").asString() == node) {
            input.node.name = node;
            input.node.zone = object.at("metadata", "labels")["topology.kubernetes.io/zone"].text();
            for (const Value& cidr : object.at("spec", "podCIDRs").items()) input.node.podCIDRs.push_back(cidr.text());
        }
    }
    input.node.ip = node == "controlplane" ? "172.30.0.10" : "172.30.0.11";
    for (const base::IpPrefix& own : host->addresses()) input.node.localAddresses.push_back(own.address);
    const proxy::EndpointMap endpoints = proxy::endpointsOf(slices, node);
    input.config = &config;
    input.services = &services;
    input.endpoints = &endpoints;
    for (const char* table : {"mangle", "nat", "filter"})
        REQUIRE(proxy::ensureChain(*host, table, "KUBE-PROXY-CANARY").ok());
    REQUIRE(proxy::ensureJumps(*host).ok());
    const proxy::RuleText text = proxy::makeRules(input);
    netfilter::RestoreOptions options;
    options.noFlush = true;
    options.counters = true;
    const base::Status restored = netfilter::restoreTables(host->rules(), text.restore, options);
    if (!restored.ok()) return "restore failed: " + restored.error().message + "\n" + text.restore;
    return netfilter::saveTables(host->rules(), std::nullopt, false);
}

} // namespace

TEST_CASE("kube-proxy writes the rules that the real one writes") {
    const std::string root = recordingsRoot();
    if (root.empty()) {
        WARN("skipped: no recordings on this machine");
        return;
    }
    int cases = 0, exact = 0;
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(root + "/kube-proxy"))
        folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    for (const auto& folder : folders) {
        std::vector<Value> objects;
        auto stream = document::readYamlStream(readWhole(folder.string() + "/input.yaml"));
        REQUIRE(stream.ok());
        for (const auto& each : *stream) {
            if (each.value["kind"].asString() == "List")
                for (const Value& item : each.value["items"].items()) objects.push_back(item);
            else objects.push_back(each.value);
        }
        const auto document = document::readJson(readWhole(folder.string() + "/config.iptables.json"));
        REQUIRE(document.ok());
        proxy::Config config;
        std::vector<std::string> unknown;
        REQUIRE(proxy::applyDocument(config, *document, unknown).ok());
        for (const char* node : {"controlplane", "node01"}) {
            std::string file = folder.string() + "/iptables." + node + ".txt";
            if (!std::filesystem::exists(file)) file = folder.string() + "/iptables.controlplane.txt";
            if (!std::filesystem::exists(file)) continue;
            ++cases;
            const auto expected = comparable(readWhole(file));
            const auto actual = comparable(render(objects, config, node));
            if (actual == expected) {
                ++exact;
                continue;
            }
            if (!std::getenv("TIMONEL_SHOW")) continue;
            std::cout << folder.filename() << " " << node << "\n";
            for (const auto& line : expected)
                if (std::find(actual.begin(), actual.end(), line) == actual.end()) std::cout << "  - " << line << "\n";
            for (const auto& line : actual)
                if (std::find(expected.begin(), expected.end(), line) == expected.end()) std::cout << "  + " << line << "\n";
        }
    }
    std::cout << "kube-proxy: " << exact << " of " << cases << " rule sets exact\n";
    CHECK(exact * 100 >= cases * 95);
}
