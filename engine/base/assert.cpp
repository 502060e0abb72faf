#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace base {
void assertionFailed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "timonel: invariant broken: %s (%s:%d)\n", expression, file, line);
    std::abort();
}
} // namespace base
