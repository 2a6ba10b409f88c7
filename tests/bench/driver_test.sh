#!/bin/sh
# driver_test.sh simdnn_bench SHAPES_DIR OPERATIONS.TXT: the driver's closing lines, exit codes and messages.
set -eu
bench=$1
shapes=$2
operations=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
  echo "FAILED: $1"
  cat "$dir/out"
  exit 1
}
# expect CODE PATTERN ARGUMENTS...: the exit code, and an extended pattern for the last line.
expect() {
  code=$1 pattern=$2
  shift 2
  status=0
  "$bench" "$@" >"$dir/out" 2>&1 || status=$?
  [ "$status" -eq "$code" ] || fail "exit code $status, expected $code: $*"
  tail -n 1 "$dir/out" | grep -Eq "$pattern" || fail "last line is not $pattern: $*"
}

number='[0-9]+\.[0-9]+'
none='none ratio=none geomean=none min=none at=none'
small='mb2_ic16ih8_oc16oh8_kh3_ph1_n"net:small*3"'

for isa in sse42 avx2 avx512; do
  # A CPU without it: the rest still holds for the others.
  "$bench" --isa $isa --mode check "$small" >"$dir/out" 2>&1 ||
    grep -q 'this CPU runs' "$dir/out" || fail "--isa $isa"
  grep -q 'this CPU runs' "$dir/out" && continue
  for dir_name in FWD_I FWD_T BWD_D BWD_W; do
    expect 0 "^checked=2 failed=0 worst=$number at=(net:small|mb1.*)\$" --isa $isa --mode check \
      --dir $dir_name "$small" mb1_ic3ih9_oc20oh5_kh3_sh2_ph1
  done
  expect 0 "^checked=1 failed=0 worst=$number at=.*\$" --isa $isa --mode check --op gemm 33x47:47x29
  expect 0 "^checked=1 failed=0 worst=$number at=.*\$" --isa $isa --mode check --op inner_product \
    mb3ic40oc17
done
expect 0 "^total simdnn=$number peer=$none\$" --peer none --seconds 0.01 "$small"
expect 0 "^checked=5 failed=0 worst=$number at=alexnet:conv[1-5]\$" --mode check --batch 1 \
  --shapes "$shapes/conv_alexnet.txt"
expect 0 "^choice within10%=[01]\.[0-9]+ problems=2 geomean=$number worst=$number at=(net:small|mb1.*)\$" \
  --choice --algorithm all --seconds 0.01 "$small" mb1_ic20ih7_oc20oh7_kh1
for rival in direct im2col winograd_4x4_3x3; do
  grep -q "^net:small\*3 .* $rival=[0-9]" "$dir/out" || fail "--choice leaves out $rival"
done
grep -q 'reference' "$dir/out" && fail '--choice measures what is not chosen'
expect 0 "^total simdnn=$number peer=$none\$" --peer none --errors --seconds 0.01 "$small"
grep -q 'max error .*rms error' "$dir/out" || fail '--errors has no heading'
grep -Eq '^net:small.* [0-9.]+e-0[0-9] +[0-9.]+e-0[0-9] *$' "$dir/out" || fail '--errors has no columns'
expect 0 "^checked=1 failed=0 " --mode check --algorithm winograd_4x4_3x3 "$small"
grep -Eq "^net:small.* winograd_4x4_3x3 .* [0-9]+\.[0-9]{2}\$" "$dir/out" || fail 'Winograd beside direct'
expect 0 '^checked=[1-9][0-9]* failed=0 ' --mode check --fixed --post-ops bias+relu
grep -q ' fixed ' "$dir/out" || fail '--fixed runs something else'
expect 0 '^checked=1 failed=0 ' --mode check --executor pool --threads 2 "$small"
expect 0 '^checked=1 failed=0 ' --mode check --executor pool --threads 3 --op softmax 64x100
for n in 0 1; do
  kept="openmp=$number pool=$number"
  expect 0 "^neighbours=$n cpus=[1-9][0-9]* fair=[01]\.[0-9]+ $kept\$" --neighbours $n --threads 2 --peer none \
    --seconds 0.01 "$small" mb1_ic20ih7_oc20oh7_kh1
  for side in openmp pool; do
    grep -Eq "^net:small +$side +$number +$number +$number +$number\$" "$dir/out" || fail "--neighbours has no $side"
  done
done
expect 0 "^neighbours=1 .* fair=[01]\.[0-9]+ $kept\$" --neighbours 1 --threads 2 --peer none --seconds 0.01 --op gemm \
  64x64:64x64
expect 2 '^simdnn_bench: --neighbours: expected one algorithm' --neighbours 1 --mode check "$small"
expect 2 '^simdnn_bench: --command: expected --neighbours' --command true
expect 3 '^beside$' --neighbours 1 --command 'echo beside; exit 3'
# The neighbours compute beside the command, and end with the program, also if it is killed.
# shellcheck disable=SC2016
states='for p in $(cat /proc/$PPID/task/$PPID/children); do echo neighbour $p $(grep State /proc/$p/status); done'
for end in true 'kill -9 $PPID'; do
  "$bench" --neighbours 2 --command "$states; $end" >"$dir/out" 2>&1 || true
  [ "$(grep -c '^neighbour .* R (running)$' "$dir/out")" -eq 2 ] || fail 'expected two processes that run'
  for process in $(sed -n 's/^neighbour \([0-9]*\) .*/\1/p' "$dir/out"); do
    tries=0
    # A zombie has ended too; its parent has not asked yet.
    while grep -q '^State:.[^Z]' "/proc/$process/status" 2>/dev/null; do
      tries=$((tries + 1))
      [ $tries -lt 50 ] || fail "process $process is still there after: $end"
      sleep 0.1
    done
  done
done
expect 1 '^checked=1 failed=1 ' --mode check --fixed "$small"
expect 2 '^simdnn_bench: --fixed: expected .*, got inner_product$' --fixed --op inner_product
expect 2 '^simdnn_bench: --fixed: expected a forward pass' --fixed --algorithm all
expect 2 '^simdnn_bench: --choice: expected all algorithms' --choice --mode check "$small"
expect 2 '^simdnn_bench: --choice: expected all algorithms' --choice --algorithm direct "$small"
expect 2 '^simdnn_bench: --dir: expected one of FWD_I, FWD_T, BWD_D, BWD_W, got "FORWARD"$' --dir FORWARD "$small"
expect 2 '^simdnn_bench: --peer: expected one of onednn, openblas, eigen, best, sum, none, got "mkl"$' --peer mkl "$small"
expect 2 '^simdnn_bench: problems: expected --shapes' --op conv
expect 1 '^checked=1 failed=1 ' --mode check mb1_ic16ih8

for peer in onednn openblas eigen; do
  for op in conv gemm; do
    problem=$small
    [ $op = gemm ] && problem='24x40:40x24n"net:small"'
    status=0
    "$bench" --op $op --peer $peer --seconds 0.01 --json "$dir/json" "$problem" >"$dir/out" 2>&1 ||
      status=$?
    if [ $status -ne 0 ]; then
      grep -q "Debian package lib\|--peer: expected one that has $op, got $peer\$" "$dir/out" ||
        fail "--peer $peer --op $op"
    else
      tail -n 1 "$dir/out" | grep -Eq \
        "^total simdnn=$number peer=$number ratio=$number geomean=$number min=$number at=.*small\$" ||
        fail "last line with --peer $peer"
      for key in context benchmarks name run_type iterations real_time cpu_time time_unit; do
        grep -q "\"$key\":" "$dir/json" || fail "--json lacks $key"
      done
      grep -q "\"name\": \"$peer/$op/FWD_I/net:small\"" "$dir/json" || fail "--json lacks the peer"
    fi
  done
done

# Every pass of operations.txt that has problems there.
ran=0
while IFS='|' read -r name passes layouts problems; do
  case $name in '#'*) continue ;; esac
  for pass in $passes; do
    op=${pass%%_forward*}
    op=${op%%_backward*}
    dir_name=FWD_I
    case $pass in *_backward_weights) dir_name=BWD_W ;; *_backward*) dir_name=BWD_D ;; esac
    for problem in $problems; do
      expect 0 "^checked=([2-9]|1[0-9]) failed=0 worst=$number " --mode check --algorithm all --op "$op" --dir $dir_name "${problem#*=}"
      expect 0 "^total simdnn=$number peer=$none\$" --peer none --seconds 0.01 --batch 2 --op "$op" \
        --dir $dir_name "${problem#*=}"
      ran=$((ran + 1))
    done
  done
done <"$operations"
[ $ran -ge 12 ] || fail "only $ran passes of operations.txt"
expect 1 '^total ' --op softmax --dir BWD_W 3x5
grep -q 'FAILED: --dir: expected a pass that softmax has, got BWD_W$' "$dir/out" || fail 'no pass'
expect 1 '^checked=1 failed=1 ' --op softmax --mode check 3x5x7
grep -q 'softmax_forward: sizes: expected 2 dimensions (layout nc), got 3x5x7' "$dir/out" || fail 'another rank'
expect 0 '^checked=[2-9] failed=0 ' --op gemm --dir BWD_D --mode check --algorithm all 5x7:7x9
expect 2 '^simdnn_bench: --random: expected conv, inner_product or gemm FWD_I, got lrn FWD_I$' --op lrn --mode check --random 1
for dir_name in FWD_I BWD_D; do
  "$bench" --op lrn --dir $dir_name --peer onednn --seconds 0.01 mb2ic35ih6ls5_alpha0.5 >"$dir/out" 2>&1 || {
    grep -q 'Debian package libdnnl-dev' "$dir/out" && break
    fail "oneDNN's lrn"
  }
  grep -Eq '^mb2ic35.* [0-9.]+e-0[5-9] *$' "$dir/out" || fail "oneDNN's lrn has other results"
done
