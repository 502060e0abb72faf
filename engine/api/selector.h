#pragma once
// Field selectors, and label selectors through label_selector.h. Source: apimachinery pkg/fields.

#include "api/label_selector.h"

namespace api {

struct FieldTerm {
    std::string field, value;
    bool equal = true;
};
class FieldSelector {
public:
    static base::Result<FieldSelector> parse(std::string_view text);
    const std::vector<FieldTerm>& terms() const { return terms_; }
    bool empty() const { return terms_.empty(); }
    std::string text() const;
    // Looks fields up in the object by path ("spec.nodeName"); a missing one reads as "".
    bool matches(const document::Value& object) const;
private:
    std::vector<FieldTerm> terms_;
};

// "a=b,c=d" of metav1.FormatLabelSelector; "<none>" when empty, "<error>" when broken.
std::string formatLabelSelector(const document::Value& selector);

} // namespace api
