// -o custom-columns. Source: k8s.io/kubectl pkg/cmd/get/customcolumn.go.
#include "base/strings.h"
#include "document/jsonpath.h"
#include "kubectl/core/session.h"
#include "kubectl/printers/printer.h"
#include "kubectl/printers/tab_writer.h"

namespace kubectl {

using document::Value;

namespace {

struct Column {
    std::string header;
    document::JsonPath path;
};

class ColumnsPrinter : public ObjectPrinter {
public:
    ColumnsPrinter(Session& session, std::vector<Column> columns, bool headers)
        : session_(session), columns_(std::move(columns)), headers_(headers) {}
    base::Result<std::string> print(const Value& object) override {
        std::string text;
        if (headers_ && !printed_) {
            std::vector<std::string> names;
            for (const Column& column : columns_) names.push_back(column.header);
            text += base::join(names, "\t") + "\n";
            printed_ = true;
        }
        if (object["items"].isArray()) {
            for (const Value& item : object["items"].items()) {
                base::Status added = addRow(item, text);
                if (!added.ok()) return failed(text, added.error());
            }
        } else if (base::Status added = addRow(object, text); !added.ok()) {
            return failed(text, added.error());
        }
        return alignTable(text);
    }

private:
    // What was printed before the failure stays.
    base::Error failed(const std::string& text, const base::Error& error) {
        session_.out(alignTable(text));
        return error;
    }
    base::Status addRow(const Value& object, std::string& text) const {
        std::vector<std::string> cells;
        for (const Column& column : columns_) {
            auto found = column.path.find(object);
            std::vector<std::string> values;
            if (!found.ok()) return found.error();
            for (const auto& list : found.value())
                for (const Value& value : list) values.push_back(document::formatGoValue(value));
            cells.push_back(values.empty() ? "<none>" : base::join(values, ","));
        }
        text += base::join(cells, "\t") + "\n";
        return base::okStatus();
    }
    Session& session_;
    std::vector<Column> columns_;
    bool headers_;
    bool printed_ = false;
};

base::Status addColumn(std::vector<Column>& columns, const std::string& header, const std::string& spec) {
    BASE_TRY(const std::string path, document::relaxedJsonPath(spec));
    BASE_TRY(document::JsonPath parsed, document::JsonPath::parse(path));
    parsed.allowMissingKeys(true);
    columns.push_back({header, std::move(parsed)});
    return base::okStatus();
}

} // namespace

base::Result<PrinterPtr> makeColumnsPrinter(Session& session, const std::string& spec, bool fromFile) {
    if (spec.empty())
        return base::makeError("custom-columns format specified but no custom columns given");
    std::vector<Column> columns;
    if (fromFile) {
        auto text = session.readFile(spec);
        if (!text.ok())
            return base::makeError("error reading template " + spec + ", " + text.error().message + "\n");
        const auto lines = base::splitLines(text.value());
        if (lines.size() < 2)
            return base::makeError("invalid template, missing " + std::string(lines.empty() ? "header" : "spec") +
                                   " line. Expected format is one line of space separated headers, one "
                                   "line of space separated column specs.");
        const auto headers = base::splitFields(lines[0]), specs = base::splitFields(lines[1]);
        if (headers.size() != specs.size())
            return base::makeError("number of headers (" + std::to_string(headers.size()) +
                                   ") and field specifications (" + std::to_string(specs.size()) +
                                   ") don't match");
        for (std::size_t i = 0; i < headers.size(); ++i) BASE_CHECK(addColumn(columns, headers[i], specs[i]));
    } else {
        for (const std::string& part : base::split(spec, ',')) {
            const auto colon = part.find(':');
            if (colon == std::string::npos)
                return base::makeError("unexpected custom-columns spec: " + part +
                                       ", expected <header>:<json-path-expr>");
            BASE_CHECK(addColumn(columns, part.substr(0, colon), part.substr(colon + 1)));
        }
    }
    const bool headers = !session.flags.known("no-headers") || !session.flags.on("no-headers");
    return PrinterPtr(std::make_unique<ColumnsPrinter>(session, std::move(columns), headers));
}

} // namespace kubectl
