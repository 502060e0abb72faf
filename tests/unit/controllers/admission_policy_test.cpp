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
constexpr const char* kDeployments = R"({"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"]})";
} // namespace

TEST_CASE("a field that the type does not have is named with its place") {
    const auto found = controllers::expressionWarnings(policy(kDeployments, "object.spec.foo.bar == 1"));
    REQUIRE(found.size() == 1);
    CHECK(found[0]["fieldRef"].text() == "spec.validations[0].expression");
    CHECK(found[0]["warning"].text() == "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'foo'\n"
                                        " | object.spec.foo.bar == 1\n | ...........^\n");
}

TEST_CASE("what cannot be known is not complained of") {
    for (const char* expression :
         {"object.spec.replicas <= variables.max", "object.metadata.labels.owner == 'x'", "has(object.metadata.labels) && true",
          "!object.metadata.name.startsWith('bad')", "'object.spec.foo' == object.kind", "myobject.spec.foo == 1",
          "object.spec.template.spec.containers.all(c, c.foo == 1)", "request.foo == 1"}) {
        CAPTURE(expression);
        CHECK(controllers::expressionWarnings(policy(kDeployments, expression)).empty());
    }
    const char* wild = R"({"apiGroups":["*"],"apiVersions":["*"],"resources":["*"]})";
    CHECK(controllers::expressionWarnings(policy(wild, "object.spec.foo == 1")).empty());
}
