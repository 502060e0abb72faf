#pragma once
// Field paths and error lists of validation. Source: apimachinery pkg/util/validation/field.

#include "api/names.h"
#include "api/status.h"
#include "document/value.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace api::validation {

using document::Member;
using document::Value;

struct PathStep; // of an arena that field.cpp keeps per thread
enum class PathStepKind : std::uint8_t { Child, Key, Index };

// "spec.containers[0].env[1].name"; an empty path prints as "<nil>". A path is walked far more often
// than it is printed: it is a root and a chain of steps, and `text` composes them. Steps are taken
// back once no path with steps is alive; only roots may be static.
class Path {
public:
    Path() = default;
    template <std::size_t N>
    explicit constexpr Path(const char (&root)[N]) : root_(root, N - 1) {}
    explicit Path(const std::string& root);
    Path(const Path& other);
    Path& operator=(const Path& other);
    constexpr ~Path() {
        if (step_ != nullptr) release();
    }
    // A literal stays where it is; the bytes of other names are kept with the step.
    template <std::size_t N>
    Path child(const char (&literal)[N]) const {
        return step(PathStepKind::Child, {literal, N - 1}, 0);
    }
    Path child(std::string_view name) const { return step(PathStepKind::Child, kept(name), 0); }
    template <typename Name, typename Next, typename... More>
    Path child(const Name& name, const Next& next, const More&... more) const {
        return child(name).child(next, more...);
    }
    Path index(std::size_t i) const { return step(PathStepKind::Index, {}, i); }
    Path key(std::string_view name) const { return step(PathStepKind::Key, kept(name), 0); }
    std::string text() const;
    bool empty() const { return step_ == nullptr && root_.empty(); }

private:
    Path step(PathStepKind kind, std::string_view name, std::size_t index) const;
    static std::string_view kept(std::string_view name);
    static void release();
    std::string_view root_; // a literal
    const PathStep* step_ = nullptr;
};

// Collects causes in upstream's order.
class Errors {
public:
    void required(const Path& path, std::string_view detail = {});
    void invalid(const Path& path, const Value& bad, std::string_view detail);
    // The bad value as Go prints a struct or another value that is not JSON.
    void invalidText(const Path& path, std::string_view printed, std::string_view detail);
    void notSupported(const Path& path, const Value& bad, std::initializer_list<std::string_view> supported);
    void notSupported(const Path& path, const Value& bad, const std::vector<std::string>& supported);
    void notSupportedText(const Path& path, std::string_view printed, std::initializer_list<std::string_view> supported);
    // Upstream leaves the value out.
    void invalidOmitted(const Path& path, std::string_view detail);
    void forbidden(const Path& path, std::string_view detail);
    void duplicate(const Path& path, const Value& bad, std::string_view detail = {});
    void duplicateText(const Path& path, std::string_view printed);
    void notFound(const Path& path, const Value& bad, std::string_view detail = {});
    void tooLong(const Path& path, std::int64_t maximum);
    void tooMany(const Path& path, std::int64_t actual, std::int64_t maximum);
    void typeInvalid(const Path& path, const Value& bad, std::string_view detail);
    void internal(const Path& path, std::string_view detail);
    // One "Invalid value" per problem.
    void invalidEach(const Path& path, const Value& bad, const Problems& problems);
    void append(const Errors& other);
    void sort(); // by what they print

    bool empty() const { return causes_.empty(); }
    std::size_t size() const { return causes_.size(); }
    const std::vector<StatusCause>& causes() const { return causes_; }
    std::vector<StatusCause> take() { return std::move(causes_); }

private:
    void add(std::string_view reason, const Path& path, std::string message, std::string_view detail);
    std::vector<StatusCause> causes_;
};

// The bad value as messages show it: strings quoted, structures as JSON.
std::string badValueText(const Value& value);

// Shared rules of metadata. `checkName` is the kind's rule for names.
using NameCheck = Problems (*)(std::string_view name);
Problems nameIsSubdomain(std::string_view name);
Problems nameIsLabel(std::string_view name);
Problems nameIsDns1035Label(std::string_view name);
Problems nameIsPathSegment(std::string_view name);

void validateObjectMeta(Errors& errors, const Value& meta, bool namespaced, NameCheck checkName,
                        const Path& path);
void validateObjectMetaUpdate(Errors& errors, const Value& meta, const Value& old, const Path& path);
// What the registry asks of every kind: before a kind's own rules on update, after them on create.
void validateCommonMeta(Errors& errors, const Value& meta, bool namespaced);
void validateCommonMetaUpdate(Errors& errors, const Value& meta, const Value& old);
void validateLabels(Errors& errors, const Value& labels, const Path& path);
void validateLabelName(Errors& errors, std::string_view name, const Path& path);
void validateAnnotations(Errors& errors, const Value& annotations, const Path& path);
// metav1.LabelSelector
void validateLabelSelector(Errors& errors, const Value& selector, const Path& path,
                           bool allowInvalidLabelValues = false);
void validateImmutable(Errors& errors, const Value& value, const Value& old, const Path& path);
void validateNonNegative(Errors& errors, std::int64_t value, const Path& path);
// metav1.Condition
void validateConditions(Errors& errors, const Value& conditions, const Path& path);
void validateQualifiedName(Errors& errors, std::string_view name, const Path& path);
void validateDnsSubdomainName(Errors& errors, std::string_view name, const Path& path);
void validateDnsLabelName(Errors& errors, std::string_view name, const Path& path);

bool contains(std::initializer_list<std::string_view> set, std::string_view text);

} // namespace api::validation
