#include "document/text_error.h"
#include "document/yaml.h"

#include <catch2/catch.hpp>

namespace {

std::string problem(std::string_view text) {
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    auto read = document::readYaml(text, "x.yaml", limits);
    return read.ok() ? "ok" : document::goErrorText(read.error());
}

} // namespace

TEST_CASE("syntax errors of YAML are told in go-yaml's words and lines") {
    CHECK(problem("a: 1\nmetadata:\n\tname: a\n") ==
          "yaml: line 3: found character that cannot start any token");
    CHECK(problem("a: 1\nmetadata:\n  name: a\n labels:\n    x: y\n") ==
          "yaml: line 3: did not find expected key");
    CHECK(problem("a: 1\nk: v: w\n") ==
          "yaml: line 2: mapping values are not allowed in this context");
    CHECK(problem("apiVersion:v1\nkind: ConfigMap\n") ==
          "yaml: line 2: mapping values are not allowed in this context");
    CHECK(problem("a: 1\nk: \"open\n") == "yaml: line 3: found unexpected end of stream");
    CHECK(problem("l:\n- a\n- b\n b: c\n") ==
          "yaml: line 4: mapping values are not allowed in this context");
    CHECK(problem("a: [1, 2\nb: 3\n") == "yaml: line 1: did not find expected ',' or ']'");
    CHECK(problem("a: *b\n") == "yaml: unknown anchor 'b' referenced");
    CHECK(problem("a: {\n") == "yaml: line 1: did not find expected node content");
    CHECK(problem("a: \x01\n") == "yaml: control characters are not allowed");
    CHECK(problem("a: @b\n") == "yaml: found character that cannot start any token");
    CHECK(problem("a: 1\nb\nc: 2\n") == "yaml: line 3: could not find expected ':'");
}

TEST_CASE("what go-yaml accepts is read") {
    CHECK(problem("a: &x {b: [1, 2]}\nc: *x\n? d\n: e\nf: |2-\n   g\nh: !!str 1\n") == "ok");
    CHECK(problem("%YAML 1.1\n---\na: 'it''s'\nb: \"\\u00e9\\\n  c\"\n") == "ok");
    CHECK(problem("# only a comment\n") == "ok");
}
