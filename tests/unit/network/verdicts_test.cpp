// The Linux kernel's verdicts on packets, recorded with real rules in real namespaces.
#include "recordings.h"

#include "base/strings.h"
#include "document/json.h"
#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"
#include "network/netfilter/conntrack.h"
#include "network/netfilter/rule_set.h"

#include <cerrno>
#include <iostream>
#include <map>
#include <set>

using namespace network;
using document::Value;

namespace {

base::IpPrefix prefix(const std::string& text) { return *base::IpPrefix::parse(text); }

struct Seen {
    std::string server, source, local;
};

struct Echo final : ports::DatagramHandler {
    std::string name;
    Seen* seen = nullptr;
    sim::Task<std::optional<std::string>> receive(ports::Datagram datagram) override {
        *seen = {name, datagram.from.ip.text(), ""};
        co_return std::string("x");
    }
};

// Two nodes with three pods each and a client outside, as topology.json describes them.
struct Lab {
    sim::Kernel kernel{1};
    Fabric fabric{kernel};
    std::map<std::string, NamespacePtr> spaces;
    std::vector<ports::ListenerPtr> listeners;
    Seen seen;

    void route(const std::string& space, const std::string& to, const std::string& via,
               const std::string& device, int table = 254) {
        Route route;
        route.destination = prefix(to);
        route.via = base::IpAddress::parse(via);
        route.device = device;
        route.table = table;
        const auto added = spaces[space]->addRoute(route);
        REQUIRE(added.ok());
    }
    void serve(const std::string& name, std::vector<int> tcp, std::vector<int> udp) {
        Namespace& space = *spaces[name];
        for (int port : tcp) {
            ports::ListenOptions options;
            options.accept = [this, name](ports::ConnectionPtr connection) {
                seen = {name, connection->remote().ip.text(), connection->local().text()};
                connection->close();
            };
            auto made = space.listen({base::IpAddress::v4(0), static_cast<std::uint16_t>(port)}, std::move(options));
            REQUIRE(made.ok());
            listeners.push_back(*made);
        }
        for (int port : udp) {
            auto echo = std::make_shared<Echo>();
            echo->name = name;
            echo->seen = &seen;
            auto made = space.listenUdp({base::IpAddress::v4(0), static_cast<std::uint16_t>(port)}, echo, "echo");
            REQUIRE(made.ok());
            listeners.push_back(*made);
        }
    }
    void node(const std::string& name, const std::string& address, const std::string& subnet,
              const std::vector<std::string>& veths) {
        spaces[name] = fabric.createHost(name, prefix(address + "/24"));
        Namespace& host = *spaces[name];
        host.setSysctl("net.ipv4.ip_forward", "1");
        REQUIRE(host.addDevice("cni0", DeviceKind::Bridge).ok());
        (void)host.setUp("cni0", true);
        (void)host.addAddress("cni0", prefix(subnet + ".1/24"));
        const char* letters[] = {"a", "b", "c"};
        for (int i = 0; i < 3; ++i) {
            const std::string pod = "p" + name.substr(1) + letters[i];
            spaces[pod] = fabric.createNamespace(pod);
            REQUIRE(host.addVeth(veths[static_cast<std::size_t>(i)], *spaces[pod], "eth0").ok());
            (void)host.setMaster(veths[static_cast<std::size_t>(i)], "cni0");
            (void)host.setUp(veths[static_cast<std::size_t>(i)], true);
            host.device(veths[static_cast<std::size_t>(i)])->hairpin = true;
            (void)spaces[pod]->setUp("eth0", true);
            (void)spaces[pod]->addAddress("eth0", prefix(subnet + "." + std::to_string(i + 2) + "/24"));
            route(pod, "0.0.0.0/0", subnet + ".1", "eth0");
        }
    }
    Lab() {
        node("n0", "172.30.0.10", "10.244.0", {"vethf7fd7d00", "veth6ebfc9d9", "veth74facdb7"});
        node("n1", "172.30.0.11", "10.244.1", {"veth5b97ca39", "vethdd2c3897", "vethff85e3fa"});
        route("n0", "10.244.1.0/24", "172.30.0.11", "eth0");
        route("n1", "10.244.0.0/24", "172.30.0.10", "eth0");
        spaces["cli"] = fabric.createHost("cli", prefix("172.30.0.200/24"));
        (void)spaces["cli"]->addAddress("eth0", prefix("172.30.0.201/24"));
        for (int table : {254, 100}) {
            const std::string node = table == 254 ? "172.30.0.10" : "172.30.0.11";
            route("cli", "10.96.0.0/12", node, "eth0", table);
            for (const char* vip : {"240", "241", "247", "248", "250", "251", "252"})
                route("cli", std::string("172.30.0.") + vip + "/32", node, "eth0", table);
        }
        route("cli", "10.244.0.0/24", "172.30.0.10", "eth0");
        route("cli", "10.244.1.0/24", "172.30.0.11", "eth0");
        PolicyRule second;
        second.priority = 32765;
        second.from = prefix("172.30.0.201/32");
        second.table = 100;
        auto& rules = spaces["cli"]->policyRules();
        rules.insert(rules.begin() + 1, second);
        for (const char* name : {"p0a", "p0b", "p0c", "p1a", "p1b", "p1c", "cli"})
            serve(name, {53, 80, 443, 5353, 8080, 9376}, {53, 80, 5353, 8080, 9376});
        for (const char* name : {"n0", "n1"}) serve(name, {8080, 9376}, {8080, 9376});
    }
};

struct Outcome {
    std::string result, error, server, source;
    std::string text() const { return result + " " + error + " " + server + " " + source; }
};

std::string errorName(int code) {
    switch (code) {
    case ECONNREFUSED: return "ECONNREFUSED";
    case EHOSTUNREACH: return "EHOSTUNREACH";
    case ENETUNREACH: return "ENETUNREACH";
    case ENOPROTOOPT: return "ENOPROTOOPT";
    case EPERM: return "EPERM";
    case ETIMEDOUT: return "";
    default: return std::to_string(code);
    }
}

sim::Task<void> attempt(Lab* lab, Namespace* from, std::string protocol, base::Endpoint to, std::string source,
                        int sourcePort, sim::Duration timeout, Outcome* out) {
    lab->seen = {};
    // Only the client with two addresses chose one.
    const auto bound = source == "172.30.0.201" ? base::IpAddress::parse(source) : std::nullopt;
    if (protocol == "icmp") {
        Namespace::Heard heard = co_await from->probe(to.ip, 0, 64, timeout, 59, bound.value_or(base::IpAddress()));
        if (heard.error) *out = {"error", errorName(heard.error), "", ""};
        else if (heard.echo) *out = {"reply", "", "", ""};
        else if (heard.answered) *out = {"icmp-error", "", "", ""};
        else *out = {"timeout", "", "", ""};
        co_return;
    }
    int code = 0;
    if (protocol == "udp") {
        auto answer = co_await from->exchangeUdp(to, "x", timeout);
        if (!answer.ok()) code = answer.error().code;
    } else {
        ports::ConnectOptions options;
        options.timeout = timeout;
        options.source = bound;
        options.sourcePort = static_cast<std::uint16_t>(sourcePort);
        auto made = co_await from->connect(to, options);
        if (!made.ok()) code = made.error().code;
    }
    if (code == 0) *out = {"connected", "", lab->seen.server, lab->seen.source};
    else if (code == ETIMEDOUT) *out = {"timeout", "", "", ""};
    else if (code == ECONNREFUSED) *out = {"refused", "ECONNREFUSED", "", ""};
    else *out = {"error", errorName(code), "", ""};
}

Outcome expectedOf(const Value& line) {
    Outcome out{line["result"].text(), line["errno"].text(), line["server"].text(), line["seen_src"].text()};
    return out;
}

// Counters as [table, packets, bytes, rule] where the rule's packets are exact by nature: those of the
// nat table, and of rules that drop or reject.
std::map<std::string, std::uint64_t> natCounters(const Namespace& space) {
    std::map<std::string, std::uint64_t> out;
    for (const netfilter::Chain* chain : space.rules().chains(netfilter::Table::Nat)) {
        if (chain->counter.packets)
            out[":" + chain->name + " ACCEPT"] = chain->counter.packets;
        for (const auto& rule : chain->rules)
            if (rule->counter.packets) out["-A " + chain->name + " " + rule->text()] += rule->counter.packets;
    }
    return out;
}

struct Tally {
    int lines = 0, right = 0, counted = 0, countersRight = 0, unreadable = 0;
    std::vector<std::string> wrong;
};

void zeroCounters(Lab& lab) {
    for (const char* node : {"n0", "n1"})
        for (int i = 0; i < netfilter::kTableCount; ++i)
            (void)lab.spaces[node]->rules().zero(static_cast<netfilter::Table>(i), "", 0);
}

Tally replay(const std::string& folder) {
    Tally tally;
    auto lab = std::make_unique<Lab>();
    std::string loaded;
    bool readable = false;
    std::map<std::string, netfilter::RuleSet::RecentList> lastMemory0, lastMemory1;
    for (const std::string& text : base::splitLines(readWhole(folder + "/packets.jsonl"))) {
        auto parsed = document::readJson(text);
        REQUIRE(parsed.ok());
        const Value& line = *parsed;
        ++tally.lines;
        const Value files = line["rules"].isString()
                                ? Value::object({{line["node"].text(), line["rules"]}})
                                : line["rules"];
        std::string key;
        for (const auto& member : files.members()) key += member.value.text() + " ";
        if (key != loaded) {
            lab = std::make_unique<Lab>();
            loaded = key;
            readable = true;
            for (const auto& member : files.members()) {
                const std::string rules = readWhole(folder + "/" + member.value.text());
                netfilter::RuleSet& set = lab->spaces[std::string(member.key.view())]->rules();
                const base::Status done = netfilter::restoreTables(set, rules, {});
                if (!done.ok()) {
                    readable = false;
                    tally.wrong.push_back(key + ": " + done.error().message);
                }
            }
            if (files.size() == 1) { // the other node has the CNI's rules only
                const std::string folderUp = folder.substr(0, folder.rfind('/')) + "/verdicts-kube-proxy/topology.json";
                const auto topology = document::readJson(readWhole(folderUp));
                REQUIRE(topology.ok());
                const std::string cni = (*topology)["cni_rules"]["n1"].text();
                REQUIRE(netfilter::restoreTables(lab->spaces["n1"]->rules(), cni, {}).ok());
            }
            const bool localnet = key.find("localnet") != std::string::npos;
            for (const char* node : {"n0", "n1"})
                lab->spaces[node]->setSysctl("net.ipv4.conf.all.route_localnet", localnet ? "1" : "0");
        }
        if (!readable) {
            ++tally.unreadable;
            continue;
        }
        if (line.has("route_localnet"))
            for (const char* node : {"n0", "n1"})
                lab->spaces[node]->setSysctl("net.ipv4.conf.all.route_localnet",
                                             std::to_string(line["route_localnet"].asInt()));
        for (const auto& [name, space] : lab->spaces) space->conntrack().flush();
        zeroCounters(*lab);
        std::vector<Value> tries;
        for (const Value& each : line["tries"].items()) tries.push_back(each);
        if (tries.empty()) tries.push_back(line);
        std::set<std::string> allowed;
        for (const Value& each : tries) allowed.insert(expectedOf(each).text());
        const base::Endpoint to{*base::IpAddress::parse(line["dst"].text()),
                                static_cast<std::uint16_t>(line["port"].asInt())};
        bool right = true;
        std::string got;
        for (std::size_t i = 0; i < tries.size(); ++i) {
            const std::string expected = expectedOf(tries[i]).text();
            Outcome out;
            // Rules may choose by chance: the recorded choice must be among ours.
            for (int draw = 0; draw < 60 && out.text() != expected; ++draw) {
                const auto memory0 = lab->spaces["n0"]->rules().recentLists();
                const auto memory1 = lab->spaces["n1"]->rules().recentLists();
                if (draw > 0) {
                    if (out.result != tries[i]["result"].asString() || out.result != "connected") break;
                    lab->spaces["n0"]->rules().recentLists() = lastMemory0;
                    lab->spaces["n1"]->rules().recentLists() = lastMemory1;
                    if (tries.size() == 1) zeroCounters(*lab);
                } else {
                    lastMemory0 = memory0;
                    lastMemory1 = memory1;
                }
                const bool patient = expectedOf(tries[i]).error == "EHOSTUNREACH";
                sim::Scope scope(lab->kernel);
                scope.spawn(attempt(lab.get(), lab->spaces[line["from"].text()].get(), line["proto"].text(), to,
                                    line["src"].text(), static_cast<int>(line["sport"].asInt()),
                                    patient ? 5 * sim::kSecond : 800 * sim::kMillisecond, &out));
                lab->kernel.runUntil(lab->kernel.now() + (patient ? 6 : 1) * sim::kSecond);
            }
            got += out.text() + "; ";
            right = right && out.text() == expected;
        }
        tally.right += right;
        if (!right)
            tally.wrong.push_back(line["id"].text() + " " + line["from"].text() + " -> " + to.text() + " " +
                                  line["proto"].text() + ": " + got + " instead of " + *allowed.begin());
        if (!right || allowed.size() > 1) continue;
        for (const auto& member : line["counters"].members()) {
            ++tally.counted;
            std::map<std::string, std::uint64_t> expected;
            for (const Value& row : member.value.items())
                if (row[0].asString() == "nat") expected[row[3].text()] += static_cast<std::uint64_t>(row[1].asInt());
            const auto actual = natCounters(*lab->spaces[std::string(member.key.view())]);
            if (actual == expected) ++tally.countersRight;
            else if (std::getenv("TIMONEL_SHOW")) {
                std::cout << "counters " << line["id"].text() << " " << std::string(member.key.view()) << "\n";
                for (const auto& [rule, count] : expected)
                    if (!actual.count(rule) || actual.at(rule) != count) std::cout << "  - " << count << " " << rule << "\n";
                for (const auto& [rule, count] : actual)
                    if (!expected.count(rule) || expected.at(rule) != count) std::cout << "  + " << count << " " << rule << "\n";
            }
        }
    }
    return tally;
}

void judge(const char* name) {
    const std::string root = recordingsRoot();
    if (root.empty()) {
        WARN("skipped: no recordings on this machine");
        return;
    }
    const Tally tally = replay(root + "/" + name);
    std::cout << name << ": " << tally.right << " of " << tally.lines << " verdicts alike (" << tally.unreadable
              << " with rules that are not modelled), nat counters " << tally.countersRight << " of "
              << tally.counted << "\n";
    if (std::getenv("TIMONEL_SHOW"))
        for (const std::string& wrong : tally.wrong) std::cout << "  " << wrong << "\n";
    CHECK(tally.right * 100 >= (tally.lines - tally.unreadable) * 98);
    CHECK(tally.countersRight * 100 >= tally.counted * 97);
}

} // namespace

TEST_CASE("packets through hand-written rules end as in the Linux kernel") { judge("verdicts-hand"); }
TEST_CASE("packets through kube-proxy's rules end as in the Linux kernel") { judge("verdicts-kube-proxy"); }
