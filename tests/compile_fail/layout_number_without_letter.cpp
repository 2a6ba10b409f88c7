// expect: layout_tag_has_a_number_without_a_letter_behind_it
#include <simdnn/tensor/layout.hpp>

constexpr simdnn::layout tag = "nChw16";
