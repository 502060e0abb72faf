#pragma once
// Texts that rows of several kinds share.

#include "document/value.h"

#include <string>

namespace apiserver {

std::string labelText(const document::Value& labels);       // "a=b,c=d" or "<none>"
std::string selectorText(const document::Value& selector);  // of a LabelSelector
std::string containerNames(const document::Value& spec);
std::string containerImages(const document::Value& spec);

} // namespace apiserver
