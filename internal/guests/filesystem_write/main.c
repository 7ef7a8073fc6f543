// descriptor.write: positions, holes, bounds.
#include "files.h"

void test(void) {
	file root = preopen("/");
	file f = open(root, "f", CREATE, READ | WRITE), same_file = open(root, "f", 0, READ | WRITE);
	put(f, "hello", 0);
	CHECK_FILE(f, "hello");
	put(f, "J", 0);
	put(f, "y", 4);
	CHECK_FILE(same_file, "Jelly");

	// Past the end, with zeroes between.
	put(f, "!", 7);
	chunk c;
	CHECK_EQ(pread(same_file, 100, 0, &c), OK);
	CHECK_EQ(c.bytes.len, 8);
	CHECK_EQ(memcmp(c.bytes.ptr, "Jelly\0\0!", 8), 0);

	// Nothing written is nothing changed, even past the end.
	uint64_t n = 1;
	CHECK_EQ(pwrite(f, "", 100, &n), OK);
	CHECK_EQ(n, 0);
	CHECK_EQ(size_of(f), 8);

	// No file has this position, and the host allows files of 1 MiB only.
	CHECK_EQ(pwrite(f, "x", (uint64_t)1 << 63, &n), INVALID);
	CHECK_EQ(pwrite(f, "x", UINT64_MAX, &n), INVALID);
	CHECK_EQ(pwrite(f, "x", INT64_MAX, &n), FILE_TOO_LARGE);
	CHECK_EQ(pwrite(f, "x", 1 << 20, &n), FILE_TOO_LARGE);
	CHECK_EQ(size_of(f), 8);
	put(f, "x", (1 << 20) - 1);
	CHECK_EQ(size_of(f), 1 << 20);
}
