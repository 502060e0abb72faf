#pragma once
// Pods that come one after another from one template differ in the name of the volume that brings their
// token, and in nothing else that the rules look at. Internal to api/.

#include "api/validation/field.h"

namespace api::validation {

// The specification that rules had no objection to last, and whether they need to look at the next one.
class LastGood {
public:
    // Is it that one, with another good name for at most one volume?
    bool covers(const Value& spec) const;
    void keep(const Value& spec) { spec_ = spec; }
    void forget() { spec_ = {}; }

private:
    Value spec_; // null: none
};

} // namespace api::validation
