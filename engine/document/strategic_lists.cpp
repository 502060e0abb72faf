#include "document/strategic_lists.h"

#include "document/go_format.h"

#include <algorithm>

namespace document::strategic {

Items itemsOf(const Value& list) { return {list.items().begin(), list.items().end()}; }

bool hasPrefix(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

base::Result<std::string> directiveTarget(std::string_view key, std::string_view prefix) {
    if (key.size() > prefix.size() && hasPrefix(key, prefix) && key[prefix.size()] == '/')
        return std::string(key.substr(prefix.size() + 1));
    if (prefix == kDeleteFromList) return base::makeError("invalid patch format of primitive list");
    return base::makeError("invalid patch format of setElementOrder list");
}

base::Result<ElementKind> elementKind(const Items& first, const Items& second) {
    const Value* previous = nullptr;
    for (const Items* list : {&first, &second}) {
        for (const Value& item : *list) {
            if (item.isArray()) return base::makeError("lists of lists are not supported");
            const bool same = previous == nullptr || previous->kind() == item.kind() ||
                              (previous->isNumber() && item.isNumber());
            if (!same)
                return base::makeError("list element types are not identical: [" +
                                       formatGo(Value::array(first)) + " " +
                                       formatGo(Value::array(second)) + "]");
            previous = &item;
        }
    }
    if (previous == nullptr) return base::makeError("no elements in any of the given slices");
    return previous->isObject() ? ElementKind::Map : ElementKind::Scalar;
}

base::Error noMergeKey(const Value& item, std::string_view key) {
    return base::makeError("map: " + formatGo(item) +
                           " does not contain declared merge key: " + std::string(key));
}

base::Error badArgType(const Value& actual) {
    std::string type = "%!s(<nil>)";
    if (actual.isString()) type = "string";
    else if (actual.isBool()) type = "bool";
    else if (actual.isInt()) type = "int64";
    else if (actual.isDouble()) type = "float64";
    else if (actual.isArray()) type = "[]interface {}";
    else if (actual.isObject()) type = "map[string]interface {}";
    const std::string expected = actual.isObject() ? "[]interface {}" : "map[string]interface {}";
    return base::makeError("expected a " + expected + ", but received a " + type);
}

int indexOf(const Items& list, const Value& wanted, const std::string& mergeKey) {
    const Value& key = mergeKey.empty() ? wanted : wanted[std::string_view(mergeKey)];
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Value& other = mergeKey.empty() ? list[i] : list[i][std::string_view(mergeKey)];
        if (other == key) return static_cast<int>(i);
    }
    return -1;
}

base::Result<Items> sortedByOrder(Items items, const Items& order, const std::string& mergeKey) {
    Items kept, deleted;
    for (Value& item : items) {
        if (!mergeKey.empty()) {
            if (!item.isObject()) return badArgType(item);
            if (!item.has(mergeKey)) return noMergeKey(item, mergeKey);
            if (item[kDirective].asString() == "delete") {
                deleted.push_back(std::move(item));
                continue;
            }
        }
        kept.push_back(std::move(item));
    }
    if (!mergeKey.empty())
        for (const Value& item : order)
            if (!item.has(mergeKey)) return noMergeKey(item, mergeKey);
    std::stable_sort(kept.begin(), kept.end(), [&](const Value& a, const Value& b) {
        const int left = indexOf(order, a, mergeKey), right = indexOf(order, b, mergeKey);
        return left >= 0 && right >= 0 && left < right;
    });
    for (Value& item : deleted) kept.push_back(std::move(item));
    return kept;
}

base::Result<Items> normalizedOrder(Items patch, Items serverOnly, const Items& patchOrder,
                                    const Items& serverOrder, const std::string& mergeKey) {
    BASE_TRY(const Items right, sortedByOrder(std::move(patch), patchOrder, mergeKey));
    BASE_TRY(const Items left, sortedByOrder(std::move(serverOnly), serverOrder, mergeKey));
    Items merged;
    std::size_t i = 0, j = 0;
    while (i < left.size() || j < right.size()) {
        bool takeLeft = j >= right.size();
        if (i < left.size() && j < right.size()) {
            const int a = indexOf(serverOrder, left[i], mergeKey);
            const int b = indexOf(serverOrder, right[j], mergeKey);
            takeLeft = a >= 0 && b >= 0 && a < b;
        }
        merged.push_back(takeLeft ? left[i++] : right[j++]);
    }
    return merged;
}

Items deduplicated(Items items) {
    Items result;
    for (Value& item : items)
        if (std::find(result.begin(), result.end(), item) == result.end())
            result.push_back(std::move(item));
    return result;
}

} // namespace document::strategic
