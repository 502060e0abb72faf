#pragma once
// How objects are printed: yaml, json, name, jsonpath, go-template, "deployment.apps/web created".
// Source: k8s.io/cli-runtime pkg/printers and pkg/genericclioptions.

#include "base/result.h"
#include "document/value.h"
#include "kubectl/core/mapper.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

class Session;

class ObjectPrinter {
public:
    virtual ~ObjectPrinter() = default;
    virtual base::Result<std::string> print(const document::Value& object) = 0;
};
using PrinterPtr = std::unique_ptr<ObjectPrinter>;

struct PrinterOptions {
    std::string operation;  // "created"; printed after the name when there is no -o
    bool typed = false;     // objects of Go types: struct order and empties in JSON and YAML
    bool custom = false;    // custom-columns and wide are among the formats that an error lists
    std::string output;     // the format; read from -o when empty
};

// The printer for -o, --template, --show-managed-fields of the command line.
base::Result<PrinterPtr> makePrinter(Session& session, PrinterOptions options);
// Only the machine-readable formats; null for "", "wide" and unknown ones.
base::Result<PrinterPtr> makeFormatPrinter(Session& session, const std::string& format, bool typed);

std::string objectName(const document::Value& object); // "deployment.apps/web"

// JSON text as Go's MarshalIndent of unstructured content (sorted, HTML escaped).
std::string indentedJson(const document::Value& object, std::string_view indent = "    ");
// Re-indents compact JSON text.
std::string indentJsonText(std::string_view compact, std::string_view indent = "    ");
document::Value withoutManagedFields(const document::Value& object);
// What a Go type of the kind prints though unset; other kinds stay.
document::Value filledByType(const document::Value& object);
std::string typedJson(const document::Value& object); // compact, struct order

base::Error unknownFormat(std::string_view format, bool custom);

enum class DryRun { None, Client, Server };
base::Result<DryRun> dryRunOf(Session& session);
std::string dryRunSuffix(DryRun mode); // " (dry run)"
// "Strict", "Warn" or "Ignore" from --validate.
base::Result<std::string> validationOf(Session& session);

base::Result<PrinterPtr> makeJsonPathPrinter(Session& session, std::string_view format,
                                             const std::string& text);
base::Result<PrinterPtr> makeTemplatePrinter(Session& session, const std::string& text);
base::Result<PrinterPtr> makeColumnsPrinter(Session& session, const std::string& spec, bool fromFile);

} // namespace kubectl
