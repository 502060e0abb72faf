#pragma once
// Where and why a text could not be read, in two voices: ours ("pod.yaml:3:14: ...", for packs and
// settings) and Go's ("yaml: line 4: did not find expected key", for kubectl and the API server).

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace document {

struct TextErrorDetail : base::ErrorDetail {
    std::string goText; // as the Go library says it, with its own idea of the line
    int line = 0, column = 0;
    std::size_t offset = 0; // JSON: bytes read when the error was seen, as Go counts them
};

// Builds "source:line:column: text", or "line 3, column 14: text" without a source.
base::Error textError(std::string_view source, int line, int column, std::string text,
                      std::string goText, std::size_t offset = 0);
// The Go text of an error made by readJson or readYaml; the message of any other error.
std::string goErrorText(const base::Error& error);
const TextErrorDetail* textErrorDetail(const base::Error& error);

} // namespace document
