# The crash simulator: filedisk as it ships, and a second build of it with faults to switch on.
set(drivers ${CMAKE_SOURCE_DIR}/drivers)
file(GLOB disk_common CONFIGURE_DEPENDS ${drivers}/common/*.c)
set(filedisk ${drivers}/filedisk/filedisk.c ${drivers}/filedisk/filedisk_file.c
    ${drivers}/filedisk/filedisk_queue.c)
# In this folder only: the mutant's own store and completions stand between these and the rest.
set_source_files_properties(${drivers}/filedisk/filedisk_file.c PROPERTIES
  COMPILE_DEFINITIONS filedisk_file_ops=filedisk_file_ops_sound)
set_source_files_properties(${drivers}/filedisk/filedisk_queue.c PROPERTIES
  COMPILE_DEFINITIONS StorPortNotification=crash_notification)
storport_driver(crash-filedisk crash_mutant.c ${filedisk} ${disk_common})
set_target_properties(drv_crash-filedisk PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
target_include_directories(drv_crash-filedisk PRIVATE ${drivers}/common ${drivers}/filedisk
  ${CMAKE_CURRENT_SOURCE_DIR})

add_executable(crash crash.c crash_check.c crash_client.c crash_file.c crash_world.c)
# Whole, since drivers find their routines in this program.
set_target_properties(crash PROPERTIES ENABLE_EXPORTS ON
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,sp_port,sp_nt,sp_rt")
target_compile_options(crash PRIVATE ${HOUSE_WARNINGS})
target_compile_definitions(crash PRIVATE _GNU_SOURCE)
target_link_libraries(crash PRIVATE sp_disk sp_port sp_nt sp_contract sp_scsi sp_rt)
add_dependencies(crash drv_filedisk drv_crash-filedisk)

function(crash_test name label)
  add_test(NAME ${name} COMMAND crash ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 600)
endfunction()
crash_test(crash_filedisk fault $<TARGET_FILE:drv_filedisk>)
crash_test(crash_mutants fault --mutants $<TARGET_FILE:drv_crash-filedisk>)
crash_test(crash_soak soak --cuts 10000 $<TARGET_FILE:drv_filedisk>)
