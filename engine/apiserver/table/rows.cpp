#include "apiserver/table/rows.h"

#include "apiserver/core.h"

namespace apiserver {

using document::Value;

// Source: apimachinery util/duration HumanDuration.
std::string humanDuration(std::int64_t seconds) {
    if (seconds < -1) return "<invalid>";
    if (seconds < 0) return "0s";
    const auto text = [](std::int64_t n, const char* unit) { return std::to_string(n) + unit; };
    if (seconds < 120) return text(seconds, "s");
    const std::int64_t minutes = seconds / 60;
    if (minutes < 10) return text(minutes, "m") + (seconds % 60 == 0 ? "" : text(seconds % 60, "s"));
    if (minutes < 180) return text(minutes, "m");
    const std::int64_t hours = minutes / 60;
    if (hours < 8) return text(hours, "h") + (minutes % 60 == 0 ? "" : text(minutes % 60, "m"));
    if (hours < 48) return text(hours, "h");
    if (hours < 24 * 8) return text(hours / 24, "d") + (hours % 24 == 0 ? "" : text(hours % 24, "h"));
    if (hours < 24 * 365 * 2) return text(hours / 24, "d");
    if (hours < 24 * 365 * 8) {
        const std::int64_t days = hours / 24 % 365;
        return text(hours / 24 / 365, "y") + (days == 0 ? "" : text(days, "d"));
    }
    return text(hours / 24 / 365, "y");
}

std::string age(Core& core, const Value& timestamp) {
    const auto at = sim::parseRfc3339(timestamp.asString());
    if (!at) return "<unknown>";
    const std::int64_t passed = core.kernel.unixNow() - *at;
    return humanDuration(passed < 0 ? (passed + sim::kSecond > 0 ? -1 : passed / sim::kSecond) : passed / sim::kSecond);
}

std::string orNone(const std::string& text) { return text.empty() ? "<none>" : text; }

Cells rowCells(Core& core, const api::ResourceInfo& resource, const Value& object) {
    if (resource.custom) return customCells(core, resource, object);
    const std::string_view kind = resource.kind;
    if (kind == "Pod") return podCells(core, object);
    for (auto* cellsOf : {coreCells, workloadCells, groupCells, moreCells}) {
        Cells cells = cellsOf(core, kind, object);
        if (!cells.empty()) return cells;
    }
    Cells cells = {object["metadata"]["name"]};
    if (resource.columns.size() > 1 && resource.columns[1].name == "Created At")
        cells.push_back(object["metadata"]["creationTimestamp"]);
    else
        cells.push_back(age(core, object["metadata"]["creationTimestamp"]));
    return cells;
}

namespace {

// The simple paths of printer columns: .a.b, .a["b"], .a[0].b, .a[?(@.type=="x")].b
Value jsonPath(const Value& object, std::string_view path) {
    Value at = object;
    while (!path.empty()) {
        if (path[0] == '.') {
            path.remove_prefix(1);
            std::string name;
            std::size_t i = 0;
            while (i < path.size() && path[i] != '.' && path[i] != '[') {
                if (path[i] == '\\' && i + 1 < path.size()) ++i;
                name += path[i++];
            }
            path.remove_prefix(i);
            at = at[name];
            continue;
        }
        const auto end = path.find(']');
        if (path[0] != '[' || end == std::string_view::npos) return {};
        std::string_view inside = path.substr(1, end - 1);
        path.remove_prefix(end + 1);
        if (inside.starts_with("?(@.")) {
            const auto equals = inside.find("==");
            if (equals == std::string_view::npos) return {};
            const std::string_view key = inside.substr(4, equals - 4);
            std::string_view wanted = inside.substr(equals + 2);
            while (!wanted.empty() && (wanted[0] == '"' || wanted[0] == '\'' || wanted[0] == ' ')) wanted.remove_prefix(1);
            while (!wanted.empty() && (wanted.back() == ')' || wanted.back() == '"' || wanted.back() == '\'')) wanted.remove_suffix(1);
            Value found;
            for (const Value& item : at.items())
                if (found.isNull() && item[key].asString() == wanted) found = item;
            at = found;
        } else if (inside.starts_with('\'') || inside.starts_with('"')) {
            at = at[inside.substr(1, inside.size() - 2)];
        } else if (inside == "*") {
            at = at[0];
        } else {
            std::size_t index = 0;
            for (char c : inside) index = c >= '0' && c <= '9' ? index * 10 + static_cast<std::size_t>(c - '0') : index;
            at = at[index];
        }
    }
    return at;
}

} // namespace

// Source: apiextensions-apiserver pkg/registry/customresource/tableconvertor.
Cells customCells(Core& core, const api::ResourceInfo& resource, const Value& object) {
    Cells cells;
    for (const api::Column& column : resource.columns) {
        if (column.jsonPath.empty()) {
            cells.push_back(object["metadata"]["name"]);
            continue;
        }
        const Value value = jsonPath(object, column.jsonPath);
        if (value.isNull()) cells.push_back(Value());
        else if (column.type == "date") cells.push_back(age(core, value));
        else if (column.type == "integer" && value.isDouble())
            cells.push_back(static_cast<std::int64_t>(value.asDouble()));
        else cells.push_back(value);
    }
    return cells;
}

} // namespace apiserver
