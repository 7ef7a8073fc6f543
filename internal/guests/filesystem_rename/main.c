// rename-at.
#include "files.h"

void test(void) {
	file root = preopen("/");
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(mkdir(root, "full"), OK);
	CHECK_EQ(mkdir(root, "empty"), OK);
	touch(root, "f", "f");
	touch(root, "g", "g");
	touch(root, "full/x", "x");
	file d = open(root, "d", DIRECTORY, READ), f = open(root, "f", 0, READ);

	// Within a directory and into another. What is open stays open.
	CHECK_EQ(rename(root, "f", root, "f2"), OK);
	CHECK_EQ(type_at(root, FOLLOW, "f"), -2 - NO_ENTRY);
	CHECK_EQ(rename(root, "f2", d, "f"), OK);
	CHECK(same(f, open(root, "d/f", 0, READ)));
	CHECK_FILE(f, "f");
	CHECK_EQ(rename(d, "f", root, "f"), OK);

	// A file replaces a file; a file that is open lives on without a name.
	file g = open(root, "g", 0, READ);
	CHECK_EQ(rename(root, "f", root, "g"), OK);
	CHECK_FILE(g, "g");
	CHECK(same(f, open(root, "g", 0, READ)));
	CHECK_EQ(rename(root, "g", root, "g"), OK);

	// A directory replaces an empty directory and nothing else.
	CHECK_EQ(rename(root, "d", root, "empty"), OK);
	CHECK_EQ(rename(root, "empty", root, "full"), NOT_EMPTY);
	CHECK_EQ(rename(root, "empty", root, "g"), NOT_DIRECTORY);
	CHECK_EQ(rename(root, "g", root, "full"), IS_DIRECTORY);
	CHECK_EQ(rename(root, "full", root, "full/below"), INVALID);

	// The directory is still what its descriptor says.
	touch(d, "y", "y");
	CHECK_EQ(type_at(root, FOLLOW, "empty/y"), TYPE_REGULAR_FILE);

	CHECK_EQ(rename(root, "gone", root, "x"), NO_ENTRY);
	CHECK_EQ(rename(root, "g", root, "gone/x"), NO_ENTRY);
	CHECK_EQ(rename(root, "g", root, "x/"), NOT_DIRECTORY);
	CHECK_EQ(rename(root, "g/", root, "x"), NOT_DIRECTORY);
	CHECK_EQ(rename(root, ".", root, "x"), INVALID);
	CHECK_EQ(rename(root, "full/..", root, "x"), INVALID);

	// A symbolic link is renamed itself.
	CHECK_EQ(symlink(root, "g", "link"), OK);
	CHECK_EQ(rename(root, "link", root, "link2"), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "link2"), TYPE_SYMBOLIC_LINK);
	CHECK_EQ(type_at(root, FOLLOW, "g"), TYPE_REGULAR_FILE);
}
