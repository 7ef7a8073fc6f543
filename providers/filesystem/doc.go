// Package filesystem is the contract of a directory tree that guests are given:
// what host/wasi/filesystem offers as a preopened directory. It knows nothing of
// WebAssembly. Package hostdir implements it over a directory of the host.
//
// # Paths
//
// A path is relative to the [Dir] that it is given to, and its separator is the
// slash. No step of its resolution leaves that directory: neither "..", nor a
// symbolic link, nor anything that somebody else changes meanwhile. A path that
// would, or that is absolute, fails with [NotPermitted]. The callers bound the
// length of paths; implementations must not recurse on it.
//
// # Errors
//
// Every error is an [*Error], whose [Code] says what a program may act on.
//
// # Concurrency
//
// All methods except Close may run at the same time as any other.
package filesystem
