#!/bin/sh
# localized_test.sh OBJECT...: each localised ISA object shows its entry and nothing else: no weak
# symbol, no unique one, nothing that runs before main.
status=0
for object in "$@"; do
  fail() { echo "$object: $*"; status=1; }
  symbols=$(nm "$object") || { fail "nm failed"; continue; }
  # But the runtime's own, which is looked up weakly and not defined here (abstract classes' tables).
  weak=$(echo "$symbols" | grep -E ' [uvVwW] ' | grep -v ' w __cxa_pure_virtual$')
  [ -z "$weak" ] || fail "weak symbols: $weak"
  # But C, common data without a value: the locks of OpenMP's named critical sections, which are one
  # per program.
  visible=$(echo "$symbols" | grep -E ' [ABD-TV-Z] ' | sed 's/.* //')
  case $visible in
    simdnn_isa_kernels_sse42 | simdnn_isa_kernels_avx2 | simdnn_isa_kernels_avx512) ;;
    *) fail "visible symbols: $visible" ;;
  esac
  sections=$(readelf -SW "$object") || { fail "readelf failed"; continue; }
  before=$(echo "$sections" | grep -E '\.(init_array|preinit_array|ctors)')
  [ -z "$before" ] || fail "runs before main: $before"
  groups=$(echo "$sections" | grep -w GROUP)
  [ -z "$groups" ] || fail "COMDAT groups: $groups"
done
exit $status
