#pragma once
// A control plane in one process: the real API server, every controller with its own service
// account under the bootstrap roles, the scheduler, and nodes that run whatever is bound to them.

#include "api/objects/pod.h"
#include "apiserver/api_server.h"
#include "client/informer.h"
#include "client/resources.h"
#include "controllers/manager.h"
#include "document/json.h"
#include "scheduler/scheduler.h"
#include "sim/kernel.h"
#include "store/store.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

namespace testing {

using document::Value;

inline Value json(const std::string& text) {
    auto value = document::readJson(text);
    if (!value.ok()) FAIL(value.error().message + ": " + text);
    return value.value();
}

struct DirectEtcd : store::EtcdAccess {
    explicit DirectEtcd(store::Store& s) : store(s) {}
    base::Result<store::Store*> reach() override { return &store; }
    store::Store& store;
};

// One wire to the API server.
struct LoopbackConnection : ports::Connection {
    LoopbackConnection(sim::Kernel& k, std::shared_ptr<ports::HttpHandler> h)
        : kernel(k), handler(std::move(h)) {}
    base::Endpoint local() const override { return {}; }
    base::Endpoint remote() const override { return {}; }
    bool open() const override { return alive; }
    sim::Signal& closed() override { return ended; }
    void close() override {
        alive = false;
        ended.notify();
    }
    ports::Duplex bytes() override { return {}; }
    sim::Task<base::Result<ports::Response>> roundTrip(ports::Request request) override {
        co_await sim::sleepFor(kernel, 200 * sim::kMicrosecond);
        request.tls = true;
        ports::Response response = co_await handler->handle(std::move(request));
        co_await sim::sleepFor(kernel, 200 * sim::kMicrosecond);
        co_return response;
    }
    bool servesHttp() const override { return true; }
    sim::Task<base::Status> startTls(ports::TlsClient, std::string) override {
        co_return base::okStatus();
    }
    sim::Kernel& kernel;
    std::shared_ptr<ports::HttpHandler> handler;
    sim::Signal ended;
    bool alive = true;
};

struct LoopbackNet : ports::NetStack {
    LoopbackNet(sim::Kernel& k, std::shared_ptr<ports::HttpHandler> h)
        : kernel(k), handler(std::move(h)) {}
    sim::Task<base::Result<ports::ConnectionPtr>> connect(base::Endpoint,
                                                          ports::ConnectOptions) override {
        co_return ports::ConnectionPtr(std::make_shared<LoopbackConnection>(kernel, handler));
    }
    base::Result<ports::ListenerPtr> listen(base::Endpoint, ports::ListenOptions) override {
        return base::makeError("no");
    }
    base::Result<ports::ListenerPtr>
    listenUdp(base::Endpoint, std::shared_ptr<ports::DatagramHandler>, std::string) override {
        return base::makeError("no");
    }
    sim::Task<base::Result<ports::Datagram>> exchangeUdp(base::Endpoint, std::string,
                                                         sim::Duration) override {
        co_return base::makeError("no");
    }
    sim::Task<base::Result<sim::Duration>> ping(base::IpAddress, int, sim::Duration) override {
        co_return base::makeError("no");
    }
    std::vector<base::IpPrefix> addresses() const override { return {}; }
    sim::Kernel& kernel;
    std::shared_ptr<ports::HttpHandler> handler;
};

struct World {
    explicit World(std::uint64_t seed = 7);
    ~World() { scope.cancel(); }

    static apiserver::Config serverConfig(sim::Kernel& kernel, pki::KeyPtr& key);
    client::Config as(const std::string& token) const;
    void addNode(const std::string& name, const std::string& cpu = "4");
    void run(sim::Duration time) { kernel.runUntil(kernel.now() + time); }

    ports::Response call(const std::string& method, const std::string& path, const Value& body = {},
                         const std::string& type = "application/json");
    Value get(const std::string& path) { return call("GET", path).object; }
    std::vector<Value> list(const std::string& path) {
        const Value answer = get(path);
        const auto items = answer["items"].items();
        return {items.begin(), items.end()};
    }
    void create(const std::string& path, const std::string& body) {
        const auto answer = call("POST", path, json(body));
        INFO(document::writeJson(answer.object));
        REQUIRE(answer.status == 201);
    }
    void merge(const std::string& path, const std::string& patch) {
        const auto answer = call("PATCH", path, json(patch), "application/merge-patch+json");
        INFO(document::writeJson(answer.object));
        REQUIRE(answer.status == 200);
    }
    // "reason: message" of an object's events, oldest first.
    std::vector<std::string> events(const std::string& ns, const std::string& name);

    sim::Kernel kernel;
    store::Store store;
    pki::KeyPtr key;
    std::shared_ptr<apiserver::ApiServer> server;
    LoopbackNet net;
    sim::Scope scope;
    client::Client nodeClient;
    client::Informer pods;
    std::unique_ptr<controllers::ControllerManager> manager;
    std::unique_ptr<scheduler::Scheduler> scheduler;
    std::vector<std::string> log;
    std::set<std::string> frozen;    // nodes that do nothing
    std::set<std::string> failing;   // images whose containers exit 1
    std::set<std::string> finishing; // images whose containers exit 0
    int nextIp = 10;

private:
    static sim::Task<void> serve(World* world, Value pod);
    static sim::Task<void> heartbeat(World* world, std::string node);
    void onPod(const Value& current);
    std::set<std::string> busy_;
};

} // namespace testing
