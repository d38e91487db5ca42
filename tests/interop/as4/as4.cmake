# The program that the Python oracle talks to (run.sh).
add_executable(as4_driver ${CMAKE_CURRENT_LIST_DIR}/driver.c)
target_link_libraries(as4_driver PRIVATE saphan_as4 saphan_flags)
