// unlink-file-at.
#include "files.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(symlink(root, "d", "link"), OK);
	file f = open(root, "f", 0, READ | WRITE);

	CHECK_EQ(unlink(root, "d"), IS_DIRECTORY);
	CHECK_EQ(unlink(root, "d/"), IS_DIRECTORY);
	CHECK_EQ(unlink(root, "gone"), NO_ENTRY);
	CHECK_EQ(unlink(root, "f/"), NOT_DIRECTORY);
	CHECK_EQ(unlink(root, "f"), OK);
	CHECK_EQ(unlink(root, "f"), NO_ENTRY);
	CHECK_EQ(open_code(root, FOLLOW, "f", 0, READ), NO_ENTRY);

	// What is open is there until it is dropped.
	put(f, "C", 0);
	CHECK_FILE(f, "Content");

	// Of a link, the link.
	CHECK_EQ(unlink(root, "link"), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "d"), TYPE_DIRECTORY);
}
