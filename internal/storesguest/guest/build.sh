#!/bin/sh
# Builds guest.wasm, with the tools of internal/guests/build.sh, which installs them: run
# that first. The same sources give the same bytes.
set -eu
cd "$(dirname "$0")"

cache=$(cd ../../.. && pwd)/.cache/guests
bindgen=$(echo "$cache"/cargo-*/bin)
[ -e "$cache/venv" ] && [ -e "$bindgen/wit-bindgen" ] || { echo 'run internal/guests/build.sh first' >&2; exit 1; }
PATH=$cache/venv/bin:$bindgen:$PATH
export ZIG_GLOBAL_CACHE_DIR="$cache/zig" ZIG_LOCAL_CACHE_DIR="$cache/zig"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/wit/deps"
cp world.wit "$work/wit"
cp ../../../wit/deps/wasi/*.wit "$work/wit/deps"
for package in keyvalue-0.2.0-draft keyvalue-0.2.0-draft2 blobstore-0.2.0-draft; do
	mkdir "$work/wit/deps/$package"
	cp "../../../wit/deps/wasi-draft/$package.wit" "$work/wit/deps/$package"
done
wit-bindgen c --world guest --out-dir "$work" "$work/wit" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }

cc() {
	python -m ziglang cc -target wasm32-freestanding -mcpu=mvp+bulk_memory+mutable_globals+sign_ext+nontrapping_fptoint \
		-std=c23 -O2 -g0 -ffreestanding -fno-sanitize=all -I../../guests/lib -I"$work" "$@"
}
cc -w -c -ffunction-sections -fdata-sections -o "$work/guest.o" "$work/guest.c"
cc -Wall -Wextra -Werror -fno-builtin -c -ffunction-sections -o "$work/lib.o" ../../guests/lib/lib.c
cc -Wall -Wextra -Werror -o "$work/core.wasm" main.c "$work/guest.o" "$work/lib.o" "$work/guest_component_type.o" \
	-nostdlib -Wl,--no-entry -Wl,--gc-sections -Wl,--strip-debug -Wl,-z,stack-size=65536
wasm-tools component new "$work/core.wasm" -o "$work/guest.wasm"
# What it is made of, so that a test can tell whether it is up to date.
python - "$work/guest.wasm" guest.wasm world.wit main.c build.sh <<-'END'
	import hashlib, sys
	component, out, *sources = sys.argv[1:]
	text = b"".join(open(s, "rb").read() for s in sources)
	section = b"\x06source" + hashlib.sha256(text).digest()
	with open(component, "rb") as f:
	    wasm = f.read()
	with open(out, "wb") as f:
	    f.write(wasm + bytes([0, len(section)]) + section)
END
