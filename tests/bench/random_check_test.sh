#!/bin/sh
# random_check_test.sh simdnn_bench: random problems pass on each ISA, the same ones for the same
# seed, and a planted fault is found in all of them.
set -eu
bench=$1
out=$(mktemp)
trap 'rm -f "$out"' EXIT

fail() {
  echo "FAILED: $1"
  cat "$out"
  exit 1
}
number='[0-9]+\.[0-9]+'

for isa in sse42 avx2 avx512; do
  status=0
  "$bench" --mode check --isa $isa --random 20 --seed 1 >"$out" 2>&1 || status=$?
  grep -q 'this CPU runs' "$out" && continue
  [ $status -eq 0 ] || fail "--isa $isa"
  [ "$(grep -Ec "^(conv|gemm|inner_product) +(FWD_I|BWD_D|BWD_W) +checked=[1-9][0-9]* refused=[0-9]+ failed=0 worst=$number at=" "$out")" -eq 7 ] ||
    fail "--isa $isa does not check all ops and passes"
  tail -n 1 "$out" | grep -Eq "^checked=[1-9][0-9]* refused=[0-9]+ failed=0 worst=$number at=" ||
    fail "--isa $isa has no total"

  status=0
  "$bench" --mode check --isa $isa --random 20 --seed 1 --plant >"$out" 2>&1 || status=$?
  [ $status -eq 1 ] || fail "--isa $isa --plant has exit code $status"
  tail -n 1 "$out" | sed -E 's/checked=([0-9]+) .* failed=([0-9]+) .*/\1 \2/' >"$out.counts"
  read -r checked failed <"$out.counts"
  rm "$out.counts"
  [ "$checked" -gt 0 ] && [ "$checked" -eq "$failed" ] || fail "--isa $isa --plant: not all were found"
  # The first failure is found again from its line alone.
  line=$(grep '^FAILED' "$out" | head -n 1)
  again=$(echo "$line" | sed -E 's/.*: (conv) (FWD_I) (--seed [0-9]+ --first [0-9]+) .*/--op \1 --dir \2 \3/')
  "$bench" --mode check --isa $isa --random 1 --plant $again >"$out" 2>&1 || true
  grep -qF "$line" "$out" || fail "--isa $isa: $again does not repeat $line"
done

# expect PATTERN ARGUMENTS...
expect() {
  pattern=$1
  shift
  status=0
  "$bench" "$@" >"$out" 2>&1 || status=$?
  [ $status -eq 2 ] || fail "exit code $status, expected 2: $*"
  grep -Eq "$pattern" "$out" || fail "no line is $pattern: $*"
}
expect '^simdnn_bench: --random: expected a number of at least 1, got "0"$' --mode check --random 0
expect '^simdnn_bench: --random: expected a number of at least 1, got "many"$' --mode check --random many
expect '^simdnn_bench: --seed: expected a number of at least 0, got "-1"$' --mode check --random 1 --seed -1
expect '^simdnn_bench: --random: expected --mode check and ' --random 5
expect '^simdnn_bench: --random: expected --mode check and ' --mode check --random 5 mb1_ic16ih8oc16kh1
expect '^simdnn_bench: --seed, --first, --plant: expected --random' --mode check --seed 1 mb1_ic16ih8oc16kh1
expect '^simdnn_bench: --op: expected one of gemm, .*, got "pool"$' --mode check --random 5 --op pool
expect '^simdnn_bench: --random: expected conv, inner_product or gemm FWD_I, got gemm BWD_D$' --mode check --random 5 --op gemm --dir BWD_D
