// What processes inside containers see, as runc and BusyBox make it.

#include <catch2/catch.hpp>

#include "cluster/facade.h"

using cluster::Cluster;

namespace {

std::unique_ptr<Cluster> withPods() {
    auto made = Cluster::create(*cluster::builtinBlueprint("bench"), 5);
    REQUIRE(made.ok());
    REQUIRE((*made)->boot().ok());
    for (const char* command : {"kubectl run box --image=busybox:1.36 -- sleep 3600", "kubectl run web --image=nginx:1.27",
                                "kubectl wait --for=condition=Ready pod/box pod/web"})
        REQUIRE((*made)->run("test", "controlplane", command).exitCode == 0);
    return std::move(*made);
}

std::string outputOf(Cluster& world, const std::string& command) {
    const auto result = world.run("test", "controlplane", command);
    return result.output + result.error;
}

} // namespace

TEST_CASE("runc's helpers use up numbers of a container's pid namespace") {
    const auto world = withPods();
    CHECK(outputOf(*world, "kubectl exec box -- ps") == "PID   USER     COMMAND\n"
                                                        "    1 root     sleep 3600\n"
                                                        "    7 root     ps\n");
    CHECK(outputOf(*world, "kubectl exec box -- sh -c 'ps; true' | tail -1") == "   19 root     {ps} sh -c ps; true\n");
}

TEST_CASE("tools of a BusyBox image speak as BusyBox, those of a Debian image as coreutils") {
    const auto world = withPods();
    const auto complaint = [&](const char* pod, const char* command) {
        return outputOf(*world, std::string("kubectl exec ") + pod + " -- " + command + " 2>&1 | head -1");
    };
    CHECK(complaint("box", "touch /no/x") == "touch: /no/x: No such file or directory\n");
    CHECK(complaint("web", "touch /no/x") == "touch: cannot touch '/no/x': No such file or directory\n");
    CHECK(complaint("box", "cat /no") == "cat: can't open '/no': No such file or directory\n");
    CHECK(complaint("box", "rm /no") == "rm: can't remove '/no': No such file or directory\n");
    CHECK(complaint("box", "mv /no /x") == "mv: can't rename '/no': No such file or directory\n");
    CHECK(complaint("box", "rmdir /etc") == "rmdir: '/etc': Directory not empty\n");
    CHECK(complaint("box", "df /") == "Filesystem           1K-blocks      Used Available Use% Mounted on\n");
}

TEST_CASE("a copied pod keeps the token volume that was made for its original") {
    const auto world = withPods();
    const auto before = world->object("", "pods", "default", "web").at("spec", "volumes");
    REQUIRE(world->run("test", "controlplane", "kubectl debug web --copy-to=copy --image=busybox:1.36 -c extra -- sleep 60").exitCode == 0);
    const auto copy = world->object("", "pods", "default", "copy")["spec"];
    CHECK(copy["volumes"] == before);
    for (const auto& container : copy["containers"].items())
        CHECK(container["volumeMounts"][0]["name"] == before[0]["name"]);
}

TEST_CASE("a container over its memory limit is killed as the kernel kills it, one below it is not") {
    const auto world = withPods();
    const char* kPods = "printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  restartPolicy: Never\n  containers:\n"
                        "  - {name: c, image: \"debian:12\", command: [bash, -c, \"head -c %s /dev/zero | tail -c 5 | wc -c\"], "
                        "resources: {limits: {memory: 64Mi}}}\n---\n' eater 300m modest 10m | kubectl apply -f -";
    REQUIRE(world->run("test", "controlplane", kPods).exitCode == 0);
    world->kernel().runUntil(world->kernel().now() + 8 * sim::kSecond);
    const auto state = [&](const char* pod) {
        return world->object("", "pods", "default", pod)["status"]["containerStatuses"][0]["state"]["terminated"];
    };
    CHECK(state("eater")["reason"].asString() == "OOMKilled");
    CHECK(state("eater")["exitCode"].asInt() == 137);
    CHECK(state("modest")["reason"].asString() == "Completed");
    CHECK(outputOf(*world, "kubectl logs modest") == "5\n");
}

TEST_CASE("a container sees its environment in the order in which it was given") {
    const auto world = withPods();
    REQUIRE(world->run("test", "controlplane", "kubectl run e --image=busybox:1.36 --env=B=1 --env=A=2 -- sleep 60").exitCode == 0);
    REQUIRE(world->run("test", "controlplane", "kubectl wait --for=condition=Ready pod/e").exitCode == 0);
    CHECK(outputOf(*world, "kubectl exec e -- env | head -4 | tail -3") == "HOSTNAME=e\nB=1\nA=2\n");
}
