#!/bin/sh
# Builds the components from the sources of wasmcp.
set -eu
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q https://github.com/wasmcp/wasmcp "$work/wasmcp"
git -C "$work/wasmcp" checkout -q 9fbce0262d1e4ffae56aa51382b2b4816abda47b

# build DIRECTORY NAME OUTPUT builds what is there. What wasmcp fetches with wit-deps is in its repository
# as well, but for wasi:io, of which any 0.2 will do.
build() {
	cd "$work/wasmcp/$1"
	[ ! -e Cargo.toml.template ] || mv Cargo.toml.template Cargo.toml
	sed -i "s/{{project_name}}/$2/g; s/{{package_name}}/$2/g; s/{{wasmcp_version}}/0.1.1/g" Cargo.toml wit/world.wit src/lib.rs
	for dep in mcp-v20251125:spec/2025-11-25 auth:wit/auth keyvalue:wit/keyvalue; do
		mkdir -p "wit/deps/${dep%%:*}"
		cp "$work/wasmcp/${dep#*:}"/wit/*.wit "wit/deps/${dep%%:*}"
	done
	mkdir -p wit/deps/io
	sed 's/0\.2\.12/0.2.8/g' "$here/../../wit/deps/wasi/io.wit" > wit/deps/io/io.wit
	CARGO_TARGET_DIR="$work/target" cargo build --release --target wasm32-wasip2
	cp "$work/target/wasm32-wasip2/release/$(echo "$2" | tr - _).wasm" "$here/$3"
}
build examples/calculator-rs calculator calculator.wasm
build cli/templates/rust-resources my-resources resources.wasm
build cli/templates/rust-prompts my-prompts prompts.wasm
