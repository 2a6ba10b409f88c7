// expect: layout_tag_has_an_outer_dimension_behind_a_block
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nC16chw";
