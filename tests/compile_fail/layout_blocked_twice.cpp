// expect: layout_tag_blocks_a_dimension_twice
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nChw4c4c";
