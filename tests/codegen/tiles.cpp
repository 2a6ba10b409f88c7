// Every register tile of the ISA that the flags name.
#include "tiles.hpp"

using namespace codegen;

extern const auto float_by_row = tiles<float, a_order::by_row>;
extern const auto float_by_k = tiles<float, a_order::by_k>;
extern const auto double_by_row = tiles<double, a_order::by_row>;
extern const auto double_by_k = tiles<double, a_order::by_k>;
