// create-directory-at, remove-directory-at and read-directory.
#include "files.h"

// count reads a directory to its end, and counts the entries that begin with
// letter and are of a type.
static size_t count(file dir, char letter, int type) {
	entries e;
	wasi_filesystem_types_option_directory_entry_t entry;
	size_t n = 0;
	CHECK_EQ(read_directory(dir, &e), OK);
	for (;;) {
		CHECK_EQ(next_entry(e, &entry), OK);
		if (!entry.is_some) {
			break;
		}
		CHECK(!is(entry.val.name, ".") && !is(entry.val.name, ".."));
		n += entry.val.name.ptr[0] == (uint8_t)letter && entry.val.type == type;
	}
	// After the end there is nothing.
	CHECK_EQ(next_entry(e, &entry), OK);
	CHECK(!entry.is_some);
	wasi_filesystem_types_directory_entry_stream_drop_own(e);
	return n;
}

void test(void) {
	file root = preopen("/");
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(mkdir(root, "d"), EXIST);
	CHECK_EQ(mkdir(root, "d/e"), OK);
	CHECK_EQ(mkdir(root, "gone/e"), NO_ENTRY);
	CHECK_EQ(mkdir(root, "."), EXIST);
	touch(root, "f", "");
	CHECK_EQ(mkdir(root, "f"), EXIST);
	file d = open(root, "d", DIRECTORY, READ);
	CHECK_EQ(rmdir(root, "d"), NOT_EMPTY);
	CHECK_EQ(rmdir(root, "f"), NOT_DIRECTORY);
	CHECK_EQ(rmdir(root, "gone"), NO_ENTRY);
	CHECK_EQ(rmdir(root, "."), INVALID);
	CHECK_EQ(rmdir(d, "e"), OK);
	CHECK_EQ(count(d, 'x', TYPE_REGULAR_FILE), 0);
	CHECK_EQ(rmdir(root, "d/"), OK);

	// A directory that is gone has nothing, and takes nothing.
	CHECK_EQ(mkdir(d, "x"), NO_ENTRY);
	CHECK_EQ(open_code(d, FOLLOW, "x", CREATE, WRITE), NO_ENTRY);

	// Many entries, of each type, each once.
	CHECK_EQ(mkdir(root, "many"), OK);
	d = open(root, "many", DIRECTORY, READ);
	for (int i = 0; i < 300; i++) {
		char name[] = {'f', (char)('a' + i / 26), (char)('a' + i % 26), '\0'};
		drop(open(d, name, CREATE, WRITE));
	}
	CHECK_EQ(mkdir(d, "d"), OK);
	CHECK_EQ(symlink(d, "nothing", "link"), OK);
	CHECK_EQ(count(d, 'f', TYPE_REGULAR_FILE), 300);
	CHECK_EQ(count(d, 'd', TYPE_DIRECTORY), 1);
	CHECK_EQ(count(d, 'l', TYPE_SYMBOLIC_LINK), 1);

	// Two streams do not disturb each other, and outlive the descriptor.
	entries a, b;
	wasi_filesystem_types_option_directory_entry_t first, other;
	CHECK_EQ(read_directory(d, &a), OK);
	CHECK_EQ(next_entry(a, &first), OK);
	CHECK_EQ(read_directory(d, &b), OK);
	drop(d);
	CHECK_EQ(next_entry(b, &other), OK);
	CHECK(first.is_some && other.is_some);
	CHECK_STR(other.val.name, text_of(first.val.name));
	size_t left = 0;
	for (; CHECK_EQ(next_entry(a, &first), OK), first.is_some;) {
		left++;
	}
	CHECK_EQ(left, 301);
}
