// Shapes answers: objects, Tables, metadata only, errors. Source: apiserver
// pkg/endpoints/handlers/response.go and negotiation.
#include "api/protobuf.h"
#include "api/wire_json.h"
#include "apiserver/core.h"
#include "base/strings.h"
#include "document/yaml.h"

namespace apiserver {

using document::Value;

namespace {

struct MediaType {
    std::string type, as, version, group;
};

enum class Shape { Object, Table, Metadata, MetadataList, None, UnknownForm };

struct Negotiated {
    Shape shape = Shape::None;
    bool yaml = false;
    bool protobuf = false;
    bool beta = false; // the older version of tables and metadata
};

MediaType parseMediaType(std::string_view text) {
    MediaType out;
    bool first = true;
    for (const std::string& part : base::split(text, ';')) {
        const std::string_view piece = base::trim(part);
        if (first) out.type = piece;
        else if (piece.starts_with("as=")) out.as = piece.substr(3);
        else if (piece.starts_with("v=")) out.version = piece.substr(2);
        else if (piece.starts_with("g=")) out.group = piece.substr(2);
        first = false;
    }
    return out;
}

Negotiated negotiate(const ports::Request& request, bool custom) {
    const std::string_view accept = request.headers.get("Accept");
    if (accept.empty()) return {Shape::Object};
    Shape nothing = Shape::None;
    for (const std::string& part : base::split(accept, ',')) {
        const MediaType media = parseMediaType(part);
        const bool any = media.type == "*/*" || media.type == "application/*";
        const bool json = media.type == "application/json";
        const bool yaml = media.type == "application/yaml";
        const bool protobuf = media.type == "application/vnd.kubernetes.protobuf" && !custom;
        if (!any && !json && !yaml && !protobuf) continue;
        if (media.as.empty()) return {Shape::Object, yaml, protobuf};
        nothing = Shape::UnknownForm;
        if (media.group != "meta.k8s.io" || (media.version != "v1" && media.version != "v1beta1")) continue;
        const bool beta = media.version == "v1beta1";
        if (media.as == "Table" && !protobuf) return {Shape::Table, yaml, protobuf, beta};
        if (media.as == "PartialObjectMetadata") return {Shape::Metadata, yaml, protobuf, beta};
        if (media.as == "PartialObjectMetadataList") return {Shape::MetadataList, yaml, protobuf, beta};
    }
    return {nothing};
}

Value metadataOnly(const Value& object) {
    return Value::object({{"kind", "PartialObjectMetadata"},
                          {"apiVersion", "meta.k8s.io/v1"},
                          {"metadata", object["metadata"]}});
}

// The same in meta.k8s.io/v1beta1.
Value inBeta(const Value& shown) {
    if (shown["apiVersion"].asString() != "meta.k8s.io/v1") return shown;
    Value out = shown.with("apiVersion", "meta.k8s.io/v1beta1");
    document::ArrayBuilder items, rows;
    for (const Value& item : shown["items"].items()) items.push(inBeta(item));
    for (const Value& row : shown["rows"].items()) rows.push(row.with("object", inBeta(row["object"])));
    if (items.size() > 0) out = out.with("items", std::move(items).build());
    if (rows.size() > 0) out = out.with("rows", std::move(rows).build());
    return out;
}

bool isList(const Value& object) {
    return object.has("items") && object["items"].isArray() && object["kind"].asString().ends_with("List");
}

// Items of a typed list do not repeat kind and version.
Value plainList(const Context& context, const Value& list) {
    if (context.resource == nullptr || context.resource->custom) return list;
    std::vector<Value> items;
    items.reserve(list["items"].size());
    for (const Value& item : list["items"].items()) items.push_back(item.without("kind").without("apiVersion"));
    return list.with("items", Value::array(std::move(items)));
}

} // namespace

ports::Response respondJson(int code, Value value) {
    ports::Response response;
    response.status = code;
    response.headers.set("Content-Type", "application/json");
    response.object = std::move(value);
    return response;
}

ports::Response respondText(int code, std::string text, std::string type) {
    return ports::textResponse(code, std::move(text), std::move(type));
}

base::Error withEmptyDetails(const base::Error& error) {
    return api::errorFromStatus(api::statusOf(error).with("details", Value::object()));
}

ports::Response respondError(const base::Error& error) {
    Value status = api::statusOf(error);
    const int code = static_cast<int>(status["code"].asInt(500));
    ports::Response response = respondJson(code, status);
    const std::int64_t retry = status.at("details", "retryAfterSeconds").asInt();
    if (retry > 0) response.headers.set("Retry-After", std::to_string(retry));
    return response;
}

ports::Response respondObject(Core& core, Context& context, int code, const Value& object) {
    const bool custom = context.resource != nullptr && context.resource->custom;
    const Negotiated wanted = negotiate(context.request, custom);
    if (wanted.shape == Shape::None)
        return respondError(withEmptyDetails(api::statusError(
            406, "NotAcceptable",
            std::string("406: Not Acceptable\n\nAvailable representations: application/json, "
                        "application/yaml") +
                (custom ? "" : ", application/vnd.kubernetes.protobuf"))));
    if (wanted.shape == Shape::UnknownForm)
        return respondError(api::statusError(
            406, "NotAcceptable",
            std::string("only the following media types are accepted: application/json, application/yaml") +
                (custom ? "" : ", application/vnd.kubernetes.protobuf")));
    const bool list = isList(object);
    if (list && wanted.shape == Shape::Metadata && context.resource != nullptr)
        return respondError(api::statusError(
            406, "NotAcceptable",
            "you requested PartialObjectMetadata, but the requested object is a list (*" +
                goPackage(context.resource->group) + "." + object["kind"].text() + ")"));
    Value shown = object;
    if (wanted.shape == Shape::Table && context.resource != nullptr &&
        object["kind"].asString() != "Status") {
        std::vector<Value> rows;
        if (list) rows.assign(object["items"].items().begin(), object["items"].items().end());
        else rows.push_back(object);
        std::string_view include = context.request.query.get("includeObject");
        if (!include.empty() && include != "Metadata" && include != "Object" && include != "None")
            return respondError(api::badRequest(
                "Unable to convert to Table as requested: includeObject: Invalid value: " +
                base::quoteGo(include) + ": must be 'Metadata', 'Object', 'None', or empty"));
        shown = makeTable(core, *context.resource, rows,
                          list ? object["metadata"]
                               : Value::object({{"resourceVersion", object["metadata"]["resourceVersion"]}}),
                          include.empty() ? "Metadata" : include, true);
    } else if (wanted.shape == Shape::Metadata && !list) {
        shown = metadataOnly(object);
    } else if (wanted.shape == Shape::MetadataList && list) {
        std::vector<Value> items;
        for (const Value& item : object["items"].items()) items.push_back(metadataOnly(item));
        shown = Value::object({{"kind", "PartialObjectMetadataList"},
                               {"apiVersion", "meta.k8s.io/v1"},
                               {"metadata", object["metadata"]},
                               {"items", Value::array(std::move(items))}});
    } else if (list) {
        shown = plainList(context, object);
    }
    return respondJson(code, wanted.beta ? inBeta(shown) : std::move(shown));
}

namespace {
// Asked for, or read by a person. Source: apiserver pkg/endpoints/handlers/negotiation isPrettyPrint.
bool wantsPretty(const ports::Request& request) {
    const std::string_view asked = request.query.get("pretty");
    if (!asked.empty()) return asked == "1" || asked == "t" || asked == "T" || base::toLower(asked) == "true";
    const std::string_view agent = request.headers.get("User-Agent");
    return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}
} // namespace

// Source: apiserver pkg/endpoints/handlers/responsewriters: Statuses are negotiated as objects are. What
// has no protobuf form stays JSON, and so does the answer that there is no acceptable form.
void encodeAnswer(const Context& context, ports::Response& response) {
    constexpr std::string_view kJson = "application/json";
    const std::string type = response.contentType();
    if (response.object.isNull() || !type.starts_with(kJson)) return;
    const bool custom = context.resource != nullptr && context.resource->custom;
    const std::string_view accept = context.request.headers.get("Accept");
    std::string_view form = kJson;
    const bool plain = accept.find("protobuf") == std::string_view::npos && accept.find("yaml") == std::string_view::npos;
    for (const std::string& part : plain ? std::vector<std::string>() : base::split(accept, ',')) {
        const MediaType media = parseMediaType(part);
        if (media.type == kJson || media.type == "*/*" || media.type == "application/*") break;
        const bool protobuf = media.type == "application/vnd.kubernetes.protobuf" && !custom;
        if (!protobuf && media.type != "application/yaml") continue;
        form = protobuf ? "application/vnd.kubernetes.protobuf" : "application/yaml";
        break;
    }
    if (response.status == 406) form = kJson;
    if (form == "application/yaml") {
        response.body = document::writeYaml(response.object);
    } else if (form != kJson) {
        auto bytes = api::encodeProtobuf(response.object);
        if (!bytes.ok()) return;
        response.body = std::move(bytes).value();
    } else {
        if (!wantsPretty(context.request)) return;
        response.body = api::indentJson(api::writeAnswerJson(response.object));
    }
    response.object = Value();
    response.headers.set("Content-Type", std::string(form) + type.substr(kJson.size()));
}

bool wantsProtobufWatch(const Context& context) {
    return !context.resource->custom && negotiate(context.request, false).protobuf;
}

} // namespace apiserver
