// Names of ReplicaSets and revisions. The hashes were computed by the real functions.

#include "controllers/support/template_hash.h"
#include "document/json.h"

#include <catch2/catch.hpp>

using document::Value;

namespace {

constexpr const char* kPlain = R"json({"metadata":{"creationTimestamp":null,"labels":{"app":"web","z":"1"}},"spec":{"volumes":[{
"name":"v","emptyDir":{"medium":"Memory","sizeLimit":"64Mi"}},{"name":"c","configMap":{
"name":"cm","defaultMode":420}}],"containers":[{"name":"nginx","image":"nginx:1.27","args":[
"a","b"],"ports":[{"containerPort":80,"protocol":"TCP"}],"env":[{"name":"A","valueFrom":{
"configMapKeyRef":{"name":"cm","key":"k"}}}],"resources":{"limits":{"cpu":"1500m",
"memory":"1Gi","nvidia.com/gpu":"2"},"requests":{"cpu":"100m","memory":"64Mi"}},
"readinessProbe":{"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"timeoutSeconds":1},
"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
"imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always",
"terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{},
"schedulerName":"default-scheduler"}})json";

constexpr const char* kRich = R"json({"metadata":{"labels":{"app":"db"},"annotations":{"a/b":"x y"},"finalizers":["f.io/x"]},
"spec":{"volumes":[{"name":"t","projected":{"sources":[{"serviceAccountToken":{
"expirationSeconds":600,"path":"token"}},{"configMap":{"name":"c","items":[{"key":"a",
"path":"b"}],"optional":true}}],"defaultMode":420}},{"name":"h","hostPath":{"path":"/d",
"type":""}},{"name":"n","nfs":{"server":"s","path":"/"}},{"name":"p",
"persistentVolumeClaim":{"claimName":"x","readOnly":true}},{"name":"e","ephemeral":{
"volumeClaimTemplate":{"metadata":{"labels":{"l":"1"}},"spec":{"accessModes":[
"ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}],"initContainers":[{
"name":"s","image":"busybox:1.36","command":["sh","-c","sleep 1"],"resources":{},
"restartPolicy":"Always","terminationMessagePath":"/dev/termination-log",
"terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"containers":[{
"name":"c","image":"nginx:1.27","envFrom":[{"prefix":"P_","secretRef":{"name":"s"}}],"env":[
{"name":"B","value":"2"},{"name":"F","valueFrom":{"fieldRef":{"apiVersion":"v1",
"fieldPath":"metadata.name"}}},{"name":"R","valueFrom":{"resourceFieldRef":{
"resource":"limits.cpu","divisor":"0"}}}],"resources":{"limits":{"cpu":"2","memory":"100M"},
"requests":{"cpu":"250m","memory":"12Mi"}},"volumeMounts":[{"name":"t","mountPath":"/t",
"readOnly":true}],"livenessProbe":{"tcpSocket":{"port":"http"},"timeoutSeconds":1,
"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"lifecycle":{"preStop":{
"exec":{"command":["true"]}}},"securityContext":{"capabilities":{"add":["NET_ADMIN"],
"drop":["ALL"]},"runAsUser":0,"privileged":false},"stdin":true}],"restartPolicy":"Always",
"terminationGracePeriodSeconds":0,"dnsPolicy":"ClusterFirst","nodeSelector":{"disk":"ssd"},
"hostNetwork":true,"securityContext":{"fsGroup":2000,"supplementalGroups":[1,2],"sysctls":[{
"name":"a","value":"b"}]},"affinity":{"podAntiAffinity":{
"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{
"app":"db"},"matchExpressions":[{"key":"k","operator":"Exists"}]},
"topologyKey":"kubernetes.io/hostname"}]}},"schedulerName":"default-scheduler",
"tolerations":[{"operator":"Exists","tolerationSeconds":5}],"hostAliases":[{"ip":"1.2.3.4",
"hostnames":["a"]}],"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z",
"whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}]}})json";

Value parsed(const char* text) { return document::readJson(text).value(); }

} // namespace

TEST_CASE("a pod template has the hash that the real controllers give it") {
    CHECK(controllers::templateHash(parsed(kPlain), Value()) == "5fd8784749");
    CHECK(controllers::templateHash(parsed(kRich), Value()) == "6785bfc95b");
}

TEST_CASE("a collision makes another hash") {
    const Value value = parsed(kPlain);
    CHECK(controllers::templateHash(value, Value(1)) != controllers::templateHash(value, Value()));
    CHECK(controllers::templateHash(value, Value(1)) != controllers::templateHash(value, Value(2)));
}

TEST_CASE("what is absent and what is empty hash alike") {
    const Value value = parsed(kPlain);
    const Value emptied = value.withPath({"spec", "nodeSelector"}, Value::object());
    CHECK(controllers::spewTemplate(emptied) == controllers::spewTemplate(value));
    const Value context = value.withPath({"spec", "affinity"}, Value::object());
    CHECK(controllers::spewTemplate(context) != controllers::spewTemplate(value));
}

TEST_CASE("a quantity keeps its text only in canonical form") {
    const std::string text = controllers::spewTemplate(parsed(kPlain));
    CHECK(text.find("s:(string)1Gi ") != std::string::npos);
    CHECK(text.find("s:(string)64Mi") == std::string::npos);
}
