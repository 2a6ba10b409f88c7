import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class SimdnnConan(ConanFile):
    name = "simdnn"
    description = "Header-only C++20 library of templated deep-learning kernels for x86-64 CPUs"
    license = "MIT"
    topics = ("deep-learning", "convolution", "gemm", "simd", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"openmp": [True, False]}
    default_options = {"openmp": True}
    exports_sources = "include/*.hpp", "include/simdnn/ops/operations.txt", "cmake/*", "LICENSE"
    no_copy_source = True

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include/simdnn/base/config.hpp"))
        self.version = ".".join(re.findall(r"#define SIMDNN_VERSION_\w+ (\d+)", header))

    def layout(self):
        basic_layout(self)

    def requirements(self):
        self.requires("xsimd/[>=8.1]", transitive_headers=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux" or self.settings.arch != "x86_64":
            raise ConanInvalidConfiguration(f"{self.ref} runs on x86-64 Linux only")
        compiler = self.settings.compiler
        oldest = {"gcc": "12", "clang": "16"}.get(str(compiler))
        if oldest is None or Version(compiler.version) < oldest:
            raise ConanInvalidConfiguration(f"{self.ref} needs gcc 12 or clang 16, or newer")

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for files in ("*.hpp", "simdnn/ops/operations.txt"):
            copy(self, files, os.path.join(self.source_folder, "include"),
                 os.path.join(self.package_folder, "include"))
        for file in ("simdnn_instances.cmake", "instances.cpp.in", "simdnn_isa_variants.cmake",
                     "isa_table.cpp.in", "localize_isa_object.sh"):
            copy(self, file, os.path.join(self.source_folder, "cmake"),
                 os.path.join(self.package_folder, "res"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "simdnn")
        self.cpp_info.set_property("cmake_target_name", "simdnn::simdnn")
        self.cpp_info.set_property("pkg_config_name", "simdnn")
        # simdnn_add_isa_variants and simdnn_add_instances
        self.cpp_info.set_property("cmake_build_modules", ["res/simdnn_isa_variants.cmake"])
        # -march is left to the profile.
        self.cpp_info.cxxflags = ["-fno-math-errno", "-ffp-contract=fast"]
        if self.options.openmp:
            self.cpp_info.cxxflags.append("-fopenmp")
            self.cpp_info.exelinkflags = ["-fopenmp"]
            self.cpp_info.sharedlinkflags = ["-fopenmp"]
