#pragma once
// Answers of CoreDNS' kubernetes plugin. Source: coredns plugin/kubernetes, specification of
// kubernetes/dns (version 1.1.0).

#include "client/informer.h"
#include "network/dns/message.h"

#include <set>
#include <string>
#include <vector>

namespace network::dns {

enum class PodMode { Disabled, Insecure, Verified };

struct KubernetesSettings {
    std::vector<std::string> zones; // with the final dot, lower case
    PodMode pods = PodMode::Disabled;
    std::uint32_t ttl = 5;
    bool endpointPodNames = false;
    bool falls = false;
    std::vector<std::string> fallZones;
    std::set<std::string> namespaces; // empty: all
};

// Read access to the cluster; informers in the program, plain lists in tests.
struct ClusterView {
    virtual ~ClusterView() = default;
    virtual document::Value service(const std::string& ns, const std::string& name) const = 0;
    virtual std::vector<document::Value> services() const = 0;
    virtual std::vector<document::Value> slicesOf(const std::string& ns, const std::string& service) const = 0;
    virtual std::vector<document::Value> slices() const = 0;
    virtual bool hasNamespace(const std::string& ns) const = 0;
    virtual bool podWithAddress(const std::string& ns, const std::string& ip) const = 0;
};

struct ZoneAnswer {
    bool found = false;    // false: no such name
    std::vector<Record> answers, additional;
    std::string alias;     // target of a CNAME outside of the zone's own knowledge
};

class KubernetesZone {
public:
    KubernetesZone(const KubernetesSettings& settings, const ClusterView& view) : settings_(settings), view_(view) {}
    // The longest zone that holds the name; empty when none does.
    std::string zoneOf(std::string_view name) const;
    ZoneAnswer answer(const std::string& zone, const Question& question) const;
    Record startOfAuthority(const std::string& zone, std::int64_t unixSeconds) const;

private:
    struct Target {
        std::string host; // address, or a name for aliases
        std::string name; // owner name of the address record
        int port = 0;
    };
    std::vector<Target> serviceTargets(const std::vector<std::string>& labels, const std::string& zone,
                                       bool& known) const;
    std::vector<Target> podTargets(const std::vector<std::string>& labels, const std::string& zone, bool& known) const;
    std::string endpointName(const document::Value& endpoint, const std::string& address) const;
    ZoneAnswer reverse(const Question& question) const;
    const KubernetesSettings& settings_;
    const ClusterView& view_;
};

bool inZone(std::string_view name, std::string_view zone); // both fully qualified, lower case

} // namespace network::dns
