#pragma once
// The plugin chain of a running server block: question in, answer out.

#include "network/dns/plugins.h"
#include "sim/kernel.h"

#include <map>
#include <memory>
#include <string>

namespace network::dns {

// What the chain has to say about one question.
struct Outcome {
    Message message;
    std::string error;    // "plugin/hosts: no next plugin found": SERVFAIL
    bool silent = false;  // no answer at all
};

class KubernetesSource; // informers of one block

class Chain {
public:
    Chain(ports::Process& process, Block block);
    ~Chain();
    const Block& block() const { return block_; }
    void start(sim::Scope& scope);
    // Kubernetes data is complete, or there is none to wait for.
    bool synced() const;
    sim::Task<Outcome> resolve(Message question);
    // The loop plugin: how often the probe came back.
    std::string loopName;
    int loopSeen = 0;

private:
    sim::Task<Outcome> next(Message question);
    sim::Task<Outcome> kubernetes(Message question, std::string zone);
    sim::Task<Outcome> forward(Message question, const ForwardSettings* settings);
    bool hosts(const Message& question, Message& answer) const;
    bool templates(const Message& question, Message& answer) const;
    std::string rewriteIn(Message& question, const RewriteRule*& used, std::uint32_t& ttl) const;

    ports::Process& process_;
    Block block_;
    std::unique_ptr<KubernetesSource> source_;
    struct Cached {
        Message message;
        sim::Time stored = 0, expires = 0;
    };
    std::map<std::pair<std::string, RecordType>, Cached> cache_;
};

} // namespace network::dns
