# Settings every target of epfleet shares, and the functions that make one line a module possible.
include_guard(GLOBAL)
include(GNUInstallDirs)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Paths relative to the source folder make cached objects serve every clone. pcg's headers mention
# __TIME__ in a seed that epfleet never asks for; it must not spoil the cache, so time stands still.
find_program(EPFLEET_CCACHE ccache)
mark_as_advanced(EPFLEET_CCACHE)
if(EPFLEET_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=time_macros,pch_defines CCACHE_INODECACHE=true SOURCE_DATE_EPOCH=0
      "${EPFLEET_CCACHE}")
endif()

if(EPFLEET_SANITIZE)
  add_compile_options(-fsanitize=${EPFLEET_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  # A check of every pointer before its use is a fifth of the code: AddressSanitizer stops at a null
  # pointer that is used, and x86-64 reads what is not aligned. Fuzzing looks for these, too.
  if(NOT EPFLEET_FUZZ)
    add_compile_options(-fno-sanitize=null,alignment)
  endif()
  add_link_options(-fsanitize=${EPFLEET_SANITIZE})
endif()

if(EPFLEET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(EPFLEET_LTO)
  include(CheckIPOSupported)
  check_ipo_supported(LANGUAGES CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION_RELEASE ON)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION_RELWITHDEBINFO ON)
endif()

set(EPFLEET_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated")
configure_file("${CMAKE_CURRENT_LIST_DIR}/version.h.in"
               "${EPFLEET_GENERATED_DIR}/epfleet/version.h" @ONLY)

# Warnings and floating-point rules of epfleet's own targets. No fused multiply-add: it would make
# results depend on the compiler.
function(epfleet_compile_options TARGET)
  target_compile_options(
    ${TARGET}
    PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -ffp-contract=off
            -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  # g++ 12 reports overlapping and endless copies inside std::string and std::vector that are not
  # there (GCC bugs 105651, 105329, 105562).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${TARGET} PRIVATE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
  endif()
  if(EPFLEET_WERROR)
    target_compile_options(${TARGET} PRIVATE -Werror)
  endif()
endfunction()

# epfleet_header_library(NAME HEADER PACKAGE): target epfleet::NAME for a library that ships
# headers and no CMake files.
function(epfleet_header_library NAME HEADER PACKAGE)
  string(TOUPPER "EPFLEET_${NAME}_INCLUDE_DIR" VARIABLE)
  find_path(${VARIABLE} ${HEADER})
  mark_as_advanced(${VARIABLE})
  if(NOT ${VARIABLE})
    message(FATAL_ERROR "${HEADER} not found; on Debian it comes with ${PACKAGE}")
  endif()
  add_library(epfleet::${NAME} INTERFACE IMPORTED)
  target_include_directories(epfleet::${NAME} SYSTEM INTERFACE "${${VARIABLE}}")
endfunction()

# epfleet_first_target(VARIABLE TARGET...): the first of the targets that exists.
function(epfleet_first_target VARIABLE)
  foreach(CANDIDATE IN LISTS ARGN)
    if(TARGET ${CANDIDATE})
      set(${VARIABLE} ${CANDIDATE} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "none of these targets exists: ${ARGN}")
endfunction()

# epfleet_module(NAME [DEPENDS MODULE...] [LIBS TARGET...]): static library epfleet_NAME, alias
# epfleet::NAME, from src/NAME/*.cpp; header-only while there are no sources.
function(epfleet_module NAME)
  cmake_parse_arguments(PARSE_ARGV 1 MODULE "" "" "DEPENDS;LIBS")
  file(GLOB SOURCES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${NAME}/*.cpp")
  list(REMOVE_ITEM SOURCES "${CMAKE_SOURCE_DIR}/src/${NAME}/main.cpp")
  if(SOURCES)
    add_library(epfleet_${NAME} STATIC ${SOURCES})
    epfleet_compile_options(epfleet_${NAME})
    epfleet_use_pch(epfleet_${NAME} program)
    set(SCOPE PUBLIC)
  else()
    add_library(epfleet_${NAME} INTERFACE)
    set(SCOPE INTERFACE)
  endif()
  add_library(epfleet::${NAME} ALIAS epfleet_${NAME})
  target_include_directories(epfleet_${NAME} ${SCOPE} "${CMAKE_SOURCE_DIR}/include"
                             "${EPFLEET_GENERATED_DIR}")
  list(TRANSFORM MODULE_DEPENDS PREPEND "epfleet::")
  target_link_libraries(epfleet_${NAME} ${SCOPE} ${MODULE_DEPENDS} ${MODULE_LIBS})
  set_property(GLOBAL APPEND PROPERTY EPFLEET_MODULES ${NAME})
endfunction()

# epfleet_in_batches(TARGET...): EPFLEET_UNITY sources at a time, where that is more than one. What sources
# of a target name in unnamed namespaces must differ.
function(epfleet_in_batches)
  if(NOT EPFLEET_UNITY GREATER 1)
    return()
  endif()
  foreach(TARGET IN LISTS ARGN)
    set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${EPFLEET_UNITY})
    # A class of a source may have members of types in its unnamed namespace; g++ takes it for a header's.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${TARGET} PRIVATE -Wno-subobject-linkage)
    endif()
  endforeach()
endfunction()

# epfleet_as_one(MODULE FILE...): these sources of the module are compiled as one, so that calls between
# them can be inlined.
function(epfleet_as_one MODULE)
  list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/src/${MODULE}/" OUTPUT_VARIABLE FILES)
  set_target_properties(epfleet_${MODULE} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set_source_files_properties(${FILES} PROPERTIES UNITY_GROUP as_one)
endfunction()

# epfleet_page_template(MODULE): bytes of the page (src/MODULE/*.html, *.css, *.js) as a source of it.
function(epfleet_page_template MODULE)
  find_path(EPFLEET_DYGRAPHS_DIR dygraph.min.js PATHS /usr/share/javascript/dygraphs)
  mark_as_advanced(EPFLEET_DYGRAPHS_DIR)
  if(NOT EPFLEET_DYGRAPHS_DIR)
    message(FATAL_ERROR "dygraph.min.js not found; on Debian it comes with libjs-dygraphs")
  endif()
  set(SOURCES "${CMAKE_SOURCE_DIR}/src/${MODULE}")
  set(BUNDLE "${CMAKE_SOURCE_DIR}/tools/cmake/bundle_page.cmake")
  set(OUT "${EPFLEET_GENERATED_DIR}/page_template.cpp")
  file(GLOB PARTS CONFIGURE_DEPENDS "${SOURCES}/*.html" "${SOURCES}/*.css" "${SOURCES}/*.js")
  add_custom_command(
    OUTPUT "${OUT}"
    COMMAND "${CMAKE_COMMAND}" "-DSOURCES=${SOURCES}" "-DDYGRAPHS=${EPFLEET_DYGRAPHS_DIR}"
            "-DOUT=${OUT}" -P "${BUNDLE}"
    DEPENDS ${PARTS} "${BUNDLE}"
    VERBATIM)
  target_sources(epfleet_${MODULE} PRIVATE "${OUT}")
  target_include_directories(epfleet_${MODULE} PRIVATE "${SOURCES}")
endfunction()

# epfleet_shell_files(NAME): the program's completions and manual page, printed by itself and
# installed where shells and man look.
function(epfleet_shell_files NAME)
  if(CMAKE_CROSSCOMPILING)
    return()
  endif()
  set(SHARE "${CMAKE_BINARY_DIR}/share")
  file(MAKE_DIRECTORY "${SHARE}")
  set(FILES)
  foreach(ROW "completion bash|${NAME}|bash-completion/completions" "completion zsh|_${NAME}|zsh/site-functions"
              "completion fish|${NAME}.fish|fish/vendor_completions.d" "man|${NAME}.1|man/man1")
    string(REPLACE "|" ";" ROW "${ROW}")
    list(GET ROW 0 ARGUMENTS)
    list(GET ROW 1 FILE)
    list(GET ROW 2 FOLDER)
    separate_arguments(ARGUMENTS)
    add_custom_command(OUTPUT "${SHARE}/${FILE}" COMMAND ${NAME} ${ARGUMENTS} > "${SHARE}/${FILE}"
                       DEPENDS ${NAME} VERBATIM)
    list(APPEND FILES "${SHARE}/${FILE}")
    install(FILES "${SHARE}/${FILE}" DESTINATION "${CMAKE_INSTALL_DATADIR}/${FOLDER}" OPTIONAL)
  endforeach()
  add_custom_target(${NAME}_shell_files ALL DEPENDS ${FILES})
endfunction()

# epfleet_program(NAME MODULE): the executable from src/MODULE/main.cpp, at the top of the build
# folder, with its install rules.
function(epfleet_program NAME MODULE)
  file(GLOB MAIN CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${MODULE}/main.cpp")
  if(NOT MAIN)
    message(STATUS "src/${MODULE}/main.cpp is absent: no program ${NAME}")
    return()
  endif()
  add_executable(${NAME} ${MAIN})
  epfleet_compile_options(${NAME})
  target_link_libraries(${NAME} PRIVATE epfleet::${MODULE})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  install(TARGETS ${NAME} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY configs traces DESTINATION "${CMAKE_INSTALL_DATADIR}/epfleet" OPTIONAL)
  epfleet_shell_files(${NAME})
endfunction()
