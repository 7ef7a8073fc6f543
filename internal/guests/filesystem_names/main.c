// read-directory of names that are not UTF-8: such an entry is an error, and the
// others are read all the same.
#include "files.h"

void test(void) {
	file root = preopen("/");
	entries e;
	wasi_filesystem_types_option_directory_entry_t entry = {.is_some = true};
	int names = 0, errors = 0;
	CHECK_EQ(read_directory(root, &e), OK);
	while (entry.is_some) {
		int c = next_entry(e, &entry);
		if (c == OK) {
			names += entry.is_some;
		} else {
			CHECK_EQ(c, ILLEGAL_BYTE_SEQUENCE);
			errors++;
		}
	}
	CHECK_EQ(names, 2);
	CHECK_EQ(errors, 1);

	// Neither is the target of a link told.
	wasi_string_t target;
	CHECK_EQ(readlink(root, "link", &target), ILLEGAL_BYTE_SEQUENCE);
}
