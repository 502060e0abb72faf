#include "api/label_selector.h"
#include "api/quantity.h"

#include <catch2/catch.hpp>

using api::LabelSelector;
using api::Quantity;
using document::Value;

TEST_CASE("a quantity is printed in its canonical form") {
    const char* cases[][2] = {{"0.5", "500m"}, {"1500m", "1500m"}, {"2000m", "2"}, {"1024Ki", "1Mi"},
                              {"1000Ki", "1000Ki"}, {"1.5Gi", "1536Mi"}, {"1e3", "1e3"}, {"100k", "100k"},
                              {"0.1Ki", "102400m"}, {"0", "0"}, {"1E", "1E"},
                              {"100Ei", "9223372036854775807"}, {"-100Ei", "-9223372036854775807"},
                              {"0.500000000000000000000000000000000000Ki", "512"}};
    for (const auto& item : cases) CHECK(Quantity::of(item[0]).text() == item[1]);
    CHECK_FALSE(Quantity::parse("1x").has_value());
    CHECK_FALSE(Quantity::parse("").has_value());
    CHECK(Quantity::of("1m").value() == 1);
    CHECK((Quantity::of("1Gi") + Quantity::of("512Mi")).text() == "1536Mi");
    CHECK((Quantity() + Quantity::of("200m")).text() == "200m");
}

TEST_CASE("a selector matches labels as apimachinery does") {
    const Value labels = Value::object({{"app", "web"}, {"tier", "front"}, {"size", "3"}});
    for (const char* text : {"app=web", "app==web,tier in (back, front)", "!old", "x!=y", "size>2", "app", ""})
        CHECK(LabelSelector::parse(text).value().matches(labels));
    for (const char* text : {"app=x", "tier notin (front)", "!app", "size<3", "app!=web"})
        CHECK_FALSE(LabelSelector::parse(text).value().matches(labels));
    CHECK_FALSE(LabelSelector::parse("a b").ok());
    CHECK(LabelSelector::fromObject(Value::object()).value().matches(labels));
    CHECK_FALSE(LabelSelector::fromObject(Value()).value().matches(labels));
    CHECK(LabelSelector::parse("tier in (b,a),app=web").value().text() == "app=web,tier in (a,b)");
}
