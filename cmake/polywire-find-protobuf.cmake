# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# Looks for protobuf's own config package first: CMake's module misses abseil, which protobuf needs
# from 22 on. Gives protobuf::libprotobuf and protobuf::protoc, or nothing.
if(NOT TARGET protobuf::libprotobuf)
  find_package(protobuf CONFIG QUIET GLOBAL)
endif()
if(NOT TARGET protobuf::libprotobuf)
  find_package(Protobuf 3.21 MODULE QUIET GLOBAL)
endif()
