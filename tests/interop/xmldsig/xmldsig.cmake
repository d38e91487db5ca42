# The program that xmlsec1 is compared with (run.sh).
add_executable(xmldsig_driver ${CMAKE_CURRENT_LIST_DIR}/driver.c)
target_link_libraries(xmldsig_driver PRIVATE saphan_xml saphan_flags)
