# Warnings are errors everywhere; every preset shares these flags.
add_compile_options(-Wall -Wextra -Werror -fno-strict-aliasing -fdiagnostics-color=auto)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports these for correct coroutine and variant code (bugs 105562, 105705).
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized> -Wno-restrict -Wno-dangling-pointer -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-use-after-free -Wno-mismatched-new-delete)
endif()
if(TIMONEL_FUZZ)
    # Without it libFuzzer sees no coverage and gives up.
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(TIMONEL_SANITIZE)
    add_compile_options(-fsanitize=${TIMONEL_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${TIMONEL_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        # Clang 14 cannot place this check's data before the split parts of a coroutine.
        add_compile_options(-fno-sanitize=function)
    endif()
endif()
find_program(TIMONEL_LLD ld.lld)
if(TIMONEL_LLD)
    add_link_options(-fuse-ld=lld)
endif()
find_program(TIMONEL_CCACHE ccache)
if(TIMONEL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT DEFINED ENV{CMAKE_CXX_COMPILER_LAUNCHER})
    # Without the two the cache refuses every file that uses a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${TIMONEL_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${TIMONEL_CCACHE})
endif()

# cmake/common_headers.h is precompiled: the cache needs reproducible ones, and clang one answer to -pthread.
add_compile_options(-pthread)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
else()
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
