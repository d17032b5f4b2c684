# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# Included by tests/CMakeLists.txt. Which test proves what stands in README.md.
set(faults "${CMAKE_CURRENT_SOURCE_DIR}/faults")

polywire_add_catch_tests(faults faults_tests 300
  "${faults}/calls.cpp" "${faults}/connections.cpp" "${faults}/system.cpp")
target_sources(faults_tests PRIVATE "${faults}/roles.cpp")  # no tests
target_link_libraries(faults_tests PRIVATE library_once)
polywire_compile_together(faults_tests network faults/connections.cpp faults/roles.cpp
                          faults/system.cpp)

# faults.<name>: a program, run with these arguments.
function(polywire_add_faults_test name seconds)
  polywire_add_test(faults.${name} SECONDS ${seconds} COMMAND ${ARGN})
  set_tests_properties(faults.${name} PROPERTIES LABELS faults)
endfunction()

add_executable(faults_chaos "${faults}/chaos.cpp")
target_include_directories(faults_chaos PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(faults_chaos PRIVATE library_once polywire_strict polywire_sanitize)
polywire_add_faults_test(chaos 300 faults_chaos)

# Without sanitizers: these look at memory.
foreach(program IN ITEMS bounds soak ten_thousand)
  add_executable(faults_${program} "${faults}/${program}.cpp")
  target_include_directories(faults_${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(faults_${program} PRIVATE
    library_once_plain polywire::protobuf test_protos polywire_strict)
endforeach()
polywire_add_faults_test(bounds 300 faults_bounds)
polywire_add_faults_test(soak 300 faults_soak)
polywire_add_faults_test(ten_thousand.tcp 120 faults_ten_thousand tcp)
polywire_add_faults_test(ten_thousand.tls 120 faults_ten_thousand tls 2000)
# They measure how fast connections come.
set_tests_properties(faults.ten_thousand.tcp faults.ten_thousand.tls PROPERTIES PROCESSORS 2)
