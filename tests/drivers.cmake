# Programs that tests outside the unit binaries run; each folder says what it builds.
file(GLOB drivers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/interop/*/*.cmake)
foreach(driver IN LISTS drivers)
    include(${driver})
endforeach()
