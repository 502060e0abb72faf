// Making strategic merge patches: two-way (`edit`, `set`, `label`) and three-way (`apply`). Source:
// apimachinery pkg/util/strategicpatch diffMaps and CreateThreeWayMergePatch.
#include "document/go_format.h"
#include "document/patch.h"
#include "document/strategic_lists.h"
#include "document/strategic_merge.h"

#include <algorithm>

namespace document {
namespace {

using namespace strategic;
using Path = std::vector<std::string>;

struct DiffOptions {
    bool ignoreChangesAndAdditions = false;
    bool ignoreDeletions = false;
    bool setElementOrder = true;
    bool retainKeys = false;
};

bool lessByText(const Value& a, const Value& b) { return formatGo(a) < formatGo(b); }

class Differ {
public:
    explicit Differ(const MergeSchema& schema) : schema_(schema) {}

    base::Result<Value> diffMaps(const Value& original, const Value& modified, Path& path,
                                 DiffOptions options) {
        ObjectBuilder patch;
        Items retained;
        bool cleared = false;
        for (const Member& member : modified.members()) {
            const std::string_view key = member.key.view();
            if (options.retainKeys && !member.value.isNull()) retained.push_back(Value(key));
            if (!original.has(key)) {
                if (!options.ignoreChangesAndAdditions) patch.set(member.key, member.value);
                continue;
            }
            path.emplace_back(key);
            auto status = diffMember(original[key], member, patch, path, options);
            path.pop_back();
            BASE_CHECK(status);
        }
        for (const Member& member : original.members()) {
            if (modified.has(member.key.view())) continue;
            cleared = cleared || !member.value.isNull();
            if (!options.ignoreDeletions) patch.set(member.key, Value());
        }
        if (!retained.empty() && (!patch.empty() || cleared)) {
            std::sort(retained.begin(), retained.end(), lessByText);
            patch.set(kRetainKeys, Value::array(std::move(retained)));
        }
        return std::move(patch).build();
    }

private:
    base::Status diffMember(const Value& original, const Member& modified, ObjectBuilder& patch,
                            Path& path, DiffOptions options) {
        const Value& value = modified.value;
        const bool sameType = original.kind() == value.kind() || (original.isNumber() && value.isNumber());
        const bool nested = value.isObject() || value.isArray();
        if (!sameType || !nested) {
            if (!options.ignoreChangesAndAdditions && (!sameType || !(original == value)))
                patch.set(modified.key, value);
            return base::okStatus();
        }
        const MergeRule rule = schema_.ruleOf(path);
        if (value.isObject()) {
            options.retainKeys = rule.retainKeys;
            BASE_TRY(Value child, diffMaps(original, value, path, options));
            if (child.size() > 0) patch.set(modified.key, std::move(child));
            return base::okStatus();
        }
        if (!rule.merge) {
            if (!options.ignoreChangesAndAdditions && !(original == value))
                patch.set(modified.key, value);
            return base::okStatus();
        }
        options.retainKeys = rule.retainKeys;
        return diffLists(original, modified, rule, patch, path, options);
    }

    base::Status diffLists(const Value& originalList, const Member& modified, const MergeRule& rule,
                           ObjectBuilder& patch, Path& path, const DiffOptions& options) {
        const Items original = itemsOf(originalList), wanted = itemsOf(modified.value);
        const std::string field = modified.key.text();
        if (original.empty()) {
            if (!wanted.empty() && !options.ignoreChangesAndAdditions)
                patch.set(modified.key, modified.value);
            return base::okStatus();
        }
        BASE_TRY(const ElementKind kind, elementKind(original, wanted));
        Items additions, deletions, order;
        if (kind == ElementKind::Map) {
            BASE_CHECK(diffListsOfMaps(original, wanted, rule.mergeKey, path, options, additions, deletions));
            BASE_TRY(additions, sortedByOrder(std::move(additions), wanted, rule.mergeKey));
            const bool orderSame = sameOrder(original, wanted, rule.mergeKey);
            additions.insert(additions.end(), deletions.begin(), deletions.end());
            deletions.clear();
            const bool changes = !options.ignoreChangesAndAdditions && (!additions.empty() || !orderSame);
            const bool removals = !options.ignoreDeletions && !additions.empty();
            if (options.setElementOrder && (changes || removals))
                for (const Value& item : wanted)
                    order.push_back(Value::object({{rule.mergeKey, item[std::string_view(rule.mergeKey)]}}));
        } else {
            diffScalars(original, wanted, options, additions, deletions);
            BASE_TRY(additions, sortedByOrder(std::move(additions), wanted, ""));
            const bool removals = !options.ignoreDeletions && !deletions.empty();
            const bool changes = !options.ignoreChangesAndAdditions && !(originalList == modified.value);
            if (options.setElementOrder && (removals || changes)) order = wanted;
        }
        if (!additions.empty()) patch.set(modified.key, Value::array(std::move(additions)));
        if (!deletions.empty())
            patch.set(std::string(kDeleteFromList) + "/" + field, Value::array(std::move(deletions)));
        if (!order.empty())
            patch.set(std::string(kSetOrder) + "/" + field, Value::array(std::move(order)));
        return base::okStatus();
    }

    static bool sameOrder(const Items& a, const Items& b, const std::string& mergeKey) {
        if (a.size() != b.size()) return false;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (indexOf({a[i]}, b[i], mergeKey) != 0) return false;
        return true;
    }

    base::Status diffListsOfMaps(Items original, Items modified, const std::string& mergeKey,
                                 Path& path, const DiffOptions& options, Items& additions,
                                 Items& deletions) {
        const auto keyOf = [&](const Value& item) { return formatGo(item[std::string_view(mergeKey)]); };
        const auto byKey = [&](const Value& a, const Value& b) { return keyOf(a) < keyOf(b); };
        for (const Items* list : {&original, &modified})
            for (const Value& item : *list)
                if (!item.has(mergeKey)) return noMergeKey(item, mergeKey);
        std::stable_sort(original.begin(), original.end(), byKey);
        std::stable_sort(modified.begin(), modified.end(), byKey);
        std::size_t i = 0, j = 0;
        while (i < original.size() || j < modified.size()) {
            const bool both = i < original.size() && j < modified.size();
            const int order = both ? keyOf(original[i]).compare(keyOf(modified[j])) : 0;
            if (both && order == 0) {
                BASE_TRY(Value child, diffMaps(original[i], modified[j], path, options));
                if (child.size() > 0)
                    additions.push_back(child.with(mergeKey, modified[j][std::string_view(mergeKey)]));
                ++i;
                ++j;
            } else if (i >= original.size() || (both && order > 0)) {
                if (!options.ignoreChangesAndAdditions) additions.push_back(modified[j]);
                ++j;
            } else {
                if (!options.ignoreDeletions)
                    deletions.push_back(Value::object({{mergeKey, original[i][std::string_view(mergeKey)]},
                                                       {kDirective, "delete"}}));
                ++i;
            }
        }
        return base::okStatus();
    }

    static void diffScalars(Items original, Items modified, const DiffOptions& options,
                            Items& additions, Items& deletions) {
        std::sort(original.begin(), original.end(), lessByText);
        std::sort(modified.begin(), modified.end(), lessByText);
        std::size_t i = 0, j = 0;
        while (i < original.size() || j < modified.size()) {
            const bool both = i < original.size() && j < modified.size();
            const int order = both ? formatGo(original[i]).compare(formatGo(modified[j])) : 0;
            if (both && order == 0) {
                ++i;
                ++j;
            } else if (i >= original.size() || (both && order > 0)) {
                if (!options.ignoreChangesAndAdditions) additions.push_back(modified[j]);
                ++j;
            } else {
                if (!options.ignoreDeletions) deletions.push_back(original[i]);
                ++i;
            }
        }
        deletions = deduplicated(std::move(deletions));
    }

    const MergeSchema& schema_;
};

} // namespace

base::Result<Value> makeTwoWayStrategicPatch(const Value& from, const Value& to,
                                             const MergeSchema& schema) {
    Path path;
    return Differ(schema).diffMaps(from, to, path, {});
}

base::Result<Value> makeThreeWayStrategicPatch(const Value& original, const Value& modified,
                                               const Value& current, const MergeSchema& schema) {
    Path path;
    DiffOptions delta;
    delta.ignoreDeletions = true;
    BASE_TRY(const Value changes, Differ(schema).diffMaps(current, modified, path, delta));
    DiffOptions removal;
    removal.ignoreChangesAndAdditions = true;
    BASE_TRY(const Value deletions, Differ(schema).diffMaps(original, modified, path, removal));
    strategic::MergeOptions options;
    options.mergeParallelList = false;
    options.ignoreUnmatchedNulls = false;
    return strategic::mergeMaps(deletions, changes, schema, options);
}

} // namespace document
