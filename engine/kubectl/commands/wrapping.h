#pragma once
// Breaking of texts into lines. Source: mitchellh/go-wordwrap; k8s.io/kubectl pkg/explain/formatter.go.

#include <string>
#include <vector>

namespace kubectl {

std::string wrapWords(const std::string& text, std::size_t width);
// Keeps lists, code and blank lines apart.
std::vector<std::string> wrapParagraphs(const std::string& text, std::size_t width);

} // namespace kubectl
