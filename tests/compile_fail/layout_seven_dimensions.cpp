// expect: layout_tag_has_more_than_six_dimensions
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "tnocdhw";
