// Whole API writes in process: authentication by certificate or token, RBAC, admission, defaulting,
// validation, field ownership, audit, store and watches.

#include "apiserver/api_server.h"
#include "document/json.h"
#include "sim/kernel.h"
#include "store/store.h"

#include <benchmark/benchmark.h>

#include <malloc.h>
#include <memory>
#include <string>

namespace {
using document::Value;

struct DirectEtcd : store::EtcdAccess {
    explicit DirectEtcd(store::Store& s) : store(s) {}
    base::Result<store::Store*> reach() override { return &store; }
    store::Store& store;
};

Value json(std::string_view text) { return *document::readJson(text); }

struct Server {
    Server() : store(kernel) {
        apiserver::Config config;
        apiserver::StaticToken admin;
        admin.token = "bench-token";
        admin.user.name = "kubernetes-admin";
        admin.user.groups = {"kubeadm:cluster-admins"};
        config.tokens.push_back(admin);
        config.audit = [this](const apiserver::AuditRecord& record) { audited += record.code != 0 ? 1 : 0; };
        server = std::make_unique<apiserver::ApiServer>(kernel, std::make_shared<DirectEtcd>(store), std::move(config));
        apiserver::UserInfo system;
        system.name = "system:admin";
        system.groups = {"system:masters"};
        const auto as = [&](const char* path, std::string_view text) {
            ports::Request request;
            request.method = "POST";
            request.path = path;
            request.object = json(text);
            const ports::Response made = server->serveAs(system, std::move(request));
            if (made.status >= 300) std::abort();
        };
        as("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
           R"({"metadata":{"name":"admins"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},)"
           R"("subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"kubeadm:cluster-admins"}]})");
        as("/api/v1/namespaces", R"({"metadata":{"name":"bench"}})");
        as("/api/v1/namespaces/bench/serviceaccounts", R"({"metadata":{"name":"default"}})");
    }

    ports::Response call(const char* method, std::string path, const Value& body,
                         std::string type = "application/json") {
        ports::Request request;
        request.method = method;
        request.path = std::move(path);
        request.headers.set("Content-Type", std::move(type));
        request.headers.set("Authorization", "Bearer bench-token");
        request.headers.set("User-Agent", "kubectl/v1.35.4 (linux/amd64) kubernetes/1234567");
        request.object = body;
        ports::Response out;
        sim::Scope scope(kernel);
        scope.spawn([](apiserver::ApiServer& api, ports::Request r, ports::Response& answer) -> sim::Task<void> {
            answer = co_await api.handle(std::move(r));
        }(*server, std::move(request), out));
        while (out.object.isNull() && kernel.step()) {}
        return out;
    }

    sim::Kernel kernel{1};
    store::Store store;
    std::unique_ptr<apiserver::ApiServer> server;
    std::uint64_t audited = 0;
};

const Value& podTemplate() {
    static const Value kPod = json(
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app":"web","pod-template-hash":"5d4f8c7b9"},)"
        R"("ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d4f8c7b9","uid":"1d2c","controller":true,"blockOwnerDeletion":true}]},)"
        R"("spec":{"containers":[{"name":"web","image":"nginx:1.27","ports":[{"containerPort":80}],)"
        R"("resources":{"requests":{"cpu":"100m","memory":"64Mi"}},"readinessProbe":{"httpGet":{"path":"/","port":80}}}]}})");
    return kPod;
}

Value named(const Value& object, std::int64_t i) {
    return object.withPath({"metadata", "name"}, "web-5d4f8c7b9-" + std::to_string(i));
}

void check(benchmark::State& state, const ports::Response& made, int code) {
    if (made.status != code) state.SkipWithError(document::writeJson(made.object).c_str());
}

void createConfigMap(benchmark::State& state) {
    Server s;
    const Value map = json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"app":"web"}},"data":{"mode":"production","level":"info"}})");
    std::int64_t i = 0;
    for (auto _ : state) {
        check(state, s.call("POST", "/api/v1/namespaces/bench/configmaps", named(map, i)), 201);
        ++i;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(createConfigMap)->Iterations(20'000);

void createPod(benchmark::State& state) {
    Server s;
    const auto before = mallinfo2().uordblks;
    std::int64_t i = 0;
    for (auto _ : state) {
        check(state, s.call("POST", "/api/v1/namespaces/bench/pods", named(podTemplate(), i)), 201);
        ++i;
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["bytes_per_pod"] = static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(i);
}
BENCHMARK(createPod)->Iterations(10'000);

void patchPodStatus(benchmark::State& state) {
    Server s;
    s.call("POST", "/api/v1/namespaces/bench/pods", named(podTemplate(), 0));
    const Value patches[] = {json(R"({"status":{"phase":"Running","podIP":"10.244.1.7"}})"),
                             json(R"({"status":{"phase":"Pending","podIP":"10.244.1.8"}})")};
    std::size_t i = 0;
    for (auto _ : state) {
        check(state, s.call("PATCH", "/api/v1/namespaces/bench/pods/web-5d4f8c7b9-0/status", patches[i++ % 2],
                            "application/merge-patch+json"), 200);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(patchPodStatus)->Iterations(20'000);

} // namespace
