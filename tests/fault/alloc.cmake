# Every allocation made to fail, one at a time. The port, the kernel and rt come whole, since drivers
# find their routines in these programs; the heap's calls come to the test first.
set(heap_calls malloc calloc realloc aligned_alloc posix_memalign free strdup strndup asprintf vasprintf)
list(TRANSFORM heap_calls PREPEND "LINKER:--wrap=")

function(alloc_program name port)
  add_executable(${name} alloc_all.c alloc_life.c alloc_heap.c alloc_mini.c
    ${CMAKE_SOURCE_DIR}/tests/harness/mini.c)
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON LINK_LIBRARY_OVERRIDE
    "WHOLE_ARCHIVE,${port},sp_nt,sp_rt")
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/harness
    ${CMAKE_SOURCE_DIR}/src/disk ${CMAKE_SOURCE_DIR}/src/image)
  target_compile_options(${name} PRIVATE ${HOUSE_WARNINGS} -fshort-wchar)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_link_options(${name} PRIVATE ${heap_calls})
  target_link_libraries(${name} PRIVATE $<TARGET_FILE:sp_disk> $<TARGET_FILE:sp_image> ${port}
    sp_nt sp_contract sp_scsi sp_rt sp_wdk)
  add_dependencies(${name} sp_disk sp_image drv_ramdisk drv_filedisk drv_null drv_null-physical)
endfunction()

alloc_program(alloc_all sp_port)
alloc_program(alloc_planted port_mutants)

add_test(NAME fault_alloc_all COMMAND alloc_all WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
add_test(NAME fault_alloc_planted COMMAND alloc_planted --planted
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
set_tests_properties(fault_alloc_all fault_alloc_planted PROPERTIES LABELS fault TIMEOUT 600)
