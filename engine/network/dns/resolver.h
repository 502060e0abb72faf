#pragma once
// The C library's resolver: /etc/hosts, then the servers of /etc/resolv.conf with search list,
// ndots, timeout and attempts. Source: resolv.conf(5), nsswitch.conf(5) as Debian ships it.

#include "base/ip.h"
#include "base/result.h"
#include "network/dns/message.h"
#include "ports/file_system.h"
#include "ports/network.h"
#include "sim/kernel.h"

#include <string>
#include <string_view>
#include <vector>

namespace network::dns {

struct ResolverConfig {
    std::vector<base::IpAddress> servers; // at most three are used
    std::vector<std::string> search;
    int ndots = 1, timeout = 5, attempts = 2; // seconds
    bool rotate = false;
};
ResolverConfig readResolverConfig(std::string_view text);
// The file's, or 127.0.0.1 when it names no server.
ResolverConfig resolverConfig(const ports::FileSystem& files);

struct HostsEntry {
    base::IpAddress address;
    std::vector<std::string> names;
};
std::vector<HostsEntry> readHosts(std::string_view text);

enum ResolveError : int { kNotFound = -2, kTryAgain = -3, kFailed = -4, kNoAddress = -5 };

struct Resolved {
    std::string canonicalName;
    std::vector<base::IpAddress> addresses;
    base::IpAddress server; // that answered; unset for /etc/hosts and literals
};

// Addresses of a name (IPv4 unless the name is an IPv6 literal or only AAAA records exist). Errors:
// `code` as above, message as gai_strerror ("Name or service not known", "Temporary failure in name
// resolution").
sim::Task<base::Result<Resolved>> lookup(sim::Kernel& kernel, const ports::FileSystem& files,
                                         ports::NetStack& network, std::string name);
sim::Task<base::Result<std::vector<base::IpAddress>>> resolve(sim::Kernel& kernel,
                                                              const ports::FileSystem& files,
                                                              ports::NetStack& network,
                                                              std::string name);
// As Go's net package words a failure: "lookup NAME on 10.96.0.10:53: no such host".
std::string goLookupError(const ResolverConfig& config, std::string_view name, int code);

// One question to one server; ETIMEDOUT, ECONNREFUSED.
sim::Task<base::Result<Message>> ask(sim::Kernel& kernel, ports::NetStack& network,
                                     base::Endpoint server, std::string name, RecordType type,
                                     sim::Duration timeout);

} // namespace network::dns
