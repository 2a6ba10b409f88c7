#!/bin/sh
# isa_bench_test.sh isa_bench: its table, its JSON, and what it refuses.
set -eu
bench=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
  echo "FAILED: $1"
  cat "$dir/out" "$dir/err"
  exit 1
}
# expect CODE ARGUMENTS...
expect() {
  code=$1
  shift
  status=0
  "$bench" "$@" >"$dir/out" 2>"$dir/err" || status=$?
  [ "$status" -eq "$code" ] || fail "exit code $status, expected $code: $*"
}
shown() { grep -Eq "$1" "$dir/out" || fail "no line with $1"; }

quick='--benchmark_min_time=0.001 --benchmark_repetitions=2'
few='machine/.*(registers|L1)|dispatch|(relu|conv/.*/3x3/direct|gemm/.*small|inner_product)/.*L1'
number='[0-9]+\.[0-9]+'

# shellcheck disable=SC2086 # a list
expect 0 $quick --benchmark_filter="($few).*threads:1/" --benchmark_out="$dir/json"
for fact in cpu compiler flags versions; do
  shown "^$fact: ."
done
shown "^op/pass/problem/algorithm/size/threads .* rate +peak .*sse42"
shown "^machine/peak/multiply_add/chains/registers/threads:1 +GFLOP/s \| +$number +- +[0-9]+% +1\.00x"
for row in conv/forward/3x3/direct/L1 \
  conv/backward_data/3x3/direct/L1 conv/backward_weights/3x3/direct/L1 \
  gemm/forward/square/small/L1 inner_product/forward/layer/gemm/L1; do
  shown "^$row/threads:1 +GFLOP/s \| +$number +[0-9]+% +[0-9]+% +1\.00x"
done
shown "^activation/backward_data/relu/direct/L1/threads:1 +GB/s \| +$number +[0-9]+% +[0-9]+% +1\.00x"
shown "^dispatch/call/increment/table/registers/threads:1 +ns \| +$number +- "
if grep -q '/avx512/' "$dir/json"; then
  shown "^avx512 over avx2, gemm and conv 3x3 \(direct, Winograd\), L1/threads:1: ${number}x\$"
fi
shown "^a call through sse42's table costs -?$number ns more than a direct one\$"
tr '\r' '\n' <"$dir/err" | grep -q '^isa_bench:  [5-9][0-9] %$' || fail 'no progress'
for key in context cpu compiler flags versions benchmarks real_time flops bytes GFLOP/s GB/s \
  percent_of_peak speed_up_over_sse42; do
  grep -q "\"$key\":" "$dir/json" || fail "--benchmark_out lacks $key"
done

# shellcheck disable=SC2086
expect 0 $quick --benchmark_filter=dispatch --benchmark_format=json
shown '^  "benchmarks": \[$'
shown '"name": "dispatch/call/increment/direct/registers/threads:1/sse42/real_time",'

export SIMDNN_MAX_ISA=sse42
expect 0 --benchmark_filter=concat --benchmark_list_tests
shown '^concat/forward/halves/direct/memory/threads:1/sse42'
grep -q avx "$dir/out" && fail 'SIMDNN_MAX_ISA is not heard'
cp "$dir/out" "$dir/usual"
expect 0 --full --benchmark_filter=concat --benchmark_list_tests
[ "$(wc -l <"$dir/out")" -gt "$(wc -l <"$dir/usual")" ] || fail '--full adds nothing'

expect 2 --benchmark_filter=nothing
grep -q 'expected a pattern that matches a name' "$dir/err" || fail 'a filter without a match'
expect 2 --benchmark_filter='('
expect 2 --benchmark_format=csv
expect 2 --ful
