// Names in other objects follow the renamed. Source: kustomize api/filters/nameref,
// api/internal/accumulator/namereferencetransformer.go.
#include "base/strings.h"
#include "kubectl/kustomize/target.h"

#include <algorithm>
#include <set>

namespace kubectl::kustomize {

using document::Value;

namespace {

// The shorter list is the end of the longer one.
bool sameEnding(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const std::size_t count = std::min(a.size(), b.size());
    if (count == 0) return a.size() == b.size();
    return std::equal(a.end() - static_cast<std::ptrdiff_t>(count), a.end(), b.end() - static_cast<std::ptrdiff_t>(count));
}
bool sameAffixes(const Resource& a, const Resource& b, bool allowEmpty) {
    const auto fits = [&](const std::vector<std::string>& x, const std::vector<std::string>& y) {
        return (allowEmpty && (x.empty() || y.empty())) || sameEnding(x, y);
    };
    return fits(a.prefixes, b.prefixes) && fits(a.suffixes, b.suffixes);
}

class Updater {
public:
    Updater(Resources& resources, Resource& referrer) : resources_(resources), referrer_(referrer) {}

    base::Status run(const Reference& reference, const FieldSpec& place) {
        reference_ = &reference;
        place_ = &place;
        FieldChange change = [this](const Value& old) { return changed(old); };
        auto updated = changeField(referrer_.object, place, Value(), change);
        if (!updated.ok())
            return base::makeError("updating name reference in '" + place.path + "' field of '" + referrer_.id().text() +
                                   "': " + updated.error().message);
        referrer_.object = std::move(updated).value();
        return base::okStatus();
    }

private:
    base::Result<Value> changed(const Value& old) {
        if (old.isString()) {
            BASE_TRY(const Resource* found, select(old.text(), {}, false));
            return found == nullptr ? old : Value(found->name());
        }
        if (old.isObject()) return changedMap(old);
        if (!old.isArray()) return old;
        document::ArrayBuilder out;
        for (const Value& item : old.items()) {
            BASE_TRY(Value now, changed(item));
            out.push(std::move(now));
        }
        return std::move(out).build();
    }
    base::Result<Value> changedMap(const Value& old) {
        if (!old.has("name")) return base::makeError("path config error; no 'name' field in node");
        const std::string name = old["name"].text();
        std::set<const Resource*> inNs;
        const bool narrowed = old.has("namespace");
        if (narrowed) inNs = ofNamespace(old["namespace"].text());
        BASE_TRY(const Resource* found, select(name, narrowed ? &inNs : nullptr, true));
        if (found == nullptr) return old;
        const std::string ns = found->object.at("metadata", "namespace").text();
        Value out = old.with("name", found->name());
        return ns.empty() ? out : out.with("namespace", ns);
    }
    // First by the namespaces that objects had at first, then by those of now.
    std::set<const Resource*> ofNamespace(const std::string& ns) const {
        std::set<const Resource*> before, now;
        for (const Resource& resource : resources_.list) {
            if (resource.gone()) continue;
            if (resource.originalId().effectiveNs() == ns) before.insert(&resource);
            if (resource.id().effectiveNs() == ns) now.insert(&resource);
        }
        return before.empty() ? now : before;
    }
    bool reachable(const Resource& target) const {
        const ResourceId from = referrer_.id(), to = target.id();
        if (from.clusterScoped() || to.clusterScoped() || from.sameNs(to)) return true;
        if (referrer_.kind() != "RoleBinding" || target.kind() != "ServiceAccount") return false;
        for (const Value& subject : referrer_.object["subjects"].items())
            if (subject["kind"].asString() == "ServiceAccount" && subject["namespace"].asString() == to.ns) return true;
        return false;
    }
    bool rolesFit(const Resource& target) const {
        if (!place_->path.ends_with("roleRef/name")) return true;
        const Value& role = referrer_.object["roleRef"];
        if (role["apiGroup"].isNull() || role["kind"].isNull()) return true;
        return std::any_of(target.previous.begin(), target.previous.end(), [&](const ResourceId& id) {
            return id.selectedByGvk(role["apiGroup"].text(), "", role["kind"].text());
        });
    }
    bool candidate(const Resource& target, const std::string& name) const {
        bool named = false, right = false;
        for (const ResourceId& id : target.previous) {
            named = named || id.name == name;
            right = right || id.selectedByGvk(reference_->group, reference_->version, reference_->kind);
        }
        return named && right && rolesFit(target) && reachable(target);
    }
    base::Result<const Resource*> select(const std::string& name, const std::set<const Resource*>* among, bool withNs) {
        std::vector<const Resource*> found;
        for (const Resource& target : resources_.list)
            if (!target.gone() && candidate(target, name) && (among == nullptr || among->contains(&target)))
                found.push_back(&target);
        for (const bool allowEmpty : {true, false}) {
            if (found.size() <= 1) break;
            std::erase_if(found, [&](const Resource* target) { return !sameAffixes(*target, referrer_, allowEmpty); });
        }
        if (found.empty()) return static_cast<const Resource*>(nullptr);
        for (const Resource* other : found)
            if (other->name() != found[0]->name() ||
                (withNs && other->id().ns != found[0]->id().ns)) {
                std::vector<std::string> ids;
                for (const Resource* item : found) ids.push_back(item->id().text());
                return base::makeError("found multiple possible referrals: " + base::join(ids, ", "));
            }
        return found[0];
    }

    Resources& resources_;
    Resource& referrer_;
    const Reference* reference_ = nullptr;
    const FieldSpec* place_ = nullptr;
};

} // namespace

base::Status updateReferences(Resources& resources) {
    for (Resource& referrer : resources.list) {
        if (referrer.gone()) continue;
        Updater updater(resources, referrer);
        const ResourceId id = referrer.originalId();
        for (const Reference& reference : references())
            for (const FieldSpec& place : reference.places)
                if (place.fits(id)) BASE_CHECK(updater.run(reference, place));
    }
    return base::okStatus();
}

} // namespace kubectl::kustomize
