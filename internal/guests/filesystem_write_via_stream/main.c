// write-via-stream: streams have positions of their own.
#include "files.h"
#include "streams.h"

void test(void) {
	file root = preopen("/");
	file f = open(root, "f", CREATE, READ | WRITE);
	output a, b;
	uint64_t permit;
	CHECK_EQ(write_stream(f, 0, &a), OK);
	CHECK_EQ(write_stream(f, 3, &b), OK);
	CHECK_EQ(check_write(a, &permit), OPEN);
	CHECK(permit >= 3);
	CHECK_EQ(write_text(a, "abc"), OPEN);
	CHECK_EQ(write_flush(b, "def"), OPEN);
	CHECK_EQ(flush_wait(a), OPEN);
	CHECK_FILE(f, "abcdef");
	CHECK_EQ(write_flush(a, "D"), OPEN);
	CHECK_EQ(write_flush(b, "g"), OPEN);
	CHECK_FILE(f, "abcDefg");
	pollable p = subscribe_out(a);
	CHECK(ready(p));
	drop_pollable(p);

	// Past the end, with zeroes between.
	output c;
	CHECK_EQ(write_stream(f, 9, &c), OK);
	CHECK_EQ(zeroes_flush(c, 1), OPEN);
	CHECK_EQ(write_flush(c, "h"), OPEN);
	chunk all;
	CHECK_EQ(pread(f, 100, 0, &all), OK);
	CHECK_EQ(all.bytes.len, 11);
	CHECK_EQ(memcmp(all.bytes.ptr, "abcDefg\0\0\0h", 11), 0);

	// A stream outlives its descriptor.
	drop(f);
	CHECK_EQ(write_flush(a, "E"), OPEN);
	drop_out(a);
	drop_out(b);
	drop_out(c);
	f = open(root, "f", 0, READ | WRITE);
	CHECK_EQ(set_size(f, 5), OK);
	CHECK_FILE(f, "abcDE");
	CHECK_EQ(write_stream(f, (uint64_t)1 << 63, &a), INVALID);
}
