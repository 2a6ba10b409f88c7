# Several ISAs in one program, also for users of the installed package.
include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/simdnn_instances.cmake")

set(SIMDNN_ISA_VARIANTS_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "")

# The compiler flags of one ISA.
function(simdnn_isa_flags isa result)
  if(isa STREQUAL "sse42")
    set(flags -msse4.2)
  elseif(isa STREQUAL "avx2")
    set(flags -mavx2 -mfma)
  elseif(isa STREQUAL "avx512")
    set(flags -mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl -mfma)
  else()
    message(FATAL_ERROR "simdnn: \"${isa}\" is no ISA, expected one of sse42, avx2, avx512")
  endif()
  set(${result} ${flags} PARENT_SCOPE)
endfunction()

# simdnn_add_isa_variants(target ISAS sse42 avx2 avx512 SOURCES kernels.cpp... [TABLE kernels]
#                         [INSTANCES])
# compiles the sources once per ISA with the settings of `target`, and adds them to it, with the
# list that simdnn::isa::dispatch<kernels>() chooses from. The sources together have one
# SIMDNN_ISA_TABLE(kernels). TABLE is the struct's name without namespaces, by default "kernels".
# With INSTANCES, the sources of each ISA share what simdnn_add_instances compiles once.
function(simdnn_add_isa_variants target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INSTANCES" "TABLE" "ISAS;SOURCES")
  if(NOT arg_ISAS OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
      "simdnn_add_isa_variants(target ISAS sse42 avx2 avx512 SOURCES file.cpp... [TABLE name] [INSTANCES])")
  endif()
  set(table kernels)
  if(arg_TABLE)
    set(table "${arg_TABLE}")
  endif()
  # The linker must be GNU's: others cannot dissolve COMDAT groups.
  find_program(SIMDNN_LD NAMES ld.bfd ld REQUIRED)
  find_program(SIMDNN_OBJCOPY objcopy REQUIRED)
  find_program(SIMDNN_NM nm REQUIRED)
  find_program(SIMDNN_READELF readelf REQUIRED)
  mark_as_advanced(SIMDNN_LD SIMDNN_OBJCOPY SIMDNN_NM SIMDNN_READELF)
  get_target_property(target_type ${target} TYPE)
  get_target_property(position_independent ${target} POSITION_INDEPENDENT_CODE)
  # The code outside of the variants is compiled for any CPU on purpose.
  target_compile_definitions(${target} PRIVATE SIMDNN_BASELINE)
  set(script "${SIMDNN_ISA_VARIANTS_DIR}/localize_isa_object.sh")

  set(symbols)
  # The best ISA comes first: if an object kept a shared symbol, the linker would take the copy on
  # which older CPUs crash, so that tests find it.
  foreach(isa IN ITEMS avx512 avx2 sse42)
    if(NOT isa IN_LIST arg_ISAS)
      continue()
    endif()
    list(REMOVE_ITEM arg_ISAS ${isa})
    set(objects ${target}_${table}_${isa})
    add_library(${objects} OBJECT ${arg_SOURCES})
    if(arg_INSTANCES)
      simdnn_add_instances(${objects})
    endif()
    target_link_libraries(${objects} PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
    foreach(property IN ITEMS INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS)
      set_property(TARGET ${objects} APPEND PROPERTY
        ${property} $<TARGET_PROPERTY:${target},${property}>)
    endforeach()
    simdnn_isa_flags(${isa} flags)
    # gcc's unique symbols cannot be made local; link-time code has no sections.
    target_compile_options(${objects} PRIVATE
      ${flags} -fno-lto $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    set_target_properties(${objects} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
    if(position_independent OR target_type STREQUAL "SHARED_LIBRARY" OR
        target_type STREQUAL "MODULE_LIBRARY")
      set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    endif()

    set(symbol simdnn_isa_${table}_${isa})
    set(localized "${CMAKE_CURRENT_BINARY_DIR}/${objects}.o")
    add_custom_command(OUTPUT "${localized}"
      COMMAND sh "${script}" "${SIMDNN_LD}" "${SIMDNN_OBJCOPY}" "${SIMDNN_NM}" "${SIMDNN_READELF}"
        ${symbol} "${localized}" $<TARGET_OBJECTS:${objects}>
      DEPENDS "${script}" ${objects} $<TARGET_OBJECTS:${objects}>
      COMMENT "Localizing ${objects}.o"
      COMMAND_EXPAND_LISTS VERBATIM)
    target_sources(${target} PRIVATE "${localized}")
    list(PREPEND symbols ${symbol})
  endforeach()
  if(arg_ISAS)
    simdnn_isa_flags("${arg_ISAS}" unknown)
  endif()

  list(JOIN symbols ", " declarations)
  list(TRANSFORM symbols PREPEND "&")
  list(JOIN symbols ", " addresses)
  set(list_source "${CMAKE_CURRENT_BINARY_DIR}/${target}_${table}_variants.cpp")
  configure_file("${SIMDNN_ISA_VARIANTS_DIR}/isa_table.cpp.in" "${list_source}" @ONLY)
  target_sources(${target} PRIVATE "${list_source}")
endfunction()
