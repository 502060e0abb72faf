// Source: apiserver pkg/endpoints/request RequestInfoFactory.
#include "apiserver/core.h"
#include "base/strings.h"

namespace apiserver {
namespace {

std::string verbOf(std::string_view method) {
    if (method == "POST") return "create";
    if (method == "GET" || method == "HEAD") return "get";
    if (method == "PUT") return "update";
    if (method == "PATCH") return "patch";
    if (method == "DELETE") return "delete";
    return "";
}

bool truthy(std::string_view text) {
    return text == "true" || text == "1" || text == "t" || text == "T" || text == "TRUE" || text == "True";
}

void splitResource(RequestInfo& info, std::vector<std::string> parts) {
    if (parts.front() == "namespaces") {
        if (parts.size() > 1) {
            info.ns = parts[1];
            // The namespace itself with its two subresources, or something inside it.
            if (parts.size() > 2 && parts[2] != "status" && parts[2] != "finalize")
                parts.erase(parts.begin(), parts.begin() + 2);
        }
    }
    info.parts = parts;
    if (parts.size() >= 3 && info.verb != "proxy") info.subresource = parts[2];
    if (parts.size() >= 2) info.name = parts[1];
    if (!parts.empty()) info.resource = parts[0];
}

} // namespace

RequestInfo parseRequestInfo(const ports::Request& request) {
    RequestInfo info;
    info.path = request.path;
    info.verb = base::toLower(request.method);
    std::string_view path = request.path;
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    std::vector<std::string> parts = base::split(path, '/');
    if (parts.size() < 3 || (parts[0] != "api" && parts[0] != "apis")) return info;
    info.apiPrefix = parts[0];
    std::size_t used = 1;
    if (info.apiPrefix == "apis") {
        if (parts.size() < 4) return info;
        info.group = parts[used++];
    }
    info.version = parts[used++];
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(used));
    if (parts.empty()) return info;
    info.isResource = true;
    bool watch = false;
    if (parts[0] == "watch" && parts.size() > 1) {
        watch = true;
        parts.erase(parts.begin());
        info.verb = "watch";
    } else {
        info.verb = verbOf(request.method);
    }
    splitResource(info, std::move(parts));
    if (info.name.empty() && info.verb == "get") {
        const bool asked = request.query.has("watch");
        const std::string_view value = request.query.get("watch");
        watch = asked && (value.empty() || truthy(value) || (value != "false" && value != "0"));
        info.verb = watch ? "watch" : "list";
    }
    if (info.name.empty() && info.verb == "delete") info.verb = "deletecollection";
    // A list that asks for one name is authorized for that name.
    if (info.name.empty() && (info.verb == "list" || info.verb == "watch" || info.verb == "deletecollection")) {
        for (const std::string& term : base::split(request.query.get("fieldSelector"), ',')) {
            std::string_view text = term;
            if (!text.starts_with("metadata.name=")) continue;
            text.remove_prefix(14);
            if (text.starts_with('=')) text.remove_prefix(1);
            info.name = text;
        }
    }
    return info;
}

void Context::warn(std::string text) {
    for (const std::string& known : warnings)
        if (known == text) return;
    warnings.push_back(std::move(text));
}

// Source: apiserver pkg/endpoints/deprecation; the API lifecycle markers of the types.
void warnDeprecated(Core& core, Context& context) {
    if (context.resource != nullptr && context.resource->custom) {
        const auto place =
            core.customDefinitions.find(context.resource->plural + "." + context.resource->group);
        if (place == core.customDefinitions.end()) return;
        for (const document::Value& version : place->second.at("spec", "versions").items()) {
            if (version["name"].asString() != context.info.version || !version["deprecated"].asBool()) continue;
            if (!version["deprecationWarning"].isEmpty()) {
                context.warn(version["deprecationWarning"].text());
                continue;
            }
            std::string text = context.resource->apiVersion() + " " + context.resource->kind + " is deprecated";
            const api::ResourceInfo* better =
                core.kinds.findPreferred(context.resource->group, context.resource->plural);
            if (better != nullptr && better->version != context.info.version)
                text += "; use " + better->apiVersion() + " " + better->kind;
            context.warn(text);
        }
        return;
    }
    if (context.info.group.empty() && context.info.resource == "endpoints")
        context.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
}

std::string Context::manager() const {
    if (!fieldManager.empty()) return fieldManager;
    std::string_view agent = request.headers.get("User-Agent");
    agent = agent.substr(0, agent.find('/'));
    std::string out;
    for (char c : agent)
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    if (out.size() > 128) out.resize(128);
    return out.empty() ? "unknown" : out;
}

} // namespace apiserver
