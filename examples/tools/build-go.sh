#!/bin/sh
# Builds one example: build-go.sh DIRECTORY OUTPUT
# Needs Go and Node, and nothing else. The result is the same, byte for byte,
# wherever it is built.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
dir=$1
out=$2

# The optional packages are native bindings of jco features that are not used here.
[ -d "$tools/node_modules" ] || npm --prefix "$tools" install --no-save --omit=optional --ignore-scripts --no-audit --no-fund

core=$(mktemp)
trap 'rm -f "$core"' EXIT
cd "$dir"
# The ID of a build changes with every line of every package, used or not.
# HTTP/2 is on the host's side of the connection; net/http without it is smaller.
GOOS=wasip1 GOARCH=wasm GOFLAGS='' CGO_ENABLED=0 \
	go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags=-buildid= -tags nethttpomithttp2 -o "$core" .
node "$tools/wrap.mjs" world.wit "$core" "$out"
