#pragma once
// Aligns tab-terminated cells in columns. Source: Go's text/tabwriter (elastic tab stops).

#include <cstddef>
#include <string>
#include <string_view>

namespace kubectl {

// A column is a run of adjacent lines that have a tab-terminated cell there.
std::string alignTabs(std::string_view text, std::size_t minWidth, std::size_t padding);
// As `kubectl get` prints tables.
inline std::string alignTable(std::string_view text) { return alignTabs(text, 6, 3); }
// As `kubectl describe` prints.
inline std::string alignDescription(std::string_view text) { return alignTabs(text, 0, 2); }
// Number of characters of UTF-8 text.
std::size_t runeCount(std::string_view text);

} // namespace kubectl
