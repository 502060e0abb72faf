#include <catch2/catch.hpp>

#include "cluster/facade.h"

#include <cstdio>

using cluster::Cluster;

namespace {
std::unique_ptr<Cluster> make(std::uint64_t seed) {
    const auto blueprint = cluster::builtinBlueprint("bench");
    REQUIRE(blueprint.ok());
    auto made = Cluster::create(*blueprint, seed);
    REQUIRE(made.ok());
    return std::move(*made);
}
} // namespace

TEST_CASE("the bench blueprint boots to nodes that are Ready and to DNS that answers") {
    const auto world = make(1);
    const auto booted = world->boot();
    INFO((booted.ok() ? "" : booted.error().message));
    CHECK(booted.ok());
    CHECK(world->objects("", "nodes").size() == 3);
}
