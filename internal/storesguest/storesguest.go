// Package storesguest has a guest that uses key-value stores and stores of objects, with
// what tests and benchmarks need to run it. Its tests run it on every backend.
//
// In folder guest world.wit says what it does and main.c how; build.sh makes guest.wasm of
// them.
package storesguest

import _ "embed"

// Wasm is the component.
//
//go:embed guest/guest.wasm
var Wasm []byte
