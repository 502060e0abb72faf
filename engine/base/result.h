#pragma once
// Errors are values. `Result<T>` holds a value or an `Error` with a message, a machine-readable code
// and reason, and the error that caused it.

#include "base/assert.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace base {

// What a layer attaches to an error for its own readers (api/ attaches a Kubernetes Status).
struct ErrorDetail {
    virtual ~ErrorDetail() = default;
};

struct Error {
    std::string message;
    int code = 0;        // HTTP status in API code, errno in file and socket code, 0 elsewhere
    std::string reason;  // StatusReason in API code ("NotFound"), empty elsewhere
    std::shared_ptr<const ErrorDetail> detail;
    std::shared_ptr<const Error> cause;
};

inline Error makeError(std::string message, int code = 0, std::string reason = {}) {
    return Error{std::move(message), code, std::move(reason), nullptr, nullptr};
}

// `cause` wrapped in a wider sentence: "reading pod.yaml: line 3: ...".
Error wrapError(std::string prefix, Error cause);

struct Unit {};

template <typename T = Unit>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { BASE_ASSERT(ok()); return *std::get_if<0>(&state_); }
    const T& value() const& { BASE_ASSERT(ok()); return *std::get_if<0>(&state_); }
    T&& value() && { BASE_ASSERT(ok()); return std::move(*std::get_if<0>(&state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    Error& error() & { BASE_ASSERT(!ok()); return *std::get_if<1>(&state_); }
    const Error& error() const& { BASE_ASSERT(!ok()); return *std::get_if<1>(&state_); }
    Error&& error() && { BASE_ASSERT(!ok()); return std::move(*std::get_if<1>(&state_)); }

    T valueOr(T fallback) const { return ok() ? value() : std::move(fallback); }

private:
    std::variant<T, Error> state_;
};

using Status = Result<Unit>;
inline Status okStatus() { return Status(Unit{}); }

} // namespace base

#define BASE_CONCAT_INNER(a, b) a##b
#define BASE_CONCAT(a, b) BASE_CONCAT_INNER(a, b)

// `BASE_TRY(auto x, f());` assigns the value or returns the error. CO_ variants for coroutines.
#define BASE_TRY_IMPL(temporary, declaration, expression, leave)                                   \
    auto temporary = (expression);                                                                 \
    if (!temporary.ok()) leave std::move(temporary).error();                                       \
    declaration = std::move(temporary).value()
#define BASE_TRY(declaration, expression)                                                          \
    BASE_TRY_IMPL(BASE_CONCAT(tryResult, __LINE__), declaration, expression, return)
#define BASE_CO_TRY(declaration, expression)                                                       \
    BASE_TRY_IMPL(BASE_CONCAT(tryResult, __LINE__), declaration, expression, co_return)
#define BASE_CHECK_IMPL(temporary, expression, leave)                                              \
    if (auto temporary = (expression); !temporary.ok()) leave std::move(temporary).error()
#define BASE_CHECK(expression)                                                                     \
    BASE_CHECK_IMPL(BASE_CONCAT(checkResult, __LINE__), expression, return)
#define BASE_CO_CHECK(expression)                                                                  \
    BASE_CHECK_IMPL(BASE_CONCAT(checkResult, __LINE__), expression, co_return)
