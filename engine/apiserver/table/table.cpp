// Tables: columns and rows. Source: kubernetes pkg/printers/internalversion, apimachinery meta/v1.Table.
#include "apiserver/table/rows.h"

#include "apiserver/core.h"

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

Value rowObject(const Value& object, std::string_view include) {
    if (include == "None") return {};
    if (include == "Object") return object;
    return Value::object({{"kind", "PartialObjectMetadata"},
                          {"apiVersion", "meta.k8s.io/v1"},
                          {"metadata", object["metadata"]}});
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
    for (const Value& object : objects) {
        std::vector<Value> cells = rowCells(core, resource, object);
        cells.resize(resource.columns.size());
        document::ObjectBuilder row;
        row.set("cells", Value::array(std::move(cells)));
        const Value shown = rowObject(object, includeObject);
        row.set("object", shown);
        rows.push(std::move(row).build());
    }
    table.set("rows", std::move(rows).build());
    return std::move(table).build();
}

} // namespace apiserver
