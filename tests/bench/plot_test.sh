#!/bin/sh
# plot_test.sh PLOT.PY isa_bench simdnn_bench: the pictures of a few small measurements.
set -eu
plot=$1 isa_bench=$2 simdnn_bench=$3
# Debian's matplotlib is for Debian's Python, which need not be the first one.
for python in python3 /usr/bin/python3 ''; do
  "$python" -c 'import matplotlib' 2>/dev/null && break
done
if [ -z "$python" ]; then
  echo "skipped: no matplotlib (Debian: python3-matplotlib)"
  exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
  echo "FAILED: $1"
  cat "$dir/out"
  exit 1
}
pictures() {
  for name; do
    for form in png svg; do
      [ -s "$dir/pictures/$name.$form" ] || fail "no $name.$form"
    done
  done
}

"$isa_bench" --benchmark_min_time=0.001 --benchmark_repetitions=1 --benchmark_out="$dir/json" \
  --benchmark_filter='(machine|(reorder|conv/forward/3x3/direct).*L1).*threads:1/' \
  >"$dir/out" 2>&1 || fail isa_bench
files=$dir/json
if "$simdnn_bench" --peer onednn --seconds 0.01 --json "$dir/net.json" >"$dir/out" 2>&1 \
  'mb1_ic16ih8_oc16oh8_kh3_ph1_n"net:first"' 'mb1_ic16ih8_oc16oh8_kh1_n"net:second"'; then
  files="$files $dir/net.json"
elif ! grep -q libdnnl-dev "$dir/out"; then
  fail simdnn_bench
fi
# shellcheck disable=SC2086
"$python" "$plot" $files -o "$dir/pictures" >"$dir/out" 2>&1 || fail plot.py
pictures bars_conv_1_thread bars_reorder_1_thread roofline_1_thread
[ "$files" = "$dir/json" ] || pictures net
grep -q 'compiler: ' "$dir/pictures/roofline_1_thread.svg" || fail 'no caption'
