// Any bytes typed at a terminal leave the line discipline in order.

#include "ports/tty.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    sim::Kernel kernel(1);
    ports::Tty tty(kernel, {80, 24});
    for (std::size_t i = 0; i < size; i += 16) {
        tty.terminal()->raw = data[i] % 3 == 0;
        (void)tty.keyboard()->tryWrite(std::string_view(reinterpret_cast<const char*>(data) + i,
                                                        std::min<std::size_t>(16, size - i)));
        kernel.runUntilIdle(10'000);
        (void)tty.input()->tryRead();
        (void)tty.screen()->tryRead();
    }
    return 0;
}
