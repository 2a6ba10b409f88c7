// expect: layout_tag_names_a_dimension_twice
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nchh";
