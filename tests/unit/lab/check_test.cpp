#include "cluster/facade.h"
#include "document/json.h"
#include "lab/check.h"

#include <catch2/catch.hpp>

#include <memory>

namespace {

std::unique_ptr<cluster::Cluster> booted() {
    auto world = cluster::Cluster::create(*cluster::builtinBlueprint("bench"), 1);
    REQUIRE(world.ok());
    REQUIRE((*world)->boot().ok());
    return std::move(*world);
}

lab::CheckResult check(cluster::Cluster& world, const char* kind, const char* spec) {
    lab::Check check;
    check.kind = kind;
    check.spec = *document::readJson(spec);
    return lab::evaluate(check, world);
}

} // namespace

TEST_CASE("a check says in both languages what it expected and what it found") {
    const auto world = booted();
    const auto node = check(*world, "nodeReady", R"({"node":"node09"})");
    CHECK_FALSE(node.passed);
    CHECK(node.expected.en == "node09 Ready");
    CHECK(node.observed.en == "node09 is not part of the cluster");
    CHECK(node.observed.es == "node09 no forma parte del clúster");

    const auto object = check(*world, "object", R"({"resource":"apps/deployments","namespace":"default","name":"web"})");
    CHECK(object.observed.es == "deployments/web en default no existe");

    const auto count = check(*world, "count", R"({"resource":"nodes","atLeast":4})");
    CHECK_FALSE(count.passed);
    CHECK(count.expected.es == "al menos 4 nodes");
    CHECK(count.observed.en == "3 nodes");

    const auto reach = check(*world, "reachable", R"({"from":"node/node01","host":"172.30.0.10","port":81})");
    CHECK_FALSE(reach.passed);
    CHECK(reach.expected.es == "conecta desde node/node01 a 172.30.0.10:81");
    CHECK(reach.observed.en == "refused");
    CHECK(reach.observed.es == "conexión rechazada");

    const auto unit = check(*world, "unit", R"({"host":"node01","unit":"kubelet","active":false})");
    CHECK_FALSE(unit.passed);
    CHECK(unit.expected.es == "kubelet no activa");
}
