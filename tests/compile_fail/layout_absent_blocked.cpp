// expect: layout_tag_blocks_a_dimension_that_is_not_upper_case
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nChw16i";
