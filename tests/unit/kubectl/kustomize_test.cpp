// Kustomizations built without a server.

#include "world.h"

#include <catch2/catch.hpp>

namespace {

constexpr const char* kDeployment = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: nginx:1.27
        envFrom: [{configMapRef: {name: conf}}]
      - name: side
        image: busybox
)";

void writeBase(kubectltest::World& world) {
    world.file("base/deploy.yaml", kDeployment);
    world.file("base/kustomization.yaml", "resources: [deploy.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [MODE=dev]\n");
}

} // namespace

TEST_CASE("names of generated config maps end in the hash of their content, also where they are used") {
    kubectltest::World world;
    writeBase(world);
    const auto built = world.bash("kubectl kustomize base");
    CHECK(built.error.empty());
    CHECK(world.bash("kubectl kustomize base | grep -c 'name: conf-'").output == "2\n");
    CHECK(world.bash("kubectl kustomize base | grep -o 'conf-.*' | sort -u | wc -l").output == "1\n");
}

TEST_CASE("the hash of a config map and of a secret are upstream's") {
    kubectltest::World world;
    world.file("k/app.ini", "color=blue\n");
    world.file("k/kustomization.yaml", "configMapGenerator:\n- name: conf\n  literals: [MODE=dev]\n  files: [app.ini]\n"
                                       "secretGenerator:\n- name: sec\n  literals: [pw=x]\n");
    CHECK(world.bash("kubectl kustomize k | grep name:").output == "  name: conf-547fmm6d6m\n  name: sec-b287528h4m\n");
}

TEST_CASE("an overlay renames, labels, scales, retags and patches its base") {
    kubectltest::World world;
    writeBase(world);
    world.file("prod/kustomization.yaml",
               "resources: [../base]\nnamePrefix: p-\nnameSuffix: -v1\nnamespace: shop\ncommonAnnotations: {owner: me}\n"
               "labels:\n- pairs: {tier: front}\n  includeSelectors: true\nreplicas: [{name: web, count: 3}]\n"
               "images: [{name: nginx, newName: reg.local/nginx, newTag: '1.29'}]\n"
               "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/paused\n      value: true\n");
    const std::string text = world.bash("kubectl kustomize prod").output;
    for (const char* line : {"name: p-web-v1\n", "namespace: shop\n", "replicas: 3\n", "image: reg.local/nginx:1.29\n", "image: busybox\n",
                             "paused: true\n", "owner: me\n", "tier: front\n", "name: p-conf-v1-"})
        CHECK(text.find(line) != std::string::npos);
}

TEST_CASE("a strategic patch merges containers by name and may delete them") {
    kubectltest::World world;
    writeBase(world);
    world.file("o/kustomization.yaml", "resources: [../base]\npatches: [{path: p.yaml}]\n");
    world.file("o/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: "
                           "[{name: main, image: x:1}, {name: side, $patch: delete}, {name: new, image: 'z:2'}]}}}\n");
    CHECK(world.bash("kubectl kustomize o | grep -E 'image:|name: (main|side|new)'").output ==
          "        image: x:1\n        name: main\n      - image: z:2\n        name: new\n");
}

TEST_CASE("a generator merges into one of its base and keeps its own hash") {
    kubectltest::World world;
    writeBase(world);
    world.file("o/kustomization.yaml", "resources: [../base]\nconfigMapGenerator:\n- name: conf\n  behavior: merge\n  literals: [A=1, MODE=prod]\n");
    CHECK(world.bash("kubectl kustomize o | head -4").output == "apiVersion: v1\ndata:\n  A: \"1\"\n  MODE: prod\n");
}

TEST_CASE("components add to what their parent has gathered") {
    kubectltest::World world;
    writeBase(world);
    world.file("c/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 7}]\n");
    world.file("o/kustomization.yaml", "resources: [../base]\ncomponents: [../c]\n");
    CHECK(world.bash("kubectl kustomize o | grep replicas").output == "  replicas: 7\n");
}

TEST_CASE("replacements copy a value into other objects") {
    kubectltest::World world;
    writeBase(world);
    world.file("o/kustomization.yaml",
               "resources: [../base]\nreplacements:\n- source: {kind: Deployment, name: web, fieldPath: spec.replicas}\n  targets:\n"
               "  - select: {kind: Deployment}\n    fieldPaths: ['metadata.annotations.count']\n    options: {create: true}\n"
               "- sourceValue: '9'\n  targets:\n  - select: {name: web}\n    fieldPaths: ['spec.template.spec.containers.[name=main].image']\n"
               "    options: {delimiter: ':', index: 1}\n");
    const auto built = world.bash("kubectl kustomize o | grep -E 'count|nginx'");
    CHECK(built.output == "    count: 1\n        image: nginx:9\n");
}

TEST_CASE("mistakes in a kustomization are told in upstream's words") {
    kubectltest::World world;
    const auto error = [&](const std::string& text) {
        world.file("e/kustomization.yaml", text);
        return world.bash("kubectl kustomize e").error;
    };
    CHECK(error("resource: [x]\n") == "error: invalid Kustomization: json: unknown field \"resource\"\n");
    CHECK(error("resources: x\n") ==
          "error: invalid Kustomization: json: cannot unmarshal string into Go struct field Kustomization.resources of type []string\n");
    CHECK(error("# nothing\n") == "error: kustomization.yaml is empty\n");
    CHECK(error("resources: [../up.yaml]\n").find("security; file '/work/up.yaml' is not in or below '/work/e'") == std::string::npos);
    CHECK(world.bash("mkdir none; kubectl kustomize none").error ==
          "error: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/work/none'\n");
    CHECK(world.bash("kubectl kustomize nodir").error ==
          "error: must build at directory: not a valid directory: evalsymlink failure on 'nodir' : lstat /work/nodir: no such file or directory\n");
}

TEST_CASE("a kustomization that leads back to itself is refused") {
    kubectltest::World world;
    world.file("a/kustomization.yaml", "resources: [../b]\n");
    world.file("b/kustomization.yaml", "resources: [../a]\n");
    CHECK(world.bash("kubectl kustomize a").error.find("cycle detected: candidate root '/work/a' contains visited root '/work/a'") !=
          std::string::npos);
}
