// JSON patch (RFC 6902) and JSON merge patch (RFC 7386). Error texts are those of
// gopkg.in/evanphx/json-patch, which the API server answers with.
#include "document/patch.h"

#include "base/strings.h"

namespace document {
namespace {

using Pointer = std::vector<std::string>;

std::string unescape(std::string_view step) {
    return base::replaceAll(base::replaceAll(step, "~1", "/"), "~0", "~");
}

base::Result<Pointer> parsePointer(std::string_view text) {
    if (text.empty()) return Pointer{};
    if (text[0] != '/')
        return base::makeError("JSON pointer must be empty or start with a \"/\": \"" + std::string(text) + "\"");
    Pointer steps;
    for (const std::string& step : base::split(text.substr(1), '/')) steps.push_back(unescape(step));
    return steps;
}

enum class Access { Read, Insert };

base::Result<std::size_t> arrayIndex(const Value& array, const std::string& step, Access access) {
    const std::size_t limit = array.size() + (access == Access::Insert ? 1 : 0);
    if (step == "-" && access == Access::Insert) return array.size();
    const auto index = base::parseInt(step);
    if (!index)
        return base::makeError("strconv.Atoi: parsing " + base::quoteGo(step) + ": invalid syntax");
    std::int64_t place = *index;
    if (place < 0) place += static_cast<std::int64_t>(limit); // json-patch counts from the end
    if (place < 0 || place >= static_cast<std::int64_t>(limit))
        return base::makeError("Unable to access invalid index: " + step + ": invalid index referenced");
    return static_cast<std::size_t>(place);
}

base::Error missing(std::string_view operation, std::string_view path) {
    return base::makeError(std::string(operation) + " operation does not apply: doc is missing path: \"" +
                           std::string(path) + "\": missing value");
}
base::Error missingKey(std::string_view operation, std::string_view path) {
    return base::makeError(std::string(operation) + " operation does not apply: doc is missing key: " +
                           std::string(path) + ": missing value");
}

base::Result<Value> readAt(const Value& target, const Pointer& steps, const std::string& path,
                           std::string_view operation) {
    Value current = target;
    for (const std::string& step : steps) {
        if (current.isObject()) {
            if (!current.has(step)) return missing(operation, path);
            current = current[std::string_view(step)];
        } else if (current.isArray()) {
            auto index = arrayIndex(current, step, Access::Read);
            if (!index.ok()) return std::move(index).error();
            current = current[*index];
        } else {
            return missing(operation, path);
        }
    }
    return current;
}

enum class Change { Add, Replace, Remove };

struct Edit {
    Change change;
    Value value;
    const std::string& path;
    std::string_view operation;
};

base::Result<Value> changeLeaf(const Value& target, const std::string& step, const Edit& edit) {
    if (target.isArray()) {
        const Access access = edit.change == Change::Add ? Access::Insert : Access::Read;
        auto index = arrayIndex(target, step, access);
        if (!index.ok()) {
            if (edit.change == Change::Replace) return missingKey(edit.operation, edit.path);
            return base::wrapError("error in " + std::string(edit.operation) + " for path: '" + edit.path + "'",
                                   std::move(index).error());
        }
        std::vector<Value> items(target.items().begin(), target.items().end());
        const auto at = items.begin() + static_cast<std::ptrdiff_t>(*index);
        if (edit.change == Change::Add) items.insert(at, edit.value);
        else if (edit.change == Change::Replace) *at = edit.value;
        else items.erase(at);
        return Value::array(std::move(items));
    }
    if (!target.isObject() && !target.isNull()) return missing(edit.operation, edit.path);
    // As in evanphx/json-patch v4, replacing a key that an object lacks adds it.
    if (edit.change == Change::Remove && !target.has(step)) {
        return base::makeError("error in remove for path: '" + edit.path +
                               "': Unable to remove nonexistent key: " + step + ": missing value");
    }
    return edit.change == Change::Remove ? target.without(step) : target.with(step, edit.value);
}

base::Result<Value> changeAt(const Value& target, const Pointer& steps, std::size_t depth,
                             const Edit& edit) {
    if (steps.empty()) {
        if (edit.change == Change::Remove) return Value();
        return edit.value;
    }
    const std::string& step = steps[depth];
    if (depth + 1 == steps.size()) return changeLeaf(target, step, edit);
    if (target.isObject()) {
        if (!target.has(step)) return missing(edit.operation, edit.path);
        BASE_TRY(Value child, changeAt(target[std::string_view(step)], steps, depth + 1, edit));
        return target.with(step, std::move(child));
    }
    if (target.isArray()) {
        auto index = arrayIndex(target, step, Access::Read);
        if (!index.ok()) return missing(edit.operation, edit.path);
        BASE_TRY(Value child, changeAt(target[*index], steps, depth + 1, edit));
        return target.withItem(*index, std::move(child));
    }
    return missing(edit.operation, edit.path);
}

base::Result<Value> applyOne(const Value& target, const Value& operation) {
    const std::string name = operation["op"].text();
    const std::string path = operation["path"].text();
    const std::string from = operation["from"].text();
    if (!operation["path"].isString())
        return base::makeError(name + " operation failed to decode path: missing value");
    BASE_TRY(const Pointer steps, parsePointer(path));
    if (name == "add" || name == "replace") {
        const Edit edit{name == "add" ? Change::Add : Change::Replace, operation["value"], path, name};
        return changeAt(target, steps, 0, edit);
    }
    if (name == "remove") return changeAt(target, steps, 0, {Change::Remove, {}, path, name});
    if (name == "test") {
        auto found = readAt(target, steps, path, name);
        const Value value = found.ok() ? *found : Value();
        if (value == operation["value"]) return target;
        return base::makeError("testing value " + path + " failed: test failed");
    }
    if (name == "move" || name == "copy") {
        BASE_TRY(const Pointer source, parsePointer(from));
        BASE_TRY(Value moved, readAt(target, source, from, name));
        Value base = target;
        if (name == "move") {
            if (path.size() > from.size() && path.compare(0, from.size(), from) == 0 &&
                path[from.size()] == '/')
                return base::makeError("error in move: cannot move a value into itself");
            BASE_TRY(base, changeAt(target, source, 0, {Change::Remove, {}, from, name}));
        }
        return changeAt(base, steps, 0, {Change::Add, std::move(moved), path, name});
    }
    return base::makeError("Unexpected kind: " + name);
}

} // namespace

base::Result<Value> applyJsonPatch(const Value& target, const Value& patch) {
    if (!patch.isArray())
        return base::makeError("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    Value result = target;
    for (const Value& operation : patch.items()) {
        BASE_TRY(result, applyOne(result, operation));
    }
    return result;
}

Value applyMergePatch(const Value& target, const Value& patch) {
    if (!patch.isObject()) return patch;
    ObjectBuilder builder(target);
    for (const Member& member : patch.members()) {
        if (member.value.isNull()) builder.erase(member.key.view());
        else builder.set(member.key, applyMergePatch(target[member.key.view()], member.value));
    }
    return std::move(builder).build();
}

Value makeMergePatch(const Value& from, const Value& to) {
    if (!from.isObject() || !to.isObject()) return to;
    ObjectBuilder builder;
    for (const Member& member : to.members()) {
        const Value& old = from[member.key.view()];
        if (from.has(member.key.view()) && old == member.value) continue;
        if (old.isObject() && member.value.isObject())
            builder.set(member.key, makeMergePatch(old, member.value));
        else
            builder.set(member.key, member.value);
    }
    for (const Member& member : from.members())
        if (!to.has(member.key.view())) builder.set(member.key, Value());
    return std::move(builder).build();
}

namespace {
// Keeps additions and changes of a merge patch, or only its deletions (null members). Source:
// apimachinery pkg/util/jsonmergepatch.
Value keepOrDrop(const Value& patch, bool keepDeletions) {
    if (!patch.isObject()) return patch;
    ObjectBuilder builder;
    for (const Member& member : patch.members()) {
        if (member.value.isNull()) {
            if (keepDeletions) builder.set(member.key, member.value);
        } else if (member.value.isObject()) {
            Value child = keepOrDrop(member.value, keepDeletions);
            if (child.size() > 0 || (!keepDeletions && member.value.size() == 0))
                builder.set(member.key, std::move(child));
        } else if (!keepDeletions) {
            builder.set(member.key, member.value);
        }
    }
    return std::move(builder).build();
}
} // namespace

Value makeThreeWayMergePatch(const Value& original, const Value& modified, const Value& current) {
    const Value changes = keepOrDrop(makeMergePatch(current, modified), false);
    const Value deletions = keepOrDrop(makeMergePatch(original, modified), true);
    // Deletions go last; merging them must not apply them.
    struct Merge {
        static Value both(const Value& left, const Value& right) {
            if (!left.isObject() || !right.isObject()) return right;
            ObjectBuilder builder(left);
            for (const Member& member : right.members()) {
                const Value& other = left[member.key.view()];
                builder.set(member.key, other.isObject() ? both(other, member.value) : member.value);
            }
            return std::move(builder).build();
        }
    };
    return Merge::both(changes, deletions);
}

} // namespace document
