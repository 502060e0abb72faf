#pragma once
// How a plain YAML scalar is understood, as go-yaml v2 does (YAML 1.1 booleans, octal and binary
// integers, no base-60). Shared by the reader and the writer, which quotes what would not read back
// as a string. Source: go.yaml.in/yaml/v2 resolve.go.

#include "document/value.h"

#include <string>
#include <string_view>

namespace document {

enum class ScalarTag { String, Bool, Null, Int, Float, Timestamp, Merge };

struct ResolvedScalar {
    ScalarTag tag = ScalarTag::String;
    Value value; // the string itself for String and Timestamp
};

ResolvedScalar resolveScalar(std::string_view text);
bool looksLikeBase60(std::string_view text);
// Go's strconv.FormatFloat(number, 'g', -1, bits).
std::string formatFloatGeneral(double number, int bits = 64);

} // namespace document
