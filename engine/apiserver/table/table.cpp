// Tables: columns and rows. Source: kubernetes pkg/printers/internalversion, apimachinery meta/v1.Table.
#include "apiserver/table/rows.h"

#include "apiserver/core.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

Value columnValue(const api::Column& column) {
    return Value::object({{"name", column.name},
                          {"type", column.type},
                          {"format", column.format},
                          {"description", ""},
                          {"priority", column.priority}});
}

Value rowObject(const api::ResourceInfo& resource, const Value& object, std::string_view include) {
    if (include == "None") return {};
    if (include == "Object") return object;
    Value meta = object["metadata"];
    // Rows show the internal object, where this annotation is a field of the spec.
    if (resource.kind == "DaemonSet" && resource.group == "apps") {
        constexpr std::string_view kGeneration = "deprecated.daemonset.template.generation";
        const Value rest = meta["annotations"].without(kGeneration);
        meta = rest.size() == 0 ? meta.without("annotations") : meta.with("annotations", rest);
    }
    static const Value kKind("PartialObjectMetadata"), kVersion("meta.k8s.io/v1");
    return Value::object({{"kind", kKind}, {"apiVersion", kVersion}, {"metadata", meta}});
}

// Flow schemas are shown in the order in which they are tried.
std::vector<Value> inPrintOrder(const api::ResourceInfo& resource, std::vector<Value> objects) {
    if (resource.kind == "FlowSchema")
        std::stable_sort(objects.begin(), objects.end(), [](const Value& a, const Value& b) {
            return a.at("spec", "matchingPrecedence").asInt() < b.at("spec", "matchingPrecedence").asInt();
        });
    return objects;
}

} // namespace

Value makeTable(Core& core, const api::ResourceInfo& resource, const std::vector<Value>& objects,
                const Value& listMeta, std::string_view includeObject, bool withColumns) {
    document::ObjectBuilder table;
    table.set("kind", "Table").set("apiVersion", "meta.k8s.io/v1");
    table.set("metadata", listMeta.isNull() ? Value::object() : listMeta);
    document::ArrayBuilder columns;
    if (withColumns)
        for (const api::Column& column : resource.columns) columns.push(columnValue(column));
    table.set("columnDefinitions", withColumns ? std::move(columns).build() : Value());
    document::ArrayBuilder rows;
    for (const Value& object : inPrintOrder(resource, objects)) {
        std::vector<Value> cells = rowCells(core, resource, object);
        cells.resize(resource.columns.size());
        document::ObjectBuilder row;
        row.set("cells", Value::array(std::move(cells)));
        const Value shown = rowObject(resource, object, includeObject);
        row.set("object", shown);
        rows.push(std::move(row).build());
    }
    // The default convertor leaves the rows out, printers make an empty list.
    const bool plain = resource.columns.size() == 2 && resource.columns[1].name == "Created At";
    table.set("rows", objects.empty() && plain ? Value() : std::move(rows).build());
    return std::move(table).build();
}

} // namespace apiserver
