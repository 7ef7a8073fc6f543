// timezone, which is unstable: the host exposes no time zone, so it is UTC.
#include "guest.h"

void test(void) {
	wasi_clocks_wall_clock_datetime_t times[] = {{0, 0}, {1700000000, 999999999}, {1720000000, 0}, {UINT64_MAX, UINT32_MAX}, {0, 0}};
	wasi_clocks_wall_clock_now(&times[LENGTH(times) - 1]);
	for (size_t i = 0; i < LENGTH(times); i++) {
		wasi_clocks_timezone_timezone_display_t display;
		wasi_clocks_timezone_display(&times[i], &display);
		CHECK_EQ(display.utc_offset, 0);
		CHECK_STR(display.name, "UTC");
		CHECK(!display.in_daylight_saving_time);
		CHECK_EQ(wasi_clocks_timezone_utc_offset(&times[i]), 0);
	}
}
