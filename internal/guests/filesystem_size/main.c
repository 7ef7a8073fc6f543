// set-size.
#include "files.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	file f = open(root, "f", 0, READ | WRITE);
	CHECK_EQ(set_size(f, 3), OK);
	CHECK_FILE(f, "con");

	// What is added is zero, also where there were other bytes before.
	CHECK_EQ(set_size(f, 7), OK);
	chunk c;
	CHECK_EQ(pread(f, 100, 0, &c), OK);
	CHECK_EQ(c.bytes.len, 7);
	CHECK_EQ(memcmp(c.bytes.ptr, "con\0\0\0\0", 7), 0);
	CHECK_EQ(set_size(f, 0), OK);
	CHECK_EQ(size_of(f), 0);

	// No file has this size, and the host allows 1 MiB only.
	CHECK_EQ(set_size(f, UINT64_MAX), INVALID);
	CHECK_EQ(set_size(f, (1 << 20) + 1), FILE_TOO_LARGE);
	CHECK_EQ(size_of(f), 0);
	CHECK_EQ(set_size(f, 1 << 20), OK);
	CHECK_EQ(size_of(f), 1 << 20);
}
