#pragma once
// --sort-by. Source: k8s.io/kubectl pkg/cmd/get/sorter.go.

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <vector>

namespace kubectl {

// Sorts by the value at a relaxed JSONPath. Errors when no object has it.
base::Result<std::vector<document::Value>> sortObjects(std::vector<document::Value> objects,
                                                       const std::string& field);
// Sorts the rows of a Table by the objects that they carry.
base::Result<document::Value> sortTable(const document::Value& table, const std::string& field);

} // namespace kubectl
