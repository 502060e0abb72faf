// Source: k8s.io/kubectl pkg/cmd/explain, pkg/explain (the older layout), pkg/explain/v2.
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/wrapping.h"

#include <set>

namespace kubectl {

using document::Value;

namespace {

std::string indented(std::size_t width, const std::string& text) {
    const std::string pad(width, ' ');
    return pad + base::replaceAll(text, "\n", "\n" + pad);
}

// Schemas of one group and version, and what is told about them.
class Schemas {
public:
    explicit Schemas(Value document) : document_(std::move(document)) {}

    const Value& resolved(const Value& schema) const {
        const std::string_view name = referred(schema);
        const Value& found = document_.at("components", "schemas")[name];
        return name.empty() || found.isNull() ? schema : found;
    }
    static std::string_view referred(const Value& schema) {
        std::string_view name = schema["$ref"].asString();
        const auto slash = name.rfind('/');
        return slash == std::string_view::npos ? name : name.substr(slash + 1);
    }
    const Value& document() const { return document_; }

    std::string typeOf(const Value& schema) const {
        if (!schema["items"].isNull()) return "[]" + typeOf(schema["items"]);
        if (schema["additionalProperties"].isObject()) return "map[string]" + typeOf(schema["additionalProperties"]);
        const Value& all = schema["allOf"];
        if (all.size() == 1 && schema["properties"].size() == 0) return typeOf(all[0]);
        const std::string type = schema["type"].text();
        if (schema["$ref"].isNull()) return type.empty() || type == "object" ? "Object" : type;
        const std::string target = resolved(schema)["type"].text();
        if (&resolved(schema) != &schema && !target.empty() && target != "object") return target;
        const std::string_view name = referred(schema);
        const auto dot = name.rfind('.');
        return std::string(dot == std::string_view::npos ? name : name.substr(dot + 1));
    }

    // A schema's text, then those of what it stands for.
    std::string descriptionOf(const Value& schema) const {
        const Value& it = resolved(schema);
        std::string out;
        if (!it["description"].asString().empty()) out += it["description"].text() + "\n";
        for (const Value& item : it["allOf"].items()) out += descriptionOf(item);
        if (!it["items"].isNull()) out += descriptionOf(it["items"]);
        if (it["additionalProperties"].isObject()) out += descriptionOf(it["additionalProperties"]);
        return out;
    }

private:
    Value document_;
};

std::string enumOf(const Value& schema, bool longView, std::size_t indent) {
    const Value& values = schema["enum"];
    if (values.size() == 0) return {};
    std::string out = longView ? "ENUM:" : "\n" + std::string(indent, ' ') + "enum: ";
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!longView && i >= 4) return out + ", ....";
        if (longView) out += "\n    ";
        else if (i > 0) out += ", ";
        const std::string text = values[i].text();
        out += text.empty() ? "\"\"" : text;
    }
    return out;
}

bool requires_(const Value& schema, std::string_view name) {
    for (const Value& item : schema["required"].items())
        if (item.asString() == name) return true;
    return false;
}

class PlainText {
public:
    PlainText(const Schemas& schemas, bool recursive) : schemas_(schemas), recursive_(recursive) {}

    // Empty when the path leads nowhere.
    std::string output(const Value& schema, const std::vector<std::string>& path, std::size_t at, std::set<std::string> seen) {
        const std::string name(Schemas::referred(schema));
        const Value& it = schemas_.resolved(schema);
        if (at == path.size()) return whole(it);
        if (!name.empty() && !seen.insert(name).second) return {};
        if (const Value& field = it["properties"][path[at]]; !field.isNull()) {
            std::string head;
            if (at + 1 == path.size())
                head = "FIELD: " + path[at] + " <" + schemas_.typeOf(field) + ">\n" + enumOf(field, true, 0) + "\n\n";
            return head + output(field, path, at + 1, {});
        }
        if (!it["items"].isNull()) return output(it["items"], path, at, seen);
        if (it["additionalProperties"].isObject()) return output(it["additionalProperties"], path, at, seen);
        for (const Value& item : it["allOf"].items())
            if (std::string text = output(item, path, at, seen); !text.empty()) return text;
        return {};
    }

private:
    std::string whole(const Value& schema) {
        std::string text = schemas_.descriptionOf(schema);
        if (text.empty()) text = "<empty>";
        std::string out = "DESCRIPTION:\n" + indented(4, wrapWords(text, 76)) + "\n";
        if (const std::string fields = fieldList(schema, 1, {}); !fields.empty()) out += "FIELDS:\n" + fields;
        return out;
    }
    std::string fieldList(const Value& schema, std::size_t level, std::set<std::string> seen) {
        const std::string name(Schemas::referred(schema));
        if (!name.empty() && !seen.insert(name).second) return {};
        const Value& it = schemas_.resolved(schema);
        std::string out;
        for (const document::Member& member : it["properties"].members()) {
            out += fieldDetail(it, member.key.text(), member.value, level);
            if (recursive_) out += fieldList(member.value, level + 1, seen);
        }
        for (const Value& item : it["allOf"].items()) out += fieldList(item, level, seen);
        if (!it["items"].isNull()) out += fieldList(it["items"], level, seen);
        if (it["additionalProperties"].isObject()) out += fieldList(it["additionalProperties"], level, seen);
        return out;
    }
    std::string fieldDetail(const Value& owner, const std::string& name, const Value& field, std::size_t level) {
        const std::size_t indent = 2 * level;
        std::string out = indented(indent, name) + "\t<" + schemas_.typeOf(field) + ">";
        if (requires_(owner, name)) out += " -required-";
        out += enumOf(field, false, indent) + "\n";
        if (recursive_) return out;
        std::string text = field["description"].text();
        if (text.empty()) text = "<no description>";
        return out + indented(indent + 2, wrapWords(text, 78 - indent)) + "\n\n";
    }

    const Schemas& schemas_;
    bool recursive_;
};

// The layout of before 1.27.
class OldText {
public:
    OldText(const Schemas& schemas, bool recursive) : schemas_(schemas), recursive_(recursive) {}

    base::Result<std::string> print(const Mapping& mapping, const Value& root, const std::vector<std::string>& path) {
        const Value* at = &root;
        std::vector<std::string> texts;
        for (const std::string& name : path) {
            const Value* next = fieldOf(*at, name);
            if (next == nullptr) return base::makeError("field " + base::quoteGo(name) + " does not exist");
            at = next;
        }
        std::string out = "KIND:     " + mapping.kind + "\nVERSION:  " + mapping.apiVersion() + "\n\n";
        const Value& body = bodyOf(*at, texts);
        const bool fields = body["properties"].size() > 0;
        if (!path.empty())
            out += (fields ? "RESOURCE: " : "FIELD:    ") + path.back() + " <" + typeOf(*at) + ">\n\n";
        out += "DESCRIPTION:\n";
        bool first = true;
        for (const std::string& text : texts) {
            if (text.empty()) continue;
            if (!first) out += "\n";
            first = false;
            out += wrapped(text, 5);
        }
        if (first) out += "     <empty>\n";
        if (fields) out += "\nFIELDS:\n" + fieldList(body, 3, {});
        return out;
    }

private:
    // What a chain of references, lists and maps is about; the texts on the way.
    const Value& bodyOf(const Value& schema, std::vector<std::string>& texts) const {
        texts.push_back(schema["description"].text());
        if (!schema["$ref"].isNull() && &schemas_.resolved(schema) != &schema) return bodyOf(schemas_.resolved(schema), texts);
        if (schema["allOf"].size() == 1) return bodyOf(schema["allOf"][0], texts);
        if (!schema["items"].isNull()) return bodyOf(schema["items"], texts);
        if (schema["additionalProperties"].isObject()) return bodyOf(schema["additionalProperties"], texts);
        return schema;
    }
    const Value* fieldOf(const Value& schema, const std::string& name) const {
        std::vector<std::string> unused;
        const Value& field = bodyOf(schema, unused)["properties"][name];
        return field.isNull() ? nullptr : &field;
    }
    std::string typeOf(const Value& schema) const {
        if (!schema["items"].isNull()) return "[]" + typeOf(schema["items"]);
        if (schema["additionalProperties"].isObject()) return "map[string]" + typeOf(schema["additionalProperties"]);
        if (schema["allOf"].size() == 1) return typeOf(schema["allOf"][0]);
        const std::string type = schemas_.resolved(schema)["type"].text();
        return type.empty() ? "string" : type == "object" ? "Object" : type;
    }
    static std::string wrapped(const std::string& text, std::size_t indent) {
        std::string out;
        for (const std::string& line : wrapParagraphs(text, 80 - indent)) out += (line.empty() ? "" : std::string(indent, ' ') + line) + "\n";
        return out;
    }
    std::string fieldList(const Value& body, std::size_t indent, std::set<const Value*> seen) const {
        if (!seen.insert(&body).second) return {};
        std::string out;
        for (const document::Member& member : body["properties"].members()) {
            const std::string name = member.key.text();
            out += std::string(indent, ' ') + name + "\t<" + typeOf(member.value) + ">";
            if (recursive_) {
                std::vector<std::string> unused;
                out += "\n" + fieldList(bodyOf(member.value, unused), indent + 3, seen);
                continue;
            }
            out += std::string(requires_(body, name) ? " -required-" : "") + "\n";
            out += wrapped(member.value["description"].text(), indent + 2) + "\n";
        }
        return out;
    }

    const Schemas& schemas_;
    bool recursive_;
};

struct Wanted {
    const Mapping* mapping = nullptr;
    std::vector<std::string> path;
};

// "deployments.apps.spec" names a resource of a group; "deploy.spec" any.
base::Result<Wanted> parseTarget(const Mapper& mapper, const std::string& text, bool byGroup) {
    const std::string plain = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
    std::vector<std::string> parts = base::split(plain, '.');
    if (parts[0].empty() || plain.find('[') != std::string::npos)
        return base::makeError("invalid jsonpath syntax, first node must be field node");
    Wanted out;
    const Mapping* found = mapper.find(parts[0]);
    if (found == nullptr) return exitError(1, "the server doesn't have a resource type " + base::quoteGo(parts[0]));
    out.mapping = found;
    std::size_t used = 1;
    if (byGroup)
        for (const Mapping& mapping : mapper.all()) {
            const bool named = mapping.plural == found->plural || mapping.singular == parts[0] || mapping.plural == parts[0];
            if (!named || !mapping.preferred || !plain.starts_with(mapping.groupResource())) continue;
            out.mapping = &mapping;
            used = base::split(mapping.groupResource(), '.').size();
            break;
        }
    out.path.assign(parts.begin() + static_cast<std::ptrdiff_t>(std::min(used, parts.size())), parts.end());
    return out;
}

const Value* kindOfPath(const Value& document, const Mapping& mapping) {
    const std::string prefix = (mapping.group.empty() ? "/api/" : "/apis/" + mapping.group + "/") + mapping.version;
    for (const std::string& path : {prefix + "/" + mapping.plural, prefix + "/" + mapping.plural + "/{name}",
                                    prefix + "/namespaces/{namespace}/" + mapping.plural,
                                    prefix + "/namespaces/{namespace}/" + mapping.plural + "/{name}"})
        for (const char* method : {"get", "post", "put", "patch", "delete"})
            if (const Value& kind = document["paths"][path][method]["x-kubernetes-group-version-kind"]; !kind.isNull()) return &kind;
    return nullptr;
}

const Value* schemaOfKind(const Value& document, const Value& kind) {
    for (const document::Member& member : document.at("components", "schemas").members())
        for (const Value& item : member.value["x-kubernetes-group-version-kind"].items())
            if (item == kind) return &member.value;
    return nullptr;
}

std::string gvrText(const Mapping& mapping) {
    return mapping.group + "/" + mapping.version + ", Resource=" + mapping.plural;
}

Outcome printPlain(Session& session, const Schemas& schemas, const Mapping& mapping, const std::vector<std::string>& path) {
    const Value* kind = kindOfPath(schemas.document(), mapping);
    if (kind == nullptr) return base::makeError("GVR (" + gvrText(mapping) + ") not found in OpenAPI schema");
    std::string head;
    if (!(*kind)["group"].asString().empty()) head = "GROUP:      " + (*kind)["group"].text() + "\n";
    session.out(head + "KIND:       " + (*kind)["kind"].text() + "\nVERSION:    " + (*kind)["version"].text() + "\n\n");
    const Value* schema = schemaOfKind(schemas.document(), *kind);
    if (schema == nullptr) return base::makeError("GVK " + (*kind)["kind"].text() + " not found in OpenAPI schema");
    const std::string text = PlainText(schemas, session.flags.on("recursive")).output(*schema, path, 0, {});
    if (text.empty()) return base::makeError("field " + base::quoteGo(path.back()) + " does not exist");
    session.out(text + "\n");
    return 0;
}

Outcome printOld(Session& session, const Schemas& schemas, const Mapping& mapping, const std::vector<std::string>& path) {
    const Value* kind = kindOfPath(schemas.document(), mapping);
    const Value* schema = kind == nullptr ? nullptr : schemaOfKind(schemas.document(), *kind);
    if (schema == nullptr)
        return base::makeError("couldn't find resource for " + base::quoteGo((mapping.group.empty() ? "/" : mapping.group + "/") +
                               mapping.version + ", Kind=" + mapping.kind));
    auto text = OldText(schemas, session.flags.on("recursive")).print(mapping, *schema, path);
    if (!text.ok()) return text.error();
    session.out(text.value());
    return 0;
}

} // namespace

sim::Task<Outcome> runExplain(Session& session) {
    const Flags& flags = session.flags;
    std::vector<std::string> types;
    if (!session.args.empty()) types.push_back(base::splitLimited(session.args[0], '.', 2)[0]);
    auto mapper = co_await session.mapperFor(std::move(types));
    if (!mapper.ok()) co_return mapper.error();
    if (session.args.empty())
        co_return base::makeError("You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete "
                                  "list of supported resources.\n");
    if (session.args.size() > 1) co_return base::makeError("We accept only this format: explain RESOURCE\n");
    const std::string version = flags.text("api-version"), format = flags.text("output");
    auto wanted = parseTarget(*mapper.value(), session.args[0], version.empty());
    if (!wanted.ok()) co_return wanted.error();
    Mapping mapping = *wanted.value().mapping;
    if (!version.empty()) {
        const auto parts = base::splitLimited(version, '/', 2);
        if (base::split(version, '/').size() > 2) co_return base::makeError("unexpected GroupVersion string: " + version);
        mapping.group = parts.size() > 1 ? parts[0] : "";
        mapping.version = parts.back();
    }
    const std::string place = mapping.group.empty() ? "api/" + mapping.version : "apis/" + mapping.group + "/" + mapping.version;
    auto index = co_await session.get("/openapi/v3");
    if (!index.ok()) co_return prefixed("failed to fetch list of groupVersions: ", index.error());
    const std::string url = index.value()["paths"][place]["serverRelativeURL"].text();
    if (url.empty()) co_return base::makeError("couldn't find resource for " + base::quoteGo(gvrText(mapping)));
    const auto question = url.find('?');
    ports::Query query;
    if (question != std::string::npos) query = ports::Query::parse(url.substr(question + 1));
    auto document = co_await session.get(url.substr(0, question), query);
    if (!document.ok()) co_return prefixed("failed to fetch openapi schema for " + place + ": ", document.error());
    const Schemas schemas(document.value());
    if (format == "plaintext-openapiv2") co_return printOld(session, schemas, mapping, wanted.value().path);
    if (format != "plaintext") co_return base::makeError("unrecognized format: " + format);
    co_return printPlain(session, schemas, mapping, wanted.value().path);
}

} // namespace kubectl
