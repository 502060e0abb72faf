// What kubectl remembers of the server's kinds.

#include "document/json.h"
#include "kubectl/core/mapper.h"
#include "kubectl/printers/table.h"

#include <catch2/catch.hpp>

namespace {
constexpr const char* kDiscovery = R"({"items":[{"metadata":{"name":"lab.test"},"versions":[
  {"version":"v1","resources":[{"resource":"gadgets","responseKind":{"group":"lab.test","version":"v1","kind":"Gadget"},
   "scope":"Cluster","singularResource":"gadget","verbs":["get","list"],"shortNames":["gd"],"categories":["all","toys"],
   "subresources":[{"subresource":"status","verbs":["get"]}]}]},
  {"version":"v1beta1","resources":[{"resource":"gadgets","responseKind":{"group":"lab.test","version":"v1beta1","kind":"Gadget"},
   "scope":"Cluster","singularResource":"","verbs":["get"]}]}]}]})";
} // namespace

TEST_CASE("the discovery cache gives back every name of a kind") {
    kubectl::Mapper fresh;
    fresh.add(document::readJson(kDiscovery).value());
    kubectl::Mapper cached;
    REQUIRE(cached.readText(fresh.text()));
    for (const char* name : {"gadgets", "gadget", "gd", "Gadget", "gadgets.lab.test", "gadgets.v1beta1.lab.test"}) {
        CAPTURE(name);
        REQUIRE(cached.find(name) != nullptr);
        CHECK(cached.find(name)->version == fresh.find(name)->version);
    }
    const kubectl::Mapping& found = *cached.find("gd");
    CHECK_FALSE(found.namespaced);
    CHECK(found.preferred);
    CHECK(found.hasVerb("list"));
    CHECK(found.hasSubresource("status"));
    CHECK(cached.category("toys").size() == 1);
    CHECK(cached.groupVersions() == fresh.groupVersions());
}

TEST_CASE("a discovery cache that is no such is not believed") {
    kubectl::Mapper mapper;
    CHECK_FALSE(mapper.readText(""));
    CHECK_FALSE(mapper.readText("r\tlab.test\tv1\n"));
    CHECK_FALSE(mapper.readText("{\"kind\":\"APIGroupList\"}"));
    CHECK(mapper.all().empty());
}

TEST_CASE("a manifest without a version leads to a path without one") {
    kubectl::Mapping pods;
    pods.plural = "pods";
    CHECK(pods.path("ns", "a") == "/api/namespaces/ns/pods/a");
    pods.group = "apps";
    CHECK(pods.path("ns") == "/apis/apps/namespaces/ns/pods");
}

TEST_CASE("labels are shown in the order of their pairs") {
    const auto labels = document::readJson(R"({"a/enforce":"x","a/enforce-version":"v1","b":"1"})").value();
    CHECK(kubectl::formatLabels(labels) == "a/enforce-version=v1,a/enforce=x,b=1");
    CHECK(kubectl::formatLabels(document::Value()) == "<none>");
}
