#include "network/dns/chain.h"

#include "base/strings.h"
#include "client/informer.h"
#include "client/resources.h"

#include <algorithm>
#include <cerrno>

namespace network::dns {

using document::Value;

class KubernetesSource final : public ClusterView {
public:
    KubernetesSource(ports::Process& process, client::Config config, bool pods)
        : client_(process.kernel(), process.network(), named(std::move(config))),
          services_(client_, client::servicesResource()), slices_(client_, client::endpointSlicesResource()),
          namespaces_(client_, client::namespacesResource()) {
        if (pods) pods_ = std::make_unique<client::Informer>(client_, client::podsResource());
    }
    void start(sim::Scope& scope) {
        services_.start(scope);
        slices_.start(scope);
        namespaces_.start(scope);
        if (pods_) pods_->start(scope);
    }
    bool synced() const {
        return services_.synced() && slices_.synced() && namespaces_.synced() && (!pods_ || pods_->synced());
    }
    Value service(const std::string& ns, const std::string& name) const override {
        return services_.get(ns + "/" + name);
    }
    std::vector<Value> services() const override { return all(services_); }
    std::vector<Value> slices() const override { return all(slices_); }
    std::vector<Value> slicesOf(const std::string& ns, const std::string& service) const override {
        std::vector<Value> out;
        for (const Value& slice : slices_.inNamespace(ns))
            if (slice.at("metadata", "labels")["kubernetes.io/service-name"].asString() == service) out.push_back(slice);
        return out;
    }
    bool hasNamespace(const std::string& ns) const override { return !namespaces_.get(ns).isNull(); }
    bool podWithAddress(const std::string& ns, const std::string& ip) const override {
        if (!pods_) return false;
        for (const Value& pod : pods_->inNamespace(ns))
            if (pod.at("status", "podIP").asString() == ip) return true;
        return false;
    }

private:
    static client::Config named(client::Config config) {
        config.userAgent = "CoreDNS/v1.13.1";
        return config;
    }
    static std::vector<Value> all(const client::Informer& informer) {
        std::vector<Value> out;
        for (const auto& [key, value] : informer.items()) out.push_back(value);
        return out;
    }
    client::Client client_;
    client::Informer services_, slices_, namespaces_;
    std::unique_ptr<client::Informer> pods_;
};

namespace {

Message replyTo(const Message& question, bool authoritative) {
    Message out;
    out.id = question.id;
    out.response = true;
    out.opcode = question.opcode;
    out.recursionDesired = question.recursionDesired;
    out.authoritative = authoritative;
    out.questions = question.questions;
    out.edns = question.edns;
    out.cookie = question.cookie;
    return out;
}

bool anyZone(const std::vector<std::string>& zones, const std::string& name) {
    return std::any_of(zones.begin(), zones.end(), [&](const std::string& zone) { return inZone(name, zone); });
}

std::string nameOf(const Message& question) { return base::toLower(question.questions[0].name); }

std::uint32_t lowestTtl(const Message& message, std::uint32_t fallback) {
    std::uint32_t ttl = fallback;
    for (const auto* section : {&message.answers, &message.authority, &message.additional})
        for (const Record& record : *section) ttl = std::min(ttl, record.ttl);
    return ttl;
}

} // namespace

Chain::Chain(ports::Process& process, Block block) : process_(process), block_(std::move(block)) {
    if (block_.kubernetes)
        source_ = std::make_unique<KubernetesSource>(process, *block_.kubernetesClient,
                                                     block_.kubernetes->pods == PodMode::Verified);
}
Chain::~Chain() = default;

void Chain::start(sim::Scope& scope) {
    if (source_) source_->start(scope);
}

bool Chain::synced() const { return !source_ || source_->synced(); }

std::string Chain::rewriteIn(Message& question, const RewriteRule*& used, std::uint32_t& ttl) const {
    const std::string original = question.questions[0].name;
    for (const RewriteRule& rule : block_.rewrites) {
        const std::string name = nameOf(question);
        std::string changed;
        if (rule.kind == "exact" && name == rule.from) changed = rule.to;
        else if (rule.kind == "suffix" && name.size() >= rule.from.size() &&
                 name.substr(name.size() - rule.from.size()) == rule.from)
            changed = name.substr(0, name.size() - rule.from.size()) + rule.to;
        else if (rule.kind == "prefix" && name.rfind(rule.from, 0) == 0) changed = rule.to + name.substr(rule.from.size());
        else if (rule.kind == "substring" && name.find(rule.from) != std::string::npos)
            changed = base::replaceAll(name, rule.from, rule.to);
        else if (rule.kind == "ttl" && name == rule.from) {
            ttl = rule.ttl;
            continue;
        } else if (rule.kind == "type" && typeName(question.questions[0].type) == rule.from) {
            (void)parseType(rule.to, question.questions[0].type);
            continue;
        } else continue;
        question.questions[0].name = changed;
        used = &rule;
        if (rule.stop) break;
    }
    return original;
}

bool Chain::hosts(const Message& question, Message& answer) const {
    const HostsSettings& settings = *block_.hosts;
    const std::string name = nameOf(question);
    if (!anyZone(settings.zones, name) && !parseReverseName(name)) return false;
    std::vector<HostsEntry> entries = settings.inlined;
    if (!settings.file.empty())
        if (const auto text = process_.files().read(settings.file); text.ok()) {
            std::vector<HostsEntry> more = readHosts(*text);
            entries.insert(entries.begin(), more.begin(), more.end());
        }
    const RecordType type = question.questions[0].type;
    bool known = false;
    if (const auto address = parseReverseName(name)) {
        for (const HostsEntry& entry : entries)
            if (entry.address == *address && type == RecordType::PTR)
                for (const std::string& target : entry.names) {
                    known = true;
                    answer.answers.push_back({question.questions[0].name, RecordType::PTR, settings.ttl, fullyQualified(target), 1});
                }
        return known;
    }
    for (const HostsEntry& entry : entries)
        for (const std::string& own : entry.names) {
            if (base::toLower(fullyQualified(own)) != name) continue;
            known = true;
            const RecordType have = entry.address.isV4() ? RecordType::A : RecordType::AAAA;
            if (type == have)
                answer.answers.push_back({question.questions[0].name, have, settings.ttl, entry.address.text(), 1});
        }
    return known;
}

bool Chain::templates(const Message& question, Message& answer) const {
    const std::string name = nameOf(question);
    for (const TemplateSettings& settings : block_.templates) {
        if (settings.type && *settings.type != question.questions[0].type) continue;
        if (!anyZone(settings.zones, name)) continue;
        if (settings.code) answer.code = *settings.code;
        for (const std::string& text : settings.answers) {
            const std::string line = base::replaceAll(base::replaceAll(text, "{{ .Name }}", question.questions[0].name), "{{.Name}}", question.questions[0].name);
            const std::vector<std::string> words = base::splitFields(line);
            if (words.size() < 5) continue;
            Record record;
            record.name = fullyQualified(words[0]);
            record.ttl = static_cast<std::uint32_t>(base::parseInt(words[1]).value_or(3600));
            if (!parseType(words[3], record.type)) continue;
            record.data = base::join({words.begin() + 4, words.end()}, " ");
            answer.answers.push_back(std::move(record));
        }
        return true;
    }
    return false;
}

sim::Task<Outcome> Chain::kubernetes(Message question, std::string zone) {
    Outcome out;
    out.message = replyTo(question, true);
    const std::int64_t seconds = process_.kernel().unixNow() / sim::kSecond;
    KubernetesZone data(*block_.kubernetes, *source_);
    const Record authority = data.startOfAuthority(zone, seconds);
    if (!source_->synced()) {
        out.message.code = ResponseCode::ServFail;
        out.message.authority.push_back(authority);
        co_return out;
    }
    const Question asked = question.questions[0];
    if (asked.type == RecordType::SOA && nameOf(question) == zone) {
        out.message.answers.push_back(authority);
        co_return out;
    }
    ZoneAnswer answer = data.answer(zone, asked);
    if (!answer.found) {
        const KubernetesSettings& settings = *block_.kubernetes;
        if (settings.falls && (settings.fallZones.empty() || anyZone(settings.fallZones, nameOf(question)))) {
            out.error = "next";
            co_return out;
        }
        out.message.code = ResponseCode::NXDomain;
        out.message.authority.push_back(authority);
        co_return out;
    }
    out.message.answers = std::move(answer.answers);
    out.message.additional = std::move(answer.additional);
    if (!answer.alias.empty() && asked.type != RecordType::CNAME) {
        // The target is looked up through the server itself.
        Message follow = question;
        follow.questions[0].name = answer.alias;
        Outcome target = co_await resolve(std::move(follow));
        if (target.error.empty())
            for (Record& record : target.message.answers) out.message.answers.push_back(std::move(record));
        co_return out;
    }
    if (out.message.answers.empty()) out.message.authority.push_back(authority);
    co_return out;
}

sim::Task<Outcome> Chain::forward(Message question, const ForwardSettings* settings) {
    Outcome out;
    sim::Kernel& kernel = process_.kernel();
    const sim::Time deadline = kernel.now() + 5 * sim::kSecond;
    std::size_t first = 0;
    if (!settings->sequential && settings->upstreams.size() > 1)
        first = static_cast<std::size_t>(kernel.random("coredns/forward").below(settings->upstreams.size()));
    std::string local = "0.0.0.0";
    for (const base::IpPrefix& own : process_.network().addresses())
        if (!own.address.isLoopback()) local = own.address.text();
    for (std::size_t i = 0; i < settings->upstreams.size() && kernel.now() < deadline; ++i) {
        const base::Endpoint upstream = settings->upstreams[(first + i) % settings->upstreams.size()];
        if (upstream.ip.isLoopback()) local = "127.0.0.1";
        Message asked = question;
        asked.edns = true;
        std::string bytes = encode(asked);
        const sim::Duration left = std::min<sim::Duration>(deadline - kernel.now(), 5 * sim::kSecond);
        base::Result<ports::Datagram> answer = co_await process_.network().exchangeUdp(upstream, std::move(bytes), left);
        if (answer.ok()) {
            auto decoded = decode(answer->bytes);
            if (decoded.ok()) {
                out.message = std::move(*decoded);
                out.message.id = question.id;
                out.message.edns = question.edns;
                out.message.cookie = question.cookie;
                co_return out;
            }
        }
        const std::string from = local + ":" + std::to_string(32768 + kernel.random("coredns/forward").below(28000));
        if (!answer.ok() && answer.error().code == ECONNREFUSED)
            out.error = "read udp " + from + "->" + upstream.text() + ": read: connection refused";
        else if (!answer.ok() && answer.error().code == ENETUNREACH)
            out.error = "dial udp " + upstream.text() + ": connect: network is unreachable";
        else if (!answer.ok() && answer.error().code == EHOSTUNREACH)
            out.error = "read udp " + from + "->" + upstream.text() + ": read: no route to host";
        else
            out.error = "read udp " + from + "->" + upstream.text() + ": i/o timeout";
    }
    if (out.error.empty()) out.error = "plugin/forward: no healthy proxies";
    co_return out;
}

// Plugins after cache and rewrite, in CoreDNS' fixed order.
sim::Task<Outcome> Chain::next(Message question) {
    const std::string name = nameOf(question);
    Outcome out;
    out.message = replyTo(question, true);
    if (!block_.templates.empty() && templates(question, out.message)) co_return out;
    if (block_.hosts) {
        if (hosts(question, out.message)) co_return out;
        if (!block_.hosts->falls && anyZone(block_.hosts->zones, name) && block_.kubernetes == std::nullopt &&
            block_.forwards.empty()) {
            out.error = "plugin/hosts: no next plugin found";
            co_return out;
        }
    }
    if (block_.kubernetes) {
        KubernetesZone data(*block_.kubernetes, *source_);
        const std::string zone = data.zoneOf(name);
        if (!zone.empty()) {
            Outcome answer = co_await kubernetes(question, zone);
            if (answer.error != "next") co_return answer;
        }
    }
    if (block_.loop && name == loopName && question.questions[0].type == RecordType::HINFO) ++loopSeen;
    for (const ForwardSettings& settings : block_.forwards) {
        if (!inZone(name, settings.zone) || anyZone(settings.except, name)) continue;
        Outcome answer = co_await forward(question, &settings);
        co_return answer;
    }
    if (block_.whoami) {
        out.message.additional.push_back({question.questions[0].name, RecordType::A, 0, "127.0.0.1", 1});
        co_return out;
    }
    if (block_.lastPlugin.empty()) {
        out.message.authoritative = false;
        out.message.code = ResponseCode::Refused;
        co_return out;
    }
    out.error = "plugin/" + block_.lastPlugin + ": no next plugin found";
    co_return out;
}

sim::Task<Outcome> Chain::resolve(Message question) {
    const Question original = question.questions[0];
    const RewriteRule* used = nullptr;
    std::uint32_t ttl = UINT32_MAX;
    const sim::Time now = process_.kernel().now();
    const auto key = std::make_pair(nameOf(question), original.type);
    if (block_.cache.on) {
        const auto found = cache_.find(key);
        if (found != cache_.end() && found->second.expires > now) {
            Outcome out;
            out.message = found->second.message;
            out.message.id = question.id;
            out.message.edns = question.edns;
            out.message.cookie = question.cookie;
            const auto age = static_cast<std::uint32_t>((now - found->second.stored) / sim::kSecond);
            for (auto* section : {&out.message.answers, &out.message.authority, &out.message.additional})
                for (Record& record : *section) record.ttl -= std::min(record.ttl, age);
            co_return out;
        }
    }
    if (!block_.rewrites.empty()) (void)rewriteIn(question, used, ttl);
    const std::string asked = question.questions[0].name;
    Outcome out = co_await next(std::move(question));
    if (!out.error.empty()) co_return out;
    if (!out.message.questions.empty()) out.message.questions[0] = original;
    if (used != nullptr)
        for (Record& record : out.message.answers)
            if (base::toLower(record.name) == base::toLower(asked)) record.name = original.name;
    if (ttl != UINT32_MAX)
        for (Record& record : out.message.answers) record.ttl = ttl;
    if (block_.loadbalance && out.message.answers.size() > 1) {
        // Addresses change places; aliases stay in front.
        auto first = std::find_if(out.message.answers.begin(), out.message.answers.end(), [](const Record& record) {
            return record.type == RecordType::A || record.type == RecordType::AAAA;
        });
        sim::Random& random = process_.kernel().random("coredns/loadbalance");
        for (auto left = out.message.answers.end() - first; left > 1; --left)
            std::swap(*(first + (left - 1)), *(first + static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(left)))));
    }
    if (block_.cache.on) {
        const bool denial = out.message.code == ResponseCode::NXDomain || out.message.answers.empty();
        const bool keep = out.message.code == ResponseCode::NoError || out.message.code == ResponseCode::NXDomain;
        if (keep && !anyZone(denial ? block_.cache.noDenial : block_.cache.noSuccess, key.first)) {
            const std::uint32_t limit = denial ? block_.cache.maxDenialTtl : block_.cache.maxTtl;
            const std::uint32_t life = lowestTtl(out.message, limit);
            if (life > 0) cache_[key] = {out.message, now, now + life * sim::kSecond};
            if (cache_.size() > 10'000) cache_.clear();
        }
    }
    co_return out;
}

} // namespace network::dns
