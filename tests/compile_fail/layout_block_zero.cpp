// expect: layout_tag_has_a_block_of_zero_or_above_64
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nChw0c";
