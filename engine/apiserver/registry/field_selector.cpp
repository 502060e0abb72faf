#include "apiserver/registry/field_selector.h"

#include "api/status.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

struct Selectable {
    std::string_view resource;
    std::vector<std::string_view> fields;
    bool plainText; // "field label not supported" instead of the generic sentence
};

// Source: pkg/apis/*/v1/conversion.go AddFieldLabelConversionsFor...
const std::vector<Selectable>& selectables() {
    static const std::vector<Selectable> kTable = {
        {"/pods",
         {"metadata.name", "metadata.namespace", "spec.nodeName", "spec.restartPolicy",
          "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
          "status.podIP", "status.podIPs", "status.nominatedNodeName"},
         true},
        {"/nodes", {"metadata.name", "spec.unschedulable"}, true},
        {"/replicationcontrollers", {"metadata.name", "metadata.namespace", "status.replicas"}, true},
        {"/events",
         {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
          "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
          "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
          "metadata.namespace", "metadata.name"},
         true},
        {"events.k8s.io/events",
         {"regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid",
          "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath", "reason",
          "reportingController", "type", "metadata.namespace", "metadata.name"},
         true},
        {"/namespaces", {"status.phase", "metadata.name"}, true},
        {"/secrets", {"type", "metadata.namespace", "metadata.name"}, true},
        {"/services", {"metadata.namespace", "metadata.name", "spec.clusterIP", "spec.type"}, true},
        {"batch/jobs", {"metadata.name", "metadata.namespace", "status.successful"}, true},
        {"certificates.k8s.io/certificatesigningrequests", {"metadata.name", "spec.signerName"}, true},
        {"resource.k8s.io/resourceslices", {"metadata.name", "spec.nodeName", "spec.driver"}, true},
    };
    return kTable;
}

std::string lookup(const Value& object, std::string_view path) {
    const Value* at = &object;
    while (!path.empty()) {
        const auto dot = path.find('.');
        at = &(*at)[path.substr(0, dot)];
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    if (at->isString()) return at->text();
    if (at->isInt()) return std::to_string(at->asInt());
    if (at->isBool()) return at->asBool() ? "true" : "false";
    return {};
}

// Values that a missing field stands for, and fields that live elsewhere than their name says.
std::string valueOf(const Value& object, const std::string& plural, std::string_view field) {
    std::string text = lookup(object, field);
    if (!text.empty()) return text;
    if (field == "spec.unschedulable" || field == "spec.hostNetwork") return "false";
    if (field == "status.successful") {
        text = lookup(object, "status.succeeded");
        return text.empty() ? "0" : text;
    }
    if (field == "status.replicas") return "0";
    if (field == "source") return lookup(object, "source.component").empty()
                                      ? lookup(object, "reportingComponent")
                                      : lookup(object, "source.component");
    if (field == "reportingComponent") return lookup(object, "reportingController");
    if (field.starts_with("regarding."))
        return lookup(object, "involvedObject." + std::string(field.substr(10)));
    if (field.starts_with("involvedObject."))
        return lookup(object, "regarding." + std::string(field.substr(15)));
    if (field == "status.phase" && plural == "namespaces") return "Active";
    return {};
}

} // namespace

base::Result<FieldSelector> FieldSelector::parse(std::string_view text,
                                                 const api::ResourceInfo& resource,
                                                 const std::vector<std::string>& custom) {
    FieldSelector out;
    out.plural_ = resource.plural;
    const Selectable* known = nullptr;
    const std::string key = resource.group + "/" + resource.plural;
    for (const Selectable& entry : selectables())
        if (entry.resource == key) known = &entry;
    if (text.empty()) return out;
    for (const std::string& piece : base::split(text, ',')) {
        if (piece.empty()) continue;
        Term term;
        std::size_t at = piece.find("!=");
        std::size_t width = 2;
        if (at != std::string::npos) {
            term.equal = false;
        } else if (at = piece.find("=="); at == std::string::npos) {
            at = piece.find('=');
            width = 1;
        }
        if (at == std::string::npos)
            return api::badRequest("invalid selector: '" + std::string(text) +
                                   "'; can't understand '" + piece + "'");
        term.field = piece.substr(0, at);
        term.value = piece.substr(at + width);
        const bool generic = term.field == "metadata.name" || term.field == "metadata.namespace";
        bool allowed = false;
        if (known != nullptr)
            allowed = std::find(known->fields.begin(), known->fields.end(), term.field) !=
                      known->fields.end();
        else
            allowed = generic || std::find(custom.begin(), custom.end(), term.field) != custom.end();
        if (!allowed && known != nullptr)
            return api::badRequest("field label not supported: " + term.field);
        if (!allowed && resource.custom)
            return api::badRequest("field label not supported: " + term.field);
        if (!allowed)
            return api::badRequest(base::quoteGo(term.field) + " is not a known field selector: only "
                                   "\"metadata.name\", \"metadata.namespace\"");
        out.terms_.push_back(std::move(term));
    }
    return out;
}

bool FieldSelector::matches(const Value& object) const {
    for (const Term& term : terms_) {
        if (term.field == "status.podIPs") {
            bool found = false;
            for (const Value& ip : object.at("status", "podIPs").items())
                found = found || ip["ip"].asString() == term.value;
            if (found != term.equal) return false;
            continue;
        }
        if ((valueOf(object, plural_, term.field) == term.value) != term.equal) return false;
    }
    return true;
}

std::string_view FieldSelector::exactName() const { return exact("metadata.name"); }

std::string_view FieldSelector::exact(std::string_view field) const {
    for (const Term& term : terms_)
        if (term.equal && term.field == field) return term.value;
    return {};
}

} // namespace apiserver
