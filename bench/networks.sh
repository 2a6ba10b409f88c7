#!/bin/sh
# networks.sh simdnn_bench DIR: simdnn beside each peer on the lists in shapes/, one JSON file in
# DIR for each list, direction and peer. A problem that fails is told (exit code 1); so is what a peer
# does not have, or a missing peer (2), which is left out.
set -eu
bench=$1 out=$2
shapes=$(dirname "$0")/shapes

for list in "$shapes"/conv_*.txt "$shapes/gemm_squares.txt" "$shapes/inner_product_networks.txt"; do
  name=$(basename "$list" .txt)
  case $name in
    conv_choice) continue ;;  # no network's, but for --choice
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
