#pragma once
// Tables from the server as text. Source: k8s.io/cli-runtime pkg/printers/tableprinter.go.

#include "document/value.h"

#include <string>
#include <vector>

namespace kubectl {

struct TableStyle {
    bool noHeaders = false, wide = false, withNamespace = false, withKind = false;
    bool showLabels = false;
    std::vector<std::string> labelColumns;
    std::string kindPrefix; // "deployment.apps/"
};

// Prints the tables of one kind; headers once. Cells end in tabs, lines in newlines.
class TableWriter {
public:
    explicit TableWriter(TableStyle style) : style_(std::move(style)) {}
    // `event`: the text of a leading EVENT column, when not null.
    std::string print(const document::Value& table, const std::string* event = nullptr);

private:
    TableStyle style_;
    document::Value lastColumns_;
    bool headersPrinted_ = false;
};

std::string formatLabels(const document::Value& labels); // "a=b,c=d" or "<none>"

} // namespace kubectl
