#include "fuzz/gateway_inputs.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::http2({reinterpret_cast<const char*>(data), size});
    return 0;
}
