#!/bin/sh
# networks.sh simdnn_bench DIR: compares simdnn with each peer on the lists in shapes/. Writes one
# JSON file to DIR for each list, direction and peer. The script continues if a problem fails (exit
# code 1), and if a peer is missing or does not have the op (2): simdnn_bench prints this.
set -eu
bench=$1 out=$2
shapes=$(dirname "$0")/shapes

for list in "$shapes"/conv_*.txt "$shapes/gemm_squares.txt" "$shapes/inner_product_networks.txt"; do
  name=$(basename "$list" .txt)
  case $name in
    conv_choice) continue ;;  # not a network's layers: for --choice
    inner_product_*) op=inner_product ;;
    *) op=${name%%_*} ;;
  esac
  for direction in FWD_I BWD_D BWD_W; do
    for peer in onednn openblas eigen; do
      "$bench" --op "$op" --dir "$direction" --peer "$peer" --threads "$(nproc)" \
        --json "$out/$name-$direction-$peer.json" --shapes "$list" || [ $? -le 2 ]
    done
  done
done
