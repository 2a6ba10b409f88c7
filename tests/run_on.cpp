// run_on ISA COMMAND...: runs the command where this CPU has the ISA, else says so and exits with
// 77, which ctest and Meson report as skipped.
#include <unistd.h>

#include <cstdio>
#include <simdnn/isa/cpu.hpp>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: run_on ISA COMMAND...\n");
    return 2;
  }
  const auto isa = simdnn::isa::from_name(argv[1]);
  if (!isa) {
    std::fprintf(stderr, "run_on: \"%s\" is no ISA\n", argv[1]);
    return 2;
  }
  if (!simdnn::isa::cpu_supports(*isa)) {
    std::printf("skipped: this CPU has no %s\n", argv[1]);
    return 77;
  }
  execvp(argv[2], argv + 2);
  std::perror(argv[2]);
  return 2;
}
