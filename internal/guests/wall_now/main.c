// wall-clock: what it prints, the host compares with its own clock.
#include "streams.h"

void test(void) {
	wasi_clocks_wall_clock_datetime_t now, tick;
	wasi_clocks_wall_clock_now(&now);
	CHECK(now.nanoseconds < 1000000000);
	wasi_clocks_wall_clock_resolution(&tick);
	CHECK(tick.nanoseconds < 1000000000);
	CHECK(tick.seconds > 0 || tick.nanoseconds > 0);

	char text[20], *p = text + sizeof text;
	for (uint64_t s = now.seconds; s > 0; s /= 10) {
		*--p = (char)('0' + s % 10);
	}
	CHECK_EQ(write_flush_bytes(wasi_cli_stdout_get_stdout(), p, (size_t)(text + sizeof text - p)), OPEN);
}
