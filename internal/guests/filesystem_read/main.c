// descriptor.read: positions, ends, bounds.
#include "files.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "0123456789");
	file f = open(root, "f", 0, READ);
	chunk c;

	// All in one, with its end or before it.
	CHECK_EQ(pread(f, 11, 0, &c), OK);
	CHECK_EQ(c.bytes.len, 10);
	CHECK(c.end);
	CHECK_EQ(pread(f, 4, 3, &c), OK);
	CHECK_EQ(c.bytes.len, 4);
	CHECK_EQ(memcmp(c.bytes.ptr, "3456", 4), 0);
	CHECK(!c.end);

	// The position is an argument, and no read moves another's.
	CHECK_EQ(pread(f, 4, 3, &c), OK);
	CHECK_EQ(memcmp(c.bytes.ptr, "3456", 4), 0);

	// At the end and after it there is nothing.
	CHECK_EQ(pread(f, 4, 10, &c), OK);
	CHECK_EQ(c.bytes.len, 0);
	CHECK(c.end);
	CHECK_EQ(pread(f, 4, (uint64_t)1 << 40, &c), OK);
	CHECK_EQ(c.bytes.len, 0);
	CHECK(c.end);

	// Nothing is read if nothing is asked for.
	CHECK_EQ(pread(f, 0, 0, &c), OK);
	CHECK_EQ(c.bytes.len, 0);
	CHECK(!c.end);

	// A length that no list can have gives what there is.
	CHECK_EQ(pread(f, UINT64_MAX, 0, &c), OK);
	CHECK_EQ(c.bytes.len, 10);
	CHECK_EQ(pread(f, UINT32_MAX, 5, &c), OK);
	CHECK_EQ(c.bytes.len, 5);

	// A position that no file has is invalid.
	CHECK_EQ(pread(f, 1, (uint64_t)1 << 63, &c), INVALID);
	CHECK_EQ(pread(f, 1, UINT64_MAX, &c), INVALID);

	// One read need not give everything, but reads in turn do.
	f = open(root, "large", CREATE, READ | WRITE);
	CHECK_EQ(set_size(f, 1000003), OK);
	uint64_t at = 0;
	do {
		CHECK_EQ(pread(f, UINT64_MAX, at, &c), OK);
		CHECK(c.bytes.len > 0 || c.end);
		at += c.bytes.len;
	} while (!c.end);
	CHECK_EQ(at, 1000003);
}
