#include "kubectl/core/builder.h"

#include "api/label_selector.h"
#include "api/kinds.h"
#include "api/names.h"
#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/core/encoding.h"
#include "kubectl/core/urls.h"
#include "kubectl/core/refusals.h"
#include "kubectl/kustomize/kustomize.h"

#include <algorithm>
#include <set>

namespace kubectl {

using document::Value;

BuildOptions buildOptions(Session& session) {
    const Flags& flags = session.flags;
    BuildOptions out;
    out.args = session.args;
    if (flags.known("filename")) out.filenames = flags.list("filename");
    if (flags.known("kustomize")) out.kustomize = flags.text("kustomize");
    if (flags.known("recursive")) out.recursive = flags.on("recursive");
    if (flags.known("selector")) out.labelSelector = flags.text("selector");
    if (flags.known("field-selector")) out.fieldSelector = flags.text("field-selector");
    // For the others, --all only means that a bare type will do.
    const std::string& path = session.command().path;
    if (path == "delete" || path == "taint" || path == "apply view-last-applied") out.all = flags.on("all");
    if (flags.known("all-namespaces")) out.allNamespaces = flags.on("all-namespaces");
    if (flags.known("chunk-size")) out.chunk = flags.number("chunk-size");
    out.enforceNamespace = session.nsGiven();
    return out;
}

namespace {

constexpr const char* kMissingResource =
    "You must provide one or more resources by argument or filename.\n"
    "Example resource specifications include:\n"
    "   '-f rsrc.yaml'\n"
    "   '--filename=rsrc.json'\n"
    "   '<resource> <name>'\n"
    "   '<resource>'";

bool isListObject(const Value& object) {
    return object["items"].isArray() && object["kind"].asString().ends_with("List");
}

class Builder {
public:
    Builder(Session& session, BuildOptions options) : session_(session), o_(std::move(options)) {}

    sim::Task<base::Result<Built>> run() {
        BASE_CO_CHECK(checkArguments());
        // The namespace is only asked for where it matters.
        auto ns = session_.ns();
        if (!ns.ok()) co_return ns.error();
        ns_ = o_.allNamespaces || o_.withoutNamespace ? "" : ns.value();
        if (o_.allNamespaces) o_.defaultNamespace = false;
        if (!o_.filenames.empty() || !o_.kustomize.empty()) {
            BASE_CO_CHECK(co_await fromFiles());
        } else {
            BASE_CO_CHECK(co_await fromArguments());
        }
        co_await finish();
        co_return std::move(built_);
    }

private:
    base::Status checkArguments() const {
        if (!o_.filenames.empty() && !o_.kustomize.empty())
            return base::makeError("only one of -f or -k can be specified");
        if (!o_.kustomize.empty() && o_.recursive)
            return base::makeError("the -k flag can't be used with -f or -R");
        if (o_.all && !o_.labelSelector.empty())
            return base::makeError("found non-empty label selector " + base::quoteGo(o_.labelSelector) +
                                   " with previously set 'all' parameter. ");
        if (o_.all && !o_.fieldSelector.empty())
            return base::makeError("found non-empty field selector " + base::quoteGo(o_.fieldSelector) +
                                   " with previously set 'all' parameter. ");
        return base::okStatus();
    }

    void push(Info info) { built_.items.push_back({std::move(info), {}}); }
    // Errors of what was read, not of an object.
    void pushError(base::Error error) {
        if (error.reason.empty() && error.detail == nullptr) error.reason = "Input";
        built_.items.push_back({std::nullopt, std::move(error)});
    }
    bool stopped() const {
        return !o_.continueOnError && !built_.items.empty() && !built_.items.back().info;
    }

    sim::Task<base::Status> fromFiles() {
        built_.singleItemImplied = o_.filenames.size() == 1 && o_.kustomize.empty();
        if (base::Status there = findPaths(); !there.ok()) co_return there;
        if (!o_.args.empty()) {
            const bool slash = o_.args[0].find('/') != std::string::npos;
            if (slash)
                co_return base::makeError("resource/name arguments cannot be provided when a path is specified");
            co_return base::makeError(
                o_.args.size() > 1 || !o_.impliedTypes.empty()
                    ? "name cannot be provided when a path is specified"
                    : "when paths, URLs, or stdin is provided as input, you may not specify resource "
                      "arguments as well");
        }
        if (!o_.kustomize.empty()) {
            auto text = kustomizeBuild(session_, o_.kustomize);
            if (!text.ok()) pushError(text.error());
            else co_await fromText(text.value(), o_.kustomize);
            co_return base::okStatus();
        }
        for (const std::string& path : paths_) {
            if (stopped()) break;
            co_await fromPath(path);
        }
        co_return base::okStatus();
    }

    // The files that -f names, before anything is read.
    base::Status findPaths() {
        std::vector<base::Error> problems;
        bool input = false;
        for (const std::string& name : o_.filenames) {
            if (name == "-") {
                if (input) return base::makeError("standard input cannot be used for multiple arguments");
                input = true;
                built_.singleItemImplied = false;
                paths_.push_back("-");
                continue;
            }
            if (name.starts_with("http://") || name.starts_with("https://")) {
                paths_.push_back(name);
                continue;
            }
            auto found = expandPath(session_, name, o_.recursive);
            if (!found.ok()) problems.push_back(found.error());
            else {
                if (found.value().size() != 1 || found.value()[0] != name) built_.singleItemImplied = false;
                paths_.insert(paths_.end(), found.value().begin(), found.value().end());
            }
        }
        return problems.empty() ? base::okStatus() : base::Status(aggregate(std::move(problems)));
    }

    sim::Task<void> fromPath(std::string path) {
        if (path == "-") {
            auto text = co_await session_.readInput();
            if (text.ok()) co_await fromText(decodeText(std::move(text.value())), "STDIN");
            else pushError(text.error());
            co_return;
        }
        if (path.starts_with("http://") || path.starts_with("https://")) {
            auto text = co_await readUrl(session_, path);
            if (text.ok()) co_await fromText(text.value(), path);
            else pushError(text.error());
            co_return;
        }
        auto text = session_.readFile(path);
        if (text.ok()) co_await fromText(decodeText(std::move(text.value())), path);
        else pushError(base::makeError(text.error().message));
    }

    sim::Task<void> fromText(std::string text, std::string source) {
        std::vector<Value> before;
        auto documents = parseManifest(text, source, &before);
        if (documents.ok()) before = documents.value();
        for (const Value& value : before) {
            if (stopped()) co_return;
            co_await fromDocument(value, source);
            // A stream ends at its first bad document.
            if (!built_.items.empty() && !built_.items.back().info && streamBroken_) {
                streamBroken_ = false;
                co_return;
            }
        }
        if (!documents.ok()) pushError(documents.error());
    }

    sim::Task<void> fromDocument(Value value, std::string source) {
        streamBroken_ = false;
        if (o_.validate) {
            if (base::Status checked = checkSchema(value, source); !checked.ok()) {
                streamBroken_ = true;
                pushError(checked.error());
                co_return;
            }
        }
        if (base::Status checked = checkDecodable(value, source); !checked.ok()) {
            pushError(checked.error());
            co_return;
        }
        if (o_.flatten && isListObject(value)) {
            for (const Value& item : value["items"].items()) {
                Value whole = item;
                // Items of typed lists have no kind of their own.
                if (item["kind"].isNull() && value["kind"].asString() != "List") {
                    const std::string kind = value["kind"].text();
                    whole = item.with("kind", kind.substr(0, kind.size() - 4)).with("apiVersion", value["apiVersion"]);
                }
                co_await fromDocument(whole, source);
            }
            co_return;
        }
        Info info;
        info.source = source;
        info.object = value;
        info.name = value.at("metadata", "name").text();
        info.ns = value.at("metadata", "namespace").text();
        if (o_.local) {
            const auto gv = base::splitLimited(value["apiVersion"].asString(), '/', 2);
            info.mapping.group = gv.size() > 1 ? gv[0] : "";
            info.mapping.version = gv.size() > 1 ? gv[1] : gv[0];
            info.mapping.kind = value["kind"].text();
            if (const auto* known = api::builtinKinds().findByKind(info.mapping.group, info.mapping.version, info.mapping.kind))
                info.mapping = mappingOf(*known);
        } else {
            auto mapping = co_await mappingForObject(session_, value, source);
            if (!mapping.ok()) {
                pushError(mapping.error());
                co_return;
            }
            info.mapping = mapping.value();
        }
        push(std::move(info));
    }

    // "all" and other categories become lists of types.
    std::string expandAliases(const Mapper& mapper, const std::string& argument) const {
        std::vector<std::string> out;
        for (const std::string& part : base::split(argument, ',')) {
            const auto members = mapper.category(part);
            if (members.empty() || mapper.find(part) != nullptr) {
                out.push_back(part);
                continue;
            }
            for (const Mapping* m : members) out.push_back(m->groupResource());
        }
        return base::join(out, ",");
    }

    sim::Task<base::Status> fromArguments() {
        std::vector<std::string> args = o_.args;
        if (o_.local && !args.empty()) co_return localOnly();
        if (args.empty() && o_.impliedTypes.empty()) {
            const bool selects = o_.all || !o_.labelSelector.empty() || !o_.fieldSelector.empty();
            co_return base::makeError(selects ? "at least one resource must be specified to use a selector" : kMissingResource);
        }
        std::vector<std::string> types = mentionedTypes();
        auto loaded = co_await session_.mapperFor(std::move(types));
        if (!loaded.ok()) co_return loaded.error();
        const Mapper& mapper = *loaded.value();
        if (!o_.impliedTypes.empty()) co_return co_await byImpliedType(mapper, args);
        // a,b c d -> a/c a/d b/c b/d
        if (args.size() >= 2) {
            const auto types = base::split(args[0], ',');
            if (types.size() > 1) {
                std::vector<std::string> pairs;
                for (const std::string& type : types)
                    for (std::size_t i = 1; i < args.size(); ++i) pairs.push_back(type + "/" + args[i]);
                args = pairs;
            }
        }
        std::size_t slashes = 0;
        for (const std::string& arg : args) slashes += arg.find('/') != std::string::npos;
        if (slashes > 0 && slashes != args.size())
            co_return base::makeError(
                "there is no need to specify a resource type as a separate argument when passing "
                "arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead "
                "of 'kubectl get resource resource/<resource_name>'");
        if (slashes > 0) co_return co_await byTuples(mapper, args);
        args[0] = expandAliases(mapper, args[0]);
        const bool selecting = !o_.labelSelector.empty() || !o_.fieldSelector.empty() || o_.all;
        if (args.size() == 1 && (o_.allowEmptySelectors || selecting))
            co_return co_await bySelector(mapper, base::split(args[0], ','));
        if (args.size() == 1) {
            for (const std::string& type : base::split(args[0], ','))
                if (mapper.find(type) == nullptr) co_return unknownType(type);
            co_return base::makeError("resource(s) were provided, but no name was specified");
        }
        if (selecting) co_return base::makeError("name cannot be provided when a selector is specified");
        co_return co_await byNames(mapper, args);
    }

    // Everything in the arguments that must name a type.
    std::vector<std::string> mentionedTypes() const {
        std::vector<std::string> out = o_.impliedTypes;
        for (std::size_t i = 0; i < o_.args.size(); ++i) {
            const auto slash = o_.args[i].find('/');
            if (slash == std::string::npos && (i > 0 || !o_.impliedTypes.empty())) continue;
            for (std::string& type : base::split(o_.args[i].substr(0, slash), ',')) out.push_back(std::move(type));
        }
        return out;
    }

    static base::Error unknownType(const std::string& type) {
        const std::string name = base::splitLimited(type, '.', 2)[0];
        return base::makeError("the server doesn't have a resource type " + base::quoteGo(name));
    }

    sim::Task<base::Status> byImpliedType(const Mapper& mapper, std::vector<std::string> args) {
        const bool selecting = !o_.labelSelector.empty() || !o_.fieldSelector.empty() || o_.all;
        if (args.empty() && selecting) co_return co_await bySelector(mapper, o_.impliedTypes);
        if (args.empty()) co_return base::makeError("resource(s) were provided, but no name was specified");
        if (selecting) co_return base::makeError("name cannot be provided when a selector is specified");
        std::vector<std::string> pairs;
        for (const std::string& arg : args)
            pairs.push_back(arg.find('/') == std::string::npos ? o_.impliedTypes[0] + "/" + arg : arg);
        co_return co_await byTuples(mapper, pairs);
    }

    sim::Task<base::Status> byTuples(const Mapper& mapper, std::vector<std::string> args) {
        struct Pair {
            const Mapping* mapping;
            std::string name;
        };
        std::vector<Pair> pairs;
        built_.singleItemImplied = args.size() == 1;
        if (!o_.labelSelector.empty() || !o_.fieldSelector.empty() || o_.all)
            co_return base::makeError("selectors and the all flag cannot be used when passing resource/name arguments");
        for (const std::string& arg : args) {
            const auto parts = base::split(arg, '/');
            if (parts.size() != 2)
                co_return base::makeError("arguments in resource/name form may not have more than one slash");
            if (parts[0].empty() || parts[1].empty() || parts[0].find(',') != std::string::npos)
                co_return base::makeError("arguments in resource/name form must have a single resource and name");
            const Mapping* mapping = mapper.find(parts[0]);
            if (mapping == nullptr) co_return unknownType(parts[0]);
            for (const Pair& other : pairs)
                if (o_.singleResourceType && !(*other.mapping == *mapping))
                    co_return base::makeError("you may only specify a single resource type");
            if (mapping->namespaced && ns_.empty())
                co_return base::makeError(o_.allNamespaces
                                              ? "a resource cannot be retrieved by name across all namespaces"
                                              : "namespace may not be empty when retrieving a resource by name");
            pairs.push_back({mapping, parts[1]});
        }
        for (const Pair& pair : pairs) {
            Info info;
            info.mapping = *pair.mapping;
            info.name = pair.name;
            info.ns = pair.mapping->namespaced ? ns_ : "";
            push(std::move(info));
        }
        co_return base::okStatus();
    }

    sim::Task<base::Status> byNames(const Mapper& mapper, std::vector<std::string> args) {
        const auto types = base::split(args[0], ',');
        if (types.size() > 1) co_return base::makeError("you must specify only one resource");
        const Mapping* mapping = mapper.find(args[0]);
        if (mapping == nullptr) co_return unknownType(args[0]);
        if (mapping->namespaced && ns_.empty())
            co_return base::makeError(o_.allNamespaces
                                          ? "a resource cannot be retrieved by name across all namespaces"
                                          : "namespace may not be empty when retrieving a resource by name");
        built_.singleItemImplied = args.size() == 2;
        for (std::size_t i = 1; i < args.size(); ++i) {
            Info info;
            info.mapping = *mapping;
            info.name = args[i];
            info.ns = mapping->namespaced ? ns_ : "";
            push(std::move(info));
        }
        co_return base::okStatus();
    }

    sim::Task<base::Status> bySelector(const Mapper& mapper, std::vector<std::string> types) {
        built_.targetsSingleItems = false;
        if (!o_.subresource.empty())
            co_return base::makeError("subresource cannot be used when bulk resources are specified");
        if (types.size() > 1 && o_.singleResourceType)
            co_return base::makeError("you may only specify a single resource type");
        std::vector<const Mapping*> mappings;
        for (const std::string& type : types) {
            const Mapping* mapping = mapper.find(type);
            if (mapping == nullptr) co_return unknownType(type);
            bool seen = false;
            for (const Mapping* other : mappings) seen = seen || *other == *mapping;
            if (!seen) mappings.push_back(mapping);
        }
        for (const Mapping* mapping : mappings) {
            built_.mappings.push_back(*mapping);
            if (stopped()) break;
            co_await list(*mapping);
        }
        co_return base::okStatus();
    }

    base::Error listError(const Mapping& mapping, const base::Error& error) const {
        if (error.code != 400 && error.code != 404) return error;
        const std::string subject = base::quoteGo(resourceText(mapping));
        const std::string text =
            o_.labelSelector.empty() && o_.fieldSelector.empty()
                ? "Unable to list " + subject + ": " + error.message
                : "Unable to find " + subject + " that match label selector " +
                      base::quoteGo(o_.labelSelector) + ", field selector " +
                      base::quoteGo(o_.fieldSelector) + ": " + error.message;
        const auto* detail = dynamic_cast<const api::StatusDetail*>(error.detail.get());
        if (detail == nullptr) return base::makeError(text);
        return api::errorFromStatus(detail->status.with("message", text));
    }

    sim::Task<void> list(Mapping mapping) {
        std::string token;
        do {
            CallOptions call;
            call.accept = o_.accept;
            if (!o_.fieldSelector.empty()) call.query.set("fieldSelector", o_.fieldSelector);
            if (o_.includeObject) call.query.set("includeObject", "Object");
            if (!o_.labelSelector.empty()) call.query.set("labelSelector", o_.labelSelector);
            if (o_.chunk > 0) call.query.set("limit", std::to_string(o_.chunk));
            if (!token.empty()) call.query.set("continue", token);
            const std::string ns = mapping.namespaced ? ns_ : "";
            auto answer = co_await session_.call("GET", mapping.path(ns), std::move(call));
            if (!answer.ok()) {
                pushError(listError(mapping, answer.error()));
                co_return;
            }
            const Value& object = answer.value();
            token = object.at("metadata", "continue").text();
            if (!o_.flatten || !object["items"].isArray()) {
                Info info;
                info.mapping = mapping;
                info.ns = ns;
                info.object = object;
                info.isList = true;
                push(std::move(info));
                continue;
            }
            for (const Value& item : object["items"].items()) {
                Info info;
                info.mapping = mapping;
                info.object = item.with("apiVersion", mapping.apiVersion()).with("kind", mapping.kind);
                info.name = item.at("metadata", "name").text();
                info.ns = item.at("metadata", "namespace").text();
                push(std::move(info));
            }
        } while (!token.empty());
    }

    // SetNamespace, RequireNamespace, FilterNamespace, RetrieveLatest and RetrieveLazy.
    sim::Task<void> finish() {
        std::vector<Found> kept;
        std::optional<api::LabelSelector> selector;
        const bool fromFiles = !o_.filenames.empty() || !o_.kustomize.empty();
        if (fromFiles && !o_.labelSelector.empty()) {
            auto parsed = api::LabelSelector::parse(o_.labelSelector);
            if (parsed.ok()) selector = parsed.value();
            else
                kept.push_back({std::nullopt, base::makeError("the provided selector " + base::quoteGo(o_.labelSelector) + " is not valid: " + parsed.error().message)});
            if (!parsed.ok()) built_.items.clear();
        }
        for (Found& item : built_.items) {
            if (!item.info) {
                kept.push_back(std::move(item));
                continue;
            }
            Info info = *item.info;
            if (selector && !selector->matches(info.object.at("metadata", "labels"))) continue;
            base::Status placed = place(info);
            if (placed.ok() && fromFiles && o_.latest && !o_.local) placed = co_await load(info);
            if (placed.ok() && o_.requireObject && info.object.isNull() && !o_.local)
                placed = co_await load(info);
            if (placed.ok()) kept.push_back({std::move(info), {}});
            else kept.push_back({std::nullopt, placed.error()});
            if (!o_.continueOnError && !kept.back().info) break;
        }
        built_.items = std::move(kept);
    }

    base::Status place(Info& info) const {
        if (info.isList) return base::okStatus();
        if (!info.mapping.namespaced) {
            if (!info.ns.empty()) {
                info.ns.clear();
                if (!info.object.isNull()) info.object = info.object.withoutPath({"metadata", "namespace"});
            }
            return base::okStatus();
        }
        // Without a server nobody knows the kind's scope.
        if (o_.local) return base::okStatus();
        if (info.ns.empty() && o_.defaultNamespace) {
            info.ns = ns_;
            if (!info.object.isNull())
                info.object = info.object.withPath({"metadata", "namespace"}, ns_);
        }
        if (o_.enforceNamespace && !o_.allNamespaces && info.ns != ns_)
            return base::makeError("the namespace from the provided object " + base::quoteGo(info.ns) +
                                   " does not match the namespace " + base::quoteGo(ns_) +
                                   ". You must pass '--namespace=" + info.ns +
                                   "' to perform this operation.");
        return base::okStatus();
    }

    sim::Task<base::Status> load(Info& info) {
        BASE_CO_CHECK(checkName(info));
        CallOptions call;
        call.accept = o_.accept;
        if (o_.includeObject) call.query.set("includeObject", "Object");
        auto answer = co_await session_.call("GET", info.path(o_.subresource), std::move(call));
        if (!answer.ok()) {
            base::Error missing = answer.error();
            co_return co_await missingNamespace(info.ns, std::move(missing));
        }
        info.object = answer.value();
        co_return base::okStatus();
    }

    // What is not found may lack its namespace. Source: cli-runtime pkg/resource/visitor.go Info.Get.
    sim::Task<base::Status> missingNamespace(std::string ns, base::Error error) {
        if (error.code != 404 || ns.empty() || ns == "default") co_return error;
        CallOptions call;
        call.accept = o_.accept;
        auto known = co_await session_.call("GET", "/api/v1/namespaces/" + ns, std::move(call));
        if (!known.ok() && known.error().code == 404) co_return known.error();
        co_return error;
    }

    Session& session_;
    BuildOptions o_;
    std::string ns_;
    Built built_;
    std::vector<std::string> paths_;
    bool streamBroken_ = false;
};

} // namespace

sim::Task<base::Result<Built>> build(Session& session, BuildOptions options) {
    Builder builder(session, std::move(options));
    co_return co_await builder.run();
}

} // namespace kubectl
