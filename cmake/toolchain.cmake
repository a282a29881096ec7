# Compiler, linker and warning settings of every target of ours.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "titan needs g++ 12 or later, this is ${CMAKE_CXX_COMPILER_VERSION}")
endif()
find_program(TITAN_CCACHE ccache)
if(TITAN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TITAN_CCACHE})
endif()
find_program(TITAN_MOLD mold)
if(TITAN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
set(CMAKE_ENABLE_EXPORTS ON)  # a plugin finds our symbols in the program

add_library(titan_flags INTERFACE)
target_include_directories(titan_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(titan_flags INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
if(CMAKE_UNITY_BUILD)
  # Asks about sources that are included, as all are here; the dev preset still warns about headers.
  target_compile_options(titan_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
# Warnings are errors with the compilers that titan is written with; later ones know warnings, and false alarms, of their own.
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15))
  target_compile_options(titan_flags INTERFACE -Werror)
endif()

set(TITAN_SANITIZE "" CACHE STRING "Sanitizers of this build: address,undefined or thread")
# OpenMP threads that wait give way soon: tests share the processors with each other.
set(TITAN_TEST_ENVIRONMENT "GOMP_SPINCOUNT=1000")
if(TITAN_SANITIZE)
  add_compile_options(-fsanitize=${TITAN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TITAN_SANITIZE})
  set(support ${CMAKE_SOURCE_DIR}/tests/support)
  list(APPEND TITAN_TEST_ENVIRONMENT
      "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
      "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
      "TSAN_OPTIONS=second_deadlock_stack=1:suppressions=${support}/tsan.supp"
      "LSAN_OPTIONS=suppressions=${support}/lsan.supp")
endif()
