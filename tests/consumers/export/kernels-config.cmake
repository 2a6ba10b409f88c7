include(CMakeFindDependencyMacro)
find_dependency(simdnn)
include("${CMAKE_CURRENT_LIST_DIR}/kernels-targets.cmake")
