// A user's program of several ISAs.
#include <cstdio>
#include <vector>

#include "kernels.hpp"

int main() {
  const auto k = simdnn::isa::dispatch<user::kernels>();
  const std::vector<float> x(100, 3), y(100, 2);
  std::printf("isa=%s dot=%g\n", k.name(), k->dot(x.data(), y.data(), std::ssize(x)));
}
