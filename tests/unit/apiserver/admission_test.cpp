#include "apiserver/admission/pod_security.h"
#include "apiserver/cel/cel.h"
#include "unit/apiserver/harness.h"

using document::Value;
using testing::Server;

#define SHOW(response) INFO(document::writeJson((response).object))

namespace {
apiserver::UserInfo userNamed(const std::string& name) {
    apiserver::UserInfo user;
    user.name = name;
    user.groups = {"system:authenticated"};
    return user;
}
} // namespace

TEST_CASE("a role allows what it lists and nothing else") {
    Server s;
    const auto anna = userNamed("anna");
    auto refused = s.callAs(anna, "GET", "/api/v1/namespaces/default/pods");
    CHECK(refused.object["message"].asString() ==
          "pods is forbidden: User \"anna\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"");
    const std::string base = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/";
    s.call("POST", base + "roles",
           Server::json(R"({"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}]})"));
    auto binding = s.call("POST", base + "rolebindings",
                          Server::json(R"({"metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},)"
                                       R"("subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"anna"}]})"));
    SHOW(binding);
    CHECK(s.callAs(anna, "GET", "/api/v1/namespaces/default/pods").status == 200);
    CHECK(s.callAs(anna, "GET", "/api/v1/namespaces/default/pods/x").status == 403);
    CHECK(s.callAs(anna, "GET", "/api/v1/namespaces/kube-system/pods").status == 403);
    s.call("DELETE", base + "rolebindings/r");
    CHECK(s.callAs(anna, "GET", "/api/v1/namespaces/default/pods").status == 403);
}

TEST_CASE("nobody grants more than they have") {
    Server s;
    s.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
           Server::json(R"({"metadata":{"name":"e"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"admin"},)"
                        R"("subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"anna"}]})"));
    auto refused = s.callAs(userNamed("anna"), "POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
                            Server::json(R"({"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["nodes"],"verbs":["get","delete"]}]})"));
    SHOW(refused);
    CHECK(refused.object["message"].asString() ==
          "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"anna\" (groups=[\"system:authenticated\"]) is "
          "attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"nodes\"], "
          "Verbs:[\"get\" \"delete\"]}");
}

TEST_CASE("a pod in a restricted namespace must say that it is harmless") {
    const Value spec = Server::json(R"({"containers":[{"name":"c","image":"x"}]})");
    CHECK(apiserver::checkPodSecurity("baseline", 35, spec, Value()).empty());
    const auto found = apiserver::checkPodSecurity("restricted", 35, spec, Value());
    REQUIRE(found.size() == 4);
    CHECK(found[0].detail == "container \"c\" must set securityContext.allowPrivilegeEscalation=false");
}

TEST_CASE("a quota refuses what goes over it") {
    Server s;
    s.makeNamespace("q");
    s.call("POST", "/api/v1/namespaces/q/resourcequotas", Server::json(R"({"metadata":{"name":"q"},"spec":{"hard":{"pods":"1"}}})"));
    s.call("PATCH", "/api/v1/namespaces/q/resourcequotas/q/status",
           Server::json(R"({"status":{"hard":{"pods":"1"},"used":{"pods":"0"}}})"), "application/merge-patch+json");
    CHECK(s.call("POST", "/api/v1/namespaces/q/pods", testing::podNamed("a")).status == 201);
    auto refused = s.call("POST", "/api/v1/namespaces/q/pods", testing::podNamed("b"));
    SHOW(refused);
    CHECK(refused.object["message"].asString() ==
          "pods \"b\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1");
}

TEST_CASE("custom resources are served, pruned, defaulted and checked by their rules") {
    Server s;
    const auto crd = Server::json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"gadgets.lab.test"},"spec":{"group":"lab.test","scope":"Namespaced",
      "names":{"plural":"gadgets","singular":"gadget","kind":"Gadget","listKind":"GadgetList"},
      "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{
      "type":"object","properties":{"size":{"type":"string","default":"small"},"replicas":{"type":"integer","maximum":10}},
      "x-kubernetes-validations":[{"rule":"self.size != 'small' || self.replicas <= 3","message":"small means few"}]}}}}}]}})");
    auto made = s.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
    SHOW(made);
    REQUIRE(made.status == 201);
    s.kernel.runUntil(s.kernel.now() + sim::kSecond);
    const std::string base = "/apis/lab.test/v1/namespaces/default/gadgets";
    auto good = s.call("POST", base, Server::json(R"({"apiVersion":"lab.test/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{"replicas":2,"x":1}})"));
    SHOW(good);
    REQUIRE(good.status == 201);
    CHECK(good.object["spec"] == Server::json(R"({"replicas":2,"size":"small"})"));
    auto bad = s.call("POST", base, Server::json(R"({"apiVersion":"lab.test/v1","kind":"Gadget","metadata":{"name":"h"},"spec":{"replicas":5}})"));
    CHECK(bad.object["message"].asString() == "Gadget.lab.test \"h\" is invalid: spec: Invalid value: small means few");
}

TEST_CASE("expressions give the results and errors of the language") {
    const auto eval = [](const char* text) {
        auto program = apiserver::cel::Program::compile(text, {"object"});
        if (!program.ok()) return program.error().message.substr(0, program.error().message.find('\n'));
        apiserver::cel::Variables variables = {{"object", Server::json(R"({"a":[1,2,3],"s":"hello","m":{"k":"v"}})")}};
        auto result = program.value().evaluate(variables);
        return result.ok() ? document::writeJson(result.value()) : result.error().message;
    };
    CHECK(eval("object.a.all(i, i > 0) && object.s.startsWith('he')") == "true");
    CHECK(eval("object.a.filter(i, i > 1).map(i, i * 2)") == "[4,6]");
    CHECK(eval("has(object.m.k) ? object.m.k + '!' : 'none'") == "\"v!\"");
    CHECK(eval("object.x == 1") == "no such key: x");
    CHECK(eval("object.x == 1 || true") == "true");
    CHECK(eval("1 / 0") == "division by zero");
    CHECK(eval("foo.bar") == "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')");
    CHECK(eval("duration('1h') > duration('59m')") == "true");
}
