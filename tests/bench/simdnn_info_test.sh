#!/bin/sh
# simdnn_info_test.sh simdnn_info simdnn_bench ROOT: what simdnn_info says of this machine and of problems,
# and that it names the algorithms that SIMDNN_VERBOSE reports when the same problems run.
set -eu
info=$1 bench=$2 root=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset SIMDNN_MAX_ISA SIMDNN_VERBOSE

fail() {
  echo "FAILED: $1"
  cat "$dir"/out "$dir"/verbose 2>/dev/null
  exit 1
}
expect() { # CODE PATTERN ARGUMENTS...: the exit code, and an extended pattern for one of the lines
  code=$1 pattern=$2
  shift 2
  status=0
  "$info" "$@" >"$dir/out" 2>&1 || status=$?
  [ "$status" -eq "$code" ] || fail "exit code $status, expected $code: $*"
  grep -Eq -- "$pattern" "$dir/out" || fail "no line with $pattern: $*"
}

for line in '^cpu +[^ ]' '^compiler +(gcc|clang) [0-9]' '^versions +simdnn [0-9.]+, xsimd [0-9.]+' \
  '^isa +compiled for sse42, avx2, avx512; this CPU runs (sse42|avx2|avx512);' \
  '^caches +L1d [0-9]+ KiB, L2 [0-9]+ KiB, L3' \
  "^threads +[0-9]+ by default; $(getconf _NPROCESSORS_ONLN) processors, $(nproc) of them allowed" \
  '^oneDNN +(built in|not built in)'; do
  expect 0 "$line"
done
limited=$(OMP_NUM_THREADS=1 taskset -c 0 "$info")
echo "$limited" | grep -q '1 of them allowed' || fail "taskset -c 0: $limited"

expect 0 'pointwise +refuses: ' --isa sse42 mb1_ic64ih8_oc64oh8_kh3_ph1
expect 0 'reference +cost .* only by name' --isa sse42 mb1_ic64ih8_oc64oh8_kh3_ph1
expect 0 'winograd_4x4_3x3 +refuses: it rounds more' --accuracy strict mb1_ic64ih8_oc64oh8_kh3_ph1
expect 0 '^pooling_forward .* double nhwc:nhwc ' --op pooling --type double --src nhwc mb1ic8ih8kh2sh2
expect 0 '^conv_pool_forward ' --op conv_pool mb1_ic64ih8_oc64oh8_kh3_ph1
expect 0 '^gemm_backward_weights 5x7:7x9 double ab:ab:ab ' --op gemm --dir BWD_W --type double 5x7:7x9
expect 0 "^activation_forward 8x8x2x2 float nChw16c:nChw16c " --op activation 8x8x2x2
expect 1 "^simdnn_info: --op: expected a name of --operations, got .activatio." --op activatio 8x8
expect 1 '^simdnn_info: --src: expected one of nChw16c.*, got "nchv"' --src nchv mb1_ic64ih8_oc64_kh3
expect 1 '^conv_problem: ' mb1_ih8_oc64_kh3
expect 1 '^dispatch: isa: expected .*, got "avx3"' --isa avx3 mb1_ic64ih8_oc64_kh3
expect 1 '^simdnn_info: --dir: expected one of FWD, BWD_D, BWD_W, got "up"' --dir up mb1_ic64ih8_oc64_kh3
expect 1 "^simdnn_info: --dir: expected a pass that softmax has, got BWD_W" --op softmax --dir BWD_W 5x7
expect 1 "^simdnn_info: --type: expected float with softmax, got double" --op softmax --type double 5x7
expect 1 '^simdnn_info: --onednn: expected an op that oneDNN has, got conv_pool' --op conv_pool --onednn \
  mb1_ic64ih8_oc64oh8_kh3_ph1
expect 2 '--help' --algorithm x
# The README's table is the algorithms' lists.
"$info" --operations >"$dir/out"
table=$(grep -c '^| ' "$dir/out")
[ "$table" -ge 11 ] || fail "--operations: $table rows"
sed -n '/^| header | passes |/,/^$/p' "$root/README.md" | sed '/^$/d' | diff - "$dir/out" ||
  fail "README.md's table of operations is not what simdnn_info --operations prints"
expect 0 'simdnn_info .OPTION' --help

agreed=0
agree() { # ISA OP BENCH'S DIRECTION DIRECTION PROBLEM
  SIMDNN_VERBOSE=1 "$bench" --peer none --seconds 0 --isa "$1" --op "$2" --dir "$3" "$5" \
    >"$dir/out" 2>"$dir/verbose" || fail "simdnn_bench $*"
  # simdnn: op problem type layouts isa algorithm threads=...
  call=$(grep -v '/pack ' "$dir/verbose" | grep -E "^simdnn: $2[a-z_]* (g[0-9]+mb|mb|[0-9])" | tail -n 1)
  [ -n "$call" ] || fail "no call of $2 reported: $*"
  # shellcheck disable=SC2086 # its words
  set -- "$@" $call
  isa=$1 op=$2 pass=$4 problem=$5 said="$7 $8 $9 ${10} ${11}" ran=${12}
  # The operands' layouts in the order of the call; that of diff_weights is not asked for.
  first=${10%%:*} second=${10#*:}
  second=${second%%:*}
  layouts="--src $first --dst $second"
  [ "$7" != conv_backward_data ] || layouts="--src $second --dst $first"
  [ "$7" != conv_backward_weights ] || said="$7 $8 $9 $first:$second ${11}"
  # shellcheck disable=SC2086
  "$info" --isa "$isa" --op "$op" --dir "$pass" $layouts "$problem" >"$dir/out" 2>&1 ||
    fail "simdnn_info of $problem"
  [ "$(head -n 1 "$dir/out")" = "$said" ] || fail "simdnn_info describes another call than $said"
  chosen=$(awk '$NF == "chosen" {print $1}' "$dir/out")
  [ "$chosen" = "$ran" ] || fail "simdnn_info says $chosen, $ran ran: $said"
  agreed=$((agreed + 1))
}
for isa in sse42 avx2 avx512; do
  "$info" --isa $isa --op gemm 1x1:1x1 >"$dir/out" 2>&1 || {
    grep -q 'this CPU runs' "$dir/out" && continue
    fail "--isa $isa"
  }
  for problem in mb1_ic64ih14_oc64oh14_kh3_ph1 mb1_ic3ih23_oc32oh11_kh3_sh2 mb1_ic64ih9_oc48oh9_kh1 \
    mb2_g32ic32ih9_oc32oh9_kh3_ph1 mb1_ic32ih9_oc32oh5_kh5_sh2_ph2 mb1_ic16iw30_oc32ow30_kw3_pw1; do
    agree $isa conv FWD_I FWD $problem
    agree $isa conv BWD_D BWD_D $problem
    agree $isa conv BWD_W BWD_W $problem
  done
  agree $isa gemm FWD_I FWD 5x7:7x9
  agree $isa gemm FWD_I FWD 200x100:100x300
  agree $isa inner_product FWD_I FWD mb3ic40oc17
done
[ "$agreed" -ge 21 ] || fail "only $agreed problems compared"
echo "agreed=$agreed"
