// What the kubelet makes of pods on a booted cluster, seen through the API.

#include <catch2/catch.hpp>

#include "api/objects/meta.h"
#include "base/strings.h"
#include "cluster/facade.h"
#include "document/yaml.h"
#include "pki/certificate.h"

using cluster::Cluster;
using document::Value;

namespace {

struct World {
    std::unique_ptr<Cluster> cluster;
    std::vector<pki::CertificatePtr> admin;

    World() {
        auto made = Cluster::create(*cluster::builtinBlueprint("bench"), 3);
        REQUIRE(made.ok());
        cluster = std::move(*made);
        REQUIRE(cluster->boot().ok());
        const Value config = *document::readYaml(cluster->adminKubeconfig());
        const std::string pem = *base::decodeBase64(config["users"][0]["user"]["client-certificate-data"].asString());
        admin = *pki::readCertificatesPem(pem);
    }
    static sim::Task<void> call(Cluster& cluster, ports::Request request, std::shared_ptr<std::optional<ports::Response>> out) {
        out->emplace(co_await cluster.serve(std::move(request)));
    }
    ports::Response request(std::string method, std::string path, Value body = Value()) {
        ports::Request request;
        request.method = std::move(method);
        request.path = std::move(path);
        request.object = body;
        request.headers.set("Accept", "application/json");
        if (!body.isNull()) request.headers.set("Content-Type", "application/json");
        request.tls = true;
        request.clientChain = admin;
        auto out = std::make_shared<std::optional<ports::Response>>();
        sim::Scope scope(cluster->kernel());
        scope.spawn(call(*cluster, std::move(request), out));
        cluster->kernel().runWhile([&] { return !out->has_value(); }, cluster->kernel().now() + sim::kMinute);
        REQUIRE(out->has_value());
        return std::move(**out);
    }
    void create(const char* yaml) {
        const auto response = request("POST", "/api/v1/namespaces/default/pods", *document::readYaml(yaml));
        INFO(response.object["message"].text());
        REQUIRE(response.status == 201);
    }
    void wait(sim::Duration time) { cluster->kernel().runUntil(cluster->kernel().now() + time); }
    Value status(const char* pod) const { return cluster->object("", "pods", "default", pod)["status"]; }
    Value container(const char* pod) const { return status(pod)["containerStatuses"][0]; }
    std::string waiting(const char* pod) const { return container(pod).at("state", "waiting", "reason").text(); }
    std::size_t events(const char* pod, const char* reason) const {
        std::size_t count = 0;
        for (const Value& event : cluster->objects("", "events", "default"))
            if (event.at("involvedObject", "name").asString() == pod && event["reason"].asString() == reason)
                count += static_cast<std::size_t>(event["count"].asInt());
        return count;
    }
};

} // namespace

TEST_CASE("pods reach the states that their specs lead to") {
    World world;
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: 'nginx:1.27', "
                 "readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: typo}, spec: {containers: [{name: c, image: 'nginx:1.99'}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: cfg}, spec: {containers: [{name: c, image: 'nginx:1.27', "
                 "env: [{name: A, valueFrom: {configMapKeyRef: {name: nope, key: a}}}]}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: nocmd}, spec: {restartPolicy: Never, containers: [{name: c, "
                 "image: 'busybox:1.36', command: [nope]}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: crash}, spec: {containers: [{name: c, image: 'nginx:1.27', "
                 "command: [nginx, -t]}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: once}, spec: {restartPolicy: Never, containers: [{name: c, "
                 "image: 'nginx:1.27', command: [nginx, -t]}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: vol}, spec: {containers: [{name: c, image: 'nginx:1.27', "
                 "volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, configMap: {name: absent}}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: big}, spec: {nodeName: node01, containers: [{name: c, "
                 "image: 'nginx:1.27', resources: {requests: {cpu: 50}}}]}}");
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: live}, spec: {containers: [{name: c, image: 'nginx:1.27', "
                 "livenessProbe: {httpGet: {path: /zz, port: 80}, periodSeconds: 2, failureThreshold: 2}}]}}");
    world.wait(35 * sim::kSecond);

    CHECK(world.status("web")["phase"].asString() == "Running");
    CHECK(api::conditionIn(world.status("web")["conditions"], "Ready")["status"].asString() == "True");
    CHECK(world.status("web")["podIP"].asString().substr(0, 7) == "10.244.");
    CHECK((world.waiting("typo") == "ImagePullBackOff" || world.waiting("typo") == "ErrImagePull"));
    CHECK(world.waiting("cfg") == "CreateContainerConfigError");
    CHECK(world.container("cfg").at("state", "waiting", "message").asString() == "configmap \"nope\" not found");
    CHECK(world.status("nocmd")["phase"].asString() == "Failed");
    CHECK(world.container("nocmd").at("state", "terminated", "reason").asString() == "StartError");
    CHECK(world.container("nocmd").at("state", "terminated", "exitCode").asInt() == 128);
    CHECK(world.container("crash")["restartCount"].asInt() >= 2);
    CHECK(world.events("crash", "BackOff") >= 1);
    CHECK(world.status("once")["phase"].asString() == "Succeeded");
    CHECK(world.status("vol")["phase"].asString() == "Pending");
    CHECK(world.events("vol", "FailedMount") >= 4);
    CHECK(world.status("big")["reason"].asString() == "OutOfcpu");
    CHECK(world.status("big")["message"].text().rfind("Pod was rejected: Node didn't have enough resource: cpu, requested: 50000", 0) == 0);
    CHECK(world.container("live")["restartCount"].asInt() >= 2);
    CHECK(world.events("live", "Unhealthy") >= 4);

    const auto log = world.request("GET", "/api/v1/namespaces/default/pods/once/log");
    CHECK(log.status == 200);
    CHECK(log.body.find("test is successful") != std::string::npos);
    for (const char* name : {"web", "crash", "typo"})
        CHECK(world.request("DELETE", std::string("/api/v1/namespaces/default/pods/") + name).status == 200);
    world.wait(5 * sim::kSecond);
    for (const char* name : {"web", "crash", "typo"}) CHECK(world.cluster->object("", "pods", "default", name).isNull());
}

TEST_CASE("an edited manifest restarts its component and a broken one crashes it") {
    World world;
    const std::string path = "/etc/kubernetes/manifests/kube-scheduler.yaml";
    const std::string text = *world.cluster->readFile("controlplane", path);
    const auto pod = [&] { return world.cluster->object("", "pods", "kube-system", "kube-scheduler-controlplane"); };
    const std::string before = api::uidOf(pod());
    REQUIRE(world.cluster->writeFile("controlplane", path, base::replaceAll(text, "- kube-scheduler\n", "- kube-scheduler\n    - --nope=1\n")).ok());
    world.wait(20 * sim::kSecond);
    CHECK(api::uidOf(pod()) != before);
    CHECK(pod()["status"]["containerStatuses"][0]["restartCount"].asInt() >= 1);
    REQUIRE(world.cluster->writeFile("controlplane", path, text).ok());
    world.wait(30 * sim::kSecond);
    CHECK(pod()["status"]["containerStatuses"][0]["ready"].asBool());
    CHECK(pod()["status"]["containerStatuses"][0]["restartCount"].asInt() == 0);
}
