// expect: layout_tag_lacks_the_block_of_an_upper_case_dimension
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nChw";
