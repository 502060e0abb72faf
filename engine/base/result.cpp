#include "base/result.h"

namespace base {
Error wrapError(std::string prefix, Error cause) {
    Error outer = cause;
    outer.message = std::move(prefix) + ": " + cause.message;
    outer.cause = std::make_shared<const Error>(std::move(cause));
    return outer;
}
} // namespace base
