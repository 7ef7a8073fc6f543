// Package wasi is a small hand-written binding to the parts of WASI 0.2 that
// the example guests need: wasi:http, wasi:io and wasi:clocks. It compiles
// with the plain Go toolchain (GOOS=wasip1 GOARCH=wasm) and depends on neither
// fmt nor net/http, so that a minimal guest stays small.
//
// # Layout
//
// In the Canonical ABI every pointer is 32 bits wide. In Go's wasm port a
// pointer in memory is 64 bits wide, so no Go struct has the layout the host
// reads and writes. This package therefore never shares a Go struct with the
// host. Results that do not fit in one flat value go to a [retArea], which is
// plain memory, and are read out of it by byte offset; the offsets stand next
// to the calls and follow the Canonical ABI's alignment and size rules.
//
// # Memory the host allocates
//
// When the host returns a list or a string it asks the guest for memory
// through cabi_realloc. That call arrives in the middle of an import call,
// where the guest must not call imports and where starting Go's garbage
// collector could switch to a goroutine that does. So cabi_realloc never
// allocates Go memory. It hands out memory the caller of the import put there
// beforehand: the buffer a stream is read into, or a fixed scratch area for
// metadata such as header fields. Only one import that returns lists is in
// progress at a time; [lowering] is the lock.
//
// The same function serves the preview 1 adapter, which asks for its own state
// before Go's runtime is ready. That memory is static and never reused.
//
// # Waiting
//
// A guest has one thread. [Wait] lets other goroutines run before it blocks
// the whole instance in wasi:io/poll, and it polls for all waiting goroutines
// at once.
package wasi
