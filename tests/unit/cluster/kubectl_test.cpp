// What kubectl says where the server has a word in it.

#include <catch2/catch.hpp>

#include "cluster/facade.h"

using cluster::Cluster;

namespace {

std::unique_ptr<Cluster> booted() {
    auto world = Cluster::create(*cluster::builtinBlueprint("bench"), 5);
    REQUIRE(world.ok());
    REQUIRE((*world)->boot().ok());
    return std::move(*world);
}

cluster::CommandResult sh(Cluster& world, const std::string& command) { return world.run("test", "controlplane", command); }

} // namespace

TEST_CASE("what is not found in a namespace that is missing, too, is blamed on the namespace") {
    const auto world = booted();
    const std::string missing = "Error from server (NotFound): namespaces \"nope\" not found\n";
    for (const char* command : {"get cm a", "describe cm a", "label cm a b=c", "scale deploy/a --replicas=1", "exec a -- ls", "patch cm a -p '{}'"})
        CHECK(sh(*world, std::string("kubectl -n nope ") + command).error == missing);
    CHECK(sh(*world, "kubectl get cm a").error == "Error from server (NotFound): configmaps \"a\" not found\n");
    CHECK(sh(*world, "kubectl -n nope delete cm a").error == "Error from server (NotFound): configmaps \"a\" not found\n");
}

TEST_CASE("a forced apply that cannot make the new object brings the old one back") {
    const auto world = booted();
    const std::string manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: APP}}\n"
                                 "  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: \"nginx:1.27\"}]}\n";
    const std::string write = "cat > d.yaml <<'E'\n" + manifest + "E\n";
    REQUIRE(sh(*world, write + "sed s/APP/web/ d.yaml | kubectl apply -f -").output == "deployment.apps/web created\n");
    CHECK(sh(*world, "sed s/APP/other/ d.yaml | kubectl apply --force -f -").exitCode == 1);
    CHECK(sh(*world, "kubectl get deploy web -o name").output == "deployment.apps/web\n");
}

TEST_CASE("the change cause that --record writes is the history's") {
    const auto world = booted();
    REQUIRE(sh(*world, "kubectl create deployment web --image=nginx:1.27").exitCode == 0);
    REQUIRE(sh(*world, "kubectl set image deploy/web nginx=nginx:1.28 --record").exitCode == 0);
    CHECK(sh(*world, "kubectl get deploy web -o jsonpath='{.metadata.annotations.kubernetes\\.io/change-cause}'").output ==
          "kubectl set image deploy/web nginx=nginx:1.28 --record=true");
    CHECK(sh(*world, "kubectl rollout history deploy web --revision=2 | grep Image").output == "    Image:\tnginx:1.28\n");
    CHECK(sh(*world, "kubectl set serviceaccount deploy web default; kubectl set serviceaccount deploy web default").output ==
          "deployment.apps/web serviceaccount updated\ndeployment.apps/web serviceaccount updated\n");
    CHECK(sh(*world, "kubectl label deploy web app-; kubectl label deploy web app-").output ==
          "deployment.apps/web unlabeled\nlabel \"app\" not found.\ndeployment.apps/web labeled\n");
}

TEST_CASE("standard input can be named as a file") {
    const auto world = booted();
    const std::string manifest = "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n' | kubectl apply -f ";
    CHECK(sh(*world, manifest + "/dev/stdin").output == "configmap/a created\n");
    CHECK(sh(*world, manifest + "/proc/self/fd/0").output == "configmap/a unchanged\n");
    REQUIRE(sh(*world, "printf 'a secret' | kubectl create secret generic s --from-file=word=/dev/stdin").exitCode == 0);
    CHECK(sh(*world, "kubectl get secret s -o jsonpath='{.data.word}' | base64 -d").output == "a secret");
    CHECK(sh(*world, "echo kept | (kubectl create cm path --from-literal=p=/dev/stdin >/dev/null; cat)").output == "kept\n");
    REQUIRE(sh(*world, "printf 'A=1\\nB=2\\n' | kubectl create cm e --from-env-file=/dev/stdin").exitCode == 0);
    CHECK(sh(*world, "kubectl get cm e -o jsonpath='{.data}'").output == "{\"A\":\"1\",\"B\":\"2\"}");
}

TEST_CASE("flags are judged before the server is asked") {
    const auto world = booted();
    CHECK(sh(*world, "kubectl top pod --field-selector=a").error == "error: invalid selector: 'a'; can't understand 'a'\n");
    CHECK(sh(*world, "kubectl certificate approve pod/p").error ==
          "error: namespace may not be empty when retrieving a resource by name\n");
    const auto proxy = sh(*world, "kubectl proxy --accept-hosts='(a'");
    CHECK(proxy.exitCode == 255);
    CHECK(proxy.error.ends_with("] Error compiling re: error parsing regexp: missing closing ): `(a`\n"));
}
