# Compiler and linker flags (docs/decisions.md, "Build"). Warnings are errors in the presets.
add_library(saphan_flags INTERFACE)
target_compile_definitions(saphan_flags INTERFACE _GNU_SOURCE SAPHAN_VERSION="${PROJECT_VERSION}")
target_compile_options(saphan_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wcast-qual -Wpointer-arith
    -Wswitch-enum -Wnull-dereference -Wwrite-strings -Wimplicit-fallthrough)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(saphan_flags INTERFACE
        -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Walloca -Wframe-larger-than=65536)
else()
    # A statement expression (sph_move) is a GNU extension that clang's -Wpedantic names even when marked.
    target_compile_options(saphan_flags INTERFACE -Wno-gnu-statement-expression)
endif()
if(SAPHAN_WERROR)
    target_compile_options(saphan_flags INTERFACE -Werror)
endif()
if(SAPHAN_SANITIZE)
    target_compile_options(saphan_flags INTERFACE
        -fsanitize=${SAPHAN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(saphan_flags INTERFACE -fsanitize=${SAPHAN_SANITIZE})
endif()
if(SAPHAN_HARDENED)
    target_compile_options(saphan_flags INTERFACE
        -fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE)
    target_link_options(saphan_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
