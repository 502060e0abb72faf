#pragma once
// Label and field selectors. Source: apimachinery pkg/labels, pkg/fields, meta/v1 LabelSelector.

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace api {

struct Requirement {
    enum class Op { In, NotIn, Exists, DoesNotExist, Equals, DoubleEquals, NotEquals, Gt, Lt };
    std::string key;
    Op op = Op::Exists;
    std::vector<std::string> values; // sorted
    bool matches(const document::Value& labels) const;
    std::string text() const;
};

class LabelSelector {
public:
    // Matches everything.
    LabelSelector() = default;
    static LabelSelector nothing();
    // "app=web,tier in (a,b),!old,x!=y"; the error text is upstream's.
    static base::Result<LabelSelector> parse(std::string_view text);
    // A metav1.LabelSelector object: null matches nothing, {} everything.
    static base::Result<LabelSelector> fromObject(const document::Value& selector);
    // matchLabels only (a Service's or a ReplicationController's selector): null matches nothing
    // here.
    static LabelSelector fromMap(const document::Value& labels);

    bool matches(const document::Value& labels) const;
    bool everything() const { return !nothing_ && requirements_.empty(); }
    bool selectsNothing() const { return nothing_; }
    const std::vector<Requirement>& requirements() const { return requirements_; }
    void add(Requirement requirement) { requirements_.push_back(std::move(requirement)); }
    std::string text() const; // sorted by key, as Selector.String()

private:
    bool nothing_ = false;
    std::vector<Requirement> requirements_;
};

// The value at "spec.nodeName"-like paths, as text; for selectors and downward API.
std::string fieldText(const document::Value& object, std::string_view path);

// One NodeSelectorTerm's matchExpressions item {key, operator, values}. Gt and Lt compare integers.
Requirement nodeRequirement(const document::Value& expression);

} // namespace api
