# saphan_layer(name USES layer… LIBS target…): one static library a folder of node/. What a folder may
# include stands in node/layers.txt; tests/arch holds it and this file together.
function(saphan_layer name)
    cmake_parse_arguments(arg "" "" "USES;LIBS;GENERATED" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c)
    if(NOT sources AND NOT arg_GENERATED)
        return()
    endif()
    add_library(saphan_${name} STATIC ${sources} ${arg_GENERATED})
    target_include_directories(saphan_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(saphan_${name} PRIVATE saphan_flags ${arg_LIBS})
    foreach(layer IN LISTS arg_USES)
        target_link_libraries(saphan_${name} PUBLIC saphan_${layer})
    endforeach()
endfunction()

# saphan_embed(out mode file…): a C file made from data by node/tools/embed.c (texts, schemas).
function(saphan_embed out mode)
    add_custom_command(OUTPUT ${out}
        COMMAND saphan_embed_tool ${mode} ${out} ${ARGN}
        DEPENDS saphan_embed_tool ${ARGN}
        VERBATIM)
endfunction()
