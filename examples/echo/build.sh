#!/bin/sh
set -eu
cd "$(dirname "$0")"
../tools/build-go.sh "$PWD/counter" "$PWD/counter.wasm"
../tools/build-go.sh "$PWD/front" "$PWD/front.wasm"
