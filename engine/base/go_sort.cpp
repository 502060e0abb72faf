#include "base/go_sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <numeric>

namespace base {
namespace {

// A pattern-defeating quicksort with the choices that Go made: ranges of up to twelve by insertion,
// pivots from the quarters of a range, a seeded shuffle after a lopsided split.
class Sorter {
public:
    using Less = Function<bool(std::size_t, std::size_t)>;

    Sorter(std::vector<std::size_t>& items, const Less& less) : items_(items), less_(less) {}

    void sort(int first, int end, int patience) {
        bool even = true, parted = false, fresh = true;
        for (int length = end - first; length > 12 && patience > 0; length = end - first) {
            if (!even) {
                shuffle(first, length);
                --patience;
            }
            auto [pivot, swaps] = pickPivot(first, length);
            if (swaps == 12) {  // descending, it seems
                std::reverse(items_.begin() + first, items_.begin() + end);
                pivot = first + end - 1 - pivot;
            }
            const bool ascending = swaps == 0 || swaps == 12;
            if (ascending && even && (fresh || parted) && mend(first, end)) return;
            // Nothing here is less than what stands before: if the pivot is not greater, it is the least.
            if (first > 0 && !before(first - 1, pivot)) {
                first = skipEqual(first, end, pivot);
                continue;
            }
            fresh = false;
            const int middle = split(first, end, pivot, parted);
            const int below = middle - first, above = end - middle;
            even = std::min(below, above) >= length / 8;
            if (below < above) {
                sort(first, middle, patience);
                first = middle + 1;
            } else {
                sort(middle + 1, end, patience);
                end = middle;
            }
        }
        if (end - first > 12) return heapSort(first, end - first);
        for (int next = first + 1; next < end; ++next) sink(next, first);
    }

private:
    bool before(int a, int b) const { return less_(items_[index(a)], items_[index(b)]); }
    void swap(int a, int b) { std::swap(items_[index(a)], items_[index(b)]); }
    static std::size_t index(int position) { return static_cast<std::size_t>(position); }

    // Moves an item towards the front as far as it belongs, but not before `floor`.
    void sink(int at, int floor) {
        for (; at > floor && before(at, at - 1); --at) swap(at, at - 1);
    }
    void rise(int at, int end) {
        for (; at < end && before(at, at - 1); ++at) swap(at, at - 1);
    }

    // For ranges that split badly again and again: the greatest of what is left goes last.
    void heapSort(int first, int length) {
        const auto settle = [&](int node, int size) {
            for (int child = 2 * node + 1; child < size; child = 2 * node + 1) {
                if (child + 1 < size && before(first + child, first + child + 1)) ++child;
                if (!before(first + node, first + child)) return;
                swap(first + node, first + child);
                node = child;
            }
        };
        for (int node = (length - 1) / 2; node >= 0; --node) settle(node, length);
        for (int last = length - 1; last >= 0; --last) {
            swap(first, first + last);
            settle(0, last);
        }
    }

    // The middle one of three positions; counts the exchanges that ordering them takes.
    int middleOf(std::array<int, 3> at, int& swaps) const {
        for (const std::size_t left : {0U, 1U, 0U}) {
            if (!before(at[left + 1], at[left])) continue;
            std::swap(at[left], at[left + 1]);
            ++swaps;
        }
        return at[1];
    }
    std::pair<int, int> pickPivot(int first, int length) const {
        int swaps = 0;
        std::array<int, 3> quarters{};
        for (int i = 0; i < 3; ++i) {
            int& quarter = quarters[index(i)];
            quarter = first + length / 4 * (i + 1);
            if (length >= 50) quarter = middleOf({quarter - 1, quarter, quarter + 1}, swaps);
        }
        const int pivot = middleOf(quarters, swaps);
        return {pivot, swaps};
    }

    // Puts up to five items of a long range in their place; whether all is in order then.
    bool mend(int first, int end) {
        int at = first + 1;
        for (int mended = 0; mended < 5; ++mended) {
            while (at < end && !before(at, at - 1)) ++at;
            if (at == end) return true;
            if (end - first < 50) return false;
            swap(at, at - 1);
            if (at - first >= 2) sink(at - 1, 0);
            if (end - at >= 2) rise(at + 1, end);
        }
        return false;
    }

    // Items less than the pivot to its left, others to its right; `parted` when they already were.
    int split(int first, int end, int pivot, bool& parted) {
        swap(first, pivot);
        int low = first + 1, high = end - 1;
        for (parted = true;; parted = false) {
            while (low <= high && before(low, first)) ++low;
            while (low <= high && !before(high, first)) --high;
            if (low > high) break;
            swap(low++, high--);
        }
        swap(high, first);
        return high;
    }
    // Items like the pivot to the front; where the greater ones begin.
    int skipEqual(int first, int end, int pivot) {
        swap(first, pivot);
        int low = first + 1, high = end - 1;
        while (true) {
            while (low <= high && !before(first, low)) ++low;
            while (low <= high && before(first, high)) --high;
            if (low > high) return low;
            swap(low++, high--);
        }
    }

    // Three items around the middle change places with others; the length is the seed.
    void shuffle(int first, int length) {
        auto state = static_cast<std::uint64_t>(length);
        const auto mask = (std::uint64_t{1} << std::bit_width(state)) - 1;
        for (int offset = length / 4 * 2 - 1, count = 0; count < 3; ++offset, ++count) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            const int drawn = static_cast<int>(state & mask);
            swap(first + offset, first + (drawn < length ? drawn : drawn - length));
        }
    }

    std::vector<std::size_t>& items_;
    const Less& less_;
};

} // namespace

std::vector<std::size_t> goSortOrder(std::size_t count, Function<bool(std::size_t, std::size_t)> less) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Sorter(order, less).sort(0, static_cast<int>(count), static_cast<int>(std::bit_width(count)));
    return order;
}

} // namespace base
