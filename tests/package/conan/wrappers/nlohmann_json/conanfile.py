# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
from conan import ConanFile


class SystemNlohmannJson(ConanFile):
    """nlohmann_json as the system's package manager installed it."""

    name = "nlohmann_json"
    version = "3.11.2"
    user = "system"
    package_type = "header-library"

    def package_info(self):
        self.cpp_info.includedirs = []  # the compiler finds it; /usr/include must not be named
        self.cpp_info.libdirs = []
        self.cpp_info.bindirs = []
        self.cpp_info.set_property("cmake_file_name", "nlohmann_json")
        self.cpp_info.set_property("cmake_target_name", "nlohmann_json::nlohmann_json")
