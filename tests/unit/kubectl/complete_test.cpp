// What Tab offers, without a cluster.

#include "world.h"

#include <catch2/catch.hpp>

TEST_CASE("commands, subcommands and flags are offered by their beginnings") {
    kubectltest::World world;
    CHECK(world.bash("kubectl __completeNoDesc roll").output == "rollout\n:4\n");
    CHECK(world.bash("kubectl __completeNoDesc rollout u").output == "undo\n:4\n");
    CHECK(world.bash("kubectl __completeNoDesc create dep").output == "deployment\n:4\n");
    CHECK(world.bash("kubectl __completeNoDesc get --show-l").output == "--show-labels\n:4\n");
    CHECK(world.bash("kubectl __completeNoDesc get --sort").output == "--sort-by=\n:6\n");
    CHECK(world.bash("kubectl __completeNoDesc get pods -o js").output == "json\njsonpath\njsonpath-as-json\njsonpath-file\n:4\n");
    CHECK(world.bash("kubectl __completeNoDesc get pods --output=ya").output == "--output=yaml\n:4\n");
}

TEST_CASE("names of files are left to the shell") {
    kubectltest::World world;
    CHECK(world.bash("kubectl __completeNoDesc apply -f ''").output == ":0\n");
}

TEST_CASE("every shell that kubectl knows gets a script that asks kubectl") {
    kubectltest::World world;
    for (const char* shell : {"bash", "zsh", "fish", "powershell"}) {
        const auto script = world.bash(std::string("kubectl completion ") + shell);
        CHECK(script.output.find("kubectl __complete") != std::string::npos);
        CHECK(script.error.empty());
    }
    CHECK(world.bash("kubectl completion zsh").output.starts_with("#compdef kubectl\n"));
    CHECK(world.bash("kubectl completion csh").error.starts_with("error: Unsupported shell type \"csh\"."));
}

TEST_CASE("contexts come from the kubeconfig") {
    kubectltest::World world;
    CHECK(world.bash("kubectl config set-context one; kubectl config set-context other; kubectl __completeNoDesc config use-context o")
              .output.find("one\nother\n:4\n") != std::string::npos);
}

TEST_CASE("preferences add aliases and default flags") {
    kubectltest::World world;
    const std::string set = "kubectl alpha kuberc set --section aliases --name cmx --command 'create configmap' --prependarg box "
                            "--option dry-run=client; ";
    CHECK(world.bash(set + "kubectl cmx -o name").output == "Updated /root/.kube/kuberc\nconfigmap/box\n");
    CHECK(world.bash("kubectl alpha kuberc set --section defaults --command 'create namespace' --option output=name >/dev/null; "
                     "kubectl create namespace a --dry-run=client").output == "namespace/a\n");
    CHECK(world.bash("KUBERC=off kubectl alpha kuberc view").error == "error: KUBERC is disabled via KUBERC=off environment variable\n");
}
