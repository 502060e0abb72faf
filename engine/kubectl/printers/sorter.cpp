#include "kubectl/printers/sorter.h"

#include "api/quantity.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "document/jsonpath.h"

#include <cctype>

namespace kubectl {

using document::Value;

namespace {

// Digits compare as numbers. Source: fvbommel/sortorder.NaturalLess.
bool naturalLess(std::string_view a, std::string_view b) {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        const bool digitA = std::isdigit(static_cast<unsigned char>(a[i]));
        const bool digitB = std::isdigit(static_cast<unsigned char>(b[j]));
        if (digitA != digitB) return digitA;
        if (!digitA) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i;
            ++j;
            continue;
        }
        while (i < a.size() && a[i] == '0') ++i;
        while (j < b.size() && b[j] == '0') ++j;
        std::size_t endA = i, endB = j;
        while (endA < a.size() && std::isdigit(static_cast<unsigned char>(a[endA]))) ++endA;
        while (endB < b.size() && std::isdigit(static_cast<unsigned char>(b[endB]))) ++endB;
        if (endA - i != endB - j) return endA - i < endB - j;
        const int order = a.substr(i, endA - i).compare(b.substr(j, endB - j));
        if (order != 0) return order < 0;
        i = endA;
        j = endB;
    }
    return a.size() - i < b.size() - j;
}

bool less(const Value& a, const Value& b) {
    if (a.isString() && b.isString()) {
        const auto qa = api::Quantity::parse(a.asString()), qb = api::Quantity::parse(b.asString());
        if (qa && qb) return *qa < *qb;
        return naturalLess(a.asString(), b.asString());
    }
    if (a.isNumber() && b.isNumber()) return a.asDouble() < b.asDouble();
    if (a.isBool() && b.isBool()) return !a.asBool() && b.asBool();
    return false;
}

struct Keyed {
    Value object, key;
};

// An item without the field comes before all, others without it included.
void sortKeyed(std::vector<Keyed>& keyed) {
    base::goSort(keyed, [](const Keyed& a, const Keyed& b) { return a.key.isNull() || less(a.key, b.key); });
}

base::Result<std::vector<Keyed>> keysOf(const std::vector<Value>& objects, const std::string& field) {
    BASE_TRY(const std::string path, document::relaxedJsonPath(field));
    BASE_TRY(document::JsonPath parsed, document::JsonPath::parse(path));
    parsed.allowMissingKeys(true);
    std::vector<Keyed> keyed;
    bool any = false;
    for (const Value& object : objects) {
        auto found = parsed.find(object);
        Value key;
        if (found.ok())
            for (const auto& values : found.value())
                if (key.isNull() && !values.empty()) {
                    key = values[0];
                    any = true;
                }
        keyed.push_back({object, key});
    }
    // Source: pkg/cmd/get/sorter.go, RuntimeSort.Less.
    for (const Keyed& item : keyed) {
        const Value& key = item.key;
        if (keyed.size() < 2 || key.isNull() || key.isString() || key.isNumber()) continue;
        const char* type = key.isBool() ? "bool" : key.isArray() ? "[]interface {}" : "map[string]interface {}";
        base::Error error = base::makeError("Field " + path + " in [][][]reflect.Value is an unsortable type: interface, err: unsortable type: " + type);
        error.reason = "Unsortable";
        return error;
    }
    if (!any && !objects.empty())
        return base::makeError("couldn't find any field with path " + base::quoteGo(path) +
                               " in the list of objects");
    return keyed;
}

} // namespace

base::Result<std::vector<Value>> sortObjects(std::vector<Value> objects, const std::string& field) {
    BASE_TRY(std::vector<Keyed> keyed, keysOf(objects, field));
    sortKeyed(keyed);
    std::vector<Value> out;
    for (Keyed& item : keyed) out.push_back(std::move(item.object));
    return out;
}

base::Result<Value> sortTable(const Value& table, const std::string& field) {
    std::vector<Value> objects;
    for (const Value& row : table["rows"].items()) objects.push_back(row["object"]);
    BASE_TRY(std::vector<Keyed> keyed, keysOf(objects, field));
    std::size_t index = 0;
    for (const Value& row : table["rows"].items()) keyed[index++].object = row;
    sortKeyed(keyed);
    std::vector<Value> rows;
    for (Keyed& item : keyed) rows.push_back(std::move(item.object));
    return table.with("rows", Value::array(std::move(rows)));
}

} // namespace kubectl
