#pragma once
// KYAML: YAML in flow style with quoted strings. Source: sigs.k8s.io/yaml/kyaml.

#include "document/value.h"

#include <string>

namespace kubectl {

std::string writeKyaml(const document::Value& object);

} // namespace kubectl
