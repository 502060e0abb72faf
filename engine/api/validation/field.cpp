#include "api/validation/field.h"

#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include <re2/re2.h>

namespace api::validation {

struct PathStep {
    const PathStep* parent;
    std::string_view name;
    std::size_t index;
    PathStepKind kind;
};

namespace {

// Where steps and names are made, in blocks that are forgotten all at once when the last path has gone.
struct PathArena {
    char* next = nullptr;
    char* end = nullptr;
    std::size_t alive = 0;
};
constinit thread_local PathArena arena;

constexpr std::size_t kBlock = 16 * 1024, kKeptBlocks = 4;
struct Block {
    alignas(PathStep) std::array<char, kBlock> bytes;
};
struct Blocks {
    std::vector<std::unique_ptr<Block>> all;
    std::size_t used = 0;
};
Blocks& blocks() {
    thread_local Blocks instance;
    return instance;
}

void nextBlock() {
    Blocks& own = blocks();
    if (own.used == own.all.size()) own.all.push_back(std::make_unique<Block>());
    arena.next = own.all[own.used++]->bytes.data();
    arena.end = arena.next + kBlock;
}

char* room(std::size_t size) {
    size = (size + alignof(PathStep) - 1) & ~(alignof(PathStep) - 1);
    if (static_cast<std::size_t>(arena.end - arena.next) < size) nextBlock();
    return std::exchange(arena.next, arena.next + size);
}

const PathStep* made(const PathStep* parent, PathStepKind kind, std::string_view name, std::size_t index) {
    return new (room(sizeof(PathStep))) PathStep{parent, name, index, kind};
}

void forget() {
    Blocks& own = blocks();
    if (own.all.size() > kKeptBlocks) own.all.resize(kKeptBlocks);
    own.used = 0;
    arena.next = arena.end = nullptr;
}

} // namespace

void Path::release() {
    if (--arena.alive != 0) return;
    // Most objects fit into one block, which is simply begun again.
    if (Blocks& own = blocks(); own.used == 1) arena.next = own.all.front()->bytes.data();
    else forget();
}

Path::Path(const std::string& root) {
    if (!root.empty()) *this = child(std::string_view(root));
}
Path::Path(const Path& other) : root_(other.root_), step_(other.step_) {
    if (step_ != nullptr) ++arena.alive;
}
Path& Path::operator=(const Path& other) {
    if (other.step_ != nullptr) ++arena.alive;
    if (step_ != nullptr) release();
    root_ = other.root_;
    step_ = other.step_;
    return *this;
}

Path Path::step(PathStepKind kind, std::string_view name, std::size_t index) const {
    Path path;
    ++arena.alive;
    const PathStep* parent = step_;
    if (parent == nullptr && !root_.empty()) parent = made(nullptr, PathStepKind::Child, root_, 0);
    path.step_ = made(parent, kind, name, index);
    return path;
}

std::string_view Path::kept(std::string_view name) {
    constexpr std::size_t kLongestName = kBlock / 2; // longer ones are cut
    name = name.substr(0, kLongestName);
    char* const bytes = room(name.size());
    if (!name.empty()) std::memcpy(bytes, name.data(), name.size());
    return {bytes, name.size()};
}

std::string Path::text() const {
    if (step_ == nullptr) return std::string(root_);
    std::vector<const PathStep*> steps;
    for (const PathStep* step = step_; step != nullptr; step = step->parent) steps.push_back(step);
    std::string out;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        switch ((*step)->kind) {
        case PathStepKind::Child: out.append(out.empty() ? "" : ".").append((*step)->name); break;
        case PathStepKind::Key: out.append("[").append((*step)->name).append("]"); break;
        case PathStepKind::Index: out.append("[").append(std::to_string((*step)->index)).append("]"); break;
        }
    }
    return out;
}

std::string badValueText(const Value& value) {
    if (value.isString()) return base::quoteGo(value.asString());
    return document::writeJson(value, true);
}

void Errors::add(std::string_view reason, const Path& path, std::string message,
                 std::string_view detail) {
    if (!detail.empty()) {
        message += ": ";
        message += detail;
    }
    causes_.push_back({std::string(reason), std::move(message), path.empty() ? "<nil>" : path.text()});
}

void Errors::required(const Path& path, std::string_view detail) {
    add("FieldValueRequired", path, "Required value", detail);
}
void Errors::invalid(const Path& path, const Value& bad, std::string_view detail) {
    add("FieldValueInvalid", path, "Invalid value: " + badValueText(bad), detail);
}
void Errors::invalidText(const Path& path, std::string_view printed, std::string_view detail) {
    add("FieldValueInvalid", path, "Invalid value: " + std::string(printed), detail);
}
void Errors::notSupported(const Path& path, const Value& bad,
                          std::initializer_list<std::string_view> supported) {
    notSupported(path, bad, std::vector<std::string>(supported.begin(), supported.end()));
}
void Errors::notSupported(const Path& path, const Value& bad,
                          const std::vector<std::string>& supported) {
    std::vector<std::string> quoted;
    for (const std::string& value : supported) quoted.push_back(base::quoteGo(value));
    add("FieldValueNotSupported", path, "Unsupported value: " + badValueText(bad),
        quoted.empty() ? std::string() : "supported values: " + base::join(quoted, ", "));
}
void Errors::notSupportedText(const Path& path, std::string_view printed,
                              std::initializer_list<std::string_view> supported) {
    std::vector<std::string> quoted;
    for (std::string_view value : supported) quoted.push_back(base::quoteGo(value));
    add("FieldValueNotSupported", path, "Unsupported value: " + std::string(printed),
        "supported values: " + base::join(quoted, ", "));
}
void Errors::invalidOmitted(const Path& path, std::string_view detail) {
    add("FieldValueInvalid", path, "Invalid value", detail);
}
void Errors::forbidden(const Path& path, std::string_view detail) {
    add("FieldValueForbidden", path, "Forbidden", detail);
}
void Errors::duplicate(const Path& path, const Value& bad, std::string_view detail) {
    add("FieldValueDuplicate", path, "Duplicate value: " + badValueText(bad), detail);
}
void Errors::duplicateText(const Path& path, std::string_view printed) {
    add("FieldValueDuplicate", path, "Duplicate value: " + std::string(printed), {});
}
void Errors::notFound(const Path& path, const Value& bad, std::string_view detail) {
    add("FieldValueNotFound", path, "Not found: " + badValueText(bad), detail);
}
void Errors::tooLong(const Path& path, std::int64_t maximum) {
    const std::string unit = maximum == 1 ? " byte" : " bytes";
    add("FieldValueTooLong", path, "Too long",
        maximum < 0 ? "value is too long" : "may not be more than " + std::to_string(maximum) + unit);
}
void Errors::tooMany(const Path& path, std::int64_t actual, std::int64_t maximum) {
    const std::string unit = maximum == 1 ? " item" : " items";
    add("FieldValueTooMany", path, "Too many: " + std::to_string(actual),
        "must have at most " + std::to_string(maximum) + unit);
}
void Errors::typeInvalid(const Path& path, const Value& bad, std::string_view detail) {
    add("FieldValueTypeInvalid", path, "Invalid value: " + badValueText(bad), detail);
}
void Errors::internal(const Path& path, std::string_view detail) {
    add("InternalError", path, "Internal error", detail);
}
void Errors::invalidEach(const Path& path, const Value& bad, const Problems& problems) {
    for (const std::string& problem : problems) invalid(path, bad, problem);
}
void Errors::append(const Errors& other) {
    causes_.insert(causes_.end(), other.causes_.begin(), other.causes_.end());
}

void Errors::sort() {
    std::stable_sort(causes_.begin(), causes_.end(), [](const StatusCause& a, const StatusCause& b) {
        return a.field + ": " + a.message < b.field + ": " + b.message;
    });
}

Problems nameIsSubdomain(std::string_view name) { return checkDns1123Subdomain(name); }
Problems nameIsLabel(std::string_view name) { return checkDns1123Label(name); }
Problems nameIsDns1035Label(std::string_view name) { return checkDns1035Label(name); }
Problems nameIsPathSegment(std::string_view name) { return checkPathSegment(name); }

bool contains(std::initializer_list<std::string_view> set, std::string_view text) {
    return std::find(set.begin(), set.end(), text) != set.end();
}

void validateNonNegative(Errors& errors, std::int64_t value, const Path& path) {
    if (value < 0) errors.invalid(path, value, "must be greater than or equal to 0");
}
void validateQualifiedName(Errors& errors, std::string_view name, const Path& path) {
    errors.invalidEach(path, name, checkLabelKey(name));
}
void validateLabelName(Errors& errors, std::string_view name, const Path& path) {
    errors.invalidEach(path, name, checkLabelKey(name));
}
void validateDnsSubdomainName(Errors& errors, std::string_view name, const Path& path) {
    errors.invalidEach(path, name, checkDns1123Subdomain(name));
}
void validateDnsLabelName(Errors& errors, std::string_view name, const Path& path) {
    errors.invalidEach(path, name, checkDns1123Label(name));
}

void validateLabels(Errors& errors, const Value& labels, const Path& path) {
    for (const Member& label : labels.members()) {
        validateLabelName(errors, label.key.view(), path);
        errors.invalidEach(path, label.value, checkLabelValue(label.value.asString()));
    }
}

void validateAnnotations(Errors& errors, const Value& annotations, const Path& path) {
    constexpr std::size_t kLimit = 256 * 1024;
    std::size_t size = 0;
    for (const Member& annotation : annotations.members()) {
        errors.invalidEach(path, annotation.key.view(),
                           checkLabelKey(base::toLower(annotation.key.view())));
        size += annotation.key.view().size() + annotation.value.asString().size();
    }
    if (size > kLimit) errors.tooLong(path, static_cast<std::int64_t>(kLimit));
}

void validateLabelSelector(Errors& errors, const Value& selector, const Path& path,
                           bool allowInvalidLabelValues) {
    if (selector.isNull()) return;
    validateLabels(errors, selector["matchLabels"], path.child("matchLabels"));
    std::size_t i = 0;
    for (const Value& expression : selector["matchExpressions"].items()) {
        const Path at = path.child("matchExpressions").index(i++);
        const std::string_view op = expression["operator"].asString();
        const Value& values = expression["values"];
        if (op == "In" || op == "NotIn") {
            if (values.size() == 0)
                errors.required(at.child("values"),
                                "must be specified when `operator` is 'In' or 'NotIn'");
        } else if (op == "Exists" || op == "DoesNotExist") {
            if (values.size() > 0)
                errors.forbidden(at.child("values"),
                                 "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        } else {
            errors.invalid(at.child("operator"), op, "not a valid selector operator");
        }
        validateLabelName(errors, expression["key"].asString(), at.child("key"));
        if (allowInvalidLabelValues) continue;
        for (std::size_t v = 0; v < values.size(); ++v)
            errors.invalidEach(at.child("values").index(v), values[v],
                               checkLabelValue(values[v].asString()));
    }
}

void validateImmutable(Errors& errors, const Value& value, const Value& old, const Path& path) {
    // Unset and empty are the same to Go's semantic equality.
    if (value == old || (value.size() == 0 && old.size() == 0 && !value.isString() &&
                         !old.isString() && !value.isNumber() && !old.isNumber() &&
                         !value.isBool() && !old.isBool()))
        return;
    errors.invalid(path, value, "field is immutable");
}

namespace {

Value ownerReferenceAsGo(const Value& reference) { return reference; }

void validateOwnerReferences(Errors& errors, const Value& references, const Path& path) {
    std::string firstController;
    for (const Value& reference : references.items()) {
        const std::string apiVersion = reference["apiVersion"].text();
        const std::size_t slash = apiVersion.find('/');
        const std::string version = slash == std::string::npos ? apiVersion : apiVersion.substr(slash + 1);
        if (version.empty())
            errors.invalid(path.child("apiVersion"), apiVersion, "version must not be empty");
        for (const char* field : {"kind", "name", "uid"})
            if (reference[field].isEmpty()) errors.invalid(path.child(field), "", "must not be empty");
        if (apiVersion == "v1" && reference["kind"].asString() == "Event")
            errors.invalid(path, ownerReferenceAsGo(reference),
                           "/v1, Kind=Event is disallowed from being an owner");
        if (!reference["controller"].asBool()) continue;
        const std::string current = reference["kind"].text() + "/" + reference["name"].text();
        if (firstController.empty()) {
            firstController = current;
            continue;
        }
        errors.invalid(path, references,
                       "Only one reference can have Controller set to true. Found \"true\" in "
                       "references for " + firstController + " and " + current);
    }
}

void validateFinalizers(Errors& errors, const Value& finalizers, const Path& path) {
    bool orphan = false, foreground = false;
    for (const Value& finalizer : finalizers.items()) {
        validateQualifiedName(errors, finalizer.asString(), path);
        orphan = orphan || finalizer.asString() == "orphan";
        foreground = foreground || finalizer.asString() == "foregroundDeletion";
    }
    if (orphan && foreground)
        errors.invalid(path, finalizers,
                       "finalizer orphan and foregroundDeletion cannot be both set");
}

void validateManagedFields(Errors& errors, const Value& list, const Path& path) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Path at = path.index(i);
        const Value& entry = list[i];
        if (!contains({"Apply", "Update"}, entry["operation"].asString()))
            errors.invalid(at.child("operation"), entry["operation"].asString(),
                           "must be `Apply` or `Update`");
        const std::string_view type = entry["fieldsType"].asString();
        if (!type.empty() && type != "FieldsV1")
            errors.invalid(at.child("fieldsType"), type, "must be `FieldsV1`");
        if (entry["manager"].asString().size() > 128) errors.tooLong(at.child("manager"), 128);
        if (entry["subresource"].asString().size() > 256) errors.tooLong(at.child("subresource"), 256);
    }
}

void validateSharedMeta(Errors& errors, const Value& meta, const Path& path) {
    validateNonNegative(errors, meta["generation"].asInt(), path.child("generation"));
    validateLabels(errors, meta["labels"], path.child("labels"));
    validateAnnotations(errors, meta["annotations"], path.child("annotations"));
    validateOwnerReferences(errors, meta["ownerReferences"], path.child("ownerReferences"));
    validateFinalizers(errors, meta["finalizers"], path.child("finalizers"));
    validateManagedFields(errors, meta["managedFields"], path.child("managedFields"));
}

std::string maskTrailingDash(std::string_view name) {
    if (name.size() > 1 && name.back() == '-') return std::string(name.substr(0, name.size() - 2)) + "a";
    return std::string(name);
}

// A finalizer without a domain is one of the old ones. Source: core validation.go.
void finalizerNames(Errors& errors, const Value& finalizers, const Path& path) {
    for (std::size_t i = 0; i < finalizers.size(); ++i) {
        const std::string_view name = finalizers[i].asString();
        if (name.find('/') == std::string_view::npos &&
            !contains({"kubernetes", "orphan", "foregroundDeletion"}, name))
            errors.invalid(path.index(i), name,
                           "name is neither a standard finalizer name nor is it fully qualified");
    }
}

} // namespace

namespace {

void metaAccessor(Errors& errors, const Value& meta, bool namespaced, NameCheck checkName, const Path& path) {
    const std::string_view generateName = meta["generateName"].asString();
    if (!generateName.empty())
        errors.invalidEach(path.child("generateName"), generateName,
                           checkName(maskTrailingDash(generateName)));
    const std::string_view name = meta["name"].asString();
    if (name.empty()) errors.required(path.child("name"), "name or generateName is required");
    else errors.invalidEach(path.child("name"), name, checkName(name));
    const std::string_view space = meta["namespace"].asString();
    if (namespaced) {
        if (space.empty()) errors.required(path.child("namespace"));
        else errors.invalidEach(path.child("namespace"), space, checkDns1123Label(space));
    } else if (!space.empty()) {
        errors.forbidden(path.child("namespace"), "not allowed on this type");
    }
    validateSharedMeta(errors, meta, path);
}

void newFinalizers(Errors& errors, const Value& meta, const Value& old, const Path& path) {
    if (old["deletionTimestamp"].isNull()) return;
    std::vector<std::string> extra;
    for (const Value& finalizer : meta["finalizers"].items()) {
        const auto known = old["finalizers"].items();
        if (std::find(known.begin(), known.end(), finalizer) == known.end())
            extra.push_back(base::quoteGo(finalizer.asString()));
    }
    std::sort(extra.begin(), extra.end());
    if (!extra.empty())
        errors.forbidden(path.child("finalizers"),
                         "no new finalizers can be added if the object is being deleted, found "
                         "new finalizers []string{" + base::join(extra, ", ") + "}");
}

void metaAccessorUpdate(Errors& errors, const Value& meta, const Value& old, const Path& path) {
    newFinalizers(errors, meta, old, path);
    if (meta["resourceVersion"].isEmpty())
        errors.invalid(path.child("resourceVersion"), "", "must be specified for an update");
    if (meta["generation"].asInt() < old["generation"].asInt())
        errors.invalid(path.child("generation"), meta["generation"].asInt(), "must not be decremented");
    for (const char* field : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
                              "deletionGracePeriodSeconds"})
        validateImmutable(errors, meta[field], old[field], path.child(field));
    validateLabels(errors, meta["labels"], path.child("labels"));
    validateAnnotations(errors, meta["annotations"], path.child("annotations"));
    validateOwnerReferences(errors, meta["ownerReferences"], path.child("ownerReferences"));
    validateManagedFields(errors, meta["managedFields"], path.child("managedFields"));
}

} // namespace

namespace {

// The metadata that a kind's own rules found good a moment ago: the common rules ask no more of it.
struct GoodMeta {
    Value meta;
    bool namespaced = false;
};
GoodMeta& goodMeta() {
    thread_local GoodMeta instance;
    return instance;
}

} // namespace

void validateObjectMeta(Errors& errors, const Value& meta, bool namespaced, NameCheck checkName,
                        const Path& path) {
    const std::size_t before = errors.size();
    metaAccessor(errors, meta, namespaced, checkName, path);
    // Names that pass these checks are path segments, too.
    const bool strict = checkName == nameIsSubdomain || checkName == nameIsLabel || checkName == nameIsDns1035Label;
    if (strict && errors.size() == before) goodMeta() = {meta, namespaced};
    finalizerNames(errors, meta["finalizers"], path.child("finalizers"));
}

void validateObjectMetaUpdate(Errors& errors, const Value& meta, const Value& old, const Path& path) {
    metaAccessorUpdate(errors, meta, old, path);
    finalizerNames(errors, meta["finalizers"], path.child("finalizers"));
}

void validateCommonMeta(Errors& errors, const Value& meta, bool namespaced) {
    const GoodMeta good = std::exchange(goodMeta(), {});
    if (meta.isObject() && good.meta.sameAs(meta) && good.namespaced == namespaced) return;
    metaAccessor(errors, meta, namespaced, nameIsPathSegment, Path("metadata"));
}

void validateCommonMetaUpdate(Errors& errors, const Value& meta, const Value& old) {
    metaAccessorUpdate(errors, meta, old, Path("metadata"));
}

// Source: apimachinery meta/v1/validation ValidateCondition.
void validateConditions(Errors& errors, const Value& conditions, const Path& path) {
    static const RE2 kReason("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?");
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const Value& condition = conditions[i];
        const Path at = path.index(i);
        const std::string type = condition["type"].text(), reason = condition["reason"].text();
        if (std::find(seen.begin(), seen.end(), type) != seen.end()) errors.duplicate(at.child("type"), type);
        else seen.push_back(type);
        validateLabelName(errors, type, at.child("type"));
        const std::string_view status = condition["status"].asString();
        if (!contains({"False", "True", "Unknown"}, status))
            errors.notSupported(at.child("status"), status, {"False", "True", "Unknown"});
        if (condition["observedGeneration"].asInt() < 0)
            errors.invalid(at.child("observedGeneration"), condition["observedGeneration"],
                           "must be greater than or equal to zero");
        if (condition["lastTransitionTime"].isNull()) errors.required(at.child("lastTransitionTime"));
        if (reason.empty()) {
            errors.required(at.child("reason"));
        } else {
            if (!RE2::FullMatch(reason, kReason))
                errors.invalid(at.child("reason"), reason,
                               regexText("a condition reason must start with alphabetic character, optionally "
                                         "followed by a string of alphanumeric characters or '_,:', and must end "
                                         "with an alphanumeric character or '_'",
                                         kReason.pattern(),
                                         {"my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"}));
            if (reason.size() > 1024) errors.tooLong(at.child("reason"), 1024);
        }
        if (condition["message"].asString().size() > 32768) errors.tooLong(at.child("message"), 32768);
    }
}

} // namespace api::validation
