# The warnings every target of ours is built with, and the sanitizers asked for.
set(WEIR_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wcast-align
    -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Wnull-dereference
    -Wdouble-promotion)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    list(APPEND WEIR_WARNINGS -Wmissing-variable-declarations -Wshorten-64-to-32
         -Wunreachable-code)
else()
    list(APPEND WEIR_WARNINGS -Wlogical-op -Wduplicated-cond -Wjump-misses-init)
endif()
if(WEIR_WERROR)
    list(APPEND WEIR_WARNINGS -Werror)
endif()

function(weir_target target)
    target_compile_options(${target} PRIVATE ${WEIR_WARNINGS})
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    if(WEIR_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${WEIR_SANITIZE}
                               -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PRIVATE -fsanitize=${WEIR_SANITIZE})
    endif()
    if(WEIR_FUZZ)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
endfunction()
