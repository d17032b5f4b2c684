# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT

set(POLYWIRE_FUZZ_SECONDS 5 CACHE STRING "How long ctest runs each fuzz target")
set(POLYWIRE_FUZZ_SEED 1 CACHE STRING "Where the mutations of the fuzz targets start")

# What a sanitizer finds is printed with its stack and fails the test.
set(polywire_test_environment
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=1")
if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/tsan.supp")
  list(TRANSFORM polywire_test_environment REPLACE "^(TSAN_OPTIONS=.*)"
       "\\1:suppressions=${CMAKE_CURRENT_LIST_DIR}/tsan.supp")
endif()

# polywire_add_test(<name> [SECONDS n] COMMAND ...): a ctest entry with a time limit.
function(polywire_add_test name)
  cmake_parse_arguments(arg "" "SECONDS" "COMMAND" ${ARGN})
  if(NOT arg_SECONDS)
    set(arg_SECONDS 300)
  endif()
  add_test(NAME "${name}" COMMAND ${arg_COMMAND})
  set_tests_properties("${name}" PROPERTIES TIMEOUT "${arg_SECONDS}" SKIP_RETURN_CODE 77
                       ENVIRONMENT "${polywire_test_environment}")
endfunction()

# polywire_add_protos(<target> <import root> <files...>): a library of what protoc makes of them. It is
# compiled without sanitizers, like protobuf itself, so that every program can link it.
function(polywire_add_protos target root)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(generated)
  foreach(proto IN LISTS ARGN)
    file(RELATIVE_PATH name "${root}" "${proto}")
    string(REGEX REPLACE "\\.proto$" "" name "${name}")
    add_custom_command(
      OUTPUT "${out}/${name}.pb.cc" "${out}/${name}.pb.h"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${out}"
      COMMAND protobuf::protoc "--proto_path=${root}" "--cpp_out=${out}" "${proto}"
      DEPENDS "${proto}" VERBATIM)
    list(APPEND generated "${out}/${name}.pb.cc")
  endforeach()
  if(generated)
    # The headers of a static library's users must exist before those users are compiled.
    add_library(${target}_objects STATIC ${generated})
    target_compile_features(${target}_objects PUBLIC cxx_std_20)
    # Not optimised in Debug: it is compiled in every build, and is not what is tested.
    target_compile_options(${target}_objects PRIVATE -w "$<$<CONFIG:Debug>:-O0;-g0>")
    target_include_directories(${target}_objects SYSTEM PUBLIC "${out}")
    target_link_libraries(${target}_objects PUBLIC protobuf::libprotobuf)
    if(POLYWIRE_SANITIZE MATCHES "thread")  # its classes have a member more then
      target_link_libraries(${target}_objects PRIVATE polywire_sanitize)
    endif()
  endif()
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE protobuf::libprotobuf)
  if(generated)
    target_link_libraries(${target} INTERFACE ${target}_objects)
  endif()
endfunction()

# polywire_add_catch_tests(<group> <target> <seconds> <sources...>): one program, and one ctest entry
# per file, of which each may take so long.
# Catch tags each test with the name of its file (-#), which is how an entry selects its tests; files
# of the same name in different folders therefore share an entry.
function(polywire_add_catch_tests group target seconds)
  if(NOT ARGN)
    return()
  endif()
  add_executable(${target} ${ARGN})
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_precompile_headers(${target} PRIVATE support/precompiled.hpp)
  target_link_libraries(${target} PRIVATE
    polywire::protobuf polywire::tls polywire::gzip catch_main test_protos polywire_strict polywire_sanitize)

  set(no_tests_is_an_error)  # Catch 3 does that by itself
  if(Catch2_VERSION VERSION_LESS 3)
    set(no_tests_is_an_error --warn NoTests)
  endif()
  set(names)
  foreach(source IN LISTS ARGN)
    get_filename_component(tag "${source}" NAME_WLE)  # url.test.cpp: Catch's tag is #url.test
    list(APPEND names "${tag}")
  endforeach()
  list(REMOVE_DUPLICATES names)
  foreach(tag IN LISTS names)
    string(REGEX REPLACE "\\.test$" "" name "${tag}")
    polywire_add_test("${group}.${name}" SECONDS ${seconds}
      COMMAND ${target} "-#" "[#${tag}]" ${no_tests_is_an_error})
    set_tests_properties("${group}.${name}" PROPERTIES LABELS "${group}")
  endforeach()
endfunction()

# polywire_compile_together(<target> <group> <files and folders...>): compiles them as one file, those
# that are in no group yet. Each keeps what it declares to itself, in a namespace of its own.
function(polywire_compile_together target group)
  get_target_property(sources ${target} SOURCES)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(source IN LISTS sources)
    get_source_file_property(known "${source}" UNITY_GROUP)
    foreach(place IN LISTS ARGN)
      string(FIND "${source}/" "${CMAKE_CURRENT_SOURCE_DIR}/${place}/" at)
      if(at EQUAL 0 AND NOT known)
        set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}")
      endif()
    endforeach()
  endforeach()
endfunction()

# polywire_add_fuzz_target(<source>): tests/fuzz/<name>.cpp becomes the program fuzz_<name>. Under
# ctest it runs the kept inputs of fuzz/corpus/<name>, then mutates them for some seconds.
function(polywire_add_fuzz_target source)
  get_filename_component(name "${source}" NAME_WE)
  set(target "fuzz_${name}")
  set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name}")
  set(found "${CMAKE_CURRENT_BINARY_DIR}/fuzz/${name}")
  file(MAKE_DIRECTORY "${found}")
  add_executable(${target} "${source}")
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE
    polywire::protobuf polywire::gzip test_protos polywire_strict polywire_sanitize)
  if(POLYWIRE_LIBFUZZER)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    # New inputs go to the first folder, the build's; the kept ones are only read.
    set(command ${target} "-seed=${POLYWIRE_FUZZ_SEED}" "-max_total_time=${POLYWIRE_FUZZ_SECONDS}"
        -timeout=10 "-artifact_prefix=${found}/" "${found}")
    if(EXISTS "${corpus}")
      list(APPEND command "${corpus}")
    endif()
  else()
    target_sources(${target} PRIVATE support/fuzz_main.cpp)
    set(command ${target} --corpus "${corpus}" --seconds "${POLYWIRE_FUZZ_SECONDS}"
        --seed "${POLYWIRE_FUZZ_SEED}" --crash "${found}/crash")
  endif()
  math(EXPR limit "${POLYWIRE_FUZZ_SECONDS} * 3 + 120")
  polywire_add_test("fuzz.${name}" SECONDS ${limit} COMMAND ${command})
  set_tests_properties("fuzz.${name}" PROPERTIES LABELS fuzz)
endfunction()
