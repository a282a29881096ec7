# titan_library(NAME [TIER0] SOURCES ... [DEPS ...]): one static library per directory. Tier 0 never sees LibTorch.
function(titan_library name)
  cmake_parse_arguments(ARG "TIER0" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC titan_flags ${ARG_DEPS})
  if(NOT ARG_TIER0)
    target_link_libraries(${name} PUBLIC titan_torch)
  endif()
endfunction()

# titan_test(NAME SOURCES ... DEPS ...): one GoogleTest binary and one ctest entry.
function(titan_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE titan_flags ${ARG_DEPS} GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TITAN_SOURCE_DIR="${CMAKE_SOURCE_DIR}" TITAN_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()
