#!/bin/sh
# size_test.sh PROGRAM: examples/20_dispatch, gemm for three ISAs, is less than 1.5 MB without symbols.
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$1" || exit 1
bytes=$(wc -c <"$stripped")
echo "bytes=$bytes"
[ "$bytes" -gt 100000 ] && [ "$bytes" -lt 1500000 ]
