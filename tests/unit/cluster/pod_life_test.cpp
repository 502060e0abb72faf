// What the kubelet makes of pods on a booted cluster, seen through the API.

#include "pod_world.h"

using document::Value;
using World = test::PodWorld;

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
    // A pull that is under way is not broken off.
    world.wait(15 * sim::kSecond);
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
