#include "api/kinds.h"
#include "api/quantity.h"
#include "api/selector.h"
#include "api/status.h"
#include "api/times.h"
#include "document/json.h"
#include "document/yaml.h"

#include <catch2/catch.hpp>

using document::Value;

namespace {
Value json(std::string_view text) {
    auto value = document::readJson(text);
    REQUIRE(value.ok());
    return *value;
}
const api::ResourceInfo& resource(std::string_view group, std::string_view version, std::string_view plural) {
    const auto* info = api::builtinKinds().find(group, version, plural);
    REQUIRE(info != nullptr);
    return *info;
}
} // namespace

TEST_CASE("every resource has a type, columns or none, and its subresources") {
    for (const auto* info : api::builtinKinds().all()) {
        INFO(info->apiVersion() << " " << info->plural);
        CHECK(info->type != nullptr);
    }
    const auto& pods = resource("", "v1", "pods");
    CHECK(pods.findSubresource("eviction")->group == "policy");
    CHECK(pods.columns.at(0).name == "Name");
    CHECK(pods.type->find("spec")->type.type->find("containers")->mergeKey == "name");
    CHECK(api::builtinKinds().type("core.v1.Volume")->find("emptyDir")->embeddedIn == 2);
    CHECK(resource("apps", "v1", "deployments").findSubresource("scale")->kind == "Scale");
}

TEST_CASE("a pod gets the defaults of the real server") {
    const auto& pods = resource("", "v1", "pods");
    const Value pod = json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{
        "containers":[{"name":"c","image":"nginx","resources":{"limits":{"cpu":"1"}},
        "livenessProbe":{"httpGet":{"port":80}}}],"volumes":[{"name":"v"}]}})");
    const Value done = api::applyDefaults(pods, pod);
    const Value& container = done["spec"]["containers"][0];
    CHECK(container["imagePullPolicy"].asString() == "Always");
    CHECK(container["resources"]["requests"]["cpu"].asString() == "1");
    CHECK(container["livenessProbe"]["httpGet"]["path"].asString() == "/");
    CHECK(container["livenessProbe"]["failureThreshold"].asInt() == 3);
    CHECK(done["spec"]["volumes"][0].has("emptyDir"));
    CHECK(done["spec"]["securityContext"].isObject());
    CHECK(done["spec"]["enableServiceLinks"].asBool());
    CHECK(api::applyDefaults(pods, done) == done);
}

TEST_CASE("strict decoding names unknown fields and Go's type errors") {
    const auto& deployments = resource("apps", "v1", "deployments");
    auto result = api::decodeObject(deployments, json(R"({"spec":{"replica":1,"template":{"spec":{
        "containers":[{"name":"c","imagepullpolicy":"x"}]}}}})"));
    REQUIRE(result.ok());
    REQUIRE(result->unknown.size() == 2);
    CHECK(result->unknown[1].message ==
          "unknown field \"spec.template.spec.containers[0].imagepullpolicy\"");
    auto wrong = api::decodeObject(deployments, json(R"({"spec":{"replicas":"two"}})"));
    REQUIRE_FALSE(wrong.ok());
    CHECK(wrong.error().message == "json: cannot unmarshal string into Go struct field "
                                   "DeploymentSpec.spec.replicas of type int32");
    auto cpu = api::decodeObject(resource("", "v1", "pods"),
                                 json(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":0.5}}}]}})"));
    REQUIRE(cpu.ok());
    CHECK(cpu->object["spec"]["containers"][0]["resources"]["limits"]["cpu"].asString() == "500m");
}

TEST_CASE("typed printing keeps Go's order and its empty structs") {
    const auto& deployments = resource("apps", "v1", "deployments");
    const Value object = json(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},
        "spec":{"selector":{},"template":{"spec":{"containers":[{"name":"c"}]}}}})");
    CHECK(api::writeOrderedJson(deployments, api::fillRequired(deployments, object)) ==
          R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a"},"spec":{"selector":{},)"
          R"("template":{"metadata":{},"spec":{"containers":[{"name":"c","resources":{}}]}},"strategy":{}},"status":{}})");
}

TEST_CASE("quantities print in canonical form") {
    const auto canonical = [](std::string_view text) {
        auto quantity = api::Quantity::read(text);
        return quantity.ok() ? quantity->text() : quantity.error().message;
    };
    CHECK(canonical("0.5") == "500m");
    CHECK(canonical("1000m") == "1");
    CHECK(canonical("1024Mi") == "1Gi");
    CHECK(canonical("0.1Gi") == "107374182400m");
    CHECK(canonical("1e3") == "1e3");
    CHECK(canonical("1500000") == "1500k");
    CHECK(canonical("100Mx") ==
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    CHECK(canonical("1Gi1") == "unable to parse quantity's suffix");
    CHECK(api::Quantity::parse("1.0000000001")->text() == "1000000001n");
    CHECK((*api::Quantity::parse("1Gi") + *api::Quantity::parse("512Mi")).text() == "1536Mi");
    CHECK(canonical("9223372036854775807") == "9223372036854775807");
}

TEST_CASE("selectors parse, match and complain as upstream") {
    auto selector = api::LabelSelector::parse("app in (web, api),!legacy,tier!=db");
    REQUIRE(selector.ok());
    CHECK(selector->matches(json(R"({"app":"api"})")));
    CHECK_FALSE(selector->matches(json(R"({"app":"api","tier":"db"})")));
    CHECK(selector->text() == "app in (api,web),!legacy,tier!=db");
    CHECK(api::LabelSelector::parse("app=web=x").error().message ==
          "found '=', expected: ',' or 'end of string'");
    CHECK(api::LabelSelector::parse("a b").error().message ==
          "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
    CHECK(api::LabelSelector::fromObject(Value()).value().selectsNothing());
    auto fields = api::FieldSelector::parse("metadata.name=a,spec.nodeName!=");
    REQUIRE(fields.ok());
    CHECK_FALSE(fields->matches(json(R"({"metadata":{"name":"a"}})")));
}

TEST_CASE("an invalid object's status lists its causes once") {
    const base::Error error = api::invalid("apps", "Deployment", "web",
                                           {{"FieldValueRequired", "Required value", "spec.a"},
                                            {"FieldValueRequired", "Required value", "spec.b"}});
    CHECK(error.message == "Deployment.apps \"web\" is invalid: [spec.a: Required value, spec.b: Required value]");
    CHECK(api::statusOf(error)["details"]["causes"].size() == 2);
    CHECK(api::notFound("", "pods", "a").message == "pods \"a\" not found");
}

TEST_CASE("times are checked and brought to UTC") {
    CHECK(*api::normalizeTime("2026-01-02T03:04:05+01:00", false) == "2026-01-02T02:04:05Z");
    CHECK(*api::normalizeTime("2026-01-02T03:04:05.5Z", true) == "2026-01-02T03:04:05.500000Z");
    CHECK(api::normalizeTime("soon", false).error().message ==
          "parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\"");
}
