#!/bin/sh
# Builds guests that are programs for WASI preview 1: C with wasi-libc, by Zig, and
# the adapter that ships with jco. build.sh calls it for guests named preview1_*.
#
#	build-preview1.sh name…
#
# It needs what build.sh installs, and Node.
set -eu
cd "$(dirname "$0")"
cache=$(cd ../.. && pwd)/.cache/guests tools=../../examples/tools
export ZIG_GLOBAL_CACHE_DIR="$cache/zig" ZIG_LOCAL_CACHE_DIR="$cache/zig"
PATH=$cache/venv/bin:$PATH

[ -d "$tools/node_modules" ] || npm --prefix "$tools" install --no-save --omit=optional --ignore-scripts --no-audit --no-fund

for name; do
	core=$cache/$name.wasm
	python -m ziglang cc -target wasm32-wasi -std=gnu23 -Os -g0 -s -Wall -Wextra -Werror -iquote lib \
		-o "$core" "$name/main.c"
	node "$tools/adapt.mjs" command "$core" "$core.component"
	# As build.sh does.
	python - "$core.component" "$name/guest.wasm" lib/preview1.h "$name/main.c" <<-'END'
		import hashlib, sys
		component, out, *sources = sys.argv[1:]
		text = b"".join(open(s, "rb").read() for s in sources)
		section = b"\x06source" + hashlib.sha256(text).digest()
		with open(component, "rb") as f:
		    wasm = f.read()
		with open(out, "wb") as f:
		    f.write(wasm + bytes([0, len(section)]) + section)
	END
done
