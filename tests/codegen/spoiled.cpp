// Tiles that the test must refuse, so that it is known to be able to.
#include "tiles.hpp"

namespace codegen {

using simdnn::isa::native;
using blocking = simdnn::tuning<float, native>;

// Twice as many accumulators as there are registers for: the K loop spills.
template <>
void tile<float, 2 * blocking::MR, blocking::NV, a_order::by_row>(
    const simdnn::microkernel::operands<float>& operands,
    const simdnn::epilogue::standard<float>& post) {
  simdnn::microkernel::run<float, native, 2 * blocking::MR, blocking::NV, a_order::by_row>(operands,
                                                                                           post);
}

// One row fewer than the name says: another number of multiplications.
template <>
void tile<float, blocking::MR + 1, blocking::NV, a_order::by_k>(
    const simdnn::microkernel::operands<float>& operands,
    const simdnn::epilogue::standard<float>& post) {
  simdnn::microkernel::standard_tiles<float, native, a_order::by_k>::table[blocking::NV - 1]
                                                                          [blocking::MR - 1](
                                                                              operands, post);
}

}  // namespace codegen
