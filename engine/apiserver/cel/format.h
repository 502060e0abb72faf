#pragma once
// Texts made by patterns: 'x is %d'.format([3]). Source: cel-go ext/formatting.go.

#include "apiserver/cel/functions.h"
#include "apiserver/cel/node.h"
#include "apiserver/cel/types.h"

namespace apiserver::cel {

base::Result<Datum> formatted(const std::string& pattern, const Data& given);
// What is wrong with a pattern and a list that are both written out.
void checkFormat(const Node& call, std::vector<Problem>& problems);

} // namespace apiserver::cel
