// set-times and set-times-at.
#include "files.h"

typedef wasi_clocks_wall_clock_datetime_t datetime;

static const timestamp keep = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NO_CHANGE};
static const timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};

static timestamp at(uint64_t seconds, uint32_t nanoseconds) {
	return (timestamp){
		.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_TIMESTAMP,
		.val = {.timestamp = {seconds, nanoseconds}},
	};
}

static void check_times(file f, uint64_t accessed, uint64_t modified) {
	stat_t s;
	CHECK_EQ(stat(f, &s), OK);
	CHECK(s.data_access_timestamp.is_some && s.data_modification_timestamp.is_some);
	CHECK_EQ(s.data_access_timestamp.val.seconds, accessed);
	CHECK_EQ(s.data_modification_timestamp.val.seconds, modified);
}

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(symlink(root, "f", "link"), OK);
	file f = open(root, "f", 0, READ | WRITE), d = open(root, "d", DIRECTORY, READ);

	// Of an open file, one by one and both, to the nanosecond.
	CHECK_EQ(set_times(f, at(1000, 1), at(2000, 999999999)), OK);
	check_times(f, 1000, 2000);
	stat_t s;
	CHECK_EQ(stat(f, &s), OK);
	CHECK_EQ(s.data_access_timestamp.val.nanoseconds, 1);
	CHECK_EQ(s.data_modification_timestamp.val.nanoseconds, 999999999);
	CHECK_EQ(set_times(f, at(3000, 0), keep), OK);
	check_times(f, 3000, 2000);
	CHECK_EQ(set_times(f, keep, at(4000, 0)), OK);
	check_times(f, 3000, 4000);
	CHECK_EQ(set_times(f, keep, keep), OK);
	check_times(f, 3000, 4000);
	CHECK_EQ(set_times(f, at(0, 0), at(0, 0)), OK);
	check_times(f, 0, 0);

	// To now.
	datetime before, after;
	wasi_clocks_wall_clock_now(&before);
	CHECK_EQ(set_times(f, now, now), OK);
	wasi_clocks_wall_clock_now(&after);
	CHECK_EQ(stat(f, &s), OK);
	CHECK(s.data_access_timestamp.val.seconds >= before.seconds && s.data_access_timestamp.val.seconds <= after.seconds);
	CHECK(s.data_modification_timestamp.val.seconds >= before.seconds && s.data_modification_timestamp.val.seconds <= after.seconds);

	// Of a directory, and by path, with and without following a link.
	CHECK_EQ(set_times(d, at(5000, 0), at(6000, 0)), OK);
	check_times(d, 5000, 6000);
	CHECK_EQ(set_times_at(root, FOLLOW, "d", at(5001, 0), keep), OK);
	check_times(d, 5001, 6000);
	CHECK_EQ(set_times_at(root, FOLLOW, "link", at(7000, 0), at(8000, 0)), OK);
	check_times(f, 7000, 8000);
	CHECK_EQ(set_times_at(root, NO_FOLLOW, "link", at(9000, 0), at(9001, 0)), OK);
	check_times(f, 7000, 8000);
	CHECK_EQ(stat_at(root, NO_FOLLOW, "link", &s), OK);
	CHECK_EQ(s.data_modification_timestamp.val.seconds, 9001);
	CHECK_EQ(set_times_at(root, FOLLOW, "gone", now, now), NO_ENTRY);

	// What is no time, or none that a file can have.
	CHECK_EQ(set_times(f, at(1, 1000000000), keep), INVALID);
	CHECK_EQ(set_times_at(root, FOLLOW, "f", keep, at(1, UINT32_MAX)), INVALID);
	CHECK_EQ(set_times(f, keep, at(UINT64_MAX, 0)), OVERFLOW);
	check_times(f, 7000, 8000);
}
