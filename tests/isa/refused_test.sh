#!/bin/sh
# refused_test.sh ROOT CXX: cmake/localize_isa_object.sh refuses, with a reason, what would run
# before main on any CPU and what was compiled for another ISA than asked.
set -eu
root=$1 CXX=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unique=-fno-gnu-unique
"$CXX" $unique -fsyntax-only -x c++ /dev/null 2>/dev/null || unique=  # clang has none

compile() { # OBJECT, code beside the kernels on stdin
  { cat "$root/tests/consumers/kernels.cpp" -; } >"$work/kernels.cpp"
  # shellcheck disable=SC2086 # one flag or none
  "$CXX" -std=c++20 $unique -mavx2 -mfma -I"$root/include" -I"$root/tests/consumers" \
    -c "$work/kernels.cpp" -o "$work/$1"
}

refuses() { # OBJECT SYMBOL REASON
  if said=$("$root/cmake/localize_isa_object.sh" ld objcopy nm readelf \
    "$2" "$work/out.o" "$work/$1" 2>&1); then
    echo "not refused, expected: $3"
    exit 1
  fi
  case $said in
    *"$3"*) echo "$said" ;;
    *) echo "refused with \"$said\", expected: $3"; exit 1 ;;
  esac
  [ ! -e "$work/out.o" ] || { echo "the refused object was left behind"; exit 1; }
}

compile plain.o </dev/null
compile initialiser.o <<'END'
int before_main();
int global = before_main();
END
refuses initialiser.o simdnn_isa_kernels_avx2 "runs static initialisers before main"
refuses plain.o simdnn_isa_kernels_avx512 \
  "defines simdnn_isa_kernels_avx2, expected simdnn_isa_kernels_avx512"
refuses plain.o simdnn_isa_other_avx2 "defines no SIMDNN_ISA_TABLE, expected simdnn_isa_other_avx2"
