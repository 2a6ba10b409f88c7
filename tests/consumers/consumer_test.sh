#!/bin/sh
# consumer_test.sh FROM ROOT BUILD CXX: a user's project takes simdnn from the source tree ROOT by
# add_subdirectory, FetchContent or as a Meson subproject, or from an installation of BUILD by
# find_package or pkg-config; compiles with CXX, and runs.
set -eu
from=$1 root=$2 build=$3 CXX=$4
here=$root/tests/consumers
work=$build/consumers/$from
rm -rf "$work"
mkdir -p "$work"
export CXX
unset SIMDNN_MAX_ISA CXXFLAGS LDFLAGS

expect() { # PATTERN COMMAND...
  pattern=$1
  shift
  got=$("$@")
  # shellcheck disable=SC2254 # a pattern
  case $got in
    $pattern) echo "$got" ;;
    *) echo "$*: printed \"$got\", expected $pattern"; exit 1 ;;
  esac
}

need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || { echo "skipped: $1 is not installed (Debian: $2)"; exit 77; }
}

case $from in
  add_subdirectory | FetchContent | find_package)
    [ "$from" != find_package ] || cmake --install "$build" --prefix "$work/prefix" >/dev/null
    cmake -G Ninja -S "$here/cmake" -B "$work/build" -DFROM="$from" -DSIMDNN_ROOT="$root" \
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$work/prefix"
    cmake --build "$work/build"
    for program in "$work"/build/bin/variants*; do
      expect "isa=* dot=600" "$program"
    done
    expect "isa=sse2 sum=1" "$work/build/bin/plain"
    expect "isa=* sum=1" "$work/build/bin/native"
    ;;
  pkg-config)
    need pkg-config pkg-config
    cmake --install "$build" --prefix "$work/prefix" >/dev/null
    PKG_CONFIG_PATH=$work/prefix/share/pkgconfig
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046 # a list of flags
    "$CXX" -std=c++20 -O1 $(pkg-config --cflags simdnn) "$here/plain.cpp" -o "$work/plain"
    expect "isa=sse2 sum=1" "$work/plain"
    ;;
  meson)
    need meson meson
    mkdir -p "$work/project/subprojects"
    cp "$here/meson/meson.build" "$here"/*.[ch]pp "$work/project"
    ln -s "$root" "$work/project/subprojects/simdnn"
    meson setup "$work/build" "$work/project"
    meson compile -C "$work/build"
    expect "isa=* dot=600" "$work/build/variants"
    expect "isa=sse2 sum=1" "$work/build/plain"
    ;;
esac
