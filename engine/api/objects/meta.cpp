#include "api/objects/meta.h"

namespace api {
namespace {
const document::Value kNone;
} // namespace

bool hasFinalizer(const document::Value& object, std::string_view finalizer) {
    for (const document::Value& item : object.at("metadata", "finalizers").items())
        if (item.asString() == finalizer) return true;
    return false;
}

document::Value withFinalizer(const document::Value& object, std::string_view finalizer) {
    if (hasFinalizer(object, finalizer)) return object;
    document::Value list = object.at("metadata", "finalizers").appended(finalizer);
    return object.withPath({"metadata", "finalizers"}, std::move(list));
}

document::Value withoutFinalizer(const document::Value& object, std::string_view finalizer) {
    document::ArrayBuilder kept;
    for (const document::Value& item : object.at("metadata", "finalizers").items())
        if (item.asString() != finalizer) kept.push(item);
    if (kept.size() == 0) return object.withoutPath({"metadata", "finalizers"});
    return object.withPath({"metadata", "finalizers"}, std::move(kept).build());
}

const document::Value& controllerOf(const document::Value& object) {
    for (const document::Value& item : object.at("metadata", "ownerReferences").items())
        if (item["controller"].asBool()) return item;
    return kNone;
}

document::Value controllerReference(const document::Value& owner, std::string_view apiVersion,
                                    std::string_view kind) {
    return document::Value::object({{"apiVersion", apiVersion},
                                    {"kind", kind},
                                    {"name", owner.at("metadata", "name")},
                                    {"uid", owner.at("metadata", "uid")},
                                    {"controller", true},
                                    {"blockOwnerDeletion", true}});
}

std::int64_t timeOf(const document::Value& text) {
    if (!text.isString()) return 0;
    return sim::parseRfc3339(text.asString()).value_or(0);
}

const document::Value& conditionOf(const document::Value& object, std::string_view type) {
    return conditionIn(object.at("status", "conditions"), type);
}

const document::Value& conditionIn(const document::Value& conditions, std::string_view type) {
    for (const document::Value& item : conditions.items())
        if (item["type"].asString() == type) return item;
    return kNone;
}

document::Value withCondition(const document::Value& conditions, document::Value condition) {
    const auto items = conditions.items();
    for (std::size_t i = 0; i < items.size(); ++i)
        if (items[i]["type"] == condition["type"])
            return conditions.withItem(i, std::move(condition));
    return conditions.appended(std::move(condition));
}

document::Value withoutCondition(const document::Value& conditions, std::string_view type) {
    document::ArrayBuilder kept;
    for (const document::Value& item : conditions.items())
        if (item["type"].asString() != type) kept.push(item);
    if (kept.size() == conditions.size()) return conditions;
    return std::move(kept).build();
}

} // namespace api
