# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
from conan import ConanFile


class SystemZlib(ConanFile):
    """zlib as the system's package manager installed it."""

    name = "zlib"
    version = "1.2.13"
    user = "system"
    package_type = "shared-library"

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "ZLIB")
        self.cpp_info.set_property("cmake_target_name", "ZLIB::ZLIB")
        self.cpp_info.includedirs = []  # the compiler finds it; /usr/include must not be named
        self.cpp_info.libdirs = []
        self.cpp_info.bindirs = []
        self.cpp_info.system_libs = ["z"]
