#!/bin/sh
set -eu
cd "$(dirname "$0")"
../tools/build-go.sh "$PWD" recipes.wasm
