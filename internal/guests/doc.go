// Package guests holds programs that call every function of WASI 0.2 and say
// whether it does what the WIT text says: one folder for each interface and
// behaviour, with the program in main.c and the component that is made of it in
// guest.wasm. All else is in the tests of this package, which prepare a host for
// a guest, run it and look at what can be seen of it from outside.
//
// A guest is a command, and a check of it that fails ends it with exit code 1 and
// a line on standard error. A guest whose name begins with "incoming_" exports
// wasi:http/incoming-handler instead.
//
// Each guest has a test and each test a guest; the guests together import every
// function of WASI 0.2; each error code is met by a guest or has a reason why no
// host can be brought to produce it. Tests say so of all three.
//
// Script build.sh makes the components, the same bytes from the same sources, and
// notes in each what it was made of; a test fails if the sources have changed
// since. guest.h is what guests are written with, lib what several of them share
// and the little of a C library that they need. The tools of build.sh are not
// needed to run guests.
package guests
