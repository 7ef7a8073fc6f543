#!/bin/sh
# Builds faulty.wasm with the tools and bindings of the examples, as if it stood
# among them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../../examples
tools=$examples/tools
[ -d "$tools/node_modules" ] || npm --prefix "$tools" ci --ignore-scripts --no-audit --no-fund
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '{"Replace":{"%s/internal/faulty/main.go":"%s/main.go"}}' "$(cd "$examples" && pwd)" "$here" >"$work/overlay.json"
cd "$examples"
GOOS=wasip1 GOARCH=wasm GOFLAGS='' CGO_ENABLED=0 \
	go build -overlay "$work/overlay.json" -buildmode=c-shared -trimpath -buildvcs=false -o "$work/core.wasm" ./internal/faulty
node tools/wrap.mjs hello-http/world.wit "$work/core.wasm" "$here/faulty.wasm"
