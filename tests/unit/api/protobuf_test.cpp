#include "api/protobuf.h"
#include "api/validation.h"
#include "document/json.h"

#include <catch2/catch.hpp>

using document::Value;

namespace {

Value json(std::string_view text) {
    auto value = document::readJson(text);
    REQUIRE(value.ok());
    return *value;
}

} // namespace

TEST_CASE("an object survives its protobuf form") {
    const Value pod = json(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","labels":{"a":"b"},
        "creationTimestamp":"2026-01-02T03:04:05Z","generation":3,
        "managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}}}]},
        "spec":{"containers":[{"name":"c","image":"nginx","ports":[{"containerPort":80,"protocol":"TCP"}],
        "resources":{"limits":{"cpu":"500m","memory":"1Gi"}},
        "env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"conf","key":"k","optional":true}}}],
        "livenessProbe":{"httpGet":{"path":"/","port":"http"},"periodSeconds":10},
        "readinessProbe":{"tcpSocket":{"port":8080}}}],
        "volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Mi"}},{"name":"s","secret":{"secretName":"x"}}],
        "terminationGracePeriodSeconds":-1,"hostNetwork":true}})");
    auto bytes = api::encodeProtobuf(pod);
    REQUIRE(bytes.ok());
    CHECK(bytes->substr(0, 4) == std::string("k8s\0", 4));
    auto back = api::decodeProtobuf(*bytes);
    REQUIRE(back.ok());
    // As in Go, plain structures are there though they say nothing.
    const Value filled = api::fillRequired(*api::builtinKinds().findByKind("", "v1", "Pod"), pod);
    CHECK(document::writeJson(*back) == document::writeJson(filled));
}

TEST_CASE("bodies of subresources have a protobuf form though they are no resources") {
    for (const char* text : {
             R"({"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{},"spec":{"audiences":["x"],"expirationSeconds":600}})",
             R"({"kind":"Eviction","apiVersion":"policy/v1","metadata":{"name":"web"}})",
             R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web"},"spec":{"replicas":3}})",
             R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0})"}) {
        INFO(text);
        const Value given = json(text);
        const auto bytes = api::encodeProtobuf(given);
        REQUIRE(bytes.ok());
        const auto back = api::decodeProtobuf(*bytes);
        REQUIRE(back.ok());
        for (const auto& member : given.members())
            if (member.key.view() != "metadata") CHECK((*back)[member.key.view()] == member.value);
    }
}

TEST_CASE("protobuf answers are the bytes that Go writes") {
    const Value map = json(R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n",
        "uid":"u","resourceVersion":"7","creationTimestamp":"1970-01-01T00:00:05Z"},"data":{"k":"1"}})");
    const std::string head("k8s\0\n\x0f\n\x02v1\x12\x09" "ConfigMap\x12", 22);
    const std::string tail("\x1a\0\"\0", 4);
    const auto bytes = api::encodeProtobuf(map);
    REQUIRE(bytes.ok());
    CHECK(*bytes == head + static_cast<char>(bytes->size() - head.size() - 1 - tail.size()) +
                        bytes->substr(head.size() + 1, bytes->size() - head.size() - 1 - tail.size()) + tail);
    CHECK(bytes->find(std::string("\x12\0\x1a\x01n\"\0*\x01u2\x01" "78\0B\x04\x08\x05\x10\0", 20)) != std::string::npos);
    const auto frame = api::encodeWatchFrame("ADDED", map);
    REQUIRE(frame.ok());
    CHECK(static_cast<unsigned char>((*frame)[3]) == frame->size() - 4);
    CHECK(frame->substr(4, 7) == "\n\x05" "ADDED");
}

TEST_CASE("lists, bytes and maps of lists have their protobuf form") {
    const Value list = json(R"({"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"7"},
        "items":[{"metadata":{"name":"a"},"data":{"k":"aGk="},"type":"Opaque"}]})");
    auto bytes = api::encodeProtobuf(list);
    REQUIRE(bytes.ok());
    CHECK(api::decodeProtobuf(*bytes).value() == list);
    const Value review = json(R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1",
        "spec":{"user":"u","extra":{"scopes":["a","b"]}},"status":{"allowed":true}})");
    auto other = api::encodeProtobuf(review);
    REQUIRE(other.ok());
    CHECK(api::decodeProtobuf(*other).value()["spec"] == review["spec"]);
    CHECK_FALSE(api::encodeProtobuf(json(R"({"kind":"Widget","apiVersion":"lab.test/v1"})")).ok());
    CHECK_FALSE(api::decodeProtobuf("k8s").ok());
}

TEST_CASE("accepted objects carry upstream's warnings") {
    const api::ResourceInfo& pods = *api::builtinKinds().findByKind("", "v1", "Pod");
    const auto warnings = api::warningsFor(pods, json(R"({"metadata":{"name":"a.b"},"spec":{"containers":[
        {"name":"c","ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":80,"protocol":"TCP"}],
         "env":[{"name":"A","value":"1"},{"name":"A","value":"2"}]}],
        "nodeSelector":{"beta.kubernetes.io/os":"linux"}}})"), Value());
    CHECK(warnings == std::vector<std::string>{
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS "
        "label is recommended: [must not contain dots]",
        "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply",
        "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"});
}
