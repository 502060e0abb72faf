// The API metrics.k8s.io as metrics-server serves it. Source: metrics-server pkg/api.
#include "api/label_selector.h"
#include "api/quantity.h"
#include "api/status.h"
#include "base/strings.h"
#include "cluster/programs/metrics_server.h"
#include "pki/certificate.h"

namespace cluster::metrics {

using document::Value;

namespace {

constexpr const char* kGroup = "metrics.k8s.io";
constexpr const char* kVersion = "metrics.k8s.io/v1beta1";
constexpr sim::Duration kPermittedFor = 10 * sim::kSecond;

ports::Response json(int status, Value value) {
    ports::Response response;
    response.status = status;
    response.headers.set("Cache-Control", "no-cache, private");
    response.headers.set("Content-Type", "application/json");
    response.object = std::move(value);
    return response;
}

ports::Response refuse(const base::Error& error) {
    const int code = error.code >= 400 && error.code < 600 ? error.code : 500;
    return json(code, api::statusOf(error));
}

Value groupDocument() {
    const Value version = Value::object({{"groupVersion", kVersion}, {"version", "v1beta1"}});
    return Value::object({{"name", kGroup}, {"versions", Value::array({version})}, {"preferredVersion", version}});
}

Value resourceDocument() {
    const auto resource = [](const char* name, const char* kind, bool namespaced) {
        return Value::object({{"name", name},
                              {"singularName", ""},
                              {"namespaced", namespaced},
                              {"kind", kind},
                              {"verbs", Value::array({"get", "list"})}});
    };
    return Value::object({{"kind", "APIResourceList"},
                          {"apiVersion", "v1"},
                          {"groupVersion", kVersion},
                          {"resources", Value::array({resource("nodes", "NodeMetrics", false),
                                                      resource("pods", "PodMetrics", true)})}});
}

Value usageValue(const Usage& usage) { return Value::object({{"cpu", usage.cpu}, {"memory", usage.memory}}); }

// metadata.name and metadata.namespace, with = and !=.
bool matchesFields(std::string_view selector, const Value& object) {
    for (const std::string& term : base::split(std::string(selector), ',')) {
        if (term.empty()) continue;
        const bool unequal = term.find("!=") != std::string::npos;
        const std::size_t sign = term.find_first_of("!=");
        std::size_t value = sign;
        while (value < term.size() && (term[value] == '!' || term[value] == '=')) ++value;
        const std::string field = term.substr(0, sign);
        const char* key = field == "metadata.namespace" ? "namespace" : field == "metadata.name" ? "name" : nullptr;
        if (key == nullptr) continue;
        if ((object["metadata"][key].asString() == std::string_view(term).substr(value)) == unequal) return false;
    }
    return true;
}

bool selected(const ports::Request& request, const Value& object) {
    const auto labels = api::LabelSelector::parse(request.query.get("labelSelector"));
    if (labels.ok() && !labels->matches(object.at("metadata", "labels"))) return false;
    return matchesFields(request.query.get("fieldSelector"), object);
}

Value metadataOf(const Value& object, const std::string& now) {
    document::ObjectBuilder meta;
    meta.set("name", object.at("metadata", "name"));
    meta.setUnlessEmpty("namespace", object.at("metadata", "namespace"));
    meta.set("creationTimestamp", now);
    meta.setUnlessEmpty("labels", object.at("metadata", "labels"));
    return std::move(meta).build();
}

api::Quantity total(const Value& item, const char* resource) {
    if (item.has("usage")) return api::Quantity::ofValue(item["usage"][resource]);
    api::Quantity sum;
    for (const Value& container : item["containers"].items())
        sum = sum + api::Quantity::ofValue(container["usage"][resource]);
    return sum;
}

Value asTable(const std::vector<Value>& items, std::string_view include) {
    const auto column = [](const char* name, const char* format) {
        return Value::object({{"name", name}, {"type", "string"}, {"format", format}, {"description", ""}, {"priority", 0}});
    };
    std::vector<Value> columns = {column("Name", "name")};
    if (!items.empty()) {
        columns.push_back(column("cpu", "quantity"));
        columns.push_back(column("memory", "quantity"));
    }
    columns.push_back(column("Window", "duration"));
    document::ArrayBuilder rows;
    for (const Value& item : items) {
        Value object = item;
        if (include != "Object")
            object = Value::object({{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", item["metadata"]}});
        document::ObjectBuilder row;
        row.set("cells", Value::array({item.at("metadata", "name"), Value(total(item, "cpu").text()),
                                       Value(total(item, "memory").text()), item["window"]}));
        if (include != "None") row.set("object", object);
        rows.push(std::move(row).build());
    }
    return Value::object({{"kind", "Table"},
                          {"apiVersion", "meta.k8s.io/v1"},
                          {"metadata", Value::object()},
                          {"columnDefinitions", Value::array(columns)},
                          {"rows", std::move(rows).build()}});
}

} // namespace

Server::~Server() {
    if (gate_) gate_->close();
}

std::shared_ptr<ports::HttpHandler> Server::handler() {
    if (!gate_)
        gate_ = std::make_shared<ports::RequestGate>(
            scope_, [this](ports::Request request) { return route(std::move(request)); });
    return gate_;
}

ports::Response Server::health(const ports::Request& request) const {
    struct Check {
        const char* name;
        bool ok;
    };
    const bool live = request.path == "/livez";
    const sim::Time now = process_.kernel().now();
    const bool synced = nodes_.synced() && pods_.synced();
    std::vector<Check> checks = {{"ping", true}, {"log", true}};
    if (live) checks.push_back({"metric-collection-timely", lastScrape_ == 0 || now - lastScrape_ < 3 * settings_.resolution / 2});
    else checks.push_back({"metric-storage-ready", storage_.ready()});
    checks.push_back({live ? "metadata-informer-sync" : "metric-informer-sync", synced});
    std::string lines;
    bool ok = true;
    for (const Check& check : checks) {
        ok = ok && check.ok;
        lines += check.ok ? std::string("[+]") + check.name + " ok\n" : std::string("[-]") + check.name + " failed: reason withheld\n";
    }
    const std::string root = request.path.substr(1);
    if (!ok) return ports::textResponse(500, lines + root + " check failed\n");
    return ports::textResponse(200, request.query.has("verbose") ? lines + root + " check passed\n" : "ok");
}

sim::Task<base::Result<Server::Caller>> Server::identify(const ports::Request& request) {
    const std::int64_t now = process_.kernel().unixNow();
    if (!request.clientChain.empty()) {
        const pki::CertificateInfo shown = pki::inspect(*request.clientChain.front());
        const bool proxy = !proxyRoots_.empty() && pki::verify(request.clientChain, proxyRoots_, now, pki::Usage::Client).ok();
        bool named = proxyNames_.empty();
        for (const std::string& name : proxyNames_) named = named || name == shown.subject.commonName;
        const std::string user(request.headers.get("X-Remote-User"));
        if (proxy && named && !user.empty()) co_return Caller{user, request.headers.all("X-Remote-Group")};
        if (!clientRoots_.empty() && pki::verify(request.clientChain, clientRoots_, now, pki::Usage::Client).ok())
            co_return Caller{shown.subject.commonName, shown.subject.organizations};
    }
    const std::string_view given = request.headers.get("Authorization");
    if (given.starts_with("Bearer ")) {
        const client::Resource reviews{"authentication.k8s.io", "v1", "tokenreviews"};
        const Value review = Value::object({{"apiVersion", "authentication.k8s.io/v1"},
                                            {"kind", "TokenReview"},
                                            {"spec", Value::object({{"token", given.substr(7)}})}});
        const std::string none;
        auto made = co_await client_.create(reviews, none, review);
        const Value status = made.ok() ? (*made)["status"] : Value();
        if (!status["authenticated"].asBool()) co_return api::statusError(401, "Unauthorized", "Unauthorized");
        Caller caller{status.at("user", "username").text(), {}};
        for (const Value& group : status.at("user", "groups").items()) caller.groups.push_back(group.text());
        co_return caller;
    }
    co_return Caller{"system:anonymous", {"system:unauthenticated"}};
}

// Asks the cluster, unless the caller is a master or was let through a moment ago.
sim::Task<base::Status> Server::permit(Caller caller, std::string verb, std::string path, Asked asked) {
    for (const std::string& group : caller.groups)
        if (group == "system:masters") co_return base::okStatus();
    const std::string key = caller.name + "\n" + base::join(caller.groups, ",") + "\n" + verb + "\n" + path;
    const sim::Time now = process_.kernel().now();
    if (const auto known = permitted_.find(key); known != permitted_.end() && known->second > now) co_return base::okStatus();
    document::ObjectBuilder spec;
    spec.set("user", caller.name).set("groups", Value::strings(caller.groups));
    if (asked.resource.empty())
        spec.set("nonResourceAttributes", Value::object({{"path", path}, {"verb", verb}}));
    else
        spec.set("resourceAttributes", Value::object({{"group", kGroup}, {"version", "v1beta1"}, {"verb", verb},
                                                      {"resource", asked.resource}, {"namespace", asked.ns}, {"name", asked.name}}));
    const Value review = Value::object({{"apiVersion", "authorization.k8s.io/v1"},
                                        {"kind", "SubjectAccessReview"},
                                        {"spec", std::move(spec).build()}});
    const client::Resource reviews{"authorization.k8s.io", "v1", "subjectaccessreviews"};
    const std::string none;
    auto made = co_await client_.create(reviews, none, review);
    if (!made.ok())
        co_return api::statusError(500, "InternalError", "Internal error occurred: " + made.error().message);
    if ((*made)["status"]["allowed"].asBool()) {
        if (permitted_.size() > 1000) permitted_.clear();
        permitted_[key] = now + kPermittedFor;
        co_return base::okStatus();
    }
    std::string what = "User " + base::quoteGo(caller.name) + " cannot " + verb + " ";
    if (asked.resource.empty()) {
        what += "path " + base::quoteGo(path);
        co_return api::statusError(403, "Forbidden", "forbidden: " + what);
    }
    what += "resource " + base::quoteGo(asked.resource) + " in API group " + base::quoteGo(kGroup) +
            (asked.ns.empty() ? " at the cluster scope" : " in the namespace " + base::quoteGo(asked.ns));
    co_return api::forbidden(kGroup, asked.resource, asked.name, what);
}

sim::Task<ports::Response> Server::route(ports::Request request) {
    std::string path = request.path;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path == "/healthz" || path == "/livez" || path == "/readyz") co_return health(request);
    const std::string root = "/apis/metrics.k8s.io/v1beta1";
    Asked asked;
    bool known = path == "/apis" || path == "/apis/metrics.k8s.io" || path == root;
    if (path.starts_with(root + "/")) {
        auto parts = base::split(path.substr(root.size() + 1), '/');
        if (parts.size() >= 3 && parts[0] == "namespaces") {
            asked.ns = parts[1];
            parts.erase(parts.begin(), parts.begin() + 2);
        }
        asked.resource = parts[0];
        if (parts.size() > 1) asked.name = parts[1];
        known = parts.size() < 3 && (parts[0] == "pods" ? asked.name.empty() || !asked.ns.empty()
                                                        : parts[0] == "nodes" && asked.ns.empty());
    }
    auto caller = co_await identify(request);
    if (!caller.ok()) co_return refuse(caller.error());
    const std::string verb = !asked.resource.empty() && asked.name.empty() ? "list" : "get";
    const auto permitted = co_await permit(*caller, verb, path, asked);
    if (!permitted.ok()) co_return refuse(permitted.error());
    if (!known) co_return ports::textResponse(404, "404 page not found\n");
    if (request.method != "GET" || request.query.get("watch") == "true" || request.query.get("watch") == "1")
        co_return refuse(api::statusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"));
    if (path == "/apis")
        co_return json(200, Value::object({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Value::array({groupDocument()})}}));
    if (path == "/apis/metrics.k8s.io") co_return json(200, groupDocument().with("kind", "APIGroup").with("apiVersion", "v1"));
    if (path == root) co_return json(200, resourceDocument());
    co_return serve(request, asked);
}

std::vector<Value> Server::nodeMetrics(const ports::Request& request, const std::string& name) const {
    std::vector<Value> out;
    const std::string now = sim::formatRfc3339(process_.kernel().unixNow());
    for (const auto& [key, node] : nodes_.items()) {
        if (!name.empty() && key != name) continue;
        if (name.empty() && !selected(request, node)) continue;
        const auto usage = storage_.node(key);
        if (!usage) continue;
        out.push_back(Value::object({{"metadata", metadataOf(node, now)},
                                     {"timestamp", sim::formatRfc3339(usage->at)},
                                     {"window", sim::formatGoDuration(usage->window / sim::kMillisecond * sim::kMillisecond)},
                                     {"usage", usageValue(*usage)}}));
    }
    return out;
}

std::vector<Value> Server::podMetrics(const ports::Request& request, const Asked& asked) const {
    std::vector<Value> out;
    const std::string now = sim::formatRfc3339(process_.kernel().unixNow());
    for (const auto& [key, pod] : pods_.items()) {
        if (!asked.ns.empty() && pod.at("metadata", "namespace").asString() != asked.ns) continue;
        if (!asked.name.empty() && pod.at("metadata", "name").asString() != asked.name) continue;
        if (asked.name.empty() && !selected(request, pod)) continue;
        const auto usages = storage_.pod(key);
        if (usages.empty()) continue;
        document::ArrayBuilder containers;
        const Usage* earliest = nullptr;
        for (const auto& [name, usage] : usages) {
            containers.push(Value::object({{"name", name}, {"usage", usageValue(usage)}}));
            if (earliest == nullptr || usage.at < earliest->at) earliest = &usage;
        }
        out.push_back(Value::object({{"metadata", metadataOf(pod, now)},
                                     {"timestamp", sim::formatRfc3339(earliest->at)},
                                     {"window", sim::formatGoDuration(earliest->window / sim::kMillisecond * sim::kMillisecond)},
                                     {"containers", std::move(containers).build()}}));
    }
    return out;
}

ports::Response Server::serve(const ports::Request& request, const Asked& asked) const {
    const bool nodes = asked.resource == "nodes";
    const std::string kind = nodes ? "NodeMetrics" : "PodMetrics";
    std::vector<Value> items = nodes ? nodeMetrics(request, asked.name) : podMetrics(request, asked);
    const std::string_view accept = request.headers.get("Accept");
    const bool table = accept.find("as=Table") != std::string_view::npos;
    if (!asked.name.empty() && items.empty()) {
        const bool exists = nodes ? !nodes_.get(asked.name).isNull() : !pods_.get(asked.ns + "/" + asked.name).isNull();
        if (exists)
            return refuse(nodes ? api::notFound(kGroup, "nodemetrics", asked.name)
                                : api::notFound(kGroup, "podmetrics", asked.ns + "/" + asked.name));
        return refuse(api::notFound("", asked.resource, asked.name));
    }
    for (Value& item : items)
        if (table || !asked.name.empty()) item = item.with("kind", kind).with("apiVersion", kVersion);
    if (table) {
        const std::string_view include = request.query.get("includeObject");
        return json(200, asTable(items, include.empty() ? "Metadata" : include));
    }
    if (!asked.name.empty()) return json(200, items.front());
    return json(200, Value::object({{"kind", kind + "List"},
                                    {"apiVersion", kVersion},
                                    {"metadata", Value::object()},
                                    {"items", Value::array(std::move(items))}}));
}

} // namespace cluster::metrics
