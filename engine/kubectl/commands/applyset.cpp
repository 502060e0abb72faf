#include "kubectl/commands/applyset.h"

#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "pki/certificate.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

constexpr const char* kTooling = "applyset.kubernetes.io/tooling";
constexpr const char* kNamespaces = "applyset.kubernetes.io/additional-namespaces";
constexpr const char* kKinds = "applyset.kubernetes.io/contains-group-kinds";
constexpr const char* kId = "applyset.kubernetes.io/id";
constexpr const char* kPartOf = "applyset.kubernetes.io/part-of";
constexpr const char* kParentType = "applyset.kubernetes.io/is-parent-type";
constexpr const char* kTool = "kubectl";
constexpr const char* kToolVersion = "v1.35.4";

std::string groupKind(const Mapping& mapping) {
    return mapping.group.empty() ? mapping.kind : mapping.kind + "." + mapping.group;
}

bool isBuiltinParent(const Mapping& mapping) {
    return mapping.group.empty() && (mapping.plural == "secrets" || mapping.plural == "configmaps");
}

std::set<std::string> listOf(const Value& annotation) {
    std::set<std::string> out;
    if (!annotation.text().empty())
        for (const std::string& item : base::split(annotation.text(), ',')) out.insert(item);
    return out;
}

std::string joined(const std::set<std::string>& items) { return base::join({items.begin(), items.end()}, ","); }

std::set<std::string> both(std::set<std::string> a, const std::set<std::string>& b) {
    a.insert(b.begin(), b.end());
    return a;
}

} // namespace

sim::Task<base::Status> ApplySet::parse() {
    const std::string reference = s_.flags.text("applyset");
    const auto slash = reference.find('/');
    const std::string type = slash == std::string::npos ? "secrets" : reference.substr(0, slash);
    name_ = slash == std::string::npos ? reference : reference.substr(slash + 1);
    const std::string prefix = "invalid parent reference " + base::quoteGo(reference) + ": ";
    if (name_.empty()) co_return base::makeError(prefix + "name cannot be blank");
    auto mapper = co_await s_.mapper();
    if (!mapper.ok()) co_return mapper.error();
    const Mapping* mapping = mapper.value()->find(type);
    if (mapping == nullptr) {
        const auto parts = base::splitLimited(type, '.', 2);
        co_return base::makeError(prefix + "no matches for " + (parts.size() > 1 ? parts[1] : "") + "/, Resource=" + parts[0]);
    }
    parent_ = *mapping;
    // The namespace of the configuration does not count.
    if (!parent_.namespaced || !s_.nsGiven()) co_return base::okStatus();
    auto ns = s_.ns();
    if (!ns.ok()) co_return ns.error();
    ns_ = ns.value();
    co_return base::okStatus();
}

sim::Task<base::Status> ApplySet::validate() {
    std::vector<base::Error> errors;
    if (parent_.namespaced && ns_.empty())
        errors.push_back(base::makeError("namespace is required to use namespace-scoped ApplySet"));
    if (!isBuiltinParent(parent_)) {
        ports::Query query;
        query.set("labelSelector", kParentType);
        auto allowed = co_await s_.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", query);
        if (!allowed.ok())
            errors.push_back(base::makeError("identifying allowed custom resource parent types: " + errorText(allowed.error())));
        bool permitted = false;
        if (allowed.ok())
            for (const Value& item : allowed.value()["items"].items())
                permitted = permitted || item.at("metadata", "name").text() == parent_.groupResource();
        if (!permitted)
            errors.push_back(base::makeError("resource " + base::quoteGo(parent_.group + "/" + parent_.version + ", Resource=" + parent_.plural) +
                                             " is not permitted as an ApplySet parent"));
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return base::okStatus();
}

std::string ApplySet::id() const {
    const std::string identity = name_ + "." + ns_ + "." + parent_.kind + "." + parent_.group;
    return "applyset-" + base::encodeBase64Url(pki::sha256(identity)) + "-v1";
}

std::string ApplySet::parentText() const { return parent_.plural + "." + parent_.group + "/" + name_; }

base::Status ApplySet::label(std::vector<Info>& infos) const {
    for (Info& info : infos) {
        if (info.object.at("metadata", "labels").has(kPartOf))
            return base::makeError("ApplySet label " + base::quoteGo(kPartOf) + " already set in input data");
        info.object = info.object.withPath({"metadata", "labels", kPartOf}, id());
    }
    return base::okStatus();
}

sim::Task<base::Status> ApplySet::begin(std::vector<Info> infos, DryRun mode, std::string validation) {
    mode_ = mode;
    validation_ = std::move(validation);
    BASE_CO_CHECK(co_await readParent());
    for (const Info& info : infos) {
        kinds_.insert(groupKind(info.mapping));
        if (info.mapping.namespaced && !info.ns.empty()) namespaces_.insert(info.ns);
    }
    co_return co_await writeParent(both(kindsBefore_, kinds_), both(namespacesBefore_, namespaces_));
}

sim::Task<base::Status> ApplySet::readParent() {
    auto mapper = co_await s_.mapper();
    if (!mapper.ok()) co_return mapper.error();
    auto parent = co_await s_.get(parent_.path(ns_, name_));
    if (!parent.ok() && api::isNotFound(parent.error())) {
        if (isBuiltinParent(parent_)) co_return base::okStatus();
        co_return base::makeError("custom resource ApplySet parents cannot be created automatically");
    }
    if (!parent.ok())
        co_return base::makeError("failed to fetch ApplySet parent object " + base::quoteGo(parentText()) + ": " + errorText(parent.error()));
    co_return readParent(*mapper.value(), parent.value());
}

base::Status ApplySet::readParent(const Mapper& mapper, const Value& parent) {
    const Value &annotations = parent.at("metadata", "annotations"), &labels = parent.at("metadata", "labels");
    const std::string shown = "ApplySet parent object " + base::quoteGo(parentText());
    if (!annotations.has(kTooling))
        return base::makeError(shown + " already exists and is missing required annotation " + base::quoteGo(kTooling));
    const std::string tooling = annotations[kTooling].text();
    const std::string tool = tooling.substr(0, tooling.rfind('/'));
    if (tool != kTool)
        return base::makeError(shown + " already exists and is managed by tooling " + base::quoteGo(tool) + " instead of " + base::quoteGo(kTool));
    if (!labels.has(kId)) return base::makeError(shown + " exists and does not have required label " + kId);
    if (labels[kId].text() != id())
        return base::makeError(shown + " exists and has incorrect value for label " + base::quoteGo(kId) + " (got: " + labels[kId].text() +
                               ", want: " + id() + ")");
    if (auto read = readKinds(mapper, annotations); !read.ok())
        return base::makeError("parsing ApplySet annotation on " + base::quoteGo(parentText()) + ": " + read.error().message);
    namespacesBefore_ = listOf(annotations[kNamespaces]);
    if (parent_.namespaced) namespacesBefore_.insert(ns_);
    return base::okStatus();
}

base::Status ApplySet::readKinds(const Mapper& mapper, const Value& annotations) {
    if (!annotations.has(kKinds))
        return base::makeError("kubectl requires the " + base::quoteGo(kKinds) + " annotation to be set on all ApplySet parent objects");
    kindsBefore_ = listOf(annotations[kKinds]);
    for (const std::string& kind : kindsBefore_) {
        const auto parts = base::splitLimited(kind, '.', 2);
        const std::string group = parts.size() > 1 ? parts[1] : "";
        const Mapping* mapping = mapper.findKind(group, "", parts[0]);
        if (mapping == nullptr)
            return base::makeError("could not find mapping for kind in " + base::quoteGo(kKinds) + " annotation: no matches for kind " +
                                   base::quoteGo(parts[0]) + " in group " + base::quoteGo(group));
        prunable_.push_back(*mapping);
    }
    return base::okStatus();
}

sim::Task<base::Status> ApplySet::writeParent(std::set<std::string> kinds, std::set<std::string> namespaces) {
    if (mode_ == DryRun::Client) co_return base::okStatus();
    namespaces.erase(ns_);
    const Value annotations = Value::object({{kTooling, std::string(kTool) + "/" + kToolVersion}, {kKinds, joined(kinds)}, {kNamespaces, joined(namespaces)}});
    Value metadata = Value::object({{"name", name_}, {"annotations", annotations}, {"labels", Value::object({{kId, id()}})}});
    if (!ns_.empty()) metadata = metadata.with("namespace", ns_);
    const Value body = Value::object({{"apiVersion", parent_.apiVersion()}, {"kind", parent_.kind}, {"metadata", metadata}});
    const std::string manager = std::string(kTool) + "-applyset";
    for (const char* force : {"false", "true"}) {
        CallOptions call;
        call.contentType = "application/apply-patch+yaml";
        if (mode_ == DryRun::Server) call.query.set("dryRun", "All");
        call.query.set("fieldManager", manager);
        call.query.set("fieldValidation", validation_);
        call.query.set("force", force);
        call.body = body;
        auto answer = co_await s_.call("PATCH", parent_.path(ns_, name_), std::move(call));
        if (answer.ok()) co_return base::okStatus();
        if (answer.error().code != 409 || force == std::string_view("true"))
            co_return base::makeError("failed to update ApplySet: " + errorText(answer.error()));
        s_.err(klogLine(s_, 'W', "applyset.go:447",
                        "WARNING: failed to update ApplySet: " + errorText(answer.error()) + "\nApplySet field manager " + manager +
                            " should own these fields. Retrying with conflicts forced."));
    }
    co_return base::okStatus();
}

sim::Task<base::Result<std::vector<Prunable>>> ApplySet::leftovers(std::set<std::string> uids) {
    std::vector<Prunable> out;
    for (const Mapping& mapping : prunable_) {
        std::vector<std::string> places(namespacesBefore_.begin(), namespacesBefore_.end());
        if (!mapping.namespaced) places.assign(1, "");
        for (const std::string& ns : places) {
            ports::Query query;
            query.set("labelSelector", std::string(kPartOf) + "=" + id());
            auto list = co_await s_.get(mapping.path(ns), query);
            if (!list.ok())
                co_return base::makeError("listing " + mapping.gvkText() + " objects for pruning: " + errorText(list.error()));
            for (const Value& item : list.value()["items"].items())
                if (!uids.contains(item.at("metadata", "uid").text()))
                    out.push_back({mapping, ns, item.with("kind", mapping.kind).with("apiVersion", mapping.apiVersion())});
        }
    }
    co_return out;
}

sim::Task<base::Status> ApplySet::finish() {
    auto written = co_await writeParent(kinds_, namespaces_);
    if (!written.ok())
        co_return base::makeError("apply and prune succeeded, but ApplySet update failed: " + written.error().message);
    co_return base::okStatus();
}

} // namespace kubectl
