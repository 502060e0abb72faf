#include "kubectl/printers/printer.h"

#include "api/kinds.h"
#include "base/strings.h"
#include "document/go_template.h"
#include "document/json.h"
#include "document/jsonpath.h"
#include "document/yaml.h"
#include "kubectl/core/session.h"
#include "kubectl/printers/kyaml.h"

namespace kubectl {

using document::Value;

namespace {

const api::ResourceInfo* builtinOf(const Value& object) {
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    const std::string group = gv.size() > 1 ? gv[0] : "";
    const std::string version = gv.size() > 1 ? gv[1] : gv[0];
    return api::builtinKinds().findByKind(group, version, object["kind"].asString());
}

base::Error missingKind() {
    return base::makeError("missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() "
                           "if you know the type");
}

bool isList(const Value& object) {
    return object["items"].isArray() && base::toLower(object["kind"].asString()).ends_with("list");
}

// What "get --watch --output-watch-events" hands to its printer has no kind of its own.
bool isWatchEvent(const Value& object) {
    return !object.has("kind") && object["type"].isString() && object["object"].isObject();
}

class TextPrinter : public ObjectPrinter {
public:
    TextPrinter(std::string format, bool typed, bool managed)
        : format_(std::move(format)), typed_(typed), managed_(managed) {}
    base::Result<std::string> print(const Value& object) override {
        if (isWatchEvent(object) && format_ == "json")
            return "{\"type\":" + document::writeJson(object["type"], true) +
                   ",\"object\":" + document::writeJson(object["object"], true) + "}\n";
        if (isWatchEvent(object) && format_ == "yaml")
            return std::string(count_++ > 0 ? "---\n" : "") + document::writeYaml(object);
        if (object["kind"].asString().empty() || object["apiVersion"].asString().empty())
            return missingKind();
        Value shown = managed_ ? object : withoutManagedFields(object);
        if (format_ == "json") {
            if (typed_) return indentJsonText(typedJson(filledByType(shown))) + "\n";
            return indentedJson(shown) + "\n";
        }
        if (typed_) shown = filledByType(shown);
        if (format_ == "kyaml") return writeKyaml(shown);
        return std::string(count_++ > 0 ? "---\n" : "") + document::writeYaml(shown);
    }

private:
    std::string format_;
    bool typed_, managed_;
    int count_ = 0;
};

class NamePrinter : public ObjectPrinter {
public:
    explicit NamePrinter(std::string operation) : operation_(std::move(operation)) {}
    base::Result<std::string> print(const Value& object) override {
        if (isList(object)) {
            std::string out;
            for (const Value& item : object["items"].items()) {
                BASE_TRY(const std::string line, print(item));
                out += line;
            }
            return out;
        }
        if (object["kind"].asString().empty()) return missingKind();
        return objectName(object) + (operation_.empty() ? "" : " " + operation_) + "\n";
    }

private:
    std::string operation_;
};

class JsonPathPrinter : public ObjectPrinter {
public:
    JsonPathPrinter(document::JsonPath path, std::string raw, bool asJson, bool typed)
        : path_(std::move(path)), raw_(std::move(raw)), asJson_(asJson), typed_(typed) {}
    base::Result<std::string> print(const Value& object) override {
        const Value data = typed_ ? filledByType(object) : object;
        auto text = path_.print(data, asJson_);
        if (text.ok()) return text;
        return base::makeError(
            "error executing jsonpath " + base::quoteGo(raw_) + ": Error executing template: " +
            text.error().message + ". Printing more information for debugging the template:\n" +
            "\ttemplate was:\n\t\t" + raw_ + "\n\tobject given to jsonpath engine was:\n\t\t" +
            document::formatGoSyntax(data) + "\n\n\n");
    }

private:
    document::JsonPath path_;
    std::string raw_;
    bool asJson_, typed_;
};

class TemplatePrinter : public ObjectPrinter {
public:
    TemplatePrinter(Session& session, document::GoTemplate text, std::string raw, bool typed)
        : session_(session), template_(std::move(text)), raw_(std::move(raw)), typed_(typed) {}
    base::Result<std::string> print(const Value& given) override {
        std::string partial;
        const Value object = typed_ ? filledByType(given) : given;
        auto text = template_.execute(object, partial);
        if (text.ok()) return text;
        // Source: cli-runtime printers/template.go: the details go to standard output.
        session_.out(partial);
        session_.out("Error executing template: " + text.error().message +
                     ". Printing more information for debugging the template:\n\ttemplate was:\n\t\t" +
                     raw_ + "\n\traw data was:\n\t\t" + document::writeJson(object, true) +
                     "\n\tobject given to template engine was:\n\t\t" +
                     document::formatGoValue(object) + "\n\n");
        return base::makeError("error executing template " + base::quoteGo(raw_) + ": " +
                               text.error().message);
    }

private:
    Session& session_;
    document::GoTemplate template_;
    std::string raw_;
    bool typed_;
};

bool missingAllowed(Session& session) {
    return !session.flags.known("allow-missing-template-keys") ||
           session.flags.on("allow-missing-template-keys");
}

base::Result<std::string> templateFile(Session& session, const std::string& path) {
    auto read = session.readFile(path);
    if (read.ok()) return read;
    return base::makeError("error reading --template " + path + ", " + read.error().message + "\n");
}

base::Result<PrinterPtr> jsonPathPrinter(Session& session, std::string_view format, const std::string& given, bool typed) {
    if (given.empty()) return base::makeError("template format specified but no template given");
    std::string text = given;
    if (format == "jsonpath-file") {
        BASE_TRY(text, templateFile(session, given));
    }
    auto parsed = document::JsonPath::parse(text);
    if (!parsed.ok())
        return base::makeError("error parsing jsonpath " + text + ", " + parsed.error().message);
    parsed->allowMissingKeys(missingAllowed(session));
    return PrinterPtr(std::make_unique<JsonPathPrinter>(std::move(parsed).value(), text, format == "jsonpath-as-json", typed));
}

base::Result<PrinterPtr> templatePrinter(Session& session, const std::string& text, bool typed) {
    auto parsed = document::GoTemplate::parse("output", text);
    if (!parsed.ok())
        return base::makeError("error parsing template " + text + ", " + parsed.error().message);
    parsed->allowMissingKeys(missingAllowed(session));
    return PrinterPtr(std::make_unique<TemplatePrinter>(session, std::move(parsed).value(), text, typed));
}

// "jsonpath={.x}" and the like: the format's name, and its template, from -o or --template.
base::Result<PrinterPtr> templateFormat(Session& session, const std::string& format, bool typed) {
    const auto equals = format.find('=');
    const std::string name = format.substr(0, equals);
    std::string text = equals == std::string::npos ? std::string{} : format.substr(equals + 1);
    if (text.empty() && session.flags.known("template")) text = session.flags.text("template");
    if (name == "jsonpath" || name == "jsonpath-file" || name == "jsonpath-as-json")
        return jsonPathPrinter(session, name, text, typed);
    if (name == "go-template" || name == "template" || name == "go-template-file" ||
        name == "templatefile") {
        if (text.empty()) return base::makeError("template format specified but no template given");
        if (name.ends_with("file")) {
            BASE_TRY(text, templateFile(session, text));
        }
        return templatePrinter(session, text, typed);
    }
    return PrinterPtr();
}

} // namespace

std::string objectName(const Value& object) {
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    std::string name = object.at("metadata", "name").text();
    if (name.empty()) name = "<unknown>";
    std::string out = base::toLower(object["kind"].asString());
    if (gv.size() > 1) out += "." + gv[0];
    return out + "/" + name;
}

Value withoutManagedFields(const Value& object) {
    Value out = object;
    if (out["metadata"].has("managedFields")) out = out.withoutPath({"metadata", "managedFields"});
    if (isList(out)) {
        std::vector<Value> items;
        for (const Value& item : out["items"].items()) items.push_back(withoutManagedFields(item));
        out = out.with("items", Value::array(std::move(items)));
    }
    return out;
}

Value filledByType(const Value& object) {
    const api::ResourceInfo* info = builtinOf(object);
    return info == nullptr ? object : api::fillRequired(*info, object);
}
// Items of a typed list have no kind of their own.
static std::string typedListJson(const api::ResourceInfo& item, const Value& list) {
    std::string out = "{\"kind\":" + document::writeJson(list["kind"]) + ",\"apiVersion\":" + document::writeJson(list["apiVersion"]) +
                      ",\"metadata\":" + document::writeJson(list["metadata"], true) + ",\"items\":[";
    bool first = true;
    for (const Value& object : list["items"].items()) {
        out += (first ? "" : ",") + api::writeOrderedJson(item, api::fillRequired(item, object.without("kind").without("apiVersion")));
        first = false;
    }
    return out + "]}";
}
std::string typedJson(const Value& object) {
    if (isList(object)) {
        const std::string kind = object["kind"].text();
        if (const api::ResourceInfo* item = builtinOf(object.with("kind", kind.substr(0, kind.size() - 4)))) return typedListJson(*item, object);
    }
    const api::ResourceInfo* info = builtinOf(object);
    if (info != nullptr) return api::writeOrderedJson(*info, object);
    // Bodies of subresources have a type though they are no resources.
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    if (gv.size() < 2) return document::writeJson(object, true);
    api::ResourceInfo made;
    made.group = gv[0];
    made.version = gv[1];
    made.kind = object["kind"].text();
    made.type = api::builtinKinds().type(base::splitLimited(gv[0], '.', 2)[0] + "." + gv[1] + "." + made.kind);
    return made.type == nullptr ? document::writeJson(object, true) : api::writeOrderedJson(made, object);
}

std::string indentJsonText(std::string_view compact, std::string_view indent) {
    std::string out;
    int depth = 0;
    const auto newline = [&] {
        out += '\n';
        for (int i = 0; i < depth; ++i) out += indent;
    };
    bool inString = false;
    for (std::size_t i = 0; i < compact.size(); ++i) {
        const char c = compact[i];
        if (inString) {
            out += c;
            if (c == '\\') out += compact[++i];
            else if (c == '"') inString = false;
            continue;
        }
        switch (c) {
        case '"':
            inString = true;
            out += c;
            break;
        case '{': case '[':
            out += c;
            if (i + 1 < compact.size() && (compact[i + 1] == '}' || compact[i + 1] == ']')) {
                out += compact[++i];
            } else {
                ++depth;
                newline();
            }
            break;
        case '}': case ']':
            --depth;
            newline();
            out += c;
            break;
        case ',':
            out += c;
            newline();
            break;
        case ':': out += ": "; break;
        case ' ': case '\n': case '\t': case '\r': break;
        default: out += c;
        }
    }
    return out;
}
std::string indentedJson(const Value& object, std::string_view indent) {
    return indentJsonText(document::writeJson(object, true), indent);
}

base::Error unknownFormat(std::string_view format, bool custom) {
    const std::string formats =
        custom ? "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,"
                 "jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml"
               : "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,"
                 "name,template,templatefile,yaml";
    return base::makeError("unable to match a printer suitable for the output format " +
                           base::quoteGo(format) + ", allowed formats are: " + formats);
}

base::Result<PrinterPtr> makeJsonPathPrinter(Session& session, std::string_view format,
                                             const std::string& text) {
    return jsonPathPrinter(session, format, text, false);
}
base::Result<PrinterPtr> makeTemplatePrinter(Session& session, const std::string& text) {
    return templatePrinter(session, text, false);
}

base::Result<PrinterPtr> makeFormatPrinter(Session& session, const std::string& format, bool typed) {
    const bool managed = session.flags.known("show-managed-fields") &&
                         session.flags.on("show-managed-fields");
    const std::string lower = base::toLower(format);
    if (lower == "json" || lower == "yaml" || lower == "kyaml")
        return PrinterPtr(std::make_unique<TextPrinter>(lower, typed, managed));
    if (lower == "name") return PrinterPtr(std::make_unique<NamePrinter>(""));
    return templateFormat(session, format, typed);
}

base::Result<PrinterPtr> makePrinter(Session& session, PrinterOptions options) {
    std::string format = options.output;
    if (format.empty() && session.flags.known("output")) format = session.flags.text("output");
    if (format.empty() && session.flags.known("template") && !session.flags.text("template").empty())
        format = "go-template";
    if (format.empty()) return PrinterPtr(std::make_unique<NamePrinter>(options.operation));
    BASE_TRY(PrinterPtr made, makeFormatPrinter(session, format, options.typed));
    if (made) return made;
    return unknownFormat(format, options.custom);
}

base::Result<DryRun> dryRunOf(Session& session) {
    if (!session.flags.known("dry-run")) return DryRun::None;
    const std::string text = session.flags.text("dry-run");
    if (text == "client") return DryRun::Client;
    if (text == "server") return DryRun::Server;
    if (text == "none") return DryRun::None;
    if (text == "unchanged") {
        session.errOnce(klogLine(session, 'W', "helpers.go:719",
                             "--dry-run is deprecated and can be replaced with --dry-run=client."));
        return DryRun::Client;
    }
    if (auto flag = parseBoolFlag(text); flag.ok()) {
        session.errOnce(klogLine(session, 'W', "helpers.go:733",
                             "--dry-run=" + text + " is deprecated (boolean value) and can be "
                             "replaced with --dry-run=" + (flag.value() ? "client" : "none") + "."));
        return flag.value() ? DryRun::Client : DryRun::None;
    }
    return base::makeError("Invalid dry-run value (" + text +
                           "). Must be \"none\", \"server\", or \"client\".");
}

std::string dryRunSuffix(DryRun mode) {
    switch (mode) {
    case DryRun::Client: return " (dry run)";
    case DryRun::Server: return " (server dry run)";
    case DryRun::None: break;
    }
    return {};
}

base::Result<std::string> validationOf(Session& session) {
    if (!session.flags.known("validate")) return std::string("Ignore");
    const std::string text = session.flags.text("validate");
    if (text == "strict") return std::string("Strict");
    if (text == "warn") return std::string("Warn");
    if (text == "ignore") return std::string("Ignore");
    auto flag = parseBoolFlag(text);
    if (!flag.ok())
        return base::makeError("invalid - validate option " + base::quoteGo(text) +
                               "; must be one of: strict (or true), warn, ignore (or false)");
    return std::string(flag.value() ? "Strict" : "Ignore");
}

} // namespace kubectl
