#pragma once
// The cells of one object's row, in the order of the resource's columns.

#include "api/kinds.h"
#include "document/value.h"

#include <string>
#include <vector>

namespace apiserver {

struct Core;

using Cells = std::vector<document::Value>;
Cells rowCells(Core& core, const api::ResourceInfo& resource, const document::Value& object);

// Null when the kind is not theirs.
Cells podCells(Core& core, const document::Value& pod);
Cells coreCells(Core& core, std::string_view kind, const document::Value& object);
Cells workloadCells(Core& core, std::string_view kind, const document::Value& object);
Cells groupCells(Core& core, std::string_view kind, const document::Value& object);
Cells moreCells(Core& core, std::string_view kind, const document::Value& object);
Cells customCells(Core& core, const api::ResourceInfo& resource, const document::Value& object);

// "<unknown>" when absent. Source: apimachinery duration.HumanDuration.
std::string age(Core& core, const document::Value& timestamp);
std::string humanDuration(std::int64_t seconds);
std::string orNone(const std::string& text);

} // namespace apiserver
