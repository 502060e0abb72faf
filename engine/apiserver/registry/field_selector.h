#pragma once
// Field selectors of the API server. Source: apimachinery pkg/fields and each kind's
// AddFieldLabelConversionFunc.

#include "api/kinds.h"
#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace apiserver {

class FieldSelector {
public:
    static base::Result<FieldSelector> parse(std::string_view text, const api::ResourceInfo& resource,
                                             const std::vector<std::string>& selectable);
    bool matches(const document::Value& object) const;
    bool everything() const { return terms_.empty(); }
    // The value that `metadata.name=x` asks for; empty when it does not.
    std::string_view exactName() const;
    std::string_view exact(std::string_view field) const;

private:
    struct Term {
        std::string field, value;
        bool equal = true;
    };
    std::vector<Term> terms_;
    std::string plural_;
};

} // namespace apiserver
