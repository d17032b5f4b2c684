# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class PolywireConsumer(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps", "CMakeToolchain"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            for name in ("consumer", "tls_consumer", "gzip_consumer"):
                program = os.path.join(self.cpp.build.bindir, name)
                if name == "consumer" or os.path.exists(program):
                    self.run(program, env="conanrun")
