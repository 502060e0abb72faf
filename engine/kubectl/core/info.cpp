// Objects that a command line speaks of, one by one.
#include "base/strings.h"
#include "kubectl/core/builder.h"
#include "kubectl/core/errors.h"
#include "kubectl/core/refusals.h"

namespace kubectl {

using document::Value;

std::string resourceText(const Mapping& mapping) {
    return (mapping.group.empty() ? "/" : mapping.group + "/") + mapping.version +
           ", Resource=" + mapping.plural;
}
std::string Info::objectName() const { return mapping.plural + "/" + name; }
std::string Info::describe() const {
    std::string out = "Resource: " + base::quoteGo(resourceText(mapping)) + ", GroupVersionKind: " +
                      base::quoteGo((mapping.group.empty() ? "/" : mapping.group + "/") +
                                    mapping.version + ", Kind=" + mapping.kind) + "\n";
    return out + "Name: " + base::quoteGo(name) + ", Namespace: " + base::quoteGo(ns);
}

std::vector<Info> Built::infos() const {
    std::vector<Info> out;
    for (const Found& item : items)
        if (item.info) out.push_back(*item.info);
    return out;
}
std::vector<base::Error> Built::errors() const {
    std::vector<base::Error> out;
    for (const Found& item : items)
        if (!item.info) out.push_back(item.error);
    return out;
}

sim::Task<base::Status> visitEach(Built built, Visit visit) {
    std::vector<base::Error> errors;
    for (Found& item : built.items) {
        if (!item.info) {
            errors.push_back(std::move(item.error));
            continue;
        }
        Info info = std::move(*item.info);
        base::Status done = co_await visit(std::move(info));
        if (!done.ok()) errors.push_back(done.error());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return base::okStatus();
}

sim::Task<base::Result<Value>> fetch(Session& session, Info info, std::string subresource) {
    BASE_CO_CHECK(checkName(info));
    co_return co_await session.get(info.path(subresource));
}

// Requests go to the version that the manifest names, also when it names none.
static Mapping asWritten(Mapping found, const std::string& version) {
    found.version = version;
    return found;
}

sim::Task<base::Result<Mapping>> mappingForObject(Session& session, Value object, std::string source) {
    auto mapper = co_await session.mapper();
    if (!mapper.ok()) co_return mapper.error();
    const std::string apiVersion = object["apiVersion"].text(), kind = object["kind"].text();
    const auto gv = base::splitLimited(apiVersion, '/', 2);
    const std::string group = gv.size() > 1 ? gv[0] : "", version = gv.size() > 1 ? gv[1] : gv[0];
    if (const Mapping* found = mapper.value()->findKind(group, version, kind)) co_return asWritten(*found, version);
    mapper = co_await session.refreshMapper();
    if (!mapper.ok()) co_return mapper.error();
    if (const Mapping* found = mapper.value()->findKind(group, version, kind)) co_return asWritten(*found, version);
    co_return base::makeError("resource mapping not found for name: " +
                              base::quoteGo(object.at("metadata", "name").asString()) + " namespace: " +
                              base::quoteGo(object.at("metadata", "namespace").asString()) + " from " +
                              base::quoteGo(source) + ": no matches for kind " + base::quoteGo(kind) +
                              " in version " + base::quoteGo(apiVersion) + "\nensure CRDs are installed first");
}

} // namespace kubectl
