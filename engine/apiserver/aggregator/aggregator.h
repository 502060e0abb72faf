#pragma once
// Looks after APIServices: says which of them can be reached, learns what the servers behind them
// serve, keeps one for each version of custom resources. Sources: kube-aggregator
// pkg/controllers/status, pkg/apiserver/handler_discovery.go, pkg/controllers/autoregister.

#include "base/function.h"
#include "document/value.h"
#include "ports/http.h"
#include "sim/channel.h"
#include "store/store.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace apiserver {

struct Core;

class Aggregator {
public:
    // `serve` answers a request as the server itself.
    using Serve = base::Function<ports::Response(ports::Request)>;
    Aggregator(Core& core, Serve serve);
    ~Aggregator();
    Aggregator(const Aggregator&) = delete;
    Aggregator& operator=(const Aggregator&) = delete;

private:
    struct Verdict {
        std::string status, reason, message;
    };
    static sim::Task<void> run(Aggregator* self);
    static sim::Task<void> check(Aggregator* self, std::string name);
    sim::Task<Verdict> judge(document::Value service);
    sim::Task<void> learn(document::Value service, bool available);

    void watch(std::string_view prefix, void (Aggregator::*seen)(const store::Change&));
    void listen();
    void serviceSeen(const store::Change& change);
    void backendSeen(const store::Change& change);
    void sliceSeen(const store::Change& change);
    void definitionSeen(const store::Change& change);
    void markUsersOf(std::string_view ns, std::string_view name);
    void mark(std::string name);
    // Makes or removes the APIService of a custom resource's version.
    void registerVersions(const document::Value& name, const document::Value& present);
    void writeStatus(const document::Value& service, const Verdict& verdict);

    Core& core_;
    Serve serve_;
    store::Store* store_ = nullptr;
    std::set<std::uint64_t> subscriptions_;
    std::map<std::string, document::Value, std::less<>> remote_; // name -> APIService with a service
    std::set<std::string> dirty_, busy_;
    std::map<std::string, document::Value> definitions_; // CRDs whose versions want an APIService
    std::map<std::string, int> failures_;
    sim::Signal wake_;
    sim::Time nextRound_ = sim::kForever, nextDiscovery_ = sim::kForever;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

} // namespace apiserver
