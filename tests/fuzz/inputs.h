#pragma once
// What every fuzz target does with one input; the unit tests run the same over a small corpus.

#include "api/cron.h"
#include "api/label_selector.h"
#include "api/protobuf.h"
#include "api/quantity.h"
#include "api/selector.h"
#include "document/go_template.h"
#include "document/json.h"
#include "document/jsonpath.h"
#include "document/patch.h"
#include "document/yaml.h"
#include "document/yaml_diagnosis.h"
#include "document/yaml_plain.h"

#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

inline void require(bool fact) {
    if (!fact) std::abort();
}

// What was read is written and read again to the same value.
inline void json(std::string_view text) {
    auto value = document::readJson(text);
    if (!value.ok()) return;
    auto again = document::readJson(document::writeJson(*value));
    require(again.ok() && *again == *value);
}

inline void yaml(std::string_view text) {
    const auto problem = document::diagnoseYaml(text);
    // What the fast reader takes, the full one reads alike: a comment that is not ASCII sends it there.
    if (const auto plain = document::readPlainYaml(text, {}, false)) {
        const auto full = document::readYaml(std::string(text) + "\n# \xc3\xa9\n");
        require(!problem && full.ok() && *full == plain->value);
    }
    auto value = document::readYaml(text);
    if (!value.ok()) return;
    auto again = document::readYaml(document::writeYaml(*value));
    require(again.ok() && *again == *value);
}

// A quantity's canonical text is its own canonical text and has the same value.
inline void quantity(std::string_view text) {
    const auto quantity = api::Quantity::parse(text);
    if (!quantity) return;
    const auto again = api::Quantity::parse(quantity->text());
    require(again && again->text() == quantity->text());
}

inline void selector(std::string_view text) {
    if (auto labels = api::LabelSelector::parse(text); labels.ok()) {
        (void)labels->matches(document::Value::object({{"app", "web"}}));
        require(api::LabelSelector::parse(labels->text()).ok());
    }
    (void)api::FieldSelector::parse(text);
}

// The first line is the document, the rest the patch.
inline void patch(std::string_view text) {
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos) return;
    auto target = document::readJson(text.substr(0, line));
    auto change = document::readJson(text.substr(line + 1));
    if (!target.ok() || !change.ok()) return;
    (void)document::applyJsonPatch(*target, *change);
    const document::Value merged = document::applyMergePatch(*target, *change);
    require(document::applyMergePatch(merged, *change) == merged);
}

inline void protobuf(std::string_view bytes) {
    auto object = api::decodeProtobuf(bytes);
    if (!object.ok()) return;
    auto again = api::encodeProtobuf(*object);
    if (again.ok()) require(api::decodeProtobuf(*again).ok());
}

// The objects that expressions are run on: one of each kind of value, and a list as the API serves it.
inline const document::Value& sampleObject() {
    static const document::Value sample = *document::readJson(
        R"({"kind":"List","items":[{"metadata":{"name":"a","labels":{"app":"web","k8s.io/x":""}},"spec":{"n":1,"f":1.5,)"
        R"("on":true,"none":null,"list":[3,1,2],"secret":"aGVsbG8="}},{"metadata":{"name":"b"},"spec":{"n":-2,"list":[]}}]})");
    return sample;
}

// The first line is the template, the rest (when there is any) the object.
struct Templated {
    std::string text;
    document::Value data;
};
inline Templated templated(std::string_view input, std::size_t most) {
    const std::size_t end = input.find('\n');
    Templated out{std::string(input.substr(0, end)), sampleObject()};
    if (out.text.size() > most) out.text.resize(most);
    if (end != std::string_view::npos)
        if (auto data = document::readJson(input.substr(end + 1)); data.ok()) out.data = *data;
    return out;
}

// A template says the same every time, with both ways to treat missing keys.
inline void jsonPath(std::string_view input) {
    const Templated given = templated(input, 2048);
    (void)document::relaxedJsonPath(given.text);
    for (const bool missing : {false, true}) {
        auto path = document::JsonPath::parse(given.text);
        if (!path.ok()) return;
        path->allowMissingKeys(missing);
        (void)path->find(given.data);
        const auto first = path->print(given.data), second = path->print(given.data);
        require(first.ok() == second.ok() && (!first.ok() || *first == *second));
        (void)path->print(given.data, true);
    }
}

inline void goTemplate(std::string_view input) {
    const Templated given = templated(input, 2048);
    auto parsed = document::GoTemplate::parse("output", given.text);
    if (!parsed.ok()) return;
    for (const bool missing : {true, false}) {
        parsed->allowMissingKeys(missing);
        std::string first, second;
        const auto a = parsed->execute(given.data, first), b = parsed->execute(given.data, second);
        require(a.ok() == b.ok() && first == second);
    }
}

// The next activation is later than now, on a whole minute, and the one after it later still.
inline void cron(std::string_view text) {
    const auto schedule = api::parseCron(text.substr(0, 512));
    if (!schedule.ok()) return;
    constexpr std::int64_t kMinute = 60'000'000'000;
    std::int64_t now = 1'764'000'000'123'456'789;
    for (int i = 0; i < 3; ++i) {
        const auto next = schedule->next(now);
        if (!next) return;
        require(*next > now && (schedule->everyNanoseconds > 0 || *next % kMinute == 0));
        now = *next;
    }
}

} // namespace fuzz
