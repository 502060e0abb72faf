// Capabilities of containers.

#include "runtime/capabilities.h"

#include <catch2/catch.hpp>

TEST_CASE("a container has containerd's default capabilities") {
    CHECK(runtime::capabilityMask({}) == 0xa80425fbULL);
}

TEST_CASE("a privileged container has all capabilities") {
    ports::CriSecurity security;
    security.privileged = true;
    CHECK(runtime::capabilityMask(security) == 0x1ffffffffffULL);
}

TEST_CASE("capabilities are added to what is left after dropping all") {
    ports::CriSecurity security;
    security.addCapabilities = {"NET_ADMIN"};
    security.dropCapabilities = {"ALL"};
    CHECK(runtime::capabilityMask(security) == 0x1000ULL);
    security.dropCapabilities = {"CAP_CHOWN"};
    CHECK(runtime::capabilityMask(security) == 0xa80435faULL);
}
