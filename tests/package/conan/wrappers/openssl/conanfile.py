# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
from conan import ConanFile


class SystemOpenSSL(ConanFile):
    """OpenSSL as the system's package manager installed it."""

    name = "openssl"
    version = "3.0.11"
    user = "system"
    package_type = "shared-library"

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "OpenSSL")
        for component, library in (("crypto", "crypto"), ("ssl", "ssl")):
            info = self.cpp_info.components[component]
            info.includedirs = []  # the compiler finds it; /usr/include must not be named
            info.libdirs = []
            info.bindirs = []
            info.system_libs = [library]
        self.cpp_info.components["crypto"].set_property("cmake_target_name", "OpenSSL::Crypto")
        self.cpp_info.components["ssl"].set_property("cmake_target_name", "OpenSSL::SSL")
        self.cpp_info.components["ssl"].requires = ["crypto"]
