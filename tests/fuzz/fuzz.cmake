# tests/fuzz/fuzz_<layer>_<name>.c: one libFuzzer target each, linking its layer.
file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(target IN LISTS targets)
    get_filename_component(stem ${target} NAME_WE)
    string(REGEX REPLACE "^fuzz_([a-z0-9]+)_.*$" "\\1" layer ${stem})
    add_executable(${stem} ${target})
    target_link_libraries(${stem} PRIVATE saphan_${layer} saphan_flags)
    target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
endforeach()
