// Package wasi is the root of the host's implementation of WASI 0.2: one package
// for each WIT package. The files named *_gen.go in them are generated from
// wit/deps; what implements the interfaces stands beside them.
//
// [Define] offers everything to a linker once. What an instance may do with it is
// not a matter of linking but of its [State], which is made of [Options] for each
// instance: whatever they do not give is refused at the call, with the error code
// that the interface has for it. So a component that imports sockets and never
// uses them runs, and one that does is told access-denied.
//
// A state costs one small allocation per package. Everything behind it is opened
// when the guest first asks.
package wasi

//go:generate go run ../../internal/witgen -out ..
