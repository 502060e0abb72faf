// What the status of an admission policy says about its expressions.

#include "controllers/admissionpolicy/controller.h"
#include "document/json.h"

#include <catch2/catch.hpp>

using document::Value;

namespace {
Value policy(const std::string& resources, const std::string& expression) {
    const Value rule = document::readJson(resources).value();
    const Value validation = Value::object({{"expression", expression}});
    const Value constraints = Value::object({{"resourceRules", Value::array({rule})}});
    const Value spec = Value::object({{"matchConstraints", constraints}, {"validations", Value::array({validation})}});
    return Value::object({{"spec", spec}});
}
std::vector<Value> warnings(const Value& of) { return controllers::expressionWarnings(of, controllers::builtinKindsOf(of)); }
constexpr const char* kDeployments = R"({"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"]})";
} // namespace

TEST_CASE("a field that the type does not have is named with its place") {
    const auto found = warnings(policy(kDeployments, "object.spec.foo.bar == 1"));
    REQUIRE(found.size() == 1);
    CHECK(found[0]["fieldRef"].text() == "spec.validations[0].expression");
    CHECK(found[0]["warning"].text() == "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'foo'\n"
                                        " | object.spec.foo.bar == 1\n | ...........^\n");
}

TEST_CASE("what cannot be known is not complained of") {
    for (const char* expression :
         {"object.metadata.labels.owner == 'x'", "has(object.metadata.labels) && true",
          "!object.metadata.name.startsWith('bad')", "'object.spec.foo' == object.kind", "oldObject == null || object.spec.replicas > 1",
          "object.spec.template.spec.containers.all(c, c.image != '')", "request.operation == 'CREATE'"}) {
        CAPTURE(expression);
        CHECK(warnings(policy(kDeployments, expression)).empty());
    }
    const char* wild = R"({"apiGroups":["*"],"apiVersions":["*"],"resources":["*"]})";
    CHECK(warnings(policy(wild, "object.spec.foo == 1")).empty());
}

TEST_CASE("operators, items and variables have types too") {
    const auto first = [](const std::string& expression) {
        const auto found = warnings(policy(kDeployments, expression));
        return found.empty() ? std::string() : found[0]["warning"].text().substr(0, found[0]["warning"].text().find('\n'));
    };
    CHECK(first("object.spec.replicas > 'a'") ==
          "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'");
    CHECK(first("object.spec.template.spec.containers.all(c, c.foo == 1)") ==
          "apps/v1, Kind=Deployment: ERROR: <input>:1:46: undefined field 'foo'");
    CHECK(first("object.spec.replicas <= variables.max") == "apps/v1, Kind=Deployment: ERROR: <input>:1:34: undefined field 'max'");
    CHECK(first("request.foo == 1") == "apps/v1, Kind=Deployment: ERROR: <input>:1:8: undefined field 'foo'");
}
