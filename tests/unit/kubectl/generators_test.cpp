// What generators and printers make of objects.

#include "world.h"

#include <catch2/catch.hpp>

TEST_CASE("a generated object is printed as its Go type would print") {
    kubectltest::World world;
    CHECK(world.bash("kubectl create namespace a --dry-run=client -o yaml").output ==
          "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\nspec: {}\nstatus: {}\n");
    CHECK(world.bash("kubectl create cm a --from-literal=k=v --dry-run=client -o json").output ==
          "{\n    \"kind\": \"ConfigMap\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {\n        \"name\": \"a\"\n    },\n"
          "    \"data\": {\n        \"k\": \"v\"\n    }\n}\n");
    CHECK(world.bash("kubectl create cm a --from-literal=k=v --dry-run=client -o jsonpath='{.data.k} {.kind}'").output == "v ConfigMap");
    CHECK(world.bash("kubectl create cm a --from-literal=k=v --dry-run=client -o go-template='{{.metadata.name}}'").output == "a");
    CHECK(world.bash("kubectl create cm a --dry-run=client -o go-template='{{.a.b.c}}'").output == "<no value>");
    CHECK(world.bash("kubectl create cm a --dry-run=client -o nope").error.find("unable to match a printer suitable for the output format "
                                                                              "\"nope\"") != std::string::npos);
}

TEST_CASE("local changes need no cluster and add no namespace") {
    kubectltest::World world;
    world.file("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: b}]}\n");
    CHECK(world.bash("kubectl set image -f pod.yaml a=c --local -o jsonpath='{.spec.containers[0].image} {.metadata}'").output ==
          "c {\"name\":\"p\"}");
    CHECK(world.bash("kubectl label -f pod.yaml x=y --local -o jsonpath='{.metadata.labels}'").output == "{\"x\":\"y\"}");
}

TEST_CASE("the completion script runs in the shell of this machine") {
    kubectltest::World world;
    const auto answer = world.bash("source <(kubectl completion bash) && type -t __start_kubectl");
    CHECK(answer.output == "function\n");
    CHECK(answer.error.empty());
    CHECK(world.bash("kubectl completion tcsh").error == "error: Unsupported shell type \"tcsh\".\nSee 'kubectl completion -h' for help and examples\n");
}

TEST_CASE("plugins on the path are found, listed and run") {
    kubectltest::World world;
    const std::string make = "mkdir bin; printf '#!/bin/sh\\necho \"plugin $@\"\\n' > bin/kubectl-hello; chmod +x bin/kubectl-hello; "
                             "export PATH=$PWD/bin; ";
    CHECK(world.bash(make + "kubectl() { /usr/bin/kubectl \"$@\"; }; kubectl plugin list").output ==
          "The following compatible plugins are available:\n\n/work/bin/kubectl-hello\n");
    CHECK(world.bash("export PATH=$PWD/bin:/usr/bin; kubectl hello a --b").output == "plugin a --b\n");
}
