// Expressions: what they compute, what is refused before they run.

#include "harness.h"

#include "apiserver/cel/cel.h"
#include "apiserver/cel/types.h"

using apiserver::cel::Environment;
using apiserver::cel::Program;
using testing::Server;
using testing::Value;

namespace {

// The value as JSON, or the error.
std::string eval(const std::string& text, const std::string& self = "null") {
    const auto program = Program::compile(text, std::vector<std::string>{"self"});
    if (!program.ok()) return program.error().message;
    const auto value = program->evaluate({{"self", Server::json(self)}});
    return value.ok() ? document::writeJson(value.value()) : value.error().message;
}

std::string problem(const std::string& text, const std::string& schema) {
    Environment environment;
    environment.names = {"self"};
    environment.types["self"] = apiserver::cel::typeOfSchema(Server::json(schema), true);
    const auto program = Program::compile(text, environment);
    if (program.ok()) return "fine";
    return program.error().message.substr(0, program.error().message.find('\n'));
}

} // namespace

TEST_CASE("texts are searched, cut and formatted by characters") {
    CHECK(eval("'tacocat'.charAt(3)") == "\"o\"");
    CHECK(eval("'añb'.size()") == "3");
    CHECK(eval("'hello mellow'.indexOf('ello', 2)") == "7");
    CHECK(eval("'hello mellow'.lastIndexOf('ello')") == "7");
    CHECK(eval("'hello'.substring(1, 3)") == "\"el\"");
    CHECK(eval("'hello'.substring(3, 9)") == "index out of range: 9");
    CHECK(eval("'hello hello'.replace('he', 'we', 1)") == "\"wello hello\"");
    CHECK(eval("'a,b,c'.split(',', 2)") == "[\"a\",\"b,c\"]");
    CHECK(eval("['x', 'y'].join('-')") == "\"x-y\"");
    CHECK(eval("'  TacoCat '.trim().lowerAscii()") == "\"tacocat\"");
    CHECK(eval("'%s is %d, %.2f, %x'.format(['x', 3, 2.5, 255])") == "\"x is 3, 2.50, ff\"");
    CHECK(eval("'%s'.format([{'b': ['x', 1.5]}])") == R"("{\"b\":[\"x\", 1.500000]}")");
    CHECK(eval("'abc'.replace('', '-')") == "\"-a-b-c-\"");
    CHECK(eval("'%d'.format(['a'])").starts_with("ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given string"));
    CHECK(eval("'abc 123 456'.findAll('[0-9]+')") == "[\"123\",\"456\"]");
    CHECK(eval("'abc 123'.find('[0-9]+')") == "\"123\"");
}

TEST_CASE("lists, sets and optional values") {
    CHECK(eval("[1, 3, 2].isSorted()") == "false");
    CHECK(eval("[1, 3, 2].sum()") == "6");
    CHECK(eval("[1, 3, 2].max()") == "3");
    CHECK(eval("[quantity('1Gi'), quantity('500Mi')].min()").starts_with("ERROR: <input>:1:41: found no matching overload for 'min'"));
    CHECK(eval("[3, 1, 2].sort().slice(0, 2)") == "[1,2]");
    CHECK(eval("['bb', 'a'].sortBy(x, x.size())") == "[\"a\",\"bb\"]");
    CHECK(eval("[[1], [2, 2]].flatten().distinct()") == "[1,2]");
    CHECK(eval("lists.range(3).reverse()") == "[2,1,0]");
    CHECK(eval("[1, 2].first().value() + [1, 2].last().value()") == "3");
    CHECK(eval("[1, 2, 2].lastIndexOf(2)") == "2");
    CHECK(eval("sets.contains([1, 2, 3], [2, 3])") == "true");
    CHECK(eval("sets.equivalent([1, 2, 2], [2, 1])") == "true");
    CHECK(eval("sets.intersects([1], [2])") == "false");
    CHECK(eval("self.?a.?b.orValue('none')", R"({"a":{}})") == "\"none\"");
    CHECK(eval("self[?'a'].hasValue()", R"({"a":1})") == "true");
    CHECK(eval("optional.none().value()") == "optional.none() dereference");
    CHECK(eval("optional.of(2).optMap(x, x * 2).value()") == "4");
    CHECK(eval("[1, 2].all(i, v, i < v)") == "true");
    CHECK(eval("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)") == "{\"b\":20}");
    CHECK(eval("self.all(k, k.startsWith('x'))", R"({"x1":1,"x2":2})") == "true");
}

TEST_CASE("quantities, versions, addresses and URLs are values of their own") {
    CHECK(eval("quantity('1.5Gi').compareTo(quantity('1536Mi'))") == "0");
    CHECK(eval("quantity('100m').add(quantity('1')).asApproximateFloat()") == "1.1");
    CHECK(eval("quantity('50k').sub(20).asInteger()") == "49980");
    CHECK(eval("quantity('100m').asInteger()") == "cannot convert value to integer");
    CHECK(eval("isQuantity('10x')") == "false");
    CHECK(eval("semver('1.10.0').isGreaterThan(semver('1.9.3-rc.1'))") == "true");
    CHECK(eval("isSemver('v1.2')") == "false");
    CHECK(eval("semver('v1.2', true).minor()") == "2");
    CHECK(eval("ip('fe80::1').isLinkLocalUnicast()") == "true");
    CHECK(eval("ip('10.0.0.1').family()") == "4");
    CHECK(eval("isIP('010.0.0.1')") == "false");
    CHECK(eval("ip.isCanonical('2001:DB8::1')") == "false");
    CHECK(eval("cidr('10.0.0.0/8').containsIP('10.9.8.7')") == "true");
    CHECK(eval("cidr('10.0.0.0/8').containsCIDR(cidr('11.0.0.0/16'))") == "false");
    CHECK(eval("string(cidr('10.1.2.3/8').masked())") == "\"10.0.0.0/8\"");
    CHECK(eval("url('https://user@example.com:80/a%20b?k=1&k=2#f').getHost()") == "\"example.com:80\"");
    CHECK(eval("url('https://[::1]:80/').getHostname()") == "\"::1\"");
    CHECK(eval("url('https://x/?k=1&k=2').getQuery()") == "{\"k\":[\"1\",\"2\"]}");
    CHECK(eval("isURL('../relative')") == "false");
    CHECK(eval("url('no url')") == "URL parse error during conversion from string: parse \"no url\": invalid URI for request");
    CHECK(eval("format.dns1123Label().validate('Ab').hasValue()") == "true");
    CHECK(eval("!format.named('nope').hasValue()") == "true");
    CHECK(eval("timestamp('2026-01-02T03:04:05Z').getHours('+02:00')") == "5");
    CHECK(eval("duration('90m').getHours()") == "1");
    CHECK(eval("type(1u) == uint") == "true");
    CHECK(eval("b'ab'.size()") == "2");
    CHECK(eval("sign(quantity('-1'))") == "-1");
    CHECK(eval("string(100000000.0) + string(duration('1500ms'))") == "\"1e+081.5s\"");
}

TEST_CASE("texts that are no expressions are refused where they go wrong") {
    const auto said = [](const std::string& text) {
        const std::string all = eval(text);
        return all.substr(0, all.find('\n'));
    };
    CHECK(said("(1 + 2") == "ERROR: <input>:1:7: Syntax error: missing ')' at '<EOF>'");
    CHECK(said("[1") == "ERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {']', ','}");
    CHECK(said("self = 1") == "ERROR: <input>:1:6: Syntax error: token recognition error at: '= '");
    CHECK(said("self a") == "ERROR: <input>:1:6: Syntax error: extraneous input 'a' expecting <EOF>");
    CHECK(said("self.") == "ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'");
    CHECK(said("for") == "ERROR: <input>:1:1: reserved identifier: for");
    CHECK(said("9223372036854775808") == "ERROR: <input>:1:1: invalid int literal");
    CHECK(said("-9223372036854775808") == "-9223372036854775808");
    CHECK(said("has(self)") == "ERROR: <input>:1:5: invalid argument to has() macro");
    CHECK(said("self.all(1, true)") == "ERROR: <input>:1:10: argument must be a simple name");
    CHECK(said("'\\u00e9\\x41' + r'\\n'") == "\"\u00e9A\\\\n\"");
    CHECK(said("int('x')") == "program instantiation failed: type conversion error from 'string' to 'int'");
    CHECK(said("duration('1x')") == "ERROR: <input>:1:10: invalid duration argument");
    CHECK(said("'a'.matches('[')") == "ERROR: <input>:1:13: invalid matches argument");
    CHECK(eval("x +\n\ty").find("\n |  y\n | .^") != std::string::npos);
}

TEST_CASE("what cannot be right is refused before it runs, with its place") {
    CHECK(eval("1 + 'a'") == "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^");
    CHECK(eval("foo(1)").starts_with("ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')"));
    CHECK(eval("'a'.startsWith(1)").starts_with("ERROR: <input>:1:15: found no matching overload for 'startsWith' applied to 'string.(int)'"));
    const std::string schema = R"({"type":"object","properties":{"n":{"type":"integer"},"names":{"type":"array","items":{"type":"string"}},
        "at":{"type":"string","format":"date-time"},"share":{"type":"number"}}})";
    CHECK(problem("self.n > 1 && self.names.all(x, x != '')", schema) == "fine");
    CHECK(problem("self.m > 1", schema) == "ERROR: <input>:1:5: undefined field 'm'");
    CHECK(problem("self.n == 'a'", schema) == "ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'");
    CHECK(problem("self.names[0] + 1", schema) == "ERROR: <input>:1:15: found no matching overload for '_+_' applied to '(string, int)'");
    CHECK(problem("self.at < timestamp('2030-01-01T00:00:00Z') && self.share * 2.0 < 3.0", schema) == "fine");
    CHECK(problem("self.metadata.name.size() < 5", schema) == "fine");
}

TEST_CASE("expressions that cost too much are given up") {
    const std::string costly = "operation cancelled: actual cost limit exceeded";
    CHECK(eval("lists.range(100000000).size() > 0") == costly);
    std::string doubled = "[1]";
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y"})
        doubled += ".map(" + std::string(name) + ", [" + name + ", " + name + "])";
    CHECK(eval(doubled + " == []") .starts_with("operation cancelled"));
    CHECK(eval("-self", "-9223372036854775808") == "integer overflow");
    CHECK(eval("timestamp(9223372036854775807)").find("timestamp overflow") != std::string::npos);
    CHECK(eval("self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d >= 0))))",
               "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40]") ==
          "operation cancelled: actual cost limit exceeded");
}

TEST_CASE("rules of custom resources see values as their schema says") {
    Server server;
    const Value definition = Server::json(R"j({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":
        "boats.sea.example"},"spec":{"group":"sea.example","scope":"Cluster","names":{"plural":"boats","kind":"Boat"},"versions":[{"name":"v1",
        "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{
        "memory":{"type":"string"},"until":{"type":"string","format":"date-time"},"size":{"type":"integer"}},"x-kubernetes-validations":[
        {"rule":"!has(self.memory) || quantity(self.memory).isLessThan(quantity('1Gi'))","message":"too much"},
        {"rule":"!has(self.until) || self.until > timestamp('2026-01-01T00:00:00Z')","messageExpression":"'not ' + string(self.until)"},
        {"rule":"oldSelf.orValue(self).size <= self.size","optionalOldSelf":true}]}}}}}]}})j");
    REQUIRE(server.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition).status == 201);
    server.kernel.runUntil(sim::kSecond);
    const auto create = [&](const char* spec) {
        return server.call("POST", "/apis/sea.example/v1/boats",
                           Server::json(std::string(R"({"apiVersion":"sea.example/v1","kind":"Boat","metadata":{"generateName":"b"},"spec":)") + spec + "}"));
    };
    CHECK(create(R"({"memory":"500Mi","until":"2027-01-01T00:00:00Z","size":1})").status == 201);
    CHECK(create(R"({"memory":"2Gi","size":1})").object["message"].text().find("too much") != std::string::npos);
    CHECK(create(R"({"until":"2025-01-01T00:00:00Z","size":1})").object["message"].text().find("not 2025-01-01T00:00:00Z") != std::string::npos);
}

TEST_CASE("expressions of a policy must be of their types; they may ask the authorizer") {
    Server server;
    server.makeNamespace("default");
    const auto policy = [&](const std::string& name, const std::string& spec) {
        const Value object = Server::json(R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":")" +
                                          name + R"("},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],
            "operations":["CREATE"],"resources":["deployments"]}]},)" + spec + "}}");
        return server.call("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", object);
    };
    const auto said = [&](const std::string& name, const std::string& spec) {
        const auto answer = policy(name, spec);
        return answer.status == 201 ? std::string("fine") : answer.object["details"]["causes"][0]["message"].text();
    };
    CHECK(said("fine", R"("variables":[{"name":"max","expression":"3"}],"validations":[{"expression":"object.spec.replicas <= variables.max"}])") == "fine");
    CHECK(said("wrong", R"("variables":[{"name":"max","expression":"3"}],"validations":[{"expression":"variables.min > 1"}])").find("undefined field 'min'") !=
          std::string::npos);
    CHECK(said("wrong", R"("validations":[{"expression":"variables.min > 1"}])").find("undeclared reference to 'variables'") != std::string::npos);
    CHECK(said("wrong", R"("validations":[{"expression":"object.spec.replicas"}])") ==
          "Invalid value: \"object.spec.replicas\": must evaluate to bool but got dyn");
    CHECK(said("wrong", R"("validations":[{"expression":"true","messageExpression":"1"}])") ==
          "Invalid value: \"1\": must evaluate to string but got int");
    CHECK(said("wrong", R"j("validations":[{"expression":"true","messageExpression":"authorizer.path('/').check('get').reason()"}])j")
              .find("undeclared reference to 'authorizer'") != std::string::npos);
    CHECK(said("wrong", R"("auditAnnotations":[{"key":"k","valueExpression":"1"}])") ==
          "Invalid value: \"1\": must evaluate to one of [string null_type] but got int");
    CHECK(said("wrong", R"("validations":[{"expression":"int('x') > 1"}])") ==
          "Invalid value: \"int('x') > 1\": program instantiation failed: type conversion error from 'string' to 'int'");
    CHECK(said("wrong", R"("variables":[{"name":"a","expression":"variables.b"},{"name":"b","expression":"1"}],"validations":[{"expression":"true"}])")
              .find("undefined field 'b'") != std::string::npos);
    REQUIRE(policy("asks", R"j("validations":[{"expression":"authorizer.group('').resource('secrets').namespace('default').check('get').allowed()",
        "message":"may not read secrets"}])j").status == 201);
    REQUIRE(server.call("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
                        Server::json(R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding","metadata":{"name":"asks"},
        "spec":{"policyName":"asks","validationActions":["Deny"]}})")).status == 201);
    const Value deployment = Server::json(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},
        "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}})");
    REQUIRE(server.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
                        Server::json(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"deployer"},"rules":[
        {"apiGroups":["apps"],"resources":["deployments"],"verbs":["create"]}]})")).status == 201);
    REQUIRE(server.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                        Server::json(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"deployer"},"roleRef":
        {"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"deployer"},"subjects":[{"kind":"User","apiGroup":
        "rbac.authorization.k8s.io","name":"jane"}]})")).status == 201);
    apiserver::UserInfo jane;
    jane.name = "jane";
    const auto refused = server.callAs(jane, "POST", "/apis/apps/v1/namespaces/default/deployments", deployment);
    CHECK(refused.object["message"].text().find("may not read secrets") != std::string::npos);
    CHECK(server.call("POST", "/apis/apps/v1/namespaces/default/deployments", deployment).status == 201);
}

TEST_CASE("rules of definitions must be of their types") {
    Server server;
    const auto said = [&](const std::string& properties) {
        const Value definition = Server::json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":
            "boats.sea.example"},"spec":{"group":"sea.example","scope":"Cluster","names":{"plural":"boats","kind":"Boat"},"versions":[{"name":"v1",
            "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{)" + properties + "}}}}]}}");
        const auto answer = server.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
        const std::string text = answer.object["details"]["causes"][0]["message"].text();
        return text.substr(text.rfind("}: ") == std::string::npos ? 0 : text.rfind("}: ") + 3);
    };
    const auto rule = [&](const std::string& rest) {
        return said(R"("spec":{"type":"object","properties":{"n":{"type":"integer","maximum":5}},"x-kubernetes-validations":[{)" + rest + "}]}");
    };
    CHECK(rule(R"("rule":"self.n")") == "cel expression must evaluate to a bool");
    CHECK(rule(R"("rule":"self.n > 0","messageExpression":"self.n")") == "messageExpression must evaluate to a string");
    CHECK(rule(R"("rule":"self.n > 0","messageExpression":"self.")").starts_with("messageExpression compilation failed: ERROR: <input>:1:6"));
    CHECK(rule(R"("rule":"self.n > 0","optionalOldSelf":true)") == "Invalid value: true: may not be set if oldSelf is not used in rule");
    CHECK(said(R"("list":{"type":"array","items":{"type":"integer","x-kubernetes-validations":[{"rule":"self >= oldSelf"}]}})")
              .find("oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[list]") !=
          std::string::npos);
}

TEST_CASE("a webhook is called only when its conditions hold") {
    Server server;
    server.makeNamespace("default");
    const auto hook = [&](const std::string& name, const std::string& expression) {
        const Value object = Server::json(R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":")" + name +
            R"("},"webhooks":[{"name":"hook.sea.example","sideEffects":"None","admissionReviewVersions":["v1"],"clientConfig":{"url":"https://127.0.0.1:9/x"},
            "rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}],"matchConditions":[{"name":"c","expression":")" +
            expression + R"("}]}]})");
        return server.call("POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", object);
    };
    CHECK(hook("a", "1").object["message"].text().find("webhooks[0].matchConditions[0].expression: Invalid value: \"1\": must evaluate to bool but got int") !=
          std::string::npos);
    REQUIRE(hook("a", "object.metadata.name == 'other'").status == 201);
    const Value map = Server::json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"}})");
    CHECK(server.call("POST", "/api/v1/namespaces/default/configmaps", map).status == 201);
    REQUIRE(hook("b", "object.data.x == 'y'").status == 201);
    const auto refused = server.call("POST", "/api/v1/namespaces/default/configmaps",
                                     Server::json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"}})"));
    CHECK(refused.status == 403);
    CHECK(refused.object["message"].asString() ==
          "configmaps \"n\" is forbidden: expression 'object.data.x == 'y'' resulted in error: no such key: data");
}
