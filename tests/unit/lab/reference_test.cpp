#include "lab/reference.h"

#include <catch2/catch.hpp>

#include <algorithm>

using lab::referencePage;
using lab::searchReference;

TEST_CASE("a page of the reference is what explain shows at that path, in both languages") {
    const auto page = referencePage("deploy.spec.template.spec");
    REQUIRE(page);
    CHECK(page->path == "deployments.spec.template.spec");
    CHECK(page->apiVersion == "apps/v1");
    CHECK(page->type == "PodSpec");
    CHECK_FALSE(page->text.en.empty());
    CHECK_FALSE(page->text.es.empty());
    const auto containers = std::find_if(page->fields.begin(), page->fields.end(),
                                         [](const auto& field) { return field.name == "containers"; });
    REQUIRE(containers != page->fields.end());
    CHECK(containers->type == "[]Container");
    CHECK(containers->required);
    CHECK(containers->path == "deployments.spec.template.spec.containers");
}

TEST_CASE("every page that the reference names opens") {
    std::vector<std::string> waiting;
    for (const auto& hit : searchReference("", "en", 1000)) waiting.push_back(hit.path);
    CHECK(waiting.size() > 50);
    for (const auto& hit : searchReference("name", "en", 1000)) waiting.push_back(hit.path);
    for (const std::string& path : waiting) {
        INFO(path);
        CHECK(referencePage(path).has_value());
    }
}

TEST_CASE("a path that leads nowhere opens no page") {
    for (const char* path : {"", "nothings", "pods.nothing", "pods.spec.hostname", "pods..spec"})
        CHECK_FALSE(referencePage(path).has_value());
}

TEST_CASE("a search finds the very name first, then names, then texts, in the language of the learner") {
    const auto byKind = searchReference("svc", "en", 5);
    REQUIRE_FALSE(byKind.empty());
    CHECK(byKind[0].title == "Service");
    const auto byField = searchReference("readinessprobe", "en", 5);
    REQUIRE_FALSE(byField.empty());
    CHECK(byField[0].field == "readinessProbe");
    CHECK(byField[0].path == "pods.spec.containers");
    const auto spanish = searchReference("contenedor", "es", 50);
    REQUIRE_FALSE(spanish.empty());
    for (const auto& hit : spanish) CHECK(hit.text.es.find("ontenedor") != std::string::npos);
    CHECK(searchReference("zzzz", "en", 5).empty());
}
