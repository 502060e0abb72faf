#pragma once
// The entry that libFuzzer calls, for a function over one input.

#include <cstddef>
#include <cstdint>
#include <string_view>

#define FUZZ_TARGET(function)                                                                       \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {             \
        function(std::string_view(reinterpret_cast<const char*>(data), size));                      \
        return 0;                                                                                   \
    }
