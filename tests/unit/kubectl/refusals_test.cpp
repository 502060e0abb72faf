// What kubectl refuses before it asks a server, and in which words.

#include "world.h"

#include <catch2/catch.hpp>

namespace {

std::string errorOf(const std::string& command) {
    kubectltest::World world;
    world.file("cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    return world.bash("touch empty; " + command).error;
}

} // namespace

TEST_CASE("a path of --raw must be a path, and --raw bears no other output") {
    CHECK(errorOf("kubectl create --raw foo -f cm.yaml") == "error: --raw must be a valid URL path: parse \"foo\": invalid URI for request\n");
    CHECK(errorOf("kubectl replace --raw foo -f cm.yaml") == "error: --raw must be a valid URL path: parse \"foo\": invalid URI for request\n");
    CHECK(errorOf("kubectl delete --raw foo") == "error: --raw must be a valid URL path: parse \"foo\": invalid URI for request\n");
    CHECK(errorOf("kubectl create --raw /x -f cm.yaml -o yaml") == "error: --raw and --output are mutually exclusive\n");
    CHECK(errorOf("kubectl create --raw /x -f cm.yaml -f b") == "error: --raw can only use a single local file or stdin\n");
    CHECK(errorOf("kubectl get --raw /x -w") == "error: --raw may not be specified with other flags that filter the server request or alter the output\n");
}

TEST_CASE("a missing file is named before the arguments beside it are refused") {
    CHECK(errorOf("kubectl get -f nofile pods") == "error: the path \"nofile\" does not exist\n");
    CHECK(errorOf("kubectl describe pod -f nofile") == "error: the path \"nofile\" does not exist\n");
}

TEST_CASE("a selector without a type says that a resource is missing") {
    CHECK(errorOf("kubectl delete -l a=b") == "error: at least one resource must be specified to use a selector\n");
    CHECK(errorOf("kubectl delete --all") == "error: at least one resource must be specified to use a selector\n");
}

TEST_CASE("values of flags are checked by their type") {
    CHECK(errorOf("kubectl create clusterrole r --aggregation-rule=a") ==
          "error: invalid argument \"a\" for \"--aggregation-rule\" flag: malformed pair, expect string=string\n"
          "See 'kubectl create clusterrole --help' for usage.\n");
    CHECK(errorOf("kubectl diff --foo") == "error: unknown flag: --foo\nSee 'kubectl diff -h' for help and examples\n");
    CHECK(errorOf("kubectl run a --image=b --env=1A=x --dry-run=client") == "error: invalid env: 1A=x\n");
    CHECK(errorOf("kubectl run a --image=b --annotations=a --dry-run=client") == "error: invalid annotations format: a\n");
    CHECK(errorOf("kubectl run a --image=b --cascade=foo") ==
          "error: invalid cascade value (foo). Must be \"background\", \"foreground\", or \"orphan\"\n");
    CHECK(errorOf("kubectl set selector") == "error: one selector is required\n");
    CHECK(errorOf("kubectl version foo") == "error: extra arguments: [foo]\n");
    CHECK(errorOf("kubectl edit cm a -o name") ==
          "error: unable to match a printer suitable for the output format \"name\", allowed formats are: json,kyaml,yaml\n");
}

TEST_CASE("overrides are read into the kind's own type: unknown fields are dropped") {
    kubectltest::World world;
    CHECK(world.bash("kubectl run a --image=b --dry-run=client --overrides='{\"x\":1,\"spec\":{\"hostNetwork\":true}}' -o jsonpath='{.x}{.spec.hostNetwork}'").output == "true");
    CHECK(world.bash("kubectl run a --image=b --dry-run=client --save-config -o jsonpath='{.metadata}'").output == "{\"labels\":{\"run\":\"a\"},\"name\":\"a\"}");
}

TEST_CASE("containers of a generated deployment are named by the image, dots and underscores become dashes") {
    kubectltest::World world;
    const std::string path = " --dry-run=client -o jsonpath='{.spec.template.spec.containers[0].name}'";
    CHECK(world.bash("kubectl create deployment w --image=reg:5000/x/nginx:1.27" + path).output == "nginx");
    CHECK(world.bash("kubectl create deployment w --image=a_b.c" + path).output.substr(0, 6) == "a-b-c-");
    CHECK(world.bash("kubectl create deployment w --image=a --dry-run=client -o jsonpath='{.spec.strategy}'").output == "{}");
}

TEST_CASE("rules of an ingress are looked at up to the port") {
    kubectltest::World world;
    CHECK(world.bash("kubectl create ingress i --rule=h/=s:80,tls= --dry-run=client -o name").output == "ingress.networking.k8s.io/i\n");
    CHECK(world.bash("kubectl create ingress i --rule=h/=s --dry-run=client -o name").error ==
          "error: rule h/=s is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]\n");
}

TEST_CASE("the kubeconfig commands check names, pairs and modes") {
    CHECK(errorOf("kubectl config set-context --current foo >/dev/null") == "error: you cannot specify both a context name and --current\n");
    CHECK(errorOf("kubectl config set-context '' --namespace=x") == "error: you must specify a non-empty context name or --current\n");
    CHECK(errorOf("kubectl config set-credentials u --exec-env=A >/dev/null") == "error: invalid exec-env format: A\n");
    CHECK(errorOf("kubectl config set-credentials u --exec-interactive-mode=Foo") ==
          "error: invalid interactive mode type, can be only IfAvailable, Never, Always\n");
    CHECK(errorOf("kubectl config set '' x") == "error: you must specify a property\n");
    CHECK(errorOf("kubectl config set users.u.client-key-data foo") == "error: error decoding input value: illegal base64 data at input byte 0\n");
    CHECK(errorOf("kubectl config delete-user") == "error: user to delete is required\nSee 'kubectl config delete-user -h' for help and examples\n");
    CHECK(errorOf("kubectl config view --merge=false") == "error: if merge==false a precise file must be specified\n");
}

TEST_CASE("--record writes the command line with long flags into the annotation") {
    kubectltest::World world;
    world.file("cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    const auto made = world.bash("kubectl run a --image=b --record -l x=y --dry-run=client -o jsonpath='{.metadata.annotations}'");
    CHECK(made.output == "{\"kubernetes.io/change-cause\":\"kubectl run a --image=b --record=true --labels=x=y --dry-run=client "
                         "--output=jsonpath={.metadata.annotations}\"}");
    CHECK(made.error == "Flag --record has been deprecated, --record will be removed in the future\n");
}
