# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# Finds standalone Asio and gives `asio::asio`: from a config package where there is one, else from
# its headers (Debian ships neither a config nor a .pc file).
#
# Asio changes with its macros, so every user of the target gets the same ones, whichever way it was
# found: two translation units that disagree would break the one-definition rule.

set(Asio_VERSION)
if(NOT TARGET asio::asio)
  find_package(asio CONFIG QUIET)
endif()
if(TARGET asio::asio AND asio_VERSION)
  set(Asio_VERSION "${asio_VERSION}")
else()
  set(_asio_hints)
  if(TARGET asio::asio)
    get_target_property(_asio_hints asio::asio INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT _asio_hints)
      set(_asio_hints)
    endif()
  endif()
  find_path(Asio_INCLUDE_DIR asio/version.hpp HINTS ${_asio_hints})
  mark_as_advanced(Asio_INCLUDE_DIR)
  unset(_asio_hints)
  if(Asio_INCLUDE_DIR)
    file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" _asio_line
         REGEX "^#define ASIO_VERSION +[0-9]+")
    string(REGEX MATCH "[0-9]+" _asio_number "${_asio_line}")
    math(EXPR _asio_major "${_asio_number} / 100000")
    math(EXPR _asio_minor "${_asio_number} / 100 % 1000")
    math(EXPR _asio_patch "${_asio_number} % 100")
    set(Asio_VERSION "${_asio_major}.${_asio_minor}.${_asio_patch}")
    foreach(_asio_name line number major minor patch name)
      unset(_asio_${_asio_name})
    endforeach()
  endif()
endif()

if(TARGET asio::asio)
  set(_asio_place asio::asio)
else()
  set(_asio_place "${Asio_INCLUDE_DIR}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS _asio_place VERSION_VAR Asio_VERSION
  REASON_FAILURE_MESSAGE "standalone Asio is needed: apt-get install libasio-dev")
unset(_asio_place)

if(Asio_FOUND)
  if(NOT TARGET asio::asio)
    add_library(asio::asio INTERFACE IMPORTED)
    set_target_properties(asio::asio PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Asio_INCLUDE_DIR}")
  endif()
  get_target_property(_asio_target asio::asio ALIASED_TARGET)
  if(NOT _asio_target)
    set(_asio_target asio::asio)
  endif()
  target_compile_definitions(${_asio_target} INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
  if(Asio_VERSION VERSION_LESS 1.26)  # it does not see that clang has coroutines
    target_compile_definitions(${_asio_target} INTERFACE
      "$<$<CXX_COMPILER_ID:Clang,AppleClang>:ASIO_HAS_CO_AWAIT=1;ASIO_HAS_STD_COROUTINE=1>")
  endif()
  unset(_asio_target)
endif()
