// get, list, watch. Source: apiserver pkg/endpoints/handlers/get.go, pkg/storage/etcd3 (continue
// tokens) and apimachinery meta/internalversion/validation.
#include "apiserver/core.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

base::Error tooLarge(std::string_view asked, std::int64_t current) {
    return api::statusError(504, "Timeout",
                            "Timeout: Too large resource version: " + std::string(asked) +
                                ", current: " + std::to_string(current),
                            {}, {}, {},
                            {{"ResourceVersionTooLarge", "Too large resource version", ""}}, 1);
}

base::Result<std::int64_t> parseVersion(std::string_view text) {
    if (text.empty()) return std::int64_t{0};
    const auto number = base::parseInt(text);
    if (!number || *number < 0)
        return base::makeError("strconv.ParseUint: parsing " + base::quoteGo(text) + ": invalid syntax");
    return *number;
}

struct ListQuery {
    api::LabelSelector labels;
    FieldSelector fields;
    std::int64_t limit = 0, version = 0;
    std::string versionText, match, continueToken;
    bool sendInitial = false, hasSendInitial = false;
};

std::vector<std::string> selectableFields(Core& core, const api::ResourceInfo& resource) {
    std::vector<std::string> out;
    if (!resource.custom) return out;
    const Value crd = core.lookup("apiextensions.k8s.io", "customresourcedefinitions", "",
                                  resource.plural + "." + resource.group);
    for (const Value& version : crd.at("spec", "versions").items())
        if (version["name"].asString() == resource.version)
            for (const Value& field : version["selectableFields"].items()) {
                std::string path = field["jsonPath"].text();
                if (path.starts_with('.')) path.erase(0, 1);
                out.push_back(std::move(path));
            }
    return out;
}

base::Status checkMatch(const ListQuery& query, bool watch) {
    std::vector<api::StatusCause> causes;
    const std::string field = "resourceVersionMatch";
    const auto forbid = [&](const std::string& name, const std::string& text) {
        causes.push_back({"FieldValueForbidden", "Forbidden: " + text, name});
    };
    if (watch && query.hasSendInitial && query.match.empty())
        forbid(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    else if (watch && !query.hasSendInitial && !query.match.empty())
        forbid(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    else if (watch && query.hasSendInitial && query.match != "NotOlderThan")
        causes.push_back({"FieldValueNotSupported",
                          "Unsupported value: " + base::quoteGo(query.match) +
                              ": supported values: \"NotOlderThan\"",
                          field});
    else if (!watch && !query.match.empty()) {
        if (query.versionText.empty())
            forbid(field, "resourceVersionMatch is forbidden unless resourceVersion is provided");
        if (!query.continueToken.empty())
            forbid(field, "resourceVersionMatch is forbidden when continue is provided");
        if (query.match != "Exact" && query.match != "NotOlderThan")
            causes.push_back({"FieldValueNotSupported",
                              "Unsupported value: " + base::quoteGo(query.match) +
                                  ": supported values: \"Exact\", \"NotOlderThan\", \"\"",
                              field});
        if (query.match == "Exact" && query.versionText == "0")
            forbid(field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
    if (!watch && query.hasSendInitial)
        forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
    if (!causes.empty()) return invalidOptions("ListOptions", std::move(causes));
    return base::okStatus();
}

base::Result<ListQuery> parseListQuery(Core& core, const Context& context, bool watch) {
    const ports::Query& given = context.request.query;
    ListQuery query;
    auto labels = api::LabelSelector::parse(given.get("labelSelector"));
    if (!labels.ok()) return api::badRequest(labels.error().message);
    query.labels = std::move(labels).value();
    if (given.has("limit") && !given.get("limit").empty()) {
        const auto limit = base::parseInt(given.get("limit"));
        if (!limit)
            return api::badRequest("strconv.ParseInt: parsing " + base::quoteGo(given.get("limit")) +
                                   ": invalid syntax");
        query.limit = *limit;
    }
    query.versionText = given.get("resourceVersion");
    query.match = given.get("resourceVersionMatch");
    query.continueToken = given.get("continue");
    query.hasSendInitial = given.has("sendInitialEvents");
    const std::string_view initial = given.get("sendInitialEvents");
    query.sendInitial = initial == "true" || initial == "1";
    BASE_CHECK(checkMatch(query, watch));
    BASE_TRY(query.fields,
             FieldSelector::parse(given.get("fieldSelector"), *context.resource,
                                  context.resource->custom ? selectableFields(core, *context.resource)
                                                           : std::vector<std::string>()));
    auto version = parseVersion(query.versionText);
    if (!version.ok()) {
        const std::string text = "resourceVersion: Invalid value: " + base::quoteGo(query.versionText) + ": " +
                                 version.error().message;
        if (watch) return api::statusError(500, "", text);
        return api::badRequest("invalid resource version: " + text);
    }
    query.version = version.value();
    return query;
}

struct ContinueToken {
    std::int64_t revision = 0;
    std::string start;
};

base::Result<ContinueToken> readToken(std::string_view text) {
    const auto bytes = base::decodeBase64Url(text);
    const auto invalid = [](const std::string& why) {
        return api::badRequest("invalid continue token: continue key is not valid: " + why);
    };
    if (!bytes) return invalid("illegal base64 data at input byte 0");
    auto json = document::readJson(*bytes);
    if (!json.ok()) return invalid("invalid character " + base::quoteGo(bytes->substr(0, 1)).replace(0, 1, "'").replace(2, 1, "'") + " looking for beginning of value");
    ContinueToken token;
    token.revision = json.value()["rv"].asInt();
    token.start = json.value()["start"].text();
    if (json.value()["v"].asString() != "meta.k8s.io/v1" || token.revision == 0)
        return invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
    return token;
}

std::string writeToken(std::int64_t revision, const std::string& last) {
    return base::encodeBase64Url(document::writeJson(
        Value::object({{"v", "meta.k8s.io/v1"}, {"rv", revision}, {"start", last + std::string(1, '\0')}})));
}

base::Error expiredToken(const ContinueToken& token) {
    base::Error error = api::statusError(
        410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start "
        "a new list without the continue parameter, or use the continue token in this response to "
        "retrieve the remainder of the results. Continuing with the provided token results in an "
        "inconsistent list - objects that were created, modified, or deleted between the time the first "
        "chunk was returned and now may show up in the list.");
    std::string start = token.start;
    if (!start.empty() && start.back() == '\0') start.pop_back();
    return api::errorFromStatus(
        withMeta(api::statusOf(error), "continue", writeToken(-1, start)));
}

} // namespace

Outcome handleGet(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    warnDeprecated(core, context);
    BASE_TRY(store::ChangePtr change, readStored(core, storedAs(core, resource), context.info.ns, context.info.name));
    const std::string_view asked = context.request.query.get("resourceVersion");
    if (!asked.empty()) {
        auto version = parseVersion(asked);
        if (!version.ok())
            return api::badRequest("invalid resource version: resourceVersion: Invalid value: " +
                                   base::quoteGo(asked) + ": " + version.error().message);
        BASE_TRY(store::Store* store, core.store());
        if (version.value() > store->revision()) return tooLarge(asked, store->revision());
    }
    if (!change) return api::notFound(resource.group, resource.plural, context.info.name);
    return respondObject(core, context, 200, convertTo(resource, change->value));
}

namespace {

struct Page {
    std::vector<Value> items;
    std::int64_t revision = 0;
    std::string next;
    std::int64_t remaining = 0;
};

// Which past or present state a list shows. 0: the present.
base::Result<std::int64_t> revisionFor(const ListQuery& query, store::Store& store) {
    if (query.version > store.revision()) return tooLarge(query.versionText, store.revision());
    const bool exact = query.match == "Exact" ||
                       (query.match.empty() && query.limit > 0 && query.version > 0);
    if (!exact) return std::int64_t{0};
    if (query.version < store.compactedRevision())
        return api::statusError(410, "Expired",
                                "The resourceVersion for the provided list is too old.");
    return query.version;
}

base::Result<Page> readPage(Core& core, const Context& context, const ListQuery& query) {
    const api::ResourceInfo& resource = *context.resource;
    const api::ResourceInfo& stored = storedAs(core, resource);
    BASE_TRY(store::Store* store, core.store());
    std::string prefix = prefixOf(core, stored);
    if (resource.namespaced && !context.info.ns.empty()) prefix += context.info.ns + "/";
    // A continue key begins after the namespace, or at the slash before it.
    const bool inside = resource.namespaced && !context.info.ns.empty();
    const std::size_t base = inside ? prefix.size() : prefix.size() - 1;
    std::string start = prefix;
    std::int64_t at = 0;
    if (!query.continueToken.empty()) {
        BASE_TRY(ContinueToken token, readToken(query.continueToken));
        if (!query.versionText.empty() && query.versionText != "0")
            return api::badRequest("specifying resource version is not allowed when using continue");
        if (token.revision > 0) {
            if (token.revision < store->compactedRevision()) return expiredToken(token);
            at = token.revision;
        }
        start = prefix.substr(0, base) + token.start;
    } else {
        BASE_TRY(at, revisionFor(query, *store));
    }
    const std::string end = store::Store::prefixEnd(prefix);
    std::vector<store::ChangePtr> found;
    if (at == 0) {
        if (!query.fields.exactName().empty() && !context.info.ns.empty() && resource.namespaced) {
            if (auto one = store->get(prefix + std::string(query.fields.exactName()))) found.push_back(one);
        } else {
            found = store->range(start, end);
        }
    } else {
        auto past = store->rangeAt(at, start, end);
        if (!past.ok())
            return api::statusError(410, "Expired",
                                    "The resourceVersion for the provided list is too old.");
        found = std::move(past).value();
    }
    for (store::ChangePtr& change : found) {
        if (change->value.isObject() && core.config.encryption.empty()) continue;
        auto read = opened(core, stored.group, stored.plural, change);
        if (!read.ok())
            return api::statusError(500, "InternalError",
                                    "Internal error occurred: unable to transform key " + base::quoteGo(*change->key) +
                                        ": " + read.error().message);
        change = std::move(read).value();
    }
    Page page;
    page.revision = at == 0 ? store->revision() : at;
    const bool limited = query.limit > 0 && query.versionText != "0";
    std::string last;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Value object = convertTo(resource, found[i]->value);
        if (!query.labels.matches(object.at("metadata", "labels")) || !query.fields.matches(object))
            continue;
        if (limited && page.items.size() == static_cast<std::size_t>(query.limit)) {
            page.next = writeToken(page.revision, last);
            page.remaining = static_cast<std::int64_t>(found.size() - i);
            break;
        }
        page.items.push_back(object);
        last = found[i]->key->substr(base);
    }
    return page;
}

} // namespace

Outcome handleList(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    warnDeprecated(core, context);
    BASE_TRY(ListQuery query, parseListQuery(core, context, false));
    BASE_TRY(Page page, readPage(core, context, query));
    document::ObjectBuilder meta;
    meta.set("resourceVersion", std::to_string(page.revision));
    if (!page.next.empty()) {
        meta.set("continue", page.next);
        if (query.labels.everything() && query.fields.everything())
            meta.set("remainingItemCount", page.remaining);
    }
    document::ObjectBuilder list;
    list.set("kind", resource.kind + "List").set("apiVersion", resource.apiVersion());
    list.set("metadata", std::move(meta).build());
    list.set("items", Value::array(std::move(page.items)));
    return respondObject(core, context, 200, std::move(list).build());
}

namespace {

WatchRequest::Form formOf(const ports::Request& request) {
    const std::string_view accept = request.headers.get("Accept");
    const auto first = accept.substr(0, accept.find(','));
    if (first.find("as=Table") != std::string_view::npos) return WatchRequest::Form::Table;
    if (first.find("as=PartialObjectMetadata") != std::string_view::npos)
        return WatchRequest::Form::Metadata;
    return WatchRequest::Form::Object;
}

} // namespace

Outcome handleWatch(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    const ports::Query& given = context.request.query;
    if (given.has("timeoutSeconds") && !base::parseInt(given.get("timeoutSeconds")))
        return api::badRequest("strconv.ParseInt: parsing " +
                               base::quoteGo(given.get("timeoutSeconds")) + ": invalid syntax");
    BASE_TRY(ListQuery query, parseListQuery(core, context, true));
    WatchRequest request;
    request.prefix = prefixOf(core, storedAs(core, resource));
    request.resource = &resource;
    if (resource.namespaced) request.ns = context.info.ns;
    request.labels = query.labels;
    request.fields = query.fields;
    // The legacy path of one object, or a watch of a named one.
    if (!context.info.name.empty() && query.fields.exactName().empty()) {
        BASE_TRY(request.fields,
                 FieldSelector::parse("metadata.name=" + context.info.name, resource, {}));
    }
    const std::string_view bookmarks = given.get("allowWatchBookmarks");
    request.bookmarks = bookmarks == "true" || bookmarks == "1";
    request.from = query.version;
    const bool fromStart = query.version == 0;
    request.initial = query.hasSendInitial ? query.sendInitial : fromStart;
    request.initialBookmark = query.sendInitial && request.bookmarks;
    request.form = formOf(context.request);
    if (given.has("includeObject")) request.includeObject = given.get("includeObject");
    BASE_TRY(store::Store* store, core.store());
    if (query.version > store->revision() && query.hasSendInitial)
        return tooLarge(query.versionText, store->revision());
    std::int64_t seconds = base::parseInt(given.get("timeoutSeconds")).value_or(0);
    // Source: apiserver MinRequestTimeout: 30 to 60 minutes when the client names no limit.
    if (seconds <= 0) seconds = core.kernel.random("apiserver/watch-timeout").between(1800, 3599);
    request.timeout = seconds * sim::kSecond;
    BASE_TRY(auto channel, core.hub.open(std::move(request)));
    ports::Response response;
    response.headers.set("Content-Type", wantsProtobufWatch(context) ? "application/vnd.kubernetes.protobuf;stream=watch"
                                                                     : "application/json");
    response.watch = std::move(channel);
    return response;
}

} // namespace apiserver
