#!/bin/sh
# verbose_test.sh ROOT CXX: SIMDNN_VERBOSE prints a line a call to stderr, nothing without it or where it
# was compiled out, and a trace is JSON.
set -eu
root=$1 CXX=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/program.cpp" <<'END'
#include <simdnn/trace/chrome_trace.hpp>
#include <simdnn/ops/softmax.hpp>
#include <simdnn/parallel/pool.hpp>
int main(int argc, char** argv) {
  simdnn::tensor<float, "nc"> x({2, 3});
  if (argc > 2) {
    const simdnn::pool too_many(simdnn::usable_cpus() + 1, 0);
    for (int call = 0; call < 3; ++call) simdnn::softmax_forward(x, x, too_many);
    return 0;
  }
  const simdnn::chrome_trace trace;
  simdnn::softmax_forward(x, x, simdnn::serial{});
  trace.save(argv[1]);
}
END
build() { "$CXX" -std=c++20 -O1 -DSIMDNN_BASELINE "$@" -I "$root/include" "$dir/program.cpp" -o "$dir/program"; }
run() { "$dir/program" "$dir/trace.json" "$@" 2>&1; }
fail() { echo "FAILED: $*"; exit 1; }

build
number='[0-9]+\.[0-9]+'
unset SIMDNN_VERBOSE
[ -z "$(run)" ] || fail "prints without SIMDNN_VERBOSE"
[ -z "$(SIMDNN_VERBOSE=0 run)" ] || fail "prints with SIMDNN_VERBOSE=0"
line=$(SIMDNN_VERBOSE=1 run)
echo "$line" | grep -Eq "^simdnn: softmax_forward 2x3 float nc:nc sse2 direct threads=1 ms=$number GFLOP/s=0\.0 GB/s=$number\$" ||
  fail "SIMDNN_VERBOSE=1 prints $line"
[ -z "$(run too_many_threads)" ] || fail "warns without SIMDNN_VERBOSE"
warned=$(SIMDNN_VERBOSE=1 run too_many_threads)
[ "$(echo "$warned" | grep -Ec '^simdnn: warning: softmax_forward: expected at most [0-9]+ threads')" -eq 1 ] &&
  [ "$(echo "$warned" | wc -l)" -eq 4 ] || fail "expected one warning and three calls, got $warned"
python3 - "$dir/trace.json" <<'END' || fail "the trace"
import json, sys
(event,) = json.load(open(sys.argv[1]))["traceEvents"]
assert event["name"] == "softmax_forward direct" and event["ph"] == "X" and event["dur"] >= 0, event
END

build -DSIMDNN_NO_CALL_RECORDS
[ -z "$(SIMDNN_VERBOSE=1 run)" ] || fail "prints though it was compiled out"
grep -q '"name"' "$dir/trace.json" && fail "records though they were compiled out"
echo "$line"
