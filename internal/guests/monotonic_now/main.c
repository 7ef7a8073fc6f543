// monotonic-clock: now does not go back, and passes while one waits for it.
#include "streams.h"

void test(void) {
	uint64_t last = wasi_clocks_monotonic_clock_now();
	for (int i = 0; i < 1000; i++) {
		uint64_t now = wasi_clocks_monotonic_clock_now();
		CHECK(now >= last);
		last = now;
	}
	// A tick takes some time, and less than a second.
	uint64_t tick = wasi_clocks_monotonic_clock_resolution();
	CHECK(tick > 0 && tick < 1000000000);

	// It is far from where it would overflow.
	CHECK(last < UINT64_MAX / 2);
}
