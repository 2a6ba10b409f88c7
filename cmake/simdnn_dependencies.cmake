# simdnn's dependencies. The source tree and the installed package find them in the same way, on the
# machine that compiles. Options, each AUTO, ON or OFF:
#   SIMDNN_OPENMP   AUTO: used if the compiler has it
#   SIMDNN_ONEDNN   AUTO: used by simdnn's own tests and benchmarks if it is found, never forced on
#                   consumers; ON: part of simdnn::simdnn
include_guard(GLOBAL)

foreach(option IN ITEMS OPENMP ONEDNN)
  set(SIMDNN_${option} AUTO CACHE STRING "AUTO, ON or OFF")
  set_property(CACHE SIMDNN_${option} PROPERTY STRINGS AUTO ON OFF)
endforeach()

# Links the dependencies to `target`, the simdnn interface target. BUILD_INTERFACE keeps them out of
# the exported targets file: the installed package calls this function on the imported target.
function(simdnn_link_dependencies target)
  if(NOT TARGET xsimd AND NOT TARGET xsimd::xsimd)
    # No version is given here, because for 8.1 xsimd's version file accepts only version 8.
    find_package(xsimd REQUIRED GLOBAL)
  endif()
  if(xsimd_VERSION AND xsimd_VERSION VERSION_LESS 8.1)
    message(FATAL_ERROR "simdnn needs xsimd 8.1 or newer, found ${xsimd_VERSION} in ${xsimd_DIR}")
  endif()
  if(TARGET xsimd::xsimd)
    target_link_libraries(${target} INTERFACE $<BUILD_INTERFACE:xsimd::xsimd>)
  else()
    # Debian's target also links xtl, which its package does not bring and its headers do not need.
    get_target_property(libraries xsimd INTERFACE_LINK_LIBRARIES)
    if(libraries STREQUAL "xtl" AND NOT TARGET xtl)
      set_property(TARGET xsimd PROPERTY INTERFACE_LINK_LIBRARIES "")
    endif()
    target_link_libraries(${target} INTERFACE $<BUILD_INTERFACE:xsimd>)
  endif()

  if(SIMDNN_OPENMP STREQUAL "AUTO")
    find_package(OpenMP QUIET COMPONENTS CXX GLOBAL)
  elseif(SIMDNN_OPENMP)
    find_package(OpenMP REQUIRED COMPONENTS CXX GLOBAL)
  endif()
  if(SIMDNN_OPENMP AND TARGET OpenMP::OpenMP_CXX)
    target_link_libraries(${target} INTERFACE $<BUILD_INTERFACE:OpenMP::OpenMP_CXX>)
  endif()

  if(SIMDNN_ONEDNN AND NOT SIMDNN_ONEDNN STREQUAL "AUTO")
    simdnn_find_onednn(found)
    target_link_libraries(${target} INTERFACE $<BUILD_INTERFACE:simdnn::onednn>)
  endif()
endfunction()

# Makes the target simdnn::onednn if SIMDNN_ONEDNN allows it and oneDNN is found. `result` says
# whether the target exists.
function(simdnn_find_onednn result)
  set(${result} FALSE PARENT_SCOPE)
  if(TARGET simdnn::onednn)
    set(${result} TRUE PARENT_SCOPE)
    return()
  elseif(NOT SIMDNN_ONEDNN)
    return()
  elseif(SIMDNN_ONEDNN STREQUAL "AUTO" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND
      TARGET OpenMP::OpenMP_CXX)
    # clang brings libomp, but the oneDNN of distributions uses libgomp. Two OpenMP runtimes in one
    # process give wrong results or hang. ON is for a oneDNN that was built with libomp.
    return()
  endif()

  if(TARGET DNNL::dnnl)
    set(library DNNL::dnnl)
  else()
    # Not find_package(dnnl): Debian's configuration file requires OpenCL and aborts without it.
    find_path(SIMDNN_ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
    find_library(SIMDNN_ONEDNN_LIBRARY dnnl)
    mark_as_advanced(SIMDNN_ONEDNN_INCLUDE_DIR SIMDNN_ONEDNN_LIBRARY)
    set(library "${SIMDNN_ONEDNN_LIBRARY}")
    if(NOT SIMDNN_ONEDNN_INCLUDE_DIR OR NOT SIMDNN_ONEDNN_LIBRARY)
      if(NOT SIMDNN_ONEDNN STREQUAL "AUTO")
        message(FATAL_ERROR "SIMDNN_ONEDNN is ON, but oneapi/dnnl/dnnl.hpp or libdnnl was not found "
          "(Debian: libdnnl-dev)")
      endif()
      return()
    endif()
  endif()
  add_library(simdnn::onednn INTERFACE IMPORTED GLOBAL)
  target_compile_definitions(simdnn::onednn INTERFACE SIMDNN_WITH_ONEDNN)
  target_link_libraries(simdnn::onednn INTERFACE "${library}")
  if(NOT TARGET DNNL::dnnl)
    target_include_directories(simdnn::onednn INTERFACE "${SIMDNN_ONEDNN_INCLUDE_DIR}")
  endif()
  set(${result} TRUE PARENT_SCOPE)
endfunction()
