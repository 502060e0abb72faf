#include "network/dns/resolver.h"

#include "base/strings.h"

#include <algorithm>
#include <cerrno>

namespace network::dns {
namespace {

base::Error resolveError(int code) {
    switch (code) {
    case kTryAgain: return base::makeError("Temporary failure in name resolution", code);
    case kNoAddress: return base::makeError("No address associated with hostname", code);
    case kFailed: return base::makeError("Non-recoverable failure in name resolution", code);
    default: return base::makeError("Name or service not known", kNotFound);
    }
}

// One name through all servers; A and AAAA are asked together, as getaddrinfo does.
struct Answer {
    ResponseCode code = ResponseCode::ServFail;
    bool heard = false;
    Resolved result;
};

sim::Task<Answer> askAll(sim::Kernel& kernel, ports::NetStack& network, ResolverConfig config, std::string name) {
    Answer answer;
    for (int attempt = 0; attempt < config.attempts; ++attempt) {
        for (std::size_t i = 0; i < config.servers.size() && i < 3; ++i) {
            const base::Endpoint server{config.servers[i], 53};
            base::Result<Message> v4 =
                co_await ask(kernel, network, server, name, RecordType::A, config.timeout * sim::kSecond);
            if (!v4.ok()) continue;
            answer.heard = true;
            answer.code = v4->code;
            if (v4->code == ResponseCode::ServFail || v4->code == ResponseCode::Refused) continue;
            std::string canonical = name;
            for (const Record& record : v4->answers) {
                if (record.type == RecordType::CNAME) canonical = record.data;
                if (record.type == RecordType::A)
                    if (const auto address = base::IpAddress::parse(record.data))
                        answer.result.addresses.push_back(*address);
            }
            if (!canonical.empty() && canonical.back() == '.') canonical.pop_back();
            answer.result.canonicalName = canonical;
            answer.result.server = server.ip;
            co_return answer;
        }
    }
    co_return answer;
}

} // namespace

ResolverConfig readResolverConfig(std::string_view text) {
    ResolverConfig config;
    for (const std::string& line : base::splitLines(text)) {
        const std::vector<std::string> words = base::splitFields(line);
        if (words.size() < 2 || words[0][0] == '#' || words[0][0] == ';') continue;
        if (words[0] == "nameserver") {
            if (const auto address = base::IpAddress::parse(words[1])) config.servers.push_back(*address);
        } else if (words[0] == "search") {
            config.search.assign(words.begin() + 1, words.end());
        } else if (words[0] == "domain") {
            config.search = {words[1]};
        } else if (words[0] == "options") {
            for (std::size_t i = 1; i < words.size(); ++i) {
                const auto colon = words[i].find(':');
                const std::string key = words[i].substr(0, colon);
                const int value = colon == std::string::npos
                                      ? 0
                                      : static_cast<int>(base::parseInt(words[i].substr(colon + 1)).value_or(0));
                if (key == "ndots") config.ndots = std::clamp(value, 0, 15);
                else if (key == "timeout") config.timeout = std::clamp(value, 1, 30);
                else if (key == "attempts") config.attempts = std::clamp(value, 1, 5);
                else if (key == "rotate") config.rotate = true;
            }
        }
    }
    return config;
}

ResolverConfig resolverConfig(const ports::FileSystem& files) {
    const auto text = files.read("/etc/resolv.conf");
    ResolverConfig config = readResolverConfig(text.ok() ? *text : std::string());
    if (config.servers.empty()) config.servers.push_back(base::IpAddress::v4(0x7f000001));
    return config;
}

std::vector<HostsEntry> readHosts(std::string_view text) {
    std::vector<HostsEntry> out;
    for (const std::string& line : base::splitLines(text)) {
        std::vector<std::string> words = base::splitFields(line.substr(0, line.find('#')));
        if (words.size() < 2) continue;
        const auto address = base::IpAddress::parse(words[0]);
        if (!address) continue;
        words.erase(words.begin());
        out.push_back({*address, std::move(words)});
    }
    return out;
}

sim::Task<base::Result<Message>> ask(sim::Kernel& kernel, ports::NetStack& network, base::Endpoint server,
                                     std::string name, RecordType type, sim::Duration timeout) {
    Message question;
    question.id = static_cast<std::uint16_t>(kernel.random("network/dns-id").below(65536));
    question.questions.push_back({fullyQualified(name), type, 1});
    std::string bytes = encode(question);
    base::Result<ports::Datagram> answer = co_await network.exchangeUdp(server, std::move(bytes), timeout);
    if (!answer.ok()) co_return answer.error();
    co_return decode(answer->bytes);
}

sim::Task<base::Result<Resolved>> lookup(sim::Kernel& kernel, const ports::FileSystem& files,
                                         ports::NetStack& network, std::string name) {
    Resolved out;
    if (const auto literal = base::IpAddress::parse(name)) {
        out.canonicalName = name;
        out.addresses.push_back(*literal);
        co_return out;
    }
    if (name.empty() || name.size() > 253) co_return resolveError(kNotFound);
    const auto hosts = files.read("/etc/hosts");
    std::string bare = base::toLower(name);
    if (bare.back() == '.') bare.pop_back();
    if (hosts.ok()) {
        std::vector<base::IpAddress> v6;
        for (const HostsEntry& entry : readHosts(*hosts))
            for (const std::string& known : entry.names)
                if (base::toLower(known) == bare) {
                    if (out.canonicalName.empty()) out.canonicalName = entry.names.front();
                    (entry.address.isV4() ? out.addresses : v6).push_back(entry.address);
                }
        if (out.addresses.empty()) out.addresses = std::move(v6);
        if (!out.addresses.empty()) co_return out;
    }
    if (bare == "localhost") {
        out.canonicalName = bare;
        out.addresses.push_back(base::IpAddress::v4(0x7f000001));
        co_return out;
    }
    const ResolverConfig config = resolverConfig(files);
    // The order of candidates: as it is first when it has enough dots. Source: resolv.conf(5), ndots.
    const bool absolute = name.back() == '.';
    const auto dots = std::count(name.begin(), name.end(), '.');
    std::vector<std::string> candidates;
    if (absolute || dots >= config.ndots) candidates.push_back(name);
    if (!absolute) {
        for (const std::string& domain : config.search) {
            std::string suffix = domain;
            while (!suffix.empty() && suffix.back() == '.') suffix.pop_back();
            candidates.push_back(suffix.empty() ? name : name + "." + suffix);
        }
        if (dots < config.ndots) candidates.push_back(name);
    }
    bool failed = false, heardEmpty = false;
    for (const std::string& candidate : candidates) {
        Answer answer = co_await askAll(kernel, network, config, candidate);
        if (!answer.heard) co_return resolveError(kTryAgain);
        if (!answer.result.addresses.empty()) co_return answer.result;
        if (answer.code == ResponseCode::ServFail || answer.code == ResponseCode::Refused) failed = true;
        if (answer.code == ResponseCode::NoError) heardEmpty = true;
    }
    if (failed) co_return resolveError(kTryAgain);
    co_return resolveError(heardEmpty ? kNoAddress : kNotFound);
}

sim::Task<base::Result<std::vector<base::IpAddress>>> resolve(sim::Kernel& kernel, const ports::FileSystem& files,
                                                              ports::NetStack& network, std::string name) {
    base::Result<Resolved> found = co_await lookup(kernel, files, network, std::move(name));
    if (!found.ok()) co_return found.error();
    co_return std::move(found->addresses);
}

std::string goLookupError(const ResolverConfig& config, std::string_view name, int code) {
    const std::string server = config.servers.empty() ? "127.0.0.1" : config.servers.front().text();
    std::string text = "lookup " + std::string(name) + " on " + server + ":53: ";
    if (code == kTryAgain) return text + "server misbehaving";
    return text + "no such host";
}

} // namespace network::dns
