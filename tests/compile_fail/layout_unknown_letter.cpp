// expect: layout_tag_has_an_unknown_letter
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nchq";
