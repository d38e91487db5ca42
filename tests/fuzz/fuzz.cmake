# tests/fuzz/fuzz_<layer>_<name>.c: one libFuzzer target each, linking its layer.
# tests/fuzz/seeds_<layer>_<name>.c: a program that writes the target's first inputs into the folder named by its
# argument (tests/fuzz/run.sh). control.c is no target but the proof that a fault would be seen.
file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds_*.c)
foreach(target IN LISTS targets)
    get_filename_component(stem ${target} NAME_WE)
    string(REGEX REPLACE "^(fuzz|seeds)_([a-z0-9]+)_.*$" "\\2" layer ${stem})
    add_executable(${stem} ${target})
    target_include_directories(${stem} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${stem} PRIVATE saphan_${layer} saphan_flags)
    if(stem MATCHES "^fuzz_")
        target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
    endif()
endforeach()
add_executable(fuzz_control ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/control.c)
target_link_libraries(fuzz_control PRIVATE saphan_flags)
target_link_options(fuzz_control PRIVATE -fsanitize=fuzzer)
