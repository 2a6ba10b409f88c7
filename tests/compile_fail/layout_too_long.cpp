// expect: layout_tag_is_longer_than_23_characters
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nChw0000000000000000000016c";
