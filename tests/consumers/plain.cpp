// The least that a user's program does: prints the ISA of its own flags.
#include <cstdio>
#include <simdnn/isa/vec.hpp>

int main() {
  using vec = simdnn::vec<float, simdnn::isa::native>;
  std::printf("isa=%s sum=%g\n", simdnn::isa::native::name, vec(1).reduce_add() / vec::lanes);
}
