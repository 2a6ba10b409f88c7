#!/bin/sh
# dispatch_run_test.sh PROGRAM MODE: runs examples/20_dispatch and compares its last line. MODE is
#   native         the CPU's best
#   max=ISA        lowered through SIMDNN_MAX_ISA
#   Nehalem, Haswell   under qemu, as that CPU
#   errors         names that are unknown or not compiled
program=$1 mode=$2
unset SIMDNN_MAX_ISA

expect() { # PATTERN, the last line on stdin
  last=$(tail -n 1)
  # shellcheck disable=SC2254 # a pattern
  case $last in
    $1) echo "$last" ;;
    *) echo "the last line is \"$last\", expected $1"; exit 1 ;;
  esac
}

qemu() { # CPU PATTERN
  if ! command -v qemu-x86_64 >/dev/null; then
    echo "skipped: qemu-x86_64 is not installed (Debian: qemu-user)"
    exit 77
  fi
  qemu-x86_64 -cpu "$1" "$program" 2>/dev/null | expect "$2"
}

case $mode in
  native) "$program" | expect "isa=* checksum=19435105" ;;
  max=*) SIMDNN_MAX_ISA=${mode#max=} "$program" | expect "isa=${mode#max=} checksum=19435105" ;;
  Nehalem) qemu Nehalem "isa=sse42 checksum=19435105" ;;
  Haswell) qemu Haswell "isa=avx2 checksum=19435105" ;;
  errors)
    there="expected one that this program has (sse42, avx2, avx512)"
    "$program" sse2 2>&1 | expect "dispatch: isa: $there, got \"sse2\"" || exit 1
    SIMDNN_MAX_ISA=avx3 "$program" 2>&1 | expect "dispatch: SIMDNN_MAX_ISA: $there, got \"avx3\"" || exit 1
    ! "$program" avx3 2>/dev/null
    ;;
  *) echo "unknown mode $mode"; exit 1 ;;
esac
