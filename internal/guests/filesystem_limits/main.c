// The host lets the guest have eight objects open: more is insufficient-memory,
// and each that is dropped makes room for another.
#include "files.h"
#include "streams.h"

void test(void) {
	file root = preopen("/"), f[8];
	touch(root, "f", "content");
	for (size_t i = 0; i < LENGTH(f); i++) {
		f[i] = open(root, i % 2 ? "." : "f", 0, READ);
	}
	entries e;
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), INSUFFICIENT_MEMORY);
	CHECK_EQ(open_code(root, FOLLOW, "new", CREATE, WRITE), INSUFFICIENT_MEMORY);
	CHECK_EQ(read_directory(root, &e), INSUFFICIENT_MEMORY);
	CHECK_EQ(type_at(root, FOLLOW, "new"), -2 - NO_ENTRY);

	// What failed is not counted, and what is open works.
	CHECK_FILE(f[0], "content");
	drop(f[1]);
	CHECK_EQ(open_code(root, FOLLOW, "gone", 0, READ), NO_ENTRY);
	CHECK_EQ(read_directory(root, &e), OK);
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), INSUFFICIENT_MEMORY);
	wasi_filesystem_types_directory_entry_stream_drop_own(e);
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), OK);
	f[1] = open(root, "f", 0, READ);

	// A stream keeps its file open.
	input in;
	CHECK_EQ(read_stream(f[0], 0, &in), OK);
	drop(f[0]);
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), INSUFFICIENT_MEMORY);
	drop_in(in);
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), OK);
}
