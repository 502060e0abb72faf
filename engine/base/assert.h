#pragma once
// Assertions state invariants and stay on in release builds: a broken invariant ends the program at
// once with the place, because going on would turn it into a wrong grade or a lost state.

namespace base {
[[noreturn]] void assertionFailed(const char* expression, const char* file, int line);
}

#define BASE_ASSERT(expression)                                                                    \
    (static_cast<bool>(expression) ? void(0)                                                       \
                                   : ::base::assertionFailed(#expression, __FILE__, __LINE__))
