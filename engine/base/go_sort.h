// Go's sort.Sort: items that are alike end up where Go's pattern-defeating quicksort leaves them, and
// an order that contradicts itself gives Go's result as well.
#pragma once

#include "base/function.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace base {

// The sorted order of the items 0..count-1; `less` gets two of these numbers.
std::vector<std::size_t> goSortOrder(std::size_t count, Function<bool(std::size_t, std::size_t)> less);

template <typename T, typename Less>
void goSort(std::vector<T>& items, Less less) {
    const auto order = goSortOrder(items.size(), [&](std::size_t a, std::size_t b) { return less(items[a], items[b]); });
    std::vector<T> sorted;
    sorted.reserve(items.size());
    for (const std::size_t index : order) sorted.push_back(std::move(items[index]));
    items = std::move(sorted);
}

} // namespace base
