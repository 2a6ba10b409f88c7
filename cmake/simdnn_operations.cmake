# Sets SIMDNN_OPERATIONS, the names in operations.txt, and SIMDNN_OPERATION_LINES, the text of
# operations.inc.
set(SIMDNN_OPERATIONS_FILE "${PROJECT_SOURCE_DIR}/include/simdnn/ops/operations.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${SIMDNN_OPERATIONS_FILE}")
file(STRINGS "${SIMDNN_OPERATIONS_FILE}" lines REGEX "^[a-z]")
set(SIMDNN_OPERATIONS)
set(SIMDNN_OPERATION_LINES)
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([a-z_0-9]+) \\| ([a-z_0-9 ]+) \\| ([^|]+) \\|( [^|]+)?$")
    message(FATAL_ERROR "operations.txt: expected NAME | PASSES | LAYOUTS | PROBLEMS, got ${line}")
  endif()
  list(APPEND SIMDNN_OPERATIONS "${CMAKE_MATCH_1}")
  set(simdnn_passes_of_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  string(STRIP "${CMAKE_MATCH_4}" problems)
  string(APPEND SIMDNN_OPERATION_LINES
    "SIMDNN_OPERATION(${CMAKE_MATCH_1}, \"${CMAKE_MATCH_3}\", \"${problems}\")\n")
endforeach()

# Sets `out` to the source that is generated from cmake/<template>.cpp.in for the operation.
function(simdnn_operation_source template operation out)
  set(passes "${simdnn_passes_of_${operation}}")
  set(file "${PROJECT_BINARY_DIR}/operations/${operation}_${template}.cpp")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${template}.cpp.in" "${file}" @ONLY)
  set(${out} "${file}" PARENT_SCOPE)
endfunction()
