#pragma once
// JSON text (RFC 8259) to values and back.

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>

namespace document {

// Limits for text from outside. Exceeding one is an error with a place, never a crash.
struct ReadLimits {
    std::size_t maxBytes = 3 * 1024 * 1024; // the API server's request limit
    std::size_t maxDepth = 200;
    std::size_t maxNodes = 400'000; // counted after alias expansion
    bool refuseDuplicateKeys = true;
};

// `source` names the text in errors ("pod.json:3:14: ..."); empty: "line 3, column 14: ...".
base::Result<Value> readJson(std::string_view text, std::string_view source = {},
                             const ReadLimits& limits = {});

// Compact as Go's encoding/json (HTML escapes \u003c \u003e \u0026 when `escapeHtml`).
std::string writeJson(const Value& value, bool escapeHtml = false);
// Indented as kubectl -o json: four spaces, `"key": value`, no trailing newline.
std::string writeJsonIndented(const Value& value, std::string_view indent = "    ");
// A number as Go prints a float64 in JSON.
std::string formatNumber(double number);

} // namespace document
