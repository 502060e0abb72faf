#include "kubectl/kustomize/resource.h"

#include "api/kinds.h"

namespace kubectl::kustomize {

namespace {
constexpr const char* kClusterWide = "_non_namespaceable_";
std::string orMark(const std::string& text, const char* mark) { return text.empty() ? mark : text; }
} // namespace

bool ResourceId::clusterScoped() const {
    const api::ResourceInfo* info = api::builtinKinds().findByKind(group, version, kind);
    return info != nullptr && !info->namespaced;
}
std::string ResourceId::effectiveNs() const {
    if (clusterScoped()) return kClusterWide;
    return ns.empty() ? "default" : ns;
}
std::string ResourceId::gvkText() const {
    return orMark(kind, "[noKind]") + "." + orMark(version, "[noVer]") + "." + orMark(group, "[noGrp]");
}
std::string ResourceId::text() const {
    return gvkText() + "/" + orMark(name, "[noName]") + "." + orMark(ns, "[noNs]");
}
bool ResourceId::equals(const ResourceId& other) const {
    return group == other.group && version == other.version && kind == other.kind &&
           name == other.name && sameNs(other);
}
bool ResourceId::selectedByGvk(std::string_view wantedGroup, std::string_view wantedVersion,
                               std::string_view wantedKind) const {
    return (wantedGroup.empty() || group == wantedGroup) &&
           (wantedVersion.empty() || version == wantedVersion) &&
           (wantedKind.empty() || kind == wantedKind);
}

Behavior behaviorOf(std::string_view text) {
    if (text == "create") return Behavior::Create;
    if (text == "replace") return Behavior::Replace;
    if (text == "merge") return Behavior::Merge;
    return Behavior::Unspecified;
}

ResourceId Resource::id() const {
    ResourceId out;
    const std::string apiVersion = object["apiVersion"].text();
    const auto slash = apiVersion.find('/');
    if (slash != std::string::npos) out.group = apiVersion.substr(0, slash);
    out.version = slash == std::string::npos ? apiVersion : apiVersion.substr(slash + 1);
    out.kind = kind();
    out.name = name();
    out.ns = object.at("metadata", "namespace").text();
    return out;
}
void Resource::rename(const std::string& wanted) {
    object = object.withPath({"metadata", "name"}, wanted);
}
void Resource::rememberId() {
    ResourceId now = id();
    now.ns = now.effectiveNs();
    previous.push_back(std::move(now));
}

} // namespace kubectl::kustomize
