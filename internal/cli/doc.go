// Package cli is the wattle command: the only place that reads flags and the
// environment, writes to the terminal, and wires packages together.
//
// # Exit codes
//
//	0    success; for a server: it was stopped, and no request was cut off
//	1    the command failed: a file, a port, a directory, a component that
//	     exports nothing to run, requests cut off when the server stopped, a
//	     function whose result is an error, WIT that is wrong, a component that
//	     does not fit a world, a manifest that is wrong, an application that does
//	     not become ready or was rolled back, a tool that says that it failed
//	2    wrong usage
//	3    the lattice cannot be reached, or nobody in it answers
//	4    the lattice does not permit it: wrong credentials, or not their role
//	5    the lattice has no such host, component, application, link, configuration,
//	     MCP server or tool
//	120  not a component, a broken one, or one that needs a feature which does
//	     not exist here
//	121  an import that nothing serves here
//	122  a limit was exceeded: memory, handles, the size of a module
//	124  out of time; what was asked of a lattice may still be done
//	130  interrupted by SIGINT or SIGTERM before it was done
//	134  the guest trapped
//
// `wattle run` of a command passes the guest's own exit code through; a guest
// that uses one of the codes above cannot be told from Wattle by its code, only
// by what stands on standard error.
//
// # Signals
//
// The first SIGINT or SIGTERM ends what is under way in good order: a server
// accepts no more requests and gives those it has ten seconds, a command's
// guest is stopped; a host drains, which --drain-timeout bounds; a lattice stops
// its front door, its host, its scheduler and NATS, in this order. A second one
// ends the process at once, without cleaning up; the shell then sees the signal,
// not one of the codes.
package cli
