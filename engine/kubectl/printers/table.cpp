#include "kubectl/printers/table.h"

#include "base/strings.h"
#include "document/jsonpath.h"

#include <algorithm>
#include <cstdio>

namespace kubectl {

using document::Value;

namespace {

// Terminal control characters are shown, not sent.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\x1b') out += "^[";
        else if (c == '\r') out += "\\r";
        else out += c;
    }
    return out;
}

std::string cellText(const Value& cell) {
    if (cell.isNull()) return {};
    if (!cell.isString()) return document::formatGoValue(cell);
    const std::string_view text = cell.asString();
    const auto stop = text.find_first_of("\f\n\r");
    if (stop == std::string_view::npos) return escaped(text);
    return escaped(text.substr(0, stop)) + "...";
}

std::string labelHeader(const std::string& label) {
    const auto slash = label.rfind('/');
    return base::toUpper(slash == std::string::npos ? label : label.substr(slash + 1));
}

} // namespace

std::string formatLabels(const Value& labels) {
    // The pairs are sorted, not the keys: "a-b=..." comes before "a=...".
    std::vector<std::string> pairs;
    for (const document::Member& member : labels.members())
        pairs.push_back(member.key.text() + "=" + member.value.text());
    std::sort(pairs.begin(), pairs.end());
    return pairs.empty() ? "<none>" : base::join(pairs, ",");
}

std::string TableWriter::print(const Value& table, const std::string* event) {
    const Value& given = table["columnDefinitions"];
    bool headers = !style_.noHeaders;
    if (headersPrinted_ && (given.size() == 0 || given == lastColumns_)) headers = false;
    if (given.size() > 0) lastColumns_ = given;
    const auto rows = table["rows"].items();
    if (rows.empty()) return {};
    headersPrinted_ = true;
    const auto columns = lastColumns_.items();
    const auto shown = [&](const Value& column) {
        return style_.wide || column["priority"].asInt() == 0;
    };
    std::string out;
    if (headers) {
        std::vector<std::string> names;
        if (event != nullptr) names.emplace_back("EVENT");
        if (style_.withNamespace) names.emplace_back("NAMESPACE");
        for (const Value& column : columns)
            if (shown(column)) names.push_back(base::toUpper(column["name"].asString()));
        for (const std::string& label : style_.labelColumns) names.push_back(labelHeader(label));
        if (style_.showLabels) names.emplace_back("LABELS");
        out += base::join(names, "\t") + "\n";
    }
    for (const Value& row : rows) {
        std::vector<std::string> cells;
        const Value& metadata = row.at("object", "metadata");
        if (event != nullptr) cells.push_back(*event);
        if (style_.withNamespace) cells.push_back(metadata["namespace"].text());
        for (std::size_t i = 0; i < row["cells"].size() && i < columns.size(); ++i) {
            if (!shown(columns[i])) continue;
            std::string text = cellText(row["cells"][i]);
            if (style_.withKind && columns[i]["format"].asString() == "name" &&
                columns[i]["type"].asString() == "string")
                text = style_.kindPrefix + text;
            cells.push_back(std::move(text));
        }
        for (const std::string& label : style_.labelColumns) {
            cells.push_back(metadata["labels"][label].text());
        }
        if (style_.showLabels) cells.push_back(formatLabels(metadata["labels"]));
        out += base::join(cells, "\t") + "\n";
    }
    return out;
}

} // namespace kubectl
