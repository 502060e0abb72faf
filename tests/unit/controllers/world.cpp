#include "unit/controllers/world.h"

namespace testing {

namespace {
constexpr sim::Duration kStart = 500 * sim::kMillisecond;

Value condition(const char* type, bool value, const std::string& now) {
    return Value::object(
        {{"type", type}, {"status", value ? "True" : "False"}, {"lastTransitionTime", now}});
}
} // namespace

apiserver::Config World::serverConfig(sim::Kernel& kernel, pki::KeyPtr& key) {
    key = pki::makeKey(kernel.random("test/key"));
    apiserver::Config config;
    config.serviceAccountKeys = {key};
    config.serviceAccountSigner = key;
    for (const auto& [token, name, group] :
         {std::tuple{"admin", "admin", "system:masters"},
          std::tuple{"kcm", "system:kube-controller-manager", "x"},
          std::tuple{"sched", "system:kube-scheduler", "x"}}) {
        apiserver::StaticToken entry;
        entry.token = token;
        entry.user.name = name;
        entry.user.groups = {group};
        config.tokens.push_back(entry);
    }
    return config;
}

World::World(std::uint64_t seed)
    : kernel(seed), store(kernel),
      server(std::make_shared<apiserver::ApiServer>(kernel, std::make_shared<DirectEtcd>(store),
                                                    serverConfig(kernel, key))),
      net(kernel, server), scope(kernel), nodeClient(kernel, net, as("admin")),
      pods(nodeClient, client::podsResource()) {
    pods.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) onPod(current);
    });
    pods.start(scope);
    controllers::Options options;
    options.controllers = {"*", "bootstrap-signer-controller", "token-cleaner-controller"};
    options.useServiceAccountCredentials = true;
    options.rootCA = "-----BEGIN CERTIFICATE-----\n";
    options.serviceAccountKey = pki::writeKeyPem(*key);
    options.allocateNodeCIDRs = true;
    options.clusterCIDRs = {*base::IpPrefix::parse("10.244.0.0/16")};
    options.leaderElection.name = "kube-controller-manager";
    options.leaderElection.identity = "cp_1";
    manager = std::make_unique<controllers::ControllerManager>(
        kernel, net, as("kcm"), std::move(options),
        [this](std::string text) { log.push_back(std::move(text)); });
    scheduler::Options scheduling;
    scheduling.leaderElection.name = "kube-scheduler";
    scheduling.leaderElection.identity = "cp_2";
    scheduler =
        std::make_unique<scheduler::Scheduler>(kernel, net, as("sched"), std::move(scheduling));
    scope.spawn(manager->run(), "manager");
    scope.spawn(scheduler->run(), "scheduler");
    run(2 * sim::kSecond);
}

client::Config World::as(const std::string& token) const {
    client::Config config;
    config.tls = false;
    config.bearerToken = token;
    return config;
}

ports::Response World::call(const std::string& method, const std::string& path, const Value& body,
                            const std::string& type) {
    ports::Request request;
    request.method = method;
    const auto mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != std::string::npos) request.query = ports::Query::parse(path.substr(mark + 1));
    if (!body.isNull()) request.headers.set("Content-Type", type);
    request.object = body;
    apiserver::UserInfo admin;
    admin.name = "kubernetes-admin";
    admin.groups = {"system:masters", "system:authenticated"};
    return server->serveAs(admin, std::move(request));
}

std::vector<std::string> World::events(const std::string& ns, const std::string& name) {
    std::vector<std::string> out;
    for (const Value& event : list("/api/v1/namespaces/" + ns + "/events"))
        if (event.at("involvedObject", "name").asString() == name)
            out.push_back(event["reason"].text() + ": " + event["message"].text());
    return out;
}

void World::addNode(const std::string& name, const std::string& cpu) {
    create("/api/v1/nodes", R"({"metadata":{"name":")" + name +
                                R"(","labels":{"kubernetes.io/hostname":")" + name + R"("}}})");
    scope.spawn(heartbeat(this, name), "node");
    Value node = get("/api/v1/nodes/" + name);
    Value status = json(R"({"allocatable":{"cpu":")" + cpu +
                        R"(","memory":"8Gi","pods":"110"},"capacity":{"cpu":")" + cpu +
                        R"(","memory":"8Gi","pods":"110"}})");
    const std::string now = sim::formatRfc3339(kernel.unixNow());
    Value ready =
        condition("Ready", true, now).with("reason", "KubeletReady").with("lastHeartbeatTime", now);
    node = node.with("status", status.with("conditions", Value::array({ready})));
    REQUIRE(call("PUT", "/api/v1/nodes/" + name + "/status", node).status == 200);
}

sim::Task<void> World::heartbeat(World* world, std::string node) {
    for (;;) {
        if (!world->frozen.contains(node)) {
            const std::string path =
                "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
            const Value metadata = Value::object({{"name", node}});
            const Value spec =
                Value::object({{"holderIdentity", node},
                               {"renewTime", sim::formatRfc3339Micro(world->kernel.unixNow())}});
            const Value lease = Value::object({{"metadata", metadata}, {"spec", spec}});
            const int status = world->call("POST", path, lease).status;
            if (status == 409)
                world->call("PATCH", path + "/" + node, lease, "application/merge-patch+json");
            Value object = world->get("/api/v1/nodes/" + node);
            if (api::conditionStatus(object, "Ready") != "True" &&
                !object.at("status", "conditions").isNull()) {
                const std::string now = sim::formatRfc3339(world->kernel.unixNow());
                const Value ready = condition("Ready", true, now);
                const Value list = Value::array({ready});
                world->call(
                    "PUT", "/api/v1/nodes/" + node + "/status",
                    object.withPath(std::initializer_list<std::string_view>{"status", "conditions"},
                                    list));
            }
        }
        co_await sim::sleepFor(world->kernel, 10 * sim::kSecond);
    }
}

void World::onPod(const Value& pod) {
    const std::string node(api::podNode(pod));
    if (node.empty() || frozen.contains(node)) return;
    const bool start = api::podPhase(pod) == "Pending" || api::podPhase(pod).empty();
    if (!start && !api::isDeleting(pod)) return;
    const std::string mark = api::uidOf(pod) + (api::isDeleting(pod) ? "-end" : "");
    if (busy_.insert(mark).second) scope.spawn(serve(this, pod), "pod");
}

sim::Task<void> World::serve(World* world, Value pod) {
    const std::string path =
        "/api/v1/namespaces/" + api::namespaceOf(pod) + "/pods/" + api::nameOf(pod);
    co_await sim::sleepFor(world->kernel, kStart);
    if (api::isDeleting(pod)) {
        const Value options = Value::object({{"gracePeriodSeconds", 0}});
        world->call("DELETE", path, options);
        co_return;
    }
    const std::string image = pod.at("spec", "containers")[0]["image"].text();
    const std::string name = pod.at("spec", "containers")[0]["name"].text();
    Value fresh = world->get(path);
    if (api::uidView(fresh) != api::uidView(pod) || api::isDeleting(fresh)) co_return;
    const std::string ip = "10.244.1." + std::to_string(world->nextIp++);
    const std::string now = sim::formatRfc3339(world->kernel.unixNow());
    const bool ends = world->failing.contains(image) || world->finishing.contains(image);
    const Value ready = condition("Ready", !ends, now);
    const Value scheduled = condition("PodScheduled", true, now);
    const Value conditions = Value::array({scheduled, ready});
    const Value ipItem = Value::object({{"ip", ip}});
    Value status = fresh["status"]
                       .with("phase", "Running")
                       .with("podIP", ip)
                       .with("podIPs", Value::array({ipItem}))
                       .with("startTime", now)
                       .with("conditions", conditions);
    if (ends) {
        const bool good = world->finishing.contains(image);
        const Value terminated =
            Value::object({{"exitCode", good ? 0 : 1}, {"finishedAt", now}, {"startedAt", now}});
        const Value state = Value::object({{"terminated", terminated}});
        const Value container = Value::object({{"name", name},
                                               {"image", image},
                                               {"imageID", ""},
                                               {"ready", false},
                                               {"restartCount", 0},
                                               {"state", state}});
        status = status.with("phase", good ? "Succeeded" : "Failed")
                     .with("containerStatuses", Value::array({container}));
    }
    world->call("PUT", path + "/status", fresh.with("status", status));
}

} // namespace testing
