// read-via-stream: streams have positions of their own, and see what is written
// while they are read.
#include "files.h"
#include "streams.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "0123456789");
	file f = open(root, "f", 0, READ | WRITE);
	input a, b;
	wasi_list_u8_t got;
	uint64_t n;
	CHECK_EQ(read_stream(f, 0, &a), OK);
	CHECK_EQ(read_stream(f, 5, &b), OK);
	CHECK_EQ(read_now(a, 3, &got), OPEN);
	CHECK_BYTES(got, "012");
	CHECK_EQ(read_wait(b, 2, &got), OPEN);
	CHECK_BYTES(got, "56");
	CHECK_EQ(skip_now(a, 2, &n), OPEN);
	CHECK_EQ(n, 2);
	CHECK_EQ(skip_wait(b, 1, &n), OPEN);
	CHECK_EQ(n, 1);
	put(f, "x", 5);
	CHECK_EQ(read_now(a, 1, &got), OPEN);
	CHECK_BYTES(got, "x");

	// A stream outlives its descriptor, and then the name.
	drop(f);
	CHECK_EQ(unlink(root, "f"), OK);
	CHECK_EQ(read_wait(b, 100, &got), OPEN);
	CHECK_BYTES(got, "89");

	// At the end it is closed, and stays so.
	CHECK_EQ(read_wait(b, 100, &got), CLOSED);
	CHECK_EQ(read_now(b, 1, &got), CLOSED);
	CHECK_EQ(read_now(b, 0, &got), CLOSED);
	CHECK_EQ(skip_wait(b, 1, &n), CLOSED);
	pollable p = subscribe_in(b);
	CHECK(ready(p));
	drop_pollable(p);
	drop_in(b);
	CHECK_BYTES(read_all(a), "6789");
	drop_in(a);

	// After the end, and where no file has an end.
	f = open(root, "g", CREATE, READ | WRITE);
	CHECK_EQ(read_stream(f, 1000, &a), OK);
	CHECK_EQ(read_wait(a, 1, &got), CLOSED);
	drop_in(a);
	CHECK_EQ(read_stream(f, INT64_MAX, &a), OK);
	CHECK_EQ(read_wait(a, UINT64_MAX, &got), CLOSED);
	drop_in(a);
	CHECK_EQ(read_stream(f, (uint64_t)1 << 63, &a), INVALID);
}
