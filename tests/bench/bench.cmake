# tests/bench/NAME.c: the program bench_NAME, with the whole node to link (tests/bench/run.sh).
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bench/*.c)
foreach(bench IN LISTS benches)
    get_filename_component(stem ${bench} NAME_WE)
    add_executable(bench_${stem} ${bench})
    target_link_libraries(bench_${stem} PRIVATE saphan_flags 
        $<TARGET_NAME_IF_EXISTS:saphan_portal> $<TARGET_NAME_IF_EXISTS:saphan_exchange>
        $<TARGET_NAME_IF_EXISTS:saphan_evidence>)
endforeach()
