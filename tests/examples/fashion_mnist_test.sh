#!/bin/sh
# fashion_mnist_test.sh PROGRAM MODE
#   usage   data that is missing and options that are wrong are told in words, with the right exit code
#   learn   one epoch learns, and gives the same picture on one thread, on two, and on a pool of two
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$*"
  exit 1
}

expect() { # CODE WORDS OPTION...
  code=$1 words=$2
  shift 2
  said=$("$program" --picture "$work/picture.svg" "$@" 2>&1)
  actual=$?
  [ "$actual" = "$code" ] || fail "$*: exit code $actual, expected $code: $said"
  case $said in
    *"$words"*) ;;
    *) fail "$*: expected \"$words\", said: $said" ;;
  esac
}

case $2 in
  usage)
    expect 1 "apt-get install dataset-fashion-mnist" --data "$work"
    : >"$work/train-images-idx3-ubyte.gz"
    expect 1 "damaged or too short" --data "$work"
    expect 2 '--batch: expected a number from 1 to 10000, got "0"' --batch 0
    expect 2 "option: expected one of those below, got --epoch" --epoch 3
    expect 2 "--threads: expected a value, got none" --threads
    expect 2 '--executor: expected openmp, pool or serial, got "tbb"' --executor tbb
    expect 0 "--epochs N" --help
    ;;
  learn)
    if ! [ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
      echo "skipped: no images; apt-get install dataset-fashion-mnist"
      exit 77
    fi
    for run in 'openmp 1' 'openmp 2' 'pool 2'; do
      executor=${run% *} threads=${run#* }
      name=$work/$executor$threads
      "$program" --epochs 1 --threads "$threads" --executor "$executor" --picture "$name.svg" >"$name.log" ||
        fail "exit code $?"
      cat "$name.log"
      cmp "$work/openmp1.svg" "$name.svg" || fail "$executor with $threads threads draws another picture than one thread"
    done
    grep -Eqx 'test accuracy: 0\.(8[5-9]|9[0-9])[0-9]{2}' "$work/openmp1.log" || fail "it did not learn"
    ;;
esac
