#pragma once
// What every fuzz target does with one input; the unit tests run the same over a small corpus.

#include "api/label_selector.h"
#include "api/protobuf.h"
#include "api/quantity.h"
#include "api/selector.h"
#include "document/json.h"
#include "document/patch.h"
#include "document/yaml.h"
#include "document/yaml_diagnosis.h"

#include <cstdlib>
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
    (void)document::diagnoseYaml(text);
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

} // namespace fuzz
