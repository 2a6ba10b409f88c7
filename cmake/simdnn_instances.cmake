# The compiled mode, also for users of the installed package.
include_guard(GLOBAL)

set(SIMDNN_INSTANCES_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "")

# simdnn_add_instances(target [OPS conv gemm] [TYPES float double])
# compiles the entry points of these operations (<op>/entry_points.hpp) for these element types once,
# in sources of one line that it adds to `target`. They have the target's compile options and
# definitions, of which the ISA is a part. The target's own sources call them and compile no kernel.
# By default, OPS are all that there are and TYPES is float. conv_pool calls conv's entry points and
# inner_product those of gemm. What links a static or object library with instances calls them too,
# and must be compiled with the same ISA flags; of an executable, a shared library or a module the
# instances are private.
function(simdnn_add_instances target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "OPS;TYPES")
  set(usage "simdnn_add_instances(target [OPS conv gemm] [TYPES float double])")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES OR NOT TARGET "${target}")
    message(FATAL_ERROR "${usage}: unknown or incomplete: ${target} ${ARGN}")
  endif()
  if(NOT arg_OPS)
    set(arg_OPS conv gemm)
  endif()
  if(NOT arg_TYPES)
    set(arg_TYPES float)
  endif()
  get_target_property(type ${target} TYPE)
  set(scope PRIVATE)
  if(type MATCHES "^(STATIC|OBJECT)_LIBRARY$")
    set(scope PUBLIC)
  endif()

  _simdnn_add_instance(${target} ${scope} plan plan/entry_points.hpp
    "plan_entry_points<simdnn::isa::native>")
  foreach(op IN LISTS arg_OPS)
    if(NOT op MATCHES "^(conv|gemm)$")
      message(FATAL_ERROR "${usage}: ${op} has no entry points to compile")
    endif()
    foreach(element IN LISTS arg_TYPES)
      if(NOT element MATCHES "^(float|double)$")
        message(FATAL_ERROR "${usage}: ${element} is no element type")
      endif()
      _simdnn_add_instance(${target} ${scope} ${op}_${element} ops/${op}.hpp
        "${op}::entry_points<${element}, simdnn::isa::native>")
    endforeach()
  endforeach()
endfunction()

# Adds a source that instantiates `entry_points`, and the definition that declares it elsewhere.
function(_simdnn_add_instance target scope name header entry_points)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/simdnn_instances/${name}.cpp")
  configure_file("${SIMDNN_INSTANCES_DIR}/instances.cpp.in" "${source}" @ONLY)
  target_sources(${target} PRIVATE "${source}")
  string(TOUPPER "SIMDNN_${name}_INSTANCES" definition)
  target_compile_definitions(${target} ${scope} ${definition})
endfunction()
