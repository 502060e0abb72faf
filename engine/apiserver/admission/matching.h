#pragma once
// Which requests a policy or webhook is about. Source: apiserver pkg/admission/plugin/webhook/predicates.

#include "apiserver/core.h"

namespace apiserver {

bool ruleMatches(const Admission& admission, const document::Value& rule);
bool selectorsMatch(const Admission& admission, const document::Value& matcher);
// A MatchResources: rules, exclusions and selectors.
bool matchesResources(const Admission& admission, const document::Value& match);

} // namespace apiserver
