#include "cluster/programs/etcd.h"

#include "base/hash.h"
#include "base/strings.h"

#include <algorithm>
#include <cerrno>

namespace cluster {
namespace {
constexpr std::string_view kMark = "bbolt ";
constexpr sim::Duration kTrust = 10 * sim::kSecond;
} // namespace

base::Result<base::Endpoint> parseUrl(std::string_view url, bool& secure) {
    std::string_view rest = url;
    if (rest.starts_with("https://")) {
        secure = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        secure = false;
        rest.remove_prefix(7);
    } else {
        return base::makeError("URL scheme must be http, https, unix, or unixs: " + std::string(url));
    }
    while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos)
        return base::makeError("URL address does not have the form \"host:port\": " + std::string(url));
    std::string host(rest.substr(0, colon));
    if (host == "localhost") host = "127.0.0.1";
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    const auto address = base::IpAddress::parse(host);
    const auto port = base::parseInt(rest.substr(colon + 1));
    if (!address || !port || *port < 1 || *port > 65535)
        return base::makeError("URL address does not have the form \"host:port\": " + std::string(url));
    return base::Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string EtcdWorld::makeDirectory(ports::FileSystem& files, const std::string& directory, base::Status& status) {
    const std::string id = std::to_string(++made_) + "-" + kernel_.random("etcd/data").suffix(12);
    status = files.makeDirectories(directory + "/member/snap", 0700);
    if (status.ok()) status = files.makeDirectories(directory + "/member/wal", 0700);
    if (status.ok()) status = files.write(directory + "/member/snap/db", std::string(kMark) + id + "\n", 0600);
    if (status.ok())
        status = files.write(directory + "/member/wal/0000000000000000-0000000000000000.wal", "", 0600);
    return id;
}

base::Result<std::shared_ptr<store::Store>> EtcdWorld::open(ports::FileSystem& files, const std::string& directory) {
    const auto text = files.read(directory + "/member/snap/db");
    if (text.ok()) {
        const std::string_view content = *text;
        if (content.starts_with(kMark))
            if (auto known = find(base::trim(content.substr(kMark.size())))) return known;
        return base::makeError("failed to open database: invalid database");
    }
    if (text.error().code != ENOENT) return text.error();
    base::Status status = base::okStatus();
    const std::string id = makeDirectory(files, directory, status);
    if (!status.ok()) return status.error();
    auto made = std::make_shared<store::Store>(kernel_);
    stores_[id] = made;
    return made;
}

base::Status EtcdWorld::restore(ports::FileSystem& files, const std::string& directory, std::string_view snapshot) {
    const auto entries = files.list(directory);
    if (entries.ok() && !entries->empty())
        return base::makeError("data-dir " + base::quoteGo(directory) + " not empty or could not be read");
    auto made = std::make_shared<store::Store>(kernel_);
    BASE_CHECK(made->restore(snapshot));
    base::Status status = base::okStatus();
    const std::string id = makeDirectory(files, directory, status);
    if (!status.ok()) return status.error();
    stores_[id] = std::move(made);
    return base::okStatus();
}

std::shared_ptr<store::Store> EtcdWorld::find(std::string_view id) const {
    const auto found = stores_.find(id);
    return found == stores_.end() ? nullptr : found->second;
}

void EtcdWorld::join(std::shared_ptr<EtcdMember> member) {
    current_ = member->store;
    members_.push_back(std::move(member));
}

void EtcdWorld::leave(const EtcdMember& member) {
    std::erase_if(members_, [&](const auto& other) { return other.get() == &member; });
}

std::shared_ptr<EtcdMember> EtcdWorld::at(const ports::NetStack& from, const base::Endpoint& endpoint) const {
    for (const auto& member : members_) {
        if (endpoint.ip.isLoopback() && member->network != &from) continue;
        for (const auto& own : member->endpoints)
            if (own.port == endpoint.port && (own.ip == endpoint.ip || own.ip.isUnspecified())) return member;
    }
    return nullptr;
}

EtcdClient::EtcdClient(EtcdWorld& world, ports::NetStack& network, std::vector<base::Endpoint> servers, bool secure,
                       ports::TlsClient tls)
    : world_(world), network_(network), servers_(std::move(servers)), secure_(secure), tls_(std::move(tls)) {}

base::Status EtcdClient::handshake(const EtcdMember& member, const base::Endpoint& endpoint) {
    const auto refuse = [](const std::string& why) {
        return base::makeError("rpc error: code = Unavailable desc = connection error: desc = \"transport: "
                               "authentication handshake failed: " + why + "\"");
    };
    if (member.secure != secure_)
        return refuse(secure_ ? "tls: first record does not look like a TLS handshake" : "EOF");
    if (!secure_) return base::okStatus();
    const std::int64_t now = world_.kernel().unixNow();
    if (!tls_.roots.empty() || !tls_.insecureSkipVerify) {
        const auto valid = pki::verify(member.tls.chain, tls_.roots, now, pki::Usage::Server, endpoint.ip.text());
        if (!valid.ok()) return refuse("tls: failed to verify certificate: " + valid.error().message);
    }
    if (member.tls.requireClient) {
        if (tls_.chain.empty()) return refuse("remote error: tls: certificate required");
        const auto valid = pki::verify(tls_.chain, member.tls.clientRoots, now, pki::Usage::Client);
        if (!valid.ok()) return refuse("remote error: tls: bad certificate");
    }
    return base::okStatus();
}

base::Result<store::Store*> EtcdClient::reach() {
    base::Error last = base::makeError("rpc error: code = Unavailable desc = no endpoints");
    for (const auto& endpoint : servers_) {
        const auto member = world_.at(network_, endpoint);
        if (!member) {
            last = base::makeError("rpc error: code = Unavailable desc = connection error: desc = \"transport: Error "
                                   "while dialing: dial tcp " + endpoint.text() + ": connect: connection refused\"");
            continue;
        }
        if (trusted_.lock() != member || world_.kernel().now() > trustedUntil_) {
            if (auto shaken = handshake(*member, endpoint); !shaken.ok()) {
                last = shaken.error();
                continue;
            }
            trusted_ = member;
            trustedUntil_ = world_.kernel().now() + kTrust;
        }
        return member->store.get();
    }
    return last;
}

} // namespace cluster
