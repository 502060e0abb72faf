#pragma once
// A move-only callable with a small inline buffer. Used instead of std::function, whose header is
// heavy and whose copies hide allocations.

#include "base/assert.h"

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace base {

template <typename Signature>
class Function;

template <typename R, typename... Args>
class Function<R(Args...)> {
public:
    static constexpr std::size_t kInlineBytes = 32;

    Function() = default;
    Function(std::nullptr_t) {}
    template <typename F>
        requires(!std::is_same_v<std::decay_t<F>, Function> &&
                 std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
    Function(F&& callable) {
        using Stored = std::decay_t<F>;
        if constexpr (fits<Stored>()) {
            new (buffer_) Stored(std::forward<F>(callable));
            operations_ = &inlineOperations<Stored>;
        } else {
            new (buffer_) Stored*(new Stored(std::forward<F>(callable)));
            operations_ = &heapOperations<Stored>;
        }
    }
    Function(Function&& other) noexcept { take(other); }
    Function& operator=(Function&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;
    ~Function() { reset(); }

    explicit operator bool() const { return operations_ != nullptr; }

    R operator()(Args... args) const {
        BASE_ASSERT(operations_ != nullptr);
        return operations_->call(const_cast<std::byte*>(buffer_), std::forward<Args>(args)...);
    }

    void reset() {
        if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(buffer_);
    }

private:
    struct Operations {
        R (*call)(void*, Args&&...);
        void (*move)(void* from, void* to);
        void (*destroy)(void*);
    };

    template <typename F>
    static constexpr bool fits() {
        return sizeof(F) <= kInlineBytes && alignof(F) <= alignof(std::max_align_t) &&
               std::is_nothrow_move_constructible_v<F>;
    }

    void take(Function& other) {
        operations_ = std::exchange(other.operations_, nullptr);
        if (operations_ != nullptr) operations_->move(other.buffer_, buffer_);
    }

    template <typename F>
    static constexpr Operations inlineOperations{
        [](void* self, Args&&... args) -> R {
            return (*static_cast<F*>(self))(std::forward<Args>(args)...);
        },
        [](void* from, void* to) {
            new (to) F(std::move(*static_cast<F*>(from)));
            static_cast<F*>(from)->~F();
        },
        [](void* self) { static_cast<F*>(self)->~F(); }};

    template <typename F>
    static constexpr Operations heapOperations{
        [](void* self, Args&&... args) -> R {
            return (**static_cast<F**>(self))(std::forward<Args>(args)...);
        },
        [](void* from, void* to) { new (to) F*(*static_cast<F**>(from)); },
        [](void* self) { delete *static_cast<F**>(self); }};

    alignas(std::max_align_t) std::byte buffer_[kInlineBytes];
    const Operations* operations_ = nullptr;
};

} // namespace base
