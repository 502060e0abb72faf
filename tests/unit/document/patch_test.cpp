#include "document/json.h"
#include "document/patch.h"
#include "document/text_error.h"
#include "document/yaml.h"

#include <catch2/catch.hpp>

using document::Value;

namespace {
Value json(std::string_view text) {
    auto value = document::readJson(text);
    REQUIRE(value.ok());
    return *value;
}
struct PodSchema : document::MergeSchema {
    document::MergeRule ruleOf(const std::vector<std::string>& path) const override {
        document::MergeRule rule;
        const std::string& last = path.back();
        if (last == "containers" || last == "env" || last == "volumes") {
            rule.merge = true;
            rule.mergeKey = "name";
            rule.retainKeys = last == "volumes";
        }
        if (last == "finalizers") rule.merge = true;
        return rule;
    }
};
} // namespace

TEST_CASE("a JSON patch is applied in order and its failures are upstream's texts") {
    const Value target = json(R"({"a":[1,2],"b":{"c":1}})");
    auto done = document::applyJsonPatch(target, json(R"([{"op":"add","path":"/a/-","value":3},
        {"op":"move","from":"/b/c","path":"/d"},{"op":"test","path":"/d","value":1}])"));
    REQUIRE(done.ok());
    CHECK(document::writeJson(*done) == R"({"a":[1,2,3],"b":{},"d":1})");
    auto failed = document::applyJsonPatch(target, json(R"([{"op":"replace","path":"/x/y","value":3}])"));
    CHECK(failed.error().message ==
          "replace operation does not apply: doc is missing path: \"/x/y\": missing value");
}

TEST_CASE("a strategic patch merges lists by key and obeys its directives") {
    const Value pod = json(R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}],
        "finalizers":["x"],"volumes":[{"name":"v","emptyDir":{}}]}})");
    auto done = document::applyStrategicPatch(pod, json(R"({"spec":{"containers":[{"name":"b","image":"3"},
        {"name":"a","$patch":"delete"}],"finalizers":["y"],
        "volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}})"), PodSchema());
    REQUIRE(done.ok());
    CHECK(document::writeJson(*done) == R"({"spec":{"containers":[{"image":"3","name":"b"}],"finalizers":["y","x"],)"
                                        R"("volumes":[{"hostPath":{"path":"/x"},"name":"v"}]}})");
    auto bad = document::applyStrategicPatch(pod, json(R"({"spec":{"containers":[{"image":"3"}]}})"), PodSchema());
    CHECK(bad.error().message == "map: map[image:3] does not contain declared merge key: name");
}

TEST_CASE("a three-way patch deletes what the manifest dropped and keeps what others added") {
    const Value last = json(R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"old"}]}})");
    const Value manifest = json(R"({"spec":{"containers":[{"name":"a","image":"2"}]}})");
    const Value live = json(R"({"spec":{"containers":[{"name":"a","image":"1","pull":"Always"},{"name":"old"},{"name":"injected"}]}})");
    auto patch = document::makeThreeWayStrategicPatch(last, manifest, live, PodSchema());
    REQUIRE(patch.ok());
    CHECK(document::writeJson(*patch) ==
          R"({"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"image":"2","name":"a"},{"$patch":"delete","name":"old"}]}})");
    auto done = document::applyStrategicPatch(live, *patch, PodSchema());
    REQUIRE(done.ok());
    CHECK(document::writeJson(*done) ==
          R"({"spec":{"containers":[{"image":"2","name":"a","pull":"Always"},{"name":"injected"}]}})");
}

TEST_CASE("JSON errors carry Go's text and offset") {
    auto bad = document::readJson(R"({"metadata": {"name": "js",}})", "bad.json");
    REQUIRE_FALSE(bad.ok());
    CHECK(bad.error().message == "bad.json:1:28: invalid character '}' looking for beginning of object key string");
    CHECK(document::textErrorDetail(bad.error())->offset == 28);
    CHECK(document::goErrorText(document::readJson("{\"a\":").error()) == "unexpected end of JSON input");
    CHECK_FALSE(document::readJson(std::string(1000, '[')).ok());
}

TEST_CASE("YAML keeps sigs.k8s.io/yaml's meaning and refuses alias bombs") {
    auto value = document::readYaml("a: yes\nb: 0x10\nc: 1.0\nd: 2001-01-01\ne: &x {k: 1}\nf:\n  <<: *x\n  g: ~\n");
    REQUIRE(value.ok());
    CHECK(document::writeJson(*value) == R"({"a":true,"b":16,"c":1,"d":"2001-01-01","e":{"k":1},"f":{"g":null,"k":1}})");
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string name = "a" + std::to_string(i), before = "*a" + std::to_string(i - 1);
        bomb += name + ": &" + name + " [" + before;
        for (int j = 0; j < 9; ++j) bomb += ", " + before;
        bomb += "]\n";
    }
    CHECK_FALSE(document::readYaml(bomb).ok());
    CHECK_FALSE(document::readYaml("a: 1\na: 2\n").ok());
    document::ReadLimits lenient;
    lenient.refuseDuplicateKeys = false;
    CHECK(document::readYaml("a: 1\na: 2\n", {}, lenient).value()["a"].asInt() == 2);
}
