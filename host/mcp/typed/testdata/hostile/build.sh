#!/bin/sh
# Builds guest.wasm, with the tools that internal/guests/build.sh has installed.
set -eu
cd "$(dirname "$0")"
top=$(cd ../../../../.. && pwd)
cache=$top/.cache/guests
PATH=$cache/venv/bin:$(echo "$cache"/cargo-*/bin):$PATH
export ZIG_GLOBAL_CACHE_DIR="$cache/zig" ZIG_LOCAL_CACHE_DIR="$cache/zig"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/wit/deps"
cp wit/world.wit "$work/wit"
cp "$top/wit/deps/wattle/mcp.wit" "$work/wit/deps"
wit-bindgen c --world hostile --out-dir "$work" "$work/wit" > "$work/log" || { cat "$work/log"; exit 1; }
cc() {
	python -m ziglang cc -target wasm32-freestanding -mcpu=mvp+bulk_memory+mutable_globals+sign_ext+nontrapping_fptoint \
		-std=c23 -O2 -g0 -ffreestanding -fno-builtin -fno-sanitize=all -I"$top/internal/guests/lib" -I"$work" "$@"
}
cc -w -c -ffunction-sections -fdata-sections -o "$work/hostile.o" "$work/hostile.c"
cc -Wall -Wextra -Werror -c -ffunction-sections -o "$work/lib.o" "$top/internal/guests/lib/lib.c"
cc -Wall -Wextra -Werror -o "$work/core.wasm" main.c "$work/hostile.o" "$work/lib.o" "$work/hostile_component_type.o" \
	-nostdlib -Wl,--no-entry -Wl,--gc-sections -Wl,--strip-debug -Wl,-z,stack-size=65536
wasm-tools component new "$work/core.wasm" -o guest.wasm
