// open-at: open-flags, and what kinds of object they meet.
#include "files.h"

void test(void) {
	file root = preopen("/");

	// Without create a file has to be there; with it, it may be.
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), NO_ENTRY);
	CHECK_EQ(open_code(root, FOLLOW, "f", CREATE, READ | WRITE), OK);
	touch(root, "f", "content");
	CHECK_EQ(open_code(root, FOLLOW, "f", CREATE, READ | WRITE), OK);
	file f = open(root, "f", 0, READ);
	CHECK_EQ(type_of(f), TYPE_REGULAR_FILE);
	CHECK_FILE(f, "content");

	// exclusive fails if there is anything.
	CHECK_EQ(open_code(root, FOLLOW, "f", CREATE | EXCLUSIVE, WRITE), EXIST);
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(open_code(root, FOLLOW, "d", CREATE | EXCLUSIVE, WRITE), EXIST);
	CHECK_EQ(symlink(root, "nothing", "dangling"), OK);
	CHECK_EQ(open_code(root, FOLLOW, "dangling", CREATE | EXCLUSIVE, WRITE), EXIST);
	CHECK_EQ(open_code(root, FOLLOW, "nothing", 0, READ), NO_ENTRY);
	CHECK_EQ(open_code(root, FOLLOW, "new", CREATE | EXCLUSIVE, WRITE), OK);
	CHECK_EQ(open_code(root, FOLLOW, "new", CREATE | EXCLUSIVE, WRITE), EXIST);

	// truncate empties a file, seen through other descriptors as well.
	CHECK_EQ(open_code(root, FOLLOW, "f", TRUNCATE, WRITE), OK);
	CHECK_FILE(f, "");

	// directory meets directories only.
	CHECK_EQ(open_code(root, FOLLOW, "f", DIRECTORY, READ), NOT_DIRECTORY);
	CHECK_EQ(open_code(root, FOLLOW, "gone", DIRECTORY, READ), NO_ENTRY);
	CHECK_EQ(open_code(root, FOLLOW, "gone", DIRECTORY | CREATE, READ | WRITE), INVALID);
	file d = open(root, "d", DIRECTORY, READ);
	CHECK_EQ(type_of(d), TYPE_DIRECTORY);
	drop(d);
	d = open(root, "d", 0, READ);
	CHECK_EQ(type_of(d), TYPE_DIRECTORY);

	// A directory is not written to.
	CHECK_EQ(open_code(root, FOLLOW, "d", 0, WRITE), IS_DIRECTORY);
	CHECK_EQ(open_code(root, FOLLOW, "d", TRUNCATE, READ), IS_DIRECTORY);
	CHECK_EQ(open_code(root, FOLLOW, "d", CREATE, READ), IS_DIRECTORY);

	// Nothing is opened from a file.
	CHECK_EQ(open_code(f, FOLLOW, "x", 0, READ), NOT_DIRECTORY);
	CHECK_EQ(open_code(f, FOLLOW, "x", CREATE, WRITE), NOT_DIRECTORY);

	// A symbolic link is followed if that is asked for.
	CHECK_EQ(symlink(root, "f", "link"), OK);
	CHECK_EQ(open_code(root, FOLLOW, "link", 0, READ), OK);
	CHECK_EQ(open_code(root, NO_FOLLOW, "link", 0, READ), LOOP);
	CHECK_EQ(open_code(root, NO_FOLLOW, "link", CREATE, WRITE), LOOP);
	CHECK_EQ(open_code(root, FOLLOW, "dangling", CREATE, WRITE), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "nothing"), TYPE_REGULAR_FILE);

	// "." is the directory itself.
	file self = open(root, ".", 0, READ);
	CHECK(same(self, root));
	CHECK_EQ(flags_of(self), READ | MUTATE);
}
