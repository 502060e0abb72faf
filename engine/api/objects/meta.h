#pragma once
// Thin readers and writers of ObjectMeta, owner references and conditions over document values.

#include "document/value.h"
#include "sim/time.h"

#include <string>
#include <string_view>

namespace api {

inline std::string nameOf(const document::Value& object) {
    return object.at("metadata", "name").text();
}
inline std::string namespaceOf(const document::Value& object) {
    return object.at("metadata", "namespace").text();
}
inline std::string uidOf(const document::Value& object) {
    return object.at("metadata", "uid").text();
}
inline std::string_view uidView(const document::Value& object) {
    return object.at("metadata", "uid").asString();
}
inline std::string resourceVersionOf(const document::Value& object) {
    return object.at("metadata", "resourceVersion").text();
}
inline std::int64_t generationOf(const document::Value& object) {
    return object.at("metadata", "generation").asInt();
}
inline const document::Value& labelsOf(const document::Value& object) {
    return object.at("metadata", "labels");
}
inline std::string_view labelOf(const document::Value& object, std::string_view key) {
    return labelsOf(object)[key].asString();
}
inline const document::Value& annotationsOf(const document::Value& object) {
    return object.at("metadata", "annotations");
}
inline std::string_view annotationOf(const document::Value& object, std::string_view key) {
    return annotationsOf(object)[key].asString();
}
// "namespace/name", or "name" for cluster-scoped objects.
inline std::string keyOf(const document::Value& object) {
    const std::string_view ns = object.at("metadata", "namespace").asString();
    return ns.empty() ? nameOf(object) : std::string(ns) + "/" + nameOf(object);
}
struct ObjectKey {
    std::string ns, name;
};
inline ObjectKey splitKey(std::string_view key) {
    const std::size_t slash = key.find('/');
    if (slash == std::string_view::npos) return {"", std::string(key)};
    return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}
inline bool isDeleting(const document::Value& object) {
    return object.at("metadata", "deletionTimestamp").isString();
}
bool hasFinalizer(const document::Value& object, std::string_view finalizer);
document::Value withFinalizer(const document::Value& object, std::string_view finalizer);
document::Value withoutFinalizer(const document::Value& object, std::string_view finalizer);

// The owner reference with controller=true; null when there is none.
const document::Value& controllerOf(const document::Value& object);
inline bool isControlledBy(const document::Value& object, const document::Value& owner) {
    return controllerOf(object)["uid"] == owner.at("metadata", "uid");
}
// {apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true}
document::Value controllerReference(const document::Value& owner, std::string_view apiVersion,
                                    std::string_view kind);

// Unix nanoseconds of an RFC 3339 member; 0 when absent.
std::int64_t timeOf(const document::Value& text);
inline std::int64_t creationTimeOf(const document::Value& object) {
    return timeOf(object.at("metadata", "creationTimestamp"));
}

// The item of status.conditions with this type; null when there is none.
const document::Value& conditionOf(const document::Value& object, std::string_view type);
const document::Value& conditionIn(const document::Value& conditions, std::string_view type);
inline std::string_view conditionStatus(const document::Value& object, std::string_view type) {
    return conditionOf(object, type)["status"].asString();
}
// Replaces or appends by type.
document::Value withCondition(const document::Value& conditions, document::Value condition);
document::Value withoutCondition(const document::Value& conditions, std::string_view type);

} // namespace api
