// Every register tile of the ISA that the flags name.
#include "tiles.hpp"

using namespace codegen;

extern const auto float_by_row = widths<float, a_order::by_row>;
extern const auto float_by_block = widths<float, a_order::by_block>;
extern const auto float_by_k = widths<float, a_order::by_k>;
extern const auto double_by_row = widths<double, a_order::by_row>;
extern const auto double_by_block = widths<double, a_order::by_block>;
extern const auto double_by_k = widths<double, a_order::by_k>;
extern const auto float_pairs = pairs<float>;
