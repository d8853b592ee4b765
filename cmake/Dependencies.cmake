# Each dependency is found once, here; what is optional says what is off without it.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

find_library(BOOST_CONTEXT NAMES boost_context)
if(NOT BOOST_CONTEXT)
  message(FATAL_ERROR "libboost-context-dev is needed (fibers of the sim executor)")
endif()

# storport_pkg(VAR module feature): an optional pkg-config module as imported target PkgConfig::VAR.
function(storport_pkg var module feature)
  pkg_check_modules(${var} QUIET IMPORTED_TARGET ${module})
  if(${var}_FOUND)
    message(STATUS "${module} ${${var}_VERSION}: ${feature}")
  else()
    message(STATUS "${module} not found: off: ${feature}")
  endif()
  set(${var}_FOUND ${${var}_FOUND} PARENT_SCOPE)
endfunction()

storport_pkg(LIBDW libdw "file and line in findings")
storport_pkg(NBDKIT nbdkit "the NBD door")
storport_pkg(JANSSON jansson "JSON output")
