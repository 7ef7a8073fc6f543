// monotonic-clock: subscribe-instant and subscribe-duration are not ready before
// their time.
#include "streams.h"

enum { MS = 1000000 };

void test(void) {
	uint64_t start = wasi_clocks_monotonic_clock_now();
	pollable p = wasi_clocks_monotonic_clock_subscribe_duration(30 * MS);
	block(p);
	CHECK(wasi_clocks_monotonic_clock_now() - start >= 30 * MS);
	CHECK(ready(p));

	start = wasi_clocks_monotonic_clock_now();
	p = wasi_clocks_monotonic_clock_subscribe_instant(start + 30 * MS);
	block(p);
	CHECK(wasi_clocks_monotonic_clock_now() >= start + 30 * MS);
	CHECK(ready(p));

	// What has been is ready at once.
	CHECK(ready(wasi_clocks_monotonic_clock_subscribe_instant(0)));
	CHECK(ready(wasi_clocks_monotonic_clock_subscribe_instant(start)));
	CHECK(ready(wasi_clocks_monotonic_clock_subscribe_duration(0)));

	// What is far away does not come round.
	CHECK(!ready(wasi_clocks_monotonic_clock_subscribe_instant(start + (uint64_t)3600000 * MS)));
	CHECK(!ready(wasi_clocks_monotonic_clock_subscribe_instant(UINT64_MAX)));
	CHECK(!ready(wasi_clocks_monotonic_clock_subscribe_duration((uint64_t)1 << 63)));
	CHECK(!ready(wasi_clocks_monotonic_clock_subscribe_duration(UINT64_MAX)));

	// The shorter of two is first.
	pollable long_one = wasi_clocks_monotonic_clock_subscribe_duration((uint64_t)3600000 * MS);
	block(wasi_clocks_monotonic_clock_subscribe_duration(1 * MS));
	CHECK(!ready(long_one));
}
