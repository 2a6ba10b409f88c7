#!/bin/sh
# no_exceptions_test.sh ROOT CXX: a program compiled with -fno-exceptions runs; an error calls its
# handler, if it has set one, with the text that would have been thrown, and aborts the program.
set -eu
root=$1 CXX=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/program.cpp" <<'END_OF_PROGRAM'
#include <cstdio>
#include <cstring>
#include <simdnn/ops/gemm.hpp>

int main(int, char** argv) {
  simdnn::tensor<float, "ab"> a({2, 3}), b({3, 4}), c({2, 4}), wide({2, 5});
  if (std::strcmp(argv[1], "alone") != 0)
    simdnn::on_error() = [](const std::exception& e) {
      std::printf("handler: %s\n", e.what());
      std::fflush(stdout);
    };
  simdnn::gemm_forward({.m = 2, .n = 4, .k = 3}, a, b, c);
  if (std::strcmp(argv[1], "good") == 0) return 5;
  simdnn::gemm_forward({.m = 2, .n = 4, .k = 3}, a, b, wide);
  return 6;
}
END_OF_PROGRAM
"$CXX" -std=c++20 -O1 -fno-exceptions -DSIMDNN_BASELINE -I "$root/include" "$dir/program.cpp" -o "$dir/program"

expect() { # MODE STATUS OUTPUT
  status=0
  # In a shell of its own, which reports the abort to nobody.
  got=$(ulimit -c 0; sh -c '"$1" "$2"; exit $?' sh "$dir/program" "$1" 2>/dev/null) || status=$?
  if [ "$status" != "$2" ] || [ "$got" != "$3" ]; then
    echo "$1: status $status, printed \"$got\"; expected status $2, \"$3\""
    exit 1
  fi
  echo "$1: status $status $got"
}
aborted=134 # 128 + SIGABRT
expect good 5 ""
expect handled $aborted "handler: gemm: c: expected 4 columns, got 5"
expect alone $aborted ""
