#include <catch2/catch.hpp>

#include "document/json.h"
#include "lab/explain.h"

namespace {

cluster::Cluster& world() { // shared: the cases only read or leave small things behind
    static const auto made = [] {
        const auto blueprint = cluster::builtinBlueprint("bench");
        auto cluster = cluster::Cluster::create(*blueprint, 3);
        REQUIRE((*cluster)->boot().ok());
        return std::move(*cluster);
    }();
    return *made;
}

std::vector<lab::Explanation> explain(const std::string& command) {
    const sim::CauseId before = world().kernel().trace().lastId();
    const auto result = world().run("test", "controlplane", command);
    CHECK(result.exitCode != 0);
    for (const auto& record : world().kernel().trace().since(before, 100'000)) {
        if (record.kind != "failure") continue;
        const auto failure = document::readJson(record.text);
        REQUIRE(failure.ok());
        return lab::explainFailure(*failure, record.subject, command, world());
    }
    return {};
}

lab::Explanation first(const std::string& command) {
    const auto all = explain(command);
    INFO(command);
    REQUIRE_FALSE(all.empty());
    CHECK_FALSE(all[0].title.en.empty());
    CHECK_FALSE(all[0].title.es.empty());
    CHECK_FALSE(all[0].text.en.empty());
    CHECK_FALSE(all[0].text.es.empty());
    return all[0];
}

const std::string kDeployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {app: web}\n"
                                "  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n      - name: c\n        image: nginx:1.27\n";

std::string with(std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return text;
}

} // namespace

TEST_CASE("a misspelt field is explained with the right one and its line") {
    REQUIRE(world().writeFile("controlplane", "/root/a.yaml", with(kDeployment, "replicas: 1", "replica: 1")).ok());
    const auto hint = first("kubectl apply -f a.yaml");
    CHECK(hint.suggestion == "replicas");
    CHECK(hint.source == "a.yaml");
    CHECK(hint.line == 6);
    CHECK(hint.lineText == "  replica: 1");
    CHECK_FALSE(hint.documentation.en.empty());
    CHECK_FALSE(hint.documentation.es.empty());
}

TEST_CASE("a field at the wrong level is sent to its place") {
    REQUIRE(world().writeFile("controlplane", "/root/b.yaml", kDeployment + "  restartPolicy: Always\n").ok());
    const auto hint = first("kubectl apply -f b.yaml");
    CHECK(hint.suggestion == "spec.template.spec.restartPolicy");
    CHECK(hint.line == 16);
}

TEST_CASE("a refused value names the allowed ones, in the document it stands in") {
    REQUIRE(world().writeFile("controlplane", "/root/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n---\n" +
                                                                  kDeployment + "        imagePullPolicy: Allways\n").ok());
    const auto hint = first("kubectl create -f c.yaml");
    CHECK(hint.field == "spec.template.spec.containers[0].imagePullPolicy");
    CHECK(hint.suggestion == "Always");
    CHECK(hint.line == 21);
    CHECK(hint.text.en.find("`IfNotPresent`") != std::string::npos);
}

TEST_CASE("a missing field points at what lacks it") {
    REQUIRE(world().writeFile("controlplane", "/root/d.yaml", with(kDeployment, "      - name: c\n        image: nginx:1.27\n", "      - name: c\n")).ok());
    const auto hint = first("kubectl apply -f d.yaml");
    CHECK(hint.field == "spec.template.spec.containers[0].image");
    CHECK(hint.title.en.find("missing") != std::string::npos);
    CHECK(hint.line == 14);
}

TEST_CASE("a here-document is a manifest too") {
    const auto hint = first("kubectl apply -f - <<EOF\napiVersion: v1\nkind: Service\nmetadata:\n  name: s\nspec:\n  ports:\n  - port: 70000\nEOF");
    CHECK(hint.source == "stdin");
    CHECK(hint.line == 7);
    CHECK(hint.lineText == "  - port: 70000");
}

TEST_CASE("bad YAML is explained with its line") {
    REQUIRE(world().writeFile("controlplane", "/root/e.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n   labels: {}\n").ok());
    const auto hint = first("kubectl apply -f e.yaml");
    CHECK(hint.line == 5);
    REQUIRE(world().writeFile("controlplane", "/root/f.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n").ok());
    CHECK(first("kubectl apply -f f.yaml").text.en.find("tab") != std::string::npos);
}

TEST_CASE("an old API version is sent to the one that this server has") {
    const auto hint = first("kubectl apply -f - <<EOF\napiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: x}\nEOF");
    CHECK(hint.suggestion == "apiVersion: apps/v1");
    CHECK(hint.line == 1);
    CHECK(first("kubectl apply -f - <<EOF\napiVersion: v1\nkind: Configmap\nmetadata: {name: x}\nEOF").suggestion == "ConfigMap");
}

TEST_CASE("names are looked for where the object really is") {
    CHECK(first("kubectl get deploy coredns").suggestion == "-n kube-system");
    CHECK(first("kubectl get deploy corednss -n kube-system").suggestion == "coredns");
    CHECK(first("kubectl get deplyment").suggestion == "deployment");
    CHECK(first("kubectl create deployment x --image=nginx -n shop").suggestion == "kubectl create namespace shop");
}

TEST_CASE("refusals, conflicts and mistakes in the command line are told apart") {
    CHECK(first("kubectl get secrets --as=jane").text.en.find("jane") != std::string::npos);
    CHECK(first("kubectl create namespace default").title.en.find("already") != std::string::npos);
    CHECK(first("kubectl get pods --colour").title.en.find("option") != std::string::npos);
    CHECK(first("kubectl apply -f nowhere.yaml").title.en.find("nowhere.yaml") != std::string::npos);
    CHECK(first("kubectl get nodes --server=https://172.30.0.10:6444").title.en.find("does not answer") != std::string::npos);
    REQUIRE(world().run("test", "controlplane", "kubectl create deployment web --image=nginx:1.27").exitCode == 0);
    bool immutable = false;
    for (const auto& hint : explain("kubectl patch deployment web -p '{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"other\"}}}}'"))
        immutable = immutable || (hint.field == "spec.selector" && hint.text.en.find("replace --force") != std::string::npos);
    CHECK(immutable);
}
