#!/bin/sh
# localize_isa_object.sh LD OBJCOPY NM READELF SYMBOL OUT IN...
# Links the objects of one ISA into one object in which only SYMBOL is visible. Otherwise the linker
# could keep the copy of an inline function or template that was compiled here for the whole
# program, and the program would crash on an older CPU.
set -eu
ld=$1 objcopy=$2 nm=$3 readelf=$4 symbol=$5 out=$6
shift 6

refuse() {
  echo "simdnn: $out: $*" >&2
  rm -f "$out"
  exit 1
}

# Dissolves COMDAT groups. Otherwise the linker would drop a group whose name it has seen before,
# and with it functions that this object calls by names that are local by then.
"$ld" -r --force-group-allocation -o "$out" "$@"
defined=$("$nm" --defined-only "$out")
case $defined in
  *" $symbol"*) ;;
  *)
    found=$(echo "$defined" | sed -n "s/.* \(${symbol%_*}_[a-z0-9]*\)\$/\1/p")
    refuse "defines ${found:-no SIMDNN_ISA_TABLE}, expected $symbol: is the table's name right," \
      "and does an -march among the flags change the ISA?"
    ;;
esac
"$objcopy" --keep-global-symbol="$symbol" "$out"

weak=$("$nm" --defined-only "$out" | sed -n 's/^[0-9a-f]* [uVvWw] //p')
[ -z "$weak" ] || refuse "has weak symbols:" "$weak"

# Sanitizers register themselves in initialisers, which are not user code.
if "$readelf" -SW "$out" | grep -Eq '\.(init_array|ctors)' &&
  ! "$nm" -u "$out" | grep -q '__asan_\|__ubsan_'; then
  refuse "runs static initialisers before main, on any CPU" \
    "(<iostream>, or a global variable that is not constinit)"
fi
