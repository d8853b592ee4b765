# The rules of the house, said once: warnings, sanitizers, and the three kinds of thing
# that the tree builds (floors, miniports, test programs).

set(HOUSE_WARNINGS -Wall -Wextra -Wshadow -Wvla
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
if(STORPORT_WERROR)
  list(APPEND HOUSE_WARNINGS -Werror)
endif()
if(STORPORT_SANITIZE)
  add_compile_options(-fsanitize=${STORPORT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STORPORT_SANITIZE})
endif()
# Findings print file and line of every frame, so frames must stay walkable.
# Reports name files as the tree does, wherever it was built.
add_compile_options(-fno-omit-frame-pointer -g -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
# The calling thread is looked up in every routine; the general model costs a function call each time
# in the shared library. One pointer fits the room that libc keeps for libraries loaded late.
add_compile_options(-ftls-model=initial-exec)

# storport_floor(NAME LINKS lower-floor…): all .c files of src/NAME as one static library whose
# include path is its own folder plus what it links. A forbidden include does not compile.
function(storport_floor name)
  cmake_parse_arguments(A "" "" "LINKS;PRIVATE_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_library(sp_${name} STATIC ${sources})
  target_include_directories(sp_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(sp_${name} PUBLIC ${A_LINKS} PRIVATE ${A_PRIVATE_LINKS})
  target_compile_options(sp_${name} PRIVATE ${HOUSE_WARNINGS})
  target_compile_definitions(sp_${name} PRIVATE _GNU_SOURCE)
endfunction()

# storport_driver(NAME SOURCES…): a miniport as a loadable object. It sees include/wdk only and
# is compiled as on Windows where that can be seen: 16-bit wchar_t, bit fields laid out as there.
function(storport_driver name)
  add_library(drv_${name} MODULE ${ARGN})
  set_target_properties(drv_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    C_VISIBILITY_PRESET default
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/drivers)
  target_include_directories(drv_${name} PRIVATE ${CMAKE_SOURCE_DIR}/include/wdk)
  target_compile_options(drv_${name} PRIVATE -fshort-wchar -mms-bitfields -Wall -Wextra
    -Wno-unused-parameter)
endfunction()

# storport_explore(NAME): makes that miniport an explore build: each access of shared memory is a
# yield point of the sim executor (src/explore).
function(storport_explore name)
  if(NOT TARGET explore_hooks)
    add_library(explore_hooks OBJECT ${CMAKE_SOURCE_DIR}/src/explore/explore_hooks.c)
    target_compile_options(explore_hooks PRIVATE -O2 ${HOUSE_WARNINGS} -fno-sanitize=all)
    # Its names are the compiler's own.
    target_compile_options(explore_hooks PRIVATE
      $<$<C_COMPILER_ID:GNU>:-Wno-builtin-declaration-mismatch>)
  endif()
  target_compile_options(drv_${name} PRIVATE -fno-sanitize=all -fsanitize=thread)
  target_compile_definitions(drv_${name} PRIVATE STORPORT_EXPLORE)
  target_sources(drv_${name} PRIVATE $<TARGET_OBJECTS:explore_hooks>)
endfunction()

# storport_test(NAME SOURCES… LINKS … LABELS …): one small program per behaviour; 0 passes, 77 skips.
function(storport_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;LINKS;LABELS;ARGS" ${ARGN})
  if(NOT A_SOURCES)
    set(A_SOURCES ${name}.c)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  add_executable(test_${name} ${A_SOURCES})
  set_target_properties(test_${name} PROPERTIES ENABLE_EXPORTS ON)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE ${A_LINKS})
  target_compile_options(test_${name} PRIVATE ${HOUSE_WARNINGS} -fshort-wchar)
  target_compile_definitions(test_${name} PRIVATE _GNU_SOURCE)
  add_test(NAME ${name} COMMAND test_${name} ${A_ARGS} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${A_TIMEOUT}
    LABELS "${A_LABELS}")
endfunction()
