# The installed package: headers, CMake configuration with the functions for instances and for ISA variants, pkg-config.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/simdnn")

install(DIRECTORY include/simdnn DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp" PATTERN operations.txt)
install(TARGETS simdnn simdnn_native EXPORT simdnn)
install(EXPORT simdnn NAMESPACE simdnn:: FILE simdnn-targets.cmake DESTINATION "${package_dir}")

configure_package_config_file(cmake/simdnn-config.cmake.in simdnn-config.cmake
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(simdnn-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/simdnn-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/simdnn-config-version.cmake"
  cmake/simdnn_dependencies.cmake
  cmake/simdnn_instances.cmake
  cmake/instances.cpp.in
  cmake/simdnn_isa_variants.cmake
  cmake/isa_table.cpp.in
  cmake/localize_isa_object.sh
  DESTINATION "${package_dir}")

configure_file(cmake/simdnn.pc.in simdnn.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/simdnn.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
