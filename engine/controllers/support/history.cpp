#include "controllers/support/history.h"

#include "api/objects/meta.h"
#include "api/status.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {
constexpr std::size_t kMaxName = 223;
}

Value templatePatch(const Value& owner) {
    Value copy = owner.at("spec", "template").with("$patch", "replace");
    if (copy.at("metadata", "creationTimestamp").isNull())
        copy = copy.withoutPath({"metadata", "creationTimestamp"});
    return Value::object({{"spec", Value::object({{"template", std::move(copy)}})}});
}

std::string History::hashOf(const Value& revision) const {
    return std::string(api::labelOf(revision, hashLabel_));
}

sim::Task<base::Result<std::vector<Value>>> History::list(Value owner) {
    auto selector = api::LabelSelector::fromObject(owner.at("spec", "selector"));
    if (!selector.ok()) co_return selector.error();
    std::vector<Value> candidates = revisions_.ownedBy(api::uidView(owner));
    for (Value& orphan : orphans_.inNamespace(api::namespaceOf(owner)))
        candidates.push_back(std::move(orphan));
    auto claimed = co_await claim(client_, owner, kind_, client::controllerRevisionsResource(),
                                  *selector, std::move(candidates));
    if (!claimed.ok()) co_return claimed.error();
    std::stable_sort(claimed->begin(), claimed->end(), [](const Value& a, const Value& b) {
        if (a["revision"].asInt() != b["revision"].asInt())
            return a["revision"].asInt() < b["revision"].asInt();
        return api::creationTimeOf(a) < api::creationTimeOf(b);
    });
    co_return claimed;
}

sim::Task<base::Result<Value>> History::current(Value owner, std::vector<Value> known,
                                                std::int64_t* collisions) {
    const Value data = templatePatch(owner);
    const std::int64_t newest = known.empty() ? 0 : known.back()["revision"].asInt();
    const client::Resource resource = client::controllerRevisionsResource();
    const std::string ns = api::namespaceOf(owner);
    for (auto place = known.rbegin(); place != known.rend(); ++place) {
        if (!((*place)["data"] == data)) continue;
        if ((*place)["revision"].asInt() == newest) co_return *place;
        auto raised = co_await client_.update(resource, ns, place->with("revision", newest + 1));
        if (raised.ok()) revisions_.put(*raised);
        co_return raised;
    }
    for (;;) {
        const std::string hash = hash_(owner, data, *collisions);
        document::ObjectBuilder labels(owner.at("spec", "template", "metadata", "labels"));
        labels.set(hashLabel_, hash);
        document::ObjectBuilder metadata;
        metadata.set("name", api::nameOf(owner).substr(0, kMaxName) + "-" + hash)
            .set("namespace", ns);
        metadata.set("labels", std::move(labels).build());
        document::ObjectBuilder annotations(api::annotationsOf(owner));
        metadata.setUnlessEmpty("annotations", std::move(annotations).build());
        const Value reference = api::controllerReference(owner, kind_.apiVersion, kind_.kind);
        metadata.set("ownerReferences", Value::array({reference}));
        const Value revision = Value::object({{"apiVersion", "apps/v1"},
                                              {"kind", "ControllerRevision"},
                                              {"metadata", std::move(metadata).build()},
                                              {"data", data},
                                              {"revision", newest + 1}});
        auto created = co_await client_.create(resource, ns, revision);
        if (created.ok()) revisions_.put(*created);
        if (created.ok() || !api::isAlreadyExists(created.error())) co_return created;
        auto existing = co_await client_.get(resource, ns, api::nameOf(revision));
        if (!existing.ok()) co_return existing;
        if (existing->at("data") == data && api::isControlledBy(*existing, owner))
            co_return existing;
        ++*collisions;
    }
}

sim::Task<base::Status> History::trim(Value owner, std::vector<Value> known,
                                      std::vector<std::string> inUse) {
    std::vector<Value> unused;
    for (const Value& revision : known)
        if (std::find(inUse.begin(), inUse.end(), api::nameOf(revision)) == inUse.end())
            unused.push_back(revision);
    const std::int64_t surplus = static_cast<std::int64_t>(unused.size()) -
                                 owner.at("spec", "revisionHistoryLimit").asInt(10);
    for (std::int64_t i = 0; i < surplus; ++i) {
        const Value& revision = unused[static_cast<std::size_t>(i)];
        auto removed = co_await client_.remove(client::controllerRevisionsResource(),
                                               api::namespaceOf(owner), api::nameOf(revision));
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    }
    co_return base::okStatus();
}

} // namespace controllers
