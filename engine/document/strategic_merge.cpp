#include "document/strategic_merge.h"

#include "document/go_format.h"
#include "document/strategic_lists.h"

#include <algorithm>

namespace document::strategic {
namespace {

using Path = std::vector<std::string>;

// The value without maps that carry a directive; nothing left: false.
bool removeDirectives(const Value& value, Value& out) {
    if (value.isObject()) {
        if (value.has(kDirective)) return false;
        ObjectBuilder builder;
        for (const Member& member : value.members()) {
            Value child;
            if (removeDirectives(member.value, child)) builder.set(member.key, std::move(child));
        }
        out = std::move(builder).build();
        return true;
    }
    if (value.isArray()) {
        Items items;
        for (const Value& item : value.items()) {
            Value child;
            if (removeDirectives(item, child)) items.push_back(std::move(child));
        }
        out = Value::array(std::move(items));
        return true;
    }
    out = value;
    return true;
}

Value withoutNulls(const Value& value) {
    if (value.isObject()) {
        ObjectBuilder builder;
        for (const Member& member : value.members())
            if (!member.value.isNull()) builder.set(member.key, withoutNulls(member.value));
        return std::move(builder).build();
    }
    if (value.isArray()) {
        Items items;
        for (const Value& item : value.items()) items.push_back(withoutNulls(item));
        return Value::array(std::move(items));
    }
    return value;
}

class Merger {
public:
    Merger(const MergeSchema& schema, const MergeOptions& options)
        : schema_(schema), options_(options) {}

    base::Result<Value> merge(Value original, Value patch, Path& path) {
        if (patch.has(kDirective)) {
            const Value& directive = patch[kDirective];
            if (directive.asString() == "replace") return patch.without(kDirective);
            if (directive.asString() == "delete") return Value::object();
            return base::makeError("unknown patch type: " + formatGo(directive) +
                                   " in map: " + formatGo(patch));
        }
        if (original.isNull()) original = Value::object();
        BASE_CHECK(applyRetainKeys(original, patch));
        BASE_CHECK(applySetOrder(original, patch, path));
        for (const Member& member : patch.members()) {
            BASE_CHECK(mergeMember(original, member, path));
        }
        return original;
    }

private:
    base::Status applyRetainKeys(Value& original, Value& patch) const {
        if (!patch.has(kRetainKeys)) return base::okStatus();
        const Value list = patch[kRetainKeys];
        patch = patch.without(kRetainKeys);
        if (!options_.mergeParallelList) {
            const Value& known = original[kRetainKeys];
            if (known.isNull()) original = original.with(kRetainKeys, list);
            else if (!(known == list))
                return base::makeError(formatGo(known) + " and " + formatGo(list) +
                                       " are not deep equal: this may happen when calculating the "
                                       "3-way diff patch");
            return base::okStatus();
        }
        const auto retained = [&](std::string_view key) {
            const auto items = list.items();
            return std::any_of(items.begin(), items.end(),
                               [&](const Value& item) { return item.asString() == key; });
        };
        bool fine = list.isArray();
        for (const Member& member : patch.members()) {
            const std::string_view key = member.key.view();
            if (member.value.isNull() || hasPrefix(key, kDeleteFromList) || hasPrefix(key, kSetOrder))
                continue;
            fine = fine && retained(key);
        }
        if (!fine) return base::makeError("invalid patch format of retainKeys");
        const Value before = original;
        for (const Member& member : before.members())
            if (!retained(member.key.view())) original = original.without(member.key.view());
        return base::okStatus();
    }

    static base::Status checkOrder(const Items& patch, const Value& orderList,
                                   const std::string& mergeKey) {
        const Items order = itemsOf(orderList);
        if (order.empty() || patch.empty()) return base::okStatus();
        Items kept;
        for (const Value& item : patch)
            if (!item.isObject() || !item.has(kDirective)) kept.push_back(item);
        std::size_t at = 0;
        for (const Value& wanted : order) {
            if (at == kept.size()) break;
            if (indexOf({wanted}, kept[at], mergeKey) == 0) ++at;
        }
        if (at == kept.size()) return base::okStatus();
        return base::makeError("The order in patch list:\n" + formatGo(Value::array(patch)) +
                               "\n doesn't match $setElementOrder list:\n" + formatGo(orderList) + "\n");
    }

    base::Status applySetOrder(Value& original, Value& patch, Path& path) {
        const Value given = patch;
        for (const Member& member : given.members()) {
            const std::string_view key = member.key.view();
            if (!hasPrefix(key, kSetOrder)) continue;
            if (!options_.mergeParallelList) {
                if (!original.has(key)) original = original.with(key, member.value);
                else if (!(original[key] == member.value))
                    return base::makeError("invalid patch format of setElementOrder list");
            }
            patch = patch.without(key);
            if (!member.value.isArray()) return badArgType(member.value);
            BASE_TRY(const std::string field, directiveTarget(key, kSetOrder));
            BASE_CHECK(orderField(original, patch, field, member.value, path));
        }
        return base::okStatus();
    }

    base::Status orderField(Value& original, Value& patch, const std::string& field,
                            const Value& order, Path& path) {
        const bool inOriginal = original.has(field), inPatch = patch.has(field);
        const Value originalList = original[std::string_view(field)];
        const Value patchList = patch[std::string_view(field)];
        if (inOriginal && !originalList.isArray()) return badArgType(originalList);
        if (inPatch && !patchList.isArray()) return badArgType(patchList);
        path.push_back(field);
        const MergeRule rule = schema_.ruleOf(path);
        auto ordered = mergeOrdered(originalList, patchList, inOriginal, inPatch, rule, order, path);
        path.pop_back();
        if (!ordered.ok()) return std::move(ordered).error();
        if (ordered->isNull()) return base::okStatus();
        original = original.with(field, *ordered);
        patch = patch.without(field);
        return base::okStatus();
    }
    base::Result<Value> mergeOrdered(const Value& originalList, const Value& patchList,
                                     bool inOriginal, bool inPatch, const MergeRule& rule,
                                     const Value& order, Path& path) {
        BASE_CHECK(checkOrder(itemsOf(patchList), order, rule.mergeKey));
        Value merged = originalList;
        if (!inOriginal && !inPatch) return Value();
        if (!inOriginal) removeDirectives(patchList, merged);
        if (inOriginal && inPatch) {
            BASE_TRY(merged, mergeListHandler(originalList, patchList, rule, false, path));
        }
        const Items orderItems = itemsOf(order);
        Items fromPatch, serverOnly;
        BASE_CHECK(partition(itemsOf(merged), orderItems, rule.mergeKey, fromPatch, serverOnly));
        BASE_TRY(Items both, normalizedOrder(std::move(fromPatch), std::move(serverOnly), orderItems,
                                             itemsOf(originalList), rule.mergeKey));
        return Value::array(std::move(both));
    }

    static base::Status partition(const Items& items, const Items& by, const std::string& mergeKey,
                                  Items& inBoth, Items& rest) {
        for (const Value& item : items) {
            if (!mergeKey.empty() && !item.isObject()) return badArgType(item);
            if (!mergeKey.empty() && !item.has(mergeKey)) return noMergeKey(item, mergeKey);
            (indexOf(by, item, mergeKey) >= 0 ? inBoth : rest).push_back(item);
        }
        return base::okStatus();
    }

    void setOrErase(Value& original, const std::string& key, const Value& value) const {
        Value cleaned;
        if (removeDirectives(options_.ignoreUnmatchedNulls ? withoutNulls(value) : value, cleaned))
            original = original.with(key, std::move(cleaned));
        else
            original = original.without(key);
    }

    base::Status mergeMember(Value& original, const Member& member, Path& path) {
        std::string key = member.key.text();
        bool isDeleteList = false;
        if (hasPrefix(key, kDeleteFromList)) {
            if (!options_.mergeParallelList) {
                original = original.with(key, member.value);
                return base::okStatus();
            }
            BASE_TRY(key, directiveTarget(key, kDeleteFromList));
            isDeleteList = true;
        }
        const Value& patch = member.value;
        if (patch.isNull()) {
            original = original.without(key);
            if (options_.ignoreUnmatchedNulls) return base::okStatus();
        }
        const Value present = original[std::string_view(key)];
        const bool sameType = original.has(key) && present.kind() == patch.kind();
        if (!sameType) {
            if (!isDeleteList) setOrErase(original, key, patch);
            return base::okStatus();
        }
        if (!patch.isObject() && !patch.isArray()) {
            original = original.with(key, patch);
            return base::okStatus();
        }
        path.push_back(key);
        const MergeRule rule = schema_.ruleOf(path);
        auto merged = patch.isObject() ? merge(present, patch, path)
                                       : mergeListHandler(present, patch, rule, isDeleteList, path);
        path.pop_back();
        if (!merged.ok()) return std::move(merged).error();
        original = original.with(key, std::move(merged).value());
        return base::okStatus();
    }

    base::Result<Value> mergeListHandler(const Value& original, const Value& patch,
                                         const MergeRule& rule, bool isDeleteList, Path& path) {
        if (!rule.merge && !isDeleteList) return patch;
        Items left = itemsOf(original), right = itemsOf(patch);
        if (left.empty() && right.empty()) return original;
        BASE_TRY(const ElementKind kind, elementKind(left, right));
        Items merged;
        if (kind != ElementKind::Map) {
            if (options_.mergeParallelList && isDeleteList) {
                std::erase_if(left, [&](const Value& item) { return indexOf(right, item, "") >= 0; });
                return Value::array(std::move(left));
            }
            merged = left;
            merged.insert(merged.end(), right.begin(), right.end());
            merged = deduplicated(std::move(merged));
        } else {
            if (rule.mergeKey.empty())
                return base::makeError("cannot merge lists without merge key for " + path.back());
            BASE_CHECK(applyListDirectives(left, right, rule.mergeKey));
            BASE_TRY(merged, mergeItems(left, right, rule.mergeKey, path));
        }
        Items fromPatch, serverOnly;
        BASE_CHECK(partition(merged, right, rule.mergeKey, fromPatch, serverOnly));
        BASE_TRY(Items ordered, normalizedOrder(std::move(fromPatch), std::move(serverOnly), right,
                                                left, rule.mergeKey));
        return Value::array(std::move(ordered));
    }

    static base::Status applyListDirectives(Items& original, Items& patch, const std::string& mergeKey) {
        Items plain;
        bool replace = false;
        for (Value& item : patch) {
            if (!item.has(kDirective)) {
                plain.push_back(std::move(item));
                continue;
            }
            const std::string_view directive = item[kDirective].asString();
            if (directive == "delete") {
                if (!item.has(mergeKey)) return noMergeKey(item, mergeKey);
                std::erase_if(original, [&](const Value& other) {
                    return indexOf({item}, other, mergeKey) == 0;
                });
            } else if (directive == "replace") {
                replace = true;
            } else if (directive == "merge") {
                return base::makeError("merging lists cannot yet be specified in the patch");
            } else {
                return base::makeError("unknown patch type: " + formatGo(item[kDirective]) +
                                       " in map: " + formatGo(item));
            }
        }
        patch = std::move(plain);
        if (replace) original = std::exchange(patch, {});
        return base::okStatus();
    }

    base::Result<Items> mergeItems(Items original, const Items& patch, const std::string& mergeKey,
                                   Path& path) {
        for (const Value& item : patch) {
            if (!item.has(mergeKey)) return noMergeKey(item, mergeKey);
            const int at = indexOf(original, item, mergeKey);
            if (at < 0) {
                original.push_back(item);
                continue;
            }
            Value& place = original[static_cast<std::size_t>(at)];
            BASE_TRY(place, merge(place, item, path));
        }
        return original;
    }

    const MergeSchema& schema_;
    const MergeOptions& options_;
};

} // namespace

base::Result<Value> mergeMaps(const Value& original, const Value& patch, const MergeSchema& schema,
                              const MergeOptions& options) {
    Path path;
    return Merger(schema, options).merge(original, patch, path);
}

} // namespace document::strategic

namespace document {

base::Result<Value> applyStrategicPatch(const Value& target, const Value& patch,
                                        const MergeSchema& schema) {
    if (!patch.isObject()) return base::makeError("invalid JSON document");
    return strategic::mergeMaps(target, patch, schema, {});
}

} // namespace document
