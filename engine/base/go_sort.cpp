#include "base/go_sort.h"

#include <bit>
#include <cstdint>
#include <numeric>

namespace base {
namespace {

// Source: Go's sort/zsortinterface.go (go1.19 and later).
class Sorter {
public:
    Sorter(std::size_t count, Function<bool(std::size_t, std::size_t)> less) : order_(count), less_(std::move(less)) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
    }

    std::vector<std::size_t> run() {
        const int count = static_cast<int>(order_.size());
        if (count > 1) sort(0, count, std::bit_width(static_cast<unsigned>(count)));
        return std::move(order_);
    }

private:
    enum class Hint { Unknown, Increasing, Decreasing };

    std::size_t& at(int position) { return order_[static_cast<std::size_t>(position)]; }
    bool less(int a, int b) { return less_(at(a), at(b)); }
    void swap(int a, int b) { std::swap(at(a), at(b)); }

    void insertionSort(int a, int b) {
        for (int i = a + 1; i < b; ++i)
            for (int j = i; j > a && less(j, j - 1); --j) swap(j, j - 1);
    }

    void siftDown(int low, int high, int first) {
        for (int root = low;;) {
            int child = 2 * root + 1;
            if (child >= high) return;
            if (child + 1 < high && less(first + child, first + child + 1)) ++child;
            if (!less(first + root, first + child)) return;
            swap(first + root, first + child);
            root = child;
        }
    }
    void heapSort(int a, int b) {
        const int length = b - a;
        for (int i = (length - 1) / 2; i >= 0; --i) siftDown(i, length, a);
        for (int i = length - 1; i >= 0; --i) {
            swap(a, a + i);
            siftDown(0, i, a);
        }
    }

    void sort(int a, int b, int limit) {
        bool balanced = true, partitioned = true;
        while (true) {
            const int length = b - a;
            if (length <= 12) return insertionSort(a, b);
            if (limit == 0) return heapSort(a, b);
            if (!balanced) {
                breakPatterns(a, b);
                --limit;
            }
            auto [pivot, hint] = choosePivot(a, b);
            if (hint == Hint::Decreasing) {
                for (int i = a, j = b - 1; i < j; ++i, --j) swap(i, j);
                pivot = (b - 1) - (pivot - a);
                hint = Hint::Increasing;
            }
            if (balanced && partitioned && hint == Hint::Increasing && partialInsertionSort(a, b)) return;
            if (a > 0 && !less(a - 1, pivot)) {
                a = partitionEqual(a, b, pivot);
                continue;
            }
            const int middle = partition(a, b, pivot, partitioned);
            const int left = middle - a, right = b - middle;
            if (left < right) {
                balanced = left >= length / 8;
                sort(a, middle, limit);
                a = middle + 1;
            } else {
                balanced = right >= length / 8;
                sort(middle + 1, b, limit);
                b = middle;
            }
        }
    }

    int partition(int a, int b, int pivot, bool& already) {
        swap(a, pivot);
        int i = a + 1, j = b - 1;
        already = true;
        while (true) {
            while (i <= j && less(i, a)) ++i;
            while (i <= j && !less(j, a)) --j;
            if (i > j) break;
            swap(i++, j--);
            already = false;
        }
        swap(j, a);
        return j;
    }
    int partitionEqual(int a, int b, int pivot) {
        swap(a, pivot);
        int i = a + 1, j = b - 1;
        while (true) {
            while (i <= j && !less(a, i)) ++i;
            while (i <= j && less(a, j)) --j;
            if (i > j) return i;
            swap(i++, j--);
        }
    }

    // Shifts a few neighbours that are out of order; whether that sorted the range.
    bool partialInsertionSort(int a, int b) {
        int i = a + 1;
        for (int step = 0; step < 5; ++step) {
            while (i < b && !less(i, i - 1)) ++i;
            if (i == b) return true;
            if (b - a < 50) return false;
            swap(i, i - 1);
            if (i - a >= 2)
                for (int j = i - 1; j >= 1 && less(j, j - 1); --j) swap(j, j - 1);
            if (b - i >= 2)
                for (int j = i + 1; j < b && less(j, j - 1); ++j) swap(j, j - 1);
        }
        return false;
    }

    void breakPatterns(int a, int b) {
        const int length = b - a;
        if (length < 8) return;
        auto random = static_cast<std::uint64_t>(length);
        const std::uint64_t mask = (std::uint64_t{1} << std::bit_width(static_cast<unsigned>(length))) - 1;
        const int middle = a + (length / 4) * 2;
        for (int index = middle - 1; index <= middle + 1; ++index) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            int other = static_cast<int>(random & mask);
            if (other >= length) other -= length;
            swap(index, a + other);
        }
    }

    std::pair<int, Hint> choosePivot(int a, int b) {
        const int length = b - a;
        int swaps = 0;
        int i = a + length / 4, j = a + length / 4 * 2, k = a + length / 4 * 3;
        if (length >= 8) {
            if (length >= 50) {
                i = median(i - 1, i, i + 1, swaps);
                j = median(j - 1, j, j + 1, swaps);
                k = median(k - 1, k, k + 1, swaps);
            }
            j = median(i, j, k, swaps);
        }
        return {j, swaps == 0 ? Hint::Increasing : swaps == 12 ? Hint::Decreasing : Hint::Unknown};
    }
    int median(int a, int b, int c, int& swaps) {
        const auto order = [&](int& left, int& right) {
            if (!less(right, left)) return;
            ++swaps;
            std::swap(left, right);
        };
        order(a, b);
        order(b, c);
        order(a, b);
        return b;
    }

    std::vector<std::size_t> order_;
    Function<bool(std::size_t, std::size_t)> less_;
};

} // namespace

std::vector<std::size_t> goSortOrder(std::size_t count, Function<bool(std::size_t, std::size_t)> less) {
    return Sorter(count, std::move(less)).run();
}

} // namespace base
