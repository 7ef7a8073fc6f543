// The clocks of a guest that may tell times apart by 20 ms, and no less: what it
// sees of time by either clock, by timers, and by the times of a file.
#include "files.h"
#include "streams.h"

enum { MS = 1000000, TICK = 20 * MS, SECOND = 1000 * MS };

static uint64_t monotonic(void) {
	uint64_t now = wasi_clocks_monotonic_clock_now();
	CHECK_EQ(now % TICK, 0);
	return now;
}

static uint64_t nanoseconds(wasi_clocks_wall_clock_datetime_t t) {
	uint64_t now = t.seconds * SECOND + t.nanoseconds;
	CHECK_EQ(now % TICK, 0);
	return now;
}

static uint64_t wall(void) {
	wasi_clocks_wall_clock_datetime_t now;
	wasi_clocks_wall_clock_now(&now);
	return nanoseconds(now);
}

// modified changes a file and tells when that was.
static uint64_t modified(file f, char content) {
	put(f, (char[]){content, '\0'}, 0);
	stat_t s;
	CHECK_EQ(stat(f, &s), OK);
	CHECK(s.data_modification_timestamp.is_some);
	if (s.data_access_timestamp.is_some) {
		nanoseconds(s.data_access_timestamp.val);
	}
	if (s.status_change_timestamp.is_some) {
		nanoseconds(s.status_change_timestamp.val);
	}
	return nanoseconds(s.data_modification_timestamp.val);
}

void test(void) {
	CHECK_EQ(wasi_clocks_monotonic_clock_resolution(), TICK);
	wasi_clocks_wall_clock_datetime_t resolution;
	wasi_clocks_wall_clock_resolution(&resolution);
	CHECK_EQ(resolution.seconds, 0);
	CHECK_EQ(resolution.nanoseconds, TICK);

	file root = preopen("/");
	touch(root, "f", "content");
	file f = open(root, "f", 0, READ | WRITE);

	// Each goes on, by ticks.
	uint64_t start = monotonic(), last = start, last_wall = wall(), last_modified = modified(f, 'a');
	for (char c = 'a'; last < start + 5 * TICK;) {
		uint64_t now = monotonic(), now_wall = wall(), now_modified = modified(f, c = c == 'z' ? 'a' : c + 1);
		CHECK(now >= last && now_wall >= last_wall && now_modified >= last_modified);
		last = now, last_wall = now_wall, last_modified = now_modified;
	}

	// A timer is ready when the clock shows its time, and many at once are no finer clock.
	uint64_t from = monotonic();
	block(wasi_clocks_monotonic_clock_subscribe_duration(1));
	CHECK(monotonic() > from);
	from = monotonic();
	block(wasi_clocks_monotonic_clock_subscribe_instant(from + 1));
	CHECK(monotonic() > from);
	pollable timers[10];
	from = monotonic();
	for (uint32_t i = 0; i < LENGTH(timers); i++) {
		timers[i] = wasi_clocks_monotonic_clock_subscribe_instant(from + 1 + i * MS);
	}
	block(timers[0]);
	for (uint32_t i = 0; i < LENGTH(timers); i++) {
		CHECK(ready(timers[i]));
	}
	CHECK(ready(wasi_clocks_monotonic_clock_subscribe_duration(0)));
}
