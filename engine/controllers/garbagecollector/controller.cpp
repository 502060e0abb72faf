#include "controllers/garbagecollector/controller.h"

#include "api/objects/meta.h"
#include "api/status.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {

constexpr sim::Duration kResync = 30 * sim::kSecond;
constexpr std::size_t kMaxAbsentOwners = 500;

std::vector<Value> ownersOf(const Value& object) {
    const auto items = object.at("metadata", "ownerReferences").items();
    return {items.begin(), items.end()};
}

bool foreground(const Value& object) {
    return api::isDeleting(object) && api::hasFinalizer(object, "foregroundDeletion");
}

bool orphaning(const Value& object) {
    return api::isDeleting(object) && api::hasFinalizer(object, "orphan");
}

} // namespace

GarbageCollector::GarbageCollector(Context context)
    : QueueController(context, "generic-garbage-collector", 20) {
    // A changed CustomResourceDefinition means other resources to watch.
    informers_.watch({"apiextensions.k8s.io", "v1", "customresourcedefinitions"},
                     [this](const Value&, const Value&) { changed_ = true; });
}

void GarbageCollector::start(sim::Scope& scope) {
    scope.spawn(keepUpToDate(this), "gc-discovery");
    QueueController::start(scope);
}

// Watches every deletable resource; discovery is asked again while definitions change.
sim::Task<void> GarbageCollector::keepUpToDate(GarbageCollector* self) {
    for (;;) {
        if (self->changed_) {
            self->changed_ = false;
            auto found = co_await discover(self->client_);
            if (!found.ok())
                self->changed_ = true;
            else
                for (const ServedResource& item : *found) {
                    self->kinds_[item.apiVersion() + "/" + item.kind] = item;
                    if (!item.preferred || !item.can("delete") || !item.can("list") ||
                        !item.can("watch"))
                        continue;
                    if (item.resource.plural == "events") continue;
                    if (!self->watched_.insert(item.resource.path({})).second) continue;
                    self->informers_.watch(
                        item.resource, [self, item](const Value& previous, const Value& current) {
                            self->onChange(item, previous, current);
                        });
                }
        }
        const sim::Duration pause =
            self->changed_ && self->watched_.empty() ? sim::kSecond : kResync;
        co_await sim::sleepFor(self->kernel_, pause);
    }
}

const ServedResource* GarbageCollector::served(std::string_view apiVersion,
                                               std::string_view kind) const {
    const auto place = kinds_.find(std::string(apiVersion) + "/" + std::string(kind));
    return place == kinds_.end() ? nullptr : &place->second;
}

void GarbageCollector::link(Node& node, const std::vector<Value>& owners) {
    for (const Value& owner : owners) {
        const std::string uid = owner["uid"].text();
        Node& parent = nodes_[uid];
        if (parent.uid.empty()) {
            // Not seen yet: a stand-in, whose existence is checked at the server.
            parent.uid = uid;
            parent.apiVersion = owner["apiVersion"].text();
            parent.kind = owner["kind"].text();
            parent.name = owner["name"].text();
            const ServedResource* kind = served(parent.apiVersion, parent.kind);
            if (kind == nullptr || kind->namespaced) parent.ns = node.ns;
            parent.isVirtual = true;
            queue_.addAfter("d/" + uid, sim::kSecond);
        }
        parent.dependants.insert(node.uid);
    }
}

void GarbageCollector::unlink(Node& node, const std::vector<Value>& owners) {
    for (const Value& owner : owners) {
        const auto place = nodes_.find(owner["uid"].text());
        if (place == nodes_.end()) continue;
        place->second.dependants.erase(node.uid);
        if (place->second.deletingDependants) queue_.add("d/" + place->first);
    }
}

void GarbageCollector::noticeDeletion(Node& node, const Value& object) {
    if (orphaning(object)) queue_.add("o/" + node.uid);
    if (foreground(object) && !node.deletingDependants) {
        node.deletingDependants = true;
        for (const std::string& uid : node.dependants) queue_.add("d/" + uid);
        queue_.add("d/" + node.uid);
    }
    node.deleting = api::isDeleting(object);
}

void GarbageCollector::removed(const std::string& uid) {
    const auto place = nodes_.find(uid);
    if (place == nodes_.end()) return;
    Node node = std::move(place->second);
    nodes_.erase(place);
    if (absentOwners_.size() > kMaxAbsentOwners) absentOwners_.clear();
    absentOwners_.insert(uid);
    unlink(node, node.owners);
    for (const std::string& dependant : node.dependants) queue_.add("d/" + dependant);
}

void GarbageCollector::onChange(const ServedResource& kind, const Value& previous,
                                const Value& current) {
    if (current.isNull()) {
        removed(api::uidOf(previous));
        return;
    }
    if (!previous.isNull() && api::uidView(previous) != api::uidView(current))
        removed(api::uidOf(previous));
    const std::string uid = api::uidOf(current);
    const std::vector<Value> owners = ownersOf(current);
    const auto place = nodes_.find(uid);
    if (place == nodes_.end() && owners.empty() && !api::isDeleting(current)) {
        // Nothing is known to depend on it: a node is made when something does.
        Node& node = nodes_[uid];
        node.uid = uid;
        node.apiVersion = kind.apiVersion();
        node.kind = kind.kind;
        node.ns = api::namespaceOf(current);
        node.name = api::nameOf(current);
        return;
    }
    Node& node = nodes_[uid];
    const bool fresh = node.uid.empty() || node.isVirtual;
    node.uid = uid;
    node.apiVersion = kind.apiVersion();
    node.kind = kind.kind;
    node.ns = api::namespaceOf(current);
    node.name = api::nameOf(current);
    node.isVirtual = false;
    if (fresh || !(Value::array(node.owners) == Value::array(owners))) {
        std::vector<Value> gone, added;
        for (const Value& old : node.owners)
            if (std::none_of(owners.begin(), owners.end(),
                             [&](const Value& o) { return o["uid"] == old["uid"]; }))
                gone.push_back(old);
        for (const Value& owner : owners) {
            const auto same =
                std::find_if(node.owners.begin(), node.owners.end(),
                             [&](const Value& o) { return o["uid"] == owner["uid"]; });
            if (same == node.owners.end()) added.push_back(owner);
            // No longer blocking: the owner's foreground deletion may go on.
            else if (!(*same == owner))
                queue_.add("d/" + owner["uid"].text());
        }
        const bool lost = !gone.empty();
        node.owners = owners;
        unlink(node, gone);
        link(nodes_[uid], added);
        if (lost && !fresh) queue_.add("d/" + uid);
        for (const Value& owner : added)
            if (absentOwners_.contains(owner["uid"].text())) queue_.add("d/" + uid);
    }
    noticeDeletion(nodes_[uid], current);
}

sim::Task<base::Status> GarbageCollector::sync(std::string key) {
    std::string uid = key.substr(2);
    if (key[0] == 'o') co_return co_await attemptOrphan(std::move(uid));
    co_return co_await attemptDelete(std::move(uid));
}

sim::Task<base::Result<Value>> GarbageCollector::live(Node node) {
    const ServedResource* kind = served(node.apiVersion, node.kind);
    if (kind == nullptr)
        co_return base::makeError("unable to get REST mapping for " + node.apiVersion + "/" +
                                  node.kind);
    const client::Resource resource = kind->resource;
    std::string ns = kind->namespaced ? node.ns : std::string();
    auto found = co_await client_.get(resource, std::move(ns), node.name);
    if (found.ok() && api::uidOf(*found) != node.uid)
        co_return api::notFound(resource.group, resource.plural, node.name);
    co_return found;
}

sim::Task<base::Result<const char*>> GarbageCollector::classify(Node node, Value owner) {
    const std::string uid = owner["uid"].text();
    if (absentOwners_.contains(uid)) co_return "dangling";
    Node parent;
    parent.uid = uid;
    parent.apiVersion = owner["apiVersion"].text();
    parent.kind = owner["kind"].text();
    parent.name = owner["name"].text();
    parent.ns = node.ns;
    auto found = co_await live(parent);
    if (!found.ok()) {
        if (!api::isNotFound(found.error())) co_return found.error();
        absentOwners_.insert(uid);
        co_return "dangling";
    }
    co_return foreground(*found) ? "waiting" : "solid";
}

sim::Task<base::Status> GarbageCollector::attemptDelete(std::string uid) {
    const auto place = nodes_.find(uid);
    if (place == nodes_.end()) co_return base::okStatus();
    const Node node = place->second;
    if (node.deleting && !node.deletingDependants) co_return base::okStatus();
    auto found = co_await live(node);
    if (!found.ok()) {
        if (!api::isNotFound(found.error())) co_return found.error();
        removed(uid);
        co_return base::okStatus();
    }
    if (node.isVirtual) co_return base::okStatus(); // it exists; its informer will tell more
    if (node.deletingDependants) co_return co_await finishForeground(uid);
    const std::vector<Value> owners = ownersOf(*found);
    if (owners.empty()) co_return base::okStatus();
    std::vector<Value> solid, gone;
    bool waiting = false;
    for (const Value& owner : owners) {
        auto state = co_await classify(node, owner);
        if (!state.ok()) co_return state.error();
        const std::string_view text = *state;
        if (text == "solid") {
            solid.push_back(owner);
        } else {
            gone.push_back(owner);
            waiting = waiting || text == "waiting";
        }
    }
    if (!solid.empty()) {
        if (gone.empty()) co_return base::okStatus();
        co_return co_await dropOwners(node, std::move(gone));
    }
    client::DeleteOptions options;
    options.uid = uid;
    const auto again = nodes_.find(uid);
    const bool hasDependants = again != nodes_.end() && !again->second.dependants.empty();
    options.propagationPolicy = waiting && hasDependants                          ? "Foreground"
                                : api::hasFinalizer(*found, "orphan")             ? "Orphan"
                                : api::hasFinalizer(*found, "foregroundDeletion") ? "Foreground"
                                                                                  : "Background";
    const ServedResource* kind = served(node.apiVersion, node.kind);
    auto deleted = co_await client_.remove(kind->resource, node.ns, node.name, options);
    if (!deleted.ok() && !api::isNotFound(deleted.error()) && !api::isConflict(deleted.error()))
        co_return deleted.error();
    co_return base::okStatus();
}

// The owner goes when nothing that blocks it is left.
sim::Task<base::Status> GarbageCollector::finishForeground(std::string uid) {
    const auto place = nodes_.find(uid);
    if (place == nodes_.end()) co_return base::okStatus();
    bool blocked = false;
    for (const std::string& dependant : place->second.dependants) {
        const auto child = nodes_.find(dependant);
        if (child == nodes_.end()) continue;
        for (const Value& owner : child->second.owners)
            if (owner["uid"].asString() == uid && owner["blockOwnerDeletion"].asBool()) {
                blocked = true;
                if (!child->second.deletingDependants) queue_.add("d/" + dependant);
            }
    }
    if (blocked) co_return base::okStatus();
    const Node node = place->second;
    co_return co_await removeFinalizer(node, "foregroundDeletion");
}

sim::Task<base::Status> GarbageCollector::attemptOrphan(std::string uid) {
    const auto place = nodes_.find(uid);
    if (place == nodes_.end()) co_return base::okStatus();
    const Node owner = place->second;
    for (const std::string& dependant : owner.dependants) {
        const auto child = nodes_.find(dependant);
        if (child == nodes_.end()) continue;
        const Node node = child->second;
        std::vector<Value> references;
        for (const Value& reference : node.owners)
            if (reference["uid"].asString() == uid) references.push_back(reference);
        auto dropped = co_await dropOwners(node, std::move(references));
        if (!dropped.ok()) co_return dropped;
    }
    co_return co_await removeFinalizer(owner, "orphan");
}

sim::Task<base::Status> GarbageCollector::dropOwners(Node node, std::vector<Value> owners) {
    const ServedResource* kind = served(node.apiVersion, node.kind);
    if (kind == nullptr || owners.empty()) co_return base::okStatus();
    const client::Resource resource = kind->resource;
    auto found = co_await live(node);
    if (!found.ok()) {
        if (api::isNotFound(found.error())) co_return base::okStatus();
        co_return found.error();
    }
    // A merge patch with the resource version works for custom resources too.
    document::ArrayBuilder kept;
    for (const Value& owner : ownersOf(*found))
        if (std::none_of(owners.begin(), owners.end(),
                         [&](const Value& o) { return o["uid"] == owner["uid"]; }))
            kept.push(owner);
    Value list = kept.size() == 0 ? Value() : std::move(kept).build();
    const Value patch = Value::object(
        {{"metadata", Value::object({{"uid", node.uid},
                                     {"resourceVersion", api::resourceVersionOf(*found)},
                                     {"ownerReferences", std::move(list)}})}});
    auto patched =
        co_await client_.patch(resource, node.ns, node.name, "application/merge-patch+json", patch);
    if (!patched.ok() && !api::isNotFound(patched.error())) co_return patched.error();
    co_return base::okStatus();
}

sim::Task<base::Status> GarbageCollector::removeFinalizer(Node node, std::string finalizer) {
    const ServedResource* kind = served(node.apiVersion, node.kind);
    if (kind == nullptr) co_return base::okStatus();
    const client::Resource resource = kind->resource;
    auto found = co_await live(node);
    if (!found.ok()) {
        if (api::isNotFound(found.error())) co_return base::okStatus();
        co_return found.error();
    }
    if (!api::hasFinalizer(*found, finalizer)) co_return base::okStatus();
    const Value changed = api::withoutFinalizer(*found, finalizer);
    const Value patch = Value::object(
        {{"metadata", Value::object({{"resourceVersion", api::resourceVersionOf(*found)},
                                     {"finalizers", changed.at("metadata", "finalizers")}})}});
    auto patched =
        co_await client_.patch(resource, node.ns, node.name, "application/merge-patch+json", patch);
    if (!patched.ok() && !api::isNotFound(patched.error())) co_return patched.error();
    co_return base::okStatus();
}

} // namespace controllers
