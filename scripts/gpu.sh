#!/bin/bash
# bash scripts/gpu.sh [FOLDER]: on a machine with a GPU and python3 with torch, but without Node: builds the addon against that
# torch, compares the device with double precision, measures steps beside PyTorch, without our kernels and with CUDA graphs, starts the papers' recipes. Needs
# build/gpu.tar.xz (npm run gpu:pack). Eight minutes at most; every part leaves its JSON in FOLDER (gpu-results) as soon as it is done.
# DEVICE=cpu tries the script where there is no GPU.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-gpu-results}")
device=${DEVICE:-cuda}
end=$((SECONDS + ${LIMIT:-480}))
mkdir -p "$out"
tar -xJf build/gpu.tar.xz || exit 1
export PATH="$PWD/build/gpu:$PATH" VITRINE_BENCH_PYTHON=python3
VITRINE_LIBTORCH=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))') || exit 1
export VITRINE_LIBTORCH

# part NAME SECONDS COMMAND…: within its time and what is left of the whole; its output in NAME.log, its end in parts.jsonl
part() {
  local name=$1 most=$2 begin=$SECONDS left=$((end - SECONDS)) code
  shift 2
  [ "$left" -lt "$most" ] && most=$left
  if [ "$most" -lt 5 ]; then code=124; else timeout "$most" "$@" >"$out/$name.log" 2>&1; code=$?; fi
  echo "{\"part\":\"$name\",\"code\":$code,\"seconds\":$((SECONDS - begin))}" | tee -a "$out/parts.jsonl"
  return $code
}
bench() { part "$1" "$2" node --import tsx bench/run.ts "$1" --device "$device" --noisy --output "$out/$1.json" "${@:3}"; }
recipe() {
  part "$1" 60 node dist/cli/main.js train "$1" --device "$device" --max-steps 20 --log-interval 1 \
    --output "$out/runs" --experiment "$1" --progress none "${@:2}"
}

# ways RECIPE [FLAG…]: a run as it is, one by libtorch's operators alone, one from a CUDA graph; what they do in a second stands in
# their metrics.jsonl
ways() {
  local way steps=300
  [ -n "${QUICK:-}" ] && steps=12
  for way in no-graph libtorch graph; do
    local kernels=${VITRINE_CUDA_KERNELS:-1} no=no-
    [ $way = libtorch ] && kernels=0
    [ $way = graph ] && no=
    VITRINE_CUDA_KERNELS=$kernels part "$1-$way" 60 node dist/cli/main.js train "$1" --device "$device" --max-steps "$steps" \
      --log-interval $((steps / 6)) --output "$out/runs" --experiment "$1-$way" --progress none \
      "--${no}train.graph" "${@:2}"
  done
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv >"$out/gpu.csv" 2>&1
part addon 180 node scripts/native.mjs || {
  export VITRINE_CUDA=0 # without native/cuda/, which has never been compiled against this torch
  part addon-without-graphs 180 node scripts/native.mjs || exit 1
}
part doctor 60 node dist/cli/main.js doctor
bench device 60 || {
  export VITRINE_CUDA_KERNELS=0 # without kernels of ours, if those are what failed
  part device-libtorch 60 node --import tsx bench/run.ts device --device "$device" --noisy --output "$out/device-libtorch.json"
}
bench matmul 30 ${QUICK:+--quick}
bench train-step 150 ${QUICK:+--quick}
bench gpt-step 90 ${QUICK:+--quick}
bench mae-step 90 ${QUICK:+--quick}
ways digits --train.epochs 100
ways gpt-shakespeare-laptop --data.name text:docs
shards=$(mktemp -d)
trap 'rm -rf "$shards"' EXIT
if part shards 60 node --import tsx campaign/make-shards.ts "$shards/imagenet" 2000; then
  for name in imagenet-crate-small imagenet-crate-mae-small-paper; do
    recipe "$name" --data.name shards:imagenet --data.dir "$shards" --batch-size 64
  done
  ways imagenet-crate-mae-small-paper --data.name shards:imagenet --data.dir "$shards" --batch-size 64
fi
grep -c '"code":0' "$out/parts.jsonl"
