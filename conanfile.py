# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class Polywire(ConanFile):
    name = "polywire"
    version = "0.1.0"
    description = "Communication between services over many protocols, as C++20 headers"
    license = "MIT"
    topics = ("rpc", "networking", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_protobuf": [True, False], "with_tls": [True, False],
               "with_gzip": [True, False]}
    default_options = {"with_protobuf": False, "with_tls": False, "with_gzip": False}
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True
    test_package_folder = "tests/package/conan/test_package"

    def requirements(self):
        self.requires("asio/[>=1.22.1 <2]")
        self.requires("nlohmann_json/[>=3.11 <4]")
        if self.options.with_protobuf:
            self.requires("protobuf/[>=3.21.12]")
        if self.options.with_tls:
            self.requires("openssl/[>=3.0 <4]")
        if self.options.with_gzip:
            self.requires("zlib/[>=1.2.11 <2]")

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()

    def package(self):
        include = os.path.join(self.source_folder, "include")
        for pattern in ("*.hpp", "*.ipp", "*.proto"):
            copy(self, pattern, include, os.path.join(self.package_folder, "include"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "polywire")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []

        main = self.cpp_info.components["polywire"]
        main.set_property("cmake_target_name", "polywire::polywire")
        main.requires = ["asio::asio", "nlohmann_json::nlohmann_json"]
        main.bindirs = []
        main.libdirs = []
        if self.settings.get_safe("os") in ("Linux", "FreeBSD"):
            main.system_libs = ["pthread"]
        # The same macros of Asio as cmake/FindAsio.cmake gives.
        main.defines = ["ASIO_STANDALONE", "ASIO_NO_DEPRECATED"]
        if (str(self.settings.get_safe("compiler")) in ("clang", "apple-clang")
                and Version(self.dependencies["asio"].ref.version) < "1.26"):
            main.defines += ["ASIO_HAS_CO_AWAIT=1", "ASIO_HAS_STD_COROUTINE=1"]

        if self.options.with_protobuf:
            protobuf = self.cpp_info.components["protobuf"]
            protobuf.set_property("cmake_target_name", "polywire::protobuf")
            protobuf.requires = ["polywire", "protobuf::libprotobuf"]
            protobuf.includedirs = []
            protobuf.bindirs = []
            protobuf.libdirs = []

        if self.options.with_tls:
            tls = self.cpp_info.components["tls"]
            tls.set_property("cmake_target_name", "polywire::tls")
            tls.requires = ["polywire", "openssl::ssl"]
            tls.includedirs = []
            tls.bindirs = []
            tls.libdirs = []

        if self.options.with_gzip:
            gzip = self.cpp_info.components["gzip"]
            gzip.set_property("cmake_target_name", "polywire::gzip")
            gzip.requires = ["polywire", "zlib::zlib"]
            gzip.includedirs = []
            gzip.bindirs = []
            gzip.libdirs = []
