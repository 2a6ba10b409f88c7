// expect: layout_tag_is_empty
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "";
