// Package cli is the wattle command: the only place that reads flags and the
// environment, writes to the terminal, and wires packages together.
//
// # Exit codes
//
//	0    success
//	1    the command failed: a file, a port, a cache directory
//	2    wrong usage
//	120  not a component, or a broken one
//	121  an import that nothing serves here
//	122  a limit was exceeded: memory, handles, fuel
//	124  out of time
//	134  the guest trapped
//
// `wattle run` of a command passes the guest's own exit code through; a guest
// that uses one of the codes above cannot be told from Wattle by its code, only
// by what stands on standard error.
package cli
