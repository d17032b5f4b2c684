# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
from conan import ConanFile


class SystemProtobuf(ConanFile):
    """protobuf as the system's package manager installed it."""

    name = "protobuf"
    version = "3.21.12"
    user = "system"
    package_type = "shared-library"

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "protobuf")
        library = self.cpp_info.components["libprotobuf"]
        library.includedirs = []  # the compiler finds it; /usr/include must not be named
        library.libdirs = []
        library.bindirs = []
        library.system_libs = ["protobuf", "pthread"]
        library.set_property("cmake_target_name", "protobuf::libprotobuf")
