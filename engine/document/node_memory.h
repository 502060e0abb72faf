#pragma once
// Memory for the nodes of values. Whatever changes an object makes a few small nodes and drops a few of
// the same sizes, so each thread keeps some of the pieces that it freed. Internal to document/.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace document::detail {

class NodeMemory {
public:
    static void* take(std::size_t size) {
        const std::size_t kind = kindOf(size);
        if (kind >= kKinds) return ::operator new(size);
        List& list = lists[kind];
        if (list.first == nullptr) return ::operator new(kind * kStep + kStep / 2);
        Piece* piece = list.first;
        list.first = piece->next;
        --list.length;
        return piece;
    }
    // `size` as it was asked for.
    static void give(void* memory, std::size_t size) {
        const std::size_t kind = kindOf(size);
        if (kind >= kKinds) return ::operator delete(memory);
        List& list = lists[kind];
        if (list.length == kMost || closed) return ::operator delete(memory);
        if (list.length == 0) opened();
        list.first = new (memory) Piece{list.first};
        ++list.length;
    }

private:
    struct Piece {
        Piece* next;
    };
    struct List {
        Piece* first;
        std::size_t length;
    };
    // Gives everything back when its thread ends.
    struct Keeper {
        ~Keeper() {
            closed = true;
            for (List& list : lists)
                while (list.first != nullptr) {
                    Piece* piece = list.first;
                    list.first = piece->next;
                    ::operator delete(piece);
                }
        }
    };
    static void opened() { static thread_local Keeper keeper; (void)&keeper; }

#ifdef TIMONEL_FIND_MEMORY_ERRORS
    static constexpr std::size_t kMost = 0; // every mistake is to be seen
#else
    static constexpr std::size_t kMost = 128;
#endif
    static constexpr std::size_t kStep = 16, kKinds = 32;
    // Steps where those of the usual allocators are: 24, 40, 56 bytes and so on.
    static std::size_t kindOf(std::size_t size) { return (size + kStep / 2 - 1) / kStep; }
    static inline constinit thread_local std::array<List, kKinds> lists{};
    static inline constinit thread_local bool closed = false;
};

} // namespace document::detail
