#!/bin/sh
# consumer_test.sh FROM ROOT BUILD CXX: a user's project takes simdnn from the source tree ROOT by
# add_subdirectory, FetchContent or as a Meson subproject, from an installation of BUILD by
# find_package or pkg-config, from the Conan recipe, the vcpkg port or as a single header; compiles
# with CXX, and runs. export: a library that took it by FetchContent is installed and used. doxygen
# makes the pages that a user reads.
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

consume() { # CMAKE_OPTION...
  cmake -G Ninja -S "$here/cmake" -B "$work/build" -DFROM="$from" -DCMAKE_BUILD_TYPE=Release "$@"
  cmake --build "$work/build"
  for program in "$work"/build/bin/variants*; do
    expect "isa=* dot=600" "$program"
  done
  expect "isa=sse2 sum=1" "$work/build/bin/plain"
  expect "3x3 gemm=3" "$work/build/bin/compiled"
  [ "$from" = conan ] || expect "isa=* sum=1" "$work/build/bin/native"
}

make_target() { # TARGET, built in a new configuration of ROOT
  cmake -G Ninja -S "$root" -B "$work/build" -DSIMDNN_TESTS=OFF -DSIMDNN_BENCH=OFF \
    -DSIMDNN_EXAMPLES=OFF
  cmake --build "$work/build" --target "$1"
}

case $from in
  add_subdirectory | FetchContent)
    consume -DSIMDNN_ROOT="$root"
    ;;
  export)
    cmake -G Ninja -S "$here/export" -B "$work/library" -DSIMDNN_ROOT="$root" \
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/prefix"
    cmake --build "$work/library"
    cmake --install "$work/library" >/dev/null
    # simdnn's headers and configuration files, and what is the library's.
    if find "$work/prefix" -type f | grep -v -e "^$work/prefix/include/simdnn/.*\.hpp$" \
      -e "^$work/prefix/include/simdnn/ops/operations.txt$" \
      -e "^$work/prefix/share/\(cmake/simdnn\|pkgconfig\)/" -e "/[a-z]*kernels[a-z.-]*$"; then
      echo "these were installed unasked"
      exit 1
    fi
    cmake -G Ninja -S "$here/export/user" -B "$work/user" -DCMAKE_PREFIX_PATH="$work/prefix"
    cmake --build "$work/user"
    expect "isa=* dot=600" "$work/user/user"
    ;;
  find_package)
    cmake --install "$build" --prefix "$work/prefix" >/dev/null
    consume -DCMAKE_PREFIX_PATH="$work/prefix"
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
    expect "3x3 gemm=3" "$work/build/compiled"
    ;;
  conan)
    need python3 python3
    need pkg-config pkg-config
    venv=$build/conan
    if ! "$venv/bin/conan" --version >/dev/null 2>&1; then
      if ! python3 -m venv --clear "$venv" || ! "$venv/bin/pip" install -q "conan>=2,<3"; then
        echo "skipped: conan could not be installed (Debian: python3-venv; the rest is pip's)"
        exit 77
      fi
    fi
    # Only for what follows, in this directory alone.
    PATH=$venv/bin:$PATH CONAN_HOME=$work/home
    export PATH CONAN_HOME
    conan profile detect
    set -- --no-remote -s compiler.cppstd=20 -c tools.cmake.cmaketoolchain:generator=Ninja
    conan create "$here/conan/xsimd" "$@"
    mkdir "$work/test_package"  # conan builds in it
    cp "$root"/test_package/*.* "$work/test_package"
    conan create "$root" --test-folder="$work/test_package" "$@"
    conan install --requires="simdnn/[*]" "$@" \
      -g CMakeDeps -g CMakeToolchain -g PkgConfigDeps --output-folder="$work/deps"
    consume -DCMAKE_TOOLCHAIN_FILE="$work/deps/conan_toolchain.cmake"
    PKG_CONFIG_LIBDIR=$work/deps
    export PKG_CONFIG_LIBDIR
    expect "*-I$work/home/*-I$work/home/*" pkg-config --cflags simdnn
    expect "*-fopenmp*" pkg-config --cflags simdnn
    ;;
  vcpkg)
    need pkg-config pkg-config
    install_port() { # DIR FEATURES
      cmake -DROOT="$root" -DDIR="$1" -DFEATURES="$2" -P "$here/vcpkg/install_port.cmake"
    }
    install_port "$work" openmp
    consume -DFEATURES=openmp -DCMAKE_PREFIX_PATH="$work/installed/x64-linux"
    if [ -e /usr/include/oneapi/dnnl/dnnl.hpp ]; then
      install_port "$work/onednn" onednn
      cmake -G Ninja -S "$here/cmake" -B "$work/onednn/build" -DFROM=vcpkg -DFEATURES=onednn \
        -DCMAKE_PREFIX_PATH="$work/onednn/installed/x64-linux"
    else
      echo "without the feature onednn: oneDNN is not installed (Debian: libdnnl-dev)"
    fi
    ;;
  single_header)
    need python3 python3
    make_target simdnn_single_header
    # The README's first program, with the one header in the place of simdnn's.
    # shellcheck disable=SC2016 # no command
    sed -n '/^```cpp$/,/^```$/{/^```$/q;/^```/d;p;}' "$root/README.md" |
      sed '/#include <simdnn\//d; 1i #include <simdnn.hpp>' >"$work/program.cpp"
    set -- -std=c++20 -Wall -Wextra -DSIMDNN_BASELINE -I "$work/build/single_include"
    "$CXX" "$@" -c "$here/single_header/other.cpp" -o "$work/other.o"
    "$CXX" "$@" "$work/program.cpp" "$work/other.o" -o "$work/program"
    expect "winograd_*: 0" "$work/program"
    case $("$CXX" --version) in
      *clang*) other=g++ ;;
      *) other=clang++-19 ;;
    esac
    if command -v "$other"; then
      "$other" "$@" -fsyntax-only "$work/program.cpp"
    fi
    ;;
  doxygen)
    need doxygen doxygen
    make_target simdnn_docs
    page() { # FILE TEXT
      grep -q "$2" "$work/build/docs/html/$1" || { echo "$1 does not say \"$2\""; exit 1; }
    }
    page index.html "choose the memory layout"
    page classsimdnn_1_1plan.html "called from many threads"
    page classsimdnn_1_1plan.html "order in which this plan reads"
    page conv_8hpp.html "may be blocked"
    page namespacesimdnn_1_1isa.html "limits the choice"
    ;;
esac
