#pragma once
// Reads the plain part of YAML that nearly every manifest keeps to: block mappings and sequences of one-line
// scalars, with comments. Nothing for any other text, however slightly it differs: the full reader, which
// also finds the words for errors, is ten times slower.

#include "document/yaml.h"

#include <optional>

namespace document {

std::optional<YamlDocument> readPlainYaml(std::string_view text, const ReadLimits& limits, bool wantPositions);

} // namespace document
