#!/bin/sh
# Builds guest.wasm with the tools, headers and library of internal/guests.
set -eu
cd "$(dirname "$0")"
guests=$(cd ../../../../guests && pwd)
"$guests/build.sh" incoming_hello # has the tools be installed
cache=$(cd ../../../../.. && pwd)/.cache/guests
PATH=$cache/venv/bin:$PATH
PATH=$(echo "$cache"/cargo-*/bin):$PATH
export ZIG_GLOBAL_CACHE_DIR="$cache/zig" ZIG_LOCAL_CACHE_DIR="$cache/zig"
new=$(mktemp -d "$cache/new-XXXXXX")
trap 'rm -rf "$new"' EXIT
mkdir -p "$new/wit/deps"
cp world.wit "$new/wit"
cp target.wit "$guests"/../../wit/deps/wasi/*.wit "$new/wit/deps"
wit-bindgen c --world linking --rename-world wasi --all-features --out-dir "$new" "$new/wit" > "$new/log" 2>&1 || { cat "$new/log"; exit 1; }
cc() {
	python -m ziglang cc -target wasm32-freestanding -mcpu=mvp+bulk_memory+mutable_globals+sign_ext+nontrapping_fptoint \
		-std=c23 -O2 -g0 -ffreestanding -fno-sanitize=all -DPROXY -I"$guests/lib" -I"$guests" -I"$new" "$@"
}
cc -w -c -ffunction-sections -fdata-sections -o "$new/wasi.o" "$new/wasi.c"
cc -fno-builtin -c -ffunction-sections -o "$new/lib.o" "$guests/lib/lib.c"
cc -Wall -Wextra -Werror -o "$new/core.wasm" main.c "$new/wasi.o" "$new/lib.o" "$new/wasi_component_type.o" \
	-nostdlib -Wl,--no-entry -Wl,--gc-sections -Wl,--strip-debug -Wl,-z,stack-size=65536
wasm-tools component new "$new/core.wasm" -o guest.wasm
