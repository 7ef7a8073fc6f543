// What the guests share that are built for WASI preview 1, with a C library of
// their own, and reach WASI 0.2 through an adapter.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h> // wasi-libc's
#include <string.h> // wasi-libc's

// CHECK ends the guest with exit code 1 unless cond holds.
#define CHECK(cond) ((cond) ? (void)0 : fail(__FILE__, __LINE__, #cond))

// CHECK_ERRNO demands that a call returns -1 and sets errno.
#define CHECK_ERRNO(call, want) (errno = 0, CHECK((call) == -1), CHECK(errno == (want)))

[[noreturn]] static inline void fail(const char *file, int line, const char *cond) {
	fprintf(stderr, "%s:%d: %s does not hold, errno is %d: %s\n", file, line, cond, errno, strerror(errno));
	exit(1);
}
