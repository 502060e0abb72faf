#pragma once
// List helpers shared by applying and making strategic merge patches. Internal to document/. Source:
// apimachinery pkg/util/strategicpatch.

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace document::strategic {

inline constexpr std::string_view kDirective = "$patch";
inline constexpr std::string_view kRetainKeys = "$retainKeys";
inline constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList";
inline constexpr std::string_view kSetOrder = "$setElementOrder";

using Items = std::vector<Value>;

enum class ElementKind { None, Map, List, Scalar };

Items itemsOf(const Value& list);
bool hasPrefix(std::string_view text, std::string_view prefix);
// "name" of "$setElementOrder/name".
base::Result<std::string> directiveTarget(std::string_view key, std::string_view prefix);
base::Result<ElementKind> elementKind(const Items& first, const Items& second);
base::Error noMergeKey(const Value& item, std::string_view key);
base::Error badArgType(const Value& actual);
// Position of the item with the same merge key (or the same scalar when the key is empty), or -1.
int indexOf(const Items& list, const Value& wanted, const std::string& mergeKey);
base::Result<Items> sortedByOrder(Items items, const Items& order, const std::string& mergeKey);
base::Result<Items> normalizedOrder(Items patch, Items serverOnly, const Items& patchOrder,
                                    const Items& serverOrder, const std::string& mergeKey);
Items deduplicated(Items items);

} // namespace document::strategic
